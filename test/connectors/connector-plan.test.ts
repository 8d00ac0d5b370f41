import { describe, expect, test } from 'vitest'
import {
  type Plan,
  type PlanRule,
  type TheirEvent,
  type ToldSoFar,
  planFor,
  pressTime,
} from '../../server/connectors/connector-plan.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import { START, closed, framing, incidentOf, opened, pressed, taken } from './told-incident.ts'

const NOBODY: ToldSoFar = { done: new Set(), events: [], closedAt: null }
const RULE: PlanRule = {
  verbs: ['raise', 'mark', 'protect', 'note', 'ended', 'release'],
  matched: () => true,
  fallback: false,
  late: 'mark',
  keepMs: 86_400_000,
  line: ({ kind }) => (kind === 'incident.acknowledged' ? 'taken' : null),
}
const event = (id: string, more: Partial<TheirEvent> = {}): TheirEvent => ({
  id,
  camera: 'cam-12' as never,
  theirs: '1',
  alarm: true,
  protected: true,
  ended: false,
  over: false,
  released: false,
  ...more,
})
const plan = (
  incident: Incident,
  told: Partial<ToldSoFar> = {},
  rule: Partial<PlanRule> = {},
  now = START + 1000,
): Plan => planFor(incident, { ...NOBODY, ...told }, { ...RULE, ...rule }, now)
const verbs = ({ acts }: Plan): string[] =>
  acts.map(({ verb, camera, event: at, cannot }) => [verb, at ?? camera ?? '', ...(cannot ? ['cannot'] : [])].join(' '))

const PRESS = [opened(), pressed()]

describe('a press', () => {
  test('raises an alarm with the camera that was chosen, and marks the further ones', () =>
    expect(verbs(plan(incidentOf(...PRESS, framing('cam-12'), framing('cam-14', 'asked', 'secondary'))))).toEqual([
      'raise cam-12',
      'mark cam-14',
    ]))
  test('waits a moment for its camera, and no longer', () => {
    expect(plan(incidentOf(...PRESS), {}, {}, START + 100)).toEqual({ acts: [], again: START + 1500, finished: false })
    expect(verbs(plan(incidentOf(...PRESS), {}, {}, START + 2000))).toEqual(['raise  cannot'])
    expect(verbs(plan(incidentOf(...PRESS), {}, { fallback: true }, START + 2000))).toEqual(['raise '])
  })
  test('a camera that failed raises nothing: the next one does', () =>
    expect(verbs(plan(incidentOf(...PRESS, framing('cam-12', 'failed'), framing('cam-14'))))).toEqual(['raise cam-14']))
  test('a camera that the VMS does not have is said once, and the next one raises', () => {
    const incident = incidentOf(...PRESS, framing('cam-12'), framing('cam-14'))
    const matched = (camera: string): boolean => camera === 'cam-14'
    const first = plan(incident, {}, { matched })
    expect(verbs(first)).toEqual(['raise cam-14', 'mark  cannot'])
    expect(first.acts[1]?.cannot).toContain('cam-12')
    const done = new Set(['mark without a match: cam-12'])
    expect(verbs(plan(incident, { done, events: [event('7', { camera: 'cam-14' as never })] }, { matched }))).toEqual(
      [],
    )
  })
  test('is kept before further cameras are marked', () =>
    expect(
      verbs(
        plan(incidentOf(...PRESS, framing('cam-12'), framing('cam-14')), {
          events: [event('7', { protected: false })],
        }),
      ),
    ).toEqual(['protect 7', 'mark cam-14']))
  test('an alarm that is over though nobody closed the incident is raised again, whatever else is marked', () => {
    const incident = incidentOf(...PRESS, framing('cam-12'), framing('cam-14'))
    const events = [event('7', { over: true }), event('8', { camera: 'cam-14' as never, alarm: false })]
    const again = plan(incident, { events, done: new Set(['raise cam-12, 0', 'mark cam-14, 0']) })
    expect(again.acts.map(({ verb, part }) => `${verb} ${part}`)).toEqual(['raise cam-12, 1'])
  })
  test('lines are told once, all that are new in one act, to the alarm', () => {
    const incident = incidentOf(...PRESS, framing('cam-12'), taken())
    const events = [event('7'), event('8', { camera: 'cam-14' as never, alarm: false })]
    const { acts } = plan(incident, { events })
    expect(acts).toMatchObject([{ verb: 'note', event: '7', part: 'lines of 7: 4' }])
    expect(plan(incident, { events, done: new Set(['note lines of 7: 4']) }).acts).toEqual([])
  })
  test('an alarm that was raised again gets the whole story, too', () => {
    const incident = incidentOf(...PRESS, framing('cam-12'), taken())
    const events = [event('7', { over: true }), event('9')]
    expect(plan(incident, { events, done: new Set(['note lines of 7: 4']) }).acts).toMatchObject([
      { verb: 'note', event: '9' },
    ])
  })
  test('whose camera another incident holds is raised there all the same: the VMS records it whoever steers it', () => {
    const passed = {
      kind: 'camera.passed-over',
      actor: 'lamppost',
      subject: 'inc-1',
      body: { incident: 'inc-1' as never, camera: 'cam-12' as never, reason: 'another incident holds it' },
    } as const
    expect(verbs(plan(incidentOf(...PRESS, passed)))).toEqual(['raise cam-12'])
  })
  test('whose cameras have all failed to move is raised all the same: the VMS records them', () =>
    expect(verbs(plan(incidentOf(...PRESS, framing('cam-12', 'failed'))))).toEqual(['raise cam-12']))
  test('pressed a hundred times is one line', () => {
    const incident = incidentOf(
      opened(),
      ...Array.from({ length: 100 }, (_, i) => pressed(START + i)),
      framing('cam-12'),
    )
    expect(plan(incident, { events: [event('7')] }).acts).toMatchObject([
      { verb: 'note', part: `presses of 7: ${Math.floor(START / 60_000)}` },
    ])
  })
})

describe('a press that calls now', () => {
  const LATER = START + 20 * 60_000
  const past = [opened(), pressed(START, 'press', true), framing('cam-12')]
  test('after one of long ago raises an alarm, whatever was marked of the first', () => {
    const incident = incidentOf(...past, pressed(LATER))
    const events = [event('7', { alarm: false, ended: true })]
    const done = new Set(['mark cam-12, 0'])
    expect(verbs(plan(incidentOf(...past), { events, done }, {}, LATER))).toEqual([])
    expect(verbs(plan(incident, { events, done }, {}, LATER + 1000))[0]).toBe('raise cam-12')
    expect(pressTime(incident, false)).toBe(LATER)
    expect(pressTime(incident, true)).toBe(START)
  })
  test('while the VMS was away for all presses before it raises an alarm', () =>
    expect(verbs(plan(incidentOf(...PRESS, framing('cam-12'), pressed(LATER)), {}, {}, LATER + 1000))).toEqual([
      'raise cam-12',
    ]))
  test('in a drill of ten minutes ago raises an alarm', () =>
    expect(
      verbs(
        plan(
          incidentOf(opened('drill'), pressed(START, 'drill'), framing('cam-12'), pressed(LATER)),
          {},
          {},
          LATER + 1000,
        ),
      ),
    ).toEqual(['raise cam-12']))
})

describe('a press that the VMS hears of late', () => {
  test('and that moved no camera is marked where its clip is of', () => {
    const clip = {
      kind: 'clip.held',
      actor: 'lamppost',
      subject: 'inc-1',
      body: { incident: 'inc-1' as never, camera: 'cam-14' as never, from: '', to: null },
    } as const
    expect(plan(incidentOf(opened(), pressed(START, 'press', true), clip)).acts).toMatchObject([
      { verb: 'mark', camera: 'cam-14', late: true },
    ])
  })
  test('closed before, without a camera: the fallback’s footage is marked, and no alarm raised', () =>
    expect(plan(incidentOf(...PRESS, closed()), {}, { fallback: true }, START + 5000).acts).toMatchObject([
      { verb: 'mark', late: true },
    ]))
  const incident = incidentOf(...PRESS, framing('cam-12'))
  test('is marked at its own time, and pops nothing up', () =>
    expect(plan(incident, {}, {}, START + 20 * 60_000).acts).toMatchObject([{ verb: 'mark', late: true }]))
  test('raises an alarm all the same, where the site says so', () =>
    expect(verbs(plan(incident, {}, { late: 'alarm' }, START + 20 * 60_000))).toEqual(['raise cam-12']))
  test('so does one that was held on its way', () =>
    expect(verbs(plan(incidentOf(opened(), pressed(START, 'press', true), framing('cam-12'))))).toEqual([
      'mark cam-12',
    ]))
  test('one that was over before is a mark, and nothing goes on after it', () => {
    const over = incidentOf(...PRESS, framing('cam-12'), closed())
    expect(plan(over, {}, {}, START + 5000).acts).toMatchObject([{ verb: 'mark', late: true }])
  })
  test('an alarm that was raised in time is not late after five minutes', () =>
    expect(plan(incident, { events: [event('7')] }, {}, START + 3_600_000).acts).toEqual([]))
})

describe('an incident that is closed', () => {
  const incident = incidentOf(...PRESS, framing('cam-12'), closed())
  const closedAt = incident.closedAt
  test('ends each alarm that goes on, and lets the footage go after the site’s time', () => {
    expect(verbs(plan(incident, { closedAt, events: [event('7')] }))).toEqual(['ended 7'])
    const ended = { closedAt, events: [event('7', { ended: true })] }
    expect(plan(incident, ended)).toEqual({ acts: [], again: START + 86_400_000, finished: false })
    expect(verbs(plan(incident, ended, {}, START + 86_400_001))).toEqual(['release 7'])
    const released = { closedAt, events: [event('7', { ended: true, released: true })] }
    expect(plan(incident, released, {}, START + 86_400_001).finished).toBe(true)
  })
  test('stays kept for as long as the evidence officer says', () => {
    const ended = { closedAt, events: [event('7', { ended: true })] }
    const later = START + 30 * 86_400_000
    expect(plan(incident, { ...ended, lockedUntil: null }, {}, later)).toMatchObject({ acts: [], finished: false })
    const until = new Date(later + 1000).toISOString()
    expect(plan(incident, { ...ended, lockedUntil: until }, {}, later)).toMatchObject({ acts: [], again: later + 1000 })
    expect(verbs(plan(incident, { ...ended, lockedUntil: until }, {}, later + 1000))).toEqual(['release 7'])
  })
  test('a drill keeps nothing', () => {
    const drill = incidentOf(opened('drill'), pressed(START, 'drill'), framing('cam-12'), closed())
    expect(verbs(plan(drill, { closedAt, events: [event('7', { ended: true })] }))).toEqual(['release 7'])
  })
  test('is finished at once where the VMS can do no more', () =>
    expect(plan(incident, { closedAt, events: [event('7', { protected: false })] }, { verbs: ['raise'] })).toEqual({
      acts: [],
      again: null,
      finished: true,
    }))
})
