/**
 * Notices when the recorder's clock is set: wall clock against time that only grows. Each step is an entry of the
 * ledger.
 */
import type { Clock } from '../tools/clock.ts'

const LOOK_MS = 5000
/** Slewing by NTP stays below this between two looks. */
const STEP_MS = 500

export function startClockWatch({ clock, onStep }: { clock: Clock; onStep(ms: number): void }): {
  close(): Promise<void>
} {
  const stopped = new AbortController()
  const offset = (): number => clock.now() - clock.monotonic()
  async function watch(): Promise<void> {
    let before = offset()
    while (!stopped.signal.aborted) {
      await clock.sleep(LOOK_MS, stopped.signal)
      const now = offset()
      if (Math.abs(now - before) >= STEP_MS && !stopped.signal.aborted) onStep(Math.round(now - before))
      before = now
    }
  }
  const watching = watch()
  return {
    async close() {
      stopped.abort()
      await watching
    },
  }
}
