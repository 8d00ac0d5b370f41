import { describe, expect, test } from 'vitest'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Entry } from '../../server/glossary/ledger.ts'
import type { HelpPointId, Press, PressKind } from '../../server/glossary/press.ts'
import { createPressInputs } from '../../server/onvif-device/press-inputs.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const BAR = 'bar' as HelpPointId
const PARK = 'park' as HelpPointId

/** A room in which incidents are opened, taken and closed by hand; what the inputs told, with seconds since the start. */
function room({ activeMs = null, held = [] }: { activeMs?: number | null; held?: Partial<Incident>[] } = {}) {
  const clock = createFakeClock()
  const incidents = new Map<string, Incident>()
  const told: string[] = []
  const put = (id: string, more: Partial<Incident>): void => {
    const before = incidents.get(id) ?? {
      id,
      kind: 'press',
      state: 'open',
      calledAt: 'then',
      recalledAt: null,
      presses: [{ kind: more.kind ?? 'press' }],
    }
    incidents.set(id, { ...before, ...more } as Incident)
  }
  held.forEach((incident, i) => put(`old-${i}`, { helpPoint: BAR, ...incident }))
  const inputs = createPressInputs({
    clock,
    activeMs,
    unfinished: () => [...incidents.values()].filter(({ state }) => state !== 'closed'),
    onChange: (helpPoint, pressed) =>
      void told.push(`${clock.monotonic() / 1000} ${helpPoint} ${pressed ? 'pressed' : 'let go'}`),
  })
  inputs.begin()
  const say = (kind: string, body: object = {}): void =>
    inputs.heard({ kind, body, at: new Date(clock.now()).toISOString() } as unknown as Entry)
  return {
    clock,
    told,
    inputs,
    put,
    press(id: string, helpPoint = BAR, kind: PressKind = 'press', late = false): void {
      put(id, { helpPoint, kind, ...(late ? { calledAt: null, presses: [{ kind, late } as Press] } : {}) })
      say('press.received', { press: { helpPoint, kind, late }, incident: id as IncidentId })
    },
    becomes(id: string, state: Incident['state'], more: Partial<Incident> = {}): void {
      put(id, { state, ...more })
      say(state === 'closed' ? 'incident.closed' : 'incident.acknowledged')
    },
  }
}

describe('an input that is pressed until somebody has taken it', () => {
  test('is pressed at once, and let go when it is taken', async () => {
    const { clock, told, press, becomes } = room()
    press('i1')
    expect(told).toEqual(['0 bar pressed'])
    await clock.advance(60_000)
    becomes('i1', 'acknowledged')
    expect(told).toEqual(['0 bar pressed', '60 bar let go'])
  })
  test('stays for two seconds though it was taken at once: a client that looks now and then sees it', async () => {
    const { clock, told, press, becomes } = room()
    press('i1')
    becomes('i1', 'acknowledged')
    await clock.advance(1999)
    expect(told).toEqual(['0 bar pressed'])
    await clock.advance(1)
    expect(told).toEqual(['0 bar pressed', '2 bar let go'])
  })
  test('is not told twice when somebody presses again and nobody has come yet', async () => {
    const { clock, told, press } = room()
    for (let i = 0; i < 5; i += 1) {
      press('i1')
      await clock.advance(700)
    }
    expect(told).toEqual(['0 bar pressed'])
  })
  test('is told anew for each call that comes after the last was taken, however quickly', async () => {
    const { clock, told, press, becomes } = room()
    for (const id of ['i1', 'i2', 'i3']) {
      press(id)
      becomes(id, 'closed')
    }
    await clock.advance(60_000)
    expect(told.map((line) => line.split(' bar ')[1])).toEqual([
      'pressed',
      'let go',
      'pressed',
      'let go',
      'pressed',
      'let go',
    ])
    expect(told[2]).toBe('4 bar pressed')
  })
  test('that is pressed again while somebody has it is told for five seconds, and for longer when again', async () => {
    const { clock, told, press, becomes } = room()
    press('i1')
    await clock.advance(10_000)
    becomes('i1', 'acknowledged')
    await clock.advance(10_000)
    press('i1')
    becomes('i1', 'acknowledged')
    await clock.advance(4000)
    press('i1')
    becomes('i1', 'acknowledged')
    await clock.advance(30_000)
    expect(told).toEqual(['0 bar pressed', '10 bar let go', '20 bar pressed', '29 bar let go'])
  })
  test('stays while the room is called again', async () => {
    const { clock, told, press, becomes } = room()
    press('i1')
    await clock.advance(10_000)
    becomes('i1', 'acknowledged')
    press('i1')
    becomes('i1', 'acknowledged', { recalledAt: 'now' })
    press('i1')
    await clock.advance(2000)
    becomes('i1', 'acknowledged', { recalledAt: null })
    await clock.advance(20_000)
    expect(told[0]).toBe('0 bar pressed')
    expect(told.at(-1)).toMatch(/let go$/)
  })
  test('of one help point has nothing to do with that of another', async () => {
    const { told, press, becomes } = room()
    press('i1')
    press('i2', PARK)
    becomes('i2', 'closed')
    expect(told).toEqual(['0 bar pressed', '0 park pressed'])
  })
  test('knows no drill, and no press that was held on its way', async () => {
    const { clock, told, press } = room()
    press('i1', BAR, 'drill')
    press('i2', PARK, 'press', true)
    await clock.advance(10_000)
    expect(told).toEqual([])
  })
  test('is let go by whatever shows that somebody has come back to it', async () => {
    const { clock, told, press, becomes, inputs } = room()
    press('i1')
    await clock.advance(3000)
    becomes('i1', 'acknowledged', { recalledAt: 'now' })
    becomes('i1', 'acknowledged', { recalledAt: null })
    inputs.heard({ kind: 'camera.moved', body: {}, at: new Date(clock.now()).toISOString() } as unknown as Entry)
    expect(told.at(-1)).toBe('3 bar let go')
  })
  test('is not told of what a full disk has held back for longer than a minute', async () => {
    const { clock, told, inputs } = room()
    const at = new Date(clock.now() - 61_000).toISOString()
    inputs.heard({
      kind: 'press.received',
      at,
      body: { press: { helpPoint: BAR, kind: 'press' }, incident: 'i1' },
    } as unknown as Entry)
    await clock.advance(1000)
    expect(told).toEqual([])
  })
  test('is told of what a full disk has held back where somebody still waits', async () => {
    const { clock, told, put, inputs } = room()
    put('i1', { helpPoint: BAR })
    const at = new Date(clock.now() - 70_000).toISOString()
    const body = { press: { helpPoint: BAR, kind: 'press' }, incident: 'i1' }
    inputs.heard({ kind: 'press.received', at, body } as unknown as Entry)
    expect(told).toEqual(['0 bar pressed'])
  })
  test('of another device’s help point is none of this one', async () => {
    const clock = createFakeClock()
    const told: string[] = []
    const inputs = createPressInputs({
      clock,
      activeMs: 5000,
      unfinished: () => [],
      isOurs: (helpPoint) => helpPoint === PARK,
      onChange: (helpPoint, pressed) => void told.push(`${helpPoint} ${pressed}`),
    })
    for (const helpPoint of [BAR, PARK]) {
      const body = { press: { helpPoint, kind: 'press' }, incident: `i-${helpPoint}` }
      inputs.heard({ kind: 'press.received', at: new Date(clock.now()).toISOString(), body } as unknown as Entry)
    }
    expect(told).toEqual(['park true'])
  })
  test('is pressed after a restart where nobody has come yet, and that is no news', async () => {
    const { told, inputs, becomes } = room({ held: [{}] })
    expect([inputs.pressed(BAR), told]).toEqual([true, []])
    becomes('old-0', 'acknowledged')
    expect(told).toEqual(['0 bar let go'])
  })
  test.each<[string, Partial<Incident>]>([
    ['taken', { state: 'acknowledged' }],
    ['a drill', { kind: 'drill' }],
    ['late', { calledAt: null }],
    [
      'late, and called by a drill only',
      { presses: [{ kind: 'press', late: true } as Press, { kind: 'drill' } as Press] },
    ],
  ])('after a restart is not pressed for one that is %s', (_, incident) => {
    expect(room({ held: [incident] }).inputs.pressed(BAR)).toBe(false)
  })
  test('takes no more than it can show: of a hundred calls within a second the newest are told, and it ends', async () => {
    const { clock, told, press, becomes, inputs } = room()
    for (let i = 0; i < 100; i += 1) {
      press(`i${i}`)
      becomes(`i${i}`, 'closed')
    }
    await clock.advance(300_000)
    expect(told.filter((line) => line.endsWith('pressed'))).toHaveLength(21)
    expect(inputs.pressed(BAR)).toBe(false)
  })
  test('tells nothing any more once it is closed', async () => {
    const { clock, told, press, becomes, inputs } = room()
    press('i1')
    becomes('i1', 'closed')
    inputs.close()
    await clock.advance(10_000)
    expect(told).toEqual(['0 bar pressed'])
  })
})

describe('an input that is pressed for so many seconds', () => {
  test('is let go by itself, whether somebody came or not', async () => {
    const { clock, told, press, becomes } = room({ activeMs: 5000 })
    press('i1')
    becomes('i1', 'acknowledged')
    await clock.advance(60_000)
    expect(told).toEqual(['0 bar pressed', '5 bar let go'])
  })
  test('is told again when somebody presses after that', async () => {
    const { clock, told, press } = room({ activeMs: 5000 })
    press('i1')
    await clock.advance(8000)
    press('i1')
    await clock.advance(8000)
    expect(told).toEqual(['0 bar pressed', '5 bar let go', '8 bar pressed', '13 bar let go'])
  })
  test('after a restart is not pressed for a press of before', () => {
    expect(room({ activeMs: 5000, held: [{}] }).inputs.pressed(BAR)).toBe(false)
  })
})
