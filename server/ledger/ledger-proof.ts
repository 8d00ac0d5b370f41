/** The whole ledger's verdict, chain by chain. Reads only; any number of these may run beside the one that writes. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { ChainVerdict, Verification } from '../glossary/ledger.ts'
import { wordsOf } from '../tools/failure.ts'
import { NO_PREVIOUS } from './ledger-hash.ts'
import { brokenFiles, ownCheckpoints } from './ledger-chains.ts'
import { openLedgerRows } from './ledger-sqlite.ts'
import { verifyChain } from './ledger-verification.ts'

function verdictOf(file: string, ledgerFile: string, number: number): ChainVerdict {
  try {
    const rows = openLedgerRows(file, { readOnly: true })
    try {
      return verifyChain(rows, ownCheckpoints(ledgerFile, rows.chain().number))
    } finally {
      rows.close()
    }
  } catch (error) {
    return { chain: number, first: 0, ok: false, entries: 0, head: NO_PREVIOUS, checkpoints: 0, problem: `${basename(file)} cannot be read: ${wordsOf(error)}` }
  }
}

/** @throws when there is no ledger at `file`. */
export function verifyLedger(file: string): Verification {
  if (!existsSync(file)) throw new Error(`there is no ledger at ${file}`)
  const chains = [...brokenFiles(file), file].map((each, i) => verdictOf(each, file, i + 1))
  const current = chains.at(-1)
  const broken = chains.find(({ ok }) => !ok)
  return {
    ok: broken === undefined,
    entries: chains.reduce((sum, { entries }) => sum + entries, 0),
    head: current?.head ?? NO_PREVIOUS,
    problem: broken ? `${chains.length > 1 ? `chain ${broken.chain}: ` : ''}${broken.problem}` : null,
    chains,
  }
}
