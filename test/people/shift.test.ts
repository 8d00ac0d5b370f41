import { describe, expect, test } from 'vitest'
import type { ShiftSummary } from '../../server/glossary/shift.ts'
import { createShiftBook } from '../../server/people/shift/shift-book.ts'
import { createShiftDesk } from '../../server/people/shift/shift-desk.ts'
import { clockText, reserveText, shiftFaults } from '../../server/people/shift/shift-faults.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'
import { WELL } from '../fakes/well-camera.ts'

function desk() {
  const clock = createFakeClock()
  const book = createShiftBook()
  const ledger = createFakeLedger(clock.now, book.apply)
  const now: ShiftSummary = { incidents: [], faults: [{ what: 'picture', subject: 'cam-7', detail: 'dark' }] }
  return { book, ledger, now, ...createShiftDesk({ clock, book, summary: () => now, append: ledger.append }) }
}

describe('a hand-over', () => {
  test('says what was open and broken when it was signed, also when that is over', async () => {
    const { offer, now, recent } = desk()
    const { shift } = await offer('Asha', 'Quiet night', 'operator:Asha')
    now.faults = []
    expect(recent()[0]).toMatchObject({
      shift,
      from: 'Asha',
      notes: 'Quiet night',
      faults: [{ subject: 'cam-7' }],
      acceptedBy: null,
    })
  })
  test('is over when somebody else has signed, and both names stand in the record', async () => {
    const { offer, accept, ledger } = desk()
    const { shift } = await offer('Asha', '', 'operator:Asha')
    expect(await accept(shift, 'Ben', 'operator:Ben')).toMatchObject({ from: 'Asha', acceptedBy: 'Ben' })
    expect(ledger.entries.map(({ kind, actor }) => [kind, actor])).toEqual([
      ['shift.offered', 'operator:Asha'],
      ['shift.accepted', 'operator:Ben'],
    ])
  })
  test('is not signed by the same person twice, nor by two who come, nor one that does not exist', async () => {
    const { offer, accept } = desk()
    const { shift } = await offer('Asha', '', 'operator:Asha')
    await expect(accept(shift, 'Asha', 'operator:Asha')).rejects.toMatchObject({ code: 'shift/same-person' })
    await accept(shift, 'Ben', 'operator:Ben')
    await expect(accept(shift, 'Cai', 'operator:Cai')).rejects.toMatchObject({ code: 'shift/signed' })
    await expect(accept('shf-x', 'Cai', 'operator:Cai')).rejects.toMatchObject({ code: 'shift/unknown' })
  })
  test('is there after a start', async () => {
    const { offer, book } = desk()
    await offer('Asha', 'x', 'operator:Asha')
    const again = createShiftBook()
    again.restore(JSON.parse(JSON.stringify(book.save())))
    expect(again.all()).toEqual(book.all())
  })
})

describe('what is broken', () => {
  const town = {
    cameras: [{ id: 'cam-1', health: WELL }],
    helpPoints: [{ id: 'bar', proof: { overdue: [], lastDrillResult: null, lastVoiceDrill: null } }],
    storage: null,
    record: null,
    connectors: [],
    onvifDevices: [],
    destinations: [{ destination: 'cad', failing: null, dead: [] }],
    voice: { ready: true, apart: true, pbx: null },
    tokens: [],
    certificates: [],
    clock: null,
    directory: null,
  }
  test('of a disk that another program has filled is that presses run on the reserve, and for how long', () => {
    const storage = reserveText({ onReserve: true, hoursLeft: 23 })
    expect(storage).toBe('The disk is full: presses are running on the reserve, 23 h left.')
    expect(shiftFaults({ ...town, storage })).toMatchObject([{ what: 'storage', detail: storage }])
    expect(reserveText({ onReserve: false, hoursLeft: 24 })).toBeNull()
    expect(reserveText(null)).toBeNull()
  })
  test('of a PBX that does not know this server says what it answers', () =>
    expect(
      shiftFaults({
        ...town,
        voice: {
          ready: true,
          apart: true,
          pbx: { registered: false, why: 'it refuses the user or the password (403)' },
        },
      }),
    ).toEqual([
      {
        what: 'calls',
        subject: '',
        detail:
          'Calls do not ring here: this server is not registered at the PBX (it refuses the user or the password (403)).',
      },
    ]))
  test.each([
    [true, false, 'When this server stops, nobody answers calls: the edge runs inside it.'],
    [false, true, 'Calls do not reach this server. The desk telephone rings.'],
    [false, false, 'Calls do not reach this server. Nobody answers them.'],
  ])('of calls is who answers them (ready %s, edge apart %s)', (ready, apart, detail) =>
    expect(shiftFaults({ ...town, voice: { ready, apart, pbx: null } })).toEqual([
      { what: 'calls', subject: '', detail },
    ]),
  )
  test.each([
    ['a drill that failed', { lastDrillResult: { passed: false, problem: 'no camera came' } }, 'no camera came'],
    ['a drill that passed', { lastDrillResult: { passed: true, problem: null } }, null],
    ['a voice that did not come back', { lastVoiceDrill: { problem: 'no tone came back' } }, 'no tone came back'],
    ['what is overdue', { overdue: ['drill', 'heartbeat'] }, 'drill, heartbeat'],
  ])('of a help point is %s', (_, proof, detail) =>
    expect(
      shiftFaults({
        ...town,
        helpPoints: [{ id: 'bar', proof: { overdue: [], lastDrillResult: null, lastVoiceDrill: null, ...proof } }],
      } as never),
    ).toEqual(detail === null ? [] : [{ what: 'help-point', subject: 'bar', detail }]),
  )
  test.each([
    ['that does not answer', { failing: { problem: 'no answer' }, dead: [] }, 'no answer'],
    [
      'that answers again, and missed something for good',
      { failing: null, dead: [{ problem: 'HTTP 410' }] },
      'HTTP 410',
    ],
  ])('of a destination is one %s', (_, state, detail) =>
    expect(shiftFaults({ ...town, destinations: [{ destination: 'cad', ...state }] } as never)).toEqual([
      { what: 'destination', subject: 'cad', detail },
    ]),
  )
  test('is nothing of calls where nobody telephones', () => expect(shiftFaults({ ...town, voice: null })).toEqual([]))
  test.each(['unheard', 'failing'] as const)('of the ONVIF device is that it is %s', (state) => {
    const problem = 'No VMS listens'
    expect(shiftFaults({ ...town, onvifDevices: [{ device: 'town', state, problem }] })).toEqual([
      { what: 'vms', subject: 'town', detail: problem },
    ])
  })
  test('of tokens is which end soon, and which have ended and are still used', () =>
    expect(
      shiftFaults({
        ...town,
        tokens: [
          { name: 'Prometheus', until: '2026-12-20T00:00:00.000Z', over: false },
          { name: 'Wall', until: '2026-11-20T00:00:00.000Z', over: true },
        ],
      }),
    ).toEqual([
      { what: 'token', subject: 'Prometheus', detail: 'It ends at 2026-12-20T00:00:00.000Z: renew it.' },
      { what: 'token', subject: 'Wall', detail: 'It ended at 2026-11-20T00:00:00.000Z, and is still used.' },
    ]))
  test('of certificates is whose ends, and when', () =>
    expect(
      shiftFaults({
        ...town,
        certificates: [
          { kind: 'server', subject: '', detail: 'It ends on 2026-12-20.' },
          { kind: 'camera', subject: 'cam-1, cam-2', detail: 'It ended on 2026-11-20.' },
        ],
      }),
    ).toEqual([
      { what: 'certificate', subject: 'server', detail: 'It ends on 2026-12-20.' },
      { what: 'certificate', subject: 'camera cam-1, cam-2', detail: 'It ended on 2026-11-20.' },
    ]))
  test('of the clock is that it was set, for a day', () => {
    const at = '2026-11-20T22:30:00.000Z'
    const hoursLater = (hours: number): number => Date.parse(at) + hours * 3_600_000
    expect(clockText({ at, ms: -3_600_000 }, hoursLater(1))).toBe(
      `It was set back by 3600 s at ${at}. Look at its time source.`,
    )
    expect(clockText({ at, ms: 1500 }, hoursLater(23))).toContain('forward by 1.5 s')
    expect([clockText({ at, ms: 1500 }, hoursLater(25)), clockText(null, 0)]).toEqual([null, null])
  })
  test('is nothing while all is well', () => expect(shiftFaults(town)).toEqual([]))
  test('is told line by line, the record first', () => {
    const faults = shiftFaults({
      tokens: [],
      certificates: [],
      clock: null,
      directory: null,
      cameras: [
        { id: 'cam-1', health: { ...WELL, video: 'down', onvif: 'down', reason: 'no answer' } },
        { id: 'cam-2', health: { ...WELL, blind: 'dark' } },
        { id: 'cam-3', health: { ...WELL, buffer: 'down', reason: 'disk' } },
      ],
      helpPoints: [{ id: 'bar', proof: { overdue: ['heartbeat'], lastDrillResult: null, lastVoiceDrill: null } }],
      storage: 'full',
      voice: null,
      record: 'line 7',
      connectors: [],
      onvifDevices: [],
      destinations: [
        {
          destination: 'cad',
          failing: { seq: 1, since: '', attempts: 2, problem: 'It answered 500.', nextAt: '' },
          dead: [],
        },
      ],
    })
    expect(faults.map(({ what, subject, detail }) => `${what} ${subject} ${detail}`)).toEqual([
      'record  line 7',
      'storage  full',
      'help-point bar heartbeat',
      'camera cam-1 no answer',
      'picture cam-1 no answer',
      'picture cam-2 dark',
      'buffer cam-3 disk',
      'destination cad It answered 500.',
    ])
  })
})
