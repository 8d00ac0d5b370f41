/** The links that were made, as the ledger's entries make them. A link's token is known as its hash only. Pure. */
import type { IncidentId } from '../glossary/incident.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { ResponderEnd, ResponderLinkId } from '../glossary/responder.ts'

/** `until`: milliseconds since 1970. `key`: SHA-256 of the token, hex. `ended`: before its time was over. */
export type ResponderLink = {
  id: ResponderLinkId
  incident: IncidentId
  contact: string
  name: string
  until: number
  key: string
  ended: 'revoked' | 'closed' | null
}
export type ResponderBook = ReturnType<typeof createResponderBook>

/** @param onChange hears of each entry that a page of a link may show */
export function createResponderBook({ onChange }: { onChange(incident: IncidentId): void }) {
  const links = new Map<string, ResponderLink>()
  /** Those that have not been revoked, and whose incident was not closed, by incident. */
  const lent = new Map<IncidentId, Set<ResponderLink>>()

  function end(link: ResponderLink, why: 'revoked' | 'closed'): void {
    link.ended ??= why
    const others = lent.get(link.incident)
    others?.delete(link)
    if (others?.size === 0) lent.delete(link.incident)
  }
  function keep(link: ResponderLink): void {
    links.set(link.id, link)
    if (link.ended === null) lent.set(link.incident, (lent.get(link.incident) ?? new Set()).add(link))
  }
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'responder.lent') {
        const { link: id, incident, contact, name, until, key } = entry.body
        keep({ id, incident, contact, name, until: Date.parse(until), key, ended: null })
      } else if (entry.kind === 'responder.revoked') {
        const link = links.get(entry.body.link)
        if (link) end(link, 'revoked')
      } else if (entry.kind === 'incident.closed') {
        const { incident } = entry.body
        for (const link of lent.get(incident) ?? []) end(link, 'closed')
        return onChange(incident)
      }
      const incident = 'incident' in entry.body ? entry.body.incident : null
      if (incident) onChange(incident)
    },
    save: (): ResponderLink[] => [...links.values()],
    restore: (saved: ResponderLink[]): void => saved.forEach((link) => keep({ ...link })),
    get: (id: string): ResponderLink | null => links.get(id) ?? null,
    /** Links of an incident that open now. */
    openOf: (incident: IncidentId, now: number): ResponderLink[] =>
      [...(lent.get(incident) ?? [])].filter(({ until }) => until > now),
    /** Why it does not open; null: it does. */
    endOf: ({ ended, until }: ResponderLink, now: number): ResponderEnd | null =>
      ended ?? (until <= now ? 'time' : null),
  } satisfies Fold & Record<string, unknown>
}
