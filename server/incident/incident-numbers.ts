/**
 * Numbers that people can say on the telephone: the n-th incident of the site's local year, in the order of the ledger.
 * A drill has none, until a person presses into it. A fold: the same entries give the same numbers.
 */
import type { IncidentId } from '../glossary/incident.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import { localDate } from '../tools/local-time.ts'

/** By year. */
type Saved = Record<string, IncidentId[]>
export type IncidentNumbers = ReturnType<typeof createIncidentNumbers>

/** The incident that this entry makes a person's, if it does. */
function calledFor(entry: Recorded): IncidentId | null {
  if (entry.kind === 'incident.opened') return entry.body.kind === 'press' ? entry.body.incident : null
  if (entry.kind === 'press.received') return entry.body.press.kind === 'press' ? entry.body.incident : null
  if (entry.kind === 'press.coalesced') return entry.body.kind === 'press' ? entry.body.incident : null
  return null
}

/** @param site whose year and prefix it is; the year of a number that was given stays */
export function createIncidentNumbers(site: () => { timezone: string; prefix: string }) {
  const years = new Map<string, IncidentId[]>()
  const places = new Map<IncidentId, { year: string; place: number }>()

  function give(id: IncidentId, year: string): void {
    const given = years.get(year) ?? []
    given.push(id)
    years.set(year, given)
    places.set(id, { year, place: given.length })
  }
  return {
    apply(entry: Recorded): void {
      const id = calledFor(entry)
      if (id !== null && !places.has(id)) give(id, localDate(Date.parse(entry.at), site().timezone).slice(0, 4))
    },
    save: (): Saved => Object.fromEntries([...years].map(([year, ids]) => [year, [...ids]])),
    restore(saved: Saved): void {
      for (const [year, ids] of Object.entries(saved)) for (const id of ids) give(id, year)
    },
    /** As LP-2026-0042; null: a drill. */
    of(id: IncidentId): string | null {
      const found = places.get(id)
      return found ? `${site().prefix}-${found.year}-${String(found.place).padStart(4, '0')}` : null
    },
    /** The incident of a number as somebody says or writes it: lp 2026 42. Null: it is no number of this site's. */
    find(text: string): IncidentId | null {
      const [, prefix = '', year = '', place = ''] =
        /^([a-z][a-z0-9]*)[- ](\d{4})[- ](\d{1,9})$/i.exec(text.trim()) ?? []
      if (prefix.toUpperCase() !== site().prefix) return null
      return years.get(year)?.[Number(place) - 1] ?? null
    },
  } satisfies Fold & Record<string, unknown>
}
