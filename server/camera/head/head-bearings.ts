/**
 * Where a head looks, and how far the position that it tells can be believed: whether it was seen to turn, whether the
 * position follows the motors, how long its moves take. Not here: what follows from it (framing-proof), how it is kept (head-memory).
 */
import type { Preset, PresetToken, PtzPosition, PtzStatus } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { isAway } from '../framing/framing-proof.ts'
import { type HeadMemory, learnStatus } from './head-memory.ts'

/** How long a move may take: at first, and within what a head that is known may differ. */
const FIRST_MOVE_MS = 12_000
const LEAST_MOVE_MS = 4000
const MOVES_REMEMBERED = 10

/**
 * @param validMs for how long a position that was told is where the head looks, while nobody sends it anywhere
 * @param onLearnt something was learnt that is worth keeping
 */
export function createHeadBearings({
  memory,
  clock,
  validMs,
  onLearnt,
}: {
  memory: HeadMemory
  clock: Pick<Clock, 'monotonic'>
  validMs: number
  onLearnt(): void
}) {
  /** When the head last said where it looks, monotonic milliseconds. */
  let lookedAtAt = Number.NEGATIVE_INFINITY
  /** How often it was told to turn. */
  let turns = 0

  /** A head that follows its motors does so for good: what looks otherwise is our not knowing where it was. */
  function learnFollows(follows: boolean): void {
    if (memory.follows === true || memory.follows === follows) return
    memory.follows = follows
    onLearnt()
  }
  return {
    /** It is told to turn in a moment: where it looked is of before from now on. */
    turning(): void {
      turns += 1
      lookedAtAt = Number.NEGATIVE_INFINITY
    },
    /** It is asked now. @returns what takes its answer, and gives it on */
    asking(): (status: PtzStatus) => PtzStatus {
      const asked = turns
      return (status) => {
        // The answer to a question of before it was sent elsewhere says where it was.
        if (status.position && asked === turns) lookedAtAt = clock.monotonic()
        if (learnStatus(memory, status)) onLearnt()
        return status
      }
    },
    /** Where it looks now; null when it was sent elsewhere, or has not said so for a while. */
    lookedAt: () => (clock.monotonic() - lookedAtAt <= validMs ? memory.lastPosition : null),
    /** Where it last said that it looks; at most a few seconds old while it stands still. */
    lastPosition: () => memory.lastPosition,
    moveStatusTrusted: () => memory.sawMoving && memory.sawIdle,
    /** Whether what it says of its position is more than a constant: it was seen at two places. */
    positionTrusted: () => memory.turned,
    follows: () => memory.follows,
    learnFollows,
    /** How long a move of this head may take, from how long the last ones took; milliseconds. */
    deadlineMs: (): number =>
      memory.moves.length === 0
        ? FIRST_MOVE_MS
        : Math.min(FIRST_MOVE_MS, Math.max(LEAST_MOVE_MS, 2 * Math.max(...memory.moves) + 1000)),
    learnMove(ms: number): void {
      memory.moves = [...memory.moves, Math.round(ms)].slice(-MOVES_REMEMBERED)
      onLearnt()
    },
  }
}

/**
 * Where the device says that the preset is. Null when it says so of none in earnest: all at one place, or the only one
 * at zero, is said by a device that stores none.
 */
export function storedPosition(presets: readonly Preset[], token: PresetToken): Partial<PtzPosition> | null {
  const [first, ...others] = presets.flatMap(({ position }) => (position ? [position] : []))
  const differ =
    others.length > 0
      ? others.some((position) => isAway(first ?? null, position))
      : first !== undefined && [first.pan, first.tilt, first.zoom].some((value) => (value ?? 0) !== 0)
  return differ ? (presets.find((preset) => preset.token === token)?.position ?? null) : null
}
