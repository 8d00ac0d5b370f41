/** The thread of one edit: reading and writing a large site file takes a quarter of a second, which no press may wait for. */
import { answerCalls } from '../../tools/process/worker-calls.ts'
import { type SiteProblem, readSite } from '../site-check.ts'
import { createResolver } from '../site-references.ts'
import { foreignReferences } from './references-rule.ts'
import { editPreset, editVmsCamera } from './site-edit.ts'
import { deleteThing, putThing } from './site-things.ts'
import { textDiff } from './text-diff.ts'

const calls = {
  put: putThing,
  remove: deleteThing,
  preset: editPreset,
  vmsCamera: editVmsCamera,
  diff: textDiff,
  foreign: foreignReferences,
  check: (text: string, environment: Readonly<Record<string, string | undefined>>): readonly SiteProblem[] =>
    readSite(text, createResolver(environment)).problems,
}
export type SiteEditThread = typeof calls
answerCalls(calls)
