/**
 * The one append-only record. Order is given here, at once; durability follows from the ledger's thread, many entries
 * to one fsync. Not here: what an entry means (the rooms' folds), where rows lie (ledger-sqlite).
 */
import type { Append, Draft, Entry, Recorded, Verification } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure, wordsOf } from '../tools/failure.ts'
import { builtEntry } from '../tools/package-root.ts'
import { createTopic } from '../tools/topic.ts'
import { callWorker } from '../tools/worker-calls.ts'
import type { Row } from './ledger-hash.ts'
import type { LedgerThread } from './ledger-thread.ts'

const RETRY_MS = 1000
const MOST_IN_ONE_COMMIT = 2000

export type Ledger = {
  append: Append
  /** Resolves when everything up to `seq` is on disk; rejects with ledger/unavailable when the next attempt fails. */
  whenDurable(seq: number): Promise<void>
  page(after: number, limit: number): Promise<Entry[]>
  /** Every entry from the first, in pages, for folds at start. */
  replay(onEntry: (entry: Entry) => void): Promise<void>
  verify(): Promise<Verification>
  /** Entries in order, once each is durable. */
  tail(listener: (entry: Entry) => void): () => void
  /** Entries given an order but not yet on disk, and the newest that is. */
  state(): { head: number; waiting: number; problem: string | null }
  close(): Promise<void>
}

type Waiting = { recorded: Recorded; body: string; settle: ((outcome: Entry | Error) => void) | null }

export async function openLedger({ file, clock, onError }: { file: string; clock: Clock; onError(error: unknown): void }): Promise<Ledger> {
  const thread = callWorker<LedgerThread>(builtEntry('ledger/ledger-thread.js'), { file })
  const topic = createTopic<Entry>(onError)
  let { seq: durable } = await thread.calls.head()
  let given = durable
  let queue: Waiting[] = []
  let problem: string | null = null
  let committing: Promise<void> | null = null
  let attempts: { seq: number; settle(error: Error | null): void }[] = []
  const stopped = new AbortController()

  function settleAttempts(error: Error | null): void {
    const due = attempts.filter(({ seq }) => error !== null || seq <= durable)
    attempts = attempts.filter((attempt) => !due.includes(attempt))
    for (const { settle } of due) settle(error)
  }

  async function commitOnce(): Promise<void> {
    const batch = queue.slice(0, MOST_IN_ONE_COMMIT)
    try {
      const hashes = await thread.calls.append(batch.map(({ recorded: { seq, at, kind, actor, subject }, body }) => ({ seq, at, kind, actor, subject, body })))
      queue = queue.slice(batch.length)
      durable = batch.at(-1)?.recorded.seq ?? durable
      problem = null
      batch.forEach(({ recorded, settle }, i) => {
        const entry = { ...recorded, hash: hashes[i] ?? '' }
        settle?.(entry)
        topic.publish(entry)
      })
      settleAttempts(null)
    } catch (error) {
      problem = wordsOf(error)
      const failure = new Failure('ledger/unavailable', `The ledger could not be written: ${problem}. The press is known here but not yet durable; send it again.`)
      for (const item of batch) {
        item.settle?.(failure)
        item.settle = null
      }
      settleAttempts(failure)
      onError(error)
      await clock.sleep(RETRY_MS, stopped.signal)
    }
  }

  /** Nothing that was given an order is ever dropped: it is written again until the disk takes it. */
  async function commitAll(): Promise<void> {
    while (queue.length > 0 && !(stopped.signal.aborted && problem)) await commitOnce()
    committing = null
  }

  const entryOf = (row: Row): Entry => ({ ...row, body: JSON.parse(row.body) }) as unknown as Entry

  const ledger: Ledger = {
    append(drafts) {
      const at = isoTime(clock.now())
      const items = drafts.map((draft: Draft): { waiting: Waiting; entry: Promise<Entry> } => {
        given += 1
        const recorded: Recorded = { ...draft, seq: given, at }
        const waiting: Waiting = { recorded, body: JSON.stringify(draft.body), settle: null }
        const entry = new Promise<Entry>((resolve, reject) => {
          waiting.settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
        })
        return { waiting, entry }
      })
      queue.push(...items.map(({ waiting }) => waiting))
      committing ??= Promise.resolve().then(commitAll)
      const durableEntries = Promise.all(items.map(({ entry }) => entry))
      // Whoever does not wait for the disk must not bring the process down when it fails.
      durableEntries.catch(() => {})
      return { recorded: items.map(({ waiting }) => waiting.recorded), durable: durableEntries }
    },
    whenDurable: (seq) =>
      seq <= durable
        ? Promise.resolve()
        : new Promise((resolve, reject) => attempts.push({ seq, settle: (error) => (error ? reject(error) : resolve()) })),
    page: async (after, limit) => (await thread.calls.page(after, limit)).map(entryOf),
    async replay(onEntry) {
      for (let page = await ledger.page(0, 5000); page.length > 0; page = await ledger.page(page.at(-1)?.seq ?? 0, 5000)) page.forEach(onEntry)
    },
    verify: () => thread.calls.verify(),
    tail: (listener) => topic.subscribe(listener),
    state: () => ({ head: durable, waiting: given - durable, problem }),
    async close() {
      stopped.abort()
      await committing
      await thread.calls.close().catch(onError)
      await thread.terminate()
    },
  }
  return ledger
}
