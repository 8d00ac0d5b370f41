/** `lamppost ledger verify`: walks every chain and its checkpoints, with or without a running server. */
import { join, resolve } from 'node:path'
import { verifyLedger } from '../ledger/ledger-proof.ts'
import { packageRoot } from '../tools/package-root.ts'

export function ledgerCommand([verb]: string[], { data }: { data?: string | undefined }): number {
  if (verb !== 'verify') throw new Error('the ledger knows one command: lamppost ledger verify')
  const { ok, entries, head, problem, chains } = verifyLedger(
    join(resolve(data ?? join(packageRoot, 'data')), 'ledger.sqlite'),
  )
  for (const chain of chains) {
    const words = `chain ${chain.chain}: ${chain.entries} entries from ${chain.first}, ${chain.checkpoints} signed checkpoints agree`
    process[chain.ok ? 'stdout' : 'stderr'].write(
      chain.ok ? `${words}: intact\n` : `${words}: BROKEN: ${chain.problem}\n`,
    )
  }
  if (ok) process.stdout.write(`The ledger is intact: ${entries} entries, head ${head}\n`)
  else process.stderr.write(`The ledger is BROKEN after ${entries} good entries: ${problem}\n`)
  return ok ? 0 : 1
}
