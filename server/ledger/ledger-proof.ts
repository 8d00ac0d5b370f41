/** The whole ledger's verdict, chain by chain. Reads only; any number of these may run beside the one that writes. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { ChainVerdict, Verification } from '../glossary/ledger.ts'
import { messageOf } from '../tools/failure.ts'
import {
  type KeptCheckpoint,
  checkpointKey,
  checkpointPlaces,
  readCheckpoints,
} from './checkpoints/checkpoint-files.ts'
import { originOf } from './checkpoints/checkpoint-note.ts'
import { brokenFiles, numberOf } from './ledger-chains.ts'
import { NO_PREVIOUS } from './ledger-hash.ts'
import { type LedgerRows, openLedgerRows } from './ledger-sqlite.ts'
import { Stopped, verifyChain } from './ledger-verification.ts'

type Signed = { all: KeptCheckpoint[]; originOf(chain: number): string; problem: string | null }

/** All checkpoints that were kept, and the names of this ledger's chains in them. */
function signedOf(ledgerFile: string): Signed {
  const places = checkpointPlaces(ledgerFile)
  if (!existsSync(places.keyFile)) {
    const problem = existsSync(places.folder)
      ? `${places.keyFile} is missing: the checkpoints in ${places.folder} can be verified with it only`
      : null
    return { all: [], originOf: () => '', problem }
  }
  const key = checkpointKey(places.keyFile)
  return { all: readCheckpoints(places, key), originOf: (chain) => originOf(key, chain), problem: null }
}

/** Null when what a chain says of the one before it is so. */
function joinProblem(rows: LedgerRows, before: LedgerRows | null): string | null {
  const { number, genesis } = rows.chain()
  if (genesis === '') return number === 1 ? null : `chain ${number} does not say what it was begun for`
  const { after } = JSON.parse(genesis) as { after?: { good?: { seq: number; hash: string } | null } }
  const good = after?.good
  if (!good || !before) return null
  return before.hashAt(good.seq) === good.hash
    ? null
    : `chain ${number} was begun after entry ${good.seq} with another hash than chain ${number - 1} has there`
}

function verdictOf(
  file: string,
  number: number,
  signed: Signed,
  before: LedgerRows | null,
  stopped: () => boolean,
): { verdict: ChainVerdict; rows: LedgerRows | null } {
  const broken = (problem: string, first = 0): ChainVerdict => ({
    chain: number,
    first,
    ok: false,
    entries: 0,
    head: NO_PREVIOUS,
    checkpoints: 0,
    problem,
  })
  let rows: LedgerRows | null = null
  try {
    rows = openLedgerRows(file, { readOnly: true })
    const chain = rows.chain()
    const problem =
      chain.number === number
        ? joinProblem(rows, before)
        : `${basename(file)} says that it is chain ${chain.number}, and it is the ${number}.`
    if (problem) return { verdict: broken(problem, chain.first), rows }
    return {
      verdict: verifyChain(
        rows,
        signed.all.filter(({ origin }) => origin === signed.originOf(number)),
        stopped,
      ),
      rows,
    }
  } catch (error) {
    if (error instanceof Stopped) {
      rows?.close()
      throw error
    }
    return { verdict: broken(`${basename(file)} cannot be read: ${messageOf(error)}`, rows?.chain().first ?? 0), rows }
  }
}

/** @throws when there is no ledger at `file`, or it was stopped. */
export function verifyLedger(file: string, stopped: () => boolean = () => false): Verification {
  if (!existsSync(file)) throw new Error(`there is no ledger at ${file}`)
  const signed = signedOf(file)
  const chains: ChainVerdict[] = []
  const problems: string[] = signed.problem ? [signed.problem] : []
  let before: LedgerRows | null = null
  const opened: LedgerRows[] = []
  const aside = brokenFiles(file)
  // The current one knows its place: those before it must all be here.
  const places = aside.map(numberOf)
  const missing = Array.from({ length: Math.max(0, ...places) }, (_, i) => i + 1).filter(
    (number) => !places.includes(number),
  )
  for (const number of missing) problems.push(`chain ${number} is missing: ledger-broken-${number}.sqlite is not here`)
  for (const [i, each] of [...aside, file].entries()) {
    const number = places[i] ?? Math.max(0, ...places) + 1
    const { verdict, rows }: { verdict: ChainVerdict; rows: LedgerRows | null } = verdictOf(
      each,
      number,
      signed,
      before,
      stopped,
    )
    chains.push(verdict)
    before = rows
    if (rows) opened.push(rows)
    if (!verdict.ok && verdict.problem)
      problems.push(aside.length > 0 ? `chain ${number}: ${verdict.problem}` : verdict.problem)
  }
  for (const rows of opened) rows.close()
  const origins = new Set(chains.map(({ chain }) => signed.originOf(chain)))
  const foreign = signed.all.find(({ origin }) => !origins.has(origin))
  if (foreign)
    problems.push(
      `the checkpoint of ${foreign.size} entries in ${foreign.file} is of another key or ` +
        'of a chain that is not here: what it signed cannot be proven',
    )
  return {
    ok: problems.length === 0,
    entries: chains.reduce((sum, { entries }) => sum + entries, 0),
    head: chains.at(-1)?.head ?? NO_PREVIOUS,
    problem: problems[0] ?? null,
    chains,
  }
}
