/**
 * What came over the page's WebSocket, as a Low-Latency HLS playlist for hls.js. Pure. The picture begins with one part
 * that holds everything since the newest keyframe, so that a long group of pictures costs one step, not fifty.
 */
import type { CarriedBegin, CarriedPart } from '../wall-client/picture-socket.ts'

type Part = { duration: number; independent: boolean }
type Segment = {
  number: number
  /** Which beginning it follows: each has an initialisation section of its own. */ beginning: number
  start: number
  /** Begins after a break: another run, or parts that were left out. */ fresh: boolean
  whole: number | null
  parts: Part[]
}
export type CarriedState = {
  partTarget: number
  targetDuration: number
  beginning: number
  breaks: number
  segments: readonly Segment[]
}

const MOST_SEGMENTS = 4
const LEAD = 2

/** The first picture, or the next one after a break. `number` counts for hls.js and only grows. */
export function began(
  state: CarriedState | null,
  { number, start, duration, partTarget, before }: Omit<CarriedBegin, 'init' | 'bytes'>,
): CarriedState {
  const old = state?.segments.map((segment): Segment => (segment.whole === null ? closed(segment) : segment)) ?? []
  const beginning = (state?.beginning ?? -1) + 1
  // Two more than the server's count: the segments before the first one have numbers, too.
  const own = old.length > 0 ? (old.at(-1)?.number ?? 0) + 1 : number + LEAD
  // hls.js wants whole segments with parts before the open one; at the very beginning the ones before are named,
  // never loaded.
  const named =
    old.length > 0
      ? old
      : leadIn(number, start, before).map((each): Segment => ({
          ...each,
          beginning,
          fresh: false,
          whole: each.duration,
          parts: [{ duration: each.duration, independent: true }],
        }))
  const open: Segment = {
    number: own,
    beginning,
    start,
    fresh: old.length > 0,
    whole: null,
    parts: [{ duration, independent: true }],
  }
  return trimmed({
    partTarget,
    targetDuration: Math.max(state?.targetDuration ?? 2, Math.ceil(duration)),
    beginning,
    breaks: state?.breaks ?? 0,
    segments: [...named, open],
  })
}

export function grown(
  state: CarriedState,
  { number, start, duration, independent }: Omit<CarriedPart, 'bytes'>,
  openNumber: number,
): CarriedState {
  const segments = [...state.segments]
  const open = segments.at(-1)
  if (!open) return state
  if (number === openNumber)
    segments[segments.length - 1] = { ...open, parts: [...open.parts, { duration, independent }] }
  else
    segments.splice(-1, 1, closed(open), {
      number: open.number + 1,
      beginning: open.beginning,
      start,
      fresh: false,
      whole: null,
      parts: [{ duration, independent }],
    })
  const longest = Math.max(...segments.map(({ parts }) => parts.reduce((sum, part) => sum + part.duration, 0)))
  return trimmed({ ...state, targetDuration: Math.max(state.targetDuration, Math.ceil(longest)), segments })
}

const closed = (segment: Segment): Segment => ({
  ...segment,
  whole: segment.parts.reduce((sum, { duration }) => sum + duration, 0),
})

/** Two segments before the first one, real where known: a playlist may not begin with an open segment. */
function leadIn(number: number, start: number, before: CarriedBegin['before']): CarriedBegin['before'] {
  const known = before.filter((each) => each.number < number && each.number >= number - LEAD)
  const all = known.length === LEAD ? known : [2, 1].map((back) => ({ start: start - back * 1000, duration: 1 }))
  return all.map((each, i) => ({ ...each, number: number + i }))
}

function trimmed(state: CarriedState): CarriedState {
  const gone = state.segments.slice(0, Math.max(0, state.segments.length - MOST_SEGMENTS))
  return {
    ...state,
    breaks: state.breaks + gone.filter(({ fresh }) => fresh).length,
    segments: state.segments.slice(gone.length),
  }
}

const seconds = (value: number): string => value.toFixed(5)

export function carriedPlaylist({ partTarget, targetDuration, breaks, segments }: CarriedState): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(partTarget * 3)}`,
    `#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget)}`,
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${breaks + (segments[0]?.fresh ? 1 : 0)}`,
  ]
  segments.forEach(({ number, beginning, start, fresh, whole, parts }, i) => {
    if (fresh && i > 0) lines.push('#EXT-X-DISCONTINUITY')
    if (i === 0 || fresh) lines.push(`#EXT-X-MAP:URI="init/${beginning}"`)
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(start).toISOString()}`)
    parts.forEach(({ duration, independent }, index) =>
      lines.push(
        `#EXT-X-PART:DURATION=${seconds(duration)},URI="part/${number}.${index}"${independent ? ',INDEPENDENT=YES' : ''}`,
      ),
    )
    if (whole !== null) lines.push(`#EXTINF:${seconds(whole)},`, `segment/${number}`)
  })
  const open = segments.at(-1)
  if (open) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part/${open.number}.${open.parts.length}"`)
  return `${lines.join('\n')}\n`
}
