/** Where a range of the clip buffer has no picture. Pure. */
import type { Segment } from '../glossary/clip.ts'

/** Arrival jitters; less than this is no gap. */
const TOLERANCE_MS = 1500

/** @param to the range's end; null while it grows, then only holes between segments count. */
export function gapsIn(segments: readonly Segment[], from: number, to: number | null): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = []
  let reached = from
  for (const { start, duration } of segments) {
    if (start - reached > TOLERANCE_MS) gaps.push({ from: reached, to: start })
    reached = Math.max(reached, start + duration * 1000)
  }
  if (to !== null && to - reached > TOLERANCE_MS) gaps.push({ from: reached, to })
  return gaps
}
