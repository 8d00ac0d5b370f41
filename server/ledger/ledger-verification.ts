/**
 * Walks a chain and says whether it is what was written: every hash, its number, its tree against every checkpoint
 * kept outside.
 */
import type { ChainVerdict } from '../glossary/ledger.ts'
import type { KeptCheckpoint } from './checkpoints/checkpoint-files.ts'
import { type Row, hashOf, leafOf } from './ledger-hash.ts'
import { type LedgerRows, startOf } from './ledger-sqlite.ts'
import { createTreeEdge } from './merkle-tree.ts'

const PAGE = 5000
export class Stopped extends Error {}

/**
 * @param checkpoints those of this chain, in any order.
 * @param stopped asked now and then: whoever closes does not wait for years to be read.
 * The first break is named; what comes after it proves nothing.
 * @throws Stopped
 */
export function verifyChain(
  rows: Pick<LedgerRows, 'chain' | 'page'>,
  checkpoints: readonly KeptCheckpoint[],
  stopped: () => boolean = () => false,
): ChainVerdict {
  const chain = rows.chain()
  const edge = createTreeEdge()
  const bySize = new Map<number, KeptCheckpoint[]>()
  for (const checkpoint of checkpoints)
    bySize.set(checkpoint.size, [...(bySize.get(checkpoint.size) ?? []), checkpoint])
  let prev = startOf(chain)
  let seq = chain.first - 1
  let proven = 0
  let term = 0
  const verdict = (problem: string | null): ChainVerdict => ({
    chain: chain.number,
    first: chain.first,
    ok: problem === null,
    entries: edge.size(),
    head: prev,
    checkpoints: proven,
    problem,
  })

  for (const { signed, file, size } of checkpoints)
    if (!signed) return verdict(`the checkpoint of ${size} entries in ${file} does not carry this ledger's signature`)
  for (let page = rows.page(seq, PAGE); page.length > 0; page = rows.page(seq, PAGE)) {
    if (stopped()) throw new Stopped('the verification was ended')
    for (const row of page) {
      const problem = faultOf(row, seq + 1, prev) ?? faultOfTerm(row, term)
      if (problem) return verdict(problem)
      term = termIn(row) ?? term
      edge.push(Buffer.from(row.hash, 'hex'))
      prev = row.hash
      seq = row.seq
      const due = bySize.get(edge.size())
      if (!due) continue
      const root = edge.root().toString('base64')
      const other = due.find((checkpoint) => checkpoint.root !== root)
      if (other)
        return verdict(
          `the first ${other.size} entries are not those that were signed in ${other.file}: the chain was written anew`,
        )
      proven += due.length
    }
  }
  const longer = checkpoints.find(({ size }) => size > edge.size())
  return verdict(
    longer
      ? `the chain has ${edge.size()} entries, and ${longer.size} were signed in ${longer.file}: its end was cut off`
      : null,
  )
}

/** Of a town on several machines: who leads from that entry on. */
const termIn = ({ kind, body }: Row): number | null =>
  kind === 'town.led' ? (JSON.parse(body) as { term: number }).term : null
const faultOfTerm = (row: Row, before: number): string | null =>
  (termIn(row) ?? Number.POSITIVE_INFINITY) > before
    ? null
    : `entry ${row.seq} begins the term ${termIn(row)} after the term ${before}: terms only rise`

function faultOf(row: Row, expected: number, prev: string): string | null {
  if (row.seq !== expected) return `entry ${expected} is missing: the next one stored is ${row.seq}`
  if (row.prev !== prev) return `entry ${row.seq} does not follow entry ${row.seq - 1}: its previous hash is another's`
  if (hashOf(prev, leafOf(row)) !== row.hash)
    return `entry ${row.seq} was changed after it was written: its bytes do not give its hash`
  return null
}
