import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../server/glossary/ledger.ts'
import type { IncidentFilter } from '../../server/glossary/register.ts'
import { pressReport } from '../../server/incident/register/press-report.ts'
import { type RegisterStore, openRegisterStore } from '../../server/incident/register/register-store.ts'
import { wordsOf } from '../../server/incident/register/register-words.ts'
import { HOUR, entryMaker } from './register-entries.ts'

const ALL: IncidentFilter = {
  state: null,
  from: null,
  to: null,
  helpPoint: null,
  outcome: null,
  person: null,
  id: null,
  q: null,
}
let folder: string
let file: string
let store: RegisterStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-register-'))
  file = join(folder, 'register.sqlite')
  store = openRegisterStore(file)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})
const put = (...entries: Entry[]): number =>
  store.apply(entries, { seq: entries.at(-1)?.seq ?? 0, hash: entries.at(-1)?.hash ?? '' })
const found = (filter: Partial<IncidentFilter>): string[] => store.search({ ...ALL, ...filter }, null, 50).ids
const reportOf = (from = 0, to = Date.parse('2027-06-01T00:00:00Z'), helpPoints: string[] = []) =>
  pressReport(store.facts(from, to), { from: '', to: '', timezone: 'Europe/London' }, helpPoints)

describe('incidents are found', () => {
  test('newest first, in pages, each once', () => {
    const make = entryMaker()
    for (let i = 0; i < 7; i += 1) put(...make.open(`inc-${i}`))
    const pages: string[][] = []
    for (let after: string | null = null; ;) {
      const { ids, next } = store.search(ALL, after, 3)
      pages.push(ids)
      if (next === null) break
      after = next
    }
    expect(pages).toEqual([['inc-6', 'inc-5', 'inc-4'], ['inc-3', 'inc-2', 'inc-1'], ['inc-0']])
  })
  test('by words in notes, in what contacts said and in reasons: all of them, by their beginning, whatever the accents', () => {
    const make = entryMaker()
    put(...make.open('inc-1'), make.note('inc-1', 'Woman in a red coat, crying'), make.contact('inc-1', 'Taxi sent'))
    put(...make.open('inc-2'), make.close('inc-2', 'Aeth i’r hwb â’i ffrind, tŷ gwyn'))
    put(
      ...make.open('inc-3'),
      make.entry('incident.put-on-hold', { incident: 'inc-3', reason: 'Red light', until: null }),
    )
    expect(found({ q: 'red' })).toEqual(['inc-3', 'inc-1'])
    expect(found({ q: 'RED taxi' })).toEqual(['inc-1'])
    expect(found({ q: 'cry' })).toEqual(['inc-1'])
    expect(found({ q: 'ty ffrind' })).toEqual(['inc-2'])
    expect(found({ q: 'blue' })).toEqual([])
  })
  test.each(['"', "' OR 1=1 --", 'red" OR "x', 'NEAR(red', 'text:red', 'red*', '(', '- -', 'AND', '%', '\u0000'])(
    'what is an operator of the database is none here: %j',
    (q) => {
      const make = entryMaker()
      put(...make.open('inc-1'), make.note('inc-1', 'blue coat'))
      expect(found({ q })).toEqual([])
    },
  )
  test('by help point, outcome, state, person and time, all together', () => {
    const make = entryMaker()
    put(...make.open('inc-1'), make.take('inc-1', 'Ann'), make.close('inc-1', 'x', 'malicious', 'Ann'))
    make.wait(HOUR)
    put(...make.open('inc-2', 'press', 'station'), make.take('inc-2', 'Ben'), make.note('inc-2', 'x', 'Ann'))
    expect(found({ helpPoint: 'station' })).toEqual(['inc-2'])
    expect(found({ outcome: 'malicious' })).toEqual(['inc-1'])
    expect(found({ person: 'ann' })).toEqual(['inc-2', 'inc-1'])
    expect(found({ person: 'Ben' })).toEqual(['inc-2'])
    expect(found({ person: 'Be' })).toEqual([])
    expect(found({ state: 'acknowledged' })).toEqual(['inc-2'])
    const at = Date.parse('2026-11-20T22:00:00Z')
    expect(found({ from: at + 1 })).toEqual(['inc-2'])
    expect(found({ from: at, to: at + HOUR })).toEqual(['inc-1'])
    expect(found({ from: at, to: at + HOUR + 1, person: 'Ann', outcome: 'malicious' })).toEqual(['inc-1'])
  })
  test('one that was opened again has no outcome until it is closed again', () => {
    const make = entryMaker()
    put(...make.open('inc-1'), make.close('inc-1', 'Nobody there'))
    expect(found({ outcome: 'nobody' })).toEqual(['inc-1'])
    put(make.entry('incident.reopened', { incident: 'inc-1', owner: 'Ann', reason: 'too soon' }, 'operator:Ann'))
    expect(found({ outcome: 'nobody' })).toEqual([])
    put(make.close('inc-1', 'Police attended'))
    expect(found({ outcome: 'police' })).toEqual(['inc-1'])
  })
  test('by one number alone, and by what else is asked for', () => {
    const make = entryMaker()
    put(...make.open('inc-1'), ...make.open('inc-2', 'press', 'station'))
    const id = 'inc-1' as IncidentFilter['id']
    expect(found({ id })).toEqual(['inc-1'])
    expect(found({ id, helpPoint: 'station' })).toEqual([])
  })
  test('a letter with its accent apart, and large letters of any language, are the same', () => {
    const make = entryMaker()
    const apart = 'Siân'.normalize('NFD')
    put(...make.open('inc-1'), make.note('inc-1', `résumé of ${apart}`.normalize('NFD'), 'SIÂN ŴYN'))
    expect(found({ q: 'résumé'.normalize('NFC') })).toEqual(['inc-1'])
    expect(found({ q: apart })).toEqual(['inc-1'])
    expect(found({ person: 'siân ŵyn'.normalize('NFD') })).toEqual(['inc-1'])
  })
  test('machines and engineers are no persons of an incident', () => {
    const make = entryMaker()
    put(
      ...make.open('inc-1'),
      make.entry('incident.noted', { incident: 'inc-1', text: 'x' }, 'engineer:Eve'),
      make.entry('incident.noted', { incident: 'inc-1', text: 'x' }, 'supervisor:Sue: the second'),
    )
    expect(found({ person: 'Eve' })).toEqual([])
    expect(found({ person: 'lamppost' })).toEqual([])
    expect(found({ person: 'Sue: the second' })).toEqual(['inc-1'])
  })
  test('words are letters and digits, and at most eight of them', () => {
    expect(wordsOf('ab-CD e’f 9')).toEqual(['"ab"*', '"cd"*', '"e"', '"f"', '"9"'])
    expect(wordsOf('a1 a2 a3 a4 a5 a6 a7 a8 a9')).toHaveLength(8)
    // What is looked for twice is looked for once.
    expect(wordsOf('red Red RED')).toEqual(['"red"*'])
    expect(wordsOf(' -- ')).toEqual([])
  })
})

describe('the register is a copy that is made anew', () => {
  test('it remembers where it was', () => {
    const make = entryMaker()
    put(...make.open('inc-1'))
    store.close()
    store = openRegisterStore(file)
    expect(store.place()).toEqual({ seq: 2, hash: '2'.padStart(64, '0') })
    expect(found({})).toEqual(['inc-1'])
  })
  test('a damaged file, and one of another format, is made anew', () => {
    put(...entryMaker().open('inc-1'))
    store.close()
    rmSync(`${file}-wal`, { force: true })
    writeFileSync(file, 'this is no database, whatever its name says'.repeat(100))
    store = openRegisterStore(file)
    expect(store.place()).toEqual({ seq: 0, hash: '' })
    expect(found({})).toEqual([])
  })
  test('a file that is damaged in its middle is made anew when that is met, and works from then on', () => {
    const make = entryMaker()
    for (let i = 0; i < 300; i += 1) put(...make.open(`inc-${i}`), make.note(`inc-${i}`, 'a long note '.repeat(40)))
    store.close()
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 8192)
    writeFileSync(file, bytes)
    rmSync(`${file}-wal`, { force: true })
    store = openRegisterStore(file)
    const tries = [() => found({ q: 'note' }), () => put(...make.open('inc-new')), () => store.place()]
    for (const act of tries)
      try {
        act()
      } catch {
        // It says what it found, and is empty from then on.
      }
    expect(store.place().seq).toBeLessThanOrEqual(make.last())
    store.clear()
    put(...make.open('inc-again'))
    expect(found({})).toEqual(['inc-again'])
  })
  test('a place that cannot be written is no reason to throw a whole register away', () => {
    put(...entryMaker().open('inc-1'))
    store.close()
    const kept = readFileSync(file)
    chmodSync(folder, 0o500)
    chmodSync(file, 0o400)
    try {
      openRegisterStore(file).place()
    } catch {
      // As root nothing is refused; anybody else is told.
    } finally {
      chmodSync(folder, 0o700)
      chmodSync(file, 0o600)
    }
    expect(readFileSync(file).length).toBe(kept.length)
    store = openRegisterStore(file)
    expect(found({})).toEqual(['inc-1'])
  })
  test('an entry that cannot be read is left out, and counted; the others are there', () => {
    const make = entryMaker()
    const bad = make.entry('incident.opened', { incident: 'inc-bad', helpPoint: null, kind: 'press' })
    const worse = make.entry('press.received', { incident: 'inc-1' })
    const first = make.open('inc-1')
    expect(put(...first, bad, worse, ...make.open('inc-2'))).toBe(2)
    expect(found({})).toEqual(['inc-2', 'inc-1'])
  })
  test('entries of an incident that nobody has opened change nothing', () => {
    const make = entryMaker()
    put(make.take('inc-0'), make.close('inc-0', 'x'), make.press('inc-0'))
    expect(found({})).toEqual([])
    expect(reportOf().helpPoints).toEqual([])
  })
})

describe('the figures of a period', () => {
  test('presses, repeats, incidents and outcomes of each help point; those with none are there, too', () => {
    const make = entryMaker()
    put(...make.open('inc-1'), make.press('inc-1'), make.press('inc-1'), make.close('inc-1', 'Police attended'))
    put(...make.open('inc-2'), make.close('inc-2', 'They laughed', 'malicious'))
    put(...make.open('inc-3', 'press', 'gone'))
    const [first, quiet, gone] = reportOf(undefined, undefined, ['blackwellgate', 'quiet']).helpPoints
    expect(first).toMatchObject({
      helpPoint: 'blackwellgate',
      presses: 4,
      repeats: 2,
      incidents: 2,
      outcomes: { police: 1, malicious: 1 },
    })
    expect(quiet).toMatchObject({ helpPoint: 'quiet', presses: 0, incidents: 0, outcomes: {} })
    expect(quiet?.toAccept).toEqual({ p50: null, p90: null })
    expect(gone).toMatchObject({ helpPoint: 'gone', presses: 1, incidents: 1, outcomes: {} })
  })
  test('presses that were counted together are all counted, and repeats but the first', () => {
    const make = entryMaker()
    const many = { incident: 'inc-1', helpPoint: 'blackwellgate', kind: 'press', count: 40, source: 'http' }
    put(...make.open('inc-1'), make.entry('press.coalesced', many))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 41, repeats: 40, incidents: 1 })
  })
  test('times are seconds from the press: the middle one, and what nine of ten are not above', () => {
    const make = entryMaker()
    for (let i = 1; i <= 10; i += 1) {
      put(...make.open(`inc-${i}`))
      make.wait(i * 1000)
      put(make.take(`inc-${i}`))
      make.wait(1500)
      if (i === 1) put(make.entry('call.connected', { incident: 'inc-1', call: 'c', by: 'Ann', afterMs: 0 }))
      if (i === 1) put(make.contact('inc-1'), make.contact('inc-1'))
      make.wait(60_000)
      put(make.close(`inc-${i}`, 'x'))
    }
    expect(reportOf().helpPoints[0]).toMatchObject({
      toAccept: { p50: 5, p90: 9 },
      toFirstWords: { p50: 2.5, p90: 2.5 },
      toArranged: { p50: 2.5, p90: 2.5 },
      toClose: { p50: 66.5, p90: 70.5 },
    })
  })
  test('a second hand is no second acceptance, and an incident counts as closed when it was closed for good', () => {
    const make = entryMaker()
    put(...make.open('inc-1'))
    make.wait(2000)
    put(make.take('inc-1', 'Ann'), make.close('inc-1', 'x'))
    make.wait(8000)
    put(make.entry('incident.reopened', { incident: 'inc-1', owner: 'Ben', reason: 'y' }, 'operator:Ben'))
    make.wait(10_000)
    put(make.close('inc-1', 'x'))
    expect(reportOf().helpPoints[0]).toMatchObject({ toAccept: { p50: 2 }, toClose: { p50: 20 } })
  })
  test('drills are in no number but their own; one that a person pressed into counts from that press', () => {
    const make = entryMaker()
    put(...make.open('inc-d', 'drill'), make.take('inc-d'))
    put(make.entry('drill.finished', { incident: 'inc-d', helpPoint: 'blackwellgate', passed: true }))
    put(make.entry('drill.finished', { incident: 'inc-e', helpPoint: 'blackwellgate', passed: false }))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 0, incidents: 0, drills: { passed: 1, failed: 1 } })
    make.wait(30_000)
    put(make.press('inc-d'))
    make.wait(4000)
    put(make.take('inc-d', 'Ben'))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 1, repeats: 0, incidents: 1, toAccept: { p50: 4 } })
  })
  test('a clock that was set back has measured nothing', () => {
    const make = entryMaker()
    put(...make.open('inc-1'))
    make.wait(-5000)
    put(make.take('inc-1'))
    expect(reportOf().helpPoints[0]?.toAccept).toEqual({ p50: null, p90: null })
  })
  test('hours and weekdays are those of the site’s clocks; late presses stand where they were pressed', () => {
    const make = entryMaker()
    // Saturday 23:30 in London in summer time is 22:30 UTC; Sunday 00:30 of the night without is 00:30 UTC.
    make.at('2026-10-24T22:30:00Z')
    put(...make.open('inc-1'))
    make.at('2026-10-26T00:30:00Z')
    put(...make.open('inc-2'))
    put(make.press('inc-2', 'press', 'blackwellgate', Date.parse('2026-10-25T00:15:00Z')))
    const { byHour, byWeekday } = reportOf()
    expect(byHour[23]).toBe(1)
    expect(byHour[0]).toBe(1)
    expect(byHour[1]).toBe(1)
    expect(byWeekday).toEqual([1, 0, 0, 0, 0, 1, 1])
    expect([byHour.length, byHour.reduce((a, b) => a + b)]).toEqual([24, 3])
  })
  test('a push that comes by the button and by the telephone is one press; the next push is the next', () => {
    const make = entryMaker()
    const by = (source: string) => make.press('inc-1', 'press', 'blackwellgate', undefined, { source })
    put(make.open('inc-1')[0] as Entry, by('http'))
    make.wait(900)
    put(by('sip'))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 1, repeats: 0 })
    make.wait(2000)
    put(by('http'))
    make.wait(900)
    put(by('sip'))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 2, repeats: 1 })
    make.wait(60_000)
    put(by('sip'))
    expect(reportOf().helpPoints[0]).toMatchObject({ presses: 3, repeats: 2, incidents: 1 })
  })
  test('a press of a device whose clock is wrong is counted when it came', () => {
    const make = entryMaker()
    put(make.open('inc-1')[0] as Entry)
    put(make.press('inc-1', 'press', 'blackwellgate', Date.parse('2001-01-01T00:00:00Z'), { clockOff: true }))
    const from = Date.parse('2026-11-20T00:00:00Z')
    expect(reportOf(from).helpPoints[0]).toMatchObject({ presses: 1, incidents: 1 })
  })
  test('help that was called into the call is help', () => {
    const make = entryMaker()
    put(...make.open('inc-1'))
    make.wait(7000)
    put(make.entry('call.party-called', { incident: 'inc-1', call: 'c', party: 'p', contact: 'police', by: 'Ann' }))
    make.wait(9000)
    put(make.contact('inc-1'))
    expect(reportOf().helpPoints[0]?.toArranged.p50).toBe(7)
  })
  test('what was done in a drill before a person pressed into it is not theirs', () => {
    const make = entryMaker()
    put(...make.open('inc-1', 'drill'), make.entry('call.connected', { incident: 'inc-1' }), make.contact('inc-1'))
    make.wait(20_000)
    put(make.press('inc-1'))
    make.wait(3000)
    put(make.entry('call.connected', { incident: 'inc-1' }))
    make.wait(3000)
    put(make.contact('inc-1'))
    expect(reportOf().helpPoints[0]).toMatchObject({ toFirstWords: { p50: 3 }, toArranged: { p50: 6 } })
  })
  test('the period’s end is not in it', () => {
    const make = entryMaker(1000)
    put(...make.open('inc-1'))
    expect(reportOf(1000, 1001).helpPoints).toHaveLength(1)
    expect(reportOf(0, 1000).helpPoints).toHaveLength(0)
  })
})
