/** What the drill schedule asks of the town. */
import { type DrillPort, drillResult } from './drill-schedule.ts'
import { cutShort } from './drill-ends.ts'
import type { createReadinessBook } from './readiness-book.ts'
import type { ReadinessNeeds } from './readiness-needs.ts'
import { type createVoiceDrills, mayBeHeard, voiceProofOf } from './voice-drill.ts'

/** The edge lets no registration last longer than two minutes. */
const REGISTERS_WITHIN_MS = 150_000

export function drillPort(
  { clock, town, ledger, cameras, incidents, presses, calls }: ReadinessNeeds,
  {
    endDrill,
    drillOf,
    voices,
    onChange,
  }: Pick<DrillPort, 'endDrill' | 'onChange'> & {
    drillOf: ReturnType<typeof createReadinessBook>['drillOf']
    voices: ReturnType<typeof createVoiceDrills>
  },
): DrillPort {
  const { book } = incidents
  const startedAt = clock.now()
  return {
    helpPoints: () => town.site().helpPoints,
    timezone: town.timezone,
    openAt: book.idAt,
    drill: async (id, key) => {
      const arrival = { helpPoint: id, key, pressedAt: null, kind: 'drill', source: 'schedule' } as const
      const { receipt, repeated } = await presses.accept(arrival)
      return repeated ? null : receipt.incident
    },
    cutShort: () => cutShort(book.unfinished(), drillOf),
    whenFinished: (incident, signal) => drillResult(ledger.tail, incident, signal),
    endDrill,
    async tryVoice(helpPoint) {
      const registered = calls.voiceOf(helpPoint.id)?.registered === true
      // After a start of the edge, each help point registers when its own time has come.
      if (!registered && clock.now() - startedAt < REGISTERS_WITHIN_MS) return
      if (voiceProofOf(helpPoint) === 'registration') voices.registration(helpPoint.id, 'schedule')
      else if (mayBeHeard(helpPoint, clock.now(), town.timezone())) await voices.sound(helpPoint.id, 'schedule')
    },
    alive: ({ wired }) => wired.some(({ camera }) => cameras.listens(camera)),
    write: (draft) => void ledger.append([draft]),
    onChange,
  }
}
