/** Playlists as text: live (Low-Latency, RFC 8216bis) and held clips. Pure. */
import type { Segment } from '../../glossary/clip.ts'
import { isoTime } from '../../tools/clock.ts'

const seconds = (value: number): string => value.toFixed(5).replace(/0+$/, '').replace(/\.$/, '.0')

export type ListedPart = { duration: number; independent: boolean }
export type ListedSegment = Pick<Segment, 'number' | 'run' | 'start' | 'duration'> & {
  parts: readonly ListedPart[] | null
}
export type LiveState = {
  /** Closed segments, oldest first; the newest few still know their parts. */
  segments: readonly ListedSegment[]
  /** The segment that grows; null when nothing has arrived yet. */
  open: (ListedSegment & { parts: readonly ListedPart[] }) | null
  partTarget: number
  targetDuration: number
}

/** Segments older than this many target durations may be left out of a delta update. */
const SKIP_AFTER_TARGETS = 6

/**
 * @param skip the client asked for a delta update (`_HLS_skip=YES`).
 * @param plain whole segments only: nothing to wait for, one connection.
 */
export function livePlaylist(state: LiveState, skip: boolean, plain = false): string {
  const { segments, partTarget, targetDuration } = state
  const open = plain ? null : state.open
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    ...(plain
      ? []
      : [
          `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(partTarget * 3)},` +
            `CAN-SKIP-UNTIL=${seconds(targetDuration * SKIP_AFTER_TARGETS)}`,
          `#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget)}`,
        ]),
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? open?.number ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${segments[0]?.run ?? open?.run ?? 0}`,
  ]
  const skipped = skip ? skippable(segments, open, targetDuration) : 0
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`)
  let run = skipped > 0 ? (segments[skipped - 1]?.run ?? null) : null
  let first = skipped === 0
  for (const segment of [...segments.slice(skipped), ...(open ? [open] : [])]) {
    if (segment.run !== run) {
      if (!first) lines.push('#EXT-X-DISCONTINUITY')
      lines.push(`#EXT-X-MAP:URI="init/${segment.run}.mp4"`)
    }
    run = segment.run
    first = false
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${isoTime(segment.start)}`)
    if (!plain)
      segment.parts?.forEach(({ duration, independent }, i) =>
        lines.push(
          `#EXT-X-PART:DURATION=${seconds(duration)},URI="part/${segment.number}.${i}.m4s"${independent ? ',INDEPENDENT=YES' : ''}`,
        ),
      )
    if (segment !== open) lines.push(`#EXTINF:${seconds(segment.duration)},`, `segment/${segment.number}.m4s`)
  }
  const hint = open ? `${open.number}.${open.parts.length}` : `${(segments.at(-1)?.number ?? -1) + 1}.0`
  if (!plain) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part/${hint}.m4s"`)
  return `${lines.join('\n')}\n`
}

function skippable(segments: readonly ListedSegment[], open: ListedSegment | null, targetDuration: number): number {
  let behind = open?.duration ?? 0
  for (let i = segments.length - 1; i >= 0; i -= 1) {
    if (behind > targetDuration * SKIP_AFTER_TARGETS) return i + 1
    behind += segments[i]?.duration ?? 0
  }
  return 0
}

/** The clip that an incident holds: EVENT while it grows, VOD when its end is known; it starts at the press. */
export function clipPlaylist({
  segments,
  pressedAt,
  ended,
}: {
  segments: readonly Segment[]
  pressedAt: number
  ended: boolean
}): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.max(1, ...segments.map(({ duration }) => Math.round(duration)))}`,
    `#EXT-X-PLAYLIST-TYPE:${ended ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MEDIA-SEQUENCE:0`,
    `#EXT-X-START:TIME-OFFSET=${seconds(mediaTimeOf(segments, pressedAt))},PRECISE=YES`,
  ]
  let run: number | null = null
  for (const segment of segments) {
    if (run !== null && segment.run !== run) lines.push('#EXT-X-DISCONTINUITY')
    if (segment.run !== run) lines.push(`#EXT-X-MAP:URI="init/${segment.run}.mp4"`)
    run = segment.run
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${isoTime(segment.start)}`,
      `#EXTINF:${seconds(segment.duration)},`,
      `segment/${segment.number}.m4s`,
    )
  }
  if (ended) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** Seconds of media before a wall-clock moment: gaps take wall-clock time but no media. */
export function mediaTimeOf(segments: readonly Segment[], moment: number): number {
  let media = 0
  for (const { start, duration } of segments) {
    if (start > moment) break
    media += Math.min(duration, (moment - start) / 1000)
  }
  return media
}
