/** The wall clock's time as subtitles beside a viewing copy: what the picture itself does not say. Pure. */
import type { StoredSegment } from '../../glossary/evidence.ts'

/** Milliseconds of media to HH:MM:SS,mmm. */
function mediaTime(ms: number): string {
  const at = Math.round(ms)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${two(at / 3_600_000)}:${two((at / 60_000) % 60)}:${two((at / 1000) % 60)},${String(at % 1000).padStart(3, '0')}`
}

/**
 * One caption for each second of media. Between the arrivals of two segments time is divided evenly: a camera's clock
 * may go at another speed than ours, and sums of durations would drift.
 * @param segments one stretch, in order.
 * @param timezone of the site, stated beside UTC.
 * @param firstPictureAt seconds of the film
 */
export function subtitles(
  segments: readonly Pick<StoredSegment, 'start' | 'duration'>[],
  timezone: string,
  firstPictureAt = 0,
): string {
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  const captions: string[] = []
  let media = firstPictureAt * 1000
  const total = segments.reduce((sum, { duration }) => sum + duration * 1000, media)
  let next = media
  for (const [i, { start, duration }] of segments.entries()) {
    const length = duration * 1000
    const following = segments[i + 1]
    const speed = following && length > 0 ? (following.start - start) / length : 1
    for (; next < media + length - 0.5; next += 1000) {
      const wall = start + (next - media) * speed
      const end = Math.min(next + 1000, total)
      captions.push(
        `${captions.length + 1}\n${mediaTime(next)} ` +
          `--> ${mediaTime(end)}\n${new Date(wall).toISOString().replace('T', ' ').replace('Z', ' UTC')}  ` +
          `(${local.format(wall)})\n`,
      )
    }
    media += length
  }
  return captions.join('\n')
}
