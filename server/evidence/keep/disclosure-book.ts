/**
 * Hand-overs of packages to people outside, as the ledger's entries make them. The secret of a link is known as its
 * hash only.
 */
import type { Disclosure } from '../../glossary/evidence.ts'
import type { Fold, Recorded } from '../../glossary/ledger.ts'

type Stored = Disclosure & { link: string }
export type DisclosureBook = ReturnType<typeof createDisclosureBook>

export function createDisclosureBook() {
  const disclosures = new Map<string, Stored>()
  const change = (id: string, to: (known: Stored) => Partial<Stored>): void => {
    const known = disclosures.get(id)
    if (known) disclosures.set(id, { ...known, ...to(known) })
  }
  function open(stored: Stored): Disclosure {
    const disclosure: Partial<Stored> = { ...stored }
    delete disclosure.link
    return disclosure as Disclosure
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
        })
      } else if (entry.kind === 'disclosure.revoked')
        change(entry.body.disclosure, () => ({ revokedAt: entry.at, revokedBy: entry.body.by }))
      else if (entry.kind === 'disclosure.opened') {
        const { counted, refused } = entry.body
        change(entry.body.disclosure, (known) =>
          refused === null
            ? { used: known.used + (counted ? 1 : 0), lastUsedAt: entry.at }
            : { refused: known.refused + 1 },
        )
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
    /** @param link SHA-256 of the secret, hex */
    byLink: (link: string): Disclosure | null => {
      const found = [...disclosures.values()].find((each) => each.link === link)
      return found ? open(found) : null
    },
  } satisfies Fold & Record<string, unknown>
}
