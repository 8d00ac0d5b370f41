/** The thread of the register: what is looked for in years of incidents keeps no press waiting. */
import type { Entry } from '../../glossary/ledger.ts'
import type { IncidentFilter, PressReport } from '../../glossary/register.ts'
import { answerCalls, workerInput } from '../../tools/process/worker-calls.ts'
import { pressReport } from './press-report.ts'
import { type RegisterPlace, openRegisterStore } from './register-store.ts'

const { file } = workerInput<{ file: string }>()
const store = openRegisterStore(file)

const calls = {
  place: store.place,
  clear: store.clear,
  apply: (entries: readonly Entry[], place: RegisterPlace) => store.apply(entries, place),
  search: (filter: IncidentFilter, after: string | null, limit: number) => store.search(filter, after, limit),
  /** @param from milliseconds; `to` is not in it */
  report: (from: number, to: number, timezone: string, helpPoints: readonly string[]): PressReport =>
    pressReport(
      store.facts(from, to),
      { from: new Date(from).toISOString(), to: new Date(to).toISOString(), timezone },
      helpPoints,
    ),
  close: store.close,
}
export type RegisterThread = typeof calls
answerCalls(calls)
