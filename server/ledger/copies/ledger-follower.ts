/** The ledger of a server that does not lead: rows come with their numbers, and are hashed here once more. */
import type { AgreedRow } from '../../glossary/member.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { callWorker } from '../../tools/process/worker-calls.ts'
import { entryOf } from '../ledger-entry.ts'
import type { Entry, Verification } from '../../glossary/ledger.ts'
import type { LedgerThread } from '../ledger-thread.ts'
import type { LedgerVerifyThread } from '../ledger-verify-thread.ts'

/** @param file made when missing */
export async function openLedgerFollower({
  file,
  clock,
  onEntry = () => {},
}: {
  file: string
  clock: Pick<Clock, 'now'>
  /** Each entry once it is written here. */ onEntry?(entry: Entry): void
}) {
  const thread = callWorker<LedgerThread>(builtEntry('ledger/ledger-thread.js'), {
    file,
    knownSeq: 0,
    startedAt: isoTime(clock.now()),
    isAgreed: true,
  })
  const { seq, hash } = await thread.calls.head()
  let head = { seq, hash }
  const stop = new Int32Array(new SharedArrayBuffer(4))
  let reading: Promise<unknown> = Promise.resolve()
  return {
    head: () => head,
    async append(rows: readonly AgreedRow[]): Promise<string> {
      const { hashes } = await thread.calls.append(
        rows.map(({ seq: number, at, kind, actor, subject, body }) => ({
          seq: number,
          at,
          kind,
          actor,
          subject,
          body,
        })),
      )
      head = { seq: rows.at(-1)?.seq ?? head.seq, hash: hashes.at(-1) ?? head.hash }
      for (const row of rows) onEntry(entryOf(row))
      return head.hash
    },
    page: async (after: number, limit: number): Promise<Entry[]> =>
      (await thread.calls.page(after, limit)).map(entryOf),
    /** Reads everything through in a thread of its own. @throws when it was closed meanwhile */
    async verify(): Promise<Verification> {
      const reader = callWorker<LedgerVerifyThread>(builtEntry('ledger/ledger-verify-thread.js'), { file, stop })
      const verdict = reader.calls.verify()
      reading = verdict.catch(() => {})
      try {
        return await verdict
      } finally {
        await reader.terminate()
      }
    },
    pressWithKey: (helpPoint: string, key: string) => thread.calls.pressWithKey(helpPoint, key),
    async close(): Promise<void> {
      Atomics.store(stop, 0, 1)
      await reading
      await thread.calls.close()
      await thread.terminate()
    },
  }
}
export type LedgerFollower = Awaited<ReturnType<typeof openLedgerFollower>>
