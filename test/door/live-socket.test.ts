import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { App } from '../../server/door/door.ts'
import { LIVE_SOCKET_PATH, type LiveSocketPort, liveSocket } from '../../server/clip/live/live-socket.ts'
import { openSockets } from '../../server/door/sockets.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'

let house: House
const dataFolder = mkdtempSync(join(tmpdir(), 'lamppost-socket-'))
const sockets: WebSocket[] = []

beforeAll(async () => {
  house = await openHouse({ siteFile: null, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0 })
  await until(
    async () =>
      (
        await fetch(`${house.url}/api/v1/cameras/cam-31/live/index.m3u8`, {
          headers: { authorization: `Bearer ${house.demo?.tokens.operator}` },
        })
      ).status,
    (status) => status === 200,
    60_000,
  )
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await house.close()
  rmSync(dataFolder, { recursive: true, force: true })
})

type Frame = { header: Record<string, unknown>; bytes: Buffer }
function open({ token, headers = {} }: { token?: string; headers?: Record<string, string> } = {}) {
  const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/live`, { headers })
  sockets.push(socket)
  const texts: Record<string, unknown>[] = []
  const frames: Frame[] = []
  let closed: number | null = null
  socket.on('open', () => token && socket.send(JSON.stringify({ token })))
  socket.on('close', (code) => (closed = code))
  socket.on('message', (data: Buffer, binary) => {
    if (!binary) return void texts.push(JSON.parse(data.toString()) as Record<string, unknown>)
    const length = data.readUInt32BE(0)
    frames.push({
      header: JSON.parse(data.toString('utf8', 4, 4 + length)) as Record<string, unknown>,
      bytes: data.subarray(4 + length),
    })
  })
  return { socket, texts, frames, closed: () => closed, say: (message: object) => socket.send(JSON.stringify(message)) }
}
const welcomed = async (session: ReturnType<typeof open>) =>
  void (await until(
    () => session.texts,
    (texts) => texts.some(({ welcome }) => welcome === true),
  ))

describe('live pictures over one WebSocket', () => {
  test('begin with the initialisation section and a keyframe, and go on part by part, in order', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ watch: 'a', camera: 'cam-31' })
    await until(
      () => session.frames.length,
      (count) => count > 25,
    )
    const [begin, ...parts] = session.frames
    expect(begin?.header).toMatchObject({
      begin: 'a',
      codec: expect.stringMatching(/^avc1\./),
      number: expect.any(Number),
      start: expect.any(Number),
    })
    const init = Number(begin?.header.init)
    expect(begin?.bytes.toString('latin1', 4, 8)).toBe('ftyp')
    expect(begin?.bytes.toString('latin1', init + 4, init + 8)).toBe('moof')
    expect(parts.every(({ header, bytes }) => header.part === 'a' && bytes.toString('latin1', 4, 8) === 'moof')).toBe(
      true,
    )
    const numbers = parts.map(({ header }) => Number(header.number))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    const fresh = parts.filter(
      ({ header }, i) => header.number !== (parts[i - 1]?.header.number ?? begin?.header.number),
    )
    expect(fresh.length).toBeGreaterThan(0)
    expect(fresh.every(({ header }) => header.independent === true)).toBe(true)
  })
  test('of several cameras share it, and what is left is sent no more', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    for (const camera of ['cam-12', 'cam-14', 'cam-32']) session.say({ watch: camera, camera })
    const seen = (name: string) => session.frames.filter(({ header }) => header.part === name).length
    await until(
      () => ['cam-12', 'cam-14', 'cam-32'].map(seen),
      (counts) => counts.every((count) => count > 3),
    )
    session.say({ leave: 'cam-14' })
    session.say({ ping: 1 })
    await until(
      () => session.texts,
      (texts) => texts.some(({ pong }) => pong === 1),
    )
    const [left, stayed] = [seen('cam-14'), seen('cam-12')]
    await until(
      () => seen('cam-12'),
      (count) => count > stayed + 5,
    )
    expect(seen('cam-14')).toBe(left)
  })
  test('tell the server’s clock', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ ping: 42 })
    const pong = await until(
      () => session.texts.find((text) => text.pong === 42),
      (found) => found !== undefined,
    )
    expect(Math.abs(Number(pong?.now) - Date.now())).toBeLessThan(5000)
  })
  test.each([
    ['a wrong token', { token: 'wrong' }, 401],
    ['a help point’s token', { token: 'press' }, 401],
    ['a question before the token', { watch: 'a', camera: 'cam-31' }, 401],
    ['nonsense', { colour: 'red' }, 401],
  ])('with %s are refused and closed', async (_, message, refused) => {
    const session = open()
    await until(
      () => session.socket.readyState,
      (state) => state === WebSocket.OPEN,
    )
    session.say('token' in message && message.token === 'press' ? { token: house.demo?.tokens.press } : message)
    await until(session.closed, (code) => code === 1008)
    expect(session.texts.at(-1)).toMatchObject({ refused, words: expect.any(String) })
  })
  test('of a camera that does not exist are answered in words', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ watch: 'x', camera: 'cam-99' })
    await until(
      () => session.texts.find(({ gone }) => gone === 'x')?.words,
      (words) => /no camera "cam-99"/.test(String(words)),
    )
  })
  test('open with a session’s cookie, but not for another page’s origin', async () => {
    await openPeopleFile(join(dataFolder, 'people.json')).addUser('asha', 'a long enough password', {
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    const answer = await fetch(`${house.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'asha', password: 'a long enough password' }),
    })
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    await welcomed(open({ headers: { cookie, origin: house.url } }))
    const foreign = open({ headers: { cookie, origin: 'https://elsewhere.example' } })
    await until(foreign.closed, (code) => code === 1008, 8000)
    expect(foreign.texts).toEqual([{ refused: 401, words: expect.stringMatching(/No token came/) }])
  })
  test('end when the session does', async () => {
    const answer = await fetch(`${house.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'asha', password: 'a long enough password' }),
    })
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const session = open({ headers: { cookie, origin: house.url } })
    await welcomed(session)
    await fetch(`${house.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
    await until(session.closed, (code) => code === 1008, 15_000)
  })
  test('a reader that stops reading is sent no more than it can take, and begins again at the newest keyframe', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    for (let i = 0; i < 60; i += 1) session.say({ watch: String(i), camera: i % 2 === 0 ? 'cam-12' : 'cam-14' })
    await until(
      () => session.frames.length,
      (count) => count > 120,
    )
    session.socket.pause()
    // Long enough for the system's own buffers on both sides to be full.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    session.socket.resume()
    const before = session.frames.filter(({ header }) => header.begin === '0').length
    await until(
      () => session.frames.filter(({ header }) => header.begin === '0').length,
      (count) => count > before,
      30_000,
    )
  })
  test('elsewhere there is nothing to upgrade to', async () => {
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/other`)
    sockets.push(socket)
    const words = await new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)))
    expect(words).toMatch(/404/)
  })
})

describe('a look at a camera', () => {
  const ask = (who: 'operator' | 'engineer' | 'evidence' | 'press', method: string, path: string, body?: unknown) =>
    fetch(`${house.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${house.demo?.tokens[who]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  type Look = {
    kind: string
    actor: string
    body: { camera: string; what: string; forIncident: string | null; reason: string | null }
  }
  async function looks(camera: string): Promise<Look[]> {
    const found: Look[] = []
    for (let after: number | null = 0; after !== null;) {
      const { items, next } = (await (await ask('evidence', 'GET', `/ledger?after=${after}&limit=200`)).json()) as {
        items: Look[]
        next: number | null
      }
      found.push(...items.filter(({ kind, body }) => kind === 'camera.viewed' && body.camera === camera))
      after = next
    }
    return found
  }
  const status = async (who: 'operator' | 'engineer' | 'evidence', path: string): Promise<number> =>
    (await ask(who, 'GET', path)).status
  const rule = (line: string): void =>
    writeFileSync(
      join(dataFolder, 'darlington.yaml'),
      `${readFileSync(join(dataFolder, 'darlington.yaml'), 'utf8').replace(/^viewing:.*\n/m, '')}${line}`,
    )

  test('is one entry of the record, however many pictures it is, live and still apart', async () => {
    for (let i = 0; i < 5; i += 1) expect(await status('evidence', '/cameras/cam-32/live/index.m3u8')).toBe(200)
    expect(await status('evidence', '/cameras/cam-32/snapshot.jpg')).toBe(200)
    const session = open({ token: house.demo?.tokens.evidence ?? '' })
    await welcomed(session)
    session.say({ watch: 'a', camera: 'cam-32' })
    await until(
      () => session.frames.length,
      (count) => count > 3,
    )
    const found = (await looks('cam-32')).filter(({ actor }) => actor.startsWith('evidence:'))
    expect(found.map(({ body }) => body)).toEqual(
      ['live', 'still'].map((what) => ({
        camera: 'cam-32',
        what,
        by: expect.any(String),
        forIncident: null,
        reason: null,
      })),
    )
  })
  test('is told to those who may read the record, and to nobody else who listens', async () => {
    const heard = async (who: 'operator' | 'evidence', sign: RegExp): Promise<string> => {
      const stop = new AbortController()
      const answer = await fetch(`${house.url}/api/v1/events`, {
        headers: { authorization: `Bearer ${house.demo?.tokens[who]}`, 'last-event-id': '0' },
        signal: stop.signal,
      })
      let text = ''
      const reading = answer.body
        ?.pipeTo(new WritableStream({ write: (chunk: Uint8Array) => void (text += Buffer.from(chunk).toString()) }))
        .catch(() => {})
      await until(
        () => text,
        (so) => sign.test(so),
      )
      stop.abort()
      await reading
      return text
    }
    // Both are past all looks when they have heard of what came after them.
    await ask('operator', 'POST', '/help-points/high-row/drills')
    expect(await heard('operator', /event: incident\.opened/)).not.toMatch(/camera\.viewed/)
    expect(await heard('evidence', /event: incident\.opened/)).toMatch(/event: camera\.viewed/)
  })
  test('is another’s when another’s token comes over the same connection', async () => {
    const session = open({ token: house.demo?.tokens.evidence ?? '' })
    await welcomed(session)
    session.say({ watch: 'a', camera: 'cam-14' })
    await until(
      () => session.frames.length,
      (count) => count > 2,
    )
    session.say({ token: house.demo?.tokens.supervisor })
    await until(
      () => looks('cam-14'),
      (found) => found.some(({ actor }) => actor.startsWith('supervisor:')),
    )
  })
  test(
    'without a reason is refused where the site wants one, by every way there is; ' +
      'with one it is let in, and the reason stands in the record',
    async () => {
      rule('viewing: { reason: required }\n')
      const watching = open({ token: house.demo?.tokens.evidence ?? '' })
      await welcomed(watching)
      await until(
        () => status('operator', '/cameras/cam-14/live/index.m3u8'),
        (code) => code === 422,
      )
      for (const path of [
        'live/index.m3u8',
        'live/h264/index.m3u8',
        'live/init/1.mp4',
        'live/segment/1.m4s',
        'live/part/1.0.m4s',
        'live/index.m3u8?_HLS_msn=1',
        'snapshot.jpg',
        'presets/3/reference.jpg',
        'presets/3/check.jpg',
      ]) {
        const answer = await ask('engineer', 'GET', `/cameras/cam-32/${path}`)
        expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
          path,
          422,
          'view/no-reason',
        ])
      }
      watching.say({ watch: 'b', camera: 'cam-32' })
      const refused = await until(
        () => watching.texts.find(({ gone }) => gone === 'b'),
        (found) => found !== undefined,
      )
      expect(refused).toMatchObject({
        code: 'view/no-reason',
        words: expect.stringMatching(/No open incident shows cam-32; say why/),
      })
      expect((await looks('cam-32')).some(({ actor }) => actor.startsWith('engineer:'))).toBe(false)

      for (const [who, body, code] of [
        ['press', { reason: 'A reason' }, 403],
        ['engineer', {}, 400],
        ['engineer', { reason: '   ' }, 400],
        ['engineer', { reason: 'Lens', camera: 'cam-99' }, 404],
      ] as const)
        expect((await ask(who, 'POST', '/views', body)).status).toBe(code)
      const given = await ask('engineer', 'POST', '/views', { reason: ' The lens was cleaned ', camera: 'cam-32' })
      expect([given.status, await given.json()]).toEqual([
        201,
        { reason: 'The lens was cleaned', camera: 'cam-32', until: expect.any(String) },
      ])
      expect(await status('engineer', '/cameras/cam-32/live/index.m3u8')).toBe(200)
      expect(await status('engineer', '/cameras/cam-31/live/index.m3u8')).toBe(422)
      expect((await looks('cam-32')).at(-1)).toMatchObject({
        actor: expect.stringMatching(/^engineer:/),
        body: { what: 'live', reason: 'The lens was cleaned' },
      })
    },
  )
  test('of an incident is never asked for a reason; the record says which incident', async () => {
    const { incident } = (await (await ask('press', 'POST', '/presses', { helpPoint: 'blackwellgate' })).json()) as {
      incident: string
    }
    const held = await until(
      async () =>
        (
          (await (await ask('operator', 'GET', '/cameras')).json()) as {
            items: { id: string; heldBy: string | null }[]
          }
        ).items.find(({ heldBy }) => heldBy === incident)?.id,
      (found) => found !== undefined,
    )
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ watch: 'tile', camera: held })
    await until(
      () => session.frames.length,
      (count) => count > 3,
    )
    await until(
      () => looks(held ?? ''),
      (found) => found.some(({ body }) => body.forIncident === incident && body.reason === null),
    )
    // So are its further views, fixed ones and those that did not come: what a tile shows, its people may see.
    const { framings } = (await (await ask('operator', 'GET', `/incidents/${incident}`)).json()) as {
      framings: { camera: string; way: string; role: string }[]
    }
    expect(framings.some(({ role }) => role === 'secondary')).toBe(true)
    for (const { camera } of framings)
      expect([camera, await status('operator', `/cameras/${camera}/live/index.m3u8`)]).toEqual([camera, 200])
    // Closed, it is no incident's any more: who still looks is asked, and sees no more.
    await ask('operator', 'POST', `/incidents/${incident}/acknowledgement`)
    await ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'resolved' })
    await until(
      () => session.texts.find(({ gone }) => gone === 'tile')?.code,
      (code) => code === 'view/no-reason',
      30_000,
    )
    const seen = session.frames.length
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(session.frames.length).toBe(seen)
  })
})

describe('whoever reads slowly, or not at all', () => {
  /** The socket alone, with a camera whose pictures the test makes. */
  async function alone(silentMs?: number) {
    type Listener = Parameters<LiveSocketPort['watchLive']>[2]
    const listeners = new Map<string, Listener>()
    const again: string[] = []
    const present: string[] = []
    const server: Server = createServer()
    let close = (): void => {}
    const app = {
      server,
      addHook: (_: string, hook: (done: () => void) => void) => void (close = () => hook(() => {})),
    } as unknown as App
    openSockets(app, {
      [LIVE_SOCKET_PATH]: liveSocket({
        whoHas: () => ({ name: 'Asha', role: 'operator', helpPoints: null }),
        knows: (camera) => camera as CameraId,
        admit: async () => {},
        watchLive: (camera, _, listener) => {
          listeners.set(camera, listener)
          return { again: () => void again.push(camera), leave: () => void listeners.delete(camera) }
        },
        now: Date.now,
        enter: ({ name }) => {
          present.push(name)
          return { looking: () => {}, leave: () => void present.splice(0) }
        },
        ...(silentMs === undefined ? {} : { silentMs }),
      }),
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address() as { port: number }
    const visit = async (autoPong: boolean) => {
      const socket = new WebSocket(`ws://127.0.0.1:${address.port}/api/v1/live`, {
        autoPong,
        headers: { authorization: 'Bearer x' },
      })
      sockets.push(socket)
      const frames: Record<string, unknown>[] = []
      let open = true
      socket.on('close', () => (open = false))
      socket.on(
        'message',
        (data: Buffer, binary) =>
          binary &&
          frames.push(JSON.parse(data.toString('utf8', 4, 4 + data.readUInt32BE(0))) as Record<string, unknown>),
      )
      await new Promise((resolve) => socket.once('open', resolve))
      return {
        socket,
        frames,
        open: () => open,
        watch: (camera: string) => socket.send(JSON.stringify({ watch: camera, camera })),
      }
    }
    return { listeners, again, present, visit, end: () => (close(), server.close()) }
  }
  const start = (bytes: number) => ({
    run: 0,
    codec: 'avc1.42c01f',
    partTarget: 0.1,
    number: 1,
    start: 0,
    parts: [{ bytes: Buffer.alloc(bytes), duration: 1, independent: true }],
    before: [],
    init: Buffer.alloc(10),
  })
  const part = (bytes: number) => ({
    number: 1,
    start: 0,
    part: { bytes: Buffer.alloc(bytes), duration: 0.1, independent: false },
  })

  test('a desk that lost its power looks at nothing any more; one that answers stays', async () => {
    const room = await alone(2000)
    const dead = await room.visit(false)
    await until(
      () => room.present,
      (names) => names.length === 1,
    )
    await until(dead.open, (open) => !open)
    expect(room.present).toEqual([])
    room.end()
    const other = await alone(6000)
    const alive = await other.visit(true)
    await new Promise((resolve) => setTimeout(resolve, 9000))
    expect([alive.open(), other.present]).toEqual([true, ['Asha']])
    other.end()
  })
  test('a beginning of a long time since the keyframe is not taken for being behind; a second one waits until there is room', async () => {
    const room = await alone()
    const page = await room.visit(true)
    page.watch('slow')
    page.watch('other')
    await until(
      () => room.listeners.size,
      (size) => size === 2,
    )
    // What the kernel takes by itself is no queue: more than that is needed to be behind.
    page.socket.pause()
    room.listeners.get('slow')?.begin(start(20e6))
    room.listeners.get('slow')?.part(part(1000))
    room.listeners.get('other')?.begin(start(1000))
    page.socket.resume()
    await until(
      () => page.frames.length,
      (count) => count >= 2,
    )
    room.listeners.get('other')?.part(part(1000))
    expect(room.again).toEqual(['other'])
    room.listeners.get('other')?.begin(start(1000))
    await until(
      () => page.frames.map(({ begin, part: of }) => begin ?? of),
      (names) => names.length === 3,
    )
    expect(page.frames.map(({ begin, part: of }) => begin ?? of)).toEqual(['slow', 'slow', 'other'])
    room.end()
  })
})
