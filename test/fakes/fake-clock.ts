import type { Clock } from '../../server/tools/clock.ts'

/** Time that stands still until a test moves it. */
export function createFakeClock(
  start = Date.parse('2026-11-20T22:30:00Z'),
): Clock & { advance(ms: number): Promise<void>; setWall(ms: number): void } {
  let elapsed = 0
  let wallOffset = start
  let sleepers: { until: number; wake: () => void }[] = []
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const done = (): void => {
          sleepers = sleepers.filter((each) => each !== sleeper)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        const sleeper = { until: elapsed + ms, wake: done }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', done)
      }),
    /** Wakes sleepers in their order, letting each act before the next. */
    async advance(ms) {
      const end = elapsed + ms
      await turn()
      for (;;) {
        const next = sleepers.filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0]
        if (!next) break
        elapsed = Math.max(elapsed, next.until)
        sleepers = sleepers.filter((each) => each !== next)
        next.wake()
        await turn()
      }
      elapsed = end
      await turn()
    },
    setWall(ms) {
      wallOffset = ms - elapsed
    },
  }
}
