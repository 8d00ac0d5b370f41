/** A place's wall clock: which moment is meant by a local time of day, daylight saving included. Pure. */

/** Making one costs a hundred times what using it does. */
const formats = new Map<string, Intl.DateTimeFormat>()
function formatOf(timezone: string): Intl.DateTimeFormat {
  const made =
    formats.get(timezone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  formats.set(timezone, made)
  return made
}

/** The zone's wall clock minus UTC at that moment, milliseconds. */
export function offsetAt(ms: number, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(new Date(ms))
  const at = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  return (
    Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second')) -
    Math.floor(ms / 1000) * 1000
  )
}

/** The local time of day, as 04:30. */
export const localTime = (ms: number, timezone: string): string =>
  new Date(ms + offsetAt(ms, timezone)).toISOString().slice(11, 16)

/** The local date and time, as 2026-11-24 04:30:07. */
export const localDateTime = (ms: number, timezone: string): string =>
  new Date(ms + offsetAt(ms, timezone)).toISOString().slice(0, 19).replace('T', ' ')

/** Whether a street is quiet and mostly empty then: from 23:00 to 07:00. @param time as 04:30 */
export const isNight = (time: string): boolean => time >= '23:00' || time < '07:00'

/** The local date, as 2026-11-24. */
export const localDate = (ms: number, timezone: string): string =>
  new Date(ms + offsetAt(ms, timezone)).toISOString().slice(0, 10)

/**
 * The moment of a local time on a local date. One that clocks skip is as long after midnight as if they did not; of
 * one that comes twice, the first.
 */
export function momentOf(date: string, time: string, timezone: string): number {
  const asUtc = Date.parse(`${date}T${time}:00Z`)
  const early = asUtc - offsetAt(asUtc - 86_400_000, timezone)
  const late = asUtc - offsetAt(asUtc + 86_400_000, timezone)
  const fits = [early, late].sort((a, b) => a - b).find((moment) => moment + offsetAt(moment, timezone) === asUtc)
  return fits ?? early
}

/** The calendar day so many days on; days of 23 and of 25 hours are days, too. */
export const dayFrom = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The next moment after `now` when the place's clocks show `time`. @param time as "04:30" */
export function nextLocal(now: number, timezone: string, time: string): number {
  const today = localDate(now, timezone)
  return (
    [0, 1, 2].map((days) => momentOf(dayFrom(today, days), time, timezone)).find((moment) => moment > now) ??
    now + 86_400_000
  )
}

/** The last moment up to `now` when the place's clocks showed `time`. */
export function lastLocal(now: number, timezone: string, time: string): number {
  const today = localDate(now, timezone)
  return (
    [0, -1, -2].map((days) => momentOf(dayFrom(today, days), time, timezone)).find((moment) => moment <= now) ??
    now - 86_400_000
  )
}
