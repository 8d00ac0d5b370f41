/** The people file as other hands change it: each change is an entry within a second, also one made while nobody ran. */
import type { Append } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { changesBetween } from './people-changes.ts'
import type { Stored } from './people-file.ts'

const LOOK_EVERY_MS = 500

export function followPeople({
  clock,
  append,
  onError,
}: {
  clock: Pick<Clock, 'sleep'>
  append: Append
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  let begun = false

  function onForeign(before: Stored, now: Stored): void {
    // What is there at the start is compared with what the record knows.
    if (!begun) return
    const drafts = changesBetween(before, now)
    if (drafts.length > 0) append(drafts).durable.catch(onError)
  }
  return {
    onForeign,
    /** @param knownBefore accounts and tokens as they stand in the record */
    begin(knownBefore: Stored, now: () => Stored): void {
      begun = true
      onForeign(knownBefore, now())
      void (async () => {
        while (!stopped.signal.aborted) {
          await clock.sleep(LOOK_EVERY_MS, stopped.signal)
          now()
        }
      })()
    },
    close: (): void => stopped.abort(),
  }
}
