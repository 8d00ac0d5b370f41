/**
 * The times of one RTP stream that shows one picture source after the other: they only grow, follow our clock, and keep
 * a source's own steps as long as these do. Pure. Ticks of 90 kHz, unwrapped.
 */
const CLOCK_HZ = 90_000
/** A picture’s time must be another than that of the picture before it. */
export const LEAST_STEP = CLOCK_HZ / 1000
/** A camera whose clock runs differently from ours is followed again from now on. */
const MOST_DRIFT = 2 * CLOCK_HZ

export type RtpTimeline = ReturnType<typeof createRtpTimeline>
/** @param monotonic milliseconds. @param first where the times begin */
export function createRtpTimeline(monotonic: () => number, first = 0) {
  const origin = monotonic() - (first * 1000) / CLOCK_HZ
  let last = first
  const now = (): number => ((monotonic() - origin) * CLOCK_HZ) / 1000
  const take = (out: number): number => (last = Math.max(last + LEAST_STEP, out))
  return {
    /** Of a picture that is shown now. */
    now: (): number => take(now()),
    /** Of a picture that its source shows `step` after the one before it. */
    after(step: number): number {
      const out = last + step
      return take(step < 0 || Math.abs(out - now()) > MOST_DRIFT ? now() : out)
    },
    /**
     * Of pictures of the last moments, which a new source begins with: in the time that is left between what was shown
     * last and now.
     * @param times the source's own
     */
    spread(times: readonly number[]): number[] {
      const [begin = 0] = times
      const span = (times.at(-1) ?? begin) - begin
      const start = Math.max(last + LEAST_STEP, now() - span)
      const pace = span > 0 ? Math.max(0, Math.min(1, (now() - start) / span)) : 0
      return times.map((time) => take(start + (time - begin) * pace))
    },
  }
}
