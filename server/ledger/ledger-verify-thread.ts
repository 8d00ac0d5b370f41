/** A thread that reads the whole ledger through and stands back for everybody who has something more urgent to do. */
import { lowerPriority } from '../tools/process/thread-priority.ts'
import { answerCalls, workerInput } from '../tools/process/worker-calls.ts'
import { verifyLedger } from './ledger-proof.ts'

const { file, stop } = workerInput<{ file: string; /** Not 0: it is to end. */ stop: Int32Array }>()
lowerPriority(15)

const calls = { verify: () => verifyLedger(file, () => Atomics.load(stop, 0) !== 0) }
export type LedgerVerifyThread = typeof calls

answerCalls(calls)
