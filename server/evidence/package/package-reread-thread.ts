/** The thread that reads a package again while it is written: hashing takes as long as all the rest. */
import { lowerPriority } from '../../tools/process/thread-priority.ts'
import { answerCalls, workerInput } from '../../tools/process/worker-calls.ts'
import { rereadPackage } from './package-reread.ts'

lowerPriority(10)
answerCalls(rereadPackage(workerInput<string>()))
