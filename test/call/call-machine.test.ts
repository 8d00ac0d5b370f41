/** A call as the fold of its entries: every order of them ends where a reader expects it. */
import { describe, expect, test } from 'vitest'
import { type CallEntry, foldCall } from '../../server/call/call-machine.ts'
import { createCallBook } from '../../server/call/call-book.ts'
import type { Call, CallId } from '../../server/glossary/call.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { randomOf } from '../fakes/seeded-random.ts'

const IDS = { call: 'cal-1' as CallId, incident: 'inc-1' as IncidentId }
let seq = 0
const entry = (kind: CallEntry['kind'], body: object = {}): CallEntry =>
  ({
    kind,
    actor: 'lamppost',
    subject: 'inc-1',
    body: { ...IDS, ...body },
    seq: (seq += 1),
    at: isoTime(seq * 1000),
  }) as CallEntry
const RINGING = entry('call.ringing', {
  helpPoint: 'bar' as HelpPointId,
  sip: 'x',
  from: 'udp:1',
  secured: false,
  recorded: true,
})
const fold = (...entries: CallEntry[]): Call | null => entries.reduce<Call | null>(foldCall, null)

describe('a call', () => {
  test('begins with its ring: entries of an unknown one make none', () =>
    expect(fold(entry('call.taken', { by: 'Asha' }))).toBeNull())
  test('that rings twice is one', () => expect(fold(RINGING, { ...RINGING, at: 'later' })?.ringingAt).toBe(RINGING.at))
  test.each([
    ['ringing', []],
    ['waiting', [entry('call.answered')]],
    ['ringing', [entry('call.taken', { by: 'Asha' })]],
    ['connected', [entry('call.taken', { by: 'Asha' }), entry('call.connected', { by: 'Asha', afterMs: 1 })]],
    // Sound of somebody who does not have it.
    ['ringing', [entry('call.taken', { by: 'Asha' }), entry('call.connected', { by: 'Ben', afterMs: 1 })]],
    ['waiting', [entry('call.answered'), entry('call.taken', { by: 'Asha' })]],
    ['ringing', [entry('call.taken', { by: 'Asha' }), entry('call.offered')]],
    [
      'offered',
      [entry('call.answered'), entry('call.taken', { by: 'Asha' }), entry('call.lost', { owner: 'Asha', why: '' })],
    ],
    ['ended', [entry('call.ended', { end: 'gave-up' }), entry('call.taken', { by: 'Asha' })]],
  ] as const)('is %s after %#', (state, entries) => expect(fold(RINGING, ...entries)?.state).toBe(state))
  test('has no owner once it is offered, and nobody’s hold', () => {
    const held = [
      RINGING,
      entry('call.taken', { by: 'Asha' }),
      entry('call.connected', { by: 'Asha', afterMs: 1 }),
      entry('call.held', { by: 'Asha', on: true }),
    ]
    expect(fold(...held)).toMatchObject({ state: 'held', held: true, owner: 'Asha' })
    expect(fold(...held, entry('call.offered'))).toMatchObject({ state: 'offered', held: false, owner: null })
  })
  test('keeps the time at which it was first taken and connected', () => {
    const [first, second] = [entry('call.taken', { by: 'Asha' }), entry('call.taken', { by: 'Ben', from: 'Asha' })]
    expect(fold(RINGING, first, second)).toMatchObject({ takenAt: first.at, owner: 'Ben' })
  })
  test('gets its recording after its end, and loses it when that is deleted', () => {
    const over = [RINGING, entry('call.ended', { end: 'caller-hung-up' })]
    const recording = { sha256: 'a', bytes: 1, from: '', to: '', gaps: [] }
    expect(fold(...over, entry('call.recorded', { file: 'calls/cal-1.wav', ...recording }))?.recording).toEqual(
      recording,
    )
    // As older versions wrote it.
    const old = { recording } as unknown as typeof recording & { file: string }
    expect(fold(...over, entry('call.recorded', old))?.recording).toEqual(recording)
    expect(
      fold(
        ...over,
        entry('call.recorded', { file: 'calls/cal-1.wav', ...recording }),
        entry('call.recording-deleted', { sha256: 'a', why: '' }),
      ),
    ).toMatchObject({ recording: null })
  })
  test('is never thrown off by an entry, whatever came before it', () => {
    const random = randomOf(22)
    const any = [
      entry('call.answered'),
      entry('call.taken', { by: 'Asha' }),
      entry('call.taken', { by: 'Ben', from: 'Asha' }),
      entry('call.connected', { by: 'Ben', afterMs: 1 }),
      entry('call.held', { by: 'Ben', on: true }),
      entry('call.held', { by: 'Ben', on: false }),
      entry('call.lost', { owner: 'Ben', why: '' }),
      entry('call.offered'),
      entry('call.announced'),
      entry('call.one-way', { side: 'in' }),
      entry('call.escalated', { to: 'sip:desk@x' }),
      entry('call.listened', { from: 0, bytes: 1, sha256: 'a' }),
      entry('call.ended', { end: 'line-lost' }),
    ]
    for (let run = 0; run < 500; run += 1) {
      let call = fold(RINGING)
      for (let step = 0; step < 30; step += 1) {
        const next = any[Math.floor(random() * any.length)]
        if (next) call = foldCall(call, next)
        expect(call?.held).toBe(call?.state === 'held')
        if (call?.state === 'held' || call?.state === 'connected') expect(call.owner).not.toBeNull()
        if (call?.state === 'offered' && call.line === 'early') expect.unreachable('nobody has answered it yet')
      }
    }
  })
})

describe('the book of calls', () => {
  test('has those that go on, the longest waiting first, and the newest that are over', () => {
    const book = createCallBook()
    const of = (id: string, each: CallEntry): CallEntry =>
      ({ ...each, body: { ...each.body, call: id as CallId } }) as CallEntry
    for (const id of ['a', 'b', 'c']) book.apply(of(id, { ...RINGING, at: isoTime(id.charCodeAt(0)) }))
    book.apply(of('b', entry('call.ended', { end: 'gave-up' })))
    expect([book.going().map(({ id }) => id), book.over(5).map(({ id }) => id)]).toEqual([['a', 'c'], ['b']])
    expect(book.ofIncident(IDS.incident)).toHaveLength(3)
    const again = createCallBook()
    again.restore(JSON.parse(JSON.stringify(book.save())))
    expect(again.going()).toEqual(book.going())
    expect(() => again.get('z')).toThrow('There is no call "z"')
  })
})
