/**
 * Does a stream's own clock run as time does? Pictures that arrive for seconds at another pace than their timestamps
 * say have useless timestamps: clocks that stand, count milliseconds, run at double speed. Then time is their
 * arrival. Pure.
 */
/** What an engineer reads. */
export const TIMED_BY_ARRIVAL =
  'The clock in the camera’s stream is of no use: pictures have the time at which they arrived.'

/** Windows in a row whose pace is another than the timestamps': a short one for what is far off, a long one for less. */
const WINDOWS = [
  { ms: 3000, tooFast: 1.5, tooSlow: 0.67, times: 2 },
  { ms: 15_000, tooFast: 1.3, tooSlow: 0.75, times: 2 },
]
/** So far off, one short window is enough. */
const HOPELESS_WINDOW_MS = 1000
const HOPELESS = 0.2
/** And so many pictures: after a short stall of the network the first of them is late, and those behind it are not. */
const HOPELESS_PICTURES = 25
/**
 * A pause this long is the network's, or the camera's, unless all its pictures are so far apart: what comes after it
 * in a burst says nothing.
 */
const PAUSE_MS = 1000
const PAUSE_OF_PACE = 2.5
const PACE_SHARE = 0.2

function createWindow({ ms, tooFast, tooSlow, times }: (typeof WINDOWS)[number]) {
  let elapsed = 0
  let media = 0
  let wrong = 0
  return {
    /** @returns whether the timestamps are of no use. @param seconds of the stream in `passed` milliseconds */
    add(seconds: number, passed: number): boolean {
      elapsed += passed
      media += seconds * 1000
      if (elapsed < ms) return false
      const ratio = media / elapsed
      wrong = ratio >= tooFast || ratio <= tooSlow ? wrong + 1 : 0
      elapsed = 0
      media = 0
      return wrong >= times
    },
  }
}

export function createArrivalWatch() {
  const windows = WINDOWS.map(createWindow)
  const short = { elapsed: 0, media: 0, pictures: 0 }
  let lastAt: number | null = null
  /** Between pictures, milliseconds. */
  let pace = 0
  /**
   * After a pause: so much of the stream may still come faster than it was made, and for so long that is looked for,
   * milliseconds.
   */
  let heldUp = { media: 0, ms: 0 }
  let useless = false

  function judge(seconds: number, passed: number): void {
    short.elapsed += passed
    short.media += seconds * 1000
    short.pictures += 1
    if (short.elapsed >= HOPELESS_WINDOW_MS && short.pictures >= HOPELESS_PICTURES) {
      useless ||= short.media / short.elapsed <= HOPELESS
      Object.assign(short, { elapsed: 0, media: 0, pictures: 0 })
    }
    for (const window of windows) useless = window.add(seconds, passed) || useless
  }
  return {
    /**
     * @param seconds that the picture before lasted, by its timestamps.
     * @param at monotonic milliseconds at which this one arrived.
     * @returns whether timestamps are of no use; for good
     */
    look(seconds: number, at: number): boolean {
      if (useless) return true
      const passed = at - (lastAt ?? at)
      if (lastAt === null) {
        lastAt = at
        return false
      }
      lastAt = at
      const isPause = passed > PAUSE_MS && passed > PAUSE_OF_PACE * pace
      // All its pictures may be this far apart: the next ones say so.
      pace = pace === 0 ? passed : pace + (Math.min(passed, 10_000) - pace) * PACE_SHARE
      if (isPause) {
        heldUp = { media: Math.max(0, heldUp.media) + passed, ms: 2 * passed + PAUSE_MS }
        Object.assign(short, { elapsed: 0, media: 0, pictures: 0 })
        return false
      }
      if (heldUp.media > 0 && heldUp.ms > 0) {
        heldUp = { media: heldUp.media - (seconds * 1000 - passed), ms: heldUp.ms - passed }
        return false
      }
      judge(seconds, passed)
      return useless
    },
  }
}

/** Durations out of arrivals: even where the network brings pictures in bursts, and true in the long run. Seconds. */
export function createArrivalClock(leastSeconds: number) {
  let began: number | null = null
  let before = 0
  let told = 0
  let pace = 0.04
  return {
    /** How long the picture before this one lasted. @param at monotonic milliseconds */
    step(at: number): number {
      if (began === null) {
        began = at
        before = at
        return pace
      }
      const interval = (at - before) / 1000
      before = at
      pace += (Math.min(5, interval) - pace) * 0.05
      const behind = (at - began) / 1000 - told
      // Towards the true time by a tenth of what is missing, and at once after a pause.
      const step = interval > 1 ? Math.max(leastSeconds, behind) : Math.max(leastSeconds, pace + (behind - pace) * 0.1)
      told += step
      return step
    },
    /** How long a picture lasts that nothing follows. */
    pace: () => Math.max(leastSeconds, pace),
  }
}
