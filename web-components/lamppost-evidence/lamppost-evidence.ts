/** The evidence officer's clips: what each incident holds, honest about gaps, and the MP4 with its hash. */
import { LitElement, html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import '../lamppost-player/lamppost-player.ts'
import { look } from '../look/look.ts'
import { saveFile } from '../look/save-file.ts'
import { clockTime, dayAndTime } from '../look/times.ts'
import type { ClipView, Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { evidenceStyles } from './evidence-styles.ts'

const RELOAD_MS = 5000

@customElement('lamppost-evidence')
export class LamppostEvidence extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words {
    return this.#language.words
  }

  static override styles = [look, evidenceStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private incidents: Incident[] | null = null
  @state() private next: string | null = null
  @state() private playing: string | null = null
  @state() private cutting: string | null = null
  @state() private hashes = new Map<string, { name: string; sha256: string }>()
  @state() private refusal: string | null = null

  private listRefused = false
  #client = new ClientController(this)
  #timer: ReturnType<typeof setInterval> | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    void this.updateComplete.then(() => this.#load())
    this.#timer = setInterval(() => void this.#load(), RELOAD_MS)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    super.disconnectedCallback()
  }

  /** Only the first page renews itself; older incidents do not change any more. */
  async #load(): Promise<void> {
    try {
      const { items, next } = await this.#client.client.incidents(null)
      const older = (this.incidents ?? []).filter(({ id }) => !items.some((item) => item.id === id))
      if (older.length === 0) this.next = next
      this.incidents = [...items, ...older]
      if (this.listRefused) this.refusal = null
      this.listRefused = false
    } catch (error) {
      this.listRefused = true
      this.refusal = error instanceof Error ? error.message : String(error)
    }
  }
  async #older(): Promise<void> {
    try {
      const { items, next } = await this.#client.client.incidents(this.next)
      this.next = next
      this.incidents = [...(this.incidents ?? []), ...items]
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error)
    }
  }
  async #download(incident: Incident, clip: ClipView): Promise<void> {
    const key = `${incident.id} ${clip.camera}`
    this.cutting = key
    this.refusal = null
    try {
      const { blob, sha256, name } = await this.#client.client.download(incident.id, clip.camera)
      this.hashes = new Map(this.hashes).set(key, { name, sha256 })
      saveFile(blob, name)
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error)
    } finally {
      this.cutting = null
    }
  }

  protected override render() {
    return html`<main>
      <h2>${this.words.evidence}</h2>
      ${this.refusal ? html`<p class="refusal" role="alert">${this.refusal}</p>` : nothing}
      ${this.incidents === null ? html`<p class="quiet">${this.words.connecting}</p>` : nothing} ${this.incidents?.length === 0 ? html`<p class="quiet">${this.words.noIncidents}</p>` : nothing}
      ${this.incidents?.map((incident) => this.#incident(incident))} ${this.next ? html`<button @click=${() => this.#older()}>${this.words.more}</button>` : nothing}
    </main>`
  }

  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }

  #incident(incident: Incident) {
    const { helpPoints } = this.#client.client.state()
    const helpPoint = helpPoints.find(({ id }) => id === incident.helpPoint)
    const pressed = incident.presses[0]?.receivedAt ?? incident.openedAt
    return html`<article>
      <header>
        <div>
          <h3>${helpPoint?.name ?? incident.helpPoint}</h3>
          <p>${dayAndTime(pressed, this.#timezone, this.#language.locale)}${incident.kind === 'drill' ? html` · <b class="drill">${this.words.drill}</b>` : nothing}</p>
          <p class="quiet">${incident.id}</p>
        </div>
        <p class="state ${incident.state}">${this.words.stateOf[incident.state]}${incident.owner ? html` · ${this.words.takenBy(incident.owner)}` : nothing}${incident.closureReason ? html`<br />${incident.closureReason}` : nothing}</p>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">${this.words.camera}</th>
            <th scope="col">${this.words.from}</th>
            <th scope="col">${this.words.to}</th>
            <th scope="col"><span class="visually-hidden">${this.words.download}</span></th>
          </tr>
        </thead>
        <tbody>
          ${incident.clips.map((clip) => this.#clip(incident, clip, pressed))}
        </tbody>
      </table>
    </article>`
  }

  #clip(incident: Incident, clip: ClipView, pressed: string) {
    const key = `${incident.id} ${clip.camera}`
    const name = this.#client.client.state().cameras.find(({ id }) => id === clip.camera)?.name ?? clip.camera
    const hash = this.hashes.get(key)
    const zone = this.#timezone
    return html`<tr>
        <th scope="row">
          ${name}
          <span class="gaps ${clip.gaps.length > 0 ? 'some' : ''}">${this.words.gaps(clip.gaps.length)}</span>
          ${clip.gaps.map(({ from, to }) => html`<span class="gap">${this.words.gapLine(clockTime(from, zone), clockTime(to, zone))}</span>`)}
        </th>
        <td>${clockTime(clip.from, zone)}</td>
        <td>${clip.to === null ? this.words.stillGrowing : clockTime(clip.to, zone)}</td>
        <td class="do">
          <button @click=${() => (this.playing = this.playing === key ? null : key)}>${this.playing === key ? this.words.stopPlaying : this.words.play}</button>
          <button class="main download" ?disabled=${this.cutting !== null} @click=${() => this.#download(incident, clip)}>${this.cutting === key ? this.words.downloading : this.words.download}</button>
        </td>
      </tr>
      ${hash
        ? html`<tr>
            <td colspan="4" class="hash"><span>${this.words.hashOf(hash.name)}</span><code>${hash.sha256}</code></td>
          </tr>`
        : nothing}
      ${this.playing === key
        ? html`<tr>
            <td colspan="4"><lamppost-player .client=${this.#client.client} .camera=${clip.camera} .incident=${incident.id} .pressedAt=${pressed}></lamppost-player></td>
          </tr>`
        : nothing}`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-evidence': LamppostEvidence
  }
}
