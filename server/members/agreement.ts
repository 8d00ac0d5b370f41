/**
 * The lead's append: rows are agreed by one transaction that compares the term and the head, so that whoever leads no
 * more writes nothing, whatever it still believes. Rows come hashed; members check them.
 */
import type { AgreedRow, Agreement } from '../glossary/member.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { type Etcd, EngineAway } from './engine/etcd.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'
import type { Term } from './term.ts'
import type { Head } from './town-state.ts'

/** Of one transaction, before it is packed: etcd takes 1.5 MiB, and base64 makes four of three. */
const MOST_BYTES = 700 * 1024
const AGAIN_MS = 30

export type AgreementPort = {
  etcd: Pick<Etcd, 'txn'>
  keys: TownKeys
  seal: Seal
  clock: Clock
  term: Pick<Term, 'number' | 'revision' | 'isGood' | 'lose'>
  /** What this member's ledger ends with, which is what was agreed. */ head: Head
  onAgreed?(seq: number): void
  /** This member's ledger is not what was agreed. */ onBroken(problem: string): void
}

/** As many from the front as one transaction takes; one at least. */
function chunkOf(rows: readonly AgreedRow[]): AgreedRow[] {
  let bytes = 0
  const end = rows.findIndex(({ body }, i) => (bytes += body.length * 2 + 400) > MOST_BYTES && i > 0)
  return end < 0 ? [...rows] : rows.slice(0, end)
}

export function createAgreement({
  etcd,
  keys,
  seal,
  clock,
  term,
  head: before,
  onAgreed = () => {},
  onBroken,
}: AgreementPort): Agreement {
  let head = before

  async function write(rows: readonly AgreedRow[]): Promise<void> {
    const last = rows.at(-1)
    if (!last) return
    const said = { seq: last.seq, hash: last.hash, term: term.number }
    const value = seal.seal(keys.head, said)
    const entry = keys.entriesUpTo(last.seq)
    const batch = seal.seal(entry, { term: term.number, rows })
    const compare = [
      { key: keys.lead, created: term.revision },
      { key: keys.head, modified: head.modRevision },
    ]
    const steps = [
      { put: keys.head, value },
      { put: entry, value: batch },
    ]
    for (;;) {
      if (!term.isGood()) throw noLead()
      try {
        const answer = await etcd.txn(compare, steps, [{ get: keys.head }], { tries: 2 })
        // Not ours to write, or this very one was agreed and its answer lost: then the head is what was to be written.
        const own = answer.found.find((each) => each.value.equals(value))
        if (!answer.succeeded && !own) {
          term.lose('another member leads')
          throw noLead()
        }
        head = { ...said, modRevision: own?.modRevision ?? answer.revision }
        onAgreed(said.seq)
        return
      } catch (error) {
        if (!(error instanceof EngineAway)) throw error
        await clock.sleep(AGAIN_MS)
      }
    }
  }
  return {
    term: term.number,
    broken: onBroken,
    unable: (problem) => term.lose(`its disk does not take entries: ${problem}`),
    async agree(rows) {
      // What was agreed before a failure comes again with the rest.
      let rest = rows.filter(({ seq }) => seq > head.seq)
      while (rest.length > 0) {
        const chunk = chunkOf(rest)
        if (chunk[0]?.seq !== head.seq + 1)
          throw new Failure(
            'ledger/unavailable',
            `entry ${chunk[0]?.seq} does not follow ${head.seq}, which was agreed`,
          )
        await write(chunk)
        rest = rest.slice(chunk.length)
      }
    },
  }
}

const noLead = (): Failure =>
  new Failure('ledger/unavailable', 'This server does not lead the town any more; another one goes on.')

/** The lead keeps the engine small: every member has the record on its own disk. @returns what could not be done */
export async function trimEngine(
  etcd: Pick<Etcd, 'remove' | 'compact' | 'range'>,
  keys: TownKeys,
  {
    everybodyHas,
    most,
  }: {
    /** The least that a member has. */ everybodyHas: number
    /** Of the newest entries, so many stay at least. */ most: number
  },
): Promise<string | null> {
  const upTo = everybodyHas - most
  if (!Number.isFinite(upTo) || upTo < 1) return null
  try {
    await etcd.remove(keys.entries, keys.entriesUpTo(upTo))
    const { revision } = await etcd.range(keys.head)
    const old = BigInt(revision) - 5000n
    if (old > 0n) await etcd.compact(String(old))
    return null
  } catch (error) {
    // Compacted already: somebody else was quicker.
    return /compacted/.test(messageOf(error)) ? null : messageOf(error)
  }
}
