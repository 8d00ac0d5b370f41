/**
 * What real cameras answer, kind by kind: each with what must become of it. The rows C1 to C13 of what was seen in
 * the field.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createCameraHead } from '../../server/camera/head/camera-head.ts'
import { runFraming } from '../../server/camera/framing/framing-run.ts'
import { newHeadMemory } from '../../server/camera/head/head-memory.ts'
import { inquireDevice } from '../../server/camera/onvif/device-inquiry.ts'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { askDevice, takeInventory } from '../../server/camera/onvif/onvif-inventory.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { OnvifAccess } from '../../server/glossary/site.ts'
import { realClock } from '../../server/tools/clock.ts'
import {
  type Script,
  clockAt,
  fault,
  notSupported,
  preset,
  profile,
  startScriptedCamera,
  status,
} from './scripted-camera.ts'
import { until } from './test-town.ts'

const SECRET = { username: 'lamppost', password: 'right', fingerprint: null }
const closing: (() => Promise<void>)[] = []
afterEach(async () => void (await Promise.all(closing.splice(0).map((close) => close()))))

async function inventoryOf(access: Partial<OnvifAccess> & { url: string }) {
  const whole = { ...SECRET, ...access }
  const client = createOnvifClient({ access: whole, clock: realClock })
  try {
    await client.measureClock(2000).catch(() => {})
    return await takeInventory(client, whole, 2000, await askDevice(client, 2000))
  } finally {
    client.close()
  }
}
async function device(script: Script = {}, access: Partial<OnvifAccess> = {}) {
  const camera = await startScriptedCamera(script)
  closing.push(camera.close)
  return { camera, take: () => inventoryOf({ url: camera.url, ...access }) }
}
/** What an engineer is told who typed this device's address. */
async function inquiryOf(script: Script) {
  const camera = await startScriptedCamera(script)
  closing.push(camera.close)
  const access = { url: camera.url, ...SECRET }
  const client = createOnvifClient({ access, clock: realClock, most: { bytes: 8_000_000, elements: 400_000 } })
  try {
    const found = await inquireDevice(client, {
      masked: [],
      takeInventory: async () => takeInventory(client, access, 4000, await askDevice(client, 4000), true),
    })
    return { camera, found }
  } finally {
    client.close()
  }
}
async function head(
  script: Script = {},
  {
    access = {},
    memory = newHeadMemory(),
    confirmed = () => true,
  }: { access?: Partial<OnvifAccess>; memory?: ReturnType<typeof newHeadMemory>; confirmed?(): boolean } = {},
) {
  const camera = await startScriptedCamera(script)
  const sessions: [string | null, string | null, string | null][] = []
  const health: { onvif: string; reason: string | null; trouble?: string | null | undefined }[] = []
  const whole = { url: camera.url, ...SECRET, ...access }
  const made = createCameraHead({
    id: 'cam' as CameraId,
    access: whole,
    clock: realClock,
    takeInventory: inventoryOf,
    memory,
    confirmed,
    onHealth: (news) => health.push(news),
    onSession: (stream, substream, wrong) =>
      sessions.push([stream?.href ?? null, substream?.href ?? null, wrong?.words ?? null]),
  })
  closing.push(async () => {
    await made.close()
    await camera.close()
  })
  const frame = (token = '1') =>
    runFraming({
      head: made,
      move: { way: 'preset', token: token as PresetToken },
      clock: realClock,
      signal: new AbortController().signal,
      onJudgement: () => {},
    })
  return {
    camera,
    head: made,
    sessions,
    health,
    up: () => until(made.health, ({ onvif }) => onvif === 'up'),
    frame,
    memory,
  }
}
/** A head that turns in a moment and then says where it is. */
function motor({
  turnMs = 1500,
  from = [0, 0, 0],
  to = [0.5, -0.1, 0.2],
}: { turnMs?: number; from?: [number, number, number]; to?: [number, number, number] } = {}) {
  let since: number | null = null
  const arrived = (): boolean => since !== null && performance.now() - since >= turnMs
  return {
    go: () => void (since ??= performance.now()),
    at: () => (arrived() ? to : from),
    moving: (): 'IDLE' | 'MOVING' => (since !== null && !arrived() ? 'MOVING' : 'IDLE'),
    arrived,
  }
}

describe('C1: a constant is no proof', () => {
  test('a position that is always 0/0/0, as all its presets are, frames nothing', async () => {
    const zero: [number, number, number] = [0, 0, 0]
    const {
      up,
      frame,
      head: made,
    } = await head({
      GetPresets: () => preset('1', 'A', zero) + preset('2', 'B', zero),
      GetStatus: () => status(zero, 'IDLE'),
    })
    await up()
    made.deadlineMs = () => 4000
    expect(await frame()).toMatchObject({ state: 'unproven', proofs: ['accepted'] })
  })
  test('nor one that is always the preset’s own, of a head that was never seen elsewhere', async () => {
    const { up, frame, head: made } = await head({ GetStatus: () => status([0.5, -0.1, 0.2], 'IDLE') })
    await up()
    made.deadlineMs = () => 4000
    expect(await frame()).toMatchObject({ state: 'unproven', reason: expect.stringMatching(/never changed/) })
  })
  test('of a head that was seen at another place before, it is one: it is asked once', async () => {
    const memory = { ...newHeadMemory(), device: 'Maker / M1 / S1 / src-1', turned: true }
    const { up, frame, camera } = await head({ GetStatus: () => status([0.5, -0.1, 0.2], null) }, { memory })
    await up()
    expect(await frame()).toEqual({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
    expect(camera.actions().filter((action) => action === 'GotoPreset')).toHaveLength(1)
  })
  test('a position before and one after the move are two places', async () => {
    const turning = motor()
    const { up, frame } = await head({
      GotoPreset: () => (turning.go(), ''),
      GetStatus: () => status(turning.at(), null),
    })
    await up()
    expect(await frame()).toEqual({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
  })
  test('what was seen of another device at this address says nothing', async () => {
    const memory = { ...newHeadMemory(), device: 'Other / M / S / src-1', turned: true }
    const { up } = await head({}, { memory })
    await up()
    expect(memory.turned).toBe(false)
  })
})

describe('C2 and C3: the picture and the head are of one channel', () => {
  const nvr = () =>
    [1, 2, 3, 4]
      .map(
        (n) =>
          profile(`main-${n}`, { source: `ch-${n}`, ptz: n === 3 }) +
          profile(`sub-${n}`, { source: `ch-${n}`, size: [640, 360] }),
      )
      .join('') + profile('sound', { source: null })
  test('a recorder of four channels, none named, is a named fault: nothing moves, and it counts as answering', async () => {
    const { up, sessions, health, head: made } = await head({ GetProfiles: nvr })
    await up()
    expect(health.at(-1)).toMatchObject({
      onvif: 'up',
      reason: expect.stringMatching(/4 channels.*source.*"ch-1".*"ch-4"/),
    })
    expect(made.ptz()).toBe(false)
    await until(
      () => sessions,
      ({ length }) => length > 0,
    )
    expect(sessions[0]?.[0]).toBeNull()
    await expect(made.gotoPreset('1' as PresetToken)).rejects.toMatchObject({
      message: expect.stringMatching(/4 channels/),
    })
  })
  test('an inquiry lists each channel with its still, of an encoder with 150, too', async () => {
    const still = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex')
    const channels = Array.from({ length: 150 }, (_, i) => `ch-${i + 1}`)
    const { found } = await inquiryOf({
      GetProfiles: () => channels.map((source) => profile(`main-${source}`, { source })).join(''),
      GetSnapshotUri: ({ body }, base) =>
        `<MediaUri><tt:Uri>${base}/still?${/ProfileToken>([^<]*)</.exec(body)?.[1]}</tt:Uri></MediaUri>`,
      // A still is asked for without a question; one channel has none.
      '': ({ path }) => (path.endsWith('?main-ch-7') ? { status: 404, text: '' } : { status: 200, text: still }),
    })
    expect(found.channels.map(({ source }) => source)).toEqual(channels)
    expect(found.stills.map((each) => each !== null)).toEqual(channels.map((source) => source !== 'ch-7'))
    expect(found.stills[0]).toBe(`data:image/jpeg;base64,${still.toString('base64')}`)
  })
  test('an inquiry of a device that is silent about its stills waits for one of them, not for a hundred', async () => {
    const { found, camera } = await inquiryOf({
      GetProfiles: () => Array.from({ length: 100 }, (_, i) => profile(`main-${i}`, { source: `ch-${i}` })).join(''),
      GetSnapshotUri: () => new Promise(() => {}),
    })
    expect(found.channels).toHaveLength(100)
    expect(new Set(found.stills)).toEqual(new Set([null]))
    expect(camera.actions().filter((action) => action === 'GetSnapshotUri')).toHaveLength(1)
    expect(found.unanswered).toEqual(['GetSnapshotUri'])
  })
  test('the named channel is recorded, and moved by its own head only', async () => {
    const { take } = await device({ GetProfiles: nvr }, { source: 'ch-3' })
    expect(await take()).toMatchObject({
      profile: 'main-3',
      ptzProfile: 'main-3',
      streamUri: 'rtsp://127.0.0.1:8554/main-3',
      smallUri: 'rtsp://127.0.0.1:8554/sub-3',
      fault: null,
    })
    const other = await device({ GetProfiles: nvr }, { source: 'ch-2' })
    expect(await other.take()).toMatchObject({
      profile: 'main-2',
      ptzProfile: null,
      streamUri: 'rtsp://127.0.0.1:8554/main-2',
    })
  })
  test.each([
    [{ profile: 'sub-2' }, { profile: 'sub-2', smallUri: null }],
    [
      { profile: 'main-2', substreamProfile: 'sub-2' },
      { profile: 'main-2', smallUri: 'rtsp://127.0.0.1:8554/sub-2' },
    ],
    [
      { source: 'ch-1', ptz: { profile: 'main-3' } },
      { profile: 'main-1', ptzProfile: 'main-3' },
    ],
    [
      { source: 'ch-1', ptz: { node: 'node-1' } },
      { profile: 'main-1', ptzProfile: 'main-3' },
    ],
  ])('a site file that says %j gets it', async (access, wanted) =>
    expect(await (await device({ GetProfiles: nvr }, access)).take()).toMatchObject({ ...wanted, fault: null }),
  )
  test.each([
    [{ source: 'ch-9' }, /no video source "ch-9"; it has "ch-1"/],
    [{ profile: 'none' }, /no profile "none"; it has "main-1"/],
    [{ source: 'ch-1', profile: 'main-2' }, /"main-2" is not of the video source "ch-1"/],
    [{ source: 'ch-1', ptz: { node: 'x' } }, /PTZ node "x"/],
  ])('one that says %j, which the device has not, is told what there is', async (access, words) =>
    expect(await (await device({ GetProfiles: nvr }, access)).take()).toMatchObject({
      streamUri: null,
      fault: { kind: 'channel', words: expect.stringMatching(words) },
    }),
  )
  test('a source without a profile does not count: with one left it is taken', async () => {
    const { take } = await device({
      GetProfiles: () => profile('sound', { source: null }) + profile('main', { ptz: true }),
    })
    expect(await take()).toMatchObject({ profile: 'main', fault: null })
  })
  test.each([
    [
      'MJPEG first, H.264 second',
      [profile('jpeg', { codec: 'JPEG' }), profile('main', { ptz: true })],
      'main',
      'main',
      null,
    ],
    [
      'PTZ on the small one only',
      [profile('main'), profile('small', { size: [640, 360], ptz: true })],
      'main',
      'small',
      'small',
    ],
    [
      'the small one first',
      [profile('small', { size: [640, 360] }), profile('main', { size: [2560, 1440] })],
      'main',
      null,
      'small',
    ],
    [
      'H.265 large, H.264 small',
      [profile('small', { size: [640, 360] }), profile('main', { codec: 'H265' })],
      'main',
      null,
      'small',
    ],
    [
      'three sizes',
      [
        profile('tiny', { size: [320, 180] }),
        profile('main', { size: [3840, 2160] }),
        profile('middle', { size: [1280, 720] }),
      ],
      'main',
      null,
      'middle',
    ],
    ['nothing but MJPEG', [profile('jpeg', { codec: 'JPEG', ptz: true })], 'jpeg', 'jpeg', null],
  ])('profiles with %s: each is used for what it is good for', async (_, profiles, record, ptz, small) => {
    const { take } = await device({ GetProfiles: () => profiles.join('') })
    expect(await take()).toMatchObject({
      profile: record,
      ptzProfile: ptz,
      smallUri: small === null ? null : `rtsp://127.0.0.1:8554/${small}`,
    })
  })
  test('a bridge of 150 channels is read', async () => {
    const { take } = await device(
      {
        GetProfiles: () =>
          Array.from(
            { length: 150 },
            (_, n) => profile(`m${n}`, { source: `c${n}` }) + profile(`s${n}`, { source: `c${n}`, size: [640, 360] }),
          ).join(''),
      },
      { source: 'c149' },
    )
    expect(await take()).toMatchObject({ profile: 'm149', smallUri: 'rtsp://127.0.0.1:8554/s149' })
  })
})

describe('C4: a preset is its token, its name and its place', () => {
  test('one that was changed since it was confirmed is not framed by its own words', async () => {
    const turning = motor()
    const { up, frame } = await head(
      { GotoPreset: () => (turning.go(), ''), GetStatus: () => status(turning.at(), turning.moving()) },
      { confirmed: () => false },
    )
    await up()
    expect(await frame()).toMatchObject({ state: 'unproven', reason: expect.stringMatching(/changed on the camera/) })
  })
})

describe('C5 and C6: what a camera need not answer', () => {
  const optional = [
    'GetServices',
    'GetCapabilities',
    'GetDeviceInformation',
    'GetPresets',
    'GetStatus',
    'GetConfigurations',
    'GetSystemDateAndTime',
  ]
  for (const [how, said] of [
    ['ActionNotSupported', notSupported],
    ['an empty 204', () => null],
  ] as const)
    test.each(optional)(`%s, answered with ${how}, costs neither its recording nor its life`, async (action) => {
      const { up, sessions, head: made } = await head({ [action]: said })
      await up()
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      expect(sessions[0]).toEqual(['rtsp://127.0.0.1:8554/main', null, null])
      expect(made.health().onvif).toBe('up')
    })
  test('two addresses of services that are only in GetCapabilities are found there', async () => {
    const { take, camera } = await device({ GetServices: notSupported })
    expect(await take()).toMatchObject({ ptzPath: '/onvif/ptz', profile: 'main' })
    expect(camera.asked.find(({ action }) => action === 'GetProfiles')?.path).toBe('/onvif/media')
  })
  test('a head that no media profile moves is a fault with the remedy, and the picture is there', async () => {
    const { take } = await device({
      GetProfiles: () => profile('main'),
      GetConfigurations: () => '<PTZConfiguration token="ptz-c"/>',
    })
    expect(await take()).toMatchObject({
      streamUri: 'rtsp://127.0.0.1:8554/main',
      ptzPath: null,
      fault: { kind: 'ptz', words: expect.stringMatching(/ptz-c.*AddPTZConfiguration/) },
    })
  })
  test('no profiles at all is said as such, with the remedy', async () => {
    await expect((await device({ GetProfiles: notSupported })).take()).rejects.toMatchObject({
      message: expect.stringMatching(/does not say which media profiles.*stream: \{ url/),
    })
  })
  test('no stream address leaves the head as it is', async () => {
    const { up, sessions, head: made } = await head({ GetStreamUri: notSupported })
    await up()
    await until(
      () => sessions,
      ({ length }) => length > 0,
    )
    expect(sessions[0]).toEqual([null, null, expect.stringMatching(/no stream address/)])
    await made.gotoPreset('1' as PresetToken)
  })
})

describe('C7: clocks', () => {
  const YEARS = 22 * 365.25 * 86_400_000
  const created = (body: string): number => Date.parse(/Created>([^<]*)</.exec(body)?.[1] ?? '')
  /** Refuses what was not created within five seconds of its clock. */
  const strict =
    (now: () => number): Script['*'] =>
    ({ body }) =>
      Math.abs(created(body) - now()) < 5000
        ? notSupported()
        : fault('NotAuthorized', 'The action requested requires authorization')
  const checked = (script: Script, now: () => number): Script => {
    const answers: Script = {
      GetDeviceInformation: () => '<Manufacturer>Maker</Manufacturer>',
      GetProfiles: () => profile('main'),
      ...script,
    }
    for (const [name, answer] of Object.entries(answers))
      if (answer && name !== 'GetSystemDateAndTime')
        answers[name] = (asked, base) =>
          Math.abs(created(asked.body) - now()) < 5000 ? answer(asked, base) : fault('NotAuthorized', 'no')
    return answers
  }
  test.each<[string, Script, () => number]>([
    ['22 years behind', { GetSystemDateAndTime: () => clockAt(Date.now() - YEARS) }, () => Date.now() - YEARS],
    [
      'local time only, with its zone',
      { GetSystemDateAndTime: () => clockAt(Date.now() + 8 * 3_600_000, 'LocalDateTime', 'CST-8') },
      () => Date.now(),
    ],
    [
      'local time only, in summer',
      {
        GetSystemDateAndTime: () =>
          clockAt(Date.parse('2026-07-01T12:00:00Z') + 3_600_000, 'LocalDateTime', 'GMT0BST,M3.5.0/1,M10.5.0'),
      },
      () => Date.parse('2026-07-01T12:00:00Z'),
    ],
    [
      'no zone, an hour ahead: it goes by ours',
      { GetSystemDateAndTime: () => clockAt(Date.now() + 3_600_000, 'LocalDateTime') },
      () => Date.now(),
    ],
    [
      'told wrongly: it checks by another',
      { GetSystemDateAndTime: () => clockAt(Date.now() - YEARS) },
      () => Date.now(),
    ],
    ['none at all', { GetSystemDateAndTime: notSupported }, () => Date.now()],
  ])('one that is %s costs nothing', async (_, script, now) => {
    const { take } = await device({ ...checked(script, now), '*': strict(now) })
    expect(await take()).toMatchObject({ profile: 'main', manufacturer: 'Maker' })
  })
  test('one that is told only to whom it knows is asked for with credentials', async () => {
    const { take } = await device({
      GetSystemDateAndTime: ({ body }) =>
        body.includes('UsernameToken') ? clockAt(Date.now()) : fault('NotAuthorized', 'no'),
    })
    expect(await take()).toMatchObject({ profile: 'main' })
  })
  test('a wrong password is said as one, and tried twice at most', async () => {
    const { take, camera } = await device({
      GetSystemDateAndTime: () => clockAt(Date.now() - YEARS),
      '*': () => fault('NotAuthorized', 'no'),
      ...Object.fromEntries(
        ['GetServices', 'GetCapabilities', 'GetDeviceInformation', 'GetProfiles'].map((action) => [
          action,
          () => fault('NotAuthorized', 'no'),
        ]),
      ),
    })
    await expect(take()).rejects.toMatchObject({
      message: expect.stringMatching(/refused our user name and password/),
      extra: { trouble: 'password' },
    })
    expect(camera.actions().filter((action) => action !== 'GetSystemDateAndTime')).toHaveLength(2)
  })
})

describe('C8: a pinned certificate', () => {
  test('of a camera that closes each connection is seen call after call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-pin-'))
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      join(folder, 'key'),
      '-out',
      join(folder, 'cert'),
      '-days',
      '2',
      '-subj',
      '/CN=camera',
    ])
    const tls = { cert: readFileSync(join(folder, 'cert')), key: readFileSync(join(folder, 'key')) }
    rmSync(folder, { recursive: true })
    const camera = await startScriptedCamera(
      {
        GetStatus: () => ({
          status: 200,
          text: '<s:Envelope xmlns:s="x"><s:Body><GetStatusResponse/></s:Body></s:Envelope>',
          headers: { connection: 'close' },
        }),
      },
      tls,
    )
    closing.push(camera.close)
    const fingerprint = new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '').toLowerCase()
    const client = createOnvifClient({ access: { url: camera.url, ...SECRET, fingerprint }, clock: realClock })
    for (let call = 1; call <= 4; call += 1)
      await client.call({
        path: '/onvif/ptz',
        namespace: 'x',
        action: 'GetStatus',
        body: '<GetStatus/>',
        deadlineMs: 2000,
      })
    client.close()
    expect(camera.asked).toHaveLength(4)
  })
})

describe('C9 and C12: addresses', () => {
  const internal: Script = { GetStreamUri: () => '<MediaUri><tt:Uri>rtsp://192.168.1.4:8554/s</tt:Uri></MediaUri>' }
  test('a stream on an internal address is not read, in words that name the remedy; the head goes on', async () => {
    const { up, sessions, head: made } = await head(internal)
    await up()
    await until(
      () => sessions,
      ({ length }) => length > 0,
    )
    expect(sessions[0]).toEqual([null, null, expect.stringMatching(/192\.168\.1\.4.*nat: true.*stream: \{ url/)])
    await made.gotoPreset('1' as PresetToken)
  })
  test('with nat the configured host stands in its place', async () => {
    const { up, sessions } = await head(internal, { access: { nat: true } })
    await up()
    await until(
      () => sessions,
      ({ length }) => length > 0,
    )
    expect(sessions[0]?.[0]).toBe('rtsp://127.0.0.1:8554/s')
  })
  test('services with a query, or on another port of the same host, are asked there', async () => {
    const other = await startScriptedCamera()
    closing.push(other.close)
    const { take, camera } = await device({
      GetServices: (_, base) =>
        `<Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>${base}/onvif/media?channel=3</XAddr>` +
        `</Service><Service><Namespace>http://www.onvif.org/ver20/ptz/wsdl</Namespace><XAddr>${other.base}/ptz?node=1</XAddr></Service>`,
    })
    expect(await take()).toMatchObject({ ptzPath: `${other.base}/ptz?node=1` })
    expect(camera.asked.find(({ action }) => action === 'GetProfiles')?.path).toBe('/onvif/media?channel=3')
    const { up, head: made } = await head({
      GetServices: (_, base) =>
        `<Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>${base}/m</XAddr></Service>` +
        `<Service><Namespace>http://www.onvif.org/ver20/ptz/wsdl</Namespace><XAddr>${other.base}/ptz?node=1</XAddr></Service>`,
    })
    await up()
    await made.gotoPreset('1' as PresetToken)
    expect(other.asked.find(({ action }) => action === 'GotoPreset')?.path).toBe('/ptz?node=1')
  })
})

describe('C10: what the head does counts more than when it answered', () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  test('a yes to the move that comes after 3.5 s loses nothing', async () => {
    const turning = motor({ turnMs: 1000 })
    const { up, frame } = await head({
      GotoPreset: async () => (turning.go(), await wait(3500), ''),
      GetStatus: () => status(turning.at(), turning.moving()),
    })
    await up()
    expect(await frame()).toMatchObject({ state: 'framed', proofs: expect.arrayContaining(['stopped', 'position']) })
  })
  test('a status that takes 2.5 s is waited for, and the camera does not come and go', async () => {
    const turning = motor()
    const {
      up,
      frame,
      health,
      head: made,
    } = await head({
      GotoPreset: () => (turning.go(), ''),
      GetStatus: async () => {
        const now = status(turning.at(), turning.moving())
        await wait(2500)
        return now
      },
    })
    await up()
    await until(made.lastPosition, (position) => position !== null)
    expect(await frame()).toMatchObject({ state: 'framed', proofs: expect.arrayContaining(['position']) })
    await wait(9000)
    expect(health.map(({ onvif }) => onvif)).toEqual(['up'])
  })
  test('one that says MOVING for ever is framed where it stands, and quickly', async () => {
    const turning = motor()
    const { up, frame } = await head({
      GotoPreset: () => (turning.go(), ''),
      GetStatus: () => status(turning.at(), 'MOVING'),
    })
    await up()
    const begun = performance.now()
    expect(await frame()).toMatchObject({ state: 'framed', proofs: ['accepted', 'position'] })
    expect(performance.now() - begun).toBeLessThan(11_000)
  })
  test('and one that says so and nothing else is told by that', async () => {
    const { up, frame, head: made } = await head({ GetStatus: () => status(null, 'MOVING') })
    await up()
    made.deadlineMs = () => 4000
    expect(await frame()).toMatchObject({
      state: 'unproven',
      reason: expect.stringMatching(/says that it is still moving/),
    })
  })
  test('a camera that has gone fails within seconds, so that the next one comes', async () => {
    const { up, frame } = await head(
      { GotoPreset: () => new Promise<string>(() => {}), GetStatus: () => new Promise<string>(() => {}) },
      { memory: newHeadMemory() },
    )
    await up().catch(() => {})
    const begun = performance.now()
    expect(await frame()).toMatchObject({ state: 'failed', proofs: [] })
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
  test('a refused move is a failure at once', async () => {
    const { up, frame } = await head({ GotoPreset: () => fault('NoToken', 'no such preset') })
    await up()
    expect(await frame()).toMatchObject({
      state: 'failed',
      proofs: [],
      reason: expect.stringMatching(/no such preset/),
    })
  })
})

describe('C11: places are compared in one space, or not at all', () => {
  const DEGREES = ' space="http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees"'
  test('a preset in degrees and a status in shares are not compared, and no figure is made of them', async () => {
    const turning = motor({ to: [0.25, -0.1, 0.2] })
    const {
      up,
      frame,
      head: made,
    } = await head({
      GetPresets: () => preset('1', 'A', [45, -9, 0.2], DEGREES) + preset('2', 'B', [90, -9, 0], DEGREES),
      GotoPreset: () => (turning.go(), ''),
      GetStatus: () => status(turning.at(), null),
    })
    await up()
    made.deadlineMs = () => 4000
    expect(await frame()).toMatchObject({ state: 'unproven', reason: expect.stringMatching(/cannot be compared/) })
  })
  test('both in degrees are, with a figure that a person can read', async () => {
    const { up, frame } = await head(
      {
        GetPresets: () => preset('1', 'A', [45, -9, 0.2], DEGREES) + preset('2', 'B', [90, -9, 0], DEGREES),
        GetStatus: () => status([80, -9, 0.2], 'IDLE', DEGREES),
      },
      { memory: { ...newHeadMemory(), device: 'Maker / M1 / S1 / src-1', turned: true } },
    )
    await up()
    expect(await frame()).toMatchObject({ state: 'failed', reason: expect.stringMatching(/35 degrees away/) })
  })
  test('a pan that goes round is there at both ends', async () => {
    const turning = motor({ to: [-0.9999, 0, 0] })
    const { up, frame } = await head({
      GetPresets: () => preset('1', 'A', [0.9999, 0, 0]) + preset('2', 'B', [0, 0, 0]),
      GotoPreset: () => (turning.go(), ''),
      GetStatus: () => status(turning.at(), turning.moving()),
    })
    await up()
    expect(await frame()).toMatchObject({ state: 'framed', proofs: ['accepted', 'stopped', 'position'] })
  })
  test('a head that stands at one end and does not move is not at the other', async () => {
    const { up, frame } = await head(
      {
        GetPresets: () => preset('1', 'A', [0.9999, 0, 0]) + preset('2', 'B', [0, 0, 0]),
        GetStatus: () => status([-0.9999, 0, 0], 'IDLE'),
      },
      { memory: { ...newHeadMemory(), device: 'Maker / M1 / S1 / src-1', turned: true } },
    )
    await up()
    expect(await frame()).toMatchObject({ state: 'failed' })
  })
})

describe('C13: what is wrong is named', () => {
  test.each<[string, Script, string, RegExp]>([
    [
      'a web page',
      {
        '*': () => ({ status: 200, text: '<!DOCTYPE html><html><body>Login</body></html>' }),
        ...Object.fromEntries(
          ['GetSystemDateAndTime', 'GetServices', 'GetCapabilities', 'GetDeviceInformation', 'GetProfiles'].map(
            (action) => [action, () => ({ status: 200, text: '<!DOCTYPE html><html><body>Login</body></html>' })],
          ),
        ),
      },
      'web-page',
      /a web page/,
    ],
    [
      'a wrong password',
      Object.fromEntries(
        ['GetDeviceInformation', 'GetProfiles', 'GetStreamUri', 'GetPresets', 'GetStatus'].map((action) => [
          action,
          () => fault('NotAuthorized', 'no'),
        ]),
      ),
      'password',
      /user name and password/,
    ],
    ['no media profiles', { GetProfiles: notSupported }, 'missing-answer', /media profiles/],
  ])('%s', async (_, script, trouble, words) => {
    const { health, head: made } = await head(script)
    await until(made.health, ({ onvif }) => onvif === 'down')
    expect(health.at(-1)).toMatchObject({ trouble, reason: expect.stringMatching(words) })
  })
})
