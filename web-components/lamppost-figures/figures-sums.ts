/** What the page of figures adds up from a report, and the periods that it offers. Pure. */
import type { ClosureCode } from '../../server/glossary/incident.ts'
import type { HelpPointFigures, PressReport } from '../../server/glossary/register.ts'

/** What a council wants told apart. `open`: not closed yet. */
export const GROUPS = ['genuine', 'mistake', 'malicious', 'unclear', 'open'] as const
export type Group = (typeof GROUPS)[number]
const GROUP_OF: Record<ClosureCode, Group> = {
  helped: 'genuine',
  police: 'genuine',
  hub: 'genuine',
  mistake: 'mistake',
  malicious: 'malicious',
  nobody: 'unclear',
  drill: 'unclear',
  other: 'unclear',
}

export function groupsOf({
  outcomes,
  incidents,
}: Pick<HelpPointFigures, 'outcomes' | 'incidents'>): Record<Group, number> {
  const groups: Record<Group, number> = { genuine: 0, mistake: 0, malicious: 0, unclear: 0, open: 0 }
  let closed = 0
  for (const [code, count] of Object.entries(outcomes) as [ClosureCode, number][]) {
    groups[GROUP_OF[code]] += count
    closed += count
  }
  return { ...groups, open: Math.max(0, incidents - closed) }
}

/** Of all help points together. */
export function sumOf({ helpPoints }: Pick<PressReport, 'helpPoints'>) {
  const sum = (of: (each: HelpPointFigures) => number): number =>
    helpPoints.reduce((total, each) => total + of(each), 0)
  const groups = { genuine: 0, mistake: 0, malicious: 0, unclear: 0, open: 0 }
  for (const each of helpPoints) {
    const own = groupsOf(each)
    for (const group of GROUPS) groups[group] += own[group]
  }
  return {
    presses: sum(({ presses }) => presses),
    repeats: sum(({ repeats }) => repeats),
    incidents: sum(({ incidents }) => incidents),
    drills: { passed: sum(({ drills }) => drills.passed), failed: sum(({ drills }) => drills.failed) },
    groups,
  }
}

export const PERIODS = ['weeks', 'month', 'lastMonth', 'year'] as const
export type Period = (typeof PERIODS)[number]
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
/** @param today the site's local date, as 2026-11-30. @returns dates; the last belongs to it */
export function periodFrom(period: Period, today: string): { from: string; to: string } {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number)
  switch (period) {
    case 'weeks':
      return { from: dateOf(Date.UTC(year, month - 1, day - 27)), to: today }
    case 'month':
      return { from: dateOf(Date.UTC(year, month - 1, 1)), to: today }
    case 'lastMonth':
      return { from: dateOf(Date.UTC(year, month - 2, 1)), to: dateOf(Date.UTC(year, month - 1, 0)) }
    case 'year':
      return { from: `${year}-01-01`, to: today }
    default:
      return period satisfies never
  }
}

/** "7 s", "2:05 min", "1:12 h"; a dash for what was not measured. */
export function spanText(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 60) return `${seconds < 10 ? seconds : Math.round(seconds)} s`
  const [size, unit] = seconds < 3600 ? [60, 'min'] : [3600, 'h']
  const [whole, rest] = [Math.floor(seconds / size), Math.floor(((seconds % size) / size) * 60)]
  return `${whole}:${String(rest).padStart(2, '0')} ${unit}`
}
