/** What each VMS was told of each incident, as the ledger's entries make it. A fold: nothing is kept beside the ledger. */
import type { CameraId } from '../glossary/camera.ts'
import type { Verb } from '../glossary/connector.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { TheirEvent, ToldSoFar } from './connector-plan.ts'

type Told = {
  kind: 'press' | 'drill'
  done: string[]
  events: TheirEvent[]
  closedAt: string | null
  lockedUntil?: string | null
}
type Heard = {
  product: string
  drills: boolean
  lastReadBack: string | null
  lastTested: string | null
  failing: string | null
}
type Saved = [string, Heard, [IncidentId, Told][]][]

export type ConnectorBook = ReturnType<typeof createConnectorBook>

export function createConnectorBook() {
  const connectors = new Map<string, Heard & { incidents: Map<IncidentId, Told> }>()

  /** Each connector that still has to do with this incident. */
  function forEach(incident: IncidentId, change: (told: Told) => void): void {
    for (const { incidents } of connectors.values()) {
      const told = incidents.get(incident)
      if (told) change(told)
    }
  }
  const of = (connector: string, incident: IncidentId): Told | undefined =>
    connectors.get(connector)?.incidents.get(incident)

  function hear(entry: Extract<Recorded, { kind: 'connector.told' }>): void {
    const { connector, incident, verb, part, how, id, camera, late } = entry.body
    const heard = connectors.get(connector)
    if (heard && how === 'read-back') heard.lastReadBack = entry.at
    const told = heard?.incidents.get(incident)
    if (!told) return
    told.done.push(`${verb} ${part}`)
    if ((verb === 'raise' || verb === 'mark') && id !== null && !told.events.some((event) => event.id === id))
      told.events.push({
        id,
        camera,
        alarm: verb === 'raise',
        protected: false,
        ended: late,
        over: false,
        released: false,
      })
    const event = told.events.find((each) => each.id === part)
    if (!event) return
    if (verb === 'protect') event.protected = true
    if (verb === 'ended') event.ended = true
    if (verb === 'release') event.released = true
  }

  const book = {
    apply(entry: Recorded): void {
      switch (entry.kind) {
        case 'connector.opened': {
          const { connector, product, drills } = entry.body
          const known = connectors.get(connector)
          if (known) Object.assign(known, { product, drills })
          else
            connectors.set(connector, {
              product,
              drills,
              lastReadBack: null,
              lastTested: null,
              failing: null,
              incidents: new Map(),
            })
          return
        }
        case 'connector.closed':
          connectors.delete(entry.body.connector)
          return
        case 'incident.opened':
          for (const { incidents } of connectors.values())
            incidents.set(entry.body.incident, { kind: entry.body.kind, done: [], events: [], closedAt: null })
          return
        case 'press.received':
        case 'press.coalesced': {
          const kind = entry.kind === 'press.received' ? entry.body.press.kind : entry.body.kind
          if (kind === 'press') forEach(entry.body.incident, (told) => (told.kind = 'press'))
          return
        }
        case 'incident.closed':
          forEach(entry.body.incident, (told) => (told.closedAt = entry.at))
          for (const { drills, incidents } of connectors.values())
            if (!drills && incidents.get(entry.body.incident)?.kind === 'drill') incidents.delete(entry.body.incident)
          return
        case 'incident.reopened':
          forEach(entry.body.incident, (told) => {
            told.closedAt = null
            // What was ended is over: somebody looks at it again, so an alarm is raised again.
            for (const event of told.events) if (event.ended) event.over = true
          })
          return
        case 'clip.locked':
          forEach(entry.body.incident, (told) => (told.lockedUntil = entry.body.until))
          return
        case 'clip.unlocked':
          forEach(entry.body.incident, (told) => delete told.lockedUntil)
          return
        case 'connector.told':
          hear(entry)
          return
        case 'connector.not-told':
          if (entry.body.lasting)
            of(entry.body.connector, entry.body.incident)?.done.push(`${entry.body.verb} ${entry.body.part}`)
          return
        case 'connector.lost': {
          const { connector, incident, what, id } = entry.body
          const told = of(connector, incident)
          const event = told?.events.find((each) => each.id === id)
          if (!told || !event) return
          if (what === 'alarm') event.over = true
          else {
            event.protected = false
            told.done = told.done.filter((key) => key !== `protect ${id}`)
          }
          return
        }
        case 'connector.finished':
          connectors.get(entry.body.connector)?.incidents.delete(entry.body.incident)
          return
        case 'connector.failing': {
          const heard = connectors.get(entry.body.connector)
          if (heard) heard.failing = entry.body.problem
          return
        }
        case 'connector.tested': {
          const heard = connectors.get(entry.body.connector)
          if (heard) heard.lastTested = entry.at
          return
        }
        case 'connector.recovered': {
          const heard = connectors.get(entry.body.connector)
          if (heard) heard.failing = null
          return
        }
      }
    },
    save: (): Saved =>
      [...connectors].map(([id, { incidents, ...heard }]) => [id, heard, structuredClone([...incidents])]),
    restore(saved: Saved): void {
      for (const [id, heard, incidents] of saved) connectors.set(id, { ...heard, incidents: new Map(incidents) })
    },
    ids: (): string[] => [...connectors.keys()],
    heard: (connector: string): Readonly<Heard> | null => connectors.get(connector) ?? null,
    /** Incidents that this VMS has not been told everything of. A drill is not, where drills are not told. */
    unfinished(connector: string): IncidentId[] {
      const found = connectors.get(connector)
      if (!found) return []
      return [...found.incidents].flatMap(([id, { kind }]) => (kind === 'drill' && !found.drills ? [] : [id]))
    },
    told(connector: string, incident: IncidentId): ToldSoFar | null {
      const told = of(connector, incident)
      return told ? { ...told, done: new Set(told.done) } : null
    },
    /** Alarms that should still be going on: their incidents are open. */
    living(connector: string): { incident: IncidentId; event: TheirEvent }[] {
      const found = connectors.get(connector)
      if (!found) return []
      return [...found.incidents].flatMap(([incident, { events, closedAt }]) =>
        closedAt === null
          ? events.filter(({ over, ended }) => !over && !ended).map((event) => ({ incident, event }))
          : [],
      )
    },
    isLiving: (connector: string, incident: IncidentId, id: string): boolean =>
      of(connector, incident)?.events.some((event) => event.id === id && !event.over && !event.ended) ?? false,
    /** Whether another incident has an alarm on this camera that goes on. */
    isAlarmed(connector: string, incident: IncidentId, camera: CameraId): boolean {
      const others = [...(connectors.get(connector)?.incidents ?? [])].filter(([other]) => other !== incident)
      return others.some(([, { events }]) =>
        events.some((event) => event.camera === camera && !event.ended && !event.over),
      )
    },
    /**
     * Whether another incident needs what this act would end: an alarm on the same camera goes on, and an event that
     * both are in stays kept.
     */
    isShared(connector: string, incident: IncidentId, verb: Verb, id: string): boolean {
      const found = connectors.get(connector)
      const mine = found?.incidents.get(incident)?.events.find((event) => event.id === id)
      if (!found || !mine) return false
      return [...found.incidents].some(([other, { events }]) => {
        if (other === incident) return false
        if (verb === 'ended') return events.some(({ camera, ended, over }) => camera === mine.camera && !ended && !over)
        return events.some((event) => event.id === id && event.protected && !event.released)
      })
    },
  } satisfies Fold & Record<string, unknown>
  return book
}
