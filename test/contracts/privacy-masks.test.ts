/**
 * Privacy masks with the whole house behind them: simulated cameras, one of which turns, and every way by which a
 * picture leaves. Judged by pixels.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { FRAME } from '../../server/simulator/picture/camera-picture.ts'
import { type Luma, type PrivatePlace, maskedShare, picturesOf, placeIn, whole } from './masked-pictures.ts'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { createOnvifPtz } from '../../server/camera/onvif/onvif-ptz.ts'
import type { PresetToken } from '../../server/glossary/camera.ts'
import { realClock } from '../../server/tools/clock.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from './test-town.ts'
import { type Answer, askAs } from './ask-as.ts'
import { watchLive } from './watch-live.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-masks-'))
const ROLES: Role[] = ['operator', 'engineer', 'evidence', 'supervisor', 'press']
/** In the picture of the camera that stands still: a third of it, below its clock and above its mark. */
const FIXED = { left: 0.3 * 960, top: 0.2 * 540, right: 0.6 * 960, bottom: 0.7 * 540 }
/** Degrees; in the picture of the preset. */
const WINDOW: PrivatePlace = { pan: [33, 38], tilt: [-14, -9] }
let town: Awaited<ReturnType<typeof startTestTown>>
let house: House
let tokens: Record<Role, string>

const ask = (who: Role, method: string, path: string, body?: unknown): Promise<Answer> =>
  askAs(house.url, tokens[who], method, `/api/v1${path}`, body)
const siteText = (masks: { fixed: string; head: string; bare?: string }): string => {
  const line = (id: string, more: string): string =>
    `  - { id: ${id}, name: ${id}, location: { lat: 54.5, lon: -1.5 }, onvif: { url: "${town.camera(id).url}", ` +
    `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }, ${more} }`
  return [
    'site: { id: t, name: T, timezone: Europe/London }',
    'helpPoints: [{ id: here, name: Here, location: { lat: 54.5, lon: -1.5 } }]',
    'cameras:',
    line('fixed', masks.fixed),
    line('head', `presets: { here: { token: "${PRESET.token}", name: Bar } }, ${masks.head}`),
    line('bare', masks.bare ?? 'bearing: 10'),
    '',
  ].join('\n')
}
const POLYGON = 'privacy: [{ name: Windows, polygon: [[0.3, 0.2], [0.6, 0.2], [0.6, 0.7], [0.3, 0.7]] }]'
const BOX =
  `privacy: [{ name: Windows, box: { pan: [${WINDOW.pan.map((each) => each / 180).join()}], ` +
  `tilt: [${WINDOW.tilt.map((each) => each / 90).join()}] } }], lens: { pan: 360, tilt: 180, wide: 60, tele: 7.5 }`
const write = (masks: Parameters<typeof siteText>[0] = { fixed: POLYGON, head: BOX }): void =>
  writeFileSync(join(folder, 'site.yaml'), siteText(masks))

beforeAll(async () => {
  town = await startTestTown(plan('fixed', false), plan('head'), plan('bare', false))
  write()
  const people = openPeopleFile(join(folder, 'people.json'))
  tokens = Object.fromEntries(
    ROLES.map((role) => [role, people.addToken({ name: `Some ${role}`, role, helpPoints: null })]),
  ) as Record<Role, string>
  const at = { port: 0, host: '127.0.0.1', rtmpPort: 0 }
  house = await openHouse({ siteFile: join(folder, 'site.yaml'), dataFolder: folder, ...at })
  await until(
    async () => (await ask('operator', 'GET', '/cameras')).body.items,
    (items: { health: { video: string } }[]) => items.every(({ health }) => health.video === 'up'),
  )
})
afterAll(async () => {
  await house?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** The newest whole segment of a playlist, with its initialisation section. */
async function filmOf(who: Role, place: string): Promise<Buffer> {
  const playlist = await until(
    async () => (await ask(who, 'GET', `${place}/index.m3u8`)).bytes.toString(),
    (text) => /^segment\//m.test(text),
  )
  const init = /URI="(init\/[^"]+)"/.exec(playlist)?.[1] ?? ''
  const segment = playlist.match(/^segment\/\S+/gm)?.at(-1) ?? ''
  const found = await Promise.all([init, segment].map((name) => ask(who, 'GET', `${place}/${name}`)))
  return Buffer.concat(found.map(({ bytes }) => bytes))
}
const shares = (pictures: readonly Luma[], areaOf: (picture: Luma) => Parameters<typeof maskedShare>[1]): number[] =>
  pictures.map((picture) => maskedShare(picture, areaOf(picture)))
const least = (values: readonly number[]): number => Math.min(...values)

describe('a camera that stands still, with a polygon', () => {
  const ways: [string, () => Promise<Luma[]>][] = [
    ['HLS', async () => picturesOf(await filmOf('operator', '/cameras/fixed/live'), 'mp4')],
    ['HLS as H.264', async () => picturesOf(await filmOf('operator', '/cameras/fixed/live/h264'), 'mp4')],
    [
      'its snapshot',
      async () => picturesOf((await ask('operator', 'GET', '/cameras/fixed/snapshot.jpg')).bytes, 'mjpeg'),
    ],
    ...(['copy', 'h264'] as const).map((form): [string, () => Promise<Luma[]>] => [
      `the WebSocket (${form})`,
      async () => {
        const live = watchLive(house.url, tokens.operator, 'fixed', form)
        await until(live.pictures, (count) => count > 20)
        live.close()
        return live.films().flatMap((film) => picturesOf(film, 'mp4'))
      },
    ]),
  ]
  test.each(ways)('has it covered by %s, and the rest of the picture is there', async (_, look) => {
    const pictures = await look()
    expect(pictures.length).toBeGreaterThan(0)
    expect(least(shares(pictures, () => FIXED))).toBeGreaterThan(0.98)
    expect(Math.max(...shares(pictures, whole))).toBeLessThan(0.8)
  })
  test('and one without masks is as it was, not converted', async () => {
    const pictures = picturesOf(await filmOf('operator', '/cameras/bare/live'), 'mp4')
    expect(pictures.length).toBeGreaterThan(0)
    expect(Math.max(...shares(pictures, () => FIXED))).toBeLessThan(0.5)
    expect(pictures.every((picture) => placeIn(picture, WINDOW) !== null)).toBe(true)
  })
})

describe('a camera that turns, with a box in its head’s coordinates', () => {
  const recall = (): Promise<Answer> => ask('engineer', 'POST', `/cameras/head/presets/${PRESET.token}/recall`)
  const turn = (pan: number, tilt = 0, zoom = 0): Promise<Answer> =>
    ask('engineer', 'POST', '/cameras/head/move', { pan, tilt, zoom, timeoutMs: 400, takeOver: true })
  /** Of what a page was sent: pictures in which the place can be seen, and how much of it was covered. */
  const seen = (films: readonly Buffer[]): { shares: number[]; pictures: number; inView: number } => {
    const pictures = films.flatMap((film) => picturesOf(film, 'mp4', FRAME))
    const areas = pictures.flatMap((picture) => {
      const area = placeIn(picture, WINDOW)
      return area ? [maskedShare(picture, area)] : []
    })
    const inView = pictures.filter((picture) => {
      const area = placeIn(picture, WINDOW)
      return area && area.right > 0 && area.left < FRAME.width && area.bottom > 0 && area.top < FRAME.height
    })
    return { shares: areas, pictures: pictures.length, inView: inView.length }
  }
  const isShown = async (): Promise<boolean> =>
    (await ask('operator', 'GET', '/cameras/head/snapshot.jpg')).status === 200

  test('never shows the place, from move to move, and shows everything else where it stands', async () => {
    // It was seen at two places: what it says of them is more than a constant.
    await until(recall, ({ status }) => status < 300)
    await until(isShown, Boolean)
    const live = watchLive(house.url, tokens.operator, 'head', 'copy')
    await until(live.pictures, (count) => count > 15)
    for (const [pan, tilt, zoom] of [
      [0.2, 0, 0],
      [-0.2, 0.1, 0],
      [0, 0, 0.6],
      [0.05, 0, 0],
      [0, 0, -1],
      [0.9, 0, 0],
    ] as const) {
      const before = live.pictures()
      expect((await turn(pan, tilt, zoom)).status).toBe(204)
      await until(live.pictures, (count) => count > before + 12)
    }
    await recall()
    const before = live.pictures()
    await until(live.pictures, (count) => count > before + 20)
    live.close()
    const { shares: covered, pictures, inView } = seen(live.films())
    expect(pictures).toBeGreaterThan(100)
    expect(inView).toBeGreaterThan(40)
    expect(covered.filter((share) => share < 0.98)).toEqual([])
  })
  test('says why it is covered while it turns, and its snapshot is refused in the same words', async () => {
    const live = watchLive(house.url, tokens.operator, 'head', 'copy')
    await until(live.pictures, (count) => count > 0)
    await turn(0.5)
    const { body } = await until(
      () => ask('operator', 'GET', '/cameras/head/snapshot.jpg'),
      ({ status }) => status === 503,
    )
    expect(body.detail).toContain('It turns near a privacy mask')
    await until(live.words, (words) => words.some((each) => each.includes('It turns near a privacy mask')))
    live.close()
  })
  test('its kept pictures of a preset have the mask where it was when they were taken, whatever the preset is now', async () => {
    await recall()
    await until(isShown, Boolean)
    const place = `/cameras/head/presets/${PRESET.token}`
    expect((await ask('engineer', 'POST', `${place}/reference`)).status).toBeLessThan(300)
    const kept = async (): Promise<number[]> => {
      const [picture] = picturesOf((await ask('engineer', 'GET', `${place}/reference.jpg`)).bytes, 'mjpeg')
      return picture ? [maskedShare(picture, placeIn(picture, WINDOW) ?? whole(picture))] : []
    }
    expect(least(await kept())).toBeGreaterThan(0.95)
    expect((await kept()).length).toBe(1)
    // Somebody saves another place under the same preset, at the camera.
    await turn(0.3)
    await until(isShown, Boolean)
    const client = createOnvifClient({
      access: { url: town.camera('head').url, fingerprint: null, ...CREDENTIALS },
      clock: realClock,
    })
    const ptz = createOnvifPtz({ client, path: '/onvif/ptz_service', profile: 'profile-1' })
    await ptz.setPreset('Bar', PRESET.token as PresetToken, 5000)
    expect(least(await kept())).toBeGreaterThan(0.95)
  })
  test('an engineer who asks its address what it is sees no picture of it', async () => {
    const { body } = await ask('engineer', 'POST', '/discovery/inquiry', {
      url: town.camera('head').url,
      ...CREDENTIALS,
    })
    expect(body.channels.length).toBeGreaterThan(0)
    expect(body.channels.every(({ still }: { still: string | null }) => still === null)).toBe(true)
    const named = town.camera('head').url.replace('127.0.0.1', 'localhost')
    const again = await ask('engineer', 'POST', '/discovery/inquiry', { url: named, ...CREDENTIALS })
    expect((again.body.channels ?? []).every(({ still }: { still: string | null }) => still === null)).toBe(true)
  })
  test('that another system turns is covered within a moment, and nothing of that moment is left for who comes later', async () => {
    await recall()
    await until(isShown, Boolean)
    const live = watchLive(house.url, tokens.operator, 'head', 'copy')
    await until(live.pictures, (count) => count > 10)
    const client = createOnvifClient({
      access: { url: town.camera('head').url, fingerprint: null, ...CREDENTIALS },
      clock: realClock,
    })
    const ptz = createOnvifPtz({ client, path: '/onvif/ptz_service', profile: 'profile-1' })
    await ptz.continuousMove({ pan: 0.1, tilt: 0, zoom: 0 }, 1500, 5000)
    await until(live.words, (words) => words.length > 0)
    await until(isShown, Boolean)
    live.close()
    // A picture or a few may have been sent before it was noticed; a recorder of HLS finds none of them afterwards.
    const playlist = await until(
      async () => (await ask('operator', 'GET', '/cameras/head/live/index.m3u8')).bytes.toString(),
      (text) => /^segment\//m.test(text),
    )
    const init = (await ask('operator', 'GET', `/cameras/head/live/${/URI="(init\/[^"]+)"/.exec(playlist)?.[1]}`)).bytes
    const films = []
    for (const name of playlist.match(/^segment\/\S+/gm) ?? [])
      films.push(Buffer.concat([init, (await ask('operator', 'GET', `/cameras/head/live/${name}`)).bytes]))
    expect(seen(films).shares.filter((share) => share < 0.98)).toEqual([])
  })
  test('what was recorded of it has the mask where it was then', async () => {
    await recall()
    await until(isShown, Boolean)
    const incident = (await ask('press', 'POST', '/presses', { helpPoint: 'here' })).body.incident
    const place = `/incidents/${incident}/clips/head`
    const count = (text: string): number => text.match(/^segment\//gm)?.length ?? 0
    const begun = await until(
      async () => (await ask('operator', 'GET', `${place}/index.m3u8`)).bytes.toString(),
      (text) => count(text) > 0,
    )
    await until(isShown, Boolean)
    const playlist = await until(
      async () => (await ask('operator', 'GET', `${place}/index.m3u8`)).bytes.toString(),
      (text) => count(text) > count(begun) + 4,
    )
    const init = (await ask('operator', 'GET', `${place}/${/URI="(init\/[^"]+)"/.exec(playlist)?.[1]}`)).bytes
    const films = []
    for (const name of playlist.match(/^segment\/\S+/gm)?.slice(-14) ?? [])
      films.push(Buffer.concat([init, (await ask('operator', 'GET', `${place}/${name}`)).bytes]))
    const { shares: covered, inView } = seen(films)
    expect(inView).toBeGreaterThan(20)
    expect(covered.filter((share) => share < 0.98)).toEqual([])
    await ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'over' })
  })
})

describe('what an incident holds', () => {
  let incident: string
  const clip = (rest: string): string => `/incidents/${incident}/clips/fixed${rest}`
  beforeAll(async () => {
    incident = (await ask('press', 'POST', '/presses', { helpPoint: 'here' })).body.incident
    await ask('operator', 'POST', `/incidents/${incident}/framings`, { camera: 'fixed' })
    await until(
      async () => (await ask('operator', 'GET', clip('/index.m3u8'))).bytes.toString(),
      (text) => (text.match(/^segment\//gm)?.length ?? 0) > 2,
    )
  })
  test.each(['', '/h264'])('is played with its mask (clips/fixed%s)', async (form) => {
    for (const who of ['operator', 'evidence', 'supervisor'] as const) {
      const pictures = picturesOf(await filmOf(who, clip(form)), 'mp4')
      expect(pictures.length).toBeGreaterThan(0)
      expect(least(shares(pictures, () => FIXED))).toBeGreaterThan(0.98)
    }
  })
  test('its thumbnails have it', async () => {
    const { body } = await ask('operator', 'GET', `/incidents/${incident}`)
    // A moment that was recorded: a busy machine's camera may have sent nothing at the press itself.
    const at = await until(
      async () =>
        (await ask('operator', 'GET', clip('/index.m3u8'))).bytes
          .toString()
          .match(/(?<=PROGRAM-DATE-TIME:)\S+/g)
          ?.find((start) => start > body.openedAt),
      (start) => start !== undefined,
    )
    const { bytes } = await until(
      () => ask('operator', 'GET', clip(`/thumbnail.jpg?at=${at}`)),
      ({ status }) => status === 200,
    )
    expect(least(shares(picturesOf(bytes, 'mjpeg'), () => FIXED))).toBeGreaterThan(0.9)
  })
  test('is seen without it only by evidence, and only once a reason was given, which is an entry', async () => {
    expect((await ask('operator', 'GET', clip('/unmasked/index.m3u8'))).status).toBe(403)
    expect((await ask('supervisor', 'GET', clip('/unmasked/index.m3u8'))).status).toBe(403)
    const refused = await ask('evidence', 'GET', clip('/unmasked/index.m3u8'))
    expect([refused.status, refused.body.code]).toEqual([422, 'view/no-reason'])
    expect((await ask('evidence', 'GET', clip('/clip.mp4'))).status).toBe(422)
    // One that was given for any camera says nothing of what lies behind a mask.
    await ask('evidence', 'POST', '/views', { reason: 'Looking round the town' })
    expect((await ask('evidence', 'GET', clip('/unmasked/index.m3u8'))).status).toBe(422)
    await ask('evidence', 'POST', '/views', { camera: 'fixed', reason: 'CAD 4711: which door he left by' })
    const pictures = picturesOf(await filmOf('evidence', clip('/unmasked')), 'mp4')
    expect(Math.max(...shares(pictures, () => FIXED))).toBeLessThan(0.5)
    const looks = (await ask('supervisor', 'GET', '/ledger?limit=200')).body.items.filter(
      ({ kind, body }: { kind: string; body: { unmasked?: true } }) => kind === 'camera.viewed' && body.unmasked,
    )
    expect(looks).toMatchObject([
      { actor: 'evidence:Some evidence', body: { camera: 'fixed', reason: 'CAD 4711: which door he left by' } },
    ])
    const master = await ask('evidence', 'GET', clip('/clip.mp4'))
    expect(master.status).toBe(200)
    expect(Math.max(...shares(picturesOf(master.bytes, 'mp4'), () => FIXED))).toBeLessThan(0.5)
    // The reason is theirs who gave it.
    expect((await ask('operator', 'GET', clip('/unmasked/index.m3u8'))).status).toBe(403)
  })
})

describe('masks that are written anew', () => {
  test('hold from then on, without a restart, for who looks already, too', async () => {
    const live = watchLive(house.url, tokens.operator, 'bare', 'copy')
    await until(live.pictures, (count) => count > 10)
    const before = live.films().length
    write({
      bare: POLYGON,
      fixed: POLYGON.replace('Windows', 'Other windows')
        .replace('0.3, 0.2', '0.1, 0.2')
        .replace('0.3, 0.7', '0.1, 0.7'),
      head: BOX,
    })
    const wider = { ...FIXED, left: 0.1 * 960 }
    await until(
      async () => picturesOf((await ask('operator', 'GET', '/cameras/fixed/snapshot.jpg')).bytes, 'mjpeg'),
      ([picture]) => picture !== undefined && maskedShare(picture, wider) > 0.98,
    )
    await until(
      () => live.films().slice(before),
      (films) => films.length > 0 && (films.at(-1)?.length ?? 0) > 100_000,
    )
    live.close()
    const pictures = live
      .films()
      .slice(before)
      .flatMap((film) => picturesOf(film, 'mp4'))
    expect(pictures.length).toBeGreaterThan(5)
    expect(least(shares(pictures, () => FIXED))).toBeGreaterThan(0.98)
  })
  test('stay for what was recorded of a camera that is not in the site file any more, after a restart, too', async () => {
    const incident = (await ask('press', 'POST', '/presses', { helpPoint: 'here' })).body.incident
    await ask('operator', 'POST', `/incidents/${incident}/framings`, { camera: 'fixed' })
    const place = `/incidents/${incident}/clips/fixed`
    await until(
      async () => (await ask('operator', 'GET', `${place}/index.m3u8`)).bytes.toString(),
      (text) => /^segment\//m.test(text),
    )
    await house.close()
    writeFileSync(join(folder, 'site.yaml'), siteText({ fixed: '', head: BOX }).replace(/^ {2}- \{ id: fixed.*\n/m, ''))
    const at = { port: 0, host: '127.0.0.1', rtmpPort: 0 }
    house = await openHouse({ siteFile: join(folder, 'site.yaml'), dataFolder: folder, ...at })
    const pictures = picturesOf(await filmOf('operator', place), 'mp4')
    expect(pictures.length).toBeGreaterThan(0)
    expect(least(shares(pictures, () => FIXED))).toBeGreaterThan(0.98)
  })
})
