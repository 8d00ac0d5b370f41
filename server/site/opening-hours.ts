/** When a safe place is open, as moments: opening hours may cross midnight and the change of the clocks. Pure. */
import type { SafePlace } from '../glossary/site.ts'
import { dayFrom, localDate, momentOf } from '../tools/local-time.ts'
import { isoTime } from '../tools/clock.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const AHEAD_DAYS = 8
const HORIZON_MS = 7 * 86_400_000

/**
 * UTC ISO 8601; `to` is the first moment at which it is closed, null when that is further away than anybody looks.
 * What is over is left out; what touches is one.
 * @param now milliseconds since 1970
 */
export function openings(
  open: SafePlace['open'],
  now: number,
  timezone: string,
): { from: string; to: string | null }[] {
  const today = localDate(now, timezone)
  const spans = Array.from({ length: AHEAD_DAYS + 1 }, (_, i) => dayFrom(today, i - 1)).flatMap((date) => {
    const weekday = DAYS[new Date(`${date}T12:00:00Z`).getUTCDay()] ?? ''
    return open
      .filter(({ days }) => days.includes(weekday))
      .map(({ from, to }) => ({
        from: momentOf(date, from, timezone),
        to: momentOf(to <= from ? dayFrom(date, 1) : date, to, timezone),
      }))
  })
  const merged: { from: number; to: number }[] = []
  // Hours that the clocks skip in spring may end before they begin: there are none that night.
  for (const span of spans.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else merged.push({ ...span })
  }
  const horizon = now + HORIZON_MS
  return merged
    .filter(({ to }) => to > now)
    .map(({ from, to }) => ({ from: isoTime(from), to: to > horizon ? null : isoTime(to) }))
}
