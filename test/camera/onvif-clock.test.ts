/** What a camera says of its clock, in every way in which cameras say it. */
import { describe, expect, test } from 'vitest'
import { cameraTimeOf } from '../../server/camera/onvif/onvif-clock.ts'
import { readReply } from '../../server/camera/onvif/onvif-reply.ts'

const moment = (name: string, [date = '', time = '']: string[]): string => {
  const [year, month, day] = date.split('-').map(Number)
  const [hour, minute, second] = time.split(':').map(Number)
  return (
    `<${name}><Time><Hour>${hour}</Hour><Minute>${minute}</Minute><Second>${second}</Second></Time>` +
    `<Date><Year>${year}</Year><Month>${month}</Month><Day>${day}</Day></Date></${name}>`
  )
}
function said(...parts: string[]): number | null {
  const body = `<r><SystemDateAndTime>${parts.join('')}</SystemDateAndTime></r>`
  const reply = readReply(
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${body}</s:Body></s:Envelope>`,
  )
  if (reply.kind !== 'body') throw new Error(JSON.stringify(reply))
  return cameraTimeOf(reply.element)
}
const utc = (text: string) => moment('UTCDateTime', text.split(' '))
const local = (text: string) => moment('LocalDateTime', text.split(' '))
const zone = (tz: string): string => `<TimeZone><TZ>${tz}</TZ></TimeZone>`
/** Half a second on: cameras say whole ones. */
const at = (iso: string): number => Date.parse(iso) + 500

test('its UTC counts, whatever its zone and its local time say', () =>
  expect(said(zone('CST-8'), utc('2026-11-28 21:04:07'), local('2020-01-01 00:00:00'))).toBe(
    at('2026-11-28T21:04:07Z'),
  ))

describe('without UTC its local time counts, by its zone:', () => {
  test.each([
    ['GMT0', '2026-11-28 21:04:07', '2026-11-28T21:04:07Z'],
    ['CST-8', '2026-11-28 21:04:07', '2026-11-28T13:04:07Z'],
    ['EST5', '2026-11-28 21:04:07', '2026-11-29T02:04:07Z'],
    ['EST+5', '2026-11-28 21:04:07', '2026-11-29T02:04:07Z'],
    ['&lt;+0530&gt;-5:30', '2026-11-28 21:04:07', '2026-11-28T15:34:07Z'],
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-11-28 21:04:07', '2026-11-28T21:04:07Z'],
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-07-01 21:04:07', '2026-07-01T20:04:07Z'],
    // The last Sunday of March 2026 is the 29th, of October the 25th.
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-03-29 00:59:59', '2026-03-29T00:59:59Z'],
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-03-29 02:00:00', '2026-03-29T01:00:00Z'],
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-10-25 01:59:59', '2026-10-25T00:59:59Z'],
    ['GMT0BST,M3.5.0/1,M10.5.0', '2026-10-25 02:00:00', '2026-10-25T02:00:00Z'],
    // In the south summer goes over the new year.
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-01-15 12:00:00', '2026-01-15T01:00:00Z'],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-07-15 12:00:00', '2026-07-15T02:00:00Z'],
    // Without rules, and with rules that nobody can read, summer time is not guessed.
    ['GMT0BST', '2026-07-01 21:04:07', '2026-07-01T21:04:07Z'],
    ['GMT0BST,J60,J300', '2026-07-01 21:04:07', '2026-07-01T21:04:07Z'],
    // A zone that cannot be read is none.
    ['Europe/London', '2026-07-01 21:04:07', '2026-07-01T21:04:07Z'],
    ['', '2026-07-01 21:04:07', '2026-07-01T21:04:07Z'],
  ])('%s, %s', (tz, text, iso) => expect(said(zone(tz), local(text))).toBe(at(iso)))
  test('and by none where it names none', () =>
    expect(said(local('2026-07-01 21:04:07'))).toBe(at('2026-07-01T21:04:07Z')))
})

test.each([
  ['nothing', ''],
  [
    'a time without a date',
    '<UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time></UTCDateTime>',
  ],
  ['a date without a time', '<UTCDateTime><Date><Year>2026</Year><Month>1</Month><Day>1</Day></Date></UTCDateTime>'],
  ['words for numbers', utc('2026-11-28 21:04:07').replace('<Hour>21</Hour>', '<Hour>nine</Hour>')],
  ['a part left out', utc('2026-11-28 21:04:07').replace('<Month>11</Month>', '')],
])('one that says %s tells no time', (_, text) => expect(said(text)).toBeNull())
