/** One camera, one move: ask, watch, judge, look. Ends when the framing is settled or taken away. Retries nothing. */
import type { PresetToken, PtzPosition, PtzStatus } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'
import type { Aim } from './geometric-aim.ts'
import { type Judgement, type Sample, judge } from './framing-proof.ts'
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
  /** True once this head was seen moving; remembered from then on. */
  moveStatusTrusted(): boolean
  /** How long this head may take, as it has shown; milliseconds. */
  deadlineMs(): number
  /** How long it took this time. */
  learnMove(ms: number): void
}
/** `checking`: what is known so far; the picture is still being looked at. */
export type FramingNews = Judgement & { checking?: true }

const LOOK_EVERY_MS = 120

/**
 * Calls `onJudgement` when the answer changes. The command is on its way before the first await.
 * @param look the picture's own proof; null when there is no reference to compare with.
 */
export async function runFraming(options: { head: FramingHead; move: Move; clock: Clock; signal: AbortSignal; look?(signal: AbortSignal): Promise<PictureVerdict | null>; onJudgement(news: FramingNews): void }): Promise<Judgement> {
  const { head, move, clock, signal, look, onJudgement } = options
  const tell = (news: FramingNews): Judgement => {
    if (!signal.aborted) onJudgement(news)
    return news
  }
  // Who waited for something before this may have lost the head meanwhile.
  if (signal.aborted) return { state: 'failed', proofs: [], reason: 'The camera was needed elsewhere.' }
  try {
    await send(head, move, signal)
  } catch (error) {
    return tell({ state: 'failed', proofs: [], reason: wordsOf(error) })
  }
  const acceptedAt = clock.monotonic()
  tell({ state: 'moving', proofs: ['accepted'], reason: null })
  const moved = await watchMove({ ...options, acceptedAt })
  if (move.way !== 'preset') return tell(withoutPreset(moved, move.way))
  if (moved.state === 'framed') head.learnMove(clock.monotonic() - acceptedAt)
  if (!look || moved.state === 'failed' || signal.aborted) return tell(moved)
  tell({ ...moved, checking: true })
  const seen = await look(signal).catch((error: unknown): PictureVerdict => ({ proves: false, words: `The picture could not be compared: ${wordsOf(error)}` }))
  // Nothing was taught: what was told stands.
  return seen === null ? moved : tell(withPicture(moved, seen))
}

const send = (head: FramingHead, move: Move, signal: AbortSignal): Promise<void> => (move.way === 'preset' ? head.gotoPreset(move.token, signal) : move.way === 'aim' ? head.aim(move.aim, signal) : head.goHome(signal))

const WITHOUT_PRESET = {
  aim: 'Turned by its coordinates: it has no preset here that could prove what it shows.',
  home: 'Sent to its home position: it has no preset here, and it cannot be turned by coordinates.',
}
/** That a head moved and stopped proves nothing about a place nobody taught it. Pure. */
export function withoutPreset(judgement: Judgement, way: 'aim' | 'home'): Judgement {
  return judgement.state === 'failed' ? judgement : { state: 'unproven', proofs: judgement.proofs, reason: WITHOUT_PRESET[way] }
}

/** What the picture adds to what the camera says. Pure. A picture that disagrees outweighs any word of the camera. */
export function withPicture(judgement: Judgement, seen: PictureVerdict | null): Judgement {
  if (seen === null || judgement.state === 'failed') return judgement
  if (seen.proves) return { state: 'framed', proofs: [...judgement.proofs, 'picture'], reason: null }
  return { state: 'unproven', proofs: judgement.proofs, reason: seen.words }
}

async function watchMove({ head, move, clock, signal, acceptedAt }: { head: FramingHead; move: Move; clock: Clock; signal: AbortSignal; acceptedAt: number }): Promise<Judgement> {
  const samples: Sample[] = []
  const deadlineMs = head.deadlineMs()
  for (;;) {
    const position = move.way === 'preset' ? head.presetPosition(move.token) : null
    let silence: string | null = null
    try {
      const status = await head.status()
      samples.push({ ...status, at: clock.monotonic() - acceptedAt })
    } catch (error) {
      silence = wordsOf(error)
    }
    const late = clock.monotonic() - acceptedAt >= deadlineMs
    const judgement = judge({ expected: position, samples, moveStatusTrusted: head.moveStatusTrusted(), deadlineMs })
    if (judgement.state !== 'moving' || signal.aborted) return judgement
    if (late) return { state: 'unproven', proofs: ['accepted'], reason: `The camera accepted the move and then told no more: ${silence ?? 'no status'}` }
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
}
