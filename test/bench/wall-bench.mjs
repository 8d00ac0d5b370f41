/**
 * The operator's wall: how soon a press is on six screens, how soon its picture moves, what an idle wall costs to
 * open, and whether nine tiles leak or miss anything over minutes with a network cut. Chromium, server and cameras
 * share the machine.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openBarePage, startCable } from './bare-browser.mjs'
import { CREDENTIALS, openBrowser, root, sleep, startReplay, startServer, summary, until } from './bench-tools.mjs'

const TILES = 9
const WALLS = 6

/** In the page: when this incident's tile is there, and when its picture moves. */
function watchWall() {
  window.lamppostBench = { tile: null, moving: null }
  const found = window.lamppostBench
  const now = () => performance.timeOrigin + performance.now()
  const look = () => {
    const tile = document.querySelector('lamppost-wall')?.shadowRoot?.querySelector('lamppost-incident')?.shadowRoot
    if (found.tile === null && tile?.querySelector('h2')) found.tile = now()
    const video = tile?.querySelector('lamppost-player.live')?.shadowRoot?.querySelector('video')
    if (video && !video.watched) {
      video.watched = true
      let frames = 0
      const onFrame = () => {
        frames += 1
        if (frames === 2) found.moving = now()
        else video.requestVideoFrameCallback(onFrame)
      }
      video.requestVideoFrameCallback(onFrame)
    }
    if (found.tile === null || found.moving === null) requestAnimationFrame(look)
  }
  look()
}

function writeTown(file, ports) {
  const points = Array.from(
    { length: TILES },
    (_, i) => `  - { id: point-${i}, name: "Help point ${i}", location: { lat: ${54.52 + i * 0.01}, lon: -1.55 } }`,
  )
  const cameras = ports.map(
    (port, i) =>
      `  - { id: cam-${i}, name: Camera ${i}, location: { lat: ${54.52 + i * 0.01}, lon: -1.55 }, onvif: { ` +
      `url: "http://127.0.0.1:${port}/onvif/device_service", username: ${CREDENTIALS.username}, password: ` +
      `"${CREDENTIALS.password}" }, presets: { point-${i}: { token: "1", name: Here } }, buffer: { preRoll: 30s, keep: 1h } }`,
  )
  writeFileSync(
    file,
    [
      'site: { id: bench, name: Bench, timezone: Europe/London }',
      'helpPoints:',
      ...points,
      'cameras:',
      ...cameras,
      '',
    ].join('\n'),
  )
  return file
}

/** Cameras whose pictures cost nothing: one recorded 720p stream. */
async function startCameras(folder, count) {
  const source = join(folder, 'source.mp4')
  spawnSync('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=1280x720:rate=25',
    '-t',
    '20',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-tune',
    'zerolatency',
    '-g',
    '50',
    '-keyint_min',
    '50',
    '-b:v',
    '2M',
    '-maxrate',
    '2M',
    '-bufsize',
    '1M',
    '-pix_fmt',
    'yuv420p',
    source,
  ])
  return startReplay(folder, source, count)
}

async function openWall(browser, server, size = { width: 1280, height: 720 }, pictures = true) {
  const page = await (await browser.newContext({ viewport: size })).newPage()
  if (!pictures) {
    await page.routeWebSocket('**/api/v1/live', (socket) => socket.close())
    await page.route('**/live/**', (route) => route.abort())
  }
  const startedAt = performance.now()
  await page.goto(`${server.url}/embed#token=${server.tokens.operator}`)
  await page.waitForFunction(() => document.querySelector('lamppost-wall')?.shadowRoot, null, { polling: 20 })
  return { page, openMs: performance.now() - startedAt }
}
const press = async (server, helpPoint) =>
  (await (await server.call('press', 'POST', '/presses', { helpPoint })).json()).incident
const close = (server, id) => server.call('operator', 'POST', `/incidents/${id}/closure`, { reason: 'bench' })

/** @param pictures whether the walls show them: six browsers that decode on two cores are not six desks */
async function onSixWalls(browser, server, presses, pictures) {
  const walls = []
  for (let i = 0; i < WALLS; i += 1) walls.push((await openWall(browser, server, undefined, pictures)).page)
  const [each, last, moving] = [[], [], []]
  await sleep(2000)
  for (let i = 0; i < presses; i += 1) {
    for (const page of walls) await page.evaluate(watchWall)
    const pressedAt = performance.timeOrigin + performance.now()
    const id = await press(server, `point-${i % TILES}`)
    const found = await Promise.all(
      walls.map(async (page) => {
        await page.waitForFunction(
          (moving) => (moving ? window.lamppostBench.moving : window.lamppostBench.tile) !== null,
          pictures,
          { timeout: 30_000, polling: 50 },
        )
        return page.evaluate(() => window.lamppostBench)
      }),
    )
    const tiles = found.map(({ tile }) => tile - pressedAt)
    each.push(...tiles)
    last.push(Math.max(...tiles))
    if (pictures) moving.push(...found.map(({ moving: at }) => at - pressedAt))
    await close(server, id)
    await Promise.all(
      walls.map((page) =>
        page.waitForFunction(
          () => !document.querySelector('lamppost-wall').shadowRoot.querySelector('lamppost-incident'),
        ),
      ),
    )
    await sleep(300)
  }
  for (const page of walls) await page.context().close()
  const what = pictures ? '6 walls' : '6 walls without pictures'
  return {
    [`press -> tile, each of ${what}`]: summary(each),
    [`press -> tile, the last of ${what}`]: summary(last),
    ...(pictures ? { [`press -> first moving picture, each of ${what}`]: summary(moving) } : {}),
  }
}

async function onOneWall(browser, server, presses) {
  const { page } = await openWall(browser, server)
  const [tile, moving] = [[], []]
  await sleep(1000)
  for (let i = 0; i < presses; i += 1) {
    await page.evaluate(watchWall)
    const pressedAt = performance.timeOrigin + performance.now()
    const id = await press(server, `point-${i % TILES}`)
    await page.waitForFunction(() => window.lamppostBench.moving !== null, null, { timeout: 30_000, polling: 50 })
    const found = await page.evaluate(() => window.lamppostBench)
    tile.push(found.tile - pressedAt)
    moving.push(found.moving - pressedAt)
    await close(server, id)
    await page.waitForFunction(
      () => !document.querySelector('lamppost-wall').shadowRoot.querySelector('lamppost-incident'),
    )
    await sleep(300)
  }
  await page.context().close()
  return { 'press -> tile, one wall': summary(tile), 'press -> first moving picture, one wall': summary(moving) }
}

async function idleWalls(browser, server) {
  const [open, paint] = [[], []]
  for (let i = 0; i < 20; i += 1) {
    const { page, openMs } = await openWall(browser, server)
    open.push(openMs)
    await page.context().close()
    const imitation = await (await browser.newContext()).newPage()
    await imitation.goto(`${server.url}/`)
    await imitation.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0)
    paint.push(await imitation.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    await imitation.context().close()
  }
  return {
    'idle wall: navigation -> element ready': summary(open),
    'idle wall: first contentful paint of /': summary(paint),
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
/**
 * What is in flight (parts on their way to nine players) makes single readings differ by a megabyte and more: a leak
 * shows in medians.
 */
function heapFigures(heaps) {
  const some = Math.max(3, Math.floor(heaps.length / 5))
  const [first, last] = [median(heaps.slice(1, 1 + some)), median(heaps.slice(-some))]
  return {
    [`of the first ${some}`]: first,
    [`of the last ${some}`]: last,
    ratio: Math.round((last / first) * 1000) / 1000,
    least: Math.min(...heaps),
    most: Math.max(...heaps),
  }
}

/** Nine tiles for minutes, with the cable out in the middle; the heap is read after a forced collection. */
async function nineTiles(server, minutes) {
  const cable = await startCable(new URL(server.url).port)
  const page = await openBarePage(`http://127.0.0.1:${cable.port}/embed#token=${server.tokens.operator}`, {
    width: 1920,
    height: 1080,
  })
  try {
    return await measureNineTiles(server, page, cable, minutes)
  } finally {
    await page.close()
    cable.close()
  }
}

async function measureNineTiles(server, page, cable, minutes) {
  await page.until(() => Boolean(document.querySelector('lamppost-wall')?.shadowRoot))
  for (let i = 0; i < TILES; i += 1) await press(server, `point-${i}`)
  await page.until(
    (count) =>
      document.querySelector('lamppost-wall').shadowRoot.querySelectorAll('lamppost-incident').length === count,
    TILES,
  )
  const heap = async () =>
    Math.round(
      (
        await page.devtools(...Array.from({ length: 3 }, () => ['HeapProfiler.collectGarbage']), [
          'Runtime.getHeapUsage',
        ])
      ).at(-1).usedSize / 1e5,
    ) / 10
  const nodes = async () => (await page.devtools(['Memory.getDOMCounters']))[0].nodes
  await sleep(20_000)
  const before = { heap: await heap(), nodes: await nodes() }
  const heaps = [before.heap]
  const half = (minutes * 60_000) / 2
  for (const end = performance.now() + half; performance.now() < end; await sleep(Math.min(60_000, half / 8)))
    heaps.push(await heap())
  // A cut: what happens meanwhile must all be there afterwards.
  const cutMs = Math.min(5 * 60_000, half / 2)
  cable.cut()
  const cutAt = performance.now()
  await page.until(() => document.querySelector('lamppost-wall').shadowRoot.querySelector('.banner') !== null, null, {
    timeout: 60_000,
  })
  const toldMs = performance.now() - cutAt
  const noted = []
  for (const end = cutAt + cutMs; performance.now() < end; await sleep(cutMs / 10)) {
    const text = `during the cut ${noted.length}`
    const { items } = await (await server.call('operator', 'GET', '/incidents?state=open&limit=9')).json()
    await server.call('operator', 'POST', `/incidents/${items[noted.length % items.length].id}/notes`, { text })
    noted.push({ incident: items[noted.length % items.length].id, text })
  }
  const gone = (await (await server.call('operator', 'GET', '/incidents?state=open&limit=9')).json()).items[0].id
  await close(server, gone)
  cable.mend()
  const backAt = performance.now()
  await page.until(() => document.querySelector('lamppost-wall').shadowRoot.querySelector('.banner') === null, null, {
    timeout: 60_000,
  })
  const backMs = performance.now() - backAt
  await sleep(3000)
  const seen = await page.ask(() => {
    const wall = document.querySelector('lamppost-wall')
    const client = wall.shadowRoot.querySelector('lamppost-incident').client
    return client.state().incidents.map(({ id, log }) => ({
      id,
      notes: log.filter(({ kind }) => kind === 'incident.noted').map(({ body }) => body.text),
    }))
  })
  const missed =
    noted.filter(
      ({ incident, text }) => incident !== gone && !seen.find(({ id }) => id === incident)?.notes.includes(text),
    ).length + Number(seen.some(({ id }) => id === gone))
  for (const end = performance.now() + half - cutMs; performance.now() < end; await sleep(Math.min(60_000, half / 8)))
    heaps.push(await heap())
  const after = { heap: await heap(), nodes: await nodes() }
  const playing = await page.ask(
    () =>
      [...document.querySelector('lamppost-wall').shadowRoot.querySelectorAll('lamppost-incident')].filter((tile) =>
        (
          tile.shadowRoot.querySelector('lamppost-player')?.shadowRoot.querySelector('.age')?.textContent ?? ''
        ).startsWith('Live'),
      ).length,
  )
  return {
    [`nine tiles, ${minutes} minutes: heap MB after a collection, medians`]: heapFigures(heaps),
    'nine tiles: heap MB as it went': heaps.join(' '),
    'nine tiles: DOM nodes': { before: before.nodes, after: after.nodes },
    [`nine tiles: the cable out for ${Math.round(cutMs / 1000)} s`]: {
      'told after ms': Math.round(toldMs),
      'back after ms': Math.round(backMs),
      'entries meanwhile': noted.length + 1,
      missed,
    },
    'nine tiles: live at the end': playing,
  }
}

export async function benchWall({ presses, minutes, parts }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-bench-'))
  const cameras = await startCameras(folder, TILES)
  const server = await startServer(folder, writeTown(join(folder, 'site.yaml'), cameras.ports))
  const browser = await openBrowser()
  try {
    await until(server.cameras, (items) => items.every(({ health }) => health.onvif === 'up' && health.video === 'up'))
    const module = readFileSync(join(root, 'dist', 'web', 'lamppost.js'))
    return {
      'the module, gzip: bytes': gzipSync(module, { level: 9 }).length,
      ...(parts.includes('idle') ? await idleWalls(browser, server) : {}),
      ...(parts.includes('one') ? await onOneWall(browser, server, presses) : {}),
      ...(parts.includes('six')
        ? {
            ...(await onSixWalls(browser, server, presses, true)),
            ...(await onSixWalls(browser, server, presses, false)),
          }
        : {}),
      ...(parts.includes('nine') ? await nineTiles(server, minutes) : {}),
    }
  } finally {
    await browser.close()
    await server.close()
    await cameras.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
