/** What somebody asks to be exported: what is made of it, and what is refused in which words. */
import { describe, expect, test } from 'vitest'
import { type KnownCall, alters, answeredFor, checkOrder } from '../../server/evidence/order/export-order.ts'
import type { Export, ExportOrder } from '../../server/glossary/evidence.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import { Failure } from '../../server/tools/failure.ts'

const at = (minute: number, second = 0): string =>
  `2026-11-28T21:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}.000Z`
const NOW = Date.parse(at(30))
const INCIDENT = {
  id: 'inc-1',
  clips: [
    { camera: 'cam-a', from: at(0), to: at(10) },
    { camera: 'cam-b', from: at(5), to: null },
  ],
} as unknown as Incident
const call = (id: string, from: number, to: number): KnownCall =>
  ({ id, recording: { from: at(from), to: at(to) } }) as unknown as KnownCall
const CALLS = [call('call-1', 1, 2), call('call-2', 20, 21), { id: 'call-3', recording: null } as KnownCall]
const MASTER = {
  id: 'exp-1',
  kind: 'master',
  incident: 'inc-1',
  cuts: [{ camera: 'cam-a', from: at(0), to: at(10) }],
} as unknown as Export
const ASKED = { reason: 'theft', requestedBy: { name: 'DC Hall' } }
type Known = Parameters<typeof checkOrder>[1]
const check = (order: Partial<ExportOrder>, known: Partial<Known> = {}) =>
  checkOrder(
    { ...ASKED, ...order },
    {
      incident: INCIDENT,
      parent: null,
      calls: CALLS,
      hasCamera: (id) => /^cam-[a-d]$/.test(id),
      now: NOW,
      ...known,
    },
  )
function refusal(order: Partial<ExportOrder>, known: Partial<Known> = {}): string {
  try {
    check(order, known)
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}
const region = (change: object = {}) => ({
  camera: 'cam-a',
  from: at(1),
  to: at(2),
  x: 0,
  y: 0,
  width: 0.5,
  height: 0.5,
  ...change,
})
const silence = (change: object = {}) => ({ call: 'call-1', from: at(1), to: at(1, 30), ...change })

describe('an order for an incident', () => {
  test('is of all that it holds, an open clip until now, with the calls of that time', () => {
    expect(check({})).toEqual({
      kind: 'master',
      incident: 'inc-1',
      parentExport: null,
      cuts: [
        { camera: 'cam-a', from: at(0), to: at(10) },
        { camera: 'cam-b', from: at(5), to: at(30) },
      ],
      redactions: [],
      calls: ['call-1', 'call-2'],
      silences: [],
      reason: 'theft',
      requestedBy: { name: 'DC Hall', organisation: null, reference: null },
      lawfulBasis: null,
      exhibitRef: null,
    })
  })
  test('may be of less, and has the calls of that time alone', () =>
    expect(check({ cameras: ['cam-a', 'cam-a'] as never, from: at(2, 30), to: at(4) })).toMatchObject({
      cuts: [{ camera: 'cam-a', from: at(2, 30), to: at(4) }],
      calls: [],
    }))
  test('a time in another zone is the same time', () =>
    expect(check({ cameras: ['cam-a'] as never, from: '2026-11-28T22:01:30+01:00', to: at(4) })).toMatchObject({
      cuts: [{ from: at(1, 30), to: at(4) }],
      calls: ['call-1'],
    }))
  test('ends now where its end is in the future', () =>
    expect(check({ cameras: ['cam-b'] as never, to: at(59) }).cuts).toEqual([
      { camera: 'cam-b', from: at(5), to: at(30) },
    ]))
  test('may be of another camera, with its time', () => {
    expect(check({ cameras: ['cam-c'] as never, from: at(1), to: at(2) }).cuts).toEqual([
      { camera: 'cam-c', from: at(1), to: at(2) },
    ])
    expect(refusal({ cameras: ['cam-c'] as never, from: at(1) })).toMatch(/holds no clip of cam-c; say from and to/)
  })
  test('may be of calls alone', () =>
    expect(check({ calls: ['call-2', 'call-2'] as never }, { incident: { ...INCIDENT, clips: [] } })).toMatchObject({
      cuts: [],
      calls: ['call-2'],
    }))
  test.each<[string, Partial<ExportOrder>, RegExp]>([
    ['of a camera that the town has not', { cameras: ['cam-x'] as never }, /^camera\/unknown: .*"cam-x"/],
    ['of a call that is not its own', { calls: ['call-9'] as never }, /^call\/unknown: .*"call-9"/],
    ['of a call without a recording', { calls: ['call-3'] as never }, /^call\/no-recording: .*call-3/],
    ['that ends before it begins', { cameras: ['cam-a'] as never, from: at(4), to: at(3) }, /must be before to/],
    ['that ends when it begins', { cameras: ['cam-a'] as never, from: at(4), to: at(4) }, /must be before to/],
    ['that lies in the future', { cameras: ['cam-a'] as never, from: at(40), to: at(50) }, /and in the past/],
    [
      'of more than 31 days',
      { cameras: ['cam-a'] as never, from: '2026-10-28T21:00:00Z', to: at(1) },
      /31 days at most/,
    ],
    ['of a master that is altered', { kind: 'master', redactions: [region()] as never }, /A master is never altered/],
    ['of a redacted copy of nothing', { redactions: [region()] as never }, /name it as parentExport/],
  ])('is refused when it is %s', (_, order, words) => expect(refusal(order)).toMatch(words))
  test('is refused when nothing is in it', () =>
    expect(refusal({ calls: [] }, { incident: { ...INCIDENT, clips: [] } })).toMatch(/^clip\/none/))
})

test('an order without an incident names cameras, from and to', () => {
  const none = { incident: null, calls: [] }
  for (const order of [{}, { cameras: ['cam-a'] }, { cameras: ['cam-a'], from: at(1) }, { from: at(1), to: at(2) }])
    expect(refusal(order as never, none)).toMatch(/names its cameras, from and to/)
  expect(check({ cameras: ['cam-a'] as never, from: at(1), to: at(2) }, none)).toMatchObject({
    incident: null,
    cuts: [{ camera: 'cam-a' }],
  })
})

describe('who answers for it', () => {
  test.each<[Partial<ExportOrder>, RegExp]>([
    [{ reason: '  ' }, /needs a reason/],
    [{ reason: undefined as never }, /needs a reason/],
    [{ requestedBy: { name: ' ' } }, /who asked for it/],
    [{ requestedBy: undefined as never }, /who asked for it/],
    [{ reason: 'theft\nExported by: nobody' }, /^export\/refused: reason must be one line/],
    [{ lawfulBasis: 'DPA\u2028x' }, /lawfulBasis must be one line/],
    [{ exhibitRef: 'DBC\u202Etxt.1' }, /exhibitRef must be one line/],
    [{ requestedBy: { name: 'DC\u0000Hall' } }, /name must be one line/],
    [{ requestedBy: { name: 'DC Hall', organisation: 'a\rb' } }, /organisation must be one line/],
    [{ requestedBy: { name: 'DC Hall', reference: 'a\tb' } }, /reference must be one line/],
  ])('is refused as in %o', (order, words) => expect(refusal(order)).toMatch(words))
  test('is kept without blanks at its ends', () =>
    expect(
      answeredFor({
        reason: ' theft ',
        requestedBy: { name: ' DC Hall ', organisation: ' ', reference: ' CR 7\n' },
      }),
    ).toEqual({ reason: 'theft', requestedBy: { name: 'DC Hall', organisation: null, reference: 'CR 7' } }))
})

describe('a redacted copy', () => {
  const of = { parent: MASTER, incident: null }
  test('is what a region makes of an order, and has no sound that nobody named', () => {
    expect(alters({ redactions: [region()] as never })).toBe(true)
    expect(check({ redactions: [region()] as never }, of)).toMatchObject({
      kind: 'redacted',
      incident: 'inc-1',
      parentExport: 'exp-1',
      redactions: [region()],
      calls: [],
    })
  })
  test('with a silence has the call that it silences, and no other', () =>
    expect(check({ silences: [silence()] as never }, of)).toMatchObject({
      kind: 'redacted',
      calls: ['call-1'],
      silences: [{ call: 'call-1', from: at(1), to: at(1, 30) }],
    }))
  test.each<[string, Partial<ExportOrder>, RegExp]>([
    ['nothing is altered in it', { kind: 'redacted' }, /needs a region to be blurred or a silence/],
    ['its region is of another camera', { redactions: [region({ camera: 'cam-b' })] as never }, /this export is not/],
    ['its region ends before it begins', { redactions: [region({ from: at(3) })] as never }, /must be before its to/],
    [
      'its region is at no time of it',
      { redactions: [region({ from: at(10), to: at(11) })] as never },
      /at no time of this export/,
    ],
    ['its region leaves the picture', { redactions: [region({ x: 0.6 })] as never }, /within the picture/],
    ['its region leaves the picture below', { redactions: [region({ y: 0.51 })] as never }, /within the picture/],
    [
      'its silence is of a call that it has not',
      { silences: [silence()] as never, calls: ['call-2'] as never },
      /has no sound of it/,
    ],
    ['its silence ends before it begins', { silences: [silence({ to: at(1) })] as never }, /must be before its to/],
    [
      'its silence is at no time of the call',
      { silences: [silence({ from: at(2), to: at(3) })] as never },
      /at no time of it/,
    ],
    [
      'its camera is none of the master’s',
      { kind: 'master', cameras: ['cam-b'] as never },
      /The parent export has no picture of cam-b/,
    ],
  ])('is refused when %s', (_, order, words) => expect(refusal(order, of)).toMatch(words))
  test('is never made of a redacted one', () =>
    expect(refusal({ redactions: [region()] as never }, { ...of, parent: { ...MASTER, kind: 'redacted' } })).toMatch(
      /of the master’s export, not of a redacted one/,
    ))
  test('a shorter master of a master is no copy that is altered', () =>
    expect(check({ from: at(1), to: at(2) }, of)).toMatchObject({
      kind: 'master',
      parentExport: 'exp-1',
      cuts: [{ camera: 'cam-a', from: at(1), to: at(2) }],
    }))
})
