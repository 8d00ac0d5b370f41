import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { FRAME } from '../../server/simulator/picture/camera-picture.ts'
import { BLOCK, COLUMNS, type Mark, ROWS, readMark } from '../../server/simulator/picture/picture-mark.ts'
import { CREDENTIALS, PATIENCE_MS, plan, startTestTown, until } from '../contracts/test-town.ts'
import { openBrowser, showPlayer, treeOf } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-live-'))
let town: Awaited<ReturnType<typeof startTestTown>>
let house: House
let secure: House
let browser: Browser
let token: string
let secureToken: string

beforeAll(async () => {
  town = await startTestTown(
    plan('one', false, { width: 640, height: 360 }),
    plan('two', false, { width: 640, height: 360, gop: 4 }),
    {
      ...plan('three', false, { width: 640, height: 360, codec: 'h265' }),
      substream: { ...FRAME, width: 480, height: 270 },
    },
    { ...plan('four', false, { width: 640, height: 360 }), substream: { ...FRAME, width: 480, height: 270 } },
  )
  const site = join(folder, 'site.yaml')
  const cameras = ['one', 'two', 'three', 'four'].map(
    (id) =>
      `  - { id: ${id}, name: Camera ${id}, location: { lat: ${id === 'three' || id === 'four' ? 54.6 : 54.5}, ` +
      `lon: -1.5 }, onvif: { url: "${town.camera(id).url}", username: ${CREDENTIALS.username}, password: ` +
      `"${CREDENTIALS.password}" }, buffer: { reader: ${id === 'one' ? 'ffmpeg' : 'direct'} } }`,
  )
  writeFileSync(
    site,
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      'helpPoints:',
      '  - { id: here, name: Here, location: { lat: 54.5, lon: -1.5 } }',
      'cameras:',
      ...cameras,
      '',
    ].join('\n'),
  )
  house = await openHouse({ siteFile: site, dataFolder: join(folder, 'data'), port: 0, host: '127.0.0.1', rtmpPort: 0 })
  token = openPeopleFile(join(folder, 'data', 'people.json')).addToken({
    name: 'Asha',
    role: 'operator',
    helpPoints: null,
  })
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  )
  secure = await openHouse({
    siteFile: site,
    dataFolder: join(folder, 'secure'),
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
    tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
  })
  secureToken = openPeopleFile(join(folder, 'secure', 'people.json')).addToken({
    name: 'Asha',
    role: 'operator',
    helpPoints: null,
  })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  await secure?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Sockets of the page can be cut and forbidden: a wire that is pulled, a proxy that does not pass them. */
const SOCKETS = `
  const Real = window.WebSocket
  window.cut = { forbidden: false, sockets: [] }
  window.WebSocket = class extends EventTarget {
    static OPEN = 1
    constructor(...args) {
      super()
      if (!window.cut.forbidden) {
        const socket = new Real(...args)
        // What happens in the town comes by another one.
        if (String(args[0]).endsWith('/live')) window.cut.sockets.push(socket)
        return socket
      }
      setTimeout(() => this.dispatchEvent(new Event('error')), 0)
    }
    readyState = 3
    close() {}
    send() {}
  }`
async function openPlayer(
  camera: string,
  {
    forbidden = false,
    small = false,
    at = { url: house.url, token },
    prepare = async () => {},
  }: {
    forbidden?: boolean
    small?: boolean
    at?: { url: string; token: string }
    prepare?(page: Page): Promise<void>
  } = {},
): Promise<Page> {
  const page = await (
    await browser.newContext({ viewport: { width: 1280, height: 720 }, ignoreHTTPSErrors: true })
  ).newPage()
  await page.addInitScript(`${SOCKETS}\nwindow.cut.forbidden = ${forbidden}`)
  await prepare(page)
  await page.goto(`${at.url}/presets`)
  await showPlayer(page, { token: at.token, camera, small })
  return page
}
async function seen(page: Page): Promise<Mark | null> {
  const pixels = await page.locator('lamppost-player video').evaluate(
    (video: HTMLVideoElement, { width, rows }) => {
      if (video.readyState < 2) return null
      const canvas = Object.assign(document.createElement('canvas'), { width, height: rows })
      const context = canvas.getContext('2d')
      context?.drawImage(video, 0, video.videoHeight - rows, width, rows, 0, 0, width, rows)
      return [...(context?.getImageData(0, 0, width, rows).data ?? [])].filter((_, i) => i % 4 === 1)
    },
    { width: COLUMNS * BLOCK, rows: ROWS * BLOCK },
  )
  return pixels && readMark((x, y) => pixels[y * COLUMNS * BLOCK + x] ?? 0, ROWS * BLOCK)
}
const age = (page: Page) => page.locator('lamppost-player .age').textContent()
/** A picture of now: as late as a machine makes it that is busy with something else, and no recording. */
const isLive = (page: Page, within = PATIENCE_MS) =>
  until(
    async () => ({ words: await age(page), mark: await seen(page), now: Date.now() }),
    ({ words, mark, now }) => (words ?? '').startsWith('Live') && mark !== null && now - mark.time < 15_000,
    within,
  )
const recorders = () =>
  treeOf(process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('frag_every_frame')
    } catch {
      return false
    }
  })

describe('a live picture', () => {
  test('comes over the page’s one WebSocket, its age told in tenths of a second', async () => {
    const page = await openPlayer('one')
    await isLive(page)
    await until(
      () => age(page),
      (words) => /^Live, (under )?\d+\.\d s$/.test(words ?? ''),
    )
    expect(await page.evaluate('window.cut.sockets.length')).toBe(1)
    await page.context().close()
  })
  test('whose camera stops is covered, says since when, and comes back by itself', async () => {
    const page = await openPlayer('one')
    await isLive(page)
    town.camera('one').setFlow('stopped')
    await page.locator('lamppost-player .cover').waitFor()
    await until(
      () => age(page),
      (words) => /^(Picture stopped \d+ s ago|No picture)$/.test(words ?? ''),
    )
    await page.screenshot({ path: join(output, 'stopped.png') })
    town.camera('one').setFlow('normal')
    await isLive(page, 40_000)
    await page.locator('lamppost-player .cover').waitFor({ state: 'detached' })
    await page.context().close()
  })
  test('whose video element fails at what it is sent never says live meanwhile, and is begun again', async () => {
    let torn = false
    // The boxes stay what they are, and the pictures in them are none.
    const tear = (sent: Buffer): Buffer => {
      const bytes = Buffer.from(sent)
      const from = bytes.indexOf('mdat')
      return from > 0 ? bytes.fill(0xff, from + 8) : bytes
    }
    const page = await openPlayer('two', {
      async prepare(opened) {
        await opened.route(/\/live\/(part|segment)/, async (route) => {
          const answer = await route.fetch()
          await route.fulfill({ response: answer, body: torn ? tear(await answer.body()) : await answer.body() })
        })
        await opened.routeWebSocket(/\/api\/v1\/live$/, (socket) => {
          const server = socket.connectToServer()
          server.onMessage((message) => {
            socket.send(typeof message === 'string' || !torn ? message : tear(message))
          })
        })
      },
    })
    await isLive(page)
    torn = true
    const video = page.locator('lamppost-player video')
    await until(
      () => video.evaluate((element: HTMLVideoElement) => element.error?.code ?? null),
      (code) => code !== null,
    )
    await until(
      () => age(page),
      (words) => !(words ?? '').startsWith('Live'),
    )
    // However often it is begun again: not one look finds it live.
    for (let look = 0; look < 20; look += 1) {
      expect(await age(page)).not.toMatch(/^Live/)
      await page.waitForTimeout(150)
    }
    await page.screenshot({ path: join(output, 'in-error.png') })
    torn = false
    await isLive(page)
    await page.context().close()
  })
  test('goes on over HTTP when the socket is lost and cannot come back, and uses it again when it can', async () => {
    const page = await openPlayer('two')
    await isLive(page)
    await page.evaluate('window.cut.forbidden = true; window.cut.sockets.forEach((socket) => socket.close())')
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await until(
      () => requests.filter((url) => url.includes('/live/part/')).length,
      (count) => count > 3,
      30_000,
    )
    await isLive(page)
    await page.evaluate('window.cut.forbidden = false')
    await until(
      () => page.evaluate('window.cut.sockets.length'),
      (count) => Number(count) > 1,
      20_000,
    )
    await isLive(page)
    await page.context().close()
  })
  test('plays over HTTP where a proxy passes no WebSocket at all', async () => {
    const page = await openPlayer('one', { forbidden: true })
    await isLive(page)
    await page.context().close()
  })
  test.each([
    ['HTTP/1.1, where connections are few, is a second or two behind', 'plain', false],
    ['HTTP/2 is as live as a large one', 'part', true],
  ] as const)('that is small, where no WebSocket passes, over %s', async (_, asked, overTls) => {
    const urls: string[] = []
    const page = await openPlayer('one', {
      forbidden: true,
      small: true,
      ...(overTls ? { at: { url: secure.url, token: secureToken } } : {}),
      prepare: async (opened) => void opened.on('request', (request) => void urls.push(request.url())),
    })
    await isLive(page)
    const before = urls.length
    await until(
      () => urls.slice(before).filter((url) => url.includes('/live/')),
      (since) => since.length > 6,
    )
    expect(urls.slice(before).some((url) => url.includes(asked === 'plain' ? 'plain=YES' : '/live/part/'))).toBe(true)
    expect(urls.slice(before).some((url) => url.includes(asked === 'plain' ? '/live/part/' : 'plain=YES'))).toBe(false)
    await page.context().close()
  })
  test.each([
    ['small', true],
    ['large and alone', false],
  ])(
    'that is %s gives way where the network is too slow for its many parts, and plays on by whole segments',
    async (_, small) => {
      const urls: string[] = []
      const page = await openPlayer('one', {
        forbidden: true,
        small,
        at: { url: secure.url, token: secureToken },
        prepare: async (opened) => void opened.on('request', (request) => void urls.push(request.url())),
      })
      const lately = () => urls.splice(0).filter((url) => url.includes('/live/'))
      await until(lately, (asked) => asked.some((url) => url.includes('/live/part/')))
      await isLive(page)
      const network = await page.context().newCDPSession(page)
      await network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 600,
        downloadThroughput: -1,
        uploadThroughput: -1,
      })
      await until(lately, (asked) => asked.some((url) => url.includes('plain=YES')), 30_000)
      await until(
        () => age(page),
        (words) => (words ?? '').startsWith('Live'),
        30_000,
      )
      lately()
      const shown = await seen(page)
      await until(
        () => seen(page),
        (mark) => (mark?.time ?? 0) > (shown?.time ?? 0) + 4000,
      )
      expect(new Set(lately().map((url) => /\/live\/(part|segment|index)/.exec(url)?.[1]))).toEqual(
        new Set(['index', 'segment']),
      )
      await page.locator('lamppost-player .cover').waitFor({ state: 'detached' })
      await page.context().close()
    },
  )
  test.each([
    ['the WebSocket', false],
    ['HTTP', true],
  ])('that is refused over %s says why, in the server’s words, and plays once it may', async (_, forbidden) => {
    const why = 'Four live pictures are converted to H.264 already: close one of them.'
    let refusing = true
    const page = await openPlayer('two', {
      forbidden,
      async prepare(opened) {
        await opened.routeWebSocket(/\/api\/v1\/live$/, (socket) => {
          const server = socket.connectToServer()
          socket.onMessage((message) => {
            const { watch } = JSON.parse(String(message)) as { watch?: string }
            if (refusing && watch !== undefined)
              socket.send(JSON.stringify({ gone: watch, words: why, code: 'live/none' }))
            else server.send(message)
          })
        })
        await opened.route(/\/live\/(h264\/)?index\.m3u8/, (route) =>
          refusing
            ? route.fulfill({
                status: 503,
                contentType: 'application/problem+json',
                body: JSON.stringify({ status: 503, code: 'live/none', detail: why }),
              })
            : route.continue(),
        )
      },
    })
    await until(
      () => page.locator('lamppost-player .cover').innerText(),
      (words) => words.replaceAll(/\s+/g, ' ').trim() === `No picture ${why}`,
      20_000,
    )
    await page.screenshot({ path: join(output, `refused-${forbidden ? 'http' : 'socket'}.png`) })
    refusing = false
    await isLive(page)
    await page.locator('lamppost-player .cover').waitFor({ state: 'detached' })
    await page.context().close()
  })
  test('survives the death of its recorder’s ffmpeg', async () => {
    const page = await openPlayer('one')
    const before = await isLive(page)
    for (const pid of recorders()) process.kill(pid, 'SIGKILL')
    await until(
      () => seen(page),
      (mark) => (mark?.time ?? 0) > (before.mark?.time ?? 0) + 4000,
      40_000,
    )
    await isLive(page)
    await page.context().close()
  })
  test('follows its camera to another resolution', async () => {
    const page = await openPlayer('one')
    await isLive(page)
    const camera = town.camera('one')
    await camera.unplug()
    camera.setFrame({ width: 960, height: 540 })
    await camera.plugIn()
    await until(
      () => page.locator('lamppost-player video').evaluate((video: HTMLVideoElement) => video.videoWidth),
      (width) => width === 960,
      60_000,
    )
    await isLive(page)
    await page.context().close()
  })
  test('of a camera that sends H.265 is shown as H.264 where the browser needs it, and says that it is converted', async () => {
    const camera = town.camera('two')
    await camera.unplug()
    camera.setFrame({ codec: 'h265', gop: 1 })
    await camera.plugIn()
    await until(
      async () =>
        (
          (await (
            await fetch(`${house.url}/api/v1/cameras/two`, { headers: { authorization: `Bearer ${token}` } })
          ).json()) as { codec: string | null }
        ).codec,
      (codec) => (codec ?? '').startsWith('hev1'),
      60_000,
    )
    const page = await openPlayer('two')
    const supported = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hev1.1.6.L93.B0"'))
    // A Chromium that can show H.265 gets it as it is: then there is nothing to convert, and nothing to say.
    if (!supported)
      expect(
        await until(
          () => page.locator('lamppost-player .form').textContent(),
          (words) => words !== null,
        ),
      ).toMatch(/Converted for this browser: not the camera’s own picture/)
    await isLive(page, 60_000)
    await page.screenshot({ path: join(output, 'converted.png') })
    await page.context().close()
  })
  test('of one that has an H.264 stream beside it is that, as ONVIF names it: nothing is converted', async () => {
    await until(
      async () =>
        (await (
          await fetch(`${house.url}/api/v1/cameras/three`, { headers: { authorization: `Bearer ${token}` } })
        ).json()) as { codec: string | null; converted: string },
      ({ codec, converted }) => (codec ?? '').startsWith('hev1') && converted === 'sub-stream',
      60_000,
    )
    const page = await openPlayer('three')
    if (await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hev1.1.6.L93.B0"')))
      return void (await page.context().close())
    await isLive(page, 60_000)
    expect(await page.locator('lamppost-player .form').textContent()).toMatch(/The camera’s smaller H\.264 stream/)
    expect(await page.locator('lamppost-player video').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBe(
      480,
    )
    await page.context().close()
  })
  test('that is small takes the camera’s small stream, where it has one; the large one when that brings nothing', async () => {
    await until(
      async () =>
        (await (
          await fetch(`${house.url}/api/v1/cameras/four`, { headers: { authorization: `Bearer ${token}` } })
        ).json()) as { converted: string; health: { video: string } },
      ({ converted, health }) => converted === 'sub-stream' && health.video === 'up',
    )
    const widthOf = (page: Page) =>
      page.locator('lamppost-player video').evaluate((video: HTMLVideoElement) => video.videoWidth)
    const small = await openPlayer('four', { small: true })
    await isLive(small)
    expect([await widthOf(small), await small.locator('lamppost-player .form').count()]).toEqual([480, 0])
    // Chosen, it is the camera's own picture; and small again.
    await small.locator('lamppost-player').evaluate((player) => player.removeAttribute('small'))
    await until(
      () => widthOf(small),
      (width) => width === 640,
    )
    await isLive(small)
    await small.context().close()
    const broken = await openPlayer('four', {
      small: true,
      prepare: async (opened) =>
        void (await opened.routeWebSocket(/\/api\/v1\/live$/, (socket) => {
          const server = socket.connectToServer()
          socket.onMessage((message) => {
            const { watch, form } = JSON.parse(String(message)) as { watch?: string; form?: string }
            if (watch !== undefined && form === 'h264')
              socket.send(JSON.stringify({ gone: watch, words: 'The small stream brings nothing.', code: 'live/none' }))
            else server.send(message)
          })
        })),
    })
    await until(
      () => widthOf(broken),
      (width) => width === 640,
    )
    await isLive(broken)
    await broken.context().close()
  })
  test('and so is its clip, frame by frame at the times of the recording', async () => {
    const press = openPeopleFile(join(folder, 'data', 'people.json')).addToken({
      name: 'Post',
      role: 'press',
      helpPoints: null,
    })
    const ask = async (path: string, bearer: string, body?: object): Promise<unknown> =>
      (
        await fetch(`${house.url}/api/v1${path}`, {
          method: body ? 'POST' : 'GET',
          headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).json()
    const { incident } = (await ask('/presses', press, { helpPoint: 'here' })) as { incident: string }
    const playlist = (form: string) =>
      fetch(`${house.url}/api/v1/incidents/${incident}/clips/two/${form}index.m3u8`, {
        headers: { authorization: `Bearer ${token}` },
      }).then((answer) => answer.text())
    await until(
      () => playlist(''),
      (text) => (text.match(/#EXTINF/g)?.length ?? 0) > 4,
      30_000,
    )
    // Segment for segment the same list.
    const [own, converted] = await Promise.all([playlist(''), playlist('h264/')])
    expect(converted.split('\n').slice(0, 12)).toEqual(own.split('\n').slice(0, 12))
    const page = await openPlayer('two')
    const supported = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hev1.1.6.L93.B0"'))
    const player = page.locator('lamppost-player')
    await player.evaluate((element, id) => element.setAttribute('incident', id), incident)
    const recorded = () => age(page).then((words) => /(\d\d):(\d\d):(\d\d)\.(\d)/.exec(words ?? ''))
    await until(recorded, (found) => found !== null, 60_000)
    if (!supported) expect(await player.locator('.form').textContent()).toMatch(/Converted for this browser/)
    // What the picture itself says of its time is what stands below it; a step is one picture.
    const video = player.locator('video')
    /** What is shown, by every picture that is drawn: a browser may draw the same one again. */
    await video.evaluate((element: HTMLVideoElement) => {
      const onFrame = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
        element.dataset['shown'] = String(mediaTime)
        element.requestVideoFrameCallback(onFrame)
      }
      element.requestVideoFrameCallback(onFrame)
    })
    const shown = () => video.evaluate((element: HTMLVideoElement) => Number(element.dataset['shown']))
    /** A step back, once its picture is drawn. */
    async function back(): Promise<{ media: number; time: number }> {
      const before = await shown()
      await player.locator('.back').click()
      // A browser on a busy machine may draw a step without reporting it: it is asked for once more, and two pictures
      // are within what is compared below.
      let asked = performance.now()
      await until(
        async () => {
          const now = await shown()
          if (now === before && performance.now() - asked > 10_000) {
            asked = performance.now()
            await player.locator('.back').click()
          }
          return now
        },
        (now) => now !== before,
      )
      // A place that was not loaded yet may show its neighbour for a moment.
      let media = before
      await until(shown, (now) => now === media || ((media = now), false))
      return {
        media,
        time:
          (
            await until(
              () => seen(page),
              (mark) => mark !== null,
            )
          )?.time ?? 0,
      }
    }
    await until(
      () => seen(page),
      (mark) => mark !== null,
      60_000,
    )
    await video.evaluate((element: HTMLVideoElement) => element.pause())
    await until(
      () => video.evaluate((element: HTMLVideoElement) => !element.seeking && element.readyState >= 2),
      (settled) => settled,
    )
    await page.waitForTimeout(300)
    await back()
    const [later, wall] = [
      await back(),
      await player.evaluate((element) => (element as unknown as { wallTime(): number | null }).wallTime()),
    ]
    expect(Math.abs(later.time - (wall ?? 0))).toBeLessThan(2000)
    // A simulated camera that was held up sends one picture twice: what its pictures say goes on over a few of them.
    let last = later
    for (let i = 0; i < 6; i += 1) {
      const earlier = await back()
      // A camera that was held up leaves pictures out, and the next one stands for longer.
      expect(last.media - earlier.media).toBeGreaterThan(0.5 / 15)
      expect(last.media - earlier.media).toBeLessThan(2.5 / 15)
      expect(last.time - earlier.time).toBeGreaterThanOrEqual(0)
      expect(last.time - earlier.time).toBeLessThan(2000)
      last = earlier
    }
    expect(later.time - last.time).toBeGreaterThan(0)
    expect(later.time - last.time).toBeLessThan(3000)
    await page.screenshot({ path: join(output, 'converted-clip.png') })
    await page.context().close()
    expect(
      (
        await fetch(`${house.url}/api/v1/incidents/${incident}/clips/two/h264/segment/999999.m4s`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status,
    ).toBe(404)
  })
  test('plays in hls.js as anybody has it, over the standard routes', async () => {
    const page = await (await browser.newContext({ bypassCSP: true })).newPage()
    await page.goto(`${house.url}/presets`)
    await page.addScriptTag({
      path: fileURLToPath(new URL('../../node_modules/hls.js/dist/hls.min.js', import.meta.url)),
    })
    await page.evaluate(
      ({ url, bearer }) => {
        document.body.replaceChildren(Object.assign(document.createElement('video'), { muted: true, autoplay: true }))
        type Player = { loadSource(url: string): void; attachMedia(video: HTMLVideoElement | null): void }
        const { Hls } = window as unknown as { Hls: new (config: object) => Player }
        const player = new Hls({
          xhrSetup: (request: XMLHttpRequest) => request.setRequestHeader('authorization', `Bearer ${bearer}`),
        })
        player.loadSource(url)
        player.attachMedia(document.querySelector('video'))
      },
      { url: `${house.url}/api/v1/cameras/one/live/index.m3u8`, bearer: token },
    )
    const time = () => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0)
    const first = await until(time, (seconds) => seconds > 0, 30_000)
    await until(time, (seconds) => seconds > first + 3, 20_000)
    await page.context().close()
  })
})
