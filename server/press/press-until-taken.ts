/** For sources that tell a press once: it is kept trying while the ledger cannot take it. */
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import type { AcceptPress, Accepted, Arrival } from '../glossary/press.ts'

const AGAIN_MS = 1000
/** As long as a person could still wait for somebody. */
const PATIENCE_MS = 30 * 60_000
/** What another try cannot mend. */
const LASTING = new Set<string>(['help-point/unknown', 'request/invalid'])

export type { AcceptPress }

/** Null when it could not be taken in: what was in the way was told to `onError`, each time. */
export async function acceptUntilTaken(
  arrival: Arrival,
  {
    accept,
    clock,
    signal,
    onError,
  }: { accept: AcceptPress; clock: Clock; signal: AbortSignal; onError(error: unknown): void },
): Promise<Accepted | null> {
  for (
    const until = clock.monotonic() + PATIENCE_MS;
    !signal.aborted && clock.monotonic() < until;
    await clock.sleep(AGAIN_MS, signal)
  ) {
    try {
      return await accept(arrival)
    } catch (error) {
      onError(error)
      if (error instanceof Failure && LASTING.has(error.code)) return null
    }
  }
  return null
}
