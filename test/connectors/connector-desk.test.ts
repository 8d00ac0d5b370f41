/** The desk that tells a VMS, with a VMS in memory: nothing is lost, nothing told twice, and nothing said that is not so. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Signal, Telling, VmsConnector } from '../../server/connectors/connector.ts'
import { createConnectorBook } from '../../server/connectors/connector-book.ts'
import { type VmsDesk, createVmsDesk } from '../../server/connectors/connector-desk.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Entry, Recorded } from '../../server/glossary/ledger.ts'
import type { ConnectorSite } from '../../server/glossary/site.ts'
import { foldIncident, incidentOf as incidentOfEntry } from '../../server/incident/incident-machine.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'
import { ID, START, closed, framing, opened, pressed, reopened, taken } from './told-incident.ts'

const SITE: ConnectorSite = {
  id: 'recorder',
  cameras: new Map(),
  fallback: null,
  drills: false,
  late: 'mark',
  notes: false,
  zoneminder: {} as never,
}

/** What a VMS remembers, whatever becomes of the server: each event with its incident, and what was done to it. */
function createMemoryVms() {
  const events: {
    id: string
    incident: string
    camera: string | null
    open: boolean
    kept: boolean
    lines: string[]
  }[] = []
  const told: string[] = []
  const state = { down: false, hangs: false, forgets: false, cannotRaise: false }
  async function tell(signal: Signal): Promise<Telling> {
    const { verb, incident, camera, event: id, over, lines, late } = signal
    told.push(`${verb} ${id ?? camera ?? ''}`)
    if (state.hangs) return new Promise(() => {})
    await Promise.resolve()
    if (state.down) return { outcome: 'failed', problem: 'Nothing answers there.' }
    const is = (found: string): Telling => ({
      outcome: 'told',
      how: 'read-back',
      id: found,
      link: null,
      goesOn: verb === 'ended' && signal.shared,
    })
    if (verb === 'raise' || verb === 'mark') {
      if (state.cannotRaise) return { outcome: 'cannot', problem: 'It has no such alarm.' }
      const there = events.find(
        (each) => each.incident === incident && each.camera === camera && each.open && !over.includes(each.id),
      )
      if (there) return is(there.id)
      const made = { id: String(events.length + 1), incident, camera, open: !late, kept: false, lines: [] }
      events.push(made)
      return is(made.id)
    }
    const event = events.find((each) => each.id === id)
    if (!event) return { outcome: 'cannot', problem: 'Its event is not there any more.' }
    if (verb === 'protect' && !state.forgets) event.kept = true
    if (verb === 'release') event.kept = false
    if (verb === 'ended' && !signal.shared) event.open = false
    if (verb === 'note') event.lines = [...new Set([...event.lines, ...lines])]
    return state.forgets ? { outcome: 'failed', problem: 'It said yes, and it is not so.' } : is(event.id)
  }
  return { events, told, state, tell }
}

function town(
  site: Partial<ConnectorSite> = {},
  verbs: VmsConnector['verbs'] = ['raise', 'mark', 'protect', 'note', 'ended', 'release'],
) {
  const clock = createFakeClock(START)
  const vms = createMemoryVms()
  let book = createConnectorBook()
  const incidents = new Map<IncidentId, Incident>()
  const ledger = createFakeLedger(clock.now, (entry: Recorded) => {
    book.apply(entry)
    const id = incidentOfEntry(entry)
    const incident = id && foldIncident(incidents.get(id) ?? null, entry)
    if (id && incident) incidents.set(id, incident)
  })
  let troubles: (string | null)[] = []
  let unmatched = new Set<string>()
  let desk: VmsDesk | null = null
  /** Counts each step outside; at the one that was chosen the server dies. */
  let steps = 0
  let diesAt = Infinity
  const orDies = async <T>(work: () => Promise<T>): Promise<T> => {
    steps += 1
    const before = steps === diesAt
    steps += 1
    const after = steps === diesAt
    if (before) return new Promise<T>(() => {})
    const done = await work()
    return after ? new Promise<T>(() => {}) : done
  }
  function start(): void {
    desk = createVmsDesk({
      clock,
      site: { ...SITE, ...site },
      vms: {
        product: 'ZoneMinder',
        verbs,
        standing: [],
        tell: (signal) => orDies(() => vms.tell(signal)),
        lost: async (events) =>
          vms.state.down
            ? []
            : events.flatMap(({ id, kept }): Awaited<ReturnType<VmsConnector['lost']>> => {
                const event = vms.events.find((each) => each.id === id)
                if (!event?.open) return [{ id, what: event ? 'alarm' : 'event', why: 'It is over there.' }]
                return kept && !event.kept ? [{ id, what: 'footage', why: 'It was let go there.' }] : []
              }),
        cameras: async () => [],
        look: async () => ({ version: null, versionKnown: true, clockOffsetMs: null, steps: [] }),
        isInUse: async () => false,
        remove: async () => {},
      },
      book,
      town: () => ({
        id: 'darlington',
        timezone: 'Europe/London',
        keepMs: 86_400_000,
        nameOf: (id) => id,
        cameraName: (id) => id,
        numberOf: () => null,
      }),
      load: async (id) => incidents.get(id) as Incident,
      append: (drafts) => {
        const { recorded, durable } = ledger.append(drafts)
        return { recorded, durable: orDies(() => durable) }
      },
      matching: async () => (camera) => (unmatched.has(camera) ? null : `their ${camera}`),
      onStale: () => {},
      onTrouble: (problem) => troubles.push(problem),
      onError: (error) => {
        throw error
      },
    })
  }
  const write = (...drafts: Draft[]): void => {
    ledger.append(drafts)
    for (const draft of drafts) if ('incident' in draft.body && draft.body.incident) desk?.heard(draft.body.incident)
  }
  write({
    kind: 'connector.opened',
    actor: 'lamppost',
    subject: 'recorder',
    body: { connector: 'recorder', product: 'ZoneMinder', drills: site.drills ?? false },
  })
  start()
  return {
    clock,
    vms,
    write,
    entries: (): Entry[] => ledger.entries,
    kinds: (kind: string): Entry['body'][] =>
      ledger.entries.filter((entry) => entry.kind === kind).map(({ body }) => body),
    troubles: () => troubles,
    desk: () => desk as VmsDesk,
    vmsLine: () => incidents.get(ID)?.vms[0],
    steps: () => steps,
    dieAt: (step: number): void => void (diesAt = step),
    unmatch: (...cameras: string[]): void => void (unmatched = new Set(cameras)),
    /** As after kill -9: what is durable is read again. */
    async restart(): Promise<void> {
      void desk?.close()
      diesAt = Infinity
      book = createConnectorBook()
      incidents.clear()
      troubles = []
      for (const entry of ledger.entries) {
        book.apply(entry)
        const id = incidentOfEntry(entry)
        const incident = id && foldIncident(incidents.get(id) ?? null, entry)
        if (id && incident) incidents.set(id, incident)
      }
      start()
      await clock.advance(0)
    },
    async settle(ms = 3000): Promise<void> {
      for (let i = 0; i < 12; i += 1) await clock.advance(ms / 12)
    },
  }
}
let each: ReturnType<typeof town>
afterEach(() => void each.desk().close())
const PRESS = [opened(), pressed(), framing('cam-12'), framing('cam-14', 'moving', 'secondary')]

describe('a press', () => {
  test('is raised, kept, marked and noted, each with a receipt, and its incident shows the line', async () => {
    each = town()
    each.write(...PRESS, taken())
    await each.settle()
    expect(each.vms.events).toMatchObject([
      { camera: 'their cam-12', open: true, kept: true, lines: [expect.stringContaining('taken by Sam')] },
      { camera: 'their cam-14', open: true, kept: true },
    ])
    expect(each.kinds('connector.told').map((body) => (body as { verb: string }).verb)).toEqual([
      'raise',
      'protect',
      'mark',
      'protect',
      'note',
    ])
    expect(each.vmsLine()).toMatchObject({
      alarm: { id: '1', how: 'read-back', camera: 'cam-12' },
      footage: 'kept',
      findings: [],
    })
  })
  test('its end is the end there; the footage is let go after the site’s time, and that is all', async () => {
    each = town()
    each.write(...PRESS)
    await each.settle()
    each.write(closed())
    await each.settle()
    expect(each.vms.events).toMatchObject([
      { open: false, kept: true },
      { open: false, kept: true },
    ])
    await each.clock.advance(86_400_000)
    await each.settle()
    expect(each.vms.events).toMatchObject([{ kept: false }, { kept: false }])
    expect(each.kinds('connector.finished')).toHaveLength(1)
    expect(each.vmsLine()).toMatchObject({ footage: 'released' })
  })
  test('opened again after that: an alarm is raised again', async () => {
    each = town()
    each.write(...PRESS)
    await each.settle()
    each.write(closed())
    await each.settle()
    each.write(reopened())
    await each.settle()
    expect(each.vms.events.filter(({ open }) => open)).toHaveLength(2)
  })
  test('a lock of the evidence officer keeps it there, and her unlock gives it back', async () => {
    each = town()
    each.write(...PRESS)
    await each.settle()
    const lock = { incident: ID, by: 'Eve', reason: 'court' }
    each.write(closed(), { kind: 'clip.locked', actor: 'evidence:Eve', subject: ID, body: { ...lock, until: null } })
    await each.clock.advance(10 * 86_400_000)
    await each.settle()
    expect(each.vms.events[0]?.kept).toBe(true)
    each.write({ kind: 'clip.unlocked', actor: 'evidence:Eve', subject: ID, body: lock })
    await each.settle()
    expect(each.vms.events[0]?.kept).toBe(false)
  })
  test('an alarm that ends there while the incident is open is raised again within five seconds', async () => {
    each = town()
    each.write(...PRESS)
    await each.settle()
    each.vms.events[0]!.open = false
    await each.settle(5000)
    expect(each.vms.events.filter(({ open, camera }) => open && camera === 'their cam-12')).toHaveLength(1)
    expect(each.kinds('connector.lost')).toHaveLength(1)
    expect(each.vmsLine()?.alarm).toMatchObject({ id: '3', camera: 'cam-12' })
  })
})

test('footage that somebody there lets go while the incident is open is kept again', async () => {
  each = town()
  each.write(...PRESS)
  await each.settle()
  each.vms.events[0]!.kept = false
  await each.settle(5000)
  expect(each.vms.events[0]?.kept).toBe(true)
  expect(each.kinds('connector.lost')).toMatchObject([{ what: 'footage', id: '1' }])
  expect(each.vmsLine()?.footage).toBe('kept')
})

describe('a VMS that is away', () => {
  test('is trouble at once, tried again with growing waits, written down once, and told when it is back', async () => {
    each = town()
    each.vms.state.down = true
    each.write(...PRESS)
    await each.settle(60_000)
    const tries = each.vms.told.filter((line) => line === 'raise their cam-12').length
    expect(tries).toBeGreaterThan(4)
    expect(tries).toBeLessThan(9)
    expect(each.troubles().at(-1)).toBe('Nothing answers there.')
    expect(each.kinds('connector.not-told').filter((body) => (body as { verb: string }).verb === 'raise')).toHaveLength(
      1,
    )
    expect(each.vmsLine()).toMatchObject({ alarm: null })
    expect(each.desk().waiting().count).toBeGreaterThan(0)
    each.vms.state.down = false
    each.desk().hurry()
    await each.settle()
    expect(each.vms.events).toHaveLength(2)
    expect(each.troubles().at(-1)).toBeNull()
    expect(each.desk().waiting()).toEqual({ count: 0, oldest: null })
    expect(each.vmsLine()?.findings).toEqual([])
  })
  test('back after twenty minutes, it gets a mark at the time of the press, and no alarm', async () => {
    each = town()
    each.vms.state.down = true
    each.write(...PRESS)
    await each.settle(20 * 60_000)
    each.vms.state.down = false
    each.desk().hurry()
    await each.settle()
    expect(each.vms.events.every(({ open }) => !open)).toBe(true)
    expect(each.kinds('connector.told')).toMatchObject([
      { verb: 'mark' },
      { verb: 'protect' },
      { verb: 'mark' },
      { verb: 'protect' },
    ])
  })
  test('one incident that it cannot digest delays no other', async () => {
    each = town()
    const other = 'inc-2' as IncidentId
    const { tell } = each.vms
    each.vms.tell = (signal) =>
      signal.incident === ID ? Promise.resolve({ outcome: 'failed', problem: 'It answers 500.' }) : tell(signal)
    each.write(
      ...PRESS,
      opened('press', other),
      pressed(START, 'press', false, other),
      framing('cam-17', 'moving', 'primary', other),
    )
    await each.settle()
    expect(each.vms.events).toMatchObject([{ incident: other, camera: 'their cam-17' }])
  })
  test('one that says yes and does nothing writes no receipt', async () => {
    each = town()
    each.write(...PRESS)
    await each.settle()
    each.vms.state.forgets = true
    each.write(taken())
    await each.settle(10_000)
    expect(each.kinds('connector.told').some((body) => (body as { verb: string }).verb === 'note')).toBe(false)
    expect(each.troubles().at(-1)).toContain('it is not so')
  })
})

test('locked without an end, its alarm ends all the same when it is closed', async () => {
  each = town()
  each.write(...PRESS)
  await each.settle()
  const lock = { incident: ID, by: 'Eve', reason: 'court', until: null }
  each.write({ kind: 'clip.locked', actor: 'evidence:Eve', subject: ID, body: lock }, closed())
  await each.settle()
  expect(each.vms.events).toMatchObject([
    { open: false, kept: true },
    { open: false, kept: true },
  ])
})
test('what is noted after the closing is told, where notes are told', async () => {
  each = town({ notes: true })
  each.write(...PRESS)
  await each.settle()
  each.write(closed())
  await each.settle()
  each.write({ kind: 'incident.noted', actor: 'operator:Sam', subject: ID, body: { incident: ID, text: 'late words' } })
  await each.settle()
  expect(each.vms.events[0]?.lines.at(-1)).toContain('late words')
})
test('what could not be told of an incident that is over is no trouble for a month', async () => {
  each = town()
  const { tell } = each.vms
  each.vms.tell = (signal) =>
    signal.camera === 'their cam-14' && signal.event === null
      ? Promise.resolve({ outcome: 'failed', problem: 'It has no picture.' })
      : tell(signal)
  each.write(...PRESS)
  await each.settle(10_000)
  expect(each.troubles().at(-1)).toBe('It has no picture.')
  each.write(closed())
  await each.settle(40_000)
  expect(each.troubles().at(-1)).toBeNull()
})
test('finished at its closing, because no camera was theirs, and opened again: it is told', async () => {
  each = town()
  each.unmatch('cam-12', 'cam-14')
  each.write(...PRESS)
  await each.settle()
  each.write(closed())
  await each.settle()
  expect(each.kinds('connector.finished')).toHaveLength(1)
  each.unmatch('cam-14')
  each.write(reopened())
  await each.settle()
  expect(each.vms.events).toMatchObject([{ camera: 'their cam-12', open: true }])
})
test('taken out of the site file and put back: its alarms are ended and its footage let go', async () => {
  each = town()
  each.write(...PRESS)
  await each.settle()
  each.write(
    { kind: 'connector.closed', actor: 'lamppost', subject: 'recorder', body: { connector: 'recorder' } },
    closed(),
  )
  await each.restart()
  each.write({
    kind: 'connector.opened',
    actor: 'lamppost',
    subject: 'recorder',
    body: { connector: 'recorder', product: 'ZoneMinder', drills: false },
  })
  await each.restart()
  await each.settle()
  expect(each.vms.events.every(({ open }) => !open)).toBe(true)
})

describe('what is not told', () => {
  test('a drill, where the site does not say so', async () => {
    each = town()
    each.write(opened('drill'), pressed(START, 'drill'), framing('cam-12'))
    await each.settle()
    each.write(closed())
    await each.settle()
    expect(each.vms.told).toEqual([])
  })
  test('but a person who presses during a drill is no drill', async () => {
    each = town()
    each.write(opened('drill'), pressed(START, 'drill'), framing('cam-12'))
    await each.settle()
    each.write(pressed(START + 1))
    await each.settle()
    expect(each.vms.events).toHaveLength(1)
  })
  test('what a VMS cannot do is left out', async () => {
    each = town({}, ['raise'])
    each.write(...PRESS, taken())
    await each.settle()
    each.write(closed())
    await each.settle()
    expect(new Set(each.vms.told)).toEqual(new Set(['raise their cam-12']))
    expect(each.kinds('connector.finished')).toHaveLength(1)
  })
  test('a camera that is none of theirs is a line of the incident; one that becomes theirs is raised', async () => {
    each = town()
    each.unmatch('cam-12', 'cam-14')
    each.write(...PRESS)
    await each.settle()
    expect(each.vms.events).toEqual([])
    expect(each.vmsLine()?.findings.map(({ words }) => words)).toEqual([
      'Not matched with cameras of the VMS: cam-12, cam-14.',
      'No camera of this press is matched with a camera of the VMS.',
    ])
    each.unmatch('cam-14')
    each.desk().hurry()
    await each.settle()
    expect(each.vms.events).toMatchObject([{ camera: 'their cam-12' }])
    expect(each.vmsLine()?.findings.map(({ words }) => words)).toEqual(['Not matched with cameras of the VMS: cam-14.'])
  })
})

test('two incidents on one camera: closing one leaves the other its alarm and its footage', async () => {
  each = town()
  const other = 'inc-2' as IncidentId
  each.write(opened(), pressed(), framing('cam-12'))
  each.write(
    opened('press', other),
    pressed(START, 'press', false, other),
    framing('cam-12', 'moving', 'primary', other),
  )
  await each.settle()
  // As where the second joins the event of the first.
  each.write(closed())
  await each.settle()
  expect(each.vms.events.find(({ incident }) => incident === other)).toMatchObject({ open: true, kept: true })
})

test('killed before and after each step of a whole incident, once in each: one alarm and one mark, none lost', async () => {
  each = town()
  each.write(...PRESS)
  await each.settle()
  each.write(taken())
  await each.settle()
  each.write(closed())
  await each.settle()
  const all = each.steps()
  expect(all).toBeGreaterThan(20)
  void each.desk().close()
  for (let step = 1; step <= all; step += 1) {
    each = town()
    each.dieAt(step + each.steps())
    each.write(...PRESS)
    await each.settle()
    await each.restart()
    await each.settle()
    each.write(taken())
    await each.settle()
    await each.restart()
    each.write(closed())
    await each.settle()
    await each.restart()
    await each.settle()
    expect(each.vms.events.map(({ camera, open, kept }) => [camera, open, kept])).toEqual([
      ['their cam-12', false, true],
      ['their cam-14', false, true],
    ])
    await each.desk().close()
  }
})

describe('what comes between', () => {
  const OTHER = 'inc-2' as IncidentId
  const second = [
    opened('press', OTHER),
    pressed(START, 'press', false, OTHER),
    framing('cam-12', 'moving', 'primary', OTHER),
  ]
  /** As ZoneMinder: the second incident on a camera joins the event that runs. */
  function joining(): void {
    const { tell, events } = each.vms
    each.vms.tell = async (signal) => {
      const running = events.find(({ camera, open }) => open && camera === signal.camera)
      if ((signal.verb === 'raise' || signal.verb === 'mark') && running && !signal.over.includes(running.id))
        return { outcome: 'told', how: 'read-back', id: running.id, link: null }
      return tell(signal)
    }
  }
  test('two incidents of one event that end at one time: the event ends, and is let go once both may', async () => {
    each = town()
    joining()
    each.write(opened(), pressed(), framing('cam-12'))
    await each.settle()
    each.write(...second)
    await each.settle()
    expect(each.vms.events).toHaveLength(1)
    each.write(closed(), closed(OTHER))
    await each.settle()
    expect(each.vms.events).toMatchObject([{ open: false, kept: true }])
    await each.clock.advance(86_400_000)
    await each.settle()
    expect(each.vms.events).toMatchObject([{ kept: false }])
    expect(each.kinds('connector.finished')).toHaveLength(2)
  })
  test('closed and opened again while another has its event: it goes on, and nothing is told in vain', async () => {
    each = town()
    joining()
    each.write(opened(), pressed(), framing('cam-12'))
    await each.settle()
    each.write(...second)
    await each.settle()
    each.write(closed())
    await each.settle()
    each.write(reopened())
    await each.settle()
    expect(each.vms.events).toMatchObject([{ open: true }])
    expect(each.troubles().at(-1)).toBeNull()
    each.write(closed(OTHER))
    await each.settle()
    expect(each.vms.events).toMatchObject([{ open: true }])
    each.write(closed())
    await each.settle()
    expect(each.vms.events).toMatchObject([{ open: false }])
  })
  test('opened again while its end is on the way: the alarm is raised again', async () => {
    each = town()
    each.write(opened(), pressed(), framing('cam-12'))
    await each.settle()
    const { tell } = each.vms
    let answer: (() => void) | null = null
    each.vms.tell = async (signal) => {
      if (signal.verb === 'ended') await new Promise<void>((resolve) => (answer = resolve))
      return tell(signal)
    }
    each.write(closed())
    await each.settle()
    each.write(reopened())
    const goOn = answer as (() => void) | null
    goOn?.()
    each.vms.tell = tell
    await each.settle()
    expect(each.vms.events.filter(({ open }) => open)).toHaveLength(1)
  })
  test('a person who presses in a drill that was told gets an alarm that says no DRILL', async () => {
    each = town({ drills: true })
    each.write(opened('drill'), pressed(START, 'drill'), framing('cam-12'))
    await each.settle()
    each.write(pressed(START + 1))
    await each.settle()
    expect(each.kinds('connector.told').filter((body) => (body as { verb: string }).verb === 'raise')).toHaveLength(2)
  })
  test('opened again while closed ones hang before it: it is told at once', async () => {
    each = town()
    const ids = ['a', 'b', 'c', 'd'].map((letter) => `inc-${letter}` as IncidentId)
    for (const id of ids)
      each.write(opened('press', id), pressed(START, 'press', false, id), framing(`cam-${id}`, 'moving', 'primary', id))
    await each.settle()
    const { tell } = each.vms
    each.vms.tell = (signal) => (signal.verb === 'ended' ? new Promise(() => {}) : tell(signal))
    each.write(...ids.map((id) => closed(id)))
    await each.settle()
    const last = ids[3] as IncidentId
    // As if somebody there had ended it meanwhile.
    for (const event of each.vms.events) if (event.incident === last) event.open = false
    each.write(reopened(last))
    await each.settle(6000)
    expect(each.vms.events.some(({ incident, open }) => incident === last && open)).toBe(true)
  })
  test('five thousand closed incidents whose footage is still kept cost a start nothing', async () => {
    each = town()
    for (let i = 0; i < 5000; i += 1) {
      const id = `inc-old-${i}` as IncidentId
      each.write(opened('press', id), pressed(START, 'press', false, id), framing('cam-12', 'moving', 'primary', id))
      const about = {
        connector: 'recorder',
        product: 'ZoneMinder',
        incident: id,
        how: 'read-back',
        id: String(i),
        link: null,
        camera: 'cam-12' as never,
        theirs: '1',
        late: false,
        goesOn: false,
        finding: null,
      } as const
      const told = (verb: 'raise' | 'protect' | 'ended' | 'note', part: string): Draft => ({
        kind: 'connector.told',
        actor: 'x',
        subject: id,
        body: { ...about, verb, part },
      })
      each.write(
        told('raise', 'cam-12, 0'),
        told('protect', String(i)),
        closed(id),
        told('ended', String(i)),
        told('note', `lines of ${i}: 9999999`),
      )
    }
    await each.clock.advance(0)
    const at = performance.now()
    const before = each.vms.told.length
    await each.restart()
    await each.settle()
    // Nothing is loaded, matched or told; a tenth of this is what it takes on a quick machine.
    expect(each.vms.told.slice(before)).toEqual([])
    expect(performance.now() - at).toBeLessThan(20_000)
  })
})
