/**
 * Where the sound of calls lies beside a picture. A camera's seconds are not the wall's, and a call's are: sound goes on
 * evenly, and is set right where the two have come apart by more than anybody would notice. Pure.
 */

/** Milliseconds of the picture's own time in a step. */
export const STEP_MS = 10
/** Lips and words further apart than this are noticed (ITU-R BT.1359). */
const MOST_APART_MS = 90

type Segment = { start: number; duration: number }
type Span = { from: number; to: number }

/** Milliseconds since 1970 of a moment of the film, by the arrival of its segments. */
function wallClockOf(segments: readonly Segment[]): (media: number) => number {
  const begins: number[] = []
  let total = 0
  for (const { duration } of segments) {
    begins.push(total)
    total += duration * 1000
  }
  let i = 0
  return (media) => {
    while (i + 1 < segments.length && (begins[i + 1] ?? 0) <= media) i += 1
    while (i > 0 && (begins[i] ?? 0) > media) i -= 1
    const [segment, next] = [segments[i], segments[i + 1]]
    if (!segment) return media
    const speed = next ? (next.start - segment.start) / Math.max(1, segment.duration * 1000) : 1
    return segment.start + (media - (begins[i] ?? 0)) * speed
  }
}

/**
 * Which piece of the wall's time each step of the film sounds like.
 * @param segments one stretch, in order
 * @param spans of the calls, milliseconds since 1970
 * @returns null when no call lies beside the film; else `begin`, milliseconds of the film, and for each step from there
 *   on when it is, milliseconds since 1970
 */
export function placeVoice(
  segments: readonly Segment[],
  spans: readonly Span[],
): { begin: number; steps: number[] } | null {
  const length = segments.reduce((sum, { duration }) => sum + duration * 1000, 0)
  const wallAt = wallClockOf(segments)
  const [first, last] = [wallAt(0), wallAt(length)]
  const beside = spans.filter(({ from, to }) => from < last && to > first)
  if (beside.length === 0) return null
  const [from, to] = [Math.min(...beside.map((span) => span.from)), Math.max(...beside.map((span) => span.to))]
  let begin: number | null = null
  const steps: number[] = []
  let apart = 0
  for (let media = 0; media < length; media += STEP_MS) {
    const wall = wallAt(media)
    if (wall + STEP_MS <= from) continue
    if (wall >= to) break
    if (begin === null || Math.abs(wall - (media + apart)) > MOST_APART_MS) apart = wall - media
    begin ??= media
    steps.push(media + apart)
  }
  return begin === null ? null : { begin, steps }
}
