/**
 * Hand-overs of packages to people outside, as the ledger's entries make them. The secret of a link is known as its
 * hash only.
 */
import type { Disclosure } from '../../glossary/evidence.ts'
import type { Fold, Recorded } from '../../glossary/ledger.ts'
import { type Range, withRange } from './sent-ranges.ts'

/**
 * Of the fetching that is under way: `sent`: what has arrived; `lost`: what was on the way when a connection ended;
 * `again`: how many bytes that was in all.
 */
type Fetching = { sent: Range[]; lost: Range[]; again: number }
type Stored = Disclosure & { link: string } & Fetching
const NOTHING: Fetching = { sent: [], lost: [], again: 0 }

/** Who goes on from a byte in what was lost has all before it. */
function goneOn({ sent, lost, again }: Fetching, { from }: Range): Fetching {
  const zone = lost.find((each) => each.from <= from && from <= each.to + 1)
  if (!zone) return { sent, lost, again }
  return { sent: withRange(sent, { from: zone.from, to: from - 1 }), lost: lost.filter((each) => each !== zone), again }
}
export type DisclosureBook = ReturnType<typeof createDisclosureBook>

export function createDisclosureBook() {
  const disclosures = new Map<string, Stored>()
  const change = (id: string, to: (known: Stored) => Partial<Stored>): void => {
    const known = disclosures.get(id)
    if (known) disclosures.set(id, { ...known, ...to(known) })
  }
  function open(stored: Stored): Disclosure {
    const { link: _, sent: _sent, lost: _lost, again: _again, ...disclosure } = stored
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
          ...NOTHING,
        })
      } else if (entry.kind === 'disclosure.revoked')
        change(entry.body.disclosure, () => ({ revokedAt: entry.at, revokedBy: entry.body.by }))
      else if (entry.kind === 'disclosure.opened') {
        const { counted, refused, range } = entry.body
        change(entry.body.disclosure, (known) =>
          refused === null
            ? {
                lastUsedAt: entry.at,
                ...(counted ? { used: known.used + 1, ...NOTHING } : range ? goneOn(known, range) : {}),
              }
            : { refused: known.refused + 1 },
        )
      } else if (entry.kind === 'disclosure.sent') {
        const { use, from, handed, arrived } = entry.body
        change(entry.body.disclosure, ({ used, sent, lost, again }) =>
          use === used
            ? {
                sent: withRange(sent, { from, to: from + arrived - 1 }),
                lost: handed > arrived ? [...lost, { from: from + arrived, to: from + handed - 1 }] : lost,
                again: again + handed - arrived,
              }
            : {},
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
    /** Of the fetching that is under way: what has left, and how many bytes of it were given up as lost. */
    sentOf: (id: string): Pick<Fetching, 'sent' | 'again'> => disclosures.get(id) ?? NOTHING,
    /** @param link SHA-256 of the secret, hex */
    byLink: (link: string): Disclosure | null => {
      const found = [...disclosures.values()].find((each) => each.link === link)
      return found ? open(found) : null
    },
  } satisfies Fold & Record<string, unknown>
}
