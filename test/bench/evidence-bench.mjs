/**
 * What a package costs: an export of minutes from one camera against `ffmpeg -c copy` and `sha256sum` over the same
 * bytes in the same run, its memory, and how fast it is verified against `sha256sum`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, sleep, startServer } from './bench-tools.mjs'

const built = (path) => import(join(root, 'dist', 'server', path))
const MBIT = 4
const AT = () => Date.now() - 6 * 3_600_000

/**
 * One minute of a camera's picture, and as many again by stream copy: a real encoder's bytes, with times that go on.
 */
function makeStream(folder, minutes) {
  const [one, all] = [join(folder, 'one.mp4'), join(folder, 'all.mp4')]
  const rate = `${MBIT}M`
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=25,noise=alls=14:allf=t',
    '-t',
    '60',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    rate,
    '-maxrate',
    rate,
    '-bufsize',
    rate,
    '-g',
    '50',
    '-keyint_min',
    '50',
    '-sc_threshold',
    '0',
    '-pix_fmt',
    'yuv420p',
    one,
  ])
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-stream_loop',
    String(minutes - 1),
    '-i',
    one,
    '-c',
    'copy',
    '-f',
    'mp4',
    '-movflags',
    '+frag_every_frame+empty_moov+default_base_moof',
    all,
  ])
  return all
}

/** Into a clip buffer, by the recorder's own packager and ring. */
async function record(stream, folder) {
  const { createPackager } = await built('clip/ring/clip-packager.js')
  const { createFragmentReader } = await built('clip/record/fragment-reader.js')
  const { openClipRing } = await built('clip/ring/clip-ring.js')
  const ring = openClipRing({ folder, limits: { keepMs: 86_400_000, mostBytes: null } })
  const from = AT()
  let run = 0
  let arrived = from
  const writing = []
  const packager = createPackager({
    onPart: () => {},
    onSegment: (segment) => writing.push(ring.append({ ...segment, run }).written),
  })
  const reader = createFragmentReader({
    onInit: ({ bytes }) => (run = ring.beginRun(bytes)),
    onFragment: (fragment) => {
      packager.push(fragment, Math.round(arrived))
      arrived += fragment.duration * 1000
    },
  })
  for await (const chunk of createReadStream(stream, { highWaterMark: 4 * 1024 * 1024 })) {
    reader.push(chunk)
    await Promise.all(writing.splice(0))
  }
  packager.finish()
  await ring.settled()
  await ring.close()
  return { from, to: Math.round(arrived) }
}

const seconds = (work) => {
  const startedAt = performance.now()
  work()
  return (performance.now() - startedAt) / 1000
}
const round = (value) => Math.round(value * 100) / 100
/** Of the server, and of what it started; a page that several share is counted once. */
function memory(pid) {
  const of = (id) => {
    try {
      const children = readdirSync(`/proc/${id}/task`).flatMap((task) =>
        readFileSync(`/proc/${id}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
      )
      const own = Number(/Pss:\s+(\d+)/.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1000
      return [...new Set(children)].reduce((sum, child) => sum + of(child), own)
    } catch {
      return 0
    }
  }
  return of(pid)
}

export async function benchEvidence({ minutes }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-bench-'))
  const site = join(folder, 'site.yaml')
  writeFileSync(
    site,
    'site: { id: bench, name: Bench, timezone: Europe/London }\nhelpPoints:\n  - { id: here, name: Here, ' +
      'location: { lat: 54.5, lon: -1.5 } }\ncameras:\n  - { id: cam, name: Camera, onvif: ' +
      '{ url: "http://127.0.0.1:9/x", username: u, password: p } }\n',
  )
  const clips = join(folder, 'data', 'clips', 'cam')
  mkdirSync(clips, { recursive: true })
  const stream = makeStream(folder, minutes)
  const { from, to } = await record(stream, clips)
  rmSync(stream)
  const server = await startServer(folder, site)
  try {
    const ask = async (method, path, body) => (await server.call('evidence', method, path, body)).json()
    await sleep(3000)
    const idle = memory(server.pid)
    let most = idle
    const order = {
      cameras: ['cam'],
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      reason: 'bench',
      requestedBy: { name: 'bench' },
    }
    const runs = []
    let made = null
    async function run() {
      const startedAt = performance.now()
      const { id } = await ask('POST', '/exports', order)
      for (
        made = await ask('GET', `/exports/${id}`);
        made.state !== 'ready';
        made = await ask('GET', `/exports/${id}`)
      ) {
        if (made.state === 'failed') throw new Error(made.problem)
        await sleep(20)
      }
      return (performance.now() - startedAt) / 1000
    }
    for (let i = 0; i < 5; i += 1) runs.push(await run())
    // Looking at the memory of a process costs it time: in a run of its own.
    const watch = setInterval(() => (most = Math.max(most, memory(server.pid))), 40)
    await run()
    clearInterval(watch)
    // The same bytes, as a person would do it by hand: one file, copied into another wrapping, and both hashed.
    const master = join(folder, 'master.mp4')
    copyFileSync(
      join(
        clips,
        readdirSync(clips).find((name) => /^run-\d+\.mp4$/.test(name)),
      ),
      master,
    )
    const buckets = readdirSync(clips)
      .filter((name) => name.endsWith('.m4s'))
      .sort((a, b) => Number(/-(\d+)\.m4s$/.exec(a)[1]) - Number(/-(\d+)\.m4s$/.exec(b)[1]))
    for (const name of buckets) appendFileSync(master, readFileSync(join(clips, name)))
    const view = join(folder, 'view.mp4')
    const byHand = []
    for (let i = 0; i < 3; i += 1)
      byHand.push({
        copy: seconds(() =>
          execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', master, '-c', 'copy', '-movflags', '+faststart', view]),
        ),
        one: seconds(() => execFileSync('sha256sum', [master])),
        both: seconds(() => execFileSync('sha256sum', [master, view])),
      })
    const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
    const [ours, copy, one, both] = [
      middle(runs),
      middle(byHand.map((each) => each.copy)),
      middle(byHand.map((each) => each.one)),
      middle(byHand.map((each) => each.both)),
    ]
    const zip = join(folder, 'data', 'exports', made.id, 'package.zip')
    const pem = join(folder, 'root.pem')
    writeFileSync(pem, await (await server.call('evidence', 'GET', '/evidence-root.pem')).text())
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'dist', 'server', 'main.js'), 'verify', zip, '--root', pem],
      { stdio: 'ignore' },
    )
    const verifying = middle(
      [1, 2, 3].map(() =>
        seconds(() =>
          spawnSync(process.execPath, [join(root, 'dist', 'server', 'main.js'), 'verify', zip, '--root', pem], {
            stdio: 'ignore',
          }),
        ),
      ),
    )
    const summing = middle([1, 2, 3].map(() => seconds(() => execFileSync('sha256sum', [zip]))))
    const megabytes = statSync(zip).size / 1e6
    return {
      [`export of ${minutes} min, ${Math.round(statSync(master).size / 1e6)} MB recorded: s`]: {
        median: round(ours),
        all: runs.map(round).join(' '),
        'times real time': Math.round((minutes * 60) / ours),
        best: Math.round((minutes * 60) / Math.min(...runs)),
      },
      'by hand: ffmpeg -c copy, sha256sum of the master, of both: s': {
        copy: round(copy),
        master: round(one),
        both: round(both),
      },
      'export against copy and sha256sum: of the master; of both': `${round(ours / (copy + one))}; ${round(ours / (copy + both))}`,
      'memory with what it starts, MB': {
        idle: Math.round(idle),
        most: Math.round(most),
        over: Math.round(most - idle),
      },
      [`verification of ${Math.round(megabytes)} MB: MB/s`]: {
        ours: Math.round(megabytes / verifying),
        sha256sum: Math.round(megabytes / summing),
        ratio: round(summing / verifying),
        proven: status === 0,
      },
    }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
