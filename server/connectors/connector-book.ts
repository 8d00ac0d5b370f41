/** What each VMS was told of each incident, as the ledger's entries make it. A fold: nothing is kept beside the ledger. */
import type { Verb } from '../glossary/connector.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { TheirEvent, ToldSoFar } from './connector-plan.ts'

type Told = {
  kind: 'press' | 'drill'
  done: string[]
  events: TheirEvent[]
  closedAt: string | null
  /** The entry that closed it. */
  closedBy?: number
  lockedUntil?: string | null
  /** Events whose end was left to another incident. */
  goesOn?: string[]
}
type Heard = {
  product: string
  drills: boolean
  lastReadBack: string | null
  lastTested: string | null
  failing: string | null
  /** The site file does not name it any more. */
  away: boolean
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
    const { connector, incident, verb, part, how, id, camera, theirs, late, goesOn } = entry.body
    const heard = connectors.get(connector)
    if (heard && how === 'read-back') heard.lastReadBack = entry.at
    const told = heard?.incidents.get(incident)
    if (!told) return
    told.done.push(`${verb} ${part}`)
    if ((verb === 'raise' || verb === 'mark') && id !== null && !told.events.some((event) => event.id === id))
      told.events.push({
        id,
        camera,
        theirs,
        alarm: verb === 'raise',
        protected: false,
        ended: late,
        over: false,
        released: false,
      })
    const event = told.events.find((each) => each.id === part)
    if (!event) return
    if (verb === 'protect') event.protected = true
    if (verb === 'release') event.released = true
    if (verb !== 'ended') return
    event.ended = true
    if (goesOn) told.goesOn = [...(told.goesOn ?? []), event.id]
    // It was opened again while its end was on the way.
    if (told.closedAt === null) reopen(told)
  }
  /** What was ended is over: somebody looks at it again, so an alarm is raised again; one that goes on is ours again. */
  function reopen(told: Told): void {
    for (const event of told.events)
      if (told.goesOn?.includes(event.id)) {
        event.ended = false
        told.done = told.done.filter((key) => key !== `ended ${event.id}`)
      } else if (event.ended) event.over = true
    delete told.goesOn
  }

  const book = {
    apply(entry: Recorded): void {
      switch (entry.kind) {
        case 'connector.opened': {
          const { connector, product, drills } = entry.body
          const known = connectors.get(connector)
          if (known) Object.assign(known, { product, drills, away: false })
          else
            connectors.set(connector, {
              product,
              drills,
              lastReadBack: null,
              lastTested: null,
              failing: null,
              away: false,
              incidents: new Map(),
            })
          return
        }
        case 'connector.closed': {
          // What it was told stays: when it comes back, its alarms are ended and its footage is let go.
          const known = connectors.get(entry.body.connector)
          if (!known) return
          known.away = true
          for (const [id, { events }] of known.incidents) if (events.length === 0) known.incidents.delete(id)
          if (known.incidents.size === 0) connectors.delete(entry.body.connector)
          return
        }
        case 'incident.opened':
          for (const { away, incidents } of connectors.values())
            if (!away)
              incidents.set(entry.body.incident, { kind: entry.body.kind, done: [], events: [], closedAt: null })
          return
        case 'press.received':
        case 'press.coalesced': {
          const kind = entry.kind === 'press.received' ? entry.body.press.kind : entry.body.kind
          if (kind === 'press')
            forEach(entry.body.incident, (told) => {
              // An alarm that says DRILL is none for a person: it ends, and another one is raised.
              if (told.kind === 'drill') for (const event of told.events) event.over = true
              told.kind = 'press'
            })
          return
        }
        case 'incident.closed':
          forEach(entry.body.incident, (told) => Object.assign(told, { closedAt: entry.at, closedBy: entry.seq }))
          for (const [id, { incidents }] of connectors)
            if (!book.isUnfinished(id, entry.body.incident)) incidents.delete(entry.body.incident)
          return
        case 'incident.noted':
          // What is noted after the closing is told as well.
          forEach(entry.body.incident, (told) => {
            if (told.closedAt !== null) told.closedBy = entry.seq
          })
          return
        case 'incident.reopened':
          // A VMS that had been told everything is told again.
          for (const { away, incidents } of connectors.values())
            if (!away && !incidents.has(entry.body.incident))
              incidents.set(entry.body.incident, { kind: 'press', done: [], events: [], closedAt: null })
          forEach(entry.body.incident, (told) => {
            told.closedAt = null
            reopen(told)
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
          if (what === 'event') event.released = true
          if (what !== 'footage') event.over = true
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
    ids: (): string[] => [...connectors].flatMap(([id, { away }]) => (away ? [] : [id])),
    /** Null: the site file does not name it. */
    heard(connector: string): Readonly<Heard> | null {
      const found = connectors.get(connector)
      return found && !found.away ? found : null
    },
    /**
     * Incidents that this VMS has not been told everything of, those that are open first. A drill is not, where drills
     * are not told; but an alarm that was raised is ended all the same.
     */
    unfinished(connector: string): IncidentId[] {
      const all = [...(connectors.get(connector)?.incidents ?? [])].filter(([id]) => book.isUnfinished(connector, id))
      const isOpen = ([, { closedAt }]: (typeof all)[number]): number => (closedAt === null ? 0 : 1)
      return all.toSorted((x, y) => isOpen(x) - isOpen(y)).map(([id]) => id)
    },
    isUnfinished(connector: string, incident: IncidentId): boolean {
      const found = connectors.get(connector)
      const told = found?.incidents.get(incident)
      return told !== undefined && (told.kind === 'press' || found?.drills === true || told.events.length > 0)
    },
    /**
     * Closed, told, and waiting for nothing but that its footage may go: until then, milliseconds since 1970. Null: there
     * may be something to tell.
     */
    restsUntil(connector: string, incident: IncidentId, keepMs: number): number | null {
      const told = of(connector, incident)
      if (!told || told.closedAt === null || told.events.length === 0) return null
      if (told.events.some(({ ended, over }) => !ended && !over)) return null
      if (told.events.some((event) => !event.protected && !event.released)) return null
      const hasLast = told.done.some((key) => {
        const line = /^note lines of .*: (\d+)$/.exec(key)
        return line !== null && Number(line[1]) >= (told.closedBy ?? Infinity)
      })
      if (!hasLast) return null
      if (told.lockedUntil === null) return Number.MAX_SAFE_INTEGER
      const end = Date.parse(told.closedAt) + (told.kind === 'drill' ? 0 : keepMs)
      return Math.max(end, told.lockedUntil === undefined ? 0 : Date.parse(told.lockedUntil))
    },
    isRaised: (connector: string, incident: IncidentId): boolean => (of(connector, incident)?.events.length ?? 0) > 0,
    /** Null: this VMS has nothing to do with it. */
    isOpen(connector: string, incident: IncidentId): boolean | null {
      const told = of(connector, incident)
      return told ? told.closedAt === null : null
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
    /** Whether another incident that is open has an alarm on this camera of theirs. */
    isAlarmed(connector: string, incident: IncidentId, theirs: string): boolean {
      const others = [...(connectors.get(connector)?.incidents ?? [])].filter(([other]) => other !== incident)
      return others.some(
        ([, { events, closedAt }]) =>
          closedAt === null && events.some((event) => event.theirs === theirs && !event.ended && !event.over),
      )
    },
    /**
     * Whether another incident needs what this act would end: an alarm on the same camera goes on while it is open, and
     * an event that both are in stays kept until both let it go.
     */
    isShared(connector: string, incident: IncidentId, verb: Verb, id: string): boolean {
      const found = connectors.get(connector)
      const mine = found?.incidents.get(incident)?.events.find((event) => event.id === id)
      if (!found || !mine) return false
      if (verb === 'ended') return mine.theirs !== null && book.isAlarmed(connector, incident, mine.theirs)
      return [...found.incidents].some(
        ([other, { events }]) =>
          other !== incident && events.some((event) => event.id === id && event.protected && !event.released),
      )
    },
  } satisfies Fold & Record<string, unknown>
  return book
}
