import { describe, expect, test } from 'vitest'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Entry } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import type { DrillResult } from '../../server/glossary/proof.ts'
import { createDrillEnds, cutShort } from '../../server/readiness/drill-ends.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const INCIDENT = 'inc-1' as IncidentId
const result = (by: string): DrillResult => ({
  incident: INCIDENT,
  helpPoint: 'bar' as HelpPointId,
  kind: 'drill',
  at: '2026-11-20T22:30:00.000Z',
  stages: {},
  camera: null,
  framing: null,
  proofs: [],
  problem: null,
  passed: true,
  by,
})
const finished = (by: string): Entry => ({ kind: 'drill.finished', body: result(by) }) as unknown as Entry

function room(incident: Partial<Incident> = {}) {
  const clock = createFakeClock()
  const closed: string[] = []
  const released: string[] = []
  const ends = createDrillEnds({
    clock,
    load: async () => ({ id: INCIDENT, kind: 'drill', state: 'open', ...incident }) as Incident,
    close: async (id, reason, actor) => void closed.push(`${id} ${actor}: ${reason}`),
    releaseDrillClips: async (id) => void released.push(id),
    onError: (error) => expect.fail(String(error)),
  })
  return { clock, ends, closed, released }
}

describe('a drill ends by itself', () => {
  test.each(['drill by olive', 'http', 'mqtt'])('by hand or by a device (%s): once its result was seen', async (by) => {
    const { clock, ends, closed, released } = room()
    ends.onEntry(finished(by))
    await clock.advance(29_000)
    expect(closed).toEqual([])
    await clock.advance(2000)
    expect(closed).toEqual([expect.stringMatching(/^inc-1 lamppost: /)])
    expect(released).toEqual([INCIDENT])
  })
  test('of the schedule: its schedule ends it, at once', async () => {
    const { clock, ends, closed } = room()
    ends.onEntry(finished('schedule'))
    await clock.advance(60_000)
    expect(closed).toEqual([])
    await ends.end(INCIDENT, result('schedule'))
    expect(closed).toHaveLength(1)
  })
  test.each<[string, Partial<Incident>]>([
    ['that a person has joined', { kind: 'press' }],
    ['that an operator has taken', { state: 'acknowledged' }],
    ['that is closed already', { state: 'closed' }],
  ])('but not one %s, and what it held stays', async (_, incident) => {
    const { clock, ends, closed, released } = room(incident)
    ends.onEntry(finished('drill by olive'))
    await clock.advance(60_000)
    expect([closed, released]).toEqual([[], []])
  })
  test('and none while the server closes', async () => {
    const { clock, ends, closed } = room()
    ends.onEntry(finished('drill by olive'))
    ends.close()
    await clock.advance(60_000)
    expect(closed).toEqual([])
  })
  test('one that a restart has cut short is found with its result, if it had one', () => {
    const open = (id: string, change: Partial<Incident> = {}): Incident =>
      ({
        id,
        kind: 'drill',
        state: 'open',
        helpPoint: 'bar',
        openedAt: '2026-11-20T22:30:00.000Z',
        presses: [{ source: 'schedule' }],
        ...change,
      }) as unknown as Incident
    const found = cutShort(
      [open('inc-1'), open('inc-2'), open('inc-3', { kind: 'press' }), open('inc-4', { state: 'acknowledged' })],
      () => result('schedule'),
    )
    expect(found).toMatchObject([
      { incident: 'inc-1', by: 'schedule', result: { incident: 'inc-1' } },
      { incident: 'inc-2', result: null },
    ])
  })
})
