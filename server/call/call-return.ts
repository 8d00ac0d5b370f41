/** Calls that this server's own end, or its thread's, has cut off: their help points are called back. */
import type { Call } from '../glossary/call.ts'
import type { Clock } from '../tools/clock.ts'

const LOOK_EVERY_MS = 1000
/** A help point that has lost its edge, too, registers again within two minutes; later the person has gone on. */
const TRY_FOR_MS = 180_000

export function createCallReturn({
  clock,
  callBack,
  onError,
}: {
  clock: Clock
  /** @returns false while its help point cannot be reached */
  callBack(cut: Call): Promise<boolean>
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  async function follow(cut: Call): Promise<void> {
    const end = clock.monotonic() + TRY_FOR_MS
    while (!stopped.signal.aborted && clock.monotonic() < end) {
      if (await callBack(cut)) return
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  return {
    /** @param cut as they were before: one that nobody had answered rings at the desk, and is not called back */
    follow(cut: readonly Call[]): void {
      for (const call of cut) if (call.line === 'up') void follow(call).catch(onError)
    },
    close: (): void => stopped.abort(),
  }
}
