/** The thread of one edit: writing a large site file anew takes a quarter of a second, which no press may wait for. */
import { answerCalls } from '../../tools/process/worker-calls.ts'
import { deleteThing, putThing } from './site-things.ts'
import { textDiff } from './text-diff.ts'

const calls = { put: putThing, remove: deleteThing, diff: textDiff }
export type SiteEditThread = typeof calls
answerCalls(calls)
