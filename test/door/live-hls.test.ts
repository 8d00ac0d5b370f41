import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { type Playlist, faultsOf, parsePlaylist } from '../clip/hls-check.ts'
import { CREDENTIALS, PATIENCE_MS, plan, startTestTown, until } from '../contracts/test-town.ts'

let house: House
const dataFolder = mkdtempSync(join(tmpdir(), 'lamppost-hls-'))
const cert = join(dataFolder, 'cert.pem')
const key = join(dataFolder, 'key.pem')
const site = join(dataFolder, 'site.yaml')
let town: Awaited<ReturnType<typeof startTestTown>>
let operator: string
const token = () => operator
const headers = () => ({ authorization: `Bearer ${token()}` })
const LIVE = '/api/v1/cameras/street/live'

beforeAll(async () => {
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
  town = await startTestTown(plan('street', false, { width: 640, height: 360 }))
  writeFileSync(
    site,
    `site: { id: t, name: T, timezone: Europe/London }\nhelpPoints: [{ id: here, name: Here, location: { ` +
      `lat: 54.5, lon: -1.5 } }]\ncameras:\n  - { id: street, name: Street, location: { lat: 54.5, lon: -1.5 ` +
      `}, onvif: { url: "${town.camera('street').url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" } }\n`,
  )
  operator = openPeopleFile(join(dataFolder, 'people.json')).addToken({
    name: 'Asha',
    role: 'operator',
    helpPoints: null,
  })
  house = await openHouse({ siteFile: site, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0, tls: null })
  await until(
    async () => (await get('/index.m3u8')).status,
    (status) => status === 200,
    60_000,
  )
})
afterAll(async () => {
  await house?.close()
  await town?.end()
  rmSync(dataFolder, { recursive: true, force: true })
})
const get = (path: string): Promise<Response> => fetch(`${house.url}${LIVE}${path}`, { headers: headers() })
const playlistAt = async (query = ''): Promise<string> => (await get(`/index.m3u8${query}`)).text()

describe('the live playlists', () => {
  test('conform to the draft, reload after reload, and every part that is named is there', async () => {
    let before: Playlist | null = null
    let found = await until(playlistAt, (playlist) => (playlist.match(/#EXTINF/g)?.length ?? 0) > 3)
    for (let i = 0; i < 40; i += 1) {
      expect(faultsOf(found, before)).toEqual([])
      before = parsePlaylist(found)
      const open = before.segments.at(-1)
      const [, msn, part] = /part\/(\d+)\.(\d+)/.exec(before.hint ?? '') ?? []
      if (open?.parts[0]) expect((await get(`/${open.parts.at(-1)?.uri}`)).status).toBe(200)
      // A part that never came because its segment ended is the next segment's first (6.2.5.2). A camera that pauses
      // is waited for.
      found = await until(
        () => playlistAt(`?_HLS_msn=${msn}&_HLS_part=${part}`),
        (playlist) => new RegExp(`part/(${msn}\\.${part}|${Number(msn) + 1}\\.0)\\.m4s`).test(playlist),
      )
    }
  })
  test('a delta update leaves out old segments and says how many; with what was known it is the whole', async () => {
    const full = await until(
      async () => parsePlaylist(await playlistAt()),
      ({ segments }) => segments.length > 16,
      40_000,
    )
    const skipping = await playlistAt('?_HLS_skip=YES')
    const delta = parsePlaylist(skipping)
    expect(delta.skipped).toBeGreaterThan(0)
    expect(faultsOf(skipping)).toEqual([])
    const oldest = delta.segments[0]?.number ?? 0
    expect(oldest - delta.skipped).toBe(delta.mediaSequence)
    expect(full.segments.some(({ number }) => number === oldest)).toBe(true)
  })
  test('a playlist that breaks the rules would be found', async () => {
    const playlist = await playlistAt()
    expect(faultsOf(playlist.replace(/PART-TARGET=[\d.]+/, 'PART-TARGET=0.01'))).not.toEqual([])
    expect(faultsOf(playlist.replace(/#EXT-X-TARGETDURATION:\d+/, '#EXT-X-TARGETDURATION:0'))).not.toEqual([])
    expect(faultsOf(playlist, { ...parsePlaylist(playlist), mediaSequence: 1e9 })).toEqual([
      expect.stringContaining('MEDIA-SEQUENCE'),
    ])
  })
  test('ffmpeg, which knows nothing of us, plays them', async () => {
    // Not in this thread: the server is in it.
    const ffmpeg = spawn(
      'ffmpeg',
      [
        '-hide_banner',
        '-loglevel',
        'error',
        '-headers',
        `Authorization: Bearer ${token()}\r\n`,
        '-i',
        `${house.url}${LIVE}/index.m3u8`,
        '-t',
        '3',
        '-f',
        'null',
        '-',
      ],
      { timeout: PATIENCE_MS },
    )
    const [stderr, status] = await Promise.all([
      text(ffmpeg.stderr),
      new Promise((resolve) => ffmpeg.once('exit', resolve)),
    ])
    // On a busy machine it may come back to the playlist late, and says so.
    expect({
      status,
      stderr: stderr.replaceAll(/^.*(?:expired from playlists|keepalive request failed).*\n/gm, ''),
    }).toEqual({ status: 0, stderr: '' })
  })
  test.each(['?_HLS_msn=1.5', '?_HLS_part=0', '?_HLS_msn=4000000000', '?_HLS_msn=-1'])(
    '%s is refused at once',
    async (query) => {
      // Nothing waits for what can never come: the window's patience is four seconds, each time.
      await until(
        async () => {
          const started = performance.now()
          expect((await get(`/index.m3u8${query}`)).status).toBe(400)
          return performance.now() - started
        },
        (ms) => ms < 3500,
      )
    },
  )
})

describe('over TLS', () => {
  let secure: House
  let secureOperator: string
  let client: ClientHttp2Session
  const data = mkdtempSync(join(tmpdir(), 'lamppost-tls-'))
  beforeAll(async () => {
    secureOperator = openPeopleFile(join(data, 'people.json')).addToken({
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    secure = await openHouse({
      siteFile: site,
      dataFolder: data,
      port: 0,
      host: '127.0.0.1',
      rtmpPort: 0,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
    })
    client = connect(secure.url, { ca: readFileSync(cert) })
  })
  afterAll(async () => {
    client.destroy()
    await secure.close()
    rmSync(data, { recursive: true, force: true })
  })
  const ask = (path: string, more: Record<string, string> = {}): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const stream = client.request({ ':path': path, ...more })
      let status = 0
      let text = ''
      stream.on('response', (found) => (status = Number(found[':status'])))
      stream.on('data', (chunk) => (text += String(chunk)))
      stream.on('end', () => resolve({ status, text }))
      stream.on('error', reject)
      stream.end()
    })

  test('the server speaks HTTP/2, and every route is the same', async () => {
    expect(secure.url).toMatch(/^https:/)
    expect(await ask('/healthz')).toEqual({ status: 200, text: '{"ok":true}' })
    expect((await ask('/api/v1/cameras', { authorization: `Bearer ${secureOperator}` })).status).toBe(200)
    expect((await ask('/api/v1/cameras')).status).toBe(401)
    expect(client.alpnProtocol).toBe('h2')
  })
  test('HTTP/1.1 is spoken to who asks for it, and pictures come over the WebSocket', async () => {
    const socket = new WebSocket(`${secure.url.replace('https', 'wss')}/api/v1/live`, { ca: readFileSync(cert) })
    const texts: string[] = []
    let frames = 0
    socket.on('message', (message: Buffer, binary) => void (binary ? (frames += 1) : texts.push(message.toString())))
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    socket.send(JSON.stringify({ token: secureOperator }))
    await until(
      () => texts.length,
      (count) => count > 0,
    )
    socket.send(JSON.stringify({ watch: 'a', camera: 'street' }))
    await until(
      () => frames,
      (count) => count > 3,
      40_000,
    )
    socket.terminate()
  })
  test('a session’s cookie is for secure connections only', async () => {
    const stream = client.request({ ':method': 'POST', ':path': '/api/v1/session', 'content-type': 'application/json' })
    const cookies = new Promise<string[]>((resolve) =>
      stream.on('response', (found) => resolve(found['set-cookie'] ?? [])),
    )
    stream.end(JSON.stringify({ token: secureOperator }))
    expect((await cookies)[0]).toMatch(/; Secure(?:;|$)/)
  })
  test('closing does not wait for event streams that are open', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-tls2-'))
    writeFileSync(
      join(folder, 'site.yaml'),
      'site: { id: t, name: T, timezone: Europe/London }\nhelpPoints: [{ id: here, name: ' +
        'Here, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\n',
    )
    const operator = openPeopleFile(join(folder, 'people.json')).addToken({
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    const other = await openHouse({
      siteFile: join(folder, 'site.yaml'),
      dataFolder: folder,
      port: 0,
      host: '127.0.0.1',
      rtmpPort: 0,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
    })
    const listener = connect(other.url, { ca: readFileSync(cert) })
    listener.on('error', () => {})
    const stream = listener.request({ ':path': '/api/v1/events', authorization: `Bearer ${operator}` })
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    // It would wait for ever: the listener does not leave.
    await other.close()
    listener.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
})
