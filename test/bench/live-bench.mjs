/**
 * How old the live picture is, and how soon it comes, beside what others do with the same camera at the same time:
 * ffmpeg HLS behind nginx with hls.js as it comes, and node-media-server's HTTP-FLV with mpegts.js chasing the edge.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CREDENTIALS,
  cameraPlan,
  markScript,
  openBrowser,
  root,
  sleep,
  startReplay,
  startServer,
  startTown,
  summary,
  treeOf,
  until,
  waitedForCore,
  writeSite,
} from './bench-tools.mjs'
import { makeMarkedFilm } from './marked-film.mjs'
import { meterInPage } from './page-meter.mjs'

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true))).on('error', () => resolve(false))
  })
const rtsp = (town, camera) =>
  `rtsp://${CREDENTIALS.username}:${encodeURIComponent(CREDENTIALS.password)}@127.0.0.1:${town.ports[camera].rtsp}/stream`

/** nginx with ffmpeg's HLS of the camera, and a page that plays both baselines. */
async function startBaselines(folder, town, camera) {
  const www = join(folder, 'www')
  mkdirSync(join(www, 'hls'), { recursive: true })
  cpSync(join(root, 'node_modules', 'hls.js', 'dist', 'hls.min.js'), join(www, 'hls.js'))
  cpSync(join(root, 'node_modules', 'mpegts.js', 'dist', 'mpegts.js'), join(www, 'mpegts.js'))
  writeFileSync(
    join(www, 'index.html'),
    '<!doctype html><script src="/hls.js"></script><script src="/mpegts.js"></script><video muted autoplay playsinline></video>',
  )
  const [web, rtmp, flv] = [await freePort(), await freePort(), await freePort()]
  const conf = join(folder, 'nginx.conf')
  writeFileSync(
    conf,
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; worker_processes 1; events {}\n` +
      'http { access_log off; types { text/html html; application/javascript js; application/vnd.apple.mpegurl ' +
      `m3u8; video/mp2t ts; } client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; ` +
      `uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; server { listen 127.0.0.1:${web}; root ${www}; } }`,
  )
  const nms = join(folder, 'nms.mjs')
  writeFileSync(
    nms,
    `process.chdir(${JSON.stringify(folder)}); const { default: NodeMediaServer } = await ` +
      `import(${JSON.stringify(join(root, 'node_modules', 'node-media-server', 'src', 'index.js'))}); await ` +
      `new NodeMediaServer({ bind: '127.0.0.1', rtmp: { port: ${rtmp} }, http: { port: ${flv} }, record: { ` +
      `auto: false, path: ${JSON.stringify(folder)} }, store: { path: ${JSON.stringify(folder)} ` +
      '}, webadmin: { enable: false }, notify: {} }).run()',
  )
  const children = [
    spawn('nginx', ['-p', folder, '-c', conf], { stdio: 'ignore' }),
    spawn(
      'ffmpeg',
      [
        '-hide_banner',
        '-loglevel',
        'error',
        '-rtsp_transport',
        'tcp',
        '-i',
        rtsp(town, camera),
        '-c',
        'copy',
        '-f',
        'hls',
        '-hls_time',
        '2',
        '-hls_list_size',
        '6',
        '-hls_flags',
        'delete_segments',
        join(www, 'hls', 'index.m3u8'),
      ],
      { stdio: 'ignore' },
    ),
    spawn(process.execPath, [nms], { stdio: 'ignore' }),
  ]
  await until(() => listens(rtmp), Boolean)
  children.push(
    spawn(
      'ffmpeg',
      [
        '-hide_banner',
        '-loglevel',
        'error',
        '-fflags',
        'nobuffer',
        '-rtsp_transport',
        'tcp',
        '-i',
        rtsp(town, camera),
        '-c',
        'copy',
        '-f',
        'flv',
        `rtmp://127.0.0.1:${rtmp}/live/bench`,
      ],
      { stdio: 'ignore' },
    ),
  )
  await sleep(9000)
  if (children.some(({ exitCode }) => exitCode !== null)) throw new Error('a baseline ended by itself')
  return {
    page: `http://127.0.0.1:${web}/`,
    hls: '/hls/index.m3u8',
    flv: `http://127.0.0.1:${flv}/live/bench.flv`,
    close: async () =>
      void (await Promise.all(
        children.map(
          (child) =>
            new Promise((done) =>
              child.exitCode === null ? (child.once('exit', done), child.kill('SIGKILL')) : done(),
            ),
        ),
      )),
  }
}

async function meterBaseline(browser, { page: address, hls, flv }, kind, ms) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  const page = await context.newPage()
  await page.addInitScript(markScript())
  await page.goto(address)
  await page.evaluate(
    ({ kind, hls, flv }) => {
      const video = document.querySelector('video')
      if (kind === 'hls') {
        const player = new window.Hls()
        player.loadSource(hls)
        player.attachMedia(video)
      } else {
        const player = window.mpegts.createPlayer(
          { type: 'flv', isLive: true, hasAudio: false, url: flv },
          {
            enableStashBuffer: false,
            liveBufferLatencyChasing: true,
            liveBufferLatencyMaxLatency: 0.8,
            liveBufferLatencyMinRemain: 0.2,
          },
        )
        player.attachMediaElement(video)
        player.load()
      }
      void video.play()
    },
    { kind, hls, flv },
  )
  const found = await page.evaluate(meterInPage, { find: 'document.querySelector("video")', ms })
  await context.close()
  return found
}

/**
 * A page of the server with a warm wall (its connections are open before any picture is wanted), and players on
 * demand.
 */
async function openWall(browser, server, { carried = true } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.addInitScript(markScript())
  // Without the WebSocket: as behind a proxy that does not pass it.
  if (!carried)
    await page.addInitScript(
      'window.WebSocket = class { constructor() { throw new Error("blocked") } }; window.WebSocket = class ' +
        'extends EventTarget { constructor() { super(); setTimeout(() => this.dispatchEvent(new ' +
        'Event("error")), 0) } close() {} send() {} }',
    )
  await page.goto(`${server.url}/presets`)
  await page.evaluate(async (token) => {
    document.body.replaceChildren()
    const wall = document.createElement('lamppost-wall')
    wall.setAttribute('token', token)
    document.body.append(wall)
    await new Promise((resolve) => setTimeout(resolve, 1500))
  }, server.tokens.operator)
  return { page, close: () => context.close() }
}
const addPlayer = (page, token, camera, small = false) =>
  page.evaluate(
    ({ token, camera, small }) => {
      const box = document.createElement('div')
      box.style.width = small ? '320px' : '960px'
      box.style.float = 'left'
      const player = document.createElement('lamppost-player')
      for (const [name, value] of Object.entries({ token, camera })) player.setAttribute(name, value)
      if (small) player.setAttribute('small', '')
      box.append(player)
      document.body.append(box)
    },
    { token, camera, small },
  )
const videoOf = (camera) =>
  `document.querySelector('lamppost-player[camera="${camera}"]')?.shadowRoot?.querySelector("video")`
const removePlayers = (page) =>
  page.evaluate(() => document.querySelectorAll('lamppost-player').forEach((player) => player.parentElement?.remove()))

export async function benchLive({ seconds, attaches }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-live-'))
  const gops = [1, 2, 4]
  const town = await startTown(
    folder,
    gops.map((gop) => cameraPlan(`gop${gop}`, { gop })),
  )
  const server = await startServer(
    folder,
    writeSite(
      join(folder, 'site.yaml'),
      gops.map((gop) => ({ id: `gop${gop}`, port: town.ports[`gop${gop}`].onvif })),
    ),
  )
  const browser = await openBrowser()
  const figures = {}
  const note = (name, found) =>
    (figures[name] = { age: summary(found.ages), firstMs: Math.round(found.first ?? -1), stalls: found.stalls.length })
  try {
    await until(server.cameras, (items) => items.every(({ health }) => health.video === 'up'))
    const baselines = await startBaselines(folder, town, 'gop1')
    try {
      note(
        'ffmpeg HLS behind nginx, hls.js as it comes',
        await meterBaseline(browser, baselines, 'hls', seconds * 1000),
      )
      note(
        'node-media-server HTTP-FLV, mpegts.js chasing',
        await meterBaseline(browser, baselines, 'flv', seconds * 1000),
      )
      for (const [name, carried] of [
        ['Lamppost over its WebSocket', true],
        ['Lamppost over HTTP/1.1 (LL-HLS)', false],
      ]) {
        const wall = await openWall(browser, server, { carried })
        await addPlayer(wall.page, server.tokens.operator, 'gop1')
        note(name, await wall.page.evaluate(meterInPage, { find: videoOf('gop1'), ms: seconds * 1000 }))
        await wall.close()
      }
    } finally {
      await baselines.close()
    }
    const wall = await openWall(browser, server)
    for (const gop of gops) {
      const firsts = []
      for (let i = 0; i < attaches; i += 1) {
        // Anywhere between two keyframes.
        await sleep(200 + ((i * 370) % (gop * 1000)))
        await addPlayer(wall.page, server.tokens.operator, `gop${gop}`)
        const { first } = await wall.page.evaluate(meterInPage, { find: videoOf(`gop${gop}`), ms: 900 })
        firsts.push(first ?? 900)
        await removePlayers(wall.page)
      }
      figures[`attach -> first picture, a keyframe every ${gop} s`] = summary(firsts)
    }
    await wall.close()
  } finally {
    await browser.close()
    await server.close()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const [hls, flv, ours] = Object.values(figures).map(({ age }) => age?.p50)
  figures['ratio of ages (p50): ffmpeg HLS / Lamppost'] = Math.round((hls / ours) * 10) / 10
  figures['ratio of ages (p50): HTTP-FLV / Lamppost'] = Math.round((flv / ours) * 10) / 10
  return figures
}

const TILE = { width: 640, height: 360, rate: 15, gop: 1, seconds: 20 }

/**
 * Nine small cameras that only send what they once recorded: what draws and encodes in a real town is not this
 * machine. With `--parts one`: one tile alone, for all of the time.
 */
export async function benchTiles({ seconds, parts }) {
  const alone = parts.length === 1 && parts[0] === 'one'
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-tiles-'))
  const film = join(folder, 'film.mp4')
  await makeMarkedFilm(film, folder, TILE)
  const ids = Array.from({ length: 9 }, (_, i) => `tile-${i}`)
  const town = await startReplay(join(folder, 'replay'), film, ids.length, { gopSeconds: TILE.gop, aside: false })
  const site = writeSite(
    join(folder, 'site.yaml'),
    ids.map((id, i) => ({ id, port: town.ports[i] })),
  )
  const figures = {}
  const meterAll = async (server, browser, carried, count, ms) => {
    const wall = await openWall(browser, server, { carried })
    const wanted = ids.slice(0, count)
    await town.late()
    const waits = () => {
      const others = new Set([...treeOf(server.pid), ...treeOf(town.pid), process.pid])
      return {
        at: performance.now(),
        server: waitedForCore([server.pid]),
        browser: waitedForCore(treeOf(process.pid).filter((pid) => !others.has(pid))),
      }
    }
    const before = waits()
    const players = wanted.map((id, i) => addPlayer(wall.page, server.tokens.operator, id, i > 0))
    const found = await Promise.all(
      wanted.map((id, i) =>
        wall.page.evaluate(meterInPage, {
          find: videoOf(id),
          ms,
          loop: { ...town.loop, origin: town.loop.origins[i] },
        }),
      ),
    )
    await Promise.all(players)
    const after = waits()
    const late = await town.late()
    await wall.close()
    const perSecond = (who) => Math.round(((after[who] - before[who]) / (after.at - before.at)) * 1000)
    return {
      first: summary(found.map(({ first }) => first ?? ms)),
      age: summary(found.flatMap(({ ages }) => ages)),
      stalls: found.reduce((sum, { stalls }) => sum + stalls.length, 0),
      'longest of them': Math.max(0, ...found.flatMap(({ stalls }) => stalls)),
      'the page itself was held up': found[0].held,
      'cameras sent so late': summary(late),
      'ms a second without a core, all threads': { server: perSecond('server'), browser: perSecond('browser') },
    }
  }
  const measured = async (more, browserArgs, measure) => {
    const server = await startServer(folder, site, ...more)
    const browser = await openBrowser(browserArgs)
    try {
      await until(server.cameras, (items) => items.every(({ health }) => health.video === 'up'))
      await measure(server, browser)
    } finally {
      await browser.close()
      await server.close()
    }
  }
  try {
    await measured([], [], async (server, browser) => {
      figures['one tile over the WebSocket, ages from the sending'] = await meterAll(
        server,
        browser,
        true,
        1,
        seconds * 1000,
      )
      if (alone) return
      figures['nine tiles over one WebSocket (HTTP/1.1)'] = await meterAll(server, browser, true, 9, seconds * 1000)
      figures['nine tiles over HTTP/1.1 without it'] = await meterAll(
        server,
        browser,
        false,
        9,
        Math.min(60, seconds) * 1000,
      )
    })
    if (alone) return figures
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name))
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
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    await measured(
      [{}, ['--tls-cert', cert, '--tls-key', key]],
      [`--ignore-certificate-errors-spki-list=${spki(cert)}`],
      async (server, browser) => {
        figures['nine tiles over HTTP/2 without it'] = await meterAll(
          server,
          browser,
          false,
          9,
          Math.min(60, seconds) * 1000,
        )
      },
    )
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}

function spki(cert) {
  const key = execFileSync('openssl', ['x509', '-in', cert, '-pubkey', '-noout'])
  const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'der'], { input: key })
  return createHash('sha256').update(der).digest('base64')
}
