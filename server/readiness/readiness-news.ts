/** News of help points: what proves each, as soon as an entry changes it. */
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { HelpPointProof } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'

/** The help points whose proof an entry changes. */
const changedBy = (entry: Entry, incident: (id: IncidentId) => Incident): HelpPointId | null => {
  switch (entry.kind) {
    case 'drill.finished':
    case 'chain.finished':
    case 'voice.proved':
    case 'voice.failed':
    case 'incident.opened':
      return entry.body.helpPoint
    case 'incident.closed':
    case 'incident.reopened':
      return incident(entry.body.incident).helpPoint
    default:
      return null
  }
}

export function createReadinessNews(port: {
  helpPoint(id: string): HelpPoint | undefined
  /** The incident that is open there. */
  incidentAt(id: HelpPointId): IncidentId | null
  incident(id: IncidentId): Incident
  proofOf(helpPoint: HelpPoint): HelpPointProof
  publish(news: LiveNews): void
}) {
  function publish(id: HelpPointId): void {
    const found = port.helpPoint(id)
    if (!found) return
    const data = { helpPoint: id, incident: port.incidentAt(id), ...port.proofOf(found) }
    port.publish({ event: 'help-point.health', data })
  }
  return {
    publish,
    /** For every entry that is durable. */
    onEntry(entry: Entry): void {
      const changed = changedBy(entry, port.incident)
      if (changed !== null) publish(changed)
    },
  }
}
