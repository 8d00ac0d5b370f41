/** One camera, one move: ask, watch, judge, look. Ends when the framing is settled or taken away. Retries nothing. */
import type { PresetToken, PtzPosition, PtzStatus } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { within } from '../../tools/pace/within.ts'
import { refusesUs } from '../onvif/onvif-failures.ts'
import type { Aim } from './geometric-aim.ts'
import { type Judgement, type Sample, hasComeNearer, isAway, isThere, judge, timeFor, wayTo } from './framing-proof.ts'
import type { PictureVerdict } from './picture-match.ts'

/** What the camera is asked to do. Only a preset has a place that its arrival can be judged by. */
export type Move = { way: 'preset'; token: PresetToken } | { way: 'aim'; aim(): Aim | null } | { way: 'home' }
/** The subset of a camera head that framing needs. */
export type FramingHead = {
  /** Nothing leaves once the signal has fired: somebody else has the head then. */
  gotoPreset(token: PresetToken, signal?: AbortSignal): Promise<void>
  /** Turns it by degrees, which are known when its session stands; null when it cannot be turned there. */
  aim(aim: () => Aim | null, signal?: AbortSignal): Promise<void>
  goHome(signal?: AbortSignal): Promise<void>
  status(): Promise<PtzStatus>
  presetPosition(token: PresetToken): Partial<PtzPosition> | null
  /** False when the preset is another one than the engineer confirmed; left out: it is. */
  presetConfirmed?(token: PresetToken): boolean
  /** True once this head was seen moving and standing; remembered from then on. */
  moveStatusTrusted(): boolean
  /** True once it was seen at two places; left out: it was. */
  positionTrusted?(): boolean
  /** Where it looks, as it said in the last seconds; null: nobody knows. Left out: so it is. */
  lookedAt?(): Partial<PtzPosition> | null
  /** Whether what it tells follows its motors, as it was seen; null, or left out: nobody knows. */
  follows?(): boolean | null
  learnFollows?(follows: boolean): void
  /** How long this head may take, as it has shown; milliseconds. */
  deadlineMs(): number
  /** How long it took this time. */
  learnMove(ms: number): void
}
/** `checking`: what is known so far; the picture is still being looked at. */
export type FramingNews = Judgement & { checking?: true }

const LOOK_EVERY_MS = 120
/** A head that has not said yes by then may turn already: it is looked at beside waiting. */
const LOOK_UNASKED_MS = 600
/** Neither an answer to the move nor to a look for so long: it is gone, and the next camera comes. */
const SILENCE_MS = 2000
/** A look that takes longer than this is slow but answered: such a camera is given longer. */
const SILENCE_OF_SLOW_MS = 6500

/** What has become of the command itself. */
type Sending = { answer: 'waiting' | 'yes' | 'no'; error: unknown; ended: Promise<void> }

/**
 * Calls `onJudgement` when the answer changes. The command is on its way before the first await. What the head does
 * counts more than when it said yes.
 * @param look the picture's own proof; null when there is no reference to compare with.
 */
export async function runFraming(options: {
  head: FramingHead
  move: Move
  clock: Clock
  signal: AbortSignal
  look?(signal: AbortSignal): Promise<PictureVerdict | null>
  onJudgement(news: FramingNews): void
}): Promise<Judgement> {
  const { head, move, clock, signal, look, onJudgement } = options
  const tell = (news: FramingNews): Judgement => {
    if (!signal.aborted) onJudgement(news)
    return news
  }
  // Who waited for something before this may have lost the head meanwhile.
  if (signal.aborted) return { state: 'failed', proofs: [], reason: 'The camera was needed elsewhere.' }
  const askedAt = clock.monotonic()
  const from = head.lookedAt?.()
  const sending = begin(head, move, signal)
  await within(sending.ended, { ms: LOOK_UNASKED_MS, clock }, () => {})
  if (sending.answer === 'no' && isRefusal(sending.error))
    return tell({ state: 'failed', proofs: [], reason: messageOf(sending.error) })
  if (sending.answer === 'yes') tell({ state: 'moving', proofs: ['accepted'], reason: null })
  const samples: Sample[] = []
  const moved = await watchMove({
    ...options,
    samples,
    askedAt,
    from,
    sending,
    onAccepted: () => tell({ state: 'moving', proofs: ['accepted'], reason: null }),
  })
  const travelled = samples.some(
    ({ moving, position }) => moving === true || isAway(position, samples.at(-1)?.position ?? null),
  )
  if (move.way !== 'preset') return tell(withoutPreset(moved, move.way))
  const way = wayTo(head.presetPosition(move.token), samples, from)
  // One that was not seen on its way and is framed has told of its move by its MoveStatus.
  if (way !== null && !(way === 'unseen' && moved.state === 'framed')) head.learnFollows?.(way === 'seen')
  // A head that stood there already says nothing about how long a move takes.
  if (moved.state === 'framed' && travelled) head.learnMove(clock.monotonic() - askedAt)
  const judged = head.presetConfirmed?.(move.token) === false ? unconfirmed(moved) : moved
  if (!look || judged.state === 'failed' || signal.aborted) return tell(judged)
  tell({ ...judged, checking: true })
  const seen = await look(signal).catch((error: unknown): PictureVerdict => ({
    proves: false,
    compared: false,
    words: `The picture could not be compared: ${messageOf(error)}`,
  }))
  // Nothing was taught: what was told stands.
  return seen === null ? judged : tell(withPicture(judged, seen))
}

function begin(head: FramingHead, move: Move, signal: AbortSignal): Sending {
  const sending: Sending = { answer: 'waiting', error: null, ended: Promise.resolve() }
  sending.ended = send(head, move, signal).then(
    () => void (sending.answer = 'yes'),
    (error: unknown) => {
      sending.answer = 'no'
      sending.error = error
    },
  )
  return sending
}
/**
 * No answer in time, or none that could be read to its end: the head may move all the same. A refusal, a missing
 * preset, a fixed camera are answers.
 */
const isSilence = (error: unknown): boolean => error instanceof Failure && error.extra.timedOut === true
/**
 * A no in so many words, or one of ours: the head was not asked to move. An empty answer, a web page, a fault that
 * names nothing, a connection that broke: some cameras answer so to what they do.
 */
const isRefusal = (error: unknown): boolean =>
  !(error instanceof Failure) ||
  !ODD_ANSWERS.has(error.code) ||
  (error.code === 'camera/unreachable' && error.extra.reached !== true) ||
  refusesUs(error) ||
  /NoToken|NoProfile|NoPTZ|NoEntity|InvalidArg|NotSupported|NotAuthorized/i.test(String(error.extra.fault))
const ODD_ANSWERS = new Set(['camera/refused', 'camera/unreachable'])
/** What answered oddly and is not seen turning by then has refused. */
const DOUBT_MS = 1000

/**
 * The preset of this token has another name or place than the engineer confirmed: its own words prove nothing until
 * she has looked. Pure.
 */
export function unconfirmed(judgement: Judgement): Judgement {
  if (judgement.state === 'failed') return judgement
  return {
    state: 'unproven',
    proofs: judgement.proofs.filter((proof) => proof !== 'position'),
    reason: 'This preset was changed on the camera since it was confirmed: only its picture can prove what it shows.',
  }
}

const send = (head: FramingHead, move: Move, signal: AbortSignal): Promise<void> =>
  move.way === 'preset'
    ? head.gotoPreset(move.token, signal)
    : move.way === 'aim'
      ? head.aim(move.aim, signal)
      : head.goHome(signal)

const WITHOUT_PRESET = {
  aim: 'Turned by its coordinates: it has no preset here that could prove what it shows.',
  home: 'Sent to its home position: it has no preset here, and it cannot be turned by coordinates.',
}
/** That a head moved and stopped proves nothing about a place nobody taught it. Pure. */
export function withoutPreset(judgement: Judgement, way: 'aim' | 'home'): Judgement {
  return judgement.state === 'failed'
    ? judgement
    : { state: 'unproven', proofs: judgement.proofs, reason: WITHOUT_PRESET[way] }
}

/** What the picture adds to what the camera says. Pure. A picture that disagrees outweighs any word of the camera. */
export function withPicture(judgement: Judgement, seen: PictureVerdict | null): Judgement {
  if (seen === null || judgement.state === 'failed') return judgement
  if (seen.proves) return { state: 'framed', proofs: [...judgement.proofs, 'picture'], reason: null }
  return {
    state: 'unproven',
    proofs: judgement.proofs,
    reason: seen.words,
    ...(seen.compared === false ? { compared: false } : {}),
  }
}

/**
 * Where it looks. A move that was answered oddly waits for no slow answer: the next camera comes.
 * @throws what the head throws; the answer to the move when none came in time
 */
async function answerOf(head: FramingHead, clock: Clock, sending: Sending, askedAt: number): Promise<PtzStatus> {
  if (sending.answer !== 'no' || isSilence(sending.error)) return head.status()
  const ms = Math.max(0, askedAt + DOUBT_MS - clock.monotonic())
  return within(head.status(), { ms, clock }, () => {
    throw sending.error
  })
}
/** It has come nearer to its preset; where that cannot be said, it says that it moves. */
function isObeyed(position: Partial<PtzPosition> | null, samples: readonly Sample[]): boolean {
  const [first, last] = [samples[0], samples.at(-1)]
  const nearer = hasComeNearer(position, first?.position ?? null, last?.position ?? null)
  return isThere(position, last?.position ?? null) || (nearer ?? samples.some(({ moving }) => moving === true))
}

async function watchMove({
  head,
  move,
  clock,
  signal,
  samples,
  askedAt,
  from,
  sending,
  onAccepted,
}: {
  head: FramingHead
  move: Move
  clock: Clock
  signal: AbortSignal
  /** Filled here. */ samples: Sample[]
  askedAt: number
  from: Partial<PtzPosition> | null | undefined
  sending: Sending
  onAccepted(): void
}): Promise<Judgement> {
  const deadlineMs = head.deadlineMs()
  let told = sending.answer === 'yes'
  let heardAt = told ? clock.monotonic() : askedAt
  let slow = false
  for (;;) {
    const position = move.way === 'preset' ? head.presetPosition(move.token) : null
    let silence: string | null = null
    const lookedAt = clock.monotonic()
    const afterYes = sending.answer === 'yes'
    try {
      const status = await answerOf(head, clock, sending, askedAt)
      heardAt = clock.monotonic()
      slow ||= heardAt - lookedAt > LOOK_UNASKED_MS
      samples.push({ ...status, at: heardAt - askedAt, afterYes })
    } catch (error) {
      silence = messageOf(error)
      // It said no to the look: that is an answer, and no word about where it looks.
      if (!isSilence(error) && error instanceof Failure && error.code === 'camera/refused') heardAt = clock.monotonic()
    }
    if (sending.answer === 'yes' && !told) {
      told = true
      heardAt = clock.monotonic()
      onAccepted()
    }
    const now = clock.monotonic()
    const doubted = sending.answer === 'no' && !isSilence(sending.error) && !isObeyed(position, samples)
    if (sending.answer === 'no' && (isRefusal(sending.error) || (doubted && now - askedAt >= DOUBT_MS)))
      return { state: 'failed', proofs: [], reason: messageOf(sending.error) }
    const judgement = judge({
      accepted: told,
      expected: position,
      samples,
      moveStatusTrusted: head.moveStatusTrusted(),
      positionTrusted: head.positionTrusted?.() ?? true,
      from,
      follows: head.follows?.() ?? null,
      deadlineMs,
    })
    if (judgement.state !== 'moving' || signal.aborted) return judgement
    if (!told && now - heardAt >= (slow ? SILENCE_OF_SLOW_MS : SILENCE_MS))
      return { state: 'failed', proofs: [], reason: silence ?? messageOf(sending.error) }
    // Only a head that is still seen turning is given more time.
    if (now - askedAt >= (silence === null ? timeFor(samples, deadlineMs) : deadlineMs))
      return {
        state: 'unproven',
        proofs: judgement.proofs,
        reason:
          samples.length === 0
            ? `The camera ${
                told ? 'accepted the move and then told no more' : 'did not answer the move, and told nothing after it'
              }: ${silence ?? 'no status'}`
            : `The camera stopped answering before the move was over: ${silence ?? 'no status'}`,
      }
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
}
