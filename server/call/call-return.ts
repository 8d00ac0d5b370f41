/** Calls that this server's own end, or its thread's, has cut off: their help points are called back. */
import type { Call } from '../glossary/call.ts'
import type { Clock } from '../tools/clock.ts'

const LOOK_EVERY_MS = 1000
/** A help point may still be ending the call that was cut off. */
const AGAIN_MS = 8000
/** A device that refuses each of them is in a call, perhaps with the desk telephone. */
const MOST_CALLS = 3
/** A help point that has lost its edge, too, registers again within two minutes; later the person has gone on. */
const TRY_FOR_MS = 180_000

export type Return = 'unreachable' | 'not-answered' | 'done'

/** When the call was cut off, as far as anything on disk says; milliseconds since 1970. */
const lastKnown = ({ recording, connectedAt, takenAt, ringingAt }: Call): number =>
  Date.parse(recording?.to ?? connectedAt ?? takenAt ?? ringingAt)

export function createCallReturn({
  clock,
  callBack,
  now,
  onError,
}: {
  clock: Clock
  /** `unreachable` while it is not registered; resolves when it has answered, or has not. */
  callBack(cut: Call): Promise<Return>
  /** The call as it is known by now. */
  now(cut: Call): Call
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  async function follow(cut: Call): Promise<void> {
    // A server that comes back after hours would open a microphone in the street, and nobody would be there.
    const left = TRY_FOR_MS - (clock.now() - lastKnown(now(cut)))
    const end = clock.monotonic() + Math.min(TRY_FOR_MS, left)
    let calls = 0
    while (!stopped.signal.aborted && clock.monotonic() < end && calls < MOST_CALLS) {
      const how = await callBack(cut)
      if (how === 'done') return
      if (how === 'not-answered') calls += 1
      await clock.sleep(how === 'not-answered' ? AGAIN_MS : LOOK_EVERY_MS, stopped.signal)
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
