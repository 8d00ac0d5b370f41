import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Accepted, Arrival, HelpPointId, PressId } from '../../server/glossary/press.ts'
import type { MqttTopic } from '../../server/press/sources/mqtt-message.ts'
import { createMqttSource } from '../../server/press/sources/mqtt-source.ts'
import { realClock } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'
import { BROKER_PASSWORD, type Broker, startBroker } from './broker.ts'
import { until } from './test-town.ts'

const TAKEN: Accepted = {
  receipt: { press: 'prs-1' as PressId, incident: 'inc-1' as IncidentId, receivedAt: '2026-11-20T22:30:00.000Z' },
  repeated: false,
}
const NOTHING: (arrival: Arrival) => Promise<void> = async () => {}
const BAR = 'bar' as HelpPointId
const HIGH_ROW = 'high-row' as HelpPointId
const topic = (name: string, change: Partial<MqttTopic> = {}): MqttTopic => ({
  topic: name,
  when: null,
  heartbeat: null,
  key: null,
  ...change,
})
let broker: Broker
let town = 0

beforeAll(async () => void (broker = await startBroker()))
afterAll(() => broker.end())

/** A source with sessions of its own; `taken` decides what becomes of each arrival. */
function listen(
  version: 4 | 5,
  topics: Map<HelpPointId, MqttTopic[]> = new Map([[BAR, [topic('helppoints/bar')]]]),
  {
    id = '',
    taken = NOTHING,
    isOpen = () => true,
  }: { id?: string; taken?: (arrival: Arrival) => Promise<void>; isOpen?: () => boolean } = {},
) {
  town += 1
  const name = id || `town-${town}`
  const arrivals: Arrival[] = []
  const heard: string[] = []
  const links = new Map<string, (string | null)[]>()
  const keys = new Set<string | null>()
  const source = createMqttSource({
    accept: async (arrival) => {
      arrivals.push(arrival)
      await taken(arrival)
      const repeated = keys.has(arrival.key)
      keys.add(arrival.key)
      return { ...TAKEN, repeated }
    },
    isOpen,
    heard: (helpPoint) => heard.push(helpPoint),
    clock: realClock,
    onLink: (helpPoint, problem) => links.set(helpPoint, [...(links.get(helpPoint) ?? []), problem]),
    onError: () => {},
  })
  const settings = {
    url: broker.tls,
    username: broker.username,
    password: BROKER_PASSWORD,
    ca: broker.certificate,
    version,
  }
  const follow = (wanted = topics) =>
    source.follow(
      new Map(
        [...wanted].map(([helpPoint, each]) => [
          helpPoint,
          { broker: settings, clientId: `lamppost-${name}-${helpPoint}`, topics: each },
        ]),
      ),
    )
  const ready = async (): Promise<void> => {
    await follow()
    await until(
      () => [...topics.keys()].map((each) => links.get(each)?.at(-1)),
      (each) => each.every((problem) => problem === null),
    )
  }
  open.push(source.close)
  return { source, arrivals, heard, links, follow, ready, name, settings }
}
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

describe.each([4, 5] as const)('presses over MQTT %i, TLS, from Debian’s mosquitto and its own client', (version) => {
  const theirs = version === 5 ? 'mqttv5' : 'mqttv311'
  test('come in once, with what the message says', async () => {
    const { ready, arrivals, heard } = listen(version)
    await ready()
    await broker.publish('helppoints/bar', '{"id":"4711","pressedAt":"2026-11-20T22:29:58Z"}', { version: theirs })
    await until(
      () => arrivals,
      (all) => all.length > 0,
    )
    expect(arrivals).toEqual([
      expect.objectContaining({
        helpPoint: 'bar',
        key: '4711',
        pressedAt: '2026-11-20T22:29:58Z',
        kind: 'press',
        source: 'mqtt',
      }),
    ])
    expect(heard).toContain('bar')
  })
  test('two that say nothing are two', async () => {
    const { ready, arrivals } = listen(version)
    await ready()
    await broker.publish('helppoints/bar', 'pressed', { version: theirs })
    await broker.publish('helppoints/bar', 'pressed', { version: theirs })
    await until(
      () => arrivals,
      (all) => all.length === 2,
    )
    expect(new Set(arrivals.map(({ key }) => key)).size).toBe(2)
  })
  test('that were sent while nobody listened come when somebody does', async () => {
    const first = listen(version)
    await first.ready()
    await first.source.close()
    await broker.publish('helppoints/bar', '{"id":"while away"}', { version: theirs })
    const second = listen(version, undefined, { id: first.name })
    await second.ready()
    await until(
      () => second.arrivals,
      (all) => all.length === 1,
    )
    expect(second.arrivals[0]).toMatchObject({ key: 'while away' })
  })
  test('are not acknowledged before they are taken in: a listener that dies first gets them again', async () => {
    const first = listen(version, undefined, { taken: () => new Promise(() => {}) })
    await first.ready()
    await broker.publish('helppoints/bar', '{"id":"not yet durable"}', { version: theirs })
    await until(
      () => first.arrivals,
      (all) => all.length === 1,
    )
    await first.source.close()
    const second = listen(version, undefined, { id: first.name })
    await second.ready()
    await until(
      () => second.arrivals,
      (all) => all.length === 1,
    )
    expect(second.arrivals[0]).toMatchObject({ key: 'not yet durable' })
    await second.source.close()
    const third = listen(version, undefined, { id: first.name })
    await third.ready()
    await broker.publish('helppoints/bar', '{"id":"the next"}', { version: theirs })
    await until(
      () => third.arrivals,
      (all) => all.length > 0,
    )
    expect(third.arrivals.map(({ key }) => key)).toEqual(['the next'])
  })
  test('that the ledger cannot take are kept trying', async () => {
    let full = true
    const taken: (string | null)[] = []
    const { ready, arrivals } = listen(version, undefined, {
      taken: async ({ key }) => {
        if (full) throw new Failure('ledger/unavailable', 'The disk is full.')
        taken.push(key)
      },
    })
    await ready()
    await broker.publish('helppoints/bar', 'pressed', { version: theirs })
    await until(
      () => arrivals,
      (all) => all.length > 0,
    )
    full = false
    await until(
      () => taken,
      (all) => all.length === 1,
    )
    expect(new Set(arrivals.map(({ key }) => key))).toEqual(new Set(taken))
    expect(arrivals.length).toBeGreaterThan(1)
  })
  test('that the broker had kept for whoever comes are its state, and no person', async () => {
    await broker.publish('helppoints/bar', '{"id":"retained"}', { retain: true, version: theirs })
    const { ready, arrivals } = listen(version)
    await ready()
    await broker.publish('helppoints/bar', '{"id":"now"}', { version: theirs })
    await until(
      () => arrivals,
      (all) => all.length > 0,
    )
    expect(arrivals.map(({ key }) => key)).toEqual(['now'])
    await broker.publish('helppoints/bar', '', { retain: true, version: theirs })
  })
})

describe('a broker', () => {
  test('that is started again is found again, and nothing in between is lost', async () => {
    const { ready, arrivals, links } = listen(5)
    await ready()
    await broker.publish('helppoints/bar', '{"id":"before"}')
    await until(
      () => arrivals,
      (all) => all.length === 1,
    )
    await broker.stop('SIGTERM')
    await until(
      () => links.get('bar')?.at(-1),
      (problem) => problem !== null,
    )
    await broker.start()
    await broker.publish('helppoints/bar', '{"id":"after"}')
    await until(
      () => arrivals,
      (all) => all.some(({ key }) => key === 'after'),
    )
    // The broker may have ended before it read our acknowledgement; it sends that one again, and the key says that it
    // is the same.
    expect([...new Set(arrivals.map(({ key }) => key))]).toEqual(['before', 'after'])
  })
  test('that takes no such password is told with its words', async () => {
    const { source, links, settings } = listen(5)
    await source.follow(
      new Map([
        [
          BAR,
          { broker: { ...settings, password: 'wrong' }, clientId: 'lamppost-wrong', topics: [topic('helppoints/bar')] },
        ],
      ]),
    )
    await until(
      () => links.get('bar') ?? [],
      (told) => told.some((problem) => /not authori[sz]ed/i.test(problem ?? '')),
    )
  })
  test('whose certificate somebody else signed is not spoken to', async () => {
    const { source, links, settings } = listen(5)
    await source.follow(
      new Map([
        [BAR, { broker: { ...settings, ca: null }, clientId: 'lamppost-ca', topics: [topic('helppoints/bar')] }],
      ]),
    )
    await until(
      () => links.get('bar') ?? [],
      (told) => told.some((problem) => /self-signed|certificate/i.test(problem ?? '')),
    )
  })
})

describe('help points', () => {
  test('have a session each: a flood that is not taken in does not stand before another’s press', async () => {
    const both = new Map([
      [BAR, [topic('helppoints/bar')]],
      [HIGH_ROW, [topic('helppoints/high-row')]],
    ])
    const { ready, arrivals } = listen(5, both, {
      taken: ({ helpPoint }) => (helpPoint === BAR ? new Promise(() => {}) : Promise.resolve()),
    })
    await ready()
    for (let i = 0; i < 40; i += 1) await broker.publish('helppoints/bar', '')
    await broker.publish('helppoints/high-row', '{"id":"a person"}')
    await until(
      () => arrivals,
      (all) => all.some(({ key }) => key === 'a person'),
    )
  })
  test('whose device also tells other things press only when it says so; the rest shows that they live', async () => {
    const { ready, arrivals, heard } = listen(
      5,
      new Map([[BAR, [topic('zigbee/button', { when: { action: 'single' }, heartbeat: 'zigbee/button/alive' })]]]),
    )
    await ready()
    await broker.publish('zigbee/button', '{"battery":97}')
    await broker.publish('zigbee/button/alive', 'online')
    await broker.publish('zigbee/button', '{"action":"single"}')
    await until(
      () => arrivals,
      (all) => all.length > 0,
    )
    expect([arrivals.length, heard.length]).toEqual([1, 3])
  })
  test(
    'whose device puts its own id into each message press anew once the ' +
      'incident is over; while it is open they are repeats',
    async () => {
      let open_ = true
      const { ready, arrivals } = listen(5, undefined, { isOpen: () => open_ })
      await ready()
      for (let i = 0; i < 2; i += 1) await broker.publish('helppoints/bar', '{"id":"button-7","state":true}')
      await until(
        () => arrivals,
        (all) => all.length === 2,
      )
      open_ = false
      await broker.publish('helppoints/bar', '{"id":"button-7","state":true}')
      await until(
        () => arrivals,
        (all) => all.length === 4,
      )
      expect(arrivals.map(({ key }) => key).slice(0, 3)).toEqual(['button-7', 'button-7', 'button-7'])
      expect(arrivals[3]?.key).toMatch(/^button-7 .+/)
    },
  )
  test('follow the site file: a topic that changed is heard, the old one is not', async () => {
    const { ready, follow, arrivals, links } = listen(5)
    await ready()
    await follow(new Map([[BAR, [topic('helppoints/moved')]]]))
    await until(
      () => links.get('bar') ?? [],
      (told) => told.length >= 1 && told.at(-1) === null,
    )
    await until(
      async () => {
        await broker.publish('helppoints/moved', '{"id":"new"}')
        await new Promise((resolve) => setTimeout(resolve, 200))
        return arrivals
      },
      (all) => all.some(({ key }) => key === 'new'),
    )
  })
})
