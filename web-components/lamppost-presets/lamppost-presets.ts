/**
 * The engineer's room: every camera with a still picture; one of them live, with its presets and a hand on the head.
 */
import { createSteering } from '../lamppost-steer/steering.ts'
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import '../lamppost-player/lamppost-player.ts'
import './camera-finder.ts'
import './check-pictures.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { clockTime } from '../theme/times.ts'
import type { CameraView, PresetCheck, PresetView, RecorderReport } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { presetsStyles } from './presets-styles.ts'
import { SnapshotController } from './snapshot-controller.ts'

/** What came of it; a word alone is good news. */
type Said = string | { words: string; good: boolean }
type Velocity = { pan: number; tilt: number; zoom: number }
const STEER: readonly {
  word: keyof Words & ('left' | 'right' | 'up' | 'down' | 'zoomIn' | 'zoomOut')
  sign: string
  velocity: Velocity
}[] = [
  { word: 'left', sign: '◀', velocity: { pan: -0.35, tilt: 0, zoom: 0 } },
  { word: 'right', sign: '▶', velocity: { pan: 0.35, tilt: 0, zoom: 0 } },
  { word: 'up', sign: '▲', velocity: { pan: 0, tilt: 0.35, zoom: 0 } },
  { word: 'down', sign: '▼', velocity: { pan: 0, tilt: -0.35, zoom: 0 } },
  { word: 'zoomIn', sign: '+', velocity: { pan: 0, tilt: 0, zoom: 0.35 } },
  { word: 'zoomOut', sign: '−', velocity: { pan: 0, tilt: 0, zoom: -0.35 } },
]
const RELOAD_MS = 3000
/** Checks whose picture a person should see for themselves. */
const DOUBTFUL = new Set<PresetCheck['result']>(['drifted', 'unreached'])

@element('lamppost-presets')
export class LamppostPresets extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words {
    return this.#language.words
  }

  static override styles = [look, presetsStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private chosen: string | null = null
  @state() private presets: PresetView[] | null = null
  @state() private message: { words: string; good: boolean } | null = null
  @state() private report: (RecorderReport & { camera: string }) | null = null
  /** Instead of a camera: the search for others. */
  @state() private finding = false
  @state() private removing: string | null = null

  #client = new ClientController(this)
  #snapshots = new SnapshotController(this, () => this.#client.client)
  #steering: ReturnType<typeof createSteering> | null = null

  private get camera(): CameraView | null {
    const { cameras } = this.#client.client.state()
    return cameras.find(({ id }) => id === this.chosen) ?? cameras[0] ?? null
  }

  protected override updated(changed: PropertyValues): void {
    const { camera } = this
    if (
      camera &&
      (this.presets === null || changed.has('chosen' as keyof LamppostPresets)) &&
      camera.id !== this.#loadedFor
    )
      void this.#load(camera)
  }
  override disconnectedCallback(): void {
    // The dead man's handle: an element that leaves the page holds no camera in motion.
    removeEventListener('blur', this.#stopMoving)
    this.#stopMoving()
    super.disconnectedCallback()
  }
  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('blur', this.#stopMoving)
  }
  /** One command on its way, to the camera that it began with: another may be chosen while it turns. */
  #steeringOf(camera: string): ReturnType<typeof createSteering> {
    const { client } = this.#client
    const onProblem = (error: unknown): void =>
      void this.#act(async () => {
        throw error
      })
    return createSteering({
      move: (velocity) => client.move(camera, velocity),
      stop: () => client.stopMoving(camera),
      onProblem,
    })
  }
  #stopMoving = (): void => {
    this.#steering?.stopMoving()
    this.#steering = null
  }
  #loadedFor: string | null = null

  async #load(camera: CameraView): Promise<void> {
    this.#loadedFor = camera.id
    this.presets = null
    if (!camera.ptz) return
    await this.#act(async () => {
      try {
        const presets = await this.#client.client.presets(camera.id)
        if (this.camera?.id === camera.id) this.presets = presets
      } catch (error) {
        // Not loaded is not empty: it is tried again.
        setTimeout(() => this.camera?.id === camera.id && this.isConnected && void this.#load(camera), RELOAD_MS)
        throw error
      }
      return null
    })
  }
  /** Tells how it went; a refusal is told in the server's own words. */
  async #act(work: () => Promise<Said | null>): Promise<void> {
    try {
      const done = await work()
      if (done !== null) this.message = typeof done === 'string' ? { words: done, good: true } : done
    } catch (error) {
      this.message = { words: error instanceof Error ? error.message : String(error), good: false }
    }
  }
  #change(camera: CameraView, work: () => Promise<Said>): Promise<void> {
    return this.#act(async () => {
      const said = await work()
      const presets = await this.#client.client.presets(camera.id)
      if (this.camera?.id === camera.id) this.presets = presets
      this.removing = null
      return said
    })
  }

  protected override render() {
    const { cameras, link, refusal } = this.#client.client.state()
    const { camera } = this
    if (!camera)
      return html`<p class="waiting" role="status">
        ${link === 'lost' ? (refusal ?? this.words.serverLost) : this.words.connecting}
      </p>`
    return html`${link === 'lost' ? html`<p class="banner" role="alert">${refusal ?? this.words.serverLost}</p>` : nothing}
      <div class="room">
        <nav aria-label=${this.words.cameras}>
          ${cameras.map((each) => this.#card(each, !this.finding && each.id === camera.id))}
          <button class="find" aria-current=${this.finding} @click=${() => (this.finding = true)}>
            ${this.words.finder.open}
          </button>
        </nav>
        ${this.finding ? html`<lamppost-camera-finder .client=${this.#client.client}></lamppost-camera-finder>` : this.#work(camera)}
      </div>`
  }

  #work(camera: CameraView) {
    return html`<section aria-label=${camera.name}>
      <h2>${camera.name}</h2>
      <p class="quiet">${camera.id}${camera.onvifUrl ? html` · ${camera.onvifUrl}` : nothing}</p>
      <div class="work">
        <div>
          <lamppost-player .client=${this.#client.client} .camera=${camera.id}></lamppost-player>
          ${camera.ptz ? this.#steer(camera) : html`<p class="quiet">${this.words.fixedCamera}</p>`}
          <p class="message ${this.message?.good ? 'good' : 'bad'}" role="status">${this.message?.words ?? ''}</p>
          ${this.#recorder(camera)}
        </div>
        ${camera.ptz ? html`<div>${this.#list(camera)} ${this.#saveForm(camera)}</div>` : nothing}
      </div>
    </section>`
  }

  #card(camera: CameraView, current: boolean) {
    const picture = this.#snapshots.of(camera.id)
    const choose = (): void => {
      this.chosen = camera.id
      this.finding = false
      this.message = null
      this.removing = null
    }
    return html`<button class="card" aria-current=${current} @click=${choose}>
      ${
        picture
          ? html`<img src=${picture} alt="" />`
          : html`<span class="nopicture"
              >${camera.health.video === 'down' || this.#snapshots.none(camera.id) ? this.words.gone : this.words.starting}</span
            >`
      }
      <span class="name">${camera.name}</span>
      <span class="health"
        >${this.words.onvif} <b class=${camera.health.onvif}>${this.words.health[camera.health.onvif]}</b> ·
        ${this.words.video} <b class=${camera.health.video}>${this.words.health[camera.health.video]}</b></span
      >
      ${
        camera.health.clock === 'off' && camera.health.clockOffsetMs !== null
          ? html`<span class="why">${this.words.clockOff(camera.health.clockOffsetMs)}</span>`
          : nothing
      }
      ${camera.health.blind ? html`<span class="why">${this.words.blind[camera.health.blind]}</span>` : nothing}
      ${camera.health.reason ? html`<span class="why">${camera.health.reason}</span>` : nothing}
      ${camera.detail && camera.detail !== camera.health.reason ? html`<span class="why">${camera.detail}</span>` : nothing}
      ${camera.heldBy ? html`<span class="held">${this.words.heldByIncident}</span>` : nothing}
    </button>`
  }

  #steer(camera: CameraView) {
    const begin = (velocity: Velocity): void => {
      this.#steering ??= this.#steeringOf(camera.id)
      this.#steering.want(velocity)
    }
    const end = (): void => this.#stopMoving()
    const isPress = (event: KeyboardEvent): boolean => event.key === 'Enter' || event.key === ' '
    return html`<div class="steer" role="group" aria-label=${this.words.steer}>
      ${STEER.map(
        ({ word, sign, velocity }) =>
          html`<button
            aria-label=${this.words[word]}
            title=${this.words[word]}
            @pointerdown=${() => begin(velocity)}
            @pointerup=${end}
            @pointerleave=${end}
            @pointercancel=${end}
            @keydown=${(event: KeyboardEvent) => isPress(event) && begin(velocity)}
            @keyup=${(event: KeyboardEvent) => isPress(event) && end()}
            @blur=${end}
          >
            ${sign}
          </button>`,
      )}
      <span class="quiet">${this.words.steer}</span>
    </div>`
  }

  #list(camera: CameraView) {
    const { client } = this.#client
    const { helpPoints } = client.state()
    if (this.presets?.length === 0) return html`<p class="quiet">${this.words.noPresets}</p>`
    return html`<h3>${this.words.presets}</h3>
      <ul>
        ${this.presets?.map(({ token, name, helpPoints: shows, pictures, lastCheck, changed }) => {
          const label = name || token
          return html`<li>
            <div class="preset">
              <strong>${label}</strong> <code>${token}</code>
              ${shows.map((id) => html`<span class="shows">${helpPoints.find((each) => each.id === id)?.name ?? id}</span>`)}
              ${
                shows.length > 0
                  ? html`<span class=${pictures > 0 ? 'taught' : 'untaught'}>${this.words.taught(pictures)}</span>`
                  : nothing
              }
              ${
                lastCheck
                  ? html`<span class="check ${lastCheck.result}"
                      >${this.words.checked(
                        lastCheck.result,
                        clockTime(lastCheck.at, client.state().site?.timezone ?? 'UTC'),
                      )}${lastCheck.words ? html`: ${lastCheck.words}` : nothing}</span
                    >`
                  : nothing
              }
              ${changed ? html`<span class="check changed">${changed}</span>` : nothing}
              ${
                lastCheck && DOUBTFUL.has(lastCheck.result)
                  ? html`<lamppost-check-pictures
                      .client=${client}
                      .camera=${camera.id}
                      .preset=${token}
                      .at=${lastCheck.at}
                    ></lamppost-check-pictures>`
                  : nothing
              }
            </div>
            <div class="row">
              ${
                changed
                  ? html`<button
                      @click=${() =>
                        this.#change(camera, async () =>
                          client.confirmPreset(camera.id, token).then(() => this.words.confirmed(label)),
                        )}
                      title=${this.words.confirmHint}
                    >
                      ${this.words.confirmPreset}
                    </button>`
                  : nothing
              }
              <button
                @click=${() => this.#act(async () => client.recall(camera.id, token).then(() => this.words.recalled(label)))}
              >
                ${this.words.recall}
              </button>
              <button
                @click=${() =>
                  this.#change(camera, async () =>
                    client
                      .savePreset(camera.id, { token, name: label, helpPoint: shows[0] ?? null })
                      .then(() => this.words.saved(label)),
                  )}
              >
                ${this.words.overwrite}
              </button>
              <button
                @click=${() =>
                  this.#change(camera, async () =>
                    client.teachPreset(camera.id, token).then(() => this.words.taughtNow(label)),
                  )}
                title=${this.words.teachHint}
              >
                ${this.words.teach}
              </button>
              <button
                @click=${() =>
                  this.#change(camera, async () =>
                    client.checkPreset(camera.id, token).then(({ result }) => ({
                      words: `${label}: ${this.words.checkResult[result]}`,
                      good: result === 'agrees',
                    })),
                  )}
              >
                ${this.words.check}
              </button>
              ${
                this.removing === token
                  ? html`<button
                      class="danger"
                      @click=${() =>
                        this.#change(camera, async () =>
                          client.removePreset(camera.id, token).then(() => this.words.removed(label)),
                        )}
                    >
                      ${this.words.removeSure}
                    </button>`
                  : html`<button @click=${() => (this.removing = token)}>${this.words.remove}</button>`
              }
            </div>
          </li>`
        })}
      </ul>`
  }

  /** What its recorder does, for who has to find out why there is no picture; asked for when it is opened. */
  #recorder(camera: CameraView) {
    const open = (event: Event): void => {
      if (!(event.target as HTMLDetailsElement).open) return
      void this.#act(async () => {
        this.report = { camera: camera.id, ...(await this.#client.client.recorder(camera.id)) }
        return null
      })
    }
    const report = this.report?.camera === camera.id ? this.report : null
    return html`<details class="recorder" @toggle=${open}>
      <summary>${this.words.recorder}</summary>
      ${
        report
          ? html`<p>${report.codec ?? this.words.health.unknown} · ${this.words.runs(report.runs)}</p>
              ${
                report.lastEnd
                  ? html`<p>
                      ${this.words.lastEnd(clockTime(report.lastEnd.at, this.#client.client.state().site?.timezone ?? 'UTC'))}:
                      ${report.lastEnd.reason}
                    </p>`
                  : nothing
              }
              ${report.lastEnd && report.lastEnd.words.length > 0 ? html`<pre>${report.lastEnd.words.join('\n')}</pre>` : nothing}`
          : nothing
      }
    </details>`
  }

  #saveForm(camera: CameraView) {
    const { client } = this.#client
    const save = (event: SubmitEvent): void => {
      event.preventDefault()
      const form = event.target as HTMLFormElement
      const name = String(new FormData(form).get('name') ?? '').trim()
      const helpPoint = String(new FormData(form).get('helpPoint') ?? '') || null
      void this.#change(camera, async () => {
        await client.savePreset(camera.id, { token: null, name, helpPoint })
        form.reset()
        return this.words.saved(name)
      })
    }
    return html`<form @submit=${save}>
      <h3>${this.words.saveNew}</h3>
      <label
        >${this.words.presetName}<input type="text" name="name" required maxlength="120" autocomplete="off"
      /></label>
      <label
        >${this.words.forHelpPoint}<select name="helpPoint">
          <option value="">${this.words.noHelpPoint}</option>
          ${client.state().helpPoints.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
        </select></label
      >
      <button class="main">${this.words.save}</button>
    </form>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-presets': LamppostPresets
  }
}
