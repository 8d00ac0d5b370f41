/** `lamppost ledger verify`: walks the whole chain, with or without a running server. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openLedgerRows } from '../ledger/ledger-sqlite.ts'
import { packageRoot } from '../tools/package-root.ts'

export function ledgerCommand([verb]: string[], { data }: { data?: string | undefined }): number {
  if (verb !== 'verify') throw new Error('the ledger knows one command: lamppost ledger verify')
  const file = join(resolve(data ?? join(packageRoot, 'data')), 'ledger.sqlite')
  if (!existsSync(file)) throw new Error(`there is no ledger at ${file}`)
  const rows = openLedgerRows(file)
  const { ok, entries, head, problem } = rows.verify()
  rows.close()
  if (ok) process.stdout.write(`The ledger is intact: ${entries} entries, head ${head}\n`)
  else process.stderr.write(`The ledger is BROKEN after ${entries} good entries: ${problem}\n`)
  return ok ? 0 : 1
}
