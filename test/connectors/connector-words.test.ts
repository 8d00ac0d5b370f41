import { describe, expect, test } from 'vitest'
import { atMost, lineText, markOf, oneLine, pressedText, titleOf } from '../../server/connectors/connector-words.ts'
import type { LogLine } from '../../server/glossary/incident.ts'
import { offLine, onLine } from '../../server/connectors/zoneminder-trigger.ts'
import { NASTY } from './zoneminder-contract.ts'
import { START, closed, framing, incidentOf, opened, pressed, taken } from './told-incident.ts'

const NAMES = { helpPoint: 'Number One Bar', camera: (id: string) => id.toUpperCase(), timezone: 'Europe/London' }
const lines = (notes: boolean, ...drafts: Parameters<typeof incidentOf>): (string | null)[] =>
  incidentOf(opened(), pressed(), ...drafts)
    .log.slice(2)
    .map((line: LogLine) => lineText(line, NAMES, notes))

describe('what a VMS is told', () => {
  test('a drill says so first, and what is late says that', () => {
    expect(titleOf({ kind: 'drill' }, 'High Row', false, null)).toBe('DRILL Help point High Row')
    expect(titleOf({ kind: 'press' }, 'High Row', true, null)).toBe('late: Help point High Row')
    expect(titleOf({ kind: 'press' }, 'High Row', false, 'LP-2026-0042')).toBe('Help point High Row (LP-2026-0042)')
    expect(pressedText(START, NAMES, false)).toBe('Number One Bar: pressed 22:30')
    expect(markOf('darlington', 'inc-1')).toBe('[darlington/inc-1]')
  })
  test('who took it, what the camera proves, and who closed it', () =>
    expect(
      lines(false, framing('cam-12'), framing('cam-12', 'framed'), framing('cam-14', 'failed'), taken(), closed()),
    ).toEqual([
      null,
      '22:30 Number One Bar: CAM-12: framed (stopped and position)',
      '22:30 Number One Bar: CAM-14: not on its preset',
      '22:30 Number One Bar: taken by Sam',
      '22:30 Number One Bar: closed by Sam',
    ]))
  test('what operators type stays here, unless the site says otherwise', () => {
    const note = {
      kind: 'incident.noted',
      actor: 'operator:Sam',
      subject: 'inc-1',
      body: { incident: 'inc-1' as never, text: 'red coat,\nalone' },
    } as const
    const called = {
      kind: 'incident.contacted',
      actor: 'operator:Sam',
      subject: 'inc-1',
      body: { incident: 'inc-1' as never, contact: 'police', outcome: 'they come' },
    } as const
    expect(lines(false, note, called)).toEqual([null, '22:30 Number One Bar: police was called'])
    expect(lines(true, note, called)).toEqual([
      '22:30 Number One Bar: Sam: red coat, alone',
      '22:30 Number One Bar: police was called: they come',
    ])
  })
  test('control characters never pass, and a cut is between characters', () => {
    expect(oneLine('a\r\n\u0000b\u2028c\td')).toBe('a b c d')
    expect(atMost('ŵŵŵŵ', 7)).toBe('ŵŵ…')
    expect(atMost('🚨🚨', 8)).toBe('🚨🚨')
    expect(Buffer.byteLength(atMost('🚨'.repeat(100), 255))).toBeLessThanOrEqual(255)
  })
})

describe('a line to zmtrigger', () => {
  test.each(NASTY)('%j is one line of six fields that fits', (name) => {
    const line = onLine('7', 'Help point', `[darlington/inc-1] ${name}`, 'HELP POINT')
    expect(line.endsWith('\n')).toBe(true)
    expect(line.trimEnd()).not.toMatch(/[\n\r'\\]/)
    const fields = line.trimEnd().split('|')
    expect(fields).toHaveLength(6)
    expect(Buffer.byteLength(fields[3] ?? '')).toBeLessThanOrEqual(31)
    expect(Buffer.byteLength(fields[4] ?? '')).toBeLessThanOrEqual(255)
    // What it is found again by is never what is cut off.
    expect(fields[4]).toContain('[darlington/inc-1]')
  })
  test('its end has no text of anybody', () => expect(offLine('7')).toBe('7|off|0|Help point|closed\n'))
})
