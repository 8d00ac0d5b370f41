/** What a timeline shows of an incident: where in time, what happened when. Pure. */
import type { ClipView, Incident } from '../wall-client/api-shapes.ts'

/** Milliseconds since 1970. */
export type Span = { from: number; to: number }
export type Mark = { at: number; kind: 'press' | 'framing' | 'note'; text: string }

/** Of all clips together. @param now where what still grows ends */
export function spanOf(clips: readonly Pick<ClipView, 'from' | 'to'>[], now: number): Span {
  const ends = clips.map(({ to }) => (to === null ? now : Date.parse(to)))
  return { from: Math.min(...clips.map(({ from }) => Date.parse(from))), to: Math.max(...ends) }
}

/** @param framed what a framing's outcome is called. */
export function marksOf(
  { presses, log }: Pick<Incident, 'presses' | 'log'>,
  words: { press: string; framed(camera: string, state: string): string },
): Mark[] {
  const marks: Mark[] = presses.map(({ receivedAt }) => ({
    at: Date.parse(receivedAt),
    kind: 'press',
    text: words.press,
  }))
  for (const { kind, at, body } of log) {
    if (kind === 'incident.noted')
      marks.push({ at: Date.parse(at), kind: 'note', text: (body as { text: string }).text })
    if (kind !== 'framing.changed') continue
    const { camera, state, way } = (body as { framing: { camera: string; state: string; way?: string } }).framing
    // A fixed camera looks where it looks: that is no news.
    if (way !== 'fixed' && (state === 'framed' || state === 'unproven' || state === 'failed'))
      marks.push({ at: Date.parse(at), kind: 'framing', text: words.framed(camera, state) })
  }
  return marks.sort((a, b) => a.at - b.at)
}

/** What of a clip was recorded: all of it but its gaps. @param now where what still grows ends */
export function recordedSpans({ from, to, gaps }: Pick<ClipView, 'from' | 'to' | 'gaps'>, now: number): Span[] {
  const end = to === null ? now : Date.parse(to)
  const spans: Span[] = []
  let at = Date.parse(from)
  for (const gap of [...gaps].sort((a, b) => Date.parse(a.from) - Date.parse(b.from))) {
    if (Date.parse(gap.from) > at) spans.push({ from: at, to: Math.min(end, Date.parse(gap.from)) })
    at = Math.max(at, Date.parse(gap.to))
  }
  if (at < end) spans.push({ from: at, to: end })
  return spans
}

/**
 * The moments of the small pictures along a timeline, one for each of `count` equal pieces: the middle of the piece or,
 * where nothing was recorded then, the middle of the longest part of the piece that was. An incident that was reopened
 * hours later has a few recorded seconds in hours of gap, and they must be seen. Null where the piece has nothing.
 */
export function thumbnailTimes({ from, to }: Span, count: number, recorded: readonly Span[]): (number | null)[] {
  return Array.from({ length: count }, (_, i) => {
    const piece = { from: from + (i * (to - from)) / count, to: from + ((i + 1) * (to - from)) / count }
    const parts = recorded
      .map((each) => ({ from: Math.max(piece.from, each.from), to: Math.min(piece.to, each.to) }))
      .filter((each) => each.to > each.from)
    const middle = (piece.from + piece.to) / 2
    if (parts.some((each) => each.from <= middle && middle <= each.to)) return Math.round(middle)
    const [longest] = parts.sort((a, b) => b.to - b.from - (a.to - a.from))
    return longest ? Math.round((longest.from + longest.to) / 2) : null
  })
}

/** Place in thousandths of a span. */
export const placeIn = ({ from, to }: Span, at: number): number =>
  to > from ? Math.min(1000, Math.max(0, ((at - from) / (to - from)) * 1000)) : 0

/**
 * How fast a picture must run to come to the moment where the first one is: a little faster or slower, or a jump.
 * @param behind milliseconds that it is behind; negative: ahead.
 */
export function followAt(behind: number): { rate: number; jump: boolean } {
  if (Math.abs(behind) > 700) return { rate: 1, jump: true }
  return { rate: Math.abs(behind) < 40 ? 1 : 1 + Math.max(-0.15, Math.min(0.15, behind / 1500)), jump: false }
}
