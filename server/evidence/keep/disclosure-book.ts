/**
 * Hand-overs of packages to people outside, as the ledger's entries make them. The secret of a link is known as its
 * hash only.
 */
import type { Disclosure } from '../../glossary/evidence.ts'
import type { Fold, Recorded } from '../../glossary/ledger.ts'
import { type Range, withRange } from './sent-ranges.ts'

/**
 * One of the fetchings that a link is for. `use`: which, from 1 on; `address`: where it was begun. `sent`: what has
 * arrived; `lost`: what was on the way when a connection ended; `again`: how many bytes of that may leave again.
 */
export type Fetching = { use: number; address: string; sent: Range[]; lost: Range[]; again: number }
type Stored = Disclosure & { link: string; fetchings: Fetching[] }

/** Who goes on from a byte in what was lost has all before it. */
function goneOn(fetching: Fetching, { from }: Range): Fetching {
  const { sent, lost, again } = fetching
  const zone = lost.find((each) => each.from <= from && from <= each.to + 1)
  if (!zone) return fetching
  const had = from - zone.from
  return {
    ...fetching,
    sent: withRange(sent, { from: zone.from, to: from - 1 }),
    lost: lost.filter((each) => each !== zone),
    again: again - had,
  }
}
function ended(
  fetching: Fetching,
  { from, handed, arrived }: { from: number; handed: number; arrived: number },
): Fetching {
  const { sent, lost, again } = fetching
  return {
    ...fetching,
    sent: withRange(sent, { from, to: from + arrived - 1 }),
    lost: handed > arrived ? [...lost, { from: from + arrived, to: from + handed - 1 }] : lost,
    again: again + handed - arrived,
  }
}
export type DisclosureBook = ReturnType<typeof createDisclosureBook>

export function createDisclosureBook() {
  const disclosures = new Map<string, Stored>()
  const change = (id: string, to: (known: Stored) => Partial<Stored>): void => {
    const known = disclosures.get(id)
    if (known) disclosures.set(id, { ...known, ...to(known) })
  }
  function open(stored: Stored): Disclosure {
    const { link: _, fetchings: _fetchings, ...disclosure } = stored
    return disclosure
  }
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'disclosure.made') {
        const { disclosure: id, incident: _, ...body } = entry.body
        disclosures.set(id, {
          ...body,
          id,
          madeAt: entry.at,
          madeBy: entry.actor,
          used: 0,
          lastUsedAt: null,
          refused: 0,
          revokedAt: null,
          revokedBy: null,
          fetchings: [],
        })
      } else if (entry.kind === 'disclosure.revoked')
        change(entry.body.disclosure, () => ({ revokedAt: entry.at, revokedBy: entry.body.by }))
      else if (entry.kind === 'disclosure.opened') {
        const { counted, refused, range, address, use } = entry.body
        change(entry.body.disclosure, ({ used, fetchings, refused: before }) => {
          if (refused !== null) return { refused: before + 1 }
          if (counted)
            return {
              lastUsedAt: entry.at,
              used: used + 1,
              fetchings: [...fetchings, { use: used + 1, address, sent: [], lost: [], again: 0 }],
            }
          const on = (each: Fetching): Fetching => (range && each.use === use ? goneOn(each, range) : each)
          return { lastUsedAt: entry.at, fetchings: fetchings.map(on) }
        })
      } else if (entry.kind === 'disclosure.sent') {
        const { body } = entry
        change(body.disclosure, ({ fetchings }) => ({
          fetchings: fetchings.map((each) => (each.use === body.use ? ended(each, body) : each)),
        }))
      }
    },
    save: (): Stored[] => [...disclosures.values()],
    restore(saved: Stored[]): void {
      for (const each of saved) disclosures.set(each.id, each)
    },
    /** Newest first. */
    of: (id: string): Disclosure[] =>
      [...disclosures.values()]
        .filter((each) => each.export === id)
        .toReversed()
        .map(open),
    get: (id: string): Disclosure | null => {
      const found = disclosures.get(id)
      return found ? open(found) : null
    },
    /** The newest first. */
    fetchings: (id: string): Fetching[] => (disclosures.get(id)?.fetchings ?? []).toReversed(),
    /** @param link SHA-256 of the secret, hex */
    byLink: (link: string): Disclosure | null => {
      const found = [...disclosures.values()].find((each) => each.link === link)
      return found ? open(found) : null
    },
  } satisfies Fold & Record<string, unknown>
}
