/** All incidents as the ledger's entries make them. Follows entries in order; decides nothing. */
import type { Incident, IncidentId, IncidentState } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import { foldIncident, incidentOf } from './incident-machine.ts'

export type IncidentBook = ReturnType<typeof createIncidentBook>

export function createIncidentBook() {
  const incidents = new Map<IncidentId, Incident>()
  const openAt = new Map<HelpPointId, IncidentId>()

  return {
    follow(entry: Recorded): void {
      const id = incidentOf(entry)
      if (id === null) return
      const incident = foldIncident(incidents.get(id) ?? null, entry)
      if (!incident) return
      incidents.set(id, incident)
      if (incident.state !== 'closed') openAt.set(incident.helpPoint, id)
      else if (openAt.get(incident.helpPoint) === id) openAt.delete(incident.helpPoint)
    },
    /** The incident that a press of this help point joins. */
    openAt(helpPoint: HelpPointId): Incident | null {
      const id = openAt.get(helpPoint)
      return (id && incidents.get(id)) ?? null
    },
    /** @throws incident/unknown */
    get(id: string): Incident {
      const incident = incidents.get(id as IncidentId)
      if (!incident) throw new Failure('incident/unknown', `There is no incident "${id}".`)
      return incident
    },
    all: (): Incident[] => [...incidents.values()],
    unfinished: (): Incident[] => [...openAt.values()].flatMap((id) => incidents.get(id) ?? []),
    /** Newest first; `after` is the id of the last one already seen. */
    page(state: IncidentState | null, after: string | null, limit: number): { items: Incident[]; next: IncidentId | null } {
      const wanted = [...incidents.values()].filter((incident) => state === null || incident.state === state).reverse()
      const start = after === null ? 0 : wanted.findIndex(({ id }) => id === after) + 1
      const items = wanted.slice(start, start + limit)
      return { items, next: start + limit < wanted.length ? (items.at(-1)?.id ?? null) : null }
    },
  }
}
