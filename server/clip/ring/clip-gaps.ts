/** Where a range of the clip buffer has no picture. Pure. */
import type { Segment } from '../../glossary/clip.ts'

/** Pictures that follow each other within this are one recording. */
const TOGETHER_MS = 3000

/** Where a range of the clip buffer has pictures; milliseconds. */
export const recordedIn = (segments: readonly Segment[]): { from: number; to: number }[] =>
  segments.reduce<{ from: number; to: number }[]>((ranges, { start, duration }) => {
    const last = ranges.at(-1)
    const end = start + duration * 1000
    if (last && start - last.to <= TOGETHER_MS) last.to = Math.max(last.to, end)
    else ranges.push({ from: start, to: end })
    return ranges
  }, [])

/** Arrival jitters; less than this is no gap between two runs, nor before the first picture. */
const TOLERANCE_MS = 500
/** The newest picture is still on its way to the disk. */
const UNTIL_NOW_MS = 1500
/**
 * Segments that follow each other in one run have every picture between them, however slowly the camera's clock goes.
 */
const STALL_MS = 4000
const SLOW_CLOCK = 0.5

/** @param to the range's end; null while it grows, then only holes between segments count. */
export function gapsIn(segments: readonly Segment[], from: number, to: number | null): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = []
  let reached = from
  let last: Segment | null = null
  for (const segment of segments) {
    const { start, duration, number, run } = segment
    const follows: boolean = last?.run === run && last.number + 1 === number
    // A number that is not there is a segment that was recorded and not kept: however short, it is missing.
    const lost: boolean = last !== null && last.number + 1 < number
    const tolerance = follows ? Math.max(STALL_MS, (last?.duration ?? 0) * 1000 * SLOW_CLOCK) : TOLERANCE_MS
    last = segment
    if (lost || start - reached > tolerance) gaps.push({ from: Math.min(reached, start - 1), to: start })
    reached = Math.max(reached, start + duration * 1000)
  }
  if (to !== null && to - reached > UNTIL_NOW_MS) gaps.push({ from: reached, to })
  return gaps
}
