/** What a camera says of its clock (ONVIF Core, SystemDateAndTime). Pure. */
import { type XmlElement, elementIn, textIn } from './onvif-reply.ts'

/**
 * Milliseconds since 1970 by the camera's clock: its UTC, else its local time by its zone; a zone that cannot be read
 * is none. Null when it tells no time.
 */
export function cameraTimeOf(answer: XmlElement): number | null {
  const told = elementIn(answer, 'SystemDateAndTime') ?? {}
  const utc = momentIn(elementIn(told, 'UTCDateTime'))
  if (utc !== null) return utc
  const local = momentIn(elementIn(told, 'LocalDateTime'))
  return local === null ? null : local - zoneOffsetMs(textIn(elementIn(told, 'TimeZone') ?? {}, 'TZ') ?? '', local)
}

function momentIn(dateTime: XmlElement | null): number | null {
  const date = dateTime && elementIn(dateTime, 'Date')
  const time = dateTime && elementIn(dateTime, 'Time')
  if (!date || !time) return null
  const [year, month, day] = ['Year', 'Month', 'Day'].map((name) => Number(textIn(date, name) ?? Number.NaN))
  const [hour, minute, second] = ['Hour', 'Minute', 'Second'].map((name) => Number(textIn(time, name) ?? Number.NaN))
  const ms = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second)
  // Whole seconds only: on average the camera is half a second further on.
  return Number.isFinite(ms) ? ms + 500 : null
}

const RULE = /^M(\d{1,2})\.(\d)\.(\d)(?:\/(-?\d{1,3})(?::(\d\d))?)?/
/**
 * Local time minus UTC, milliseconds, by a POSIX TZ (`GMT0BST,M3.5.0/1,M10.5.0`), whose sign is the other way round
 * (CST-8 is eight hours ahead). Without rules, summer time is not guessed.
 */
function zoneOffsetMs(zone: string, local: number): number {
  const [, sign = '', hours, minutes = '0', summer = ''] =
    /^(?:[A-Za-z]{2,}|<[^>]{1,20}>)([+-]?)(\d{1,2})(?::(\d\d))?(?::\d\d)?(.*)$/.exec(zone.trim()) ?? []
  if (hours === undefined) return 0
  const standard = (sign === '-' ? 1 : -1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  const [, from, to] = /^(?:[A-Za-z]{2,}|<[^>]{1,20}>)[^,]*,([^,]+),([^,]+)$/.exec(summer) ?? []
  const [begins, ends] = [from, to].map((rule) => changeOf(rule ?? '', local))
  if (begins == null || ends == null) return standard
  const isSummer = begins < ends ? local >= begins && local < ends : local >= begins || local < ends
  return standard + (isSummer ? 3_600_000 : 0)
}
/** The local moment of `Mm.w.d/h` in this year: weekday d (0 is Sunday) of week w (5 is the last) of month m. */
function changeOf(rule: string, local: number): number | null {
  const [, month, week, day, hour = '2', minute = '0'] = RULE.exec(rule) ?? []
  if (month === undefined) return null
  const year = new Date(local).getUTCFullYear()
  const first = new Date(Date.UTC(year, Number(month) - 1, 1)).getUTCDay()
  const days = new Date(Date.UTC(year, Number(month), 0)).getUTCDate()
  let date = 1 + ((Number(day) - first + 7) % 7) + 7 * (Number(week) - 1)
  if (date > days) date -= 7
  return Date.UTC(year, Number(month) - 1, date, Number(hour), Number(minute))
}
