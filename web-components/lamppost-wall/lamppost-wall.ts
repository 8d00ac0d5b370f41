/**
 * Nothing until a press; then the most urgent incident large, and the others beside it. Lives inside the wall that
 * the room already has.
 */
import { LitElement, html, nothing } from 'lit'
import { property, query, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import { isUnanswered } from '../lamppost-call/call-view.ts'
import '../lamppost-call/lamppost-microphone.ts'
import { type IncidentRequest, IncidentRequestEvent } from '../lamppost-incident/incident-events.ts'
import { fulfil } from '../lamppost-incident/incident-requests.ts'
import { LamppostIncident } from '../lamppost-incident/lamppost-incident.ts'
import { callOf, closedBy, closingReason } from '../lamppost-incident/tile-context.ts'
import { scaleWithScreen } from '../theme/screen-scale.ts'
import { clockTime, elapsed } from '../theme/times.ts'
import { element } from '../theme/element.ts'
import { browserStore } from '../browser/browser-store.ts'
import { look } from '../theme/theme.ts'
import type { Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { Link, WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { AlarmSound, type Calling } from './alarm-sound.ts'
import { type KeyHelpState, keyHelp } from './key-help.ts'
import {
  type Action,
  type KeyChanges,
  type Keymap,
  actionOf,
  cardOf,
  keymapFrom,
  loadKeymap,
  saveKeymap,
} from './wall-keys.ts'
import { roomCalls } from './room-calls.ts'
import { SleepWatch } from './sleep-watch.ts'
import { WallNews } from './wall-news.ts'
import { type Room, arranged, inHand, shownHere, urgency } from './wall-order.ts'
import { wallStyles } from './wall-styles.ts'

/** How long a closed incident can be opened again from here. */
const LATELY_MS = 60_000
const TOUCHED_MS = 30_000
/** A key that was on its way when another incident became large is not meant for that. */
const SETTLED_MS = 700
/** A server that is restarted is back by then. */
const LOST_SOUNDS_MS = 10_000
/** Longer than any wall needs: then it is said that nothing can be seen yet. */
const CONNECTING_MS = 4000
/** The town's servers change hands in less; before that moment nobody is told. */
const CHANGING_MS = { from: 1000, to: 12_000 }
/** As many cards as there are digits have a key. */
const cardKeyAt = (place: number): number => (place >= 0 && place < 9 ? place + 1 : 0)

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie, or what `renewToken` answers
 * @attr muted - this screen makes no sound: another one in the room does
 * @attr watch-sound - that sound is blocked is said also while nobody waits, so that it is found out before it
 * matters; `false` says it only then
 * @attr from-step - a further screen: shows an incident when so many steps were taken because nobody took it
 * @attr incident - the id of an incident that is large once it is here, as if somebody had chosen it
 * @attr keys - where single keys are heard: `inside` (left out) while the focus is in the wall, `page` anywhere on
 * the page, `off`
 * @attr theme - dark (left out), light or auto
 * @fires lamppost-incident-opened
 * @fires lamppost-incident-acknowledged
 * @fires lamppost-incident-escalated
 * @fires lamppost-incident-closed
 * @fires lamppost-waiting-changed - presses that nobody has accepted: for a title, a lamp, another bell
 * @fires lamppost-link-changed - the server is reached, or lost; with its refusal, if it refuses
 * @fires lamppost-sound-changed - this browser lets it sound, or not
 * @csspart banner - the red line when the server is lost
 * @csspart kept - a press that is durable and cannot be shown yet, while the town's servers change hands
 * @csspart sound - the red line when this browser blocks sound, with its button
 * @csspart training - the line over a town for practice
 * @csspart storage - the lines when the clip buffers' disk runs full, or the record is broken
 * @csspart slept - that the browser has put this page to sleep, and from when to when
 * @csspart counts - how many incidents are open, how many nobody has accepted, and how long the first has waited
 * @csspart tiles - the grid of tiles
 * @csspart calls - calls of the room that are about no incident
 * @csspart lately - the lines of incidents that were closed just now
 */
@element('lamppost-wall')
export class LamppostWall extends LitElement {
  static override styles = [look, wallStyles]

  @property() server = ''
  @property() token = ''
  /** Asked for another token before the one in use runs out, and when it is refused. */
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property({ type: Boolean }) muted = false
  @property({ attribute: 'watch-sound', converter: (value) => value !== 'false' }) watchSound = true
  @property({ type: Number, attribute: 'from-step' }) fromStep = 0
  @property() incident = ''
  @property() keys: 'inside' | 'page' | 'off' | '' = 'inside'
  @property({ reflect: true }) theme = ''
  /** What this screen sounds for now; for the page around. */
  @property({ reflect: true }) sounding: NonNullable<Calling> | '' = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private chosen: string | null = null
  /** The `incident` that was made large already: from then on what a person chooses counts. */
  #shownFirst = ''
  /** The page's own choice of keys, such as `{ take: 'g' }`; the person's own goes before it. */
  @property({ attribute: false }) actionKeys: KeyChanges = {}
  /** As the person has changed them; null: as the page has them. */
  @state() private ownKeys: Keymap | null = loadKeymap(browserStore('localStorage'))
  @state() private refusals: ReadonlyMap<string, string> = new Map()
  @state() private keyHelp: KeyHelpState | null = null
  @query('dialog') private dialog!: HTMLDialogElement

  #news = new WallNews(this)
  #sleep = new SleepWatch(this)
  #client = new ClientController(this, () => this.#publishToPage())
  #language = new LanguageController(this)
  #sound = new AlarmSound(this)
  #inHand: string | null = null
  /** When another incident became the large one without anybody's asking. */
  #turnedAt = Number.NEGATIVE_INFINITY
  #here: ReadonlySet<string> = new Set()
  /** What a person has just touched stays large for a while: they want to see what came of it. */
  #touched = { id: '', at: Number.NEGATIVE_INFINITY }
  #clock: ReturnType<typeof setInterval> | null = null
  /** Incidents that are gone from here, in whose tiles somebody writes. */
  #left = new Map<string, Incident>()
  #lostAt: number | null = null
  #connectedAt = 0

  constructor() {
    super()
    scaleWithScreen(this)
  }
  override connectedCallback(): void {
    super.connectedCallback()
    // Holds run out and closed lines go by themselves.
    this.#connectedAt = performance.now()
    this.#clock = setInterval(
      () =>
        (this.#news.known + this.#client.client.state().lately.length > 0 ||
          this.#client.client.state().link !== 'live' ||
          this.#left.size > 0) &&
        this.requestUpdate(),
      1000,
    )
    addEventListener('keydown', this.#onPageKey)
    this.addEventListener('keydown', this.#onKey)
    document.addEventListener('visibilitychange', this.#onVisible)
  }
  override disconnectedCallback(): void {
    if (this.#clock) clearInterval(this.#clock)
    removeEventListener('keydown', this.#onPageKey)
    this.removeEventListener('keydown', this.#onKey)
    document.removeEventListener('visibilitychange', this.#onVisible)
    this.#client.client.carrier.looking(this, [])
    super.disconnectedCallback()
  }

  #publishToPage(): void {
    const { incidents, link, helpPoints } = this.#client.client.state()
    if (link === 'connecting') return
    // A further screen speaks of what it shows.
    const shown = shownHere(incidents, this.fromStep, this.#here, this.#room)
    this.#news.incidents(shown)
    this.#news.waiting(shown, (helpPoint) => helpPoints.find(({ id }) => id === helpPoint)?.name ?? helpPoint)
  }

  get #room(): Room {
    const { client } = this.#client
    const { me, calls } = client.state()
    const unanswered = new Set(calls.filter(isUnanswered).map(({ incident }) => incident as string))
    return { me: me?.name ?? '', now: client.now(), unanswered }
  }
  get #shown(): Incident[] {
    return [
      ...shownHere(this.#client.client.state().incidents, this.fromStep, this.#here, this.#room),
      ...this.#left.values(),
    ]
  }
  /** Whom the room has called about no incident, and nobody speaks with any more. */
  #someoneIsLeft(): boolean {
    return this.#client.client.state().calls.some((call) => call.incident === null && isUnanswered(call))
  }
  /** A tile in which somebody is in the middle of a sentence stays until they are not. */
  #keepWhileWritten(): void {
    const { incidents } = this.#client.client.state()
    const here = new Set(shownHere(incidents, this.fromStep, this.#here, this.#room).map(({ id }) => id as string))
    this.#left.clear()
    for (const tile of (this.renderRoot as ShadowRoot).querySelectorAll('lamppost-incident')) {
      const gone = here.has(tile.incident) || !tile.writing ? null : tile.shown
      if (gone) this.#left.set(tile.incident, gone)
    }
  }
  #noteState(): void {
    const { link, refusal } = this.#client.client.state()
    this.#news.link({ link, refusal })
    this.#news.sound(!this.muted && this.#sound.blocked)
    if (link === 'live') this.#lostAt = null
    else this.#lostAt ??= performance.now()
  }

  /**
   * A person whom nobody has taken yet, who calls again, or whose call nobody speaks in, sounds until somebody has, on
   * every screen; what is offered or was put off, softly; a drill once.
   */
  protected override willUpdate(): void {
    // One that was taken out of the page has nothing to say.
    if (!this.isConnected) return
    this.#noteState()
    this.#keepWhileWritten()
    const shown = this.#shown
    this.#here = new Set(shown.map(({ id }) => id))
    const open = shown.filter(({ state }) => state === 'open')
    const room = this.#room
    const calling: Calling = this.muted
      ? null
      : this.#client.client.state().kept.some(({ kind }) => kind === 'press') ||
          open.some(({ kind }) => kind === 'press') ||
          shown.some(({ id, recalledAt }) => recalledAt !== null || room.unanswered?.has(id))
        ? 'press'
        : this.#lostAt !== null && performance.now() - this.#lostAt > LOST_SOUNDS_MS
          ? 'lost'
          : shown.some((incident) => urgency(incident, room) === 0) || this.#someoneIsLeft()
            ? 'reminder'
            : open.length > 0
              ? 'drill'
              : null
    if (!this.muted) this.#sound.open()
    this.#sound.call(calling)
    this.sounding = calling !== null && !this.#sound.blocked ? calling : ''
    const touched =
      this.#inHand !== null &&
      (this.chosen === this.#inHand ||
        (this.#touched.id === this.#inHand && performance.now() - this.#touched.at < TOUCHED_MS) ||
        (this.#tile(this.#inHand)?.busy ?? false) ||
        shown.some(({ id, owner, onHold }) => id === this.#inHand && owner === room.me && !onHold))
    if (this.incident !== this.#shownFirst && shown.some(({ id }) => id === this.incident)) {
      this.#shownFirst = this.incident
      this.chosen = this.incident
    }
    // A choice ends with its incident: should that come back, it must not push away what is in hand by then.
    if (this.chosen !== null && !shown.some(({ id }) => id === this.chosen)) this.chosen = null
    const before = this.#inHand
    this.#inHand = inHand(shown, this.chosen ?? (touched ? this.#inHand : null), room)
    if (before !== null && this.#inHand !== before && this.#inHand !== this.chosen) this.#turnedAt = performance.now()
    this.#look()
  }
  protected override updated(): void {
    if (!this.dialog) return
    if (this.keyHelp && !this.dialog.open) this.dialog.showModal()
    if (!this.keyHelp && this.dialog.open) this.dialog.close()
  }
  /** Said by the browser a moment after it: by then it may have been opened again. */
  #keyHelpClosed = (): void => {
    if (!this.dialog.open) this.keyHelp = null
  }
  #touch(id: string): void {
    this.#touched = { id, at: performance.now() }
  }
  #tile(id: string | null): LamppostIncident | undefined {
    return [...(this.renderRoot as ShadowRoot).querySelectorAll('lamppost-incident')].find(
      ({ incident }) => incident === id,
    )
  }
  #onVisible = (): void => this.#look()
  /** For the others in the room: what this screen shows large, while anybody can see it. */
  #look(): void {
    this.#client.client.carrier.looking(
      this,
      this.isConnected && document.visibilityState === 'visible' && this.#inHand !== null ? [this.#inHand] : [],
    )
  }

  #onPageKey = (event: KeyboardEvent): void => {
    if (this.keys === 'page' && !event.composedPath().includes(this)) this.#onKey(event)
  }
  #onKey = (event: KeyboardEvent): void => {
    if (this.keys === 'off') return
    const card = cardOf(event, this.#keymap, this)
    if (card !== null) return this.#chooseCard(card, event)
    // A question waits beside the pictures: digits and Escape are its own, wherever the keyboard is.
    if (this.#answers(event)) return event.preventDefault()
    const action = actionOf(event, this.#keymap, this)
    if (!action) return
    const tile = event.composedPath().find((place): place is LamppostIncident => place instanceof LamppostIncident)
    // Meant for what was large a moment ago, or for another tile: it must not be done to this one.
    const meant = tile ? tile.incident === this.#inHand : performance.now() - this.#turnedAt > SETTLED_MS
    if (!meant && !['help', 'next', 'previous'].includes(action)) return
    if (this.#act(action)) event.preventDefault()
  }
  #chooseCard(card: number, event: KeyboardEvent): void {
    const incident = arranged(this.#shown, this.#inHand, this.#room)[card - 1]
    if (!incident) return
    event.preventDefault()
    this.chosen = incident.id
  }
  #answers(event: KeyboardEvent): boolean {
    const free = !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat && !event.defaultPrevented
    const inText = event.composedPath()[0]
    if (!free || inText instanceof HTMLInputElement || inText instanceof HTMLTextAreaElement) return false
    const tile = this.#tile(this.#inHand)
    if (event.key === 'Escape') return tile?.cancelQuestion() ?? false
    return /^[1-9]$/.test(event.key) && (tile?.answerByDigit(Number(event.key)) ?? false)
  }
  #act(action: Action): boolean {
    if (action === 'help') {
      this.keyHelp = { changing: null, problem: null }
      return true
    }
    if (action === 'next' || action === 'previous') return this.#turn(action === 'next' ? 1 : -1)
    return this.#tile(this.#inHand)?.act(action) ?? false
  }
  #turn(by: 1 | -1): boolean {
    const order = [...this.#shown].sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
    if (order.length < 2) return false
    const at = order.findIndex(({ id }) => id === this.#inHand)
    this.chosen = order[(at + by + order.length) % order.length]?.id ?? null
    return true
  }
  get #keymap(): Keymap {
    return this.ownKeys ?? keymapFrom(this.actionKeys)
  }

  /** Sounds once as a press does, and asks the browser to allow it: for signing in. */
  testSound(): Promise<void> {
    return this.#sound.test()
  }

  /** A wall that can go on at another server says so, and only when it takes long enough to be seen. */
  #lostLine(link: Link, refusal: string | null) {
    const { words } = this.#language
    if (link !== 'lost') return nothing
    const ago = performance.now() - (this.#lostAt ?? performance.now())
    const changing = refusal === null && this.#client.client.state().servers > 1 && ago < CHANGING_MS.to
    if (changing && ago < CHANGING_MS.from) return nothing
    const lost = refusal ? `${words.notSignedIn}: ${refusal}` : words.serverLost
    return html`<p part="banner" class="banner" role="alert">${changing ? words.changingHands : lost}</p>`
  }
  /** Somebody has pressed, and no server can show the incident yet. */
  #keptLines(nameOf: (helpPoint: string) => string) {
    const { words } = this.#language
    const { kept, site } = this.#client.client.state()
    return kept.map(
      ({ helpPoint, kind, receivedAt, copies }) =>
        html`<p part="kept" class="banner" role="alert">
          ${kind === 'drill' ? `${words.drill}: ` : ''}${words.keptPress(
            nameOf(helpPoint),
            clockTime(receivedAt, site?.timezone ?? 'Europe/London', false),
          )}
          ${copies === 1 ? words.keptHere : nothing}
        </p>`,
    )
  }

  protected override render() {
    const { words } = this.#language
    const { site, link, refusal, helpPoints, storage, record, lately, voice, connectors, onvifDevices } =
      this.#client.client.state()
    const nameOf = (helpPoint: string): string => helpPoints.find(({ id }) => id === helpPoint)?.name ?? helpPoint
    const shown = this.#shown
    const others = arranged(shown, this.#inHand, this.#room)
    // Tiles keep their place in the document, so that nothing an operator has in hand is lost; only their order on
    // screen changes.
    const arrival = [...shown].sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
    const spoken = shown
      .filter(({ state }) => state === 'open')
      .map(({ helpPoint, kind }) => `${kind === 'drill' ? words.drill : words.pressed}: ${nameOf(helpPoint)}`)
    const closed = lately.filter(
      ({ incident, heardAt }) =>
        performance.now() - heardAt < LATELY_MS && (this.fromStep === 0 || incident.owner === this.#room.me),
    )
    return html`<p class="visually-hidden" role="alert">${spoken.join('. ')}</p>
      ${shown.length > 1 ? html`<p part="counts" class="counts">${this.#counts(shown)}</p>` : nothing}
      ${
        shown.length > 0
          ? html`<div
              part="tiles"
              class="tiles ${shown.length === 1 ? 'one' : others.length <= 3 ? 'few' : 'many'} ${link === 'lost' ? 'old' : ''}"
            >
              ${repeat(
                arrival,
                ({ id }) => id,
                (incident) => {
                  const large = incident.id === this.#inHand
                  return html`<lamppost-incident
                    class=${large ? 'large' : `small p${others.indexOf(incident)}`}
                    ?compact=${!large}
                    .cardKey=${large || this.keys === 'off' ? 0 : cardKeyAt(others.indexOf(incident))}
                    .keymap=${large && this.keys !== 'off' ? this.#keymap : null}
                    .client=${this.#client.client}
                    .incident=${incident.id}
                    @pointerdown=${() => this.#touch(incident.id)}
                    @keydown=${() => this.#touch(incident.id)}
                    @lamppost-incident-request=${() => this.#touch(incident.id)}
                    @lamppost-incident-chosen=${() => (this.chosen = incident.id)}
                  ></lamppost-incident>`
                },
              )}
            </div>`
          : nothing
      }
      ${repeat(
        closed,
        ({ incident }) => incident.id,
        ({ incident }) =>
          html`<p part="lately" class="lately" role="status">
            <strong>${nameOf(incident.helpPoint)}</strong>
            ${words.wall.closedBy(closedBy(incident), closingReason(incident, words))}
            <b class="refusal">${this.refusals.get(incident.id) ?? ''}</b>
            <button @click=${() => void this.#reopen(incident.id)}>${words.wall.reopen}</button>
          </p>`,
      )}
      ${
        shown.length > 0 && this.keys !== 'off'
          ? html`<button class="keys-button" @click=${() => (this.keyHelp = { changing: null, problem: null })}>
              ${words.wall.keys} <kbd>${this.#keymap.keys.help}</kbd>
            </button>`
          : nothing
      }
      <div class="bars">
        ${roomCalls(this.#client.client, words)} ${this.#sleptLine()}
        ${site?.training ? html`<p part="training" class="training" role="note">${words.training}</p>` : nothing}
        ${
          this.incident !== '' && link === 'live' && shown.every(({ id }) => id !== this.incident)
            ? html`<p part="storage" class="storage" role="status">${words.notOpenHere}</p>`
            : nothing
        }
        ${
          link === 'connecting' && performance.now() - this.#connectedAt > CONNECTING_MS
            ? html`<p part="banner" class="banner" role="alert">${words.connecting}: ${words.serverLost}</p>`
            : nothing
        }${this.#lostLine(link, refusal)}${this.#keptLines(nameOf)}
        ${
          !this.muted && this.#sound.blocked && (this.watchSound || this.#sound.calling !== null)
            ? html`<p part="sound" class="banner sound" role="alert">
                ${words.soundBlocked} <button @click=${() => this.testSound()}>${words.allowSound}</button>
              </p>`
            : nothing
        }
        ${
          voice && !voice.ready && link === 'live'
            ? html`<p part="storage" class="storage" role="status">${words.call.deskOnly}</p>`
            : nothing
        }
        ${
          voice && !this.muted
            ? html`<lamppost-microphone part="microphone" .client=${this.#client.client}></lamppost-microphone>`
            : nothing
        }
        ${connectors
          .filter(({ state }) => state === 'failing')
          .map(
            ({ product, connector, problem }) =>
              html`<p part="storage" class="storage" role="status">
                ${words.vms.deaf(`${product} (${connector})`, problem ?? '')}
              </p>`,
          )}
        ${onvifDevices
          .filter(({ state }) => state !== 'well')
          .map((device) => html`<p part="storage" class="storage" role="status">${words.vms.device.deaf(device)}</p>`)}
        ${storage?.problem ? html`<p part="storage" class="storage" role="status">${words.storage}: ${storage.problem}</p>` : nothing}
        ${record ? html`<p part="storage" class="storage" role="status">${words.recordBroken}: ${record}</p>` : nothing}
      </div>
      <dialog aria-labelledby="keys-title" @close=${this.#keyHelpClosed}>
        ${
          this.keyHelp
            ? keyHelp(words, this.#keymap, keymapFrom(this.actionKeys), this.keyHelp, {
                change: (keymap) => this.#changeKeys(keymap),
                state: (next) => (this.keyHelp = next),
                close: () => (this.keyHelp = null),
              })
            : nothing
        }
      </dialog>`
  }
  /** While it slept, a press was not heard here: who sits before it must know. */
  #sleptLine() {
    const { words } = this.#language
    const slept = this.#sleep.last
    const { site } = this.#client.client.state()
    if (slept === null || this.muted) return nothing
    const time = (at: number): string => clockTime(new Date(at).toISOString(), site?.timezone ?? 'Europe/London', false)
    return html`<p part="slept" class="storage" role="alert">
      ${words.wall.slept(time(slept.from), time(slept.to))}
      <button @click=${() => this.#sleep.forget()}>${words.wall.understood}</button>
    </p>`
  }
  #counts(shown: readonly Incident[]): string {
    const { words } = this.#language
    const waiting = shown.filter(({ state, kind }) => state === 'open' && kind === 'press')
    const first = Math.min(...waiting.map((incident) => Date.parse(callOf(incident).at)))
    const longest = waiting.length === 0 ? '' : elapsed(this.#client.client.now() - first)
    return words.wall.counts(shown.length, waiting.length, longest)
  }
  /** Asked of the page first, like every other wish. */
  async #reopen(incident: string): Promise<void> {
    const { words } = this.#language
    const request: IncidentRequest = { ask: 'reopen', incident, reason: words.wall.reopenReason }
    if (!this.dispatchEvent(new IncidentRequestEvent(request))) return
    try {
      await fulfil(this.#client.client, request)
    } catch (error) {
      this.refusals = new Map([...this.refusals, [incident, refusalText(error, words)]])
    }
  }
  #changeKeys(keymap: Keymap): void {
    this.ownKeys = keymap
    saveKeymap(browserStore('localStorage'), keymap)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-wall': LamppostWall
  }
}
