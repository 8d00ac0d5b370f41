/** The figures of a period from the register's rows. Pure; names nobody. */
import type { ClosureCode } from '../../glossary/incident.ts'
import type { HelpPointFigures, PressReport, Spread } from '../../glossary/register.ts'
import { CLOSURE_CODES } from '../../glossary/incident.ts'
import { csvText } from '../../tools/csv.ts'
import { offsetAt } from '../../tools/local-time.ts'
import type { DrillRow, PressRow, RegisterRow } from './register-row.ts'

const DAY_MS = 86_400_000
const NOBODY: Spread = { p50: null, p90: null }

/** Hour and weekday (0: Monday) of a place's clocks. Asking the calendar costs more than all the rest: once a day. */
function localParts(timezone: string): (at: number) => { hour: number; weekday: number } {
  const days = new Map<number, number | null>()
  /** Of a day on which the clocks do not change; null: they do. */
  const offsetOf = (day: number): number | null => {
    const known = days.get(day)
    if (known !== undefined) return known
    const [begin, end] = [offsetAt(day * DAY_MS, timezone), offsetAt((day + 1) * DAY_MS, timezone)]
    days.set(day, begin === end ? begin : null)
    return begin === end ? begin : null
  }
  return (at) => {
    const local = at + (offsetOf(Math.floor(at / DAY_MS)) ?? offsetAt(at, timezone))
    // 1 January 1970 was a Thursday.
    return { hour: Math.floor((local % DAY_MS) / 3_600_000), weekday: (Math.floor(local / DAY_MS) + 3) % 7 }
  }
}

/** The middle one, and the one that nine of ten are not above (nearest rank). @param spans milliseconds */
function spreadOf(spans: readonly number[]): Spread {
  if (spans.length === 0) return NOBODY
  const sorted = spans.toSorted((a, b) => a - b)
  const rank = (share: number): number => Math.round((sorted[Math.ceil(sorted.length * share) - 1] ?? 0) / 100) / 10
  return { p50: rank(0.5), p90: rank(0.9) }
}

function byHelpPoint<Row extends { helpPoint: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.helpPoint) ?? []
    group.push(row)
    groups.set(row.helpPoint, group)
  }
  return groups
}

type Facts = { incidents: readonly RegisterRow[]; presses: readonly PressRow[]; drills: readonly DrillRow[] }

function figuresOf(helpPoint: string, { incidents, presses, drills }: Facts): HelpPointFigures {
  const outcomes: Partial<Record<ClosureCode, number>> = {}
  for (const { code } of incidents) if (code !== null) outcomes[code] = (outcomes[code] ?? 0) + 1
  const until = (at: (row: RegisterRow) => number | null): Spread =>
    spreadOf(
      incidents.flatMap((row) => {
        const moment = at(row)
        // A clock that was set back has measured nothing.
        return moment === null || moment < row.calledAt ? [] : [moment - row.calledAt]
      }),
    )
  const counted = (rows: readonly PressRow[]): number => rows.reduce((sum, { count }) => sum + count, 0)
  return {
    helpPoint,
    presses: counted(presses),
    repeats: presses.reduce((sum, { count, isRepeat }) => sum + (isRepeat ? count : count - 1), 0),
    incidents: incidents.length,
    outcomes,
    toAccept: until(({ acceptedAt }) => acceptedAt),
    toFirstWords: until(({ wordsAt }) => wordsAt),
    toArranged: until(({ arrangedAt }) => arrangedAt),
    toClose: until(({ closedAt }) => closedAt),
    drills: {
      passed: drills.filter(({ passed }) => passed).length,
      failed: drills.filter((each) => !each.passed).length,
    },
  }
}

/**
 * @param facts incidents that were opened in the period, presses and drills that were in it
 * @param helpPoints of the site, in its order; others that were there then follow
 */
export function pressReport(
  facts: Facts,
  period: Pick<PressReport, 'from' | 'to' | 'timezone'>,
  helpPoints: readonly string[],
): PressReport {
  const partsAt = localParts(period.timezone)
  const byHour = Array.from({ length: 24 }, () => 0)
  const byWeekday = Array.from({ length: 7 }, () => 0)
  for (const { at, count } of facts.presses) {
    const { hour, weekday } = partsAt(at)
    byHour[hour] = (byHour[hour] ?? 0) + count
    byWeekday[weekday] = (byWeekday[weekday] ?? 0) + count
  }
  const [incidents, presses, drills] = [
    byHelpPoint(facts.incidents.filter(({ kind }) => kind === 'press')),
    byHelpPoint(facts.presses),
    byHelpPoint(facts.drills),
  ]
  const all = new Set([...helpPoints, ...[...incidents.keys(), ...presses.keys(), ...drills.keys()].toSorted()])
  return {
    ...period,
    helpPoints: [...all].map((id) =>
      figuresOf(id, {
        incidents: incidents.get(id) ?? [],
        presses: presses.get(id) ?? [],
        drills: drills.get(id) ?? [],
      }),
    ),
    byHour,
    byWeekday,
  }
}

/** One row for each help point. */
export function reportCsv({ helpPoints }: PressReport, nameOf: (helpPoint: string) => string): string {
  const spreads = ['toAccept', 'toFirstWords', 'toArranged', 'toClose'] as const
  const header = [
    'help point',
    'name',
    'presses',
    'repeats',
    'incidents',
    ...CLOSURE_CODES,
    ...spreads.flatMap((name) => [`${name} p50 s`, `${name} p90 s`]),
    'drills passed',
    'drills failed',
  ]
  return csvText([
    header,
    ...helpPoints.map((each) => [
      each.helpPoint,
      nameOf(each.helpPoint),
      each.presses,
      each.repeats,
      each.incidents,
      ...CLOSURE_CODES.map((code) => each.outcomes[code] ?? 0),
      ...spreads.flatMap((name) => [each[name].p50, each[name].p90]),
      each.drills.passed,
      each.drills.failed,
    ]),
  ])
}

const [EARLIEST, LATEST] = [0, Date.UTC(3000, 0, 1)]

/**
 * The period that two texts mean: moments (ISO 8601 with a zone), or local dates, of which the last belongs to it.
 * @returns milliseconds; null for what was left out
 * @throws in words for one that is neither, or a period that ends before it begins
 */
export function periodOf(
  from: string | undefined,
  to: string | undefined,
  timezone: string,
  momentOf: (date: string, time: string, timezone: string) => number,
): { from: number | null; to: number | null } {
  const read = (name: string, text: string | undefined, isEnd: boolean): number | null => {
    if (text === undefined) return null
    const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
    const noon = Date.parse(`${text}T12:00:00Z`)
    const moment = isDate
      ? Number.isNaN(noon) || new Date(noon).toISOString().slice(0, 10) !== text
        ? Number.NaN
        : momentOf(isEnd ? new Date(noon + DAY_MS).toISOString().slice(0, 10) : text, '00:00', timezone)
      : /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text)
        ? Date.parse(text)
        : Number.NaN
    if (!(moment >= EARLIEST && moment < LATEST))
      throw new Error(
        `${name}: "${text}" is neither a date (2026-11-30) nor a moment with its zone (2026-11-30T21:00:00Z) of 1970 to 2999.`,
      )
    return moment
  }
  const period = { from: read('from', from, false), to: read('to', to, true) }
  if (period.from !== null && period.to !== null && period.from >= period.to)
    throw new Error(`The period ends (to: ${to}) before it begins (from: ${from}).`)
  return period
}
