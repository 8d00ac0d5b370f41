/** Types only: what is asked of all incidents there ever were, and the figures of a period. */
import type { ClosureCode, IncidentId, IncidentState } from './incident.ts'

/** Which incidents are looked for; null: any. Times are milliseconds since 1970, of when it was opened; `to` is not in it. */
export type IncidentFilter = {
  state: IncidentState | null
  from: number | null
  to: number | null
  helpPoint: string | null
  outcome: ClosureCode | null
  /** Who has taken it, written in it or closed it, by their whole name. */
  person: string | null
  /** One incident alone. */
  id: IncidentId | null
  /** Words in notes, in what contacts said, and in reasons: all of them, each by its beginning. */
  q: string | null
}
/** Newest first; `next`: the last of these, null when there are no more. */
export type FoundIncidents = { ids: IncidentId[]; next: IncidentId | null }

/** Seconds; null where nothing was measured. */
export type Spread = { p50: number | null; p90: number | null }
/**
 * Of one help point in a period. `presses`: by persons, whenever each was pressed; `repeats`: those of them that joined
 * an incident that was open. Times are of incidents that were opened in the period, from the press on. `toFirstWords`:
 * until operator and caller had heard each other; `toArranged`: until somebody was called for help.
 */
export type HelpPointFigures = {
  helpPoint: string
  presses: number
  repeats: number
  incidents: number
  outcomes: Partial<Record<ClosureCode, number>>
  toAccept: Spread
  toFirstWords: Spread
  toArranged: Spread
  toClose: Spread
  drills: { passed: number; failed: number }
}
/** Names nobody. Hours and weekdays are the site's, Monday first, and count presses. */
export type PressReport = {
  from: string
  to: string
  timezone: string
  helpPoints: HelpPointFigures[]
  byHour: number[]
  byWeekday: number[]
}
