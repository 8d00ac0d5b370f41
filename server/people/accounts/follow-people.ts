/** The people file as other hands change it: each change is an entry within a second, also one made while nobody ran. */
import type { Append } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { type Known, changesBetween, knownOf } from './people-changes.ts'
import type { Stored } from './people-format.ts'
import type { PeopleFile } from './people-file.ts'

const LOOK_EVERY_MS = 500
const THERE_WITHIN_MS = 10_000

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
  let onRecorded: (() => unknown) | null = null

  function tell(before: Known, now: Known): void {
    // What is there at the start is compared with what the record knows.
    if (!onRecorded) return
    const drafts = changesBetween(before, now)
    if (drafts.length === 0) return
    const recorded = onRecorded
    append(drafts).durable.then(() => recorded(), onError)
  }
  return {
    onForeign: (before: Stored, now: Stored): void => tell(knownOf(before), knownOf(now)),
    /**
     * @param knownBefore accounts and tokens as they stand in the record
     * @param recorded they are to be kept as known
     */
    begin(people: Pick<PeopleFile, 'now' | 'isRead'>, knownBefore: Known, recorded: () => unknown): void {
      ;(async () => {
        // A file that is broken says nothing of who was removed.
        while (!people.isRead() && !stopped.signal.aborted) await clock.sleep(LOOK_EVERY_MS, stopped.signal)
        if (stopped.signal.aborted) return
        // A folder that is mounted late, or a file that is being restored, is no removal of everybody.
        if (people.now().users.length === 0 && knownBefore.users.length > 0)
          await clock.sleep(THERE_WITHIN_MS, stopped.signal)
        if (stopped.signal.aborted) return
        onRecorded = recorded
        tell(knownBefore, knownOf(people.now()))
        while (!stopped.signal.aborted) {
          await clock.sleep(LOOK_EVERY_MS, stopped.signal)
          people.now()
        }
      })().catch(onError)
    },
    close: (): void => stopped.abort(),
  }
}
