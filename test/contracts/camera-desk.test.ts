import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HealthChange, createCameraDesk } from '../../server/camera/camera-desk.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { HelpPointId, Place } from '../../server/glossary/press.ts'
import type { Site, SiteCamera } from '../../server/glossary/site.ts'
import { realClock } from '../../server/tools/clock.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from './test-town.ts'

const PTZ = 'ptz' as CameraId
const HERE = 'here' as HelpPointId
const PLACE: Place = { lat: 54.5236, lon: -1.5561 }
/** About thirty metres to the east. */
const EAST: Place = { lat: PLACE.lat, lon: PLACE.lon + 0.00046 }
let town: Awaited<ReturnType<typeof startTestTown>>
let desk: ReturnType<typeof createCameraDesk>
const told: HealthChange[] = []
const gone: { camera: CameraId; token: PresetToken; away: boolean }[] = []

const siteCamera = (change: Partial<SiteCamera> = {}): SiteCamera => ({
  id: PTZ,
  name: 'PTZ',
  location: PLACE,
  onvif: { url: town.camera(PTZ).url, fingerprint: null, ...CREDENTIALS },
  rtmp: null,
  presets: new Map([[HERE, { token: PRESET.token as PresetToken, name: PRESET.name, mask: [] }]]),
  mount: { northOffset: 0, height: 4.4, flipPan: false, flipTilt: false },
  bearing: null,
  after: 'home',
  buffer: { mode: 'always', preRollMs: 60_000, keepMs: 3_600_000, mostBytes: null, sound: 'drop', reader: 'direct' },
  ...change,
})
const site = (camera: SiteCamera): Site => ({
  id: 'town',
  name: 'Town',
  timezone: 'Europe/London',
  prefix: 'LP',
  training: false,
  quietHours: null,
  helpPoints: [],
  cameras: [camera],
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
})

beforeAll(async () => {
  town = await startTestTown(plan(PTZ), plan('unknown'))
  desk = createCameraDesk({
    clock: realClock,
    onHealth: (change) => told.push(change),
    onStream: () => {},
    onPresetGone: (camera, token, away) => gone.push({ camera, token, away }),
    onError: () => {},
  })
  await desk.follow(site(siteCamera()))
  await until(
    () => desk.health(PTZ).onvif,
    (state) => state === 'up',
  )
})
afterAll(async () => {
  await desk.close()
  await town.end()
})

describe('a camera that says how it hangs', () => {
  test('is turned by degrees to a place it has no preset for, at its widest', async () => {
    expect(desk.candidates({ id: HERE, location: EAST })[0]?.canAim(EAST)).toBe(true)
    const aim = desk.aimAt(PTZ, EAST)
    expect(aim?.pan).toBeCloseTo(90, 0)
    await desk.head(PTZ).aim(() => aim)
    await expect(desk.head(PTZ).aim(() => null)).rejects.toMatchObject({ code: 'camera/fixed' })
    await expect(desk.head(PTZ).gotoPreset(PRESET.token as PresetToken, AbortSignal.abort())).rejects.toMatchObject({
      code: 'camera/held',
    })
    await until(desk.head(PTZ).status, ({ moving }) => moving === false)
    const { pan, tilt, zoom } = town.camera(PTZ).pose()
    expect(pan).toBeCloseTo(90, 0)
    expect(tilt).toBeCloseTo(-5.7, 0)
    expect(zoom).toBe(1)
  })
  test(
    'is told to have video, or none, by its recorder; one that has left the town ' +
      'has none, and what its recorder still says harms nobody',
    async () => {
      desk.videoIs(PTZ, 'up', null)
      await until(
        () => desk.hasVideo(PTZ),
        (has) => has,
      )
      expect(desk.hasVideo('gone' as CameraId)).toBe(false)
      desk.videoIs('gone' as CameraId, 'down', 'its stream has ended')
      desk.bufferIs('gone' as CameraId, 'down', 'its stream has ended')
      expect(told.filter(({ camera }) => (camera as string) === 'gone')).toEqual([])
    },
  )
  test('says what it is, for the record of what it saw: maker, serial number, hardware address', async () => {
    const device = await until(
      () => desk.device(PTZ),
      (found) => found?.mac !== null,
      30_000,
    )
    expect(device).toMatchObject({
      manufacturer: 'Lamppost',
      serial: `SIM-${PTZ}`,
      mac: expect.stringMatching(/^02(:[0-9a-f]{2}){5}$/),
    })
  })
  test('cannot be, when the site file does not say so', async () => {
    await desk.follow(site(siteCamera({ mount: null })))
    await until(
      () => desk.health(PTZ).onvif,
      (state) => state === 'up',
    )
    expect(desk.aimAt(PTZ, EAST)).toBeNull()
    expect(desk.candidates({ id: HERE, location: EAST })[0]?.canAim(EAST)).toBe(false)
  })
  test('goes on with its own tour after the incident, when the site file wants that', async () => {
    await desk.sendBack(PTZ, { tour: 'tour-1' })
    expect(town.camera(PTZ).touring()).toBe(true)
    await desk.sendBack(PTZ, 'home')
    expect(town.camera(PTZ).touring()).toBe(false)
    await expect(desk.sendBack(PTZ, { tour: 'no such' })).rejects.toMatchObject({
      message: expect.stringContaining('no such'),
    })
  })
})

describe('presets that are gone', () => {
  test('are told when they vanish under our eyes', async () => {
    town.camera(PTZ).losePresets()
    await desk.head(PTZ).presets()
    expect(gone).toEqual([{ camera: PTZ, token: PRESET.token, away: false }])
  })
  test('removed by our own engineer are no news', async () => {
    const made = await desk.head(PTZ).savePreset('Made here', null)
    gone.length = 0
    await desk.follow(
      site(siteCamera({ mount: null, presets: new Map([[HERE, { token: made, name: 'Made here', mask: [] }]]) })),
    )
    await desk.head(PTZ).removePreset(made)
    expect(gone).toEqual([])
  })
  test('lost while the camera was away are told apart', async () => {
    const made = await desk.head(PTZ).savePreset('Made here', null)
    await desk.follow(
      site(siteCamera({ mount: null, presets: new Map([[HERE, { token: made, name: 'Made here', mask: [] }]]) })),
    )
    gone.length = 0
    await town.camera(PTZ).unplug()
    town.camera(PTZ).losePresets()
    await until(
      () => desk.health(PTZ).onvif,
      (state) => state === 'down',
      30_000,
    )
    await town.camera(PTZ).plugIn()
    await until(
      () => gone.length,
      (count) => count > 0,
      40_000,
    )
    expect(gone).toEqual([{ camera: PTZ, token: made, away: true }])
  })
})

describe('a camera’s clock', () => {
  test('that is hours off is told once, with how much', async () => {
    await until(
      () => desk.health(PTZ).onvif,
      (state) => state === 'up',
      30_000,
    )
    expect(desk.health(PTZ)).toMatchObject({ clock: 'right' })
    told.length = 0
    town.camera(PTZ).setClock(3 * 3_600_000)
    // Our created time is refused by a camera whose clock jumped; then its clock is read again.
    await until(
      () => desk.health(PTZ).clock,
      (state) => state === 'off',
      30_000,
    )
    expect(Math.abs((desk.health(PTZ).clockOffsetMs ?? 0) - 3 * 3_600_000)).toBeLessThan(2000)
    expect(told.filter(({ health }) => health.clock === 'off').length).toBeGreaterThanOrEqual(1)
    town.camera(PTZ).setClock(0)
    await until(
      () => desk.health(PTZ).clock,
      (state) => state === 'right',
      30_000,
    )
  })
})

describe('an engineer who adds cameras', () => {
  test('finds what answers on the network, and sees which of it is in the site file already', async () => {
    const found = await desk.finding.discover('lo')
    expect(found).toEqual(
      expect.arrayContaining([
        { url: town.camera(PTZ).url, name: 'Camera ptz', hardware: 'Simulator', elsewhere: false, camera: PTZ },
        {
          url: town.camera('unknown').url,
          name: 'Camera unknown',
          hardware: 'Simulator',
          elsewhere: false,
          camera: null,
        },
      ]),
    )
  })
  test('asks one what it is, and gets lines for the site file without its password', async () => {
    const asked = await desk.finding.inquire({ url: town.camera('unknown').url, ...CREDENTIALS })
    expect(asked).toMatchObject({
      ptz: true,
      serial: 'SIM-unknown',
      presets: [{ token: PRESET.token, name: PRESET.name }],
      fingerprint: null,
    })
    expect(asked.siteFile).toContain('password: "${CAM_127_0_0_1_PASSWORD}"')
    expect(JSON.stringify(asked)).not.toContain(CREDENTIALS.password)
  })
  test('is told in words when the password is wrong, nothing answers, or it is no address', async () => {
    await expect(
      desk.finding.inquire({ url: town.camera('unknown').url, username: 'lamppost', password: 'wrong' }),
    ).rejects.toMatchObject({ code: 'camera/refused', message: expect.stringMatching(/user name and password/) })
    await expect(
      desk.finding.inquire({ url: 'http://127.0.0.1:1/onvif/device_service', ...CREDENTIALS }),
    ).rejects.toMatchObject({ code: 'camera/unreachable' })
    await expect(desk.finding.inquire({ url: 'ftp://x', ...CREDENTIALS })).rejects.toMatchObject({
      code: 'request/invalid',
    })
  })
})
