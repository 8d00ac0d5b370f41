import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { soapEnvelope } from '../../server/camera/onvif/onvif-envelope.ts'
import type { InventoryThread } from '../../server/camera/onvif/onvif-inventory-thread.ts'
import { createOnvifPtz } from '../../server/camera/onvif/onvif-ptz.ts'
import type { PresetToken } from '../../server/glossary/camera.ts'
import { FRAME } from '../../server/simulator/picture/camera-picture.ts'
import { type Mark, readMark } from '../../server/simulator/picture/picture-mark.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { callWorker } from '../../server/tools/process/worker-calls.ts'
import { schemaErrors } from './onvif-schemas.ts'
import { CREDENTIALS, HOME, PRESET, plan, startTestTown, startTestTownFor, until } from './test-town.ts'

let town: Awaited<ReturnType<typeof startTestTown>>
beforeAll(async () => void (town = await startTestTown(plan('ptz'), plan('fixed', false))))
afterAll(() => town.end())

const TPTZ = 'http://www.onvif.org/ver20/ptz/wsdl'
const TDS = 'http://www.onvif.org/ver10/device/wsdl'
const TRT = 'http://www.onvif.org/ver10/media/wsdl'
const TEV = 'http://www.onvif.org/ver10/events/wsdl'
const P = '<ProfileToken>profile-1</ProfileToken>'

async function post(path: string, envelope: string, camera = 'ptz'): Promise<{ status: number; xml: string }> {
  const answer = await fetch(`http://127.0.0.1:${town.camera(camera).ports.onvif}${path}`, {
    method: 'POST',
    body: envelope,
    headers: { 'content-type': 'application/soap+xml' },
  })
  return { status: answer.status, xml: await answer.text() }
}
const token = () => ({ ...CREDENTIALS, cameraNow: Date.now() })
const ask = (namespace: string, operation: string, inner = '', path = '/onvif/device_service') =>
  post(path, soapEnvelope(`<${operation} xmlns="${namespace}">${inner}</${operation}>`, token()))

/** Frames as a viewer gets them, decoded by ffmpeg from RTSP: what came so far, until they are ended. */
function watch(camera: string, transport: 'tcp' | 'udp' = 'tcp'): { marks: Mark[]; end(): void } {
  const { username, password } = CREDENTIALS
  const at = `127.0.0.1:${town.camera(camera).ports.rtsp}`
  const url = `rtsp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${at}/stream`
  const input = ['-hide_banner', '-loglevel', 'error', '-rtsp_transport', transport, '-i', url]
  const ffmpeg = spawn('ffmpeg', [...input, '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const size = FRAME.width * FRAME.height
  const marks: Mark[] = []
  let begun = Buffer.alloc(0)
  ffmpeg.stdout.on('data', (bytes: Buffer) => {
    begun = Buffer.concat([begun, bytes])
    for (; begun.length >= size; begun = begun.subarray(size)) {
      const frame = begun
      const mark = readMark((x, y) => frame[y * FRAME.width + x] ?? 0, FRAME.height)
      if (mark) marks.push(mark)
    }
  })
  return { marks, end: () => void ffmpeg.kill('SIGKILL') }
}

describe('a simulated camera’s ONVIF', () => {
  test('messages follow the specifications’ schemas, both ways', async () => {
    const created = await ask(TEV, 'CreatePullPointSubscription', '', '/onvif/event_service')
    const pull = /<wsa5:Address>http:\/\/[^/]+([^<]+)</.exec(created.xml)?.[1] ?? ''
    const requests: [string, string, string?, string?][] = [
      [TDS, 'GetSystemDateAndTime'],
      [TDS, 'GetDeviceInformation'],
      [TDS, 'GetServices', '<IncludeCapability>true</IncludeCapability>'],
      [TDS, 'GetServices', '<IncludeCapability>false</IncludeCapability>'],
      [TDS, 'GetCapabilities'],
      [TDS, 'GetServiceCapabilities'],
      [TDS, 'GetScopes'],
      [TDS, 'GetHostname'],
      [TDS, 'GetNetworkInterfaces'],
      [TDS, 'GetUsers'],
      [TDS, 'NoSuchThing'],
      [TRT, 'GetProfiles'],
      [TRT, 'GetProfile', P],
      [TRT, 'GetVideoSources'],
      [TRT, 'GetVideoSourceConfigurations'],
      [TRT, 'GetVideoEncoderConfigurations'],
      [TRT, 'GetServiceCapabilities'],
      [
        TRT,
        'GetStreamUri',
        '<StreamSetup><Stream xmlns="http://www.onvif.org/ver10/schema">RTP-Unicast</Stream>' +
          `<Transport xmlns="http://www.onvif.org/ver10/schema"><Protocol>RTSP</Protocol></Transport></StreamSetup>${P}`,
      ],
      [TPTZ, 'GetNodes'],
      [TPTZ, 'GetNode', '<NodeToken>node-1</NodeToken>'],
      [TPTZ, 'GetConfigurations'],
      [TPTZ, 'GetConfiguration', '<PTZConfigurationToken>ptz-1</PTZConfigurationToken>'],
      [TPTZ, 'GetConfigurationOptions', '<ConfigurationToken>ptz-1</ConfigurationToken>'],
      [TPTZ, 'GetServiceCapabilities'],
      [TPTZ, 'GetStatus', P],
      [TPTZ, 'GetPresets', P],
      [TPTZ, 'GotoPreset', `${P}<PresetToken>${PRESET.token}</PresetToken>`],
      [TPTZ, 'GotoPreset', `${P}<PresetToken>none</PresetToken>`],
      [TPTZ, 'SetPreset', `${P}<PresetName>New</PresetName>`],
      [
        TPTZ,
        'ContinuousMove',
        `${P}<Velocity><PanTilt xmlns="http://www.onvif.org/ver10/schema" x="0.1" y="0"/></Velocity><Timeout>PT0.2S</Timeout>`,
      ],
      [TPTZ, 'Stop', `${P}<PanTilt>true</PanTilt><Zoom>true</Zoom>`],
      [TPTZ, 'GotoHomePosition', P],
      [
        TPTZ,
        'AbsoluteMove',
        `${P}<Position><PanTilt xmlns="http://www.onvif.org/ver10/schema" x="90" y="-5" ` +
          'space="http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees"/></Position>',
      ],
      [TPTZ, 'GetPresetTours', P],
      [TPTZ, 'OperatePresetTour', `${P}<PresetTourToken>tour-1</PresetTourToken><Operation>Start</Operation>`],
      [TPTZ, 'OperatePresetTour', `${P}<PresetTourToken>none</PresetTourToken><Operation>Start</Operation>`],
      [TEV, 'GetServiceCapabilities'],
      [TEV, 'GetEventProperties'],
      [TEV, 'PullMessages', '<Timeout>PT1S</Timeout><MessageLimit>5</MessageLimit>', pull],
    ]
    const documents: { name: string; xml: string }[] = [{ name: 'CreatePullPointSubscription', xml: created.xml }]
    for (const [namespace, operation, inner = '', path] of requests) {
      const envelope = soapEnvelope(`<${operation} xmlns="${namespace}">${inner}</${operation}>`, token())
      const { xml } = await post(path ?? '/onvif/device_service', envelope)
      if (operation !== 'NoSuchThing')
        documents.push({ name: `${operation}-request-${documents.length}`, xml: envelope })
      documents.push({ name: `${operation}-answer-${documents.length}`, xml })
    }
    expect(await schemaErrors(documents)).toEqual([])
  })
  test('every message that our own press path writes is as the schemas want it', async () => {
    const documents: { name: string; xml: string }[] = []
    const client = {
      call: async ({ action, body }: { action: string; body: string }) => (
        documents.push({ name: action, xml: soapEnvelope(body, token()) }),
        {}
      ),
    }
    const ptz = createOnvifPtz({ client: client as unknown as OnvifClient, path: '/', profile: 'profile & <1>' })
    const words = 'A & B <corner> "£"' as PresetToken
    await Promise.all([
      ptz.gotoPreset(words, 1),
      ptz.getStatus(1),
      ptz.getPresets(1),
      ptz.setPreset(words, words, 1),
      ptz.setPreset(words, null, 1),
      ptz.removePreset(words, 1),
      ptz.continuousMove({ pan: -1, tilt: 0.00000001, zoom: 1 }, 700, 1),
    ])
    await Promise.all([
      ptz.gotoHome(1),
      ptz.absoluteMove({ pan: 0.5, tilt: -0.2, zoom: 0.1 }, 1),
      ptz.absoluteMove({ zoom: 0.1 }, 1),
      ptz.aim({ pan: -170.5, tilt: -12 }, true, 1),
      ptz.aim({ pan: 3, tilt: 4 }, false, 1),
      ptz.aimRange(1),
      ptz.pictureRange(1),
      ptz.turnInPicture({ x: 0.5, y: -0.25 }, 1),
      ptz.startTour(words, 1),
      ptz.stop(1),
    ])
    expect(documents).toHaveLength(17)
    expect(await schemaErrors(documents)).toEqual([])
  })
  test('a message that does not follow the schema would be found', async () => {
    const { xml } = await ask(TPTZ, 'GetStatus', P)
    expect(await schemaErrors([{ name: 'broken', xml: xml.replace(/IDLE|MOVING/, 'SLEEPING') }])).not.toEqual([])
  })
  test('says the time to anybody, and everything else only with credentials', async () => {
    expect(
      (await post('/onvif/device_service', soapEnvelope(`<GetSystemDateAndTime xmlns="${TDS}"/>`, null))).status,
    ).toBe(200)
    const refused = await post('/onvif/ptz_service', soapEnvelope(`<GetStatus xmlns="${TPTZ}">${P}</GetStatus>`, null))
    expect(refused).toMatchObject({ status: 400, xml: expect.stringContaining('ter:NotAuthorized') })
  })
  test('refuses a wrong password, an old time, and a nonce it has seen', async () => {
    const status = `<GetStatus xmlns="${TPTZ}">${P}</GetStatus>`
    const statusOf = async (envelope: string): Promise<number> => (await post('/onvif/ptz_service', envelope)).status
    expect(await statusOf(soapEnvelope(status, { ...token(), password: 'wrong' }))).toBe(400)
    expect(await statusOf(soapEnvelope(status, { ...token(), cameraNow: Date.now() - 3_600_000 }))).toBe(400)
    const once = soapEnvelope(status, token())
    expect(await statusOf(once)).toBe(200)
    expect(await statusOf(once)).toBe(400)
  })
  test('refuses a password sent in the clear', async () => {
    const nonce = randomBytes(16)
    const created = new Date().toISOString()
    const digest = createHash('sha1').update(nonce).update(created).update(CREDENTIALS.password).digest('base64')
    const envelope = soapEnvelope(`<GetStatus xmlns="${TPTZ}">${P}</GetStatus>`, token())
    const clear = envelope.replace(
      /<wsse:Password Type="[^"]*">[^<]*</,
      `<wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">${digest}<`,
    )
    expect((await post('/onvif/ptz_service', clear)).status).toBe(400)
  })
  test('tells the change of its digital input, after the state it began with', async () => {
    const created = await ask(TEV, 'CreatePullPointSubscription', '', '/onvif/event_service')
    const pull = /<wsa5:Address>http:\/\/[^/]+([^<]+)</.exec(created.xml)?.[1] ?? ''
    const messages = () => ask(TEV, 'PullMessages', '<Timeout>PT2S</Timeout><MessageLimit>10</MessageLimit>', pull)
    expect((await messages()).xml).toContain('PropertyOperation="Initialized"')
    town.camera('ptz').setInput(true)
    const { xml } = await messages()
    expect(xml).toContain('tns1:Device/Trigger/DigitalInput')
    expect(xml).toContain('Name="LogicalState" Value="true"')
    town.camera('ptz').setInput(false)
  })
  test('a third party’s client can use it: the onvif package connects, moves it and reads its presets', async () => {
    const { Cam } = createRequire(import.meta.url)('onvif/promises') as {
      Cam: new (options: object) => Record<string, (...args: unknown[]) => Promise<never>>
    }
    // It hashes passwords as ASCII: only such a one works with it.
    const plain = { username: 'lamppost', password: 'ascii' }
    const other = await startTestTownFor(plain, plan('ptz'))
    const camera = new Cam({
      hostname: '127.0.0.1',
      port: other.camera('ptz').ports.onvif,
      ...plain,
      autoconnect: false,
    })
    await camera.connect?.()
    expect(await camera.getDeviceInformation?.()).toMatchObject({ manufacturer: 'Lamppost' })
    // It makes a number of the token, and loses its last digits; names are safe with it.
    expect(Object.keys((await camera.getPresets?.()) ?? {})).toEqual([PRESET.name])
    expect(await camera.getStreamUri?.({ protocol: 'RTSP' })).toMatchObject({
      uri: `rtsp://127.0.0.1:${other.camera('ptz').ports.rtsp}/stream`,
    })
    await other.end()
  })
})

describe('a simulated camera’s picture', () => {
  test('shows where the camera looks and what time it is', async () => {
    const { marks, end } = watch('fixed')
    await until(
      () => marks.length,
      (frames) => frames > 20,
    )
    end()
    for (const { pan, tilt, zoom } of marks)
      expect({ pan, tilt, zoom }).toEqual({ pan: HOME.pan, tilt: HOME.tilt, zoom: HOME.zoom })
    expect(Math.abs((marks.at(-1)?.time ?? 0) - Date.now())).toBeLessThan(20_000)
    const times = marks.map(({ time }) => time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
  test('pans while the head moves, and stops where the preset is', async () => {
    await ask(TPTZ, 'GotoHomePosition', P)
    const { marks, end } = watch('ptz')
    const lastPans = () => marks.slice(-5).map(({ pan }) => Math.round(pan))
    const stands = (at: number) => until(lastPans, (pans) => pans.length === 5 && pans.every((pan) => pan === at))
    await stands(HOME.pan)
    const before = marks.length
    await ask(TPTZ, 'GotoPreset', `${P}<PresetToken>${PRESET.token}</PresetToken>`)
    await stands(PRESET.pose.pan)
    end()
    // Beginning, end, and something between the two.
    expect(new Set(marks.slice(before - 1).map(({ pan }) => Math.round(pan))).size).toBeGreaterThan(2)
  })
  test('goes to several clients at once, over TCP and UDP, from one encoder', async () => {
    const [a, b, c] = [watch('ptz'), watch('ptz'), watch('ptz', 'udp')]
    const shared = () => a.marks.filter(({ time }) => b.marks.some((mark) => mark.time === time))
    await until(
      () => [shared().length, c.marks.length],
      ([both = 0, overUdp = 0]) => both > 5 && overUdp > 15,
    )
    for (const each of [a, b, c]) each.end()
  })
  test('is refused without the password', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const ffmpeg = spawn('ffmpeg', [
        '-hide_banner',
        '-loglevel',
        'error',
        '-rtsp_transport',
        'tcp',
        '-i',
        `rtsp://lamppost:wrong@127.0.0.1:${town.camera('fixed').ports.rtsp}/stream`,
        '-f',
        'null',
        '-',
      ])
      ffmpeg.on('error', reject)
      buffer(ffmpeg.stderr).then((text) => resolve(text.toString()), reject)
    })
    expect(answer).toMatch(/401/)
  })
})

describe('the simulated devices that are more, or less, than a camera', () => {
  const inventory = callWorker<InventoryThread>(builtEntry('camera/onvif/onvif-inventory-thread.js'), {})
  let devices: Awaited<ReturnType<typeof startTestTown>>
  beforeAll(async () => {
    devices = await startTestTown(
      { ...plan('nvr', false), channel: { number: 3, of: 4 } },
      { ...plan('bridge', false), channel: { number: 87, of: 150 } },
      { ...plan('pole', false), streamOnly: true },
      { ...plan('two', false), substream: { ...FRAME, width: 480, height: 270 } },
    )
  })
  afterAll(async () => {
    await inventory.terminate()
    await devices.end()
  })
  const take = (id: string, source?: string) =>
    inventory.calls.take(
      { url: devices.camera(id).url, fingerprint: null, ...CREDENTIALS, ...(source ? { source } : {}) },
      20_000,
    )
  test.each([
    ['nvr', 4, 3],
    ['bridge', 150, 87],
  ])(
    '%s names its %i channels, each with a stream of its own; without a channel nothing is chosen',
    async (id, count, number) => {
      const { channels, fault, streamUri } = await take(id)
      expect(channels.map(({ source }) => source)).toEqual(
        Array.from({ length: count }, (_, i) => `VideoSource_${i + 1}`),
      )
      expect([fault?.kind, streamUri]).toEqual(['channel', null])
      const [mine, other] = [await take(id, `VideoSource_${number}`), await take(id, 'VideoSource_1')]
      expect(mine.fault).toBeNull()
      expect(mine.streamUri).toBe(`rtsp://127.0.0.1:${devices.camera(id).ports.rtsp}/stream`)
      expect(other.streamUri).not.toBe(mine.streamUri)
    },
  )
  test('one with two streams names the small one beside the large one', async () => {
    const { streamUri, smallUri } = await take('two')
    expect(smallUri).toMatch(/^rtsp:/)
    expect(smallUri).not.toBe(streamUri)
  })
  test('one without ONVIF has its stream only', async () => {
    expect(devices.camera('pole').ports.onvif).toBe(0)
    const { username, password } = CREDENTIALS
    const ffmpeg = spawn('ffprobe', [
      '-v',
      'error',
      '-rtsp_transport',
      'tcp',
      '-show_entries',
      'stream=width',
      '-of',
      'csv=p=0',
      `rtsp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@127.0.0.1:${devices.camera('pole').ports.rtsp}/stream`,
    ])
    expect((await buffer(ffmpeg.stdout)).toString().trim()).toBe(String(FRAME.width))
  })
})
