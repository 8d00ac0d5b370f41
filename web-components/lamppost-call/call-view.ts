/** What a call looks like in each of its states. Draws; decides nothing. */
import { html, nothing } from 'lit'
import { elapsed } from '../theme/times.ts'
import type { Call, Contact } from '../wall-client/api-shapes.ts'
import type { WallState } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { type PartyAction, addPartyView, joined, partiesView } from './call-parties.ts'
import { type PhraseAction, type PhraseView, phrasesView } from './call-phrases.ts'
import type { VoiceState } from './call-voice.ts'
import type { MicrophoneState } from './microphone.ts'

export type CallAction =
  | 'accept'
  | 'take-over'
  | 'hold'
  | 'go-on'
  | 'mute'
  | 'give-back'
  | 'hang-up'
  | 'tell'
  | 'speak-again'
  | 'push-to-talk'
  | 'call-back'
  | 'call-anew'
  | { keys: string }
  | PartyAction
  | PhraseAction
export type CallViewOf = {
  call: Call
  words: Words['call']
  /** The name of the help point; null where the page around says it. */
  where: string | null
  /** Who is at the other end, where that is no help point: a contact, or the loudspeaker of a camera. */
  other: string | null
  me: string
  /** Milliseconds since 1970, by the server's clock. */
  now: number
  voice: VoiceState
  refusal: string | null
  /** Who has its incident, when that is somebody else. */
  incidentOf: string | null
  /** Its incident is open, and nobody has the help point on the telephone. */
  mayCallBack: boolean
  /** What keys do at the help point, by name; and which of them waits to be confirmed. */
  keys: readonly string[]
  asked: string | null
  contacts: readonly Contact[]
  /** The contact that waits to be confirmed. */
  askedContact: string | null
  /** Sound has gone one way only for so long that it will not mend itself. */
  isStuck: boolean
  saying: Omit<PhraseView, 'words' | 'ask'>
  /** The key that accepts, as it is shown; null: none. */
  acceptKey: string | null
  ask(action: CallAction): void
  /** The button of push to talk is held, or let go. */
  hold(held: boolean): void
  setVolume(decibels: number): void
}

const HANDSET =
  'M6.6 10.8a15.5 15.5 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11.4 11.4 0 0 0 3.6.58 1 1 0 0 1 1 1V20' +
  'a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1 11.4 11.4 0 0 0 .57 3.6 1 1 0 0 1-.25 1z'
/** More than this is heard. */
const BAD_LOSS_PERCENT = 5

/**
 * Whose incident is taken over with the call; null: nobody's. What an operator has lost goes to whoever accepts the
 * call.
 * @param incidentOf who else has its incident
 */
export const takenFrom = (call: Call, incidentOf: string | null): string | null =>
  call.state === 'offered' || isLeftTogether(call) ? null : incidentOf

/** Its operator has left the caller and a third party together. */
const isLeftTogether = (call: Call): boolean =>
  call.state === 'connected' && call.owner === null && joined(call).length > 0

/** The room calls the help point, which has not answered yet. */
const isBeingCalled = ({ direction, line, state }: Call): boolean =>
  direction === 'out' && line === 'early' && state !== 'ended'
/** Anybody may accept. */
export const mayAccept = (call: Call): boolean =>
  call.answeredHere && call.state !== 'ended' && call.owner === null && !isBeingCalled(call)
/** Nobody speaks with the caller: the wall rings. */
export const isUnanswered = (call: Call): boolean => mayAccept(call) && !isLeftTogether(call)

/** Who or what is at the other end, by name. */
export function nameOfOther(
  { helpPoint, camera, contact }: Pick<Call, 'helpPoint' | 'camera' | 'contact'>,
  { helpPoints, cameras, site }: Pick<WallState, 'helpPoints' | 'cameras' | 'site'>,
): string {
  const named: readonly { id: string; name: string }[] =
    helpPoint !== null ? helpPoints : contact !== null ? (site?.contacts ?? []) : cameras
  const wanted: string = helpPoint ?? contact ?? camera ?? ''
  return named.find(({ id }) => id === wanted)?.name ?? wanted
}

/** Of a call of the room to somebody that is no help point. */
function sentenceOfOther({ call, words: { to }, me }: SentenceOf, other: string): string {
  const mine = call.owner === me
  const who = call.owner ?? ''
  if (call.state === 'ended') return to.ended(call.end ?? 'line-lost', other)
  if (call.camera !== null) {
    if (call.state === 'connected') return mine ? to.throughYou(other) : to.through(who, other)
    return mine ? to.asking(other) : to.through(who, other)
  }
  if (isBeingCalled(call)) return mine ? to.calling(other) : to.othersCall(who, other)
  if (call.owner === null) return to.offered(other)
  if (call.state === 'held') return mine ? to.onHold(other) : to.onHoldBy(who, other)
  return mine ? to.speaking(other) : to.others(who, other)
}
type SentenceOf = Pick<CallViewOf, 'call' | 'words' | 'me'>

export function sentence({ call, words, me, other = null }: SentenceOf & Partial<Pick<CallViewOf, 'other'>>): string {
  if (other !== null) return sentenceOfOther({ call, words, me }, other)
  const mine = call.owner === me
  if (call.state === 'ended') return words.ended(call.end ?? 'line-lost')
  if (isBeingCalled(call) && call.owner === null) return words.callingByItself
  if (isBeingCalled(call)) return mine ? words.callingThere : words.othersCall(call.owner ?? '')
  if (call.state === 'held') return mine ? words.onHold : words.onHoldBy(call.owner ?? '')
  if (call.owner !== null && call.state !== 'connected') return mine ? words.connecting : words.others(call.owner)
  if (call.owner === null && joined(call).length > 0 && (call.state === 'connected' || call.state === 'offered'))
    return words.others(
      joined(call)
        .map(({ name }) => name)
        .join(', '),
    )
  if (call.state === 'connected') return mine ? words.speaking : words.others(call.owner ?? '')
  if (!call.answeredHere) return words.callingElsewhere
  if (call.state === 'waiting') return words.waiting
  return call.state === 'offered' ? words.offered : words.calling
}

export function callView(view: CallViewOf) {
  const { call, words, me, now, voice, refusal, incidentOf, acceptKey, ask } = view
  const mine = call.owner === me && call.state !== 'ended'
  const here = voice.call === call.id
  const since = Date.parse(call.endedAt ?? '') || now
  const muted = mine && here && voice.muted
  const from = takenFrom(call, incidentOf)
  return html`<section
    class="call ${call.state} ${muted ? 'muted' : ''}"
    part="call"
    aria-label=${view.other === null ? words.title : words.to.title(view.other)}
  >
    ${view.where === null ? nothing : html`<h3>${view.where}</h3>`}
    <p class="head" role="status">
      <svg class="handset" viewBox="0 0 24 24" aria-hidden="true"><path d=${HANDSET} /></svg>
      <span>${sentence(view)}</span>
      <time>${elapsed(since - Date.parse(call.connectedAt ?? call.ringingAt))}</time>
    </p>
    ${
      mayAccept(call)
        ? html`<button class="accept" part="talk" @click=${() => ask(from === null ? 'accept' : 'take-over')}>
            ${from === null ? words.accept : words.takeOver(from)}
            ${acceptKey === null ? nothing : html` <kbd aria-hidden="true">${acceptKey}</kbd>`}
          </button>`
        : nothing
    }
    ${view.mayCallBack ? html`<div class="buttons"><button @click=${() => ask('call-back')}>${words.callBack}</button></div>` : nothing}
    ${mine && here ? html`${meters(view)} ${loudness(view)}` : nothing} ${partiesView(view, mine, now)}
    ${mine ? html`${addPartyView(view)} ${ownButtons(view, here, voice.muted)}` : nothing}
    ${
      call.owner !== null && !mine && call.state !== 'ended' && !isBeingCalled(call) && call.camera === null
        ? html`<div class="buttons">
            <button @click=${() => ask('take-over')}>${words.takeOver(call.owner)}</button>
          </div>`
        : nothing
    }
    ${warnings(view, mine, here)} ${refusal ? html`<p class="warn" role="alert">${refusal}</p>` : nothing}
    <p class="facts">
      ${call.camera !== null && call.state === 'connected' ? html`<span>${words.to.noneHeard}</span>` : nothing}
      <span>${call.recorded ? words.recorded : words.notRecorded}</span>
      ${call.secured ? nothing : html`<span>${view.other === null ? words.notSecured : words.to.notSecured}</span>`}
    </p>
  </section>`
}

/** Loudness as an eye sees it: -50 dB is nothing, full scale is all. */
const share = (peak: number): number => Math.max(0, Math.min(1, 1 + (20 * Math.log10(Math.max(peak, 1e-4))) / 50))
function meters({ call, words, voice, other }: CallViewOf) {
  // Drawn by attributes: the page's policy takes no style from markup.
  const meter = (value: number) =>
    html`<svg class="meter" part="meter" viewBox="0 0 100 10" preserveAspectRatio="none">
      <rect width=${100 * share(value)} height="10" />
    </svg>`
  return html`<div class="meters" aria-hidden="true">
    ${call.camera === null ? html`<span>${other ?? words.heard}</span>${meter(voice.heard)}` : nothing}
    <span>${words.spoken}</span>${meter(voice.muted || (voice.pushToTalk && !voice.held) ? 0 : voice.spoken)}
  </div>`
}

const volumeOf = (words: Words['call'], volume: number, setVolume: (decibels: number) => void) =>
  html`<label class="volume"
    ><span>${words.volume}</span
    ><input
      type="range"
      min="-12"
      max="12"
      step="3"
      .value=${String(volume)}
      aria-valuetext=${words.decibels(volume)}
      @input=${(event: Event) => setVolume(Number((event.target as HTMLInputElement).value))}
    /><output>${words.decibels(volume)}</output></label
  >`
/** How loud the caller is here, and whether the room is heard only while somebody wants it. */
function loudness({ call, words, voice, ask, hold, setVolume }: CallViewOf) {
  const { volume, pushToTalk, held } = voice
  return html`${call.camera === null ? volumeOf(words, volume, setVolume) : nothing}
    <div class="buttons">
      <button class="push" aria-pressed=${pushToTalk} @click=${() => ask('push-to-talk')}>${words.pushToTalk}</button>
      ${
        pushToTalk && call.state === 'connected'
          ? html`<button
              class="talk ${held ? 'held' : ''}"
              @pointerdown=${(event: PointerEvent) => {
                // Also where the finger slips off it.
                ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
                hold(true)
              }}
              @lostpointercapture=${() => hold(false)}
            >
              ${held ? words.speakNow : words.holdToSpeak} <kbd aria-hidden="true">${words.space}</kbd>
            </button>`
          : nothing
      }
    </div>`
}

function ownButtons({ call, words, keys, asked, saying, ask }: CallViewOf, here: boolean, muted: boolean) {
  // Whom the operator leaves behind speaks on.
  const together = call.state === 'connected' && joined(call).length > 0
  return html`${
      call.state === 'connected' && keys.length > 0
        ? html`<div class="buttons keys" role="group" aria-label=${words.keys}>
            ${keys.map(
              (name) =>
                html`<button class=${asked === name ? 'main' : ''} @click=${() => ask({ keys: name })}>
                  ${asked === name ? words.keyAgain(name) : words.key(name)}
                </button>`,
            )}
          </div>`
        : nothing
    }
    <div class="buttons">
      ${here ? nothing : html`<button class="main" @click=${() => ask('speak-again')}>${words.soundBack}</button>`}
      ${
        call.state === 'held'
          ? html`<button class="main" @click=${() => ask('go-on')}>${words.goOn}</button>`
          : call.state === 'connected'
            ? html`<button class="mute" aria-pressed=${muted} @click=${() => ask('mute')}>
                  ${muted ? words.unmute : words.mute}
                </button>
                ${call.camera === null ? html`<button @click=${() => ask('hold')}>${words.hold}</button>` : nothing}`
            : nothing
      }
    </div>
    <div class="buttons">
      ${
        isBeingCalled(call) || call.camera !== null
          ? nothing
          : html`<button @click=${() => ask('give-back')}>${together ? words.leave : words.giveBack}</button>`
      }
      <button class="danger" part="end" @click=${() => ask('hang-up')}>
        ${together ? words.hangUpAll : call.camera === null ? words.hangUp : words.to.stop}
      </button>
    </div>
    ${call.state === 'connected' && call.contact === null ? phrasesView({ ...saying, words, ask }) : nothing}`
}

const wordsOf = (to: Words['call']['to'], other: string) => ({
  noSound: to.noSound(other),
  notHeardThere: to.notHeardThere(other),
  silent: to.silent(other),
})
/** What the operator must know to act; the worst first, and never more than it takes. */
function warnings(view: CallViewOf, mine: boolean, here: boolean) {
  const { call, words, voice, isStuck, ask } = view
  const { quality } = call
  if (call.state === 'ended') return nothing
  const deaf = mine && here && voice.microphone !== 'ready' && voice.microphone !== 'asking'
  const { noSound, notHeardThere, silent } = view.other === null ? words : wordsOf(words.to, view.other)
  const line =
    quality?.oneWay === 'in'
      ? noSound
      : quality?.oneWay === 'out'
        ? notHeardThere
        : quality?.silentLine
          ? silent
          : quality && quality.lossPercent >= BAD_LOSS_PERCENT
            ? words.bad(quality.lossPercent)
            : null
  return html`${deaf ? html`<p class="warn" role="alert">${words.notHeard}</p>` : nothing}
  ${mine && !here ? html`<p class="warn" role="alert">${voice.problem ?? words.soundLost}</p>` : nothing}
  ${line === null ? nothing : html`<p class="doubt" role="status">${line}</p>`}
  ${
    mine && isStuck
      ? html`<div class="buttons">
          <button class="main" @click=${() => ask('call-anew')}>${words.callAnew}</button>
        </div>`
      : nothing
  }
  ${
    mine && call.recorded && !call.announced && call.camera === null
      ? html`<div class="microphone">
          <p class="doubt">${view.other === null ? words.notTold : words.to.notTold(view.other)}</p>
          ${
            call.state === 'connected'
              ? html`<button @click=${() => ask('tell')}>${view.other === null ? words.tell : words.to.tell}</button>`
              : nothing
          }
        </div>`
      : nothing
  }`
}

export function microphoneView(state: MicrophoneState, words: Words['call'], prepare: () => void) {
  if (state === 'ready') return nothing
  const button = state === 'idle' || state === 'none' || state === 'failed'
  return html`<div class="microphone">
    ${state === 'idle' ? nothing : html`<p class=${state === 'asking' ? 'doubt' : 'warn'} role="status">${words.microphone[state]}</p>`}
    ${button ? html`<button @click=${prepare}>${state === 'idle' ? words.microphone.idle : words.again}</button>` : nothing}
  </div>`
}
