/** For every source: a new press is never taken for one that is known, and a repeat on its way never for a new one. */
import { describe, expect, test } from 'vitest'
import { SAME_PRESS_MS as OVER_HTTP } from '../../server/press/press-routes.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Arrival, HelpPointId, Press } from '../../server/glossary/press.ts'
import { SAME_UPLINK_MS } from '../../server/press/sources/lorawan-source.ts'
import { readLorawan } from '../../server/press/sources/lorawan-uplink.ts'
import type { MqttArrival, openMqttSession } from '../../server/press/sources/mqtt-session.ts'
import { SAME_PRESS_MS as OVER_MQTT, createMqttSource } from '../../server/press/sources/mqtt-source.ts'
import { SAME_MESSAGE_MS } from '../../server/press/sources/onvif-input.ts'
import { createPressDesk } from '../../server/press/press-desk.ts'
import { SAME_PRESS_MS as OVER_SIA } from '../../server/press/sources/sia-receiver.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'
import { randomOf } from '../fakes/seeded-random.ts'

const HOUR = 3_600_000
type Source = {
  name: string
  /** What a device sends for a press that it numbers so, at this time of a clock that is right. */ send(
    number: number,
    at: number,
  ): Arrival
  sameForMs: number
}
const arrival = (
  source: string,
  key: string,
  sameForMs: number | undefined,
  change: Partial<Arrival> = {},
): Arrival => ({
  helpPoint: 'bar',
  key,
  ...(sameForMs === undefined ? {} : { sameForMs }),
  pressedAt: null,
  kind: 'press',
  source,
  ...change,
})
const iso = (at: number): string => new Date(at).toISOString()
const uplink = (number: number, body: object) =>
  readLorawan({ deviceInfo: { devEui: '24e1' }, fCnt: number, fPort: 85, data: '/y4B', ...body }, 'up').uplink
const SOURCES: Source[] = [
  {
    name: 'HTTP with id',
    send: (number) => arrival('http', String(number), OVER_HTTP.id, { sameAfterClosedMs: OVER_HTTP.afterClosed }),
    sameForMs: OVER_HTTP.id,
  },
  {
    name: 'HTTP with id and pressedAt',
    send: (number, at) => arrival('http', String(number), OVER_HTTP.idAndTime, { pressedAt: iso(at) }),
    sameForMs: OVER_HTTP.idAndTime,
  },
  { name: 'MQTT with id', send: (number) => arrival('mqtt', String(number), OVER_MQTT.id), sameForMs: OVER_MQTT.id },
  {
    name: 'MQTT with a named key',
    send: (number) => arrival('mqtt', String(number), OVER_MQTT.named, { sameAfterClosedMs: OVER_MQTT.afterClosed }),
    sameForMs: OVER_MQTT.named,
  },
  {
    name: 'LoRaWAN with a time',
    send: (number, at) => arrival('lorawan', uplink(number, { time: iso(at) })?.key ?? '', undefined),
    sameForMs: 7 * 24 * HOUR,
  },
  {
    name: 'LoRaWAN without a time',
    send: (number) => arrival('lorawan', uplink(number, {})?.key ?? '', SAME_UPLINK_MS),
    sameForMs: SAME_UPLINK_MS,
  },
  {
    name: 'SIA without a time, sequence 0000 each time',
    send: () => arrival('sia', 'sia 1234 0000', OVER_SIA),
    sameForMs: OVER_SIA,
  },
  {
    name: 'a wired button whose clock stands still',
    send: () => arrival('onvif-input', 'onvif cam input 1970-01-01T00:00:12Z', SAME_MESSAGE_MS),
    sameForMs: SAME_MESSAGE_MS,
  },
]

function room() {
  const clock = createFakeClock()
  const ledger = createFakeLedger(clock.now)
  const incidents = new Map<string, IncidentId>()
  let opened = 0
  const make = () =>
    createPressDesk({
      clock,
      knows: () => true,
      openAt: (id) =>
        incidents.has(id) ? { id: incidents.get(id) ?? ('' as IncidentId), kind: 'press', live: true } : null,
      onError: () => {},
      coalesced: () => null,
      lookUp: async (id, key) =>
        ledger.entries.findLast(
          (entry) =>
            entry.kind === 'press.received' && entry.body.press.helpPoint === id && entry.body.press.key === key,
        ) ?? null,
      pressed: (press: Press) => {
        const incident = incidents.get(press.helpPoint) ?? (`inc-${(opened += 1)}` as IncidentId)
        incidents.set(press.helpPoint, incident)
        const { recorded, durable } = ledger.append([
          { kind: 'press.received', actor: 'help-point:bar', subject: incident, body: { press, incident } },
        ])
        desk.apply(recorded[0] ?? ({} as never))
        return { incident, last: recorded[0]?.seq ?? 0, durable }
      },
      whenDurable: ledger.whenDurable,
    })
  let desk = make()
  return {
    clock,
    ledger,
    accept: (sent: Arrival) => desk.accept(sent),
    close: () => incidents.delete('bar'),
    restart(fromSnapshot: boolean) {
      const saved = desk.save()
      desk = make()
      if (fromSnapshot) desk.restore(JSON.parse(JSON.stringify(saved)))
      for (const entry of ledger.entries) desk.apply(entry)
    },
  }
}

describe.each(SOURCES)('$name', ({ send, sameForMs }) => {
  test('a repeat on its way is the same press, before and after a restart of the server', async () => {
    const { accept, clock, restart, close } = room()
    const sent = send(7, clock.now())
    const first = await accept(sent)
    await clock.advance(Math.min(sameForMs, 90_000))
    expect(await accept(sent)).toEqual({ receipt: first.receipt, repeated: true })
    restart(false)
    close()
    expect(await accept(sent)).toEqual({ receipt: first.receipt, repeated: true })
  })
  test(
    'a counter that begins anew after the incident was closed is a new ' +
      'press each time, and the repeat of that one is known',
    async () => {
      const { accept, clock, restart, close } = room()
      const receipts = new Set<string>()
      for (let life = 0; life < 5; life += 1) {
        const sent = send(0, clock.now())
        const taken = await accept(sent)
        expect(taken.repeated).toBe(false)
        receipts.add(taken.receipt.press)
        if (life === 2) restart(true)
        expect(await accept(sent)).toEqual({ receipt: taken.receipt, repeated: true })
        close()
        await clock.advance(sameForMs + 1000)
      }
      expect(receipts.size).toBe(5)
    },
  )
  test.each([1, 2, 3, 4])(
    'lives of devices with restarts, repeats and closures (seed %i) lose no press and count none twice',
    async (seed) => {
      const random = randomOf(seed)
      const { accept, clock, restart, close } = room()
      let number = 0
      for (let turn = 0; turn < 60; turn += 1) {
        const what = random()
        if (what < 0.15) number = 0
        if (what > 0.7) close()
        if (what > 0.95) restart(random() < 0.5)
        // Presses of one device under one number are further apart than repeats of one of them.
        await clock.advance(sameForMs + 1000 + Math.floor(random() * HOUR))
        const sent = send((number += 1), clock.now())
        const taken = await accept(sent)
        expect(taken.repeated, `turn ${turn}`).toBe(false)
        for (let repeat = Math.floor(random() * 3); repeat > 0; repeat -= 1) {
          await clock.advance(Math.floor(random() * Math.min(20_000, sameForMs / 4)))
          expect(await accept(sent), `turn ${turn}, repeated`).toEqual({ receipt: taken.receipt, repeated: true })
        }
      }
    },
  )
})

describe('a drill and a person', () => {
  test.each([0, 60_000])('who come with the same number, %i ms apart, are two', async (later) => {
    const { accept, clock, restart } = room()
    const drill = arrival('http', '7', OVER_HTTP.id, { kind: 'drill' })
    const person = { ...drill, kind: 'press' as const }
    const both =
      later === 0
        ? await Promise.all([accept(drill), accept(person)])
        : [await accept(drill), await clock.advance(later).then(() => accept(person))]
    expect(both.map(({ repeated }) => repeated)).toEqual([false, false])
    expect(new Set(both.map(({ receipt }) => receipt.press)).size).toBe(2)
    restart(false)
    expect(await accept(person)).toEqual({ receipt: both[1]?.receipt, repeated: true })
    expect(await accept(drill)).toEqual({ receipt: both[0]?.receipt, repeated: true })
  })
})

test('a drill and a person whose number begins with its name are two', async () => {
  const { accept } = room()
  await accept(arrival('http', '7', OVER_HTTP.id, { kind: 'drill' }))
  for (const key of ['drill 7', '!7', '\n7'])
    expect(await accept(arrival('http', key, OVER_HTTP.id))).toMatchObject({ repeated: false })
})

describe('over HTTP', () => {
  test('the same id pressed at another time is another press, however soon', async () => {
    const { accept, clock } = room()
    const first = await accept(arrival('http', '1', OVER_HTTP.idAndTime, { pressedAt: iso(clock.now()) }))
    await clock.advance(5000)
    const second = await accept(arrival('http', '1', OVER_HTTP.idAndTime, { pressedAt: iso(clock.now()) }))
    expect(second).toMatchObject({ repeated: false })
    expect(second.receipt.press).not.toBe(first.receipt.press)
  })
  test('and two of them at once are two presses', async () => {
    const { accept, clock } = room()
    const both = await Promise.all(
      [0, 1000].map((later) =>
        accept(arrival('http', '1', OVER_HTTP.idAndTime, { pressedAt: iso(clock.now() + later) })),
      ),
    )
    expect(new Set(both.map(({ receipt }) => receipt.press)).size).toBe(2)
  })
  test('one id for all presses of a device, each with its time: what is sent again is known, however many came after it', async () => {
    const { accept, clock } = room()
    const times = [0, 5000, 9000].map((later) => iso(clock.now() + later))
    const send = (at: string) => accept(arrival('http', 'button-7', OVER_HTTP.idAndTime, { pressedAt: at }))
    const first = []
    for (const at of times) {
      first.push(await send(at))
      await clock.advance(5000)
    }
    for (let again = 0; again < 2; again += 1)
      for (const [i, at] of times.entries())
        expect(await send(at)).toEqual({ receipt: first[i]?.receipt, repeated: true })
  })
  test('an id without a time, of a device that was started again after its incident was over: a person anew', async () => {
    const { accept, clock, close } = room()
    const send = () => accept(arrival('http', '1', OVER_HTTP.id, { sameAfterClosedMs: OVER_HTTP.afterClosed }))
    const first = await send()
    await clock.advance(60_000)
    close()
    expect(await send(), 'a repeat on its way').toEqual({ receipt: first.receipt, repeated: true })
    await clock.advance(3 * 60_000)
    expect(await send()).toMatchObject({ repeated: false })
  })
})

describe('over MQTT', () => {
  /** A source whose broker is given here: a fake, of its session. */
  async function broker(topics: string[], key: string | null, isOpen: () => boolean) {
    const { accept, clock, close, ledger } = room()
    let take: (message: MqttArrival) => Promise<boolean> = async () => false
    const openSession: typeof openMqttSession = (options) => {
      take = options.take
      return { close: async () => {}, forget: async () => {} }
    }
    const source = createMqttSource({
      accept,
      isOpen,
      heard: () => {},
      clock,
      onLink: () => {},
      onError: () => {},
      openSession,
    })
    const told = topics.map((topic) => ({ topic, when: null, heartbeat: null, key }))
    await source.follow(new Map([['bar' as HelpPointId, { broker: {} as never, clientId: 'c', topics: told }]]))
    let sent = 0
    return {
      clock,
      close,
      presses: () => ledger.entries.filter(({ kind }) => kind === 'press.received').length,
      send: (topic: string, said: object, redelivered = false, mark = `message ${(sent += 1)}`) =>
        take({ topic, payload: Buffer.from(JSON.stringify(said)), mark, redelivered }),
    }
  }
  test('two buttons of one help point that count alike are two', async () => {
    const { send, presses, close, clock } = await broker(['a', 'b'], 'seq', () => false)
    await send('a', { seq: 1 })
    await clock.advance(20_000)
    close()
    await clock.advance(40_000)
    await send('b', { seq: 1 })
    expect(presses()).toBe(2)
  })
  test('a count that begins anew, in a message that the broker has kept: a press', async () => {
    const { send, presses, close, clock } = await broker(['a'], 'seq', () => false)
    await send('a', { seq: 1 })
    close()
    await clock.advance(3 * 24 * HOUR)
    await send('a', { seq: 1 }, true)
    expect(presses()).toBe(2)
  })
  test('what the broker has kept for half an hour, and we had taken, is none', async () => {
    const { send, presses, close, clock } = await broker(['a'], 'seq', () => false)
    await send('a', { seq: 1 })
    close()
    await clock.advance(HOUR / 2)
    await send('a', { seq: 1 }, true)
    expect(presses()).toBe(1)
  })
  test.each([
    ['after three minutes without a network', 3 * 60_000, false],
    ['ten seconds later, its incident over', 10_000, true],
  ])('what the broker sends once more %s is no press; the next message with that id is', async (_, later, closes) => {
    const { send, clock, close, presses } = await broker(['t'], null, () => !closes)
    expect(await send('t', { id: '4711' }, false, 'm1')).toBe(true)
    if (closes) close()
    await clock.advance(later)
    expect(await send('t', { id: '4711' }, true, 'm1')).toBe(true)
    expect(presses()).toBe(1)
    expect(await send('t', { id: '4711' }, true, 'm2')).toBe(true)
    expect(presses()).toBe(2)
  })
})

describe('a press that another server took in before it had a number', () => {
  const kept = (press: string, receivedAt: string): Partial<Arrival> => ({
    kept: { press, receivedAt, by: 'B', held: true },
  })
  test('is one press however late it is delivered a second time, with the times of then', async () => {
    const { accept, clock, close, ledger } = room()
    const at = iso(clock.now())
    const sent = arrival('http', 'k', OVER_HTTP.id, kept('prs-1', at))
    expect((await accept(sent)).receipt).toMatchObject({ press: 'prs-1', receivedAt: at })
    close()
    await clock.advance(HOUR)
    expect(await accept(sent)).toMatchObject({ repeated: true, receipt: { press: 'prs-1' } })
    expect(ledger.entries.filter(({ kind }) => kind === 'press.received')).toHaveLength(1)
  })
  test('is one with another of the same key at the same time, and two where they were taken in too far apart', async () => {
    const { accept, clock, ledger } = room()
    const [early, late] = [iso(clock.now()), iso(clock.now() + HOUR)]
    await clock.advance(HOUR)
    const all = await Promise.all([
      accept(arrival('http', 'k', OVER_HTTP.id, kept('prs-1', early))),
      accept(arrival('http', 'k', OVER_HTTP.id, kept('prs-2', early))),
      accept(arrival('http', 'k', OVER_HTTP.id, kept('prs-3', late))),
    ])
    expect(all.map(({ repeated }) => repeated)).toEqual([false, true, false])
    expect(ledger.entries.filter(({ kind }) => kind === 'press.received')).toHaveLength(2)
  })
  test('that waited for an hour is late, and says whose disk had it', async () => {
    const { accept, clock, ledger } = room()
    const at = iso(clock.now())
    await clock.advance(HOUR)
    expect(await accept(arrival('http', 'k', undefined, kept('prs-1', at)))).toMatchObject({ disposition: 'late' })
    expect(ledger.entries[0]?.body).toMatchObject({
      press: { id: 'prs-1', receivedAt: at, late: true, takenBy: 'B', heldBy: 'B' },
    })
  })
})
