/** A call of a help point, or of the room: accept it, speak, hold, hang up, with the sound of this page. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import type { Call } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { callStyles } from './call-styles.ts'
import { type CallAction, callView, mayAccept, microphoneView, nameOfOther, takenFrom } from './call-view.ts'
import { joined } from './call-parties.ts'
import { type CallVoice, voiceOf } from './call-voice.ts'
import type { MicrophoneState } from './microphone.ts'

/** One of `helpPoint`, `camera` and `contact` is at the other end. `incident` null: the call is about none. */
export type CallNews = {
  call: string
  helpPoint: string | null
  camera: string | null
  contact: string | null
  incident: string | null
}
const CONFIRM_WITHIN_MS = 5000
const DOUBLE_CLICK_MS = 500
/** So long sound goes one way only, and the line is called anew by one press. */
const ONE_WAY_MS = 10_000

/**
 * The sound of a page stands for the page: several of these elements share one microphone, and one call is spoken in at
 * a time. In a frame it needs allow="microphone; autoplay".
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr call - its id; or `incident`, for the newest call of that incident
 * @attr incident - an incident's id
 * @attr theme - dark (left out), light or auto
 * @fires lamppost-call-ringing - a call came in
 * @fires lamppost-call-taken - somebody has taken it
 * @fires lamppost-call-ended - it is over
 * @fires lamppost-call-microphone-changed - whether this page's microphone is ready
 * @csspart call - the whole call
 * @csspart talk - the button that accepts it
 * @csspart end - the button that hangs up
 * @csspart meter - how loud each side is
 */
@element('lamppost-call')
export class LamppostCall extends LitElement {
  static override styles = [look, callStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  /** Asked for another token before the one in use runs out. */
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property() call = ''
  @property() incident = ''
  @property({ reflect: true }) theme = ''
  /** The key that accepts a call, as the page around shows it; null: none. */
  @property({ attribute: false }) acceptKey: string | null = null
  /** The page around says where the call comes from. */
  @property({ type: Boolean }) placed = false
  @state() private askedKeys: { call: string; name: string; at: number } | null = null
  @state() private askedContact: { call: string; contact: string; at: number } | null = null
  /** In which phrases are offered; null: they are not shown. */
  @state() private phraseLanguage: { call: string; language: string | null } | null = null
  @state() private refusal: string | null = null

  #client = new ClientController(this, () => this.#onState())
  #language = new LanguageController(this)
  #voice: CallVoice | null = null
  #leave: () => void = () => {}
  #timer: ReturnType<typeof setInterval> | null = null
  #known = new Map<string, Call>()
  #oneWay: { call: string; since: number } | null = null
  #contactTimer: ReturnType<typeof setTimeout> | undefined
  #keysTimer: ReturnType<typeof setTimeout> | undefined
  #microphone: MicrophoneState | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => this.requestUpdate(), 500)
    globalThis.addEventListener('keydown', this.#onKey, { capture: true })
    globalThis.addEventListener('keyup', this.#onKey, { capture: true })
    globalThis.addEventListener('blur', this.#letGo)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    globalThis.removeEventListener('keydown', this.#onKey, { capture: true })
    globalThis.removeEventListener('keyup', this.#onKey, { capture: true })
    globalThis.removeEventListener('blur', this.#letGo)
    this.#leave()
    this.#leave = () => {}
    this.#voice = null
    super.disconnectedCallback()
  }
  protected override willUpdate(): void {
    if (this.#voice || !this.isConnected) return
    this.#voice = voiceOf(this.#client.client)
    // Nobody is in a call whose page shows no control of it.
    const release = this.#voice.control()
    const unsubscribe = this.#voice.subscribe(() => {
      this.requestUpdate()
      this.#tellMicrophone()
    })
    this.#leave = () => {
      release()
      unsubscribe()
    }
    this.#onState()
  }

  /** A page that is left with the key held must not go on being heard. */
  #letGo = (): void => this.#voice?.hold(false)
  /**
   * Push to talk: the space bar is nobody else's meanwhile, but where something is typed. Buttons keep the enter key.
   */
  #onKey = (event: KeyboardEvent): void => {
    if (event.key !== ' ') return
    const call = this.shown
    const voice = this.#voice?.state()
    // Let go is let go, wherever the focus is by then, and whatever became of the call.
    if (event.type === 'keyup') this.#letGo()
    if (!voice?.pushToTalk || call?.state !== 'connected' || voice.call !== call.id) return
    const typed = event.composedPath()[0]
    const types =
      (typed instanceof HTMLInputElement && typed.type !== 'range') ||
      typed instanceof HTMLTextAreaElement ||
      typed instanceof HTMLSelectElement
    if (types) return
    event.preventDefault()
    event.stopPropagation()
    if (event.type === 'keydown') this.#voice?.hold(true)
  }

  /** The calls that this element is about. */
  get #calls(): readonly Call[] {
    return this.#client.client
      .state()
      .calls.filter(({ id, incident }) => (this.call === '' ? incident === this.incident : id === this.call))
  }
  /** The one that is shown: this person's, one that waits, the newest. */
  get shown(): Call | null {
    const me = this.#client.client.state().me?.name ?? ''
    const going = this.#calls.filter(({ state: is }) => is !== 'ended')
    // The one that carries this person's voice: who waits on hold for them is shown when it is over.
    return (
      going.findLast(({ owner, held }) => owner === me && !held) ??
      going.find(({ owner }) => owner === me) ??
      going.findLast(mayAccept) ??
      going.at(-1) ??
      this.#calls.at(-1) ??
      null
    )
  }
  /** Accepts the call that waits. False: there is none. */
  accept(): boolean {
    const call = this.shown
    // What another person has in hand is not taken over by one key.
    if (!call || !mayAccept(call) || takenFrom(call, this.#othersIncident(call)) !== null) return false
    void this.#ask(call, 'accept')
    return true
  }

  /** Who else has its incident. */
  #othersIncident({ incident }: Call): string | null {
    const { incidents, me } = this.#client.client.state()
    const owner = incidents.find(({ id }) => id === incident)?.owner ?? null
    return owner === me?.name ? null : owner
  }

  /**
   * As the site file says of its help point: by push to talk, because a loudspeaker beside the microphone howls else; and so
   * much louder, decibels.
   */
  #asItsHelpPoint({ helpPoint }: Call): [pushToTalk: boolean, louder: number] {
    const voice = this.#client.client.state().helpPoints.find(({ id }) => id === helpPoint)?.voice
    return [voice?.pushToTalk ?? false, voice?.gain ?? 0]
  }
  #onState(): void {
    const { voice } = this.#client.client.state()
    // Only where help points telephone is a microphone anybody's concern.
    if (voice !== null && this.#microphone === null) {
      this.#microphone = 'idle'
      void this.#voice?.prepareIfAllowed()
    }
    for (const call of this.#calls) {
      const was = this.#known.get(call.id)
      this.#known.set(call.id, call)
      const { id, helpPoint, camera, contact, incident } = call
      const detail: CallNews = { call: id, helpPoint, camera, contact, incident }
      const tell = (what: string): boolean =>
        this.dispatchEvent(new CustomEvent(`lamppost-call-${what}`, { detail, bubbles: true, composed: true }))
      if (!was && call.state === 'ringing') tell('ringing')
      if (was && call.owner !== null && was.owner !== call.owner) tell('taken')
      if (was && call.state === 'ended' && was.state !== 'ended') tell('ended')
      // Over, or in another hand: this page's sound has no place there.
      const voiceHere = this.#voice?.state()
      const me = this.#client.client.state().me?.name
      if (voiceHere?.call === call.id && (call.state === 'ended' || (was?.owner === me && call.owner !== me)))
        this.#voice?.leave()
    }
  }
  #tellMicrophone(): void {
    const now = this.#voice?.state().microphone ?? 'idle'
    if (now === this.#microphone) return
    this.#microphone = now
    const detail = { state: now }
    this.dispatchEvent(new CustomEvent('lamppost-call-microphone-changed', { detail, bubbles: true, composed: true }))
  }

  async #ask(call: Call, action: CallAction): Promise<void> {
    const { client } = this.#client
    const voice = this.#voice
    if (!voice) return
    this.refusal = null
    try {
      if (typeof action === 'object') {
        if ('keys' in action) return await this.#sendKeys(call, action.keys)
        if ('say' in action) return void (await client.sayPhrase(call.id, action.say, action.language))
        if ('add' in action) return await this.#addParty(call, action.add)
        return void (await client.sendPartyAway(call.id, action.sendAway))
      }
      switch (action) {
        case 'accept':
        case 'take-over':
          // The caller does not wait for what the browser asks: until the microphone is there, the operator hears.
          if (voice.state().microphone !== 'ready') void voice.prepare()
          await client.takeCall(call.id, action === 'take-over')
          return await voice.talk(call.id, ...this.#asItsHelpPoint(call))
        case 'call-back': {
          const { helpPoint, incident } = call
          if (helpPoint === null || incident === null) return
          if (voice.state().microphone !== 'ready') void voice.prepare()
          const placed = await client.placeCall({ helpPoint }, incident)
          return await voice.talk(placed.id, ...this.#asItsHelpPoint(call))
        }
        case 'call-anew': {
          const { helpPoint, incident } = call
          if (helpPoint === null || incident === null) return
          // The one line that there is, is not given up for nothing.
          if (!(await client.isCallable(helpPoint))) {
            this.refusal = this.#language.words.call.notCallable
            return
          }
          await client.endCall(call.id)
          const placed = await client.placeCall({ helpPoint }, incident)
          return await voice.talk(placed.id, ...this.#asItsHelpPoint(call))
        }
        case 'speak-again':
          return await voice.talk(call.id, ...this.#asItsHelpPoint(call))
        case 'hold':
          return void (await client.holdCall(call.id, true))
        case 'go-on':
          await client.holdCall(call.id, false)
          return await voice.talk(call.id, ...this.#asItsHelpPoint(call))
        case 'tell':
          return void (await client.tellRecorded(call.id))
        case 'push-to-talk':
          return voice.setPushToTalk(!voice.state().pushToTalk)
        case 'mute':
          return voice.mute(!voice.state().muted)
        case 'give-back':
          await client.giveCallBack(call.id)
          return voice.leave()
        case 'hang-up':
          await client.endCall(call.id)
          return voice.leave()
        default:
          return action satisfies never
      }
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    }
  }

  /** What opens a gate is asked twice: the second press within five seconds sends it; a double click is one press. */
  async #sendKeys({ id }: Call, name: string): Promise<void> {
    const asked = this.askedKeys
    const now = performance.now()
    if (asked?.call === id && asked.name === name && now - asked.at < DOUBLE_CLICK_MS) return
    const confirmed = asked?.call === id && asked.name === name
    clearTimeout(this.#keysTimer)
    this.askedKeys = confirmed ? null : { call: id, name, at: now }
    if (confirmed) await this.#client.client.sendKeys(id, name)
    else this.#keysTimer = setTimeout(() => (this.askedKeys = null), CONFIRM_WITHIN_MS)
  }
  /** A line that goes one way is called anew; not while it may still mend itself. */
  #isStuck({ id, state: is, quality }: Call): boolean {
    const oneWay = is === 'connected' && quality !== null && quality.oneWay !== null
    if (!oneWay) this.#oneWay = null
    else if (this.#oneWay?.call !== id) this.#oneWay = { call: id, since: performance.now() }
    return this.#oneWay !== null && performance.now() - this.#oneWay.since >= ONE_WAY_MS
  }
  /** Nobody outside is called by a slip of the hand: as with keys. */
  async #addParty({ id }: Call, contact: string): Promise<void> {
    const asked = this.askedContact
    const now = performance.now()
    const again = asked?.call === id && asked.contact === contact
    if (again && now - asked.at < DOUBLE_CLICK_MS) return
    clearTimeout(this.#contactTimer)
    this.askedContact = again ? null : { call: id, contact, at: now }
    if (again) await this.#client.client.addParty(id, contact)
    else this.#contactTimer = setTimeout(() => (this.askedContact = null), CONFIRM_WITHIN_MS)
  }
  protected override render() {
    const call = this.shown
    const { client } = this.#client
    const town = client.state()
    const words = this.#language.words.call
    if (!call || !this.#voice) return nothing
    const voice = this.#voice.state()
    return html`${callView({
      call,
      words,
      where: this.placed ? null : nameOfOther(call, town),
      other: call.helpPoint === null ? nameOfOther(call, town) : null,
      me: town.me?.name ?? '',
      now: client.now(),
      voice,
      refusal: this.refusal,
      incidentOf: this.#othersIncident(call),
      mayCallBack:
        call.state === 'ended' &&
        call.helpPoint !== null &&
        town.incidents.some(({ id, state: is }) => id === call.incident && is !== 'closed') &&
        !town.calls.some((each) => each.helpPoint === call.helpPoint && each.state !== 'ended'),
      keys: town.helpPoints.find(({ id }) => id === call.helpPoint)?.voice?.keys ?? [],
      asked: this.askedKeys?.call === call.id ? this.askedKeys.name : null,
      contacts: town.site?.contacts ?? [],
      askedContact: this.askedContact?.call === call.id ? this.askedContact.contact : null,
      // Whoever is in the call beside the operator would be hung up on.
      isStuck: this.#isStuck(call) && call.helpPoint !== null && joined(call).length === 0,
      saying: {
        phrases: town.site?.phrases ?? [],
        locale: this.#language.locale,
        language: this.phraseLanguage?.call === call.id ? this.phraseLanguage.language : null,
        setLanguage: (language) => (this.phraseLanguage = { call: call.id, language }),
      },
      acceptKey: this.acceptKey,
      ask: (action) => void this.#ask(call, action),
      hold: (held) => this.#voice?.hold(held),
      setVolume: (decibels) => this.#voice?.setVolume(decibels),
    })}
    ${call.state === 'ended' ? nothing : microphoneView(voice.microphone, words, () => void this.#voice?.prepare())}`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-call': LamppostCall
  }
  interface HTMLElementEventMap {
    'lamppost-call-ringing': CustomEvent<CallNews>
    'lamppost-call-taken': CustomEvent<CallNews>
    'lamppost-call-ended': CustomEvent<CallNews>
    'lamppost-call-microphone-changed': CustomEvent<{ state: MicrophoneState }>
  }
}
