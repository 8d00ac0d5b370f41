import type { Append, Entry, Recorded } from '../../server/glossary/ledger.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'

/** A ledger in memory whose disk a test can break and mend. */
/** @param onRecorded hears each entry when it is given its order, as the real one tells it. */
export function createFakeLedger(
  now: () => number,
  onRecorded: (entry: Recorded) => void = () => {},
): { append: Append; entries: Entry[]; whenDurable(seq: number): Promise<void>; breakDisk(broken: boolean): void } {
  const entries: Entry[] = []
  const waiting: Recorded[] = []
  let given = 0
  let broken = false
  const commit = (): void => {
    if (broken) throw new Failure('ledger/unavailable', 'The disk is broken.')
    for (const recorded of waiting.splice(0))
      entries.push({ ...recorded, hash: String(recorded.seq).padStart(64, '0') })
  }
  return {
    entries,
    append(drafts) {
      const recorded = drafts.map((draft): Recorded => ({ ...draft, seq: (given += 1), at: isoTime(now()) }))
      waiting.push(...recorded)
      recorded.forEach(onRecorded)
      const durable = Promise.resolve().then(() => {
        commit()
        return recorded.map(({ seq }) => entries[seq - 1] as Entry)
      })
      durable.catch(() => {})
      return { recorded, durable }
    },
    whenDurable: async (seq) => {
      if (!entries[seq - 1]) commit()
    },
    breakDisk: (now_) => void (broken = now_),
  }
}
