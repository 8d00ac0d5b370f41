import { describe, expect, test } from 'vitest'
import type { Incident, LogLine } from '../../server/glossary/incident.ts'
import type { HelpPointFigures } from '../../server/glossary/register.ts'
import { groupsOf, periodFrom, spanText, sumOf } from '../../web-components/lamppost-figures/figures-sums.ts'
import { marksOf, shareOf, spanOf, stillsOf, timesOf } from '../../web-components/lamppost-incidents/incident-times.ts'
import { sentenceOf } from '../../web-components/lamppost-incidents/log-words.ts'
import { cy } from '../../web-components/words/cy.ts'
import { type Words, en } from '../../web-components/words/en.ts'

const START = Date.parse('2026-11-20T22:00:00Z')
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString()
const line = (seconds: number, kind: string, actor = 'lamppost', body: object = {}): LogLine => ({
  seq: seconds + 1,
  at: at(seconds),
  kind,
  actor,
  body,
})
const pressed = (seconds: number, kind = 'press') =>
  line(seconds, 'press.received', 'help-point:bar', { press: { kind } })
const incident = (log: LogLine[], state: Incident['state'] = 'closed') => ({ log, state, openedAt: at(0), clips: [] })

describe('how long each step took', () => {
  test('runs from the press to the first of each, and to the last closing', () => {
    const log = [
      pressed(0),
      line(4, 'incident.acknowledged', 'operator:Ann'),
      line(6, 'call.connected', 'lamppost', { by: 'Ann' }),
      line(30, 'incident.contacted', 'operator:Ann'),
      line(60, 'incident.closed', 'operator:Ann'),
      line(90, 'incident.reopened', 'operator:Ben'),
      line(120, 'incident.closed', 'supervisor:Sue: II'),
    ]
    expect(timesOf(incident(log))).toEqual({
      accepted: { afterMs: 4000, who: 'Ann' },
      words: { afterMs: 6000, who: 'Ann' },
      arranged: { afterMs: 30_000, who: 'Ann' },
      closed: { afterMs: 120_000, who: 'Sue: II' },
    })
  })
  test('of a drill that a person pressed into, from that press', () => {
    const log = [
      pressed(0, 'drill'),
      line(2, 'incident.acknowledged', 'operator:Ann'),
      pressed(20),
      line(25, 'incident.acknowledged', 'operator:Ben'),
    ]
    expect(timesOf(incident(log, 'acknowledged'))).toMatchObject({
      accepted: { afterMs: 5000, who: 'Ben' },
      closed: { afterMs: null, who: '' },
    })
  })
  test('is not there where nothing was done, or a clock was set back', () => {
    expect(timesOf(incident([pressed(0)], 'open')).accepted).toEqual({ afterMs: null, who: '' })
    expect(timesOf(incident([pressed(0), line(-9, 'incident.closed', 'operator:Ann')])).closed.afterMs).toBe(null)
  })
})

describe('the line of an incident', () => {
  test('reaches from the first thing that is kept to the last', () => {
    const clips = [{ camera: 'a', from: at(-60), to: at(30), playlist: '', gaps: [] }] as unknown as Incident['clips']
    expect(spanOf({ ...incident([pressed(0), line(40, 'incident.closed')]), clips }, START)).toEqual({
      from: START - 60_000,
      to: START + 40_000,
    })
    const growing = [{ ...clips[0], to: null }] as Incident['clips']
    expect(spanOf({ ...incident([pressed(0)]), clips: growing }, START + 99_000).to).toBe(START + 99_000)
  })
  test('has a length also where everything is one moment', () => {
    const span = spanOf(incident([pressed(0)]), START)
    expect(span.to).toBeGreaterThan(span.from)
    expect([shareOf(span.from, span), shareOf(span.to, span), shareOf(span.from - 5000, span)]).toEqual([0, 1, 0])
  })
  test('has a mark for each act, and none for what machines write', () => {
    const log = [pressed(0), line(1, 'framing.changed'), line(2, 'incident.noted'), line(3, 'toString')]
    expect(marksOf({ log })).toEqual([
      { at: START, kind: 'press' },
      { at: START + 2000, kind: 'note' },
    ])
  })
  test('pictures of a report are around the press, within what is kept, each once', () => {
    const clip = { from: at(-60), to: at(40) }
    expect(stillsOf(clip, START, START).map((ms) => (ms - START) / 1000)).toEqual([-5, 0, 10, 38])
    expect(stillsOf({ from: at(-2), to: null }, START, START + 12_000).map((ms) => (ms - START) / 1000)).toEqual([
      0, 10,
    ])
    expect(stillsOf({ from: at(0), to: at(1) }, START, START)).toEqual([])
  })
})

describe('the log in sentences', () => {
  const names = { camera: (id: string) => `<${id}>`, contact: (id: string) => `[${id}]`, time: () => '22:00' }
  const said = (kind: string, body: object, words: Words = en) =>
    sentenceOf(line(0, kind, 'operator:Ann', body), names, words)
  test.each([
    ['incident.acknowledged', { owner: 'Ann' }, 'Ann took it'],
    ['incident.acknowledged', { owner: 'Ann', from: 'Ben' }, 'Ann took it over from Ben'],
    ['incident.noted', { text: 'red coat' }, 'Ann: red coat'],
    ['incident.contacted', { contact: 'police', outcome: 'on their way' }, '[police]: on their way'],
    ['framing.changed', { framing: { camera: 'cam-1', state: 'framed' } }, '<cam-1> shows the place, proved'],
    ['framing.changed', { framing: { camera: 'cam-1', state: 'moving' } }, null],
    ['clip.held', { camera: 'cam-1', from: at(0), to: null }, 'The recording of <cam-1> is kept from 22:00'],
    ['clip.held', { camera: 'cam-1', from: at(0), to: at(1) }, null],
    ['connector.finished', {}, null],
    ['constructor', {}, null],
  ])('%s %j: %s', (kind, body, sentence) => {
    expect(said(kind, body)).toBe(sentence)
  })
  test('are Welsh where the reader is', () => {
    expect(said('incident.acknowledged', { owner: 'Ann' }, cy)).toBe('Cymerodd Ann ef')
  })
  test('what this person may not read, and an entry of another version, say nothing', () => {
    expect(sentenceOf({ ...line(0, 'incident.noted'), actor: '', body: {} }, names, en)).toBe(null)
    expect(said('framing.changed', {})).toBe(null)
  })
})

describe('the page of figures', () => {
  const figures = (part: Partial<HelpPointFigures>): HelpPointFigures => ({
    helpPoint: 'bar',
    presses: 0,
    repeats: 0,
    incidents: 0,
    outcomes: {},
    toAccept: { p50: null, p90: null },
    toFirstWords: { p50: null, p90: null },
    toArranged: { p50: null, p90: null },
    toClose: { p50: null, p90: null },
    drills: { passed: 0, failed: 0 },
    ...part,
  })
  test('tells help, mistakes and misuse apart; what is not closed is none of them', () => {
    const outcomes = { helped: 2, police: 1, hub: 1, mistake: 3, malicious: 4, nobody: 1, other: 1 }
    expect(groupsOf({ outcomes, incidents: 15 })).toEqual({
      genuine: 4,
      mistake: 3,
      malicious: 4,
      unclear: 2,
      open: 2,
    })
  })
  test('adds all help points up', () => {
    const helpPoints = [
      figures({ presses: 3, repeats: 1, incidents: 2, outcomes: { police: 2 }, drills: { passed: 1, failed: 0 } }),
      figures({ presses: 4, incidents: 4, outcomes: { malicious: 1 }, drills: { passed: 0, failed: 2 } }),
    ]
    expect(sumOf({ helpPoints })).toEqual({
      presses: 7,
      repeats: 1,
      incidents: 6,
      drills: { passed: 1, failed: 2 },
      groups: { genuine: 2, mistake: 0, malicious: 1, unclear: 0, open: 3 },
    })
  })
  test.each([
    ['weeks', '2026-03-10', { from: '2026-02-11', to: '2026-03-10' }],
    ['month', '2026-11-30', { from: '2026-11-01', to: '2026-11-30' }],
    ['lastMonth', '2026-03-31', { from: '2026-02-01', to: '2026-02-28' }],
    ['lastMonth', '2027-01-05', { from: '2026-12-01', to: '2026-12-31' }],
    ['year', '2026-11-30', { from: '2026-01-01', to: '2026-11-30' }],
  ] as const)('%s on %s', (period, today, dates) => {
    expect(periodFrom(period, today)).toEqual(dates)
  })
  test.each([
    [null, '–'],
    [0.4, '0.4 s'],
    [59.6, '60 s'],
    [125, '2:05 min'],
    [3600, '1:00 h'],
    [4320, '1:12 h'],
  ])('%s seconds: %s', (seconds, text) => {
    expect(spanText(seconds)).toBe(text)
  })
})
