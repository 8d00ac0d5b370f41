/** Lamppost as an ONVIF device, asked by the clients of others: the `onvif` package, ffmpeg, and SOAP as VMSs write it. */
import { AxeBuilder } from '@axe-core/playwright'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cam } from 'onvif'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { selfSigned } from '../contracts/certificate.ts'
import { schemaErrors } from '../contracts/onvif-schemas.ts'
import { until } from '../contracts/test-town.ts'
import { type Asked, askDevice, messagesIn, securityHeader, textOf } from '../fakes/device-client.ts'
import { openBrowser } from '../journeys/town-process.ts'
import { ACCESS, type DeviceTown, type Watcher, isBoard, openDeviceTown, watchStream } from './device-town.ts'

let town: DeviceTown
let address = ''
const at = (path: string): string => `http://${address}/onvif/${path}`
const open = new Set<string>()
const watchers: Watcher[] = []

beforeAll(async () => {
  town = await openDeviceTown()
  address = await town.address()
  await town.ready()
})
afterEach(async () => {
  for (const id of open) await town.close(id).catch(() => {})
  open.clear()
  await Promise.all(watchers.splice(0).map((watcher) => watcher.end()))
  await until(
    () => town.state(),
    (state) => state?.active.length === 0,
  )
})
afterAll(() => town?.end())

async function press(helpPoint: string, kind: 'press' | 'drill' = 'press'): Promise<string> {
  const id = await town.press(helpPoint, kind)
  open.add(id)
  return id
}
function watch(token: string, transport: 'tcp' | 'udp' = 'tcp'): Watcher {
  const watcher = watchStream(address, token, transport)
  watchers.push(watcher)
  return watcher
}
const shows = (watcher: Watcher, board: boolean): Promise<boolean> =>
  until(
    () => isBoard(watcher.frames.at(-1)?.pixels),
    (is) => is === board && watcher.frames.length > 0,
  )
const ask = (path: string, body: string, options: Parameters<typeof askDevice>[2] = {}): Promise<Asked> =>
  askDevice(at(path), body, { access: ACCESS, ...options })
const PULL =
  '<tev:PullMessages><tev:Timeout>PT10S</tev:Timeout><tev:MessageLimit>100</tev:MessageLimit></tev:PullMessages>'
const subscribe = async (options: Parameters<typeof askDevice>[2] = {}, inner = ''): Promise<string> =>
  textOf(
    (await ask('event_service', `<tev:CreatePullPointSubscription>${inner}</tev:CreatePullPointSubscription>`, options))
      .text,
    'Address',
  ) ?? ''
const pull = async (point: string): Promise<string[]> =>
  messagesIn((await askDevice(point, PULL, { access: ACCESS })).text)
/** Everything that comes until it is enough. */
async function pulled(point: string, isEnough: (told: readonly string[]) => boolean): Promise<string[]> {
  const told: string[] = []
  await until(
    async () => {
      told.push(...(await pull(point)))
      return told
    },
    (all) => isEnough(all),
  )
  return told
}
const changes = (told: readonly string[]): string[] => told.filter((line) => line.includes(' Changed '))

describe('the onvif package as a client', () => {
  function client(): Promise<Cam> {
    const [hostname = '', port = ''] = address.split(':')
    return new Promise((resolve, reject) => {
      const cam: Cam = new Cam({ hostname, port: Number(port), timeout: 20_000, ...ACCESS }, (error: Error | null) =>
        error ? reject(error) : resolve(cam),
      )
    })
  }
  test('finds the pictures, and where each is read', async () => {
    const cam = await client()
    const profiles = Object.values(cam.profiles ?? []) as { name?: string; $?: { token: string } }[]
    expect(profiles.map(({ $ }) => $?.token)).toEqual(['press-now', 'bar', 'park', 'station'])
    const stream = await new Promise<{ uri: string }>((resolve, reject) =>
      cam.getStreamUri({ protocol: 'RTSP', profileToken: 'bar' }, (error: Error | null, found?: { uri: string }) =>
        found ? resolve(found) : reject(error ?? new Error('no answer')),
      ),
    )
    expect(stream.uri).toBe(`rtsp://${address}/stream/bar`)
  })
  test('hears each of ten presses once, in every dialect, and each that is taken', async () => {
    const cam = await client()
    const heard: string[] = []
    cam.on('event', (message: { topic: { _: string }; message: { message: Heard } }) => {
      const { $, data, source } = message.message.message
      const name = [source?.simpleItem].flat()[0]?.$
      const value = [data?.simpleItem].flat()[0]?.$
      if ($?.PropertyOperation === 'Changed')
        heard.push(`${message.topic._.split('/').at(-1)} ${name?.Value} ${value?.Value}`)
    })
    cam.on('eventsError', () => {})
    await until(
      () => town.state(),
      (state) => (state?.clients ?? []).some(({ how }) => how === 'pull'),
    )
    for (let i = 0; i < 10; i += 1) {
      const helpPoint = ['bar', 'park', 'station'][i % 3] ?? ''
      const count = heard.length
      await town.take(await press(helpPoint))
      await until(
        () => heard.length,
        (length) => length >= count + 6,
      )
      await until(
        () => town.state(),
        (state) => state?.active.length === 0,
      )
      for (const id of open) await town.close(id)
      open.clear()
    }
    cam.removeAllListeners('event')
    expect(heard).toHaveLength(60)
    for (const [topic, count] of [
      ['DigitalInput', 20],
      ['Motion', 20],
      ['MotionAlarm', 20],
    ] as const)
      expect(heard.filter((line) => line.startsWith(`${topic} `))).toHaveLength(count)
    expect(heard.filter((line) => line.endsWith('true'))).toHaveLength(30)
  })
  type Items = { simpleItem?: { $: { Name: string; Value: string } } | { $: { Name: string; Value: string } }[] }
  type Heard = { $?: { PropertyOperation: string }; source?: Items; data?: Items }
})

describe('events', () => {
  test('begin with what is so now, and a client that subscribes again is not told of a press anew', async () => {
    const first = await subscribe()
    await press('bar')
    expect(changes(await pulled(first, (told) => changes(told).length >= 3))).toHaveLength(3)
    const second = await subscribe()
    const told = await pull(second)
    expect(told.filter((line) => line.includes('Changed'))).toEqual([])
    expect(told).toContain('Device/Trigger/DigitalInput Initialized InputToken=bar LogicalState=true')
    expect(told).toContain('Device/Trigger/DigitalInput Initialized InputToken=park LogicalState=false')
  })
  test('of one topic only, where a client asks for one', async () => {
    const dialect = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet'
    const point = await subscribe(
      {},
      `<tev:Filter><wsnt:TopicExpression Dialect="${dialect}">tns1:VideoSource/MotionAlarm</wsnt:TopicExpression></tev:Filter>`,
    )
    await press('bar')
    const told = await pulled(point, (all) => changes(all).length > 0)
    expect(new Set(told.map((line) => line.split(' ')[0]))).toEqual(new Set(['VideoSource/MotionAlarm']))
  })
  test('know no drill', async () => {
    const point = await subscribe()
    await pull(point)
    await press('bar', 'drill')
    await press('park')
    const told = await pulled(point, (all) => changes(all).length > 0)
    expect(told.every((line) => line.includes('park'))).toBe(true)
  })
  test('are sent to a client that wants them sent, one in each notification, in its version of SOAP', async () => {
    const bodies: string[] = []
    const listener = await listen((body) => bodies.push(body))
    const subscription = await ask(
      'event_service',
      `<wsnt:Subscribe><wsnt:ConsumerReference><a:Address>http://127.0.0.1:${listener.port}/me</a:Address></wsnt:ConsumerReference>` +
        '<wsnt:InitialTerminationTime>PT1M</wsnt:InitialTerminationTime></wsnt:Subscribe>',
      { version: '1.1' },
    )
    expect(subscription.headers['content-type']).toContain('text/xml')
    await until(
      () => bodies.length,
      (length) => length === 9,
    )
    await press('bar')
    await until(
      () => bodies.length,
      (length) => length === 12,
    )
    expect(bodies.every((body) => messagesIn(body).length === 1)).toBe(true)
    expect(bodies.every((body) => body.includes('schemas.xmlsoap.org/soap/envelope'))).toBe(true)
    const manager = textOf(subscription.text, 'Address') ?? ''
    expect(
      (
        await askDevice(manager, '<wsnt:Renew><wsnt:TerminationTime>PT2M</wsnt:TerminationTime></wsnt:Renew>', {
          access: ACCESS,
          version: '1.1',
        })
      ).status,
    ).toBe(200)
    expect((await town.state())?.clients).toContainEqual(
      expect.objectContaining({ address: '127.0.0.1', agent: 'Test VMS', how: 'notify', problem: null }),
    )
    await askDevice(manager, '<wsnt:Unsubscribe/>', { access: ACCESS, version: '1.1' })
    expect((await askDevice(manager, '<wsnt:Renew/>', { access: ACCESS, version: '1.1' })).text).toContain(
      'There is no such pull point',
    )
    await listener.close()
  })
  test('are sent to nobody but who asks for them', async () => {
    const refused = await ask(
      'event_service',
      '<wsnt:Subscribe><wsnt:ConsumerReference><a:Address>http://169.254.169.254/latest</a:Address>' +
        '</wsnt:ConsumerReference></wsnt:Subscribe>',
    )
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('not to 169.254.169.254')
  })
  test('of one client that asks for fifty pull points are those of its newest; others keep theirs', async () => {
    const other = await subscribe({ localAddress: '127.0.0.7' })
    const points: string[] = []
    for (let i = 0; i < 50; i += 1) points.push(await subscribe({ localAddress: '127.0.0.6' }))
    const alive = await Promise.all(
      points.map(async (point) => (await askDevice(point, '<wsnt:Renew/>', { access: ACCESS })).status),
    )
    expect(alive.filter((status) => status === 200)).toHaveLength(38)
    expect(alive.slice(-38).every((status) => status === 200)).toBe(true)
    expect((await askDevice(other, '<wsnt:Renew/>', { access: ACCESS })).status).toBe(200)
  })
})

describe('who signs in', () => {
  test.each([
    ['wsse', '1.2'],
    ['wsse', '1.1'],
    ['digest', '1.2'],
    ['digest', '1.1'],
  ] as const)('by %s in SOAP %s is answered so', async (by, version) => {
    const answer = await ask('media_service', '<trt:GetProfiles/>', { by, version })
    expect([answer.status, answer.text.includes('token="press-now"')]).toEqual([200, true])
    expect(answer.headers['content-type']).toContain(version === '1.1' ? 'text/xml' : 'application/soap+xml')
  })
  test('not at all may ask what time it is and what there is, and nothing else', async () => {
    const answers = await Promise.all(
      [
        'tds:GetSystemDateAndTime',
        'tds:GetCapabilities',
        'tds:GetServices',
        'trt:GetProfiles',
        'trt:GetStreamUri',
        'tev:GetEventProperties',
        'tds:GetUsers',
      ].map(async (operation) => (await askDevice(at('device_service'), `<${operation}/>`)).status),
    )
    expect(answers).toEqual([200, 200, 200, 401, 401, 401, 401])
  })
  test('with a wrong password is refused, recorded, and shown to the engineer', async () => {
    const refused = await ask('media_service', '<trt:GetProfiles/>', { access: { ...ACCESS, password: 'guess' } })
    expect([refused.status, refused.text.includes('ter:NotAuthorized')]).toEqual([400, true])
    const state = await until(
      () => town.state(),
      (found) => (found?.refused?.length ?? 0) > 0,
    )
    expect(state?.refused?.[0]).toMatchObject({ address: '127.0.0.1', why: 'The name or the password is wrong.' })
    const [entry] = await until(
      () => town.entries('onvif-device.refused'),
      (found) => found.length > 0,
    )
    expect(entry?.body).toMatchObject({ device: 'darlington', from: '127.0.0.1' })
    expect(JSON.stringify(entry)).not.toContain('guess')
  })
  test('with a clock that is a day off is told so to the engineer; by digest it gets in all the same', async () => {
    const day = { clockOff: 86_400_000 }
    expect((await ask('media_service', '<trt:GetProfiles/>', day)).status).toBe(400)
    expect((await town.state())?.refused?.map(({ why }) => why)).toContainEqual(expect.stringContaining('clock'))
    expect((await ask('media_service', '<trt:GetProfiles/>', { ...day, by: 'digest' })).status).toBe(200)
  })
  test('by what somebody else said before is refused', async () => {
    const token = securityHeader(ACCESS, Date.now())
    const statuses = [
      await ask('media_service', '<trt:GetProfiles/>', { token }),
      await ask('media_service', '<trt:GetProfiles/>', { token }),
    ]
    expect(statuses.map(({ status }) => status)).toEqual([200, 400])
  })
  test('is not kept out by a hundred strangers at other addresses who say nothing', async () => {
    const strangers = await Promise.all(Array.from({ length: 100 }, (_, i) => dial(`127.0.1.${1 + (i % 10)}`)))
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('media_service', '<trt:GetProfiles/>')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    for (const stranger of strangers) stranger.destroy()
  })
})

describe('a picture', () => {
  test.each(['tcp', 'udp'] as const)(
    'over %s is the board, then the camera of the press, then the board, in one session',
    async (transport) => {
      const watcher = watch('press-now', transport)
      await shows(watcher, true)
      const pressedAt = performance.now()
      const id = await press('bar')
      await shows(watcher, false)
      const first = watcher.frames.find(({ at: when, pixels }) => when > pressedAt && !isBoard(pixels))
      expect(first).toBeDefined()
      await town.close(id)
      open.delete(id)
      await shows(watcher, true)
      expect(watcher.alive()).toBe(true)
      expect((await town.state())?.clients).toContainEqual(
        expect.objectContaining({ how: 'stream', stream: 'press-now' }),
      )
      expect(await town.entries('onvif-device.viewed')).toContainEqual(
        expect.objectContaining({ body: { device: 'darlington', from: '127.0.0.1', stream: 'press-now' } }),
      )
    },
  )
  test('goes on while camera follows camera, of another size too', async () => {
    const watcher = watch('press-now')
    await press('bar')
    await shows(watcher, false)
    for (const helpPoint of ['park', 'station']) {
      const count = watcher.frames.length
      await press(helpPoint)
      await until(
        () => watcher.frames.length,
        (length) => length > count + 20,
      )
      expect(isBoard(watcher.frames.at(-1)?.pixels)).toBe(false)
    }
    expect(watcher.alive()).toBe(true)
  })
  test('of a help point is of no other', async () => {
    const watcher = watch('park')
    await shows(watcher, true)
    await press('bar')
    const count = watcher.frames.length
    await until(
      () => watcher.frames.length,
      (length) => length > count + 10,
    )
    expect(watcher.frames.slice(count).every(({ pixels }) => isBoard(pixels))).toBe(true)
    await press('park')
    await shows(watcher, false)
  })
  test('that does not come any more gives way to the board, and is back when it is', async () => {
    const watcher = watch('press-now')
    await press('bar')
    await shows(watcher, false)
    await town.street.camera('cam-1').unplug()
    await shows(watcher, true)
    await town.street.camera('cam-1').plugIn()
    await shows(watcher, false)
    expect(watcher.alive()).toBe(true)
    await town.ready()
  })
  test('is there at once for whoever comes later', async () => {
    await press('bar')
    const first = watch('press-now')
    await shows(first, false)
    const second = watch('press-now')
    await shows(second, false)
    expect((await town.state())?.clients.filter(({ how }) => how === 'stream')).toHaveLength(2)
  })
  test('is nobody’s with a wrong password, and there is none under another name', async () => {
    const of = (secret: string, path: string) => probe(`rtsp://${address}/stream/${path}`, secret)
    expect((await of('guess', 'press-now')).stderr).toContain('401')
    expect((await of(ACCESS.password, 'constructor')).stderr).toContain('404')
  })
  test('is followed by nobody once nobody reads it', async () => {
    await press('bar')
    const watcher = watch('press-now')
    await shows(watcher, false)
    await watcher.end()
    await until(
      () => town.state(),
      (state) => state?.clients.every(({ how }) => how !== 'stream') ?? false,
    )
  })
})

test('what the device says agrees with the specifications’ schemas', async () => {
  const point = await subscribe()
  await press('bar')
  const operations = {
    device_service: [
      'tds:GetSystemDateAndTime',
      'tds:GetDeviceInformation',
      'tds:GetCapabilities',
      'tds:GetServiceCapabilities',
      'tds:GetScopes',
      'tds:GetHostname',
      'tds:GetNetworkInterfaces',
      'tds:GetNetworkProtocols',
      'tds:GetUsers',
    ],
    media_service: [
      'trt:GetProfiles',
      'trt:GetProfile',
      'trt:GetVideoSources',
      'trt:GetVideoSourceConfigurations',
      'trt:GetVideoSourceConfiguration',
      'trt:GetCompatibleVideoSourceConfigurations',
      'trt:GetVideoEncoderConfigurations',
      'trt:GetVideoEncoderConfiguration',
      'trt:GetCompatibleVideoEncoderConfigurations',
      'trt:GetStreamUri',
      'trt:GetServiceCapabilities',
      'trt:GetAudioSources',
    ],
    event_service: ['tev:GetEventProperties', 'tev:GetServiceCapabilities', 'tev:CreatePullPointSubscription'],
    deviceio_service: ['tmd:GetDigitalInputs', 'tmd:GetServiceCapabilities', 'tmd:GetVideoSources'],
  }
  const answers: { name: string; xml: string }[] = []
  for (const [path, all] of Object.entries(operations))
    for (const operation of all) {
      const { status, text } = await ask(path, `<${operation}/>`)
      expect([operation, status]).toEqual([operation, 200])
      answers.push({ name: operation.replace(':', '-'), xml: text })
    }
  for (const include of ['true', 'false'])
    answers.push({
      name: `services-${include}`,
      xml: (
        await ask(
          'device_service',
          `<tds:GetServices><tds:IncludeCapability>${include}</tds:IncludeCapability></tds:GetServices>`,
        )
      ).text,
    })
  for (const body of [PULL, '<tev:SetSynchronizationPoint/>', '<wsnt:Renew/>', '<wsnt:Unsubscribe/>'])
    answers.push({
      name: `point-${answers.length}`,
      xml: (await askDevice(point, body, { access: ACCESS, header: '<a:MessageID>urn:uuid:1</a:MessageID>' })).text,
    })
  for (const fault of [
    '<tds:Reboot/>',
    '<trt:GetProfile><trt:ProfileToken>none</trt:ProfileToken></trt:GetProfile>',
    '<wsnt:Renew/>',
  ])
    answers.push({ name: `fault-${answers.length}`, xml: (await ask('device_service', fault)).text })
  expect(answers.at(-5)?.xml).toContain('RelatesTo>urn:uuid:1<')
  const notified: string[] = []
  const listener = await listen((body) => notified.push(body))
  const subscribed = await ask(
    'event_service',
    `<wsnt:Subscribe><wsnt:ConsumerReference><a:Address>http://127.0.0.1:${listener.port}/me</a:Address>` +
      '</wsnt:ConsumerReference></wsnt:Subscribe>',
  )
  answers.push({ name: 'subscribed', xml: subscribed.text })
  await until(
    () => notified.length,
    (length) => length >= 9,
  )
  answers.push(...notified.map((xml, i) => ({ name: `notified-${i}`, xml })))
  await askDevice(textOf(subscribed.text, 'Address') ?? '', '<wsnt:Unsubscribe/>', { access: ACCESS })
  await listener.close()
  expect(await schemaErrors(answers)).toEqual([])
})

test('an operator sees whether anybody listens, and not who', async () => {
  await subscribe()
  expect((await town.states('operator'))[0]).toMatchObject({ state: 'well', clients: null, refused: null })
  expect((await town.states('supervisor'))[0]?.clients?.length).toBeGreaterThan(0)
  await expect(town.states('press')).rejects.toThrow('403')
})

describe('the page of VMSs', () => {
  test.each([
    [1920, 1080, 'en'],
    [1280, 720, 'cy'],
    [390, 844, 'en'],
  ])('at %i x %i says who listens, and who could not sign in', async (width, height, lang) => {
    const browser = await openBrowser()
    try {
      await subscribe()
      await ask('media_service', '<trt:GetProfiles/>', { access: { ...ACCESS, password: 'guess' } })
      await press('bar')
      const page = await (await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })).newPage()
      await page.route('**/demo/token*', (route) => route.fulfill({ json: { token: town.token('engineer') } }))
      await page.goto(`${town.url()}/connectors?lang=${lang}`)
      await page.locator('lamppost-connectors section.well[data-device=darlington] table').waitFor()
      await page.locator('lamppost-connectors section .step.bad').first().waitFor()
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.screenshot({ path: `test/journeys/output/onvif-device-${width}.png` })
    } finally {
      await browser.close()
    }
  })
})

describe('a restart', () => {
  test('tells no press again: who subscribes hears what is so, and old subscriptions are not known', async () => {
    const before = await subscribe()
    await press('bar')
    await town.restart()
    address = await town.address()
    await town.ready()
    expect((await askDevice(`${at('pull')}/${before.split('/').at(-1)}`, PULL, { access: ACCESS })).text).toContain(
      'no such pull point',
    )
    const told = await pull(await subscribe())
    expect(told.every((line) => line.includes('Initialized'))).toBe(true)
    expect(told).toContain('Device/Trigger/DigitalInput Initialized InputToken=bar LogicalState=true')
  })
})

describe('the site file', () => {
  test('moves the device, and says how long a press lasts, while the town goes on', async () => {
    town.write('  active: 5s')
    const moved = await until(
      () => town.address(),
      (found) => found !== address,
    )
    address = moved
    const point = await subscribe()
    await press('bar')
    const told = await pulled(point, (all) => changes(all).some((line) => line.endsWith('=false')))
    expect(told.filter((line) => line.startsWith('Device') && line.includes('Changed'))).toEqual([
      'Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=true',
      'Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=false',
    ])
  })
  test('makes a device of each help point, known by an address and a MAC of its own', async () => {
    town.write('  host: 127.0.0.1\n  devices: each\n  address: { park: 127.0.0.3 }')
    const states = await until(
      () => town.states(),
      (found) => found.length === 3 && found.every(({ address: where }) => where !== null),
    )
    expect(states.map(({ device, helpPoints }) => [device, helpPoints])).toEqual([
      ['bar', ['bar']],
      ['park', ['park']],
      ['station', ['station']],
    ])
    expect(states[1]?.address).toMatch(/^127\.0\.0\.3:/)
    const macs = await Promise.all(
      states.map(async ({ address: where }) =>
        textOf(
          (await askDevice(`http://${where}/onvif/device_service`, '<tds:GetNetworkInterfaces/>', { access: ACCESS }))
            .text,
          'HwAddress',
        ),
      ),
    )
    expect(new Set(macs).size).toBe(3)
  })
  test('has it speak TLS: plain HTTP is refused, and pictures go both ways', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'lamppost-device-tls-'))
    const { cert, key } = selfSigned(keys, 'device')
    town.write(`  certificate: "file:${cert}"\n  key: "file:${key}"`)
    const [state] = await until(
      () => town.states(),
      (found) => found.length === 1 && found[0]?.encrypted === true && found[0].address !== null,
    )
    const where = state?.address ?? ''
    expect((await askDevice(`http://${where}/onvif/device_service`, '<tds:GetSystemDateAndTime/>')).status).toBe(426)
    const services = await askDevice(`https://${where}/onvif/device_service`, '<tds:GetServices/>', {
      access: ACCESS,
      by: 'digest',
    })
    expect(services.text).toContain(`<tds:XAddr>https://${where}/onvif/media_service`)
    for (const scheme of ['rtsp', 'rtsps']) {
      const { stdout, stderr } = await probe(`${scheme}://${where}/stream/press-now`)
      expect([scheme, stdout.trim(), stderr]).toEqual([scheme, 'stream,h264,960', ''])
    }
    rmSync(keys, { recursive: true, force: true })
  })
  test('names a port that somebody else has: it is failing and says so, and opens once it is free', async () => {
    const other = await listen(() => {})
    town.write('', other.port)
    const [state] = await until(
      () => town.states(),
      (found) => found[0]?.state === 'failing',
    )
    expect(state?.problem).toContain(String(other.port))
    type Shift = { faults: { what: string; subject: string }[] }
    const { faults } = await town.ask<Shift>('supervisor', '/shifts/now')
    expect(faults).toContainEqual(expect.objectContaining({ what: 'vms', subject: 'darlington' }))
    await other.close()
    await until(
      () => town.states(),
      (found) => found[0]?.state === 'unheard' && found[0].address?.endsWith(`:${other.port}`) === true,
    )
    const browser = await openBrowser()
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
      await page.route('**/demo/token*', (route) => route.fulfill({ json: { token: town.token('operator') } }))
      await page.goto(`${town.url()}/embed`)
      const words = page.getByText('No VMS listens to the ONVIF device Darlington <&> more')
      await words.first().waitFor()
      address = await town.address()
      await subscribe()
      await words.first().waitFor({ state: 'detached' })
    } finally {
      await browser.close()
    }
  })
})

/** Beside the server, which is in this process: it must go on meanwhile. */
async function probe(url: string, password = ACCESS.password): Promise<{ stdout: string; stderr: string }> {
  const full = url.replace('://', `://${ACCESS.username}:${encodeURIComponent(password)}@`)
  const show = [
    '-loglevel',
    'error',
    '-rtsp_transport',
    'tcp',
    '-show_entries',
    'stream=codec_name,width',
    '-of',
    'csv',
  ]
  const said = { stdout: '', stderr: '' }
  const child = spawn('ffprobe', [...show, full], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (bytes: Buffer) => (said.stdout += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  return said
}
async function listen(onBody: (body: string) => void): Promise<{ port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      onBody(body)
      response.writeHead(202).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
function dial(localAddress: string): Promise<ReturnType<typeof connect>> {
  const [host = '', port = ''] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), localAddress }, () => resolve(socket))
    socket.on('error', () => {})
  })
}
