/** One incident as the operator sees it: where, how long, the picture and what is known about it, and what to do. */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { property, query, state } from 'lit/decorators.js'
import '../lamppost-call/lamppost-call.ts'
import '../lamppost-town/lamppost-town.ts'
import { element } from '../theme/element.ts'
import { browserStore } from '../browser/browser-store.ts'
import { look } from '../theme/theme.ts'
import type { Action, Keymap } from '../lamppost-wall/wall-keys.ts'
import { mayAccept } from '../lamppost-call/call-view.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { Incident } from '../wall-client/api-shapes.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { WallClient, WallState } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { scaleWithScreen } from '../theme/screen-scale.ts'
import { LanguageController } from '../words/language.ts'
import { finalRefusal, refusalText } from '../words/refusal-words.ts'
import { askedFor, askedOthers } from './cameras/camera-requests.ts'
import { card } from './incident-card.ts'
import { type Asking, actions, mayTake } from './incident-actions.ts'
import { question, takeReason } from './incident-dialogs.ts'
import { IncidentRequestEvent } from './incident-events.ts'
import { heading, standing } from './incident-heading.ts'
import { contacts, instructions, nextStep, safePlaces } from './incident-help.ts'
import { LendingHere, lent } from './incident-lending.ts'
import { MisuseHere } from './misuse-here.ts'
import { notes } from './incident-notes.ts'
import {
  type Looking,
  VIEW_KEYS,
  canSendBack,
  furtherViews,
  mainView,
  noView,
  replayOf,
  steerOf,
  toggleFull,
} from './incident-pictures.ts'
import { cameraPicker } from './cameras/camera-picker.ts'
import { pictureHand } from './picture-hand.ts'
import { fulfil } from './incident-requests.ts'
import { arrangeViews } from './incident-views.ts'
import { NoteDraft } from './note-draft.ts'
import { PresetList } from './cameras/preset-list.ts'
import { cardStyles } from './styles/card-styles.ts'
import { lendingStyles } from './styles/lending-styles.ts'
import { dialogStyles } from './styles/dialog-styles.ts'
import { helpStyles } from './styles/help-styles.ts'
import { pictureStyles } from './styles/picture-styles.ts'
import { tileStyles } from './styles/tile-styles.ts'
import { vmsLines } from './incident-vms.ts'
import { type Tile, type Wish, cameraName, nameOf } from './tile-context.ts'

/** A wall makes a card large within a frame or two. */
const LARGE_WITHIN_MS = 300
const CONFIRM_WITHIN_MS = 5000
const DOUBLE_CLICK_MS = 500

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr incident - its id
 * @attr compact - one of several: name, time, picture and who has it
 * @attr theme - dark (left out), light or auto
 * @fires lamppost-incident-request - what the operator asks for; a page that handles it itself calls preventDefault
 * @fires lamppost-incident-chosen - a small tile should be the large one
 * @csspart tile - the whole tile
 * @csspart heading - the band with the help point's name
 */
@element('lamppost-incident')
export class LamppostIncident extends LitElement {
  static override styles = [look, tileStyles, pictureStyles, helpStyles, cardStyles, dialogStyles, lendingStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  /** Asked for another token before the one in use runs out. */
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property() incident = ''
  @property({ reflect: true }) theme = ''
  @property({ type: Boolean, reflect: true }) compact = false
  /** As a card: the digit that makes it the large tile, with Shift; 0: none. */
  @property({ attribute: false }) cardKey = 0
  /** The keys as a wall has them; null shows none. */
  @property({ attribute: false }) keymap: Keymap | null = null
  @state() private chosen: string | null = null
  @state() private replaying = false
  @state() private swapped = false
  @state() private picking = ''
  @state() private steering = false
  @state() private asking: Asking = null
  @state() private askedContact: { contact: string; at: number } | null = null
  @state() private refusal: string | null = null
  @query('dialog') private dialog!: HTMLDialogElement

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #draft = new NoteDraft(this, {
    incident: () => this.incident,
    person: () => this.#client.client.state().me?.name ?? '',
    refusal: (error) => finalRefusal(error, this.#language.words),
    save: (incident, text, replaces) => this.#client.client.note(incident, text, replaces),
    store: browserStore('sessionStorage'),
  })
  #misuse = new MisuseHere(this)
  #presets = new PresetList(this)
  #lending = new LendingHere(this)
  #timer: ReturnType<typeof setInterval> | null = null

  constructor() {
    super()
    scaleWithScreen(this)
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => this.requestUpdate(), 500)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    super.disconnectedCallback()
  }
  protected override willUpdate(changed: PropertyValues<this>): void {
    const another = changed.get('incident')
    // Questions and hands belong to the incident that they were begun with.
    if (another !== undefined && another !== '') {
      ;[this.asking, this.chosen, this.replaying, this.steering, this.refusal] = [null, null, false, false, null]
      ;[this.swapped, this.picking, this.askedContact] = [false, '', null]
    }
    if (another !== undefined) [this.#toldOfPress, this.#accepts] = [false, false]
    if (this.compact) [this.asking, this.steering] = [null, false]
    if ((changed as ReadonlyMap<PropertyKey, unknown>).has('asking'))
      this.#seen = this.#toldOfPress ? null : (this.#tile?.incident.log.at(-1)?.seq ?? 0)
    this.#hadFocus = (this.shadowRoot?.activeElement ?? null) !== null
  }
  #hadFocus = false
  /** The call of this card is accepted as soon as it is the large tile: who speaks with somebody sees them. */
  #accepts = false
  #askForTheLargeTile(): void {
    this.dispatchEvent(new CustomEvent('lamppost-incident-chosen', { bubbles: true, composed: true }))
  }
  /** No wall around makes it large: the incident is taken, and its call then has its controls on the card. */
  #acceptSmall(): void {
    if (!this.#accepts || !this.compact) return
    this.#accepts = false
    const tile = this.#tile
    const call = tile?.town.calls.find((each) => each.incident === this.incident && mayAccept(each))
    if (call)
      void tile?.client
        .takeCall(call.id)
        .catch((error: unknown) => (this.refusal = refusalText(error, this.#language.words)))
  }
  async #acceptOnceLarge(): Promise<void> {
    if (!this.#accepts || this.compact) return
    this.#accepts = false
    const call = this.renderRoot.querySelector('lamppost-call')
    await call?.updateComplete
    call?.accept()
  }
  #seen: number | null = 0
  protected override updated(): void {
    this.#flashTogether()
    void this.#acceptOnceLarge()
    // A button that has done its work is gone, and the keyboard must not go with it.
    if (this.#hadFocus && this.isConnected && this.shadowRoot?.activeElement === null)
      this.renderRoot.querySelector<HTMLElement>('article')?.focus({ preventScroll: true })
    if (!this.dialog) return
    // Beside the pictures, which nothing covers: the person that this is about must not be lost sight of.
    if (this.asking !== null && !this.dialog.open) this.dialog.show()
    if (this.asking === null && this.dialog.open) this.dialog.close()
  }

  /** Several that wait must not flash one after the other: together they are one flash a second (WCAG 2.3.1). */
  #flashTogether(): void {
    if (this.#tile?.incident.state !== 'open') return
    for (const animation of this.renderRoot.querySelector('header')?.getAnimations() ?? [])
      if (animation.startTime !== 0) animation.startTime = 0
  }

  #last: Incident | null = null
  /**
   * One that is gone while somebody writes stays until they have finished: as it was closed, or as it was seen last.
   */
  #left(town: WallState): Incident | null {
    return (
      town.lately.find(({ incident: { id } }) => id === this.incident)?.incident ??
      (this.#last?.id === this.incident ? this.#last : null)
    )
  }
  /** What this tile shows, or showed last. */
  get shown(): Incident | null {
    return this.#tile?.incident ?? null
  }

  /** In the middle of a sentence or an answer: what is typed next must not go elsewhere when the incident goes. */
  get writing(): boolean {
    const field = this.shadowRoot?.activeElement
    return this.asking !== null || this.#draft.unsaved || field instanceof HTMLTextAreaElement
  }
  /** What this person works on here must not be exchanged for another incident. */
  get busy(): boolean {
    return (
      this.asking !== null ||
      this.steering ||
      this.replaying ||
      this.#draft.unsaved ||
      this.matches(':focus-within') ||
      (this.shadowRoot?.activeElement ?? null) !== null
    )
  }

  /** One event per wish; unless the page forbids it, the client acts. */
  async #request(wish: Wish): Promise<void> {
    const request = { ...wish, incident: this.incident }
    const name = JSON.stringify(request)
    // The same wish again while its answer is on the way: a key pressed twice.
    if (this.#wishes.has(name) || !this.dispatchEvent(new IncidentRequestEvent(request))) return
    this.#wishes.add(name)
    this.refusal = null
    const { client } = this.#client
    try {
      await fulfil(client, request)
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
      if (error instanceof Refusal && error.problem.code === 'incident/pressed-again') this.#toldOfPress = true
      // The screen says that it was not done: it may be asked for again at once.
      this.#wishes.delete(name)
      await client.refresh(this.incident)
    } finally {
      this.#wishes.delete(name)
    }
  }
  /** A button that is stuck presses for ever: who was told once may close it all the same. */
  #toldOfPress = false
  #wishes = new Set<string>()

  get #tile(): Tile | null {
    const { client } = this.#client
    const town = client.state()
    const incident = town.incidents.find(({ id }) => id === this.incident) ?? (this.writing ? this.#left(town) : null)
    if (!incident) return null
    this.#last = incident
    const shown = this.keymap?.on ? this.keymap.keys : null
    return {
      words: this.#language.words,
      locale: this.#language.locale,
      timezone: town.site?.timezone ?? 'UTC',
      client,
      town,
      incident,
      helpPoint: town.helpPoints.find(({ id }) => id === incident.helpPoint),
      me: town.me?.name ?? '',
      key: (action) => shown?.[action] ?? null,
      leaveKey: this.keymap?.leave ?? null,
      cardKey: this.cardKey || null,
      request: (wish) => void this.#request(wish),
    }
  }

  /** Where somebody telephones and nobody speaks with them, the key accepts the call, and takes the incident with it. */
  #withoutTakeKey(tile: Tile): Tile {
    const { town, incident, key } = tile
    const waits = town.calls.some((call) => call.incident === incident.id && mayAccept(call))
    return waits ? { ...tile, key: (action) => (action === 'take' ? null : key(action)) } : tile
  }

  /** What a key asks for. False: there is nothing like that here now. */
  act(action: Action): boolean {
    const tile = this.#tile
    if (!tile) return false
    const { incident, helpPoint, town, request, words } = tile
    const { main } = arrangeViews(incident.framings, this.chosen)
    const view = VIEW_KEYS.indexOf(action as (typeof VIEW_KEYS)[number])
    const contact = { contact1: 0, contact2: 1, contact3: 2 }[action as 'contact1']
    if (view >= 0) return this.#choose(incident.framings[view]?.camera)
    if (contact !== undefined) {
      const called = town.site?.contacts[contact]
      if (called) request({ ask: 'contact', contact: called.id, outcome: words.tile.called })
      return called !== undefined
    }
    switch (action) {
      case 'take':
        // Whoever takes an incident that calls, speaks with the caller.
        if (this.renderRoot.querySelector('lamppost-call')?.accept()) return true
        if (mayTake(tile)) request({ ask: 'acknowledge' })
        else if (incident.owner !== null && incident.owner !== tile.me) this.asking = 'take-over'
        return true
      case 'note':
        this.renderRoot.querySelector('textarea')?.focus()
        return true
      case 'replay':
        this.replaying = !this.replaying && main !== null
        return true
      case 'swap':
        if (!this.replaying) return false
        this.swapped = !this.swapped
        return true
      case 'full':
        toggleFull(this.renderRoot.querySelector('figure.main'))
        return true
      case 'camera':
        this.renderRoot.querySelector<HTMLInputElement>('.picker input')?.focus()
        return true
      case 'steer':
        this.#steer()
        return true
      case 'preset':
        if (main && canSendBack(main)) request({ ask: 'bring', camera: main.camera })
        return main !== null
      case 'presets':
        if (main && town.cameras.find(({ id }) => id === main.camera)?.ptz) {
          this.#presets.toggle(tile, main.camera)
          void this.#showPresets()
        }
        return main !== null
      case 'snapshot':
        if (main && incident.state !== 'closed') request({ ask: 'snapshot', camera: main.camera })
        return main !== null
      case 'step': {
        const step = nextStep(helpPoint?.instructions ?? [], incident.steps)
        if (step >= 0) request({ ask: 'tick', step })
        return step >= 0
      }
      case 'hold':
        if (incident.onHold) request({ ask: 'take-up' })
        else if (incident.owner === tile.me) this.asking = 'hold'
        return true
      case 'handOver':
        if (incident.owner === tile.me) this.asking = 'hand-over'
        return true
      case 'close':
        this.asking = 'close'
        return true
      default:
        return false
    }
  }
  /** The second press within five seconds calls; a double click is one press. */
  get #dialling(): { asked: string | null; ask(contact: string): void } {
    return {
      asked: this.askedContact?.contact ?? null,
      ask: (contact) => {
        const asked = this.askedContact
        const again = asked?.contact === contact
        if (again && performance.now() - asked.at < DOUBLE_CLICK_MS) return
        this.askedContact = again ? null : { contact, at: performance.now() }
        if (again) void this.#request({ ask: 'call', contact })
        else setTimeout(() => this.#forgetContact(contact), CONFIRM_WITHIN_MS)
      },
    }
  }
  #forgetContact(contact: string): void {
    const asked = this.askedContact
    if (asked?.contact === contact && performance.now() - asked.at >= CONFIRM_WITHIN_MS) this.askedContact = null
  }
  /** A digit, while a question waits beside the pictures: it takes that reason, wherever the keyboard is. */
  answerByDigit(digit: number): boolean {
    if (this.asking === null) return false
    const form = this.dialog.querySelector('form')
    return form !== null && takeReason(form, digit)
  }
  /** The question that waits is not answered. */
  cancelQuestion(): boolean {
    const was = this.asking !== null
    this.asking = null
    return was
  }
  /** Said by the browser a moment after it: by then the next question may be open in the same dialog. */
  #closed = (): void => {
    if (!this.dialog.open) this.asking = null
  }
  #hand = pictureHand(() => this.renderRoot.querySelector('lamppost-steer'))
  #choose(camera: string | undefined): boolean {
    if (camera === undefined) return false
    this.chosen = camera
    this.steering = false
    return true
  }
  /** They stand below what fits on a low screen. */
  async #showPresets(): Promise<void> {
    await this.updateComplete
    this.renderRoot.querySelector('.presets')?.scrollIntoView({ block: 'nearest' })
  }
  /** From the map: large where the incident has it, else brought into it. */
  #pick({ incident, request }: Tile, camera: string): void {
    if (incident.framings.some((framing) => framing.camera === camera)) this.#choose(camera)
    else if (incident.state !== 'closed') request({ ask: 'bring', camera })
  }
  #steer(): void {
    this.steering = !this.steering
    if (this.steering) void this.#focusSteering()
  }

  /** The next key is meant for the camera. */
  async #focusSteering(): Promise<void> {
    await this.updateComplete
    const steer = this.renderRoot.querySelector('lamppost-steer')
    await steer?.updateComplete
    steer?.focus()
  }

  protected override render() {
    const tile = this.#tile
    if (!tile) return nothing
    const { incident, town, client } = tile
    const { main, further } = arrangeViews(incident.framings, this.chosen)
    const looking: Looking = {
      replaying: this.replaying,
      swapped: this.swapped,
      swap: () => (this.swapped = !this.swapped),
      hand: this.#hand,
      steering: this.steering,
      behind: this.compact,
      replay: () => (this.replaying = !this.replaying),
      steer: () => this.#steer(),
      choose: (camera) => this.#choose(camera),
    }
    const unanswered = incident.escalation.step > 0 ? 'unanswered' : ''
    const kind = `tile ${incident.state} ${incident.kind} ${incident.onHold ? 'on-hold' : ''} ${unanswered}`
    const names = {
      camera: (id: string) => cameraName(town, id),
      helpPoint: (id: string) => town.helpPoints.find((each) => each.id === id)?.name ?? id,
    }
    const wanted = askedFor(incident, town.incidents, names, tile.words, this.compact ? 1 : 2, (answer) =>
      tile.request({ ask: 'answer-camera', ...answer }),
    )
    const wishes = askedOthers(incident, town.incidents, names, tile.words)
    if (this.compact)
      return html`<article part="tile" class="${kind} card" tabindex="-1" aria-label=${nameOf(tile)}>
        ${card(
          tile,
          main,
          this.refusal,
          {
            choose: () => this.#askForTheLargeTile(),
            accept: () => {
              this.#accepts = true
              this.#askForTheLargeTile()
              setTimeout(() => this.#acceptSmall(), LARGE_WITHIN_MS)
            },
          },
          [wanted, wishes],
        )}
        ${
          town.calls.some((call) => call.incident === incident.id && call.owner === tile.me && call.state !== 'ended')
            ? html`<lamppost-call placed .client=${client} .incident=${incident.id}></lamppost-call>`
            : nothing
        }
      </article>`
    return html`<article part="tile" class=${kind} tabindex="-1" aria-label=${nameOf(tile)}>
      ${heading(tile, this.#misuse.of(incident, client))} ${standing(tile)} ${wanted}
      <div class="body">
        <div class="seen">
          ${wishes}
          <div class="pictures ${this.replaying && main ? 'two' : ''} ${this.swapped ? 'swapped' : ''}">
            ${main ? mainView(main, tile, looking) : noView(tile)}
            ${this.replaying && main ? replayOf(main, tile, looking) : nothing}
            ${looking.steering && main ? steerOf(main, tile) : nothing}
          </div>
          ${furtherViews(further, tile, looking, client.carrier.isOpen() || town.incidents.length === 1)}
        </div>
        <div class="side">
          ${actions(this.#withoutTakeKey(tile), this.refusal, (asking) => (this.asking = asking))}
          ${
            town.calls.some((call) => call.incident === incident.id)
              ? html`<lamppost-call
                  placed
                  .client=${client}
                  .incident=${incident.id}
                  .acceptKey=${tile.key('take')}
                ></lamppost-call>`
              : nothing
          }
          <div class="scroll" tabindex="0" role="group" aria-label=${tile.words.tile.aboutIncident}>
            ${lent(tile)} ${instructions(tile)} ${contacts(tile, this.#lending, this.#dialling)} ${safePlaces(tile)}
            ${vmsLines(tile)} ${cameraPicker(tile, this.picking, (typed) => (this.picking = typed))}
            ${this.#presets.render(tile, main?.camera ?? null, () => this.act('presets'))}
            <lamppost-town
              pick
              .client=${client}
              .incident=${incident.id}
              @lamppost-camera-chosen=${(event: CustomEvent<{ camera: string }>) => this.#pick(tile, event.detail.camera)}
            ></lamppost-town>
          </div>
          ${notes(tile, this.#draft)}
          <dialog
            aria-labelledby="question"
            @close=${this.#closed}
            @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && this.cancelQuestion()}
          >
            ${question(tile, this.asking, this.#seen, () => (this.asking = null))}
          </dialog>
        </div>
      </div>
    </article>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-incident': LamppostIncident
  }
}
