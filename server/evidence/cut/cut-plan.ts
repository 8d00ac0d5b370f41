/**
 * How the segments of one camera become the files of a package: what they are called, and which belong together.
 * Pure.
 */
import type { StoredSegment } from '../../glossary/evidence.ts'
import { isoTime } from '../../tools/clock.ts'

/** Segments that follow each other without a break, in one run: one viewing copy. `seconds`: how long it lasts. */
export type Stretch = { run: number; segments: StoredSegment[]; seconds: number }

/** No person opens a film of days, and its header would be read and written as one piece. */
const LONGEST_STRETCH_S = 6 * 3600

export const stretchesOf = (segments: readonly StoredSegment[]): Stretch[] =>
  segments.reduce<Stretch[]>((stretches, segment) => {
    const last = stretches.at(-1)
    const before = last?.segments.at(-1)
    if (
      last &&
      before &&
      before.run === segment.run &&
      before.number + 1 === segment.number &&
      last.seconds + segment.duration <= LONGEST_STRETCH_S
    ) {
      last.segments.push(segment)
      last.seconds += segment.duration
    } else stretches.push({ run: segment.run, segments: [segment], seconds: segment.duration })
    return stretches
  }, [])

type Stated = { from: string; to: string }
const stated = ({ from, to }: { from: number; to: number }): Stated => ({ from: isoTime(from), to: isoTime(to) })
/** Segments that follow each other become one range, to whole segments. Wall-clock milliseconds. */
function rangesOf(segments: readonly StoredSegment[], isIn: (segment: StoredSegment) => boolean) {
  return segments.reduce<{ from: number; to: number; segments: StoredSegment[] }[]>((found, segment, i) => {
    if (!isIn(segment)) return found
    const { run, number, start, duration } = segment
    const next = segments[i + 1]
    // A camera's seconds are not the wall's: a segment ends when the next one of its run begins.
    const to = next?.run === run && next.number === number + 1 ? next.start : start + duration * 1000
    const last = found.at(-1)
    const before = last?.segments.at(-1)
    if (!last || before?.run !== run || before.number !== number - 1)
      found.push({ from: start, to, segments: [segment] })
    else {
      last.to = to
      last.segments.push(segment)
    }
    return found
  }, [])
}

/** Where the camera's own timestamps were of no use: each picture has the time at which it arrived. */
export const timedByArrivalIn = (segments: readonly StoredSegment[]): Stated[] =>
  rangesOf(segments, ({ timedByArrival }) => timedByArrival === true).map(stated)

export type Incomplete = Stated & { lostPackets: number }

/**
 * Where something was recorded, but not all that the camera sent: its packets have numbers, and some never came. To
 * whole segments.
 */
export const incompleteIn = (segments: readonly StoredSegment[]): Incomplete[] =>
  rangesOf(segments, ({ lostPackets = 0 }) => lostPackets > 0).map((range) => ({
    ...stated(range),
    lostPackets: range.segments.reduce((sum, { lostPackets = 0 }) => sum + lostPackets, 0),
  }))

/** Runs in the order in which they come, and what their initialisation sections are called. */
export function initNames(segments: readonly StoredSegment[]): Map<number, string> {
  const runs = [...new Set(segments.map(({ run }) => run))]
  return new Map(runs.map((run, i) => [run, i === 0 ? 'init.mp4' : `init-${i + 1}.mp4`]))
}

export const segmentName = (i: number): string => `s${String(i + 1).padStart(5, '0')}.m4s`

/** A moment as file names have it: 20261120T223000.250Z without what some systems cannot store. */
export const stamp = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]/g, '').replace('.', '')

/** The segments as HLS, beside them: any player plays the master, too. */
export function nativePlaylist(segments: readonly StoredSegment[]): string {
  const inits = initNames(segments)
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${segments.reduce((most, { duration }) => Math.max(most, Math.ceil(duration)), 1)}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA-SEQUENCE:0',
  ]
  for (const [i, segment] of segments.entries()) {
    const before = segments[i - 1]
    if (before && (before.run !== segment.run || before.number + 1 !== segment.number))
      lines.push('#EXT-X-DISCONTINUITY')
    if (before?.run !== segment.run) lines.push(`#EXT-X-MAP:URI="${inits.get(segment.run)}"`)
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.start).toISOString()}`,
      `#EXTINF:${segment.duration.toFixed(5)},`,
      segmentName(i),
    )
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`
}
