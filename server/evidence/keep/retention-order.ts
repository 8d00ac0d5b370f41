/**
 * What is kept, in the order in which the site's rule lets it go, kept up to date entry by entry: a page of twenty
 * thousand costs what a page of twenty does. Pure. Not here: when each ends (retention-book's endOf).
 */
import type { IncidentId } from '../../glossary/incident.ts'

/** Later than every time: what has no end comes last. */
const NEVER = '~'

export function createRetentionOrder() {
  /** `<end, or NEVER> <incident>`, in order. */
  const keys: string[] = []
  const keyOf = new Map<IncidentId, string>()

  /** The first place whose key is not before this one. */
  function placeOf(key: string): number {
    let [from, to] = [0, keys.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((keys[middle] ?? '') < key) from = middle + 1
      else to = middle
    }
    return from
  }
  function remove(incident: IncidentId): void {
    const key = keyOf.get(incident)
    if (key === undefined) return
    keys.splice(placeOf(key), 1)
    keyOf.delete(incident)
  }
  return {
    /** @param endsAt UTC ISO 8601; null: never. */
    put(incident: IncidentId, endsAt: string | null): void {
      const key = `${endsAt ?? NEVER} ${incident}`
      if (keyOf.get(incident) === key) return
      remove(incident)
      keys.splice(placeOf(key), 0, key)
      keyOf.set(incident, key)
    },
    remove,
    /** How many end until that time, inclusive. @param at UTC ISO 8601 */
    countUntil: (at: string): number => placeOf(`${at} ${NEVER}`),
    /**
     * @param after `next` of the page before, or null. @param until UTC ISO 8601: only what ends until then; null: all.
     * @returns the incidents of the page, and where the next one begins; null at the end
     */
    page(
      after: string | null,
      limit: number,
      until: string | null = null,
    ): { incidents: IncidentId[]; next: string | null } {
      const begin = after === null ? 0 : placeOf(`${after}\u0000`)
      const end = Math.min(begin + limit, until === null ? keys.length : placeOf(`${until} ${NEVER}`))
      const found = keys.slice(begin, Math.max(begin, end))
      const more = end < (until === null ? keys.length : placeOf(`${until} ${NEVER}`))
      return {
        incidents: found.map((key) => key.slice(key.indexOf(' ') + 1) as IncidentId),
        next: more ? (found.at(-1) ?? null) : null,
      }
    },
  }
}
