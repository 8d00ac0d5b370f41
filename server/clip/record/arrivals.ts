/** When the originals of converted pictures arrived. Pure. */
import { boxesIn, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'
import type { Fragment } from './fragment-reader.ts'

const ROUNDING_S = 0.002

/**
 * Which original a converted picture is, by its time: ffmpeg counts from nought, in the original's seconds, and its
 * first picture is the keyframe it was given, or so many later.
 * @param skipped pictures that it leaves out at the beginning, as they are shown
 */
export function createArrivals(init: Buffer, skipped = 0) {
  const tracks = readTracks(init)
  const video = tracks.find(({ kind }) => kind === 'video')
  /** In the order they are shown; seconds of the original. */
  let waiting: { time: number; at: number; fedAt: number }[] = []
  let keyframe: number | null = null
  let offset: number | null = null
  let last = 0

  return {
    /**
     * @param bytes fragments as they arrived.
     * @param at wall clock, milliseconds, of the first picture in them.
     * @param fedAt milliseconds that only grow.
     */
    note(bytes: Buffer, at: number, fedAt: number): void {
      let first: number | null = null
      for (const { type, start, end } of boxesIn(bytes)) {
        if (type !== 'moof' || !video) continue
        for (const { track, samples } of readMoof(bytes.subarray(start, end), tracks)) {
          if (track !== video.id) continue
          for (const { decodeTime, composition } of samples) {
            const time = (decodeTime + composition) / video.timescale
            first ??= decodeTime / video.timescale
            keyframe ??= time
            const place = waiting.findLastIndex((each) => each.time <= time)
            waiting.splice(place + 1, 0, { time, at: at + (decodeTime / video.timescale - first) * 1000, fedAt })
          }
        }
      }
    },
    /** Wall-clock milliseconds. Never goes back. */
    of({ decodeTime }: Pick<Fragment, 'decodeTime'>): number {
      offset ??= ((skipped > 0 ? waiting[skipped]?.time : keyframe) ?? decodeTime) - decodeTime
      const time = decodeTime + offset
      const found = waiting.findLastIndex((each) => each.time <= time + ROUNDING_S)
      last = Math.max(last, waiting[found]?.at ?? last)
      if (found >= 0) waiting = waiting.slice(found + 1)
      return last
    },
    /** Of what is not converted yet, the oldest but so many: when it arrived, and when ffmpeg was given it. */
    oldestBut: (count: number): { at: number; fedAt: number } | null => waiting[count] ?? null,
  }
}
