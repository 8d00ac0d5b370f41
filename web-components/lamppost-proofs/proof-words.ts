/** What a help point's proofs say, worst first. Pure. */
import type { HelpPoint } from '../wall-client/api-shapes.ts'

/** `overdue`: nobody knows whether it works. `doubt`: it works, and something about it is not as it should be. */
export type Standing = 'overdue' | 'doubt' | 'proven' | 'unknown'

export function standingOf(helpPoint: HelpPoint): Standing {
  const { overdue, lastDrillResult, lastVoiceDrill, voice, drillAt, heartbeatMs } = helpPoint
  if (overdue.length > 0) return 'overdue'
  if (lastDrillResult && !lastDrillResult.passed) return 'overdue'
  if (lastVoiceDrill?.problem) return 'overdue'
  // A person who telephones there wants to be heard: a picture alone is half of it.
  if (lastDrillResult)
    return lastDrillResult.framing === 'framed' && (!voice || voice.how === 'both-ways') ? 'proven' : 'doubt'
  return drillAt === null && heartbeatMs === null ? 'unknown' : 'doubt'
}

/** How many help points stand how. */
export function countStandings(helpPoints: readonly HelpPoint[]): Record<Standing, number> {
  const counts: Record<Standing, number> = { overdue: 0, doubt: 0, unknown: 0, proven: 0 }
  for (const helpPoint of helpPoints) counts[standingOf(helpPoint)] += 1
  return counts
}
/** The worst of them. */
export const worstOf = (counts: Record<Standing, number>): Standing =>
  (['overdue', 'doubt', 'unknown', 'proven'] as const).find((standing) => counts[standing] > 0) ?? 'unknown'

const RANK: Record<Standing, number> = { overdue: 0, doubt: 1, unknown: 2, proven: 3 }
export const byUrgency = (helpPoints: readonly HelpPoint[]): HelpPoint[] =>
  [...helpPoints].sort((a, b) => RANK[standingOf(a)] - RANK[standingOf(b)] || a.name.localeCompare(b.name))

/** Milliseconds as a person reads them: "3 ms", "1.7 s". */
export const spanOf = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`)
