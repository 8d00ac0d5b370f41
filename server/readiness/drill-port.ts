/** What the drill schedule asks of the town. */
import { type DrillPort, drillResult } from './drill-schedule.ts'
import { cutShort } from './drill-ends.ts'
import type { createProofBook } from './readiness-book.ts'
import type { ProofNeeds } from './readiness-needs.ts'

export function drillPort(
  { town, ledger, cameras, incidents, presses }: ProofNeeds,
  {
    endDrill,
    drillOf,
    onChange,
  }: Pick<DrillPort, 'endDrill' | 'onChange'> & { drillOf: ReturnType<typeof createProofBook>['drillOf'] },
): DrillPort {
  const { book } = incidents
  return {
    helpPoints: () => town.site().helpPoints,
    timezone: town.timezone,
    openAt: (id) => book.openAt(id)?.id ?? null,
    drill: async (id, key) => {
      const arrival = { helpPoint: id, key, pressedAt: null, kind: 'drill', source: 'schedule' } as const
      const { receipt, repeated } = await presses.accept(arrival)
      return repeated ? null : receipt.incident
    },
    cutShort: () => cutShort(book.unfinished(), drillOf),
    whenFinished: (incident, signal) => drillResult(ledger.tail, incident, signal),
    endDrill,
    alive: ({ wired }) => wired.some(({ camera }) => cameras.listens(camera)),
    write: (draft) => void ledger.append([draft]),
    onChange,
  }
}
