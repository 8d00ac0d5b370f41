/** A thread that reads the whole ledger through and stands back for everybody who has something more urgent to do. */
import { standBack } from '../tools/thread-priority.ts'
import { answerCalls, workerInput } from '../tools/worker-calls.ts'
import { verifyLedger } from './ledger-proof.ts'

const { file } = workerInput<{ file: string }>()
standBack(15)

const calls = { verify: () => verifyLedger(file) }
export type LedgerVerifyThread = typeof calls

answerCalls(calls)
