import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createCameraDesk } from '../../server/camera/camera-desk.ts'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { listenToInputs, referenceParameters } from '../../server/camera/onvif/onvif-events.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Accepted, Arrival, HelpPointId, PressId } from '../../server/glossary/press.ts'
import type { Site, SiteCamera } from '../../server/glossary/site.ts'
import { openInputMemory } from '../../server/press/sources/input-memory.ts'
import { type HeardInput, type WiredButton, createOnvifInput } from '../../server/press/sources/onvif-input.ts'
import { realClock } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { selfSigned } from './certificate.ts'
import { CREDENTIALS, plan, startTestTown, until } from './test-town.ts'

const POST = 'post' as CameraId
const BAR = 'bar' as HelpPointId
let town: Awaited<ReturnType<typeof startTestTown>>
let desk: ReturnType<typeof createCameraDesk>
let button: WiredButton = { helpPoint: BAR, camera: POST, input: null, pressed: true }
const arrivals: Arrival[] = []
const listening: (string | null)[] = []
const TAKEN: Accepted = {
  receipt: { press: 'prs-1' as PressId, incident: 'inc-1' as IncidentId, receivedAt: '2026-11-20T22:30:00.000Z' },
  repeated: false,
}
const wired = createOnvifInput({
  buttons: () => [button],
  accept: async (arrival) => (arrivals.push(arrival), TAKEN),
  clockOffsetMs: () => null,
  clock: realClock,
  onError: () => {},
})
const camera = () => town.camera(POST)
const heard = () =>
  until(
    () => listening.at(-1),
    (problem) => problem === null,
    30_000,
  )

beforeAll(async () => {
  town = await startTestTown(plan(POST, false))
  desk = createCameraDesk({
    clock: realClock,
    onHealth: () => {},
    onStream: () => {},
    onPresetGone: () => {},
    listened: () => true,
    onInput: wired.heard,
    onListening: (_, problem) => listening.push(problem),
    onError: () => {},
  })
  const site: SiteCamera = {
    id: POST,
    name: 'Post',
    location: null,
    onvif: { url: camera().url, fingerprint: null, ...CREDENTIALS },
    rtmp: null,
    presets: new Map(),
    mount: null,
    bearing: null,
    after: 'home',
    buffer: { mode: 'on-press', preRollMs: 0, keepMs: 1, mostBytes: null, sound: 'drop', reader: 'direct' },
  }
  await desk.follow({
    id: 'town',
    name: 'Town',
    timezone: 'UTC',
    prefix: 'LP',
    training: false,
    quietHours: null,
    helpPoints: [],
    cameras: [site],
    safePlaces: [],
    contacts: [],
    storage: { most: null, reserve: 0 },
    mqtt: null,
    sia: null,
    voice: null,
    destinations: [],
    connectors: [],
    onvifDevice: null,
    responders: null,
    onMembers: null,
    checkpointsTo: [],
    escalation: [],
    viewReason: 'optional',
    cameraNetworks: null,
    factorRequiredFor: [],
    directory: null,
    embedding: [],
    streets: null,
    evidence: { prefix: 'TOWN', keepMs: 0, warnMs: 0, unlockByTwo: false, signer: null, timeStamp: null, clock: null },
  } satisfies Site)
  await heard()
})
afterEach(async () => {
  camera().setTrap(null)
  camera().setInput(false)
  button = { helpPoint: BAR, camera: POST, input: null, pressed: true }
  await new Promise((resolve) => setTimeout(resolve, 400))
  arrivals.length = 0
})
afterAll(async () => {
  await wired.close()
  await desk.close()
  await town.end()
})
const press = async (): Promise<Arrival | undefined> => {
  camera().setInput(true)
  return (
    await until(
      () => arrivals,
      ({ length }) => length > 0,
      5000,
    )
  )[0]
}

describe('a button that is wired to a camera’s digital input', () => {
  test('is a press of its help point, once, with the device’s own time; letting go is none', async () => {
    const before = Date.now()
    const arrival = await press()
    expect(arrival).toMatchObject({
      helpPoint: BAR,
      kind: 'press',
      source: 'onvif-input',
      key: expect.stringMatching(/^onvif post input-1 /),
    })
    expect(Math.abs(Date.parse(arrival?.pressedAt ?? '') - before)).toBeLessThan(2000)
    camera().setInput(false)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(arrivals).toHaveLength(1)
  })
  test('that rests closed is pressed when it opens', async () => {
    camera().setInput(true)
    await until(
      () => arrivals.length,
      (count) => count > 0,
    )
    arrivals.length = 0
    button = { ...button, pressed: false }
    camera().setInput(false)
    await until(
      () => arrivals.length,
      (count) => count === 1,
      5000,
    )
  })
  test('of another input of the same device is not this one', async () => {
    button = { ...button, input: 'input-2' }
    camera().setInput(true)
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(arrivals).toEqual([])
  })
  test('in other words and another way to write the time is understood', async () => {
    camera().setTrap('other-input-words')
    // The question that is under way was asked before.
    camera().setInput(true)
    await until(
      () => arrivals.length,
      (count) => count > 0,
    )
    camera().setInput(false)
    await new Promise((resolve) => setTimeout(resolve, 600))
    arrivals.length = 0
    expect(await press()).toMatchObject({ pressedAt: expect.stringContaining('+00:00') })
  })
  test('still works when the device was away; the state it comes back with is no press', async () => {
    camera().setInput(true)
    await until(
      () => arrivals.length,
      (count) => count > 0,
    )
    arrivals.length = 0
    listening.length = 0
    await camera().unplug()
    await until(
      () => listening.at(-1) ?? null,
      (problem) => problem !== null,
      20_000,
    )
    await camera().plugIn()
    await heard()
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(arrivals).toEqual([])
    camera().setInput(false)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await press()).toBeDefined()
  })
})

describe('a device that is difficult', () => {
  const listen = async (
    trap: Parameters<ReturnType<typeof camera>['setTrap']>[0],
    enough: (heard: { problems: (string | null)[]; inputs: unknown[] }) => boolean,
    ms = 0,
  ) => {
    const stop = new AbortController()
    const client = createOnvifClient({
      access: { url: camera().url, fingerprint: null, ...CREDENTIALS },
      clock: realClock,
    })
    const problems: (string | null)[] = []
    const inputs: unknown[] = []
    const before = camera().operations().length
    camera().setTrap(trap)
    const over = listenToInputs({
      client,
      path: () => '/onvif/event_service',
      clock: realClock,
      signal: stop.signal,
      onInput: (event) => inputs.push(event),
      onState: (problem) => problems.push(problem),
    })
    await until(() => ({ problems, inputs }), enough)
    await new Promise((resolve) => setTimeout(resolve, ms))
    const asked = camera()
      .operations()
      .slice(before)
      .map(({ operation }) => operation)
    stop.abort()
    await over
    client.close()
    return {
      problems,
      inputs,
      asked,
      after: camera()
        .operations()
        .slice(before)
        .map(({ operation }) => operation),
    }
  }
  test('and names an address elsewhere for its events is asked on its own host', async () => {
    const { problems, inputs } = await listen(
      'pull-point-elsewhere',
      ({ problems, inputs }) => problems.length > 0 && inputs.length > 0,
    )
    expect(problems).toEqual([null])
    expect(inputs).toEqual([expect.objectContaining({ input: 'input-1', initial: true, unheardSince: null })])
  })
  test('and faults is asked with patience, never in a storm', async () => {
    const { asked, problems } = await listen('wrong-element', ({ problems }) => problems.length > 0, 4000)
    expect(asked.filter((operation) => operation === 'CreatePullPointSubscription').length).toBeLessThanOrEqual(4)
    expect(problems[0]).toMatch(/SomethingElseResponse/)
  })
  test('gets its subscription back when nobody listens any more', async () => {
    expect((await listen(null, ({ problems }) => problems.length > 0 && problems.at(-1) === null)).after.at(-1)).toBe(
      'Unsubscribe',
    )
  })
  test('and tells its pull points apart by what a client repeats, hears it repeated', () => {
    const answer =
      '<e:Envelope xmlns:e="e" xmlns:w="w" xmlns:axis="http://vendor/2009/event"><w:SubscriptionReference>' +
      '<w:Address>http://c/onvif/services</w:Address><w:ReferenceParameters>\n<axis:SubscriptionId>17</axis:SubscriptionId>' +
      '</w:ReferenceParameters></w:SubscriptionReference></e:Envelope>'
    expect(referenceParameters(answer)).toBe(
      '<axis:SubscriptionId xmlns:axis="http://vendor/2009/event">17</axis:SubscriptionId>',
    )
    expect(referenceParameters('<a/>')).toBe('')
    expect(referenceParameters('<r:ReferenceParameters><x:a/></r:ReferenceParameters>')).toBe('')
  })
  test('and speaks HTTPS, but names http for its events, is asked over HTTPS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-events-'))
    const { cert, key } = selfSigned(folder, 'camera')
    const asked: string[] = []
    const envelope = (body: string): string =>
      `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>${body}</e:Body></e:Envelope>`
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const action = /\/(\w+)"?$/.exec(request.headers.soapaction?.toString() ?? '')?.[1] ?? ''
      asked.push(`${action} ${request.url}`)
      const body =
        action === 'CreatePullPointSubscription'
          ? '<CreatePullPointSubscriptionResponse><SubscriptionReference><Address>http://127.0.0.1:1/pull?id=7</Address>' +
            '</SubscriptionReference></CreatePullPointSubscriptionResponse>'
          : `<${action}Response/>`
      request.resume().on('end', () => setTimeout(() => response.end(envelope(body)), 50))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const stop = new AbortController()
    const client = createOnvifClient({
      access: {
        url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`,
        fingerprint: null,
        ...CREDENTIALS,
      },
      clock: realClock,
    })
    const over = listenToInputs({
      client,
      path: () => '/events',
      clock: realClock,
      signal: stop.signal,
      onInput: () => {},
      onState: () => {},
    })
    await until(
      () => asked,
      ({ length }) => length >= 3,
    )
    stop.abort()
    await over
    client.close()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
    expect(asked.slice(0, 3)).toEqual([
      'CreatePullPointSubscription /events',
      'PullMessages /pull?id=7',
      'PullMessages /pull?id=7',
    ])
    expect(asked.at(-1)).toBe('Unsubscribe /pull?id=7')
  })
})

describe('a press that the ledger does not take', () => {
  test('is kept trying: the device tells it only once', async () => {
    const clock = createFakeClock()
    const keys: (string | null)[] = []
    const input = createOnvifInput({
      buttons: () => [button],
      accept: async ({ key }) => {
        keys.push(key)
        if (keys.length < 4) throw new Failure('ledger/unavailable', 'The disk is full.')
        return TAKEN
      },
      clockOffsetMs: () => null,
      clock,
      onError: () => {},
    })
    input.heard(POST, { input: 'input-1', active: true, at: null, initial: false, unheardSince: null })
    await clock.advance(10_000)
    expect(keys).toHaveLength(4)
    expect(new Set(keys).size).toBe(1)
  })
  test('of a device whose clock is hours off says so by the same clock: it is wrong, not late', async () => {
    const clock = createFakeClock()
    const seen: Arrival[] = []
    const input = createOnvifInput({
      buttons: () => [button],
      accept: async (arrival) => (seen.push(arrival), TAKEN),
      clockOffsetMs: () => -7_200_000,
      clock,
      onError: () => {},
    })
    input.heard(POST, {
      input: 'input-1',
      active: true,
      at: '2026-11-20T20:30:00.000Z',
      initial: false,
      unheardSince: null,
    })
    expect(seen[0]).toMatchObject({ pressedAt: '2026-11-20T20:30:00.000Z', sentAt: '2026-11-20T20:30:00.000Z' })
  })
  function listening() {
    const clock = createFakeClock()
    const arrivals: Arrival[] = []
    const input = createOnvifInput({
      buttons: () => [button],
      accept: async (arrival) => (arrivals.push(arrival), TAKEN),
      clockOffsetMs: () => null,
      clock,
      onError: () => {},
    })
    const hear = (active: boolean, change: Partial<HeardInput> = {}) =>
      input.heard(POST, { input: 'input-1', active, at: null, initial: false, unheardSince: null, ...change })
    return { clock, arrivals, hear }
  }
  test('is one press however often it is told, for two minutes', () => {
    const { arrivals, hear } = listening()
    for (let i = 0; i < 3; i += 1) hear(true, { at: '2026-11-20T22:30:00Z' })
    expect(new Set(arrivals.map(({ key }) => key)).size).toBe(1)
    expect(arrivals[0]?.sameForMs).toBe(120_000)
  })
  test('that was released in between is another press, though the device’s clock stands still', () => {
    const { arrivals, hear } = listening()
    const at = '1970-01-01T00:00:12Z'
    for (const active of [true, false, true, true, false]) hear(active, { at })
    const [first, second, toldAgain] = arrivals.map(({ key }) => key)
    expect(second).not.toBe(first)
    expect(toldAgain).toBe(second)
  })
  test('that is found pressed after its device was not heard was pressed between two times', async () => {
    const { clock, arrivals, hear } = listening()
    hear(false, { initial: true })
    const lastHeard = clock.now() + 60_000
    await clock.advance(90_000)
    hear(true, { initial: true, unheardSince: lastHeard })
    expect(arrivals).toMatchObject([
      { pressedAt: null, between: { from: '2026-11-20T22:31:00.000Z', to: '2026-11-20T22:31:30.000Z' } },
    ])
    hear(true, { initial: true, unheardSince: clock.now() })
    expect(arrivals).toHaveLength(1)
  })
  test('that is found pressed when the server was started again was pressed meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-inputs-'))
    const file = join(folder, 'inputs.json')
    const clock = createFakeClock()
    const arrivals: Arrival[] = []
    const life = () => {
      const input = createOnvifInput({
        buttons: () => [button],
        accept: async (arrival) => (arrivals.push(arrival), TAKEN),
        clockOffsetMs: () => null,
        clock,
        onError: (error) => expect.fail(String(error)),
        memory: openInputMemory({ file, onError: (error) => expect.fail(String(error)) }),
      })
      const state = (active: boolean) =>
        input.heard(POST, { input: 'input-1', active, at: null, initial: true, unheardSince: null })
      return { input, state }
    }
    const first = life()
    first.state(false)
    await clock.advance(60_000)
    await first.input.close()
    await clock.advance(20_000)
    const second = life()
    second.state(true)
    expect(arrivals).toMatchObject([
      { pressedAt: null, between: { from: '2026-11-20T22:30:00.000Z', to: '2026-11-20T22:31:20.000Z' } },
    ])
    await second.input.close()
    // Still held, and a file that nobody can read: states.
    const third = life()
    third.state(true)
    await third.input.close()
    writeFileSync(file, '{"post input-1":{"active":')
    const fourth = life()
    fourth.state(true)
    await fourth.input.close()
    expect(arrivals).toHaveLength(1)
    rmSync(folder, { recursive: true })
  })
  test('whose first state is pressed, or that was pressed before as well, is a state', () => {
    const { arrivals, hear } = listening()
    hear(true, { initial: true })
    hear(true, { initial: true })
    expect(arrivals).toEqual([])
    hear(false)
    hear(true)
    expect(arrivals).toHaveLength(1)
    hear(true, { initial: true })
    expect(arrivals).toHaveLength(1)
  })
  test('that rests closed is found pressed when it is open after the gap', () => {
    button = { ...button, pressed: false }
    const { arrivals, hear } = listening()
    hear(true, { initial: true })
    hear(false, { initial: true })
    expect(arrivals).toHaveLength(1)
  })
})
