/**
 * The one append-only record. Order is given here, at once; durability follows from the ledger's thread, many entries
 * to one fsync. Not here: what an entry means (the rooms' folds), where rows lie (ledger-sqlite), when it is verified
 * (ledger-care).
 */
import type { RoomState } from './ledger-room.ts'
import type { AgreedRow, Agreement } from '../glossary/member.ts'
import type { Append, Draft, Entry, Recorded, Verification } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { builtEntry } from '../tools/package-root.ts'
import { createTopic } from '../tools/topic.ts'
import { callWorker, keepWorker } from '../tools/process/worker-calls.ts'
import type { Break } from './ledger-chains.ts'
import { entryOf } from './ledger-entry.ts'
import { hashOf, leafOf } from './ledger-hash.ts'
import { createLedgerProbe } from './ledger-probe.ts'
import { createLedgerSigning } from './ledger-signing.ts'
import type { Inclusion, LedgerThread } from './ledger-thread.ts'
import type { LedgerVerifyThread } from './ledger-verify-thread.ts'

const RETRY_MS = 1000
const MOST_IN_ONE_COMMIT = 2000

export type Ledger = {
  append: Append
  /** Resolves when everything up to `seq` is on disk; rejects with ledger/unavailable when the next attempt fails. */
  whenDurable(seq: number): Promise<void>
  page(after: number, limit: number): Promise<Entry[]>
  /** Every entry after `after` that can be read, in pages, for folds at start. */
  replay(after: number, onEntry: (entry: Entry) => void): Promise<void>
  /** One thing's entries, in order. */
  about(subject: string): Promise<Entry[]>
  /** Incidents in the order they were opened, newest first. */
  openedBefore(seq: number, limit: number): Promise<{ seq: number; subject: string }[]>
  pressWithKey(helpPoint: string, key: string): Promise<Entry | null>
  /** Null when the entry is not there or cannot be read. */
  hashAt(seq: number): Promise<string | null>
  /** Writes a snapshot of the fold as it was at that entry. @param folds JSON */
  keepSnapshot(file: string, seq: number, folds: string): Promise<void>
  /**
   * Reads everything through in a thread of its own. A chain that is found broken is set aside, and a new one begins.
   */
  verify(): Promise<Verification>
  /**
   * An entry that is durable, and the proof that it stands in a signed tree, without disclosing another. Null when it
   * is not in the current chain.
   */
  inclusion(seq: number): Promise<Inclusion | null>
  /** The newest signed checkpoint, as C2SP tlog-checkpoint. */
  checkpoint(): Promise<string>
  /** Entries in order, once each is durable. */
  tail(listener: (entry: Entry) => void): () => void
  /** Null when a press could be made durable now; else why not. It is tried, not guessed. */
  notReady(): Promise<string | null>
  /**
   * Entries given an order but not yet on disk, and the newest that is. `broken`: what was found, ever since this
   * start.
   */
  state(): {
    head: number
    waiting: number
    problem: string | null
    broken: string | null
    chainFirst: number
    lastCommitMs: number
    /** What is kept for presses on a full disk; null until the first entry. */ room: RoomState | null
  }
  close(): Promise<void>
}
export type LedgerStore = {
  [Name in keyof LedgerThread]: (...args: Parameters<LedgerThread[Name]>) => Promise<ReturnType<LedgerThread[Name]>>
}

type Waiting = { recorded: Recorded; body: string; settle: ((outcome: Entry | Error) => void) | null }
type Options = {
  clock: Clock
  /** Who makes the order durable beside this disk, in a town on several machines. */ agreement?: Agreement | null
  onError(error: unknown): void
  /** Hears each entry when it is given its order, before it is durable and before `append` returns. */ onRecorded?: (
    entry: Recorded,
  ) => void
  /** A new checkpoint, to be kept elsewhere, too. */ onCheckpoint?: (note: string) => void
}

/** @param knownSeq an entry number that is known from outside the database to have been given. */
export async function openLedger({
  file,
  knownSeq = 0,
  ...options
}: Options & { file: string; knownSeq?: number }): Promise<Ledger> {
  let known = knownSeq
  // One that dies is started again; what was on its way to the disk is written again, and what the disk had already
  // is known by its number.
  const thread = keepWorker<LedgerThread>(builtEntry('ledger/ledger-thread.js'), {
    clock: options.clock,
    input: () => ({
      ...{ file, knownSeq: known, startedAt: isoTime(options.clock.now()) },
      isAgreed: (options.agreement ?? null) !== null,
    }),
    onDeath: options.onError,
  })
  // A thread that is ended in the middle of SQLite's code takes the process with it: it is asked to end instead.
  const stop = new Int32Array(new SharedArrayBuffer(4))
  let reading: Promise<unknown> = Promise.resolve()
  const verify = async (): Promise<Verification> => {
    const reader = callWorker<LedgerVerifyThread>(builtEntry('ledger/ledger-verify-thread.js'), { file, stop })
    const verdict = reader.calls.verify()
    reading = verdict.catch(() => {})
    try {
      return await verdict
    } finally {
      await reader.terminate()
    }
  }
  const ledger = await createLedger(thread.calls, { ...options, verify }).catch(async (error: unknown) => {
    await thread.terminate()
    throw error
  })
  known = Math.max(known, ledger.state().head)
  ledger.tail(({ seq }) => (known = seq))
  return {
    ...ledger,
    async close() {
      // A verification of years may take minutes: it is begun again at the next start.
      Atomics.store(stop, 0, 1)
      await reading
      await ledger.close()
      await thread.terminate()
    },
  }
}

const isReadable = ({ body }: { body: unknown }): boolean => body !== null

function hashed(rows: readonly Omit<AgreedRow, 'hash'>[], before: string): AgreedRow[] {
  let prev = before
  return rows.map((row) => ({ ...row, hash: (prev = hashOf(prev, leafOf(row))) }))
}
/** Of several servers' agreement: what is longer would never be agreed, and would hold up everything after it. */
const MOST_AGREED_CHARACTERS = 1_500_000
/** @throws request/invalid */
function mustBeShort(drafts: readonly Draft[]): void {
  const long = drafts.find(({ body }) => JSON.stringify(body).length > MOST_AGREED_CHARACTERS)
  if (long)
    throw new Failure('request/invalid', `An entry ${long.kind} is longer than ${MOST_AGREED_CHARACTERS} characters.`)
}
/** @throws when this disk has made something else of it than all others will */
function mustBeAsAgreed(agreed: readonly AgreedRow[], written: readonly string[], agreement: Agreement): void {
  const last = agreed.at(-1)
  if (last?.hash === written.at(-1)) return
  const problem = `entry ${last?.seq} has another hash in this server's ledger than the town agreed on`
  agreement.broken(problem)
  throw new Error(problem)
}

/** @param store where rows go; the real one is a thread. */
export async function createLedger(
  store: LedgerStore,
  {
    clock,
    onError,
    onRecorded = () => {},
    onCheckpoint = () => {},
    agreement = null,
    verify,
  }: Options & { verify(): Promise<Verification> },
): Promise<Ledger> {
  const topic = createTopic<Entry>(onError)
  const { seq, hash, chain } = await store.head()
  /** What the next row follows; looked at only where rows are agreed. */
  let agreedHash = hash
  let chainFirst = chain.first
  let durable = seq
  let given = durable
  let queue: Waiting[] = []
  let problem: string | null = null
  let broken: string | null = null
  let rotation: { problem: string; good: { seq: number; hash: string } | null } | null = null
  let committing: Promise<void> | null = null
  let lastCommitMs = 0
  let room: RoomState | null = null
  let attempts: { seq: number; settle(error: Error | null): void }[] = []
  let verifying: Promise<Verification> | null = null
  const untold: Recorded[] = []
  let telling = false
  const stopped = new AbortController()

  function settleAttempts(error: Error | null): void {
    const due: typeof attempts = []
    const rest: typeof attempts = []
    for (const attempt of attempts) (error !== null || attempt.seq <= durable ? due : rest).push(attempt)
    attempts = rest
    for (const { settle } of due) settle(error)
  }

  function publishBreak(found: Break | null): void {
    if (!found) return
    broken = found.problem
    onError(
      new Error(
        `THE LEDGER IS BROKEN: ${found.problem}. It is kept as ${found.file}; new ` +
          `entries go into chain ${found.chain}, which names the break.`,
      ),
    )
    append([{ kind: 'ledger.broken', actor: 'lamppost', subject: 'ledger', body: { ...found } }])
  }

  async function commitOnce(): Promise<void> {
    const batch = queue.slice(0, MOST_IN_ONE_COMMIT)
    const first = batch[0]?.recorded.seq ?? given + 1
    const startedAt = clock.monotonic()
    try {
      if (rotation) {
        const found = await store.rotate(rotation.problem, first, rotation.good, isoTime(clock.now()))
        rotation = null
        chainFirst = first
        publishBreak(found)
      }
      if (batch.length === 0) return
      const rows = batch.map(({ recorded: { seq: number, at, kind, actor, subject }, body }) => ({
        seq: number,
        at,
        kind,
        actor,
        subject,
        body,
      }))
      const agreed = agreement ? hashed(rows, agreedHash) : null
      if (agreement && agreed) await agreement.agree(agreed)
      const written = await store.append(rows).catch((error: unknown) => {
        agreement?.unable(messageOf(error))
        throw error
      })
      if (agreed && agreement) mustBeAsAgreed(agreed, written.hashes, agreement)
      agreedHash = written.hashes.at(-1) ?? agreedHash
      if (written.broken) chainFirst = first
      queue = queue.slice(batch.length)
      durable = batch.at(-1)?.recorded.seq ?? durable
      problem = null
      room = written.room ?? room
      lastCommitMs = clock.monotonic() - startedAt
      batch.forEach(({ recorded, settle }, i) => {
        const entry = { ...recorded, hash: written.hashes[i] ?? '' }
        settle?.(entry)
        topic.publish(entry)
      })
      settleAttempts(null)
      publishBreak(written.broken)
      signing.whenDue()
    } catch (error) {
      problem = messageOf(error)
      const failure = new Failure(
        'ledger/unavailable',
        `The ledger could not be written: ${problem}. The press is known here but not yet durable; send it again.`,
      )
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
    while ((queue.length > 0 || rotation) && !(stopped.signal.aborted && problem)) await commitOnce()
    committing = null
  }
  const startCommitting = (): Promise<void> => (committing ??= Promise.resolve().then(commitAll))

  /** In order, also when whoever hears one entry writes the next. */
  function publishRecorded(recorded: readonly Recorded[]): void {
    untold.push(...recorded)
    if (telling) return
    telling = true
    for (let entry = untold.shift(); entry; entry = untold.shift()) {
      try {
        onRecorded(entry)
      } catch (error) {
        onError(error)
      }
    }
    telling = false
  }

  function append(drafts: readonly Draft[]): ReturnType<Append> {
    const at = isoTime(clock.now())
    if (agreement) mustBeShort(drafts)
    const items = drafts.map((draft): { waiting: Waiting; entry: Promise<Entry> } => {
      given += 1
      const recorded: Recorded = { ...draft, seq: given, at }
      const waiting: Waiting = { recorded, body: JSON.stringify(draft.body), settle: null }
      const entry = new Promise<Entry>((resolve, reject) => {
        waiting.settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
      })
      return { waiting, entry }
    })
    queue.push(...items.map(({ waiting }) => waiting))
    publishRecorded(items.map(({ waiting }) => waiting.recorded))
    void startCommitting()
    const durableEntries = Promise.all(items.map(({ entry }) => entry))
    // Whoever does not wait for the disk must not bring the process down when it fails.
    durableEntries.catch(() => {})
    return { recorded: items.map(({ waiting }) => waiting.recorded), durable: durableEntries }
  }

  async function verifyNow(): Promise<Verification> {
    const verification = await verify()
    const current = verification.chains.at(-1)
    if (current && !current.ok && agreement) {
      broken = current.problem
      agreement.broken(current.problem ?? 'it does not verify')
    } else if (current && !current.ok && current.first === chainFirst && !rotation) {
      const good = current.entries > 0 ? { seq: current.first + current.entries - 1, hash: current.head } : null
      rotation = { problem: current.problem ?? 'it does not verify', good }
      await startCommitting()
    }
    return verification
  }

  const signing = createLedgerSigning({
    clock,
    durable: () => durable,
    checkpoint: (at) => store.checkpoint(at),
    onCheckpoint,
    onError,
    stopped: stopped.signal,
  })
  if (durable >= chainFirst) await signing.sign()
  const ledger: Ledger = {
    append,
    whenDurable: (number) =>
      number <= durable
        ? Promise.resolve()
        : new Promise((resolve, reject) =>
            attempts.push({ seq: number, settle: (error) => (error ? reject(error) : resolve()) }),
          ),
    page: async (after, limit) => (await store.page(after, limit)).map(entryOf),
    async replay(after, onEntry) {
      for (
        let page = await ledger.page(after, 5000);
        page.length > 0;
        page = await ledger.page(page.at(-1)?.seq ?? 0, 5000)
      )
        page.filter(isReadable).forEach(onEntry)
    },
    about: async (subject) => (await store.about(subject)).map(entryOf).filter(isReadable),
    openedBefore: (number, limit) => store.openedBefore(number, limit),
    async pressWithKey(helpPoint, key) {
      const row = await store.pressWithKey(helpPoint, key)
      return row && entryOf(row)
    },
    hashAt: (number) => store.hashAt(number),
    keepSnapshot: (file, number, folds) => store.keepSnapshot(file, number, folds),
    verify: () => (verifying ??= verifyNow().finally(() => (verifying = null))),
    inclusion: async (number) => {
      const found = await store.inclusion(number, isoTime(clock.now()))
      if (found) onCheckpoint(found.checkpoint)
      return found
    },
    checkpoint: () => signing.newest(),
    tail: (listener) => topic.subscribe(listener),
    notReady: createLedgerProbe({ clock, problem: () => problem, write: () => store.probe(), stopped: stopped.signal }),
    state: () => ({ head: durable, waiting: given - durable, problem, broken, chainFirst, lastCommitMs, room }),
    async close() {
      stopped.abort()
      await committing
      if (agreement)
        for (const { settle } of queue.splice(0))
          settle?.(new Failure('ledger/unavailable', 'This server leads the town no more.'))
      await signing.close()
      await store.close().catch(onError)
    },
  }
  return ledger
}
