import { describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import { codeOfWords } from '../../server/incident/closure-codes.ts'
import { createIncidentNumbers } from '../../server/incident/incident-numbers.ts'
import { entryMaker } from './register-entries.ts'

const site = { timezone: 'Europe/London', prefix: 'LP' }
const id = (text: string): IncidentId => text as IncidentId

describe('numbers that people say on the telephone', () => {
  test('count the incidents of the site’s own year, in the order of the ledger', () => {
    const make = entryMaker()
    const numbers = createIncidentNumbers(() => site)
    for (const entry of [...make.open('inc-a'), ...make.open('inc-b')]) numbers.apply(entry)
    expect([numbers.of(id('inc-a')), numbers.of(id('inc-b'))]).toEqual(['LP-2026-0001', 'LP-2026-0002'])
  })
  test('a year begins at the site’s midnight, not at UTC’s', () => {
    const make = entryMaker()
    const numbers = createIncidentNumbers(() => ({ ...site, timezone: 'Europe/Berlin' }))
    make.at('2026-12-31T22:59:00Z')
    make.open('inc-old').forEach(numbers.apply)
    make.at('2026-12-31T23:00:00Z')
    make.open('inc-new').forEach(numbers.apply)
    expect([numbers.of(id('inc-old')), numbers.of(id('inc-new'))]).toEqual(['LP-2026-0001', 'LP-2027-0001'])
  })
  test('a drill has none, until a person presses into it; then the next one', () => {
    const make = entryMaker()
    const numbers = createIncidentNumbers(() => site)
    make.open('inc-drill', 'drill').forEach(numbers.apply)
    make.open('inc-a').forEach(numbers.apply)
    expect(numbers.of(id('inc-drill'))).toBe(null)
    numbers.apply(make.press('inc-drill'))
    expect(numbers.of(id('inc-drill'))).toBe('LP-2026-0002')
    numbers.apply(make.press('inc-drill'))
    numbers.apply(make.press('inc-a'))
    make.open('inc-b').forEach(numbers.apply)
    expect(numbers.of(id('inc-b'))).toBe('LP-2026-0003')
  })
  test('presses that were counted together make a drill a person’s, too', () => {
    const make = entryMaker()
    const numbers = createIncidentNumbers(() => site)
    make.open('inc-drill', 'drill').forEach(numbers.apply)
    numbers.apply(make.entry('press.coalesced', { incident: 'inc-drill', kind: 'press', count: 3, helpPoint: 'x' }))
    expect(numbers.of(id('inc-drill'))).toBe('LP-2026-0001')
  })
  test('are found as somebody writes them: small letters, blanks, without zeros', () => {
    const make = entryMaker()
    const numbers = createIncidentNumbers(() => site)
    make.open('inc-a').forEach(numbers.apply)
    for (const text of ['LP-2026-0001', 'lp-2026-1', ' lp 2026 01 ']) expect(numbers.find(text)).toBe('inc-a')
  })
  test.each(['LP-2026-0002', 'LP-2025-0001', 'LP-2026-0', 'XX-2026-0001', '2026-0001', 'inc-a', 'LP-2026-1x', ''])(
    '%j finds none',
    (text) => {
      const make = entryMaker()
      const numbers = createIncidentNumbers(() => site)
      make.open('inc-a').forEach(numbers.apply)
      expect(numbers.find(text)).toBe(null)
    },
  )
  test('the ten-thousandth of a year is written whole', () => {
    const numbers = createIncidentNumbers(() => site)
    numbers.restore({ 2026: Array.from({ length: 10_000 }, (_, i) => id(`inc-${i}`)) })
    expect(numbers.of(id('inc-9999'))).toBe('LP-2026-10000')
    expect(numbers.find('LP-2026-10000')).toBe('inc-9999')
  })
  test('what was saved goes on where it was', () => {
    const make = entryMaker()
    const before = createIncidentNumbers(() => site)
    make.open('inc-a').forEach(before.apply)
    const after = createIncidentNumbers(() => site)
    after.restore(JSON.parse(JSON.stringify(before.save())) as ReturnType<typeof before.save>)
    make.open('inc-b').forEach(after.apply)
    expect(after.save()).toEqual({ 2026: ['inc-a', 'inc-b'] })
    // What one saved is not what the other goes on with.
    expect(before.save()).toEqual({ 2026: ['inc-a'] })
  })
})

describe('a closing reason of an earlier version', () => {
  test.each([
    ['Police attended', 'police'],
    ['Daeth yr heddlu', 'police'],
    ['Helped by staff', 'helped'],
    ['Helpwyd gan staff', 'helped'],
    ['Went to the safe hub', 'hub'],
    ['Aeth i’r hwb diogel', 'hub'],
    ["aeth i'r hwb diogel", 'hub'],
    ['pressed by  mistake ', 'mistake'],
    ['Pwyswyd ar ddamwain', 'mistake'],
    ['Nobody there', 'nobody'],
    ['Neb yno', 'nobody'],
    ['Drill complete', 'drill'],
    ['Ymarfer wedi’i gwblhau', 'drill'],
    ['Drill passed: a moving picture was reached.', 'drill'],
    ['Drill FAILED: no picture', 'drill'],
    ['Police attended and took him home', 'other'],
    ['', 'other'],
  ])('%j means %s', (words, code) => {
    expect(codeOfWords(words)).toBe(code)
  })
})
