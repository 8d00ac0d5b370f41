/**
 * What was agreed goes into this member's own ledger, which hashes it again: a difference is a fault that nobody
 * overlooks. Rows that the engine does not have any more come from the other members.
 */
import type { AgreedRow } from '../glossary/member.ts'
import { messageOf } from '../tools/failure.ts'
import type { Etcd } from './engine/etcd.ts'
import { endOf } from './engine/etcd-values.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'
import type { Batch } from './town-state.ts'

/** This member's ledger, while it does not lead. */
export type FollowedLedger = {
  head(): { seq: number; hash: string }
  /** @returns the hash that the last of them got. @throws when they do not follow what is there */
  append(rows: readonly AgreedRow[]): Promise<string>
}
export type FollowingPort = {
  etcd: Pick<Etcd, 'range'>
  keys: TownKeys
  seal: Seal
  ledger: FollowedLedger
  /** Rows after a number from whoever has them; none: nobody answers. */ fetchRows(after: number): Promise<AgreedRow[]>
  onApplied(seq: number): void
}
/** A ledger that is another than the town's. */
export class Differs extends Error {}
/** One that has more than the town agreed on: which of the two is right no server can say. */
export class Ahead extends Error {}

const PAGE = 50
const READS_WITHIN_MS = 10_000
const OTHER_LEDGER = /is another than|malformed|not a database|corrupt|constraint/i

export function createFollowing({ etcd, keys, seal, ledger, fetchRows, onApplied }: FollowingPort) {
  let working: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = working.then(work)
    working = done.catch(() => {})
    return done
  }
  /** @returns false: something between is missing */
  async function apply(rows: readonly AgreedRow[]): Promise<boolean> {
    const { seq: have } = ledger.head()
    const fresh = rows.filter(({ seq }) => seq > have)
    const last = fresh.at(-1)
    if (!last) return true
    if (fresh[0]?.seq !== have + 1) return false
    const hash = await ledger.append(fresh).catch((error: unknown) => {
      const words = messageOf(error)
      // A disk that is full is no other ledger.
      if (!OTHER_LEDGER.test(words)) throw error
      throw new Differs(`entry ${fresh[0]?.seq} cannot be written: ${words}`, { cause: error })
    })
    if (hash !== last.hash)
      throw new Differs(`entry ${last.seq} has the hash ${last.hash} in the town, and ${hash} on this server`)
    onApplied(last.seq)
    return true
  }
  async function fromEngine(): Promise<boolean> {
    for (;;) {
      const { found, more } = await etcd.range(keys.entriesUpTo(ledger.head().seq + 1), {
        end: endOf(keys.entries),
        limit: PAGE,
        ms: READS_WITHIN_MS,
      })
      for (const { key, value } of found) if (!(await apply(seal.open<Batch>(key, value).rows))) return false
      if (!more) return true
    }
  }
  async function fromMembers(): Promise<boolean> {
    for (;;) {
      const rows = await fetchRows(ledger.head().seq)
      if (rows.length === 0) return false
      if (!(await apply(rows))) return false
      if (await fromEngine()) return true
    }
  }
  return {
    /** A batch that was just agreed. @throws Differs */
    take: (batch: Batch): Promise<void> =>
      inTurn(async () => {
        if (!(await apply(batch.rows)) && !(await fromEngine())) await fromMembers()
      }),
    /** Everything that was agreed until now. @throws Differs, EngineAway */
    catchUp: (): Promise<void> =>
      inTurn(async () => {
        if (!(await fromEngine())) await fromMembers()
      }),
    settled: async (): Promise<void> => void (await working),
  }
}
