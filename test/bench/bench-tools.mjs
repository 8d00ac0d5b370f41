/** What every benchmark needs: a simulated town, a server on a site of its own, Chromium, and honest summaries. */
import { fork, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'
import { forkAside } from './aside.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(root, 'dist', 'server', 'main.js')
export const CREDENTIALS = { username: 'lamppost', password: 'bench password' }
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The figures of a contract test that writes them where LAMPPOST_TABLE says. @param environment how much of it */
export function benchOfTest(file, environment) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-bench-'))
  const table = join(folder, 'table.json')
  try {
    spawnSync(
      join(root, 'node_modules', '.bin', 'vitest'),
      ['run', '--config', 'test/vitest.config.ts', '--retry=0', file],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, ...environment, LAMPPOST_TABLE: table },
      },
    )
    return JSON.parse(readFileSync(table, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function until(ask, so, withinMs = 60_000) {
  for (const end = performance.now() + withinMs; ; await sleep(100)) {
    const value = await ask()
    if (so(value)) return value
    if (performance.now() > end)
      throw new Error(`still not so after ${withinMs} ms: ${JSON.stringify(value)?.slice(0, 500)}`)
  }
}

/**
 * ONVIF cameras that cost next to nothing: all send one recorded stream, which loops in 25 phases.
 * @param source an H.264 film that ffmpeg reads
 * @param aside whether they take only what is left of the machine: hundreds take much, and a few take nothing that is
 * worth their waiting
 */
export async function startReplay(folder, source, count, { gopSeconds = 2, aside = true } = {}) {
  mkdirSync(folder, { recursive: true })
  const town = fork(join(root, 'test', 'bench', 'replay-town.mjs'), [
    folder,
    source,
    String(count),
    CREDENTIALS.username,
    CREDENTIALS.password,
    String(gopSeconds),
    aside ? 'aside' : 'beside',
  ])
  const next = () => new Promise((resolve) => town.once('message', resolve))
  const { ports, rtsp, loop } = await next()
  return {
    pid: town.pid,
    ports,
    rtsp,
    loop,
    /** @returns every GotoPreset so far, and how many connections there were */
    async counts() {
      const answer = next()
      town.send('counts')
      return answer
    },
    /** How late each picture was sent since the last asking, milliseconds. */
    async late() {
      const answer = next()
      town.send('late')
      return (await answer).late
    },
    close: () => new Promise((resolve) => (town.once('exit', resolve), town.disconnect())),
  }
}

/**
 * Simulated cameras in a process of their own.
 * @param plans camera plans, or null for the simulated Darlington.
 * @param aside whether they take only what is left of the machine; the demo's do not, and what they hear is heard
 * late when they do
 */
export async function startTown(folder, plans = null, { aside = true } = {}) {
  const file = join(folder, 'plans.json')
  writeFileSync(file, JSON.stringify(plans))
  const start = aside ? forkAside : fork
  const town = start(join(root, 'test', 'bench', 'town-process.mjs'), [
    join(folder, 'simulator'),
    CREDENTIALS.username,
    CREDENTIALS.password,
    file,
  ])
  const next = () => new Promise((resolve) => town.once('message', resolve))
  const { ports } = await next()
  return {
    pid: town.pid,
    ports,
    environment: {
      ...Object.fromEntries(
        Object.entries(ports).flatMap(([id, { onvif, rtsp }]) =>
          [
            ['PORT', onvif],
            ['RTSP_PORT', rtsp],
          ].map(([what, port]) => [`${id.toUpperCase().replaceAll('-', '_')}_${what}`, String(port)]),
        ),
      ),
      CAMERA_PASSWORD: CREDENTIALS.password,
      PUSH_3_KEY: 'bench-key',
      BLACKWELLGATE_SIP: 'bench-sip',
    },
    async operations(camera) {
      const answer = next()
      town.send(camera)
      return (await answer).operations
    },
    async close() {
      const gone = new Promise((resolve) => town.once('exit', resolve))
      town.disconnect()
      await gone
    },
  }
}

export const cameraPlan = (id, frame, more = {}) => ({
  id,
  name: id,
  seed: 7 + id.length,
  ptz: false,
  home: { pan: 0, tilt: -12, zoom: 1 },
  presets: [],
  landmarks: [],
  pushes: false,
  frame: { width: 1280, height: 720, rate: 25, gop: 1, codec: 'h264', sound: 'none', ...frame },
  ...more,
})

/**
 * A site file of such cameras; they need no password by reference, they are on loopback. Each stands a street further
 * from the help point than the one before it.
 */
export function writeSite(file, cameras, { keep = '1h' } = {}) {
  const lines = [
    'site: { id: bench, name: Bench, timezone: Europe/London }',
    'helpPoints:',
    '  - { id: here, name: Here, location: { lat: 54.5, lon: -1.5 } }',
    'cameras:',
  ]
  for (const [i, { id, port, presets = '', reader = 'direct', more = '' }] of cameras.entries())
    lines.push(
      `  - id: ${id}`,
      `    name: ${id}`,
      `    location: { lat: ${(54.5 + i * 0.001).toFixed(4)}, lon: -1.5 }`,
      `    onvif: { url: "http://127.0.0.1:${port}/onvif/device_service", ` +
        `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }`,
      ...(presets ? [`    presets: ${presets}`] : []),
      ...(more ? [`    ${more}`] : []),
      `    buffer: { preRoll: 60s, keep: ${keep}, reader: ${reader} }`,
    )
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

export function startServer(folder, site, environment = {}, more = []) {
  const data = join(folder, 'data')
  const token = (role) =>
    spawnSync(process.execPath, [MAIN, 'token', '--role', role, '--name', role, '--data', data], {
      encoding: 'utf8',
    }).stdout.trim()
  const tokens = Object.fromEntries(
    ['press', 'operator', 'engineer', 'evidence', 'supervisor'].map((role) => [role, token(role)]),
  )
  const spawnedAt = performance.now()
  const server = spawn(
    process.execPath,
    [MAIN, 'start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0', ...more],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return new Promise((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (chunk) => {
      said += chunk
      const url = /running: (https?:\S+?)\/ /.exec(said)?.[1]
      if (!url) return
      const call = (who, method, path, body) =>
        fetch(`${url}/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      resolve({
        pid: server.pid,
        process: server,
        /** Milliseconds from the process's beginning to its first request possible. */
        startMs: performance.now() - spawnedAt,
        url,
        data,
        tokens,
        call,
        cameras: async () => (await (await call('engineer', 'GET', '/cameras')).json()).items,
        async close() {
          if (server.exitCode !== null || server.signalCode !== null) return
          const gone = new Promise((done) => server.once('exit', done))
          server.kill('SIGTERM')
          await gone
        },
      })
    })
    server.once('exit', () => reject(new Error(`the server ended: ${said}`)))
  })
}

export const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]
const installedBrowser = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'))
    .find((path) => existsSync(path))
export const browserPath = () => installedBrowser() ?? chromium.executablePath()
export function openBrowser(more = []) {
  return chromium.launch({ executablePath: installedBrowser(), args: [...BROWSER_ARGS, ...more] })
}
/** `readMark` for a page, from the simulator's own file. */
export const markScript = () =>
  `${readFileSync(join(root, 'dist', 'server', 'simulator', 'picture', 'picture-mark.js'), 'utf8').replaceAll(/^export /gm, '')}\n` +
  'window.readMark = readMark'

/** p50, p95, p99 and the most of milliseconds (or counts). */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 10) / 10
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}

/**
 * Milliseconds of processor time of a process and everything below it (its threads' children, too), those among them
 * that have ended.
 */
export function cpuOf(pid) {
  let total = 0
  for (const each of treeOf(pid)) total += ownCpu(each) + endedCpu(each)
  return total
}
/** utime and stime of proc(5). */
export const ownCpu = (pid) => ticksOf(pid, [11, 12])
/** cutime and cstime: of children that have ended and were waited for. */
export const endedCpu = (pid) => ticksOf(pid, [13, 14])
function ticksOf(pid, places) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return places.reduce((sum, place) => sum + Number(fields[place]), 0) * 10
  } catch {
    return 0
  }
}
/** Milliseconds that all threads of these processes together were ready and had no core (schedstat). */
export function waitedForCore(pids) {
  let waited = 0
  const gone = (read, none) => {
    try {
      return read()
    } catch {
      return none
    }
  }
  for (const pid of pids)
    for (const thread of gone(() => readdirSync(`/proc/${pid}/task`), []))
      waited += gone(() => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1]) / 1e6, 0)
  return waited
}
export function treeOf(pid) {
  try {
    const tasks = spawnSync('sh', ['-c', `cat /proc/${pid}/task/*/children`], { encoding: 'utf8' }).stdout
    const children = [...new Set(tasks.trim().split(/\s+/).filter(Boolean).map(Number))]
    return [pid, ...children.flatMap(treeOf)]
  } catch {
    return [pid]
  }
}
export const rssOf = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
