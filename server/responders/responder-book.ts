/** The links that were made, as the ledger's entries make them. A link's token is known as its hash only. Pure. */
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { EntryBodies, Fold, Recorded } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { ResponderEnd, ResponderLinkId } from '../glossary/responder.ts'

/** `until`: milliseconds since 1970. `key`: SHA-256 of the token, hex. `ended`: before its time was over. */
export type ResponderLink = {
  id: ResponderLinkId
  incident: IncidentId
  contact: string
  name: string
  until: number
  key: string
  ended: ResponderEnd | null
}
/** `place`: the help point; of an incident that was opened again its id, which is no place that was seen before. */
type Seen = { place: string; since: string; elsewhere: boolean }
type Saved = { links: ResponderLink[]; cameras: [CameraId, Seen][]; places: [IncidentId, HelpPointId][] }
export type ResponderBook = ReturnType<typeof createResponderBook>

/** @param onChange hears of each entry that a page of a link may show */
export function createResponderBook({ onChange }: { onChange(incident: IncidentId): void }) {
  const links = new Map<string, ResponderLink>()
  /** Those that have not been revoked, and whose incident was not closed, by incident. */
  const lent = new Map<IncidentId, Set<ResponderLink>>()

  function end(link: ResponderLink, why: ResponderEnd): void {
    link.ended ??= why
    const others = lent.get(link.incident)
    others?.delete(link)
    if (others?.size === 0) lent.delete(link.incident)
  }
  function keep(link: ResponderLink): void {
    links.set(link.id, link)
    if (link.ended === null) lent.set(link.incident, (lent.get(link.incident) ?? new Set()).add(link))
  }
  /** Where each camera looked last, since when, and whether it looked elsewhere before. */
  const cameras = new Map<CameraId, Seen>()
  /** Of incidents that are not closed. */
  const places = new Map<IncidentId, HelpPointId>()
  function noteCamera({ incident, framing }: EntryBodies['framing.changed'], at: string): void {
    if (framing.state === 'failed' || framing.way === 'fixed' || framing.way === 'as-is') return
    const place = places.get(incident) ?? incident
    const known = cameras.get(framing.camera)
    if (known?.place === place) return
    cameras.set(framing.camera, { place, since: at, elsewhere: known !== undefined })
  }
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'responder.lent') {
        const { link: id, incident, contact, name, until, key } = entry.body
        keep({ id, incident, contact, name, until: Date.parse(until), key, ended: null })
      } else if (entry.kind === 'responder.revoked') {
        const link = links.get(entry.body.link)
        if (link) end(link, 'revoked')
      } else if (entry.kind === 'responder.ended') {
        const link = links.get(entry.body.link)
        if (link) end(link, 'time')
      } else if (entry.kind === 'incident.opened') places.set(entry.body.incident, entry.body.helpPoint)
      else if (entry.kind === 'framing.changed') noteCamera(entry.body, entry.at)
      else if (entry.kind === 'incident.closed') {
        const { incident } = entry.body
        places.delete(incident)
        for (const link of lent.get(incident) ?? []) end(link, 'closed')
        return onChange(incident)
      }
      const incident = 'incident' in entry.body ? entry.body.incident : null
      if (incident) onChange(incident)
    },
    save: (): Saved => ({ links: [...links.values()], cameras: [...cameras], places: [...places] }),
    restore(saved: Saved): void {
      for (const link of saved.links) keep({ ...link })
      for (const [camera, known] of saved.cameras) cameras.set(camera, known)
      for (const [incident, helpPoint] of saved.places) places.set(incident, helpPoint)
    },
    /** Since when a camera that looked elsewhere before looks for where it looks now; null: it did not. */
    takenOverAt(camera: CameraId): number | null {
      const known = cameras.get(camera)
      return known?.elsewhere ? Date.parse(known.since) : null
    },
    /** All that are not known to have ended. */
    unended: (): ResponderLink[] => [...lent.values()].flatMap((each) => [...each]),
    get: (id: string): ResponderLink | null => links.get(id) ?? null,
    /** Links of an incident that open now. */
    openOf: (incident: IncidentId, now: number): ResponderLink[] =>
      [...(lent.get(incident) ?? [])].filter(({ until }) => until > now),
    /** Why it does not open; null: it does. */
    endOf: ({ ended, until }: ResponderLink, now: number): ResponderEnd | null =>
      ended ?? (until <= now ? 'time' : null),
  } satisfies Fold & Record<string, unknown>
}
