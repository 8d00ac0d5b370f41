/** Drills end by themselves: scheduled ones at once, one by hand after the operator who began it has seen its result. */
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { DrillResult } from '../glossary/proof.ts'
import type { Clock } from '../tools/clock.ts'
import { type DrillPort, drillText } from './drill-schedule.ts'

/** How long the tile of a drill by hand stays after its result. */
const HAND_DRILL_SEEN_MS = 30_000

export type DrillEndsPort = {
  clock: Clock
  load(id: IncidentId): Promise<Incident>
  close(id: IncidentId, reason: string, actor: string, how: { code: 'drill' }): Promise<unknown>
  /** What it held may grow old. */
  releaseDrillClips(id: IncidentId): Promise<void>
  onError(error: unknown): void
}

export function createDrillEnds({ clock, load, close, releaseDrillClips, onError }: DrillEndsPort) {
  const closing = new AbortController()

  /** One that a person has joined, or that an operator has taken, stays open. */
  async function end(id: IncidentId, result: DrillResult): Promise<void> {
    const { kind, state } = await load(id)
    if (kind !== 'drill' || state !== 'open') return
    await close(id, drillText(result), 'lamppost', { code: 'drill' })
    await releaseDrillClips(id)
  }
  return {
    end,
    /** For every entry that is durable. */
    onEntry(entry: Entry): void {
      if (entry.kind !== 'drill.finished' || entry.body.by === 'schedule') return
      const { body } = entry
      void clock
        .sleep(HAND_DRILL_SEEN_MS, closing.signal)
        .then(() => (closing.signal.aborted ? undefined : end(body.incident, body)))
        .catch(onError)
    },
    close: (): void => closing.abort(),
  }
}

/** Drills that a restart has cut short. */
export const cutShort = (
  unfinished: readonly Incident[],
  drillOf: (helpPoint: HelpPointId) => DrillResult | null,
): ReturnType<DrillPort['cutShort']> =>
  unfinished.flatMap(({ id, helpPoint, kind, state, openedAt, presses }) => {
    if (kind !== 'drill' || state !== 'open') return []
    const last = drillOf(helpPoint)
    const result = last?.incident === id ? last : null
    return [{ incident: id, helpPoint, at: openedAt, by: presses[0]?.source ?? 'schedule', result }]
  })
