/**
 * Does a stream's own clock run as time does? Pictures that arrive for seconds at another pace than their timestamps
 * say have useless timestamps: clocks that stand, count milliseconds, run at double speed. Then time is their
 * arrival. Pure.
 */
/** What an engineer reads. */
export const TIMED_BY_ARRIVAL =
  'The clock in the camera’s stream is of no use: pictures have the time at which they arrived.'

const WINDOW_MS = 3000
/** So far off, one short window is enough. */
const HOPELESS_WINDOW_MS = 1000
const HOPELESS = 0.2
/** And so many pictures: after a short stall of the network the first of them is late, and those behind it are not. */
const HOPELESS_PICTURES = 25
const TOO_FAST = 1.5
const TOO_SLOW = 0.67
const WINDOWS = 2
/** A pause this long is the network's, or the camera's: what comes after it in a burst says nothing. */
const PAUSE_MS = 1000

export function createArrivalWatch() {
  let windowAt: number | null = null
  let lastAt = 0
  let media = 0
  let pictures = 0
  let wrong = 0
  let useless = false
  return {
    /**
     * @param seconds that the picture before lasted, by its timestamps.
     * @param at monotonic milliseconds at which this one arrived.
     * @returns whether timestamps are of no use; for good
     */
    look(seconds: number, at: number): boolean {
      if (useless) return true
      const begin = (): void => {
        windowAt = at
        media = 0
        pictures = 0
      }
      if (windowAt === null || at - lastAt > PAUSE_MS) begin()
      else {
        media += seconds
        pictures += 1
      }
      lastAt = at
      const elapsed = at - (windowAt ?? at)
      const ratio = elapsed > 0 ? (media * 1000) / elapsed : 1
      if (elapsed >= HOPELESS_WINDOW_MS && pictures >= HOPELESS_PICTURES && ratio <= HOPELESS) useless = true
      if (elapsed < WINDOW_MS) return useless
      wrong = ratio >= TOO_FAST || ratio <= TOO_SLOW ? wrong + 1 : 0
      begin()
      useless ||= wrong >= WINDOWS
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
