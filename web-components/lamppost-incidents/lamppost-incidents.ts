/** All incidents there ever were: looked for by time, place, outcome, person and words, read, and printed as a report. */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import '../lamppost-player/lamppost-player.ts'
import { CLOSURE_CODES } from '../../server/glossary/incident.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { dayAndTime, elapsed } from '../theme/times.ts'
import type { Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { IncidentQuery, IncidentRecord } from '../wall-client/requests/register-requests.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { type KeptPicture, type Still, incidentRecord, outcomeOf, placeName } from './incident-record.ts'
import { stillsOf, timesOf } from './incident-times.ts'
import { incidentsStyles } from './incidents-styles.ts'
import { incidentsWords } from './incidents-words.ts'

const PAGE = 50
const NOTHING_ASKED: IncidentQuery = { from: '', to: '', helpPoint: '', outcome: '', person: '', q: '' }

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr theme - dark (left out), light or auto
 */
@element('lamppost-incidents')
export class LamppostIncidents extends LitElement {
  static override styles = [look, incidentsStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property({ reflect: true }) theme = ''
  @state() private found: readonly Incident[] = []
  @state() private next: string | null = null
  @state() private isSearching = true
  @state() private refusal: string | null = null
  @state() private shown: Incident | null = null
  @state() private record: IncidentRecord | null = null
  @state() private stills: readonly Still[] = []
  @state() private snapshots: readonly KeptPicture[] = []
  @state() private playing: string | null = null
  @state() private all = false

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #query: IncidentQuery = NOTHING_ASKED
  /** The newest search, or choice: what answers later than that is nobody's any more. */
  #searches = 0
  #choices = 0

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('hashchange', this.#followAddress)
    void this.updateComplete.then(() => this.#search('')).then(this.#followAddress)
  }
  override disconnectedCallback(): void {
    removeEventListener('hashchange', this.#followAddress)
    this.#forgetStills()
    super.disconnectedCallback()
  }
  /** `#LP-2026-0042` shows that incident: an address can be passed on. */
  #followAddress = (): void => {
    const named = decodeURIComponent(location.hash.slice(1))
    if (named === '') this.#close()
    else if (named !== this.shown?.number && named !== this.shown?.id) void this.#choose(named)
  }

  async #search(after: string): Promise<void> {
    const mine = (this.#searches += 1)
    this.isSearching = true
    this.refusal = null
    try {
      const { items, next } = await this.#client.client.findIncidents(this.#query, after, PAGE)
      if (mine !== this.#searches) return
      this.found = after === '' ? items : [...this.found, ...items]
      this.next = next
    } catch (error) {
      if (mine === this.#searches) this.refusal = refusalText(error, this.#language.words)
    } finally {
      if (mine === this.#searches) this.isSearching = false
    }
  }
  async #choose(named: string): Promise<void> {
    const mine = (this.#choices += 1)
    const { client } = this.#client
    this.refusal = null
    try {
      const incident = await client.incident(named)
      if (mine !== this.#choices) return
      this.#forgetStills()
      this.playing = null
      this.record = null
      this.shown = incident
      const address = `#${incident.number ?? incident.id}`
      if (location.hash !== address) history.replaceState(null, '', address)
      this.record = await client.incidentRecord(incident.id)
      await this.#loadSnapshots(incident, mine)
      await this.#loadStills(incident, mine)
    } catch (error) {
      if (mine === this.#choices) this.refusal = refusalText(error, this.#language.words)
    }
  }
  /** One after the other: each is decoded by the server. */
  async #loadStills(incident: Incident, mine: number): Promise<void> {
    const { client } = this.#client
    const pressed = Date.parse(incident.presses[0]?.receivedAt ?? incident.openedAt)
    const wanted = incident.clips.flatMap((clip) =>
      stillsOf(clip, pressed, client.now()).map((at) => ({ camera: clip.camera, at })),
    )
    for (const { camera, at } of wanted) {
      const url = await client.thumbnail(incident.id, camera, new Date(at).toISOString()).catch(() => null)
      if (mine !== this.#choices) {
        if (url) URL.revokeObjectURL(url)
        return
      }
      this.stills = [...this.stills, { camera, at, url }]
    }
  }
  /** The pictures that operators have kept; none for a person who may not see them. */
  async #loadSnapshots(incident: Incident, mine: number): Promise<void> {
    const { client } = this.#client
    for (const snapshot of await client.snapshots(incident.id).catch(() => [])) {
      const url = await client.snapshotPicture(incident.id, snapshot.id)
      if (mine !== this.#choices) {
        if (url) URL.revokeObjectURL(url)
        return
      }
      this.snapshots = [...this.snapshots, { snapshot, url }]
    }
  }
  #forgetStills(): void {
    for (const { url } of [...this.stills, ...this.snapshots]) if (url) URL.revokeObjectURL(url)
    this.stills = []
    this.snapshots = []
  }
  #close(): void {
    this.#choices += 1
    this.#forgetStills()
    this.shown = null
    this.playing = null
    if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  }
  protected override updated(changed: PropertyValues<this>): void {
    const before = (changed as ReadonlyMap<PropertyKey, unknown>).get('shown') as Incident | null | undefined
    if (before === undefined) return
    // The keyboard goes where the reader looks.
    if (this.shown && this.shown.id !== before?.id) this.renderRoot.querySelector<HTMLElement>('.record h2')?.focus()
    if (!this.shown && before) this.renderRoot.querySelector<HTMLElement>(`[data-id="${before.id}"] button`)?.focus()
  }

  get #page() {
    return incidentsWords(this.#language.words)
  }
  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }

  protected override render() {
    const page = this.#page
    const { link } = this.#client.client.state()
    return html`<main class=${this.shown ? 'reading' : ''}>
      <h1>${page.title}</h1>
      ${link === 'lost' ? html`<p class="refusal" role="alert">${this.#language.words.serverLost}</p>` : nothing}
      <p class="refusal" role="alert">${this.refusal ?? ''}</p>
      <div class="columns">
        <div class="list">${this.#filters()} ${this.#list()}</div>
        <div class="detail">
          ${this.shown ? this.#detail(this.shown) : html`<p class="quiet hint">${page.choose}</p>`}
        </div>
      </div>
    </main>`
  }

  #filters() {
    const page = this.#page
    const { words } = this.#language
    const { helpPoints } = this.#client.client.state()
    const ask = (event: Event): void => {
      event.preventDefault()
      const fields = new FormData(this.renderRoot.querySelector('form') as HTMLFormElement)
      const textOf = (name: string): string => ((fields.get(name) as string | null) ?? '').trim()
      this.#query = Object.fromEntries(Object.keys(NOTHING_ASKED).map((name) => [name, textOf(name)])) as IncidentQuery
      void this.#search('')
    }
    return html`<form role="search" @submit=${ask}>
      <label class="wide"
        >${page.words}<input type="text" name="q" maxlength="200" autocomplete="off" placeholder=${page.wordsHint}
      /></label>
      <label>${page.from}<input type="date" name="from" @change=${ask} /></label>
      <label>${page.to}<input type="date" name="to" @change=${ask} /></label>
      <label
        >${page.place}<select name="helpPoint" @change=${ask}>
          <option value="">${page.any}</option>
          ${helpPoints.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
        </select></label
      >
      <label
        >${page.outcome}<select name="outcome" @change=${ask}>
          <option value="">${page.any}</option>
          ${CLOSURE_CODES.map(
            (code) =>
              html`<option value=${code}>${code === 'other' ? words.closeOther : words.closeReasons[code]}</option>`,
          )}
        </select></label
      >
      <label>${page.person}<input type="text" name="person" maxlength="200" autocomplete="off" /></label>
      <div class="row">
        <button class="main">${page.search}</button
        ><button
          type="reset"
          @click=${() => {
            this.#query = NOTHING_ASKED
            void this.#search('')
          }}
        >
          ${page.clear}
        </button>
      </div>
    </form>`
  }
  #list() {
    const page = this.#page
    const { words, locale } = this.#language
    const town = this.#client.client.state()
    return html`<p class="quiet count" role="status">
        ${this.isSearching ? page.searching : this.found.length === 0 && this.refusal === null ? page.none : ''}
      </p>
      <ol class="found">
        ${this.found.map((incident) => {
          const { number, helpPoint, openedAt, state: standing, closureCode } = incident
          const { accepted } = timesOf(incident)
          const isShown = incident.id === this.shown?.id
          return html`<li data-id=${incident.id}>
            <button aria-pressed=${isShown} @click=${() => void this.#choose(incident.id)}>
              <b>${number ?? page.drill}</b>
              <span class="where">${placeName(town, helpPoint)}</span>
              <span class="when">${dayAndTime(openedAt, this.#timezone, locale)}</span>
              <span class="outcome ${standing === 'closed' ? (closureCode ?? '') : 'open'}"
                >${standing === 'closed' ? outcomeOf(incident, words, page) : words.stateOf[standing]}</span
              >
              <span class="quiet"
                >${accepted.afterMs === null ? '' : page.by(elapsed(accepted.afterMs), incident.owner ?? '')}</span
              >
            </button>
          </li>`
        })}
      </ol>
      ${
        this.next === null
          ? nothing
          : html`<button ?disabled=${this.isSearching} @click=${() => void this.#search(this.next ?? '')}>
              ${page.older}
            </button>`
      }`
  }
  #detail(incident: Incident) {
    const { client } = this.#client
    return incidentRecord({
      words: this.#language.words,
      page: this.#page,
      locale: this.#language.locale,
      timezone: this.#timezone,
      client,
      town: client.state(),
      incident,
      record: this.record,
      stills: this.stills,
      snapshots: this.snapshots,
      playing: this.playing,
      all: this.all,
      printedAt: new Date(client.now()).toISOString(),
      onPlay: (camera) => (this.playing = camera),
      onAll: (all) => (this.all = all),
      onBack: () => this.#close(),
    })
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-incidents': LamppostIncidents
  }
}
