/** Times for people: the site's zone, and the zone said. Pure. */

/** "03:43:38 GMT" */
export function clockTime(iso: string, timezone: string, withZone = true): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
    timeZoneName: 'short',
  }).formatToParts(new Date(iso))
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('hour')}:${part('minute')}:${part('second')}${withZone ? ` ${part('timeZoneName')}` : ''}`
}

/** "03:43:38.4 GMT": for stepping through frames. */
export function preciseTime(iso: string, timezone: string): string {
  const [time = '', zone = ''] = clockTime(iso, timezone).split(' ')
  return `${time}.${Math.floor(new Date(iso).getUTCMilliseconds() / 100)} ${zone}`
}

/** "Tue 24 Nov 2026, 03:43:38 GMT" */
export function dayAndTime(iso: string, timezone: string, locale = 'en-GB'): string {
  const day = new Intl.DateTimeFormat(locale, {
    timeZone: timezone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(new Date(iso))
  return `${day}, ${clockTime(iso, timezone)}`
}

/** "22:30": a moment of this day or the next. */
export const shortTime = (iso: string, timezone: string): string => clockTime(iso, timezone, false).slice(0, 5)

/** "Fri 21:00" */
export const dayAndHour = (iso: string, timezone: string, locale = 'en-GB'): string =>
  `${new Intl.DateTimeFormat(locale, { timeZone: timezone, weekday: 'short' }).format(new Date(iso))} ${shortTime(iso, timezone)}`

/** "0:07", "12:40", "1:02:03" */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  return hours > 0
    ? `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
    : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
}
