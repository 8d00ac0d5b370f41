/** What it costs to record a town, beside plain ffmpeg in the same run; and what a press waits while it is recorded. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  cpuOf,
  markScript,
  openBrowser,
  ownCpu,
  root,
  rssOf,
  sleep,
  startReplay,
  startServer,
  summary,
  treeOf,
  until,
  writeSite,
} from './bench-tools.mjs'
import { makeMarkedFilm } from './marked-film.mjs'
import { meterInPage } from './page-meter.mjs'
import { presser } from './presser.mjs'

const round = (value) => Math.round(value * 100) / 100

/** Share of one core, in percent, that `cost` grew by while `ms` passed. */
async function shareOf(cost, ms) {
  const [before, at] = [cost(), performance.now()]
  await sleep(ms)
  return ((cost() - before) / (performance.now() - at)) * 100
}

/** Holes in what lies on disk: segments that are missing, or that came later than the ones before account for. */
async function gapsOnDisk(clips) {
  const { gapsIn } = await import(join(root, 'dist', 'server', 'clip', 'ring', 'clip-gaps.js'))
  const { listBuckets, readIndex } = await import(join(root, 'dist', 'server', 'clip', 'ring', 'ring-index.js'))
  let gaps = 0
  let runs = 0
  for (const camera of readdirSync(clips)) {
    const folder = join(clips, camera)
    const segments = (await Promise.all(listBuckets(folder).map((bucket) => readIndex(folder, bucket)))).flat()
    gaps += segments.length === 0 ? 1 : gapsIn(segments, segments[0].start, null).length
    runs += new Set(segments.map(({ run }) => run)).size
  }
  return { gaps, runs }
}

async function compareWithFfmpeg(folder, replay) {
  const figures = {}
  const cameras = 20
  const measureMs = 15_000
  // Buffers that are new, code that is not yet compiled: not what a day of recording costs.
  const warmMs = 25_000
  const plain = Array.from({ length: cameras }, (_, i) =>
    spawn(
      'ffmpeg',
      [
        '-hide_banner',
        '-loglevel',
        'error',
        '-rtsp_transport',
        'tcp',
        '-i',
        `rtsp://127.0.0.1:${replay.rtsp}/stream-${i % 25}`,
        '-c',
        'copy',
        '-f',
        'hls',
        '-hls_time',
        '2',
        '-hls_list_size',
        '1800',
        join(folder, `plain-${i}.m3u8`),
      ],
      { stdio: 'ignore' },
    ),
  )
  await sleep(warmMs)
  const hls = (await shareOf(() => plain.reduce((sum, { pid }) => sum + ownCpu(pid), 0), measureMs)) / cameras
  for (const child of plain) child.kill('SIGKILL')
  for (const [reader, name] of [
    ['ffmpeg', 'read by an ffmpeg each'],
    ['direct', 'read in the server'],
  ]) {
    const { recorded, watched } = await costOf(join(folder, reader), replay, cameras, { measureMs, warmMs, reader })
    figures[`% of a core per camera: ${name}, nobody watches`] = `${round(recorded)} (${round(recorded / hls)}x)`
    figures[`% of a core per camera: ${name}, every camera watched live`] =
      `${round(watched)} (${round(watched / hls)}x)`
  }
  return { '% of a core per camera: ffmpeg -c copy -f hls': round(hls), ...figures }
}

async function costOf(folder, replay, cameras, { measureMs, warmMs, reader }) {
  mkdirSync(folder, { recursive: true })
  const site = writeSite(
    join(folder, 'few.yaml'),
    replay.ports.slice(0, cameras).map((port, i) => ({ id: `cam-${i}`, port, reader })),
  )
  const server = await startServer(folder, site)
  await until(server.cameras, (items) => items.every(({ health }) => health.video === 'up'))
  await sleep(warmMs)
  const recorded = (await shareOf(() => cpuOf(server.pid), measureMs)) / cameras
  const { default: WebSocket } = await import('ws')
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/live`)
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ token: server.tokens.operator }))
  await new Promise((resolve) => socket.once('message', resolve))
  for (let i = 0; i < cameras; i += 1) socket.send(JSON.stringify({ watch: String(i), camera: `cam-${i}` }))
  // What serves viewers is new code, too.
  await sleep(warmMs)
  const watched = (await shareOf(() => cpuOf(server.pid), measureMs)) / cameras
  socket.terminate()
  await server.close()
  return { recorded, watched }
}

async function recordTown(folder, replay, { cameras, minutes, presses }) {
  const figures = {}
  // One that is looked at: it sends what it once recorded, by no lower priority, so that its own waiting for a core
  // is not in the age of its picture.
  const film = join(folder, 'watched.mp4')
  await makeMarkedFilm(film, folder, { width: 1280, height: 720, rate: 25, gop: 1, seconds: 20 })
  const watched = await startReplay(join(folder, 'watched'), film, 1, { gopSeconds: 1, aside: false })
  const ids = Array.from({ length: cameras }, (_, i) => `cam-${i}`)
  const site = writeSite(join(folder, 'town.yaml'), [
    ...ids.map((id, i) => ({
      id,
      port: replay.ports[i],
      presets: i < 3 ? '{ here: { token: "1", name: Here } }' : '',
    })),
    { id: 'watched', port: watched.ports[0] },
    { id: 'by-ffmpeg', port: replay.ports[0], reader: 'ffmpeg' },
  ])
  const heaps = join(folder, 'heaps')
  mkdirSync(heaps)
  const server = await startServer(join(folder, 'town'), site, {
    NODE_OPTIONS: `--require ${join(root, 'test', 'bench', 'heap-watch.cjs')}`,
    LAMPPOST_BENCH_HEAP: heaps,
  })
  try {
    Object.assign(figures, await measureTown({ server, replay, watched, cameras, minutes, presses }))
    return { ...figures, ...(await heapOf(server.pid, heaps, cameras)) }
  } finally {
    await server.close()
    await watched.close()
  }
}

async function measureTown({ server, replay, watched, cameras, minutes, presses }) {
  const figures = {}
  const startedAt = performance.now()
  await until(server.cameras, (items) => items.every(({ health }) => health.video === 'up'), 240_000)
  figures['seconds until all of them record'] = Math.round((performance.now() - startedAt) / 1000)
  await sleep(10_000)
  const halfway = (minutes * 60_000) / 2
  const node = () => ownCpu(server.pid)
  const [all, own] = await Promise.all([shareOf(() => cpuOf(server.pid), halfway), shareOf(node, halfway)])
  figures['cores in all (server, its threads, every ffmpeg)'] = round(all / 100)
  figures['of them the server itself (press path, video thread, ledger)'] = round(own / 100)
  figures['MB of memory: the server'] = Math.round(rssOf(server.pid))
  figures['MB of memory per camera: the server'] = round(rssOf(server.pid) / cameras)
  figures['processes'] = treeOf(server.pid).length
  // Presses in the middle of it.
  const waits = []
  const press = presser(server.url, server.tokens.press)
  for (let i = 0; i < presses; i += 1) {
    const before = (await replay.counts()).moves.length
    const { at, incident } = await press('here')
    // Asking meanwhile would keep the camera from hearing.
    await sleep(50)
    const { moves } = await until(replay.counts, (found) => found.moves.length > before, 5000)
    waits.push(moves[before].at - at)
    await server.call('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'bench' })
    await sleep(150)
  }
  figures['press -> GotoPreset at the camera meanwhile (bench process to camera process)'] = summary(waits)
  const browser = await openBrowser()
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  await page.addInitScript(markScript())
  await page.goto(`${server.url}/presets`)
  await page.evaluate((token) => {
    document.body.replaceChildren()
    const player = document.createElement('lamppost-player')
    player.setAttribute('token', token)
    player.setAttribute('camera', 'watched')
    document.body.append(player)
  }, server.tokens.operator)
  await watched.late()
  const seen = await page.evaluate(meterInPage, {
    loop: { ...watched.loop, origin: watched.loop.origins[0] },
    find: 'document.querySelector("lamppost-player")?.shadowRoot?.querySelector("video")',
    ms: Math.max(20_000, halfway),
  })
  figures['age of the one live picture that is watched meanwhile'] = {
    ...summary(seen.ages),
    stalls: seen.stalls.length,
    'its camera sent so late': summary(await watched.late()),
  }
  await browser.close()
  const { gaps, runs } = await gapsOnDisk(join(server.data, 'clips'))
  figures['gaps on disk'] = gaps
  figures['recorder restarts'] = runs - cameras - 2
  Object.assign(figures, await killFfmpeg(server))
  return figures
}

/**
 * What all threads of the server keep on their heaps, after a collection and as they came to it. Asked last:
 * collecting stops each of them.
 */
async function heapOf(pid, folder, cameras) {
  writeFileSync(join(folder, 'ask'), '')
  await sleep(5000)
  const threads = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .filter((thread) => thread.pid === pid)
  const mb = (what) => threads.reduce((sum, thread) => sum + thread[what], 0) / 2 ** 20
  return {
    [`MB of heap: the server's ${threads.length} threads, after a collection; before it; committed`]: [
      mb('kept'),
      mb('before'),
      mb('committed'),
    ]
      .map(Math.round)
      .join(', '),
    'MB of heap per camera: after a collection; before it': [mb('kept'), mb('before')]
      .map((each) => round(each / cameras))
      .join(', '),
    'MB of memory outside of heaps (array buffers)': Math.round(mb('arrayBuffers')),
  }
}

/** kill -9 of the one camera's ffmpeg that is recorded by one: how long until it records again, and what is missing. */
async function killFfmpeg(server) {
  const victim = treeOf(server.pid).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pipe,rtsp')
    } catch {
      return false
    }
  })
  if (!victim) return {}
  const killedAt = performance.now()
  process.kill(victim, 'SIGKILL')
  let downAt = null
  await until(
    server.cameras,
    (items) => {
      const down = items.some(({ health }) => health.video === 'down')
      if (down) downAt ??= performance.now()
      return downAt !== null && !down
    },
    30_000,
  )
  return {
    'kill -9 of one ffmpeg: noticed after ms': Math.round(downAt - killedAt),
    'kill -9 of one ffmpeg: picture again after ms': Math.round(performance.now() - killedAt),
  }
}

/** Opening the rings of a town that recorded for a day. */
async function openTown(folder, cameras) {
  const { openClipRing } = await import(join(root, 'dist', 'server', 'clip', 'ring', 'clip-ring.js'))
  const bucketMs = 300_000
  const buckets = (24 * 3_600_000) / bucketMs
  const from = Date.now() - 24 * 3_600_000
  const lines = (first, start) =>
    Array.from({ length: 150 }, (_, i) => JSON.stringify([first + i, start + i * 2000, 2, i, 1, '0'.repeat(64)])).join(
      '\n',
    )
  for (let camera = 0; camera < cameras; camera += 1) {
    const place = join(folder, `cam-${camera}`)
    mkdirSync(place, { recursive: true })
    for (let i = 0; i < buckets; i += 1) {
      const name = `${from + i * bucketMs}-0-${i * 150}`
      writeFileSync(join(place, `${name}.m4s`), Buffer.alloc(150))
      writeFileSync(join(place, `${name}.jsonl`), `${lines(i * 150, from + i * bucketMs)}\n`)
    }
  }
  execFileSync('sync')
  const startedAt = performance.now()
  const rings = Array.from({ length: cameras }, (_, i) =>
    openClipRing({ folder: join(folder, `cam-${i}`), limits: { keepMs: 48 * 3_600_000, mostBytes: null } }),
  )
  const openedAt = performance.now()
  const numbers = rings.map((ring) => ring.nextNumber())
  if (numbers.some((number) => number !== buckets * 150)) throw new Error('a ring did not find its last segment')
  return { [`ms to open ${cameras} rings of 24 h after a crash`]: Math.round(openedAt - startedAt) }
}

export async function benchRecording({ cameras, minutes, presses, parts }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-recording-'))
  const source = join(folder, 'source.mp4')
  execFileSync('ffmpeg', [
    '-hide_banner',
    '-loglevel',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=25,noise=alls=12:allf=t',
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
  const needed = cameras * 0.25e6 * (minutes + 3) * 60
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < needed * 1.2)
    throw new Error(`${cameras} cameras for ${minutes} minutes need ${(needed / 1e9).toFixed(0)} GB in ${tmpdir()}`)
  const figures = {}
  try {
    if (parts.includes('compare')) {
      const few = await startReplay(join(folder, 'few-town'), source, 20)
      Object.assign(figures, await compareWithFfmpeg(folder, few))
      await few.close()
    }
    if (parts.includes('town')) {
      const replay = await startReplay(join(folder, 'replay'), source, cameras)
      const many = await recordTown(folder, replay, { cameras, minutes, presses })
      await replay.close()
      for (const [what, figure] of Object.entries(many)) figures[`${cameras} cameras of 2 Mbit/s: ${what}`] = figure
    }
    if (parts.includes('rings')) Object.assign(figures, await openTown(join(folder, 'day'), cameras))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}
