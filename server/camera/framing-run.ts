/** One camera, one move: ask, watch, judge. Ends when the framing is settled or taken away. Retries nothing. */
import type { PresetToken, PtzPosition, PtzStatus } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'
import { type Judgement, type Sample, judge } from './framing-proof.ts'

/** The subset of a camera head that framing needs. */
export type FramingHead = {
  gotoPreset(token: PresetToken): Promise<void>
  status(): Promise<PtzStatus>
  presetPosition(token: PresetToken): Partial<PtzPosition> | null
  /** True once this head was seen moving; remembered from then on. */
  moveStatusTrusted(): boolean
}

const LOOK_EVERY_MS = 120
const DEADLINE_MS = 12_000

/** Calls `onJudgement` when the answer changes. The command is on its way before the first await. */
export async function runFraming(options: { head: FramingHead; token: PresetToken; clock: Clock; signal: AbortSignal; onJudgement(judgement: Judgement): void }): Promise<Judgement> {
  const { head, token, clock, signal, onJudgement } = options
  const finish = (judgement: Judgement): Judgement => {
    if (!signal.aborted) onJudgement(judgement)
    return judgement
  }
  try {
    await head.gotoPreset(token)
  } catch (error) {
    return finish({ state: 'failed', proofs: [], reason: wordsOf(error) })
  }
  const acceptedAt = clock.monotonic()
  if (!signal.aborted) onJudgement({ state: 'moving', proofs: ['accepted'], reason: null })
  const samples: Sample[] = []
  for (;;) {
    const position = head.presetPosition(token)
    let silence: string | null = null
    try {
      const status = await head.status()
      samples.push({ ...status, at: clock.monotonic() - acceptedAt })
    } catch (error) {
      silence = wordsOf(error)
    }
    const late = clock.monotonic() - acceptedAt >= DEADLINE_MS
    const judgement = judge({ expected: position, samples, moveStatusTrusted: head.moveStatusTrusted(), deadlineMs: DEADLINE_MS })
    if (judgement.state !== 'moving' || signal.aborted) return finish(judgement)
    if (late) return finish({ state: 'unproven', proofs: ['accepted'], reason: `The camera accepted the move and then told no more: ${silence ?? 'no status'}` })
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
}
