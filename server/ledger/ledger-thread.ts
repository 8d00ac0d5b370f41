/** The thread that waits for the disk so that nobody else does. Only writes, and answers what needs the whole chain. */
import { answerCalls, workerInput } from '../tools/worker-calls.ts'
import { type Unhashed, openLedgerRows } from './ledger-sqlite.ts'

const rows = openLedgerRows(workerInput<{ file: string }>().file)

const calls = {
  head: () => rows.head(),
  append: (batch: Unhashed[]) => rows.append(batch),
  page: (after: number, limit: number) => rows.page(after, limit),
  verify: () => rows.verify(),
  close: () => rows.close(),
}
export type LedgerThread = typeof calls

answerCalls(calls)
