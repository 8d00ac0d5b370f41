import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClipDesk } from '../../server/clip/clip-desk.ts'
import { startRtmpIngest } from '../../server/clip/record/rtmp-ingest.ts'
import type { CameraId, Reachability } from '../../server/glossary/camera.ts'
import type { SiteCamera } from '../../server/glossary/site.ts'
import { realClock } from '../../server/tools/clock.ts'
import { randomOf } from '../fakes/seeded-random.ts'
import { until } from './test-town.ts'

const KEY = 'a-key-of-the-pole-camera'
const PUSH = 'push' as CameraId
const camera: SiteCamera = {
  id: PUSH,
  name: 'Pole',
  location: null,
  onvif: null,
  rtmp: { streamKey: KEY },
  presets: new Map(),
  mount: null,
  bearing: null,
  after: 'home',
  buffer: { mode: 'always', preRollMs: 60_000, keepMs: 3_600_000, mostBytes: null, sound: 'drop', reader: 'direct' },
}
const folder = mkdtempSync(join(tmpdir(), 'lamppost-rtmp-'))
const video = new Map<string, { state: Reachability; reason: string | null }>()
let ingest: Awaited<ReturnType<typeof startRtmpIngest>>
let clips: ReturnType<typeof createClipDesk>
const pushers: ChildProcess[] = []

beforeAll(async () => {
  ingest = await startRtmpIngest({
    port: 0,
    host: '127.0.0.1',
    scratch: join(folder, 'rtmp'),
    keys: [KEY],
    clock: realClock,
    onError: () => {},
    silentMs: 8000,
  })
  clips = createClipDesk({
    folder: join(folder, 'clips'),
    scratch: join(folder, 'scratch'),
    now: Date.now,
    onVideo: (id, state, reason) => video.set(id, { state, reason }),
    onError: () => {},
  })
  await clips.follow([camera])
  await clips.stream(camera, ingest.streamOf(KEY), null, [KEY])
  await until(
    () => reachable(ingest.port),
    (ok) => ok,
  )
})
afterAll(async () => {
  for (const pusher of pushers) pusher.kill('SIGKILL')
  await clips.close()
  await ingest.close()
  rmSync(folder, { recursive: true, force: true })
})

const reachable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).once('error', () => resolve(false))
  })
function push(key: string, port = ingest.port): Promise<number | null> {
  const pusher = spawn(
    'ffmpeg',
    [
      '-hide_banner',
      '-loglevel',
      'error',
      '-re',
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=320x180:r=15',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-g',
      '15',
      '-f',
      'flv',
      `rtmp://127.0.0.1:${port}/live/${key}`,
    ],
    { stdio: 'ignore' },
  )
  pushers.push(pusher)
  return new Promise((resolve) => pusher.once('exit', (code) => resolve(code)))
}

/**
 * Of a stranger: a handshake, then these messages, each in one chunk. Resolves when the connection has ended, or
 * after a second.
 */
function stranger(
  port: number,
  messages: { type: number; body: Buffer; length?: number; stream?: number }[],
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(1536), Buffer.alloc(1536)]))
      for (const { type, body, length = body.length, stream = 3 } of messages) {
        const head = Buffer.alloc(12)
        head[0] = stream
        head.writeUIntBE(length, 4, 3)
        head[7] = type
        socket.write(Buffer.concat([head, body]))
      }
    })
    const done = (): void => {
      clearTimeout(late)
      socket.destroy()
      resolve()
    }
    const late = setTimeout(done, 1000)
    socket
      .on('error', done)
      .on('close', done)
      .on('data', () => {})
  })
}
const command = (...parts: Buffer[]): { type: number; body: Buffer } => ({ type: 20, body: Buffer.concat(parts) })
const text = (value: string): Buffer =>
  Buffer.concat([Buffer.of(2, value.length >> 8, value.length & 255), Buffer.from(value)])
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(9)
  bytes.writeDoubleBE(value, 1)
  return bytes
}
const NULL = Buffer.of(5)
const MALFORMED: [string, { type: number; body: Buffer; length?: number; stream?: number }[]][] = [
  ['a chunk size of no bytes', [{ type: 1, body: Buffer.alloc(0) }]],
  ['a chunk size of zero', [{ type: 1, body: Buffer.alloc(4) }]],
  ['an empty command', [command()]],
  ['an unknown AMF type', [command(Buffer.of(99, 1, 2))]],
  ['a number that is cut short', [command(text('connect'), Buffer.of(0, 1))]],
  ['a text that is cut short', [command(Buffer.of(2, 0xff, 0xff, 1))]],
  ['connect without an object', [command(text('connect'), number(1), NULL)]],
  ['publish without a name', [command(text('publish'), number(5), NULL)]],
  ['publish of a number', [command(text('publish'), number(5), NULL, number(7))]],
  [
    'objects in objects',
    [command(text('connect'), number(1), Buffer.concat(Array.from({ length: 20 }, () => Buffer.of(3, 0, 1, 97))))],
  ],
  ['a video of no bytes', [{ type: 9, body: Buffer.alloc(0) }]],
  [
    'sixty messages that promise sixteen megabytes each',
    Array.from({ length: 60 }, (_, i) => ({ type: 9, body: Buffer.alloc(0), length: 0xffffff, stream: 4 + i })),
  ],
]

describe('a stranger at the place that cameras push to', () => {
  test('ends nothing but its own connection by what it sends: other cameras go on', async () => {
    const errors: string[] = []
    const other = await startRtmpIngest({
      port: 0,
      host: '127.0.0.1',
      scratch: join(folder, 'strangers'),
      keys: [KEY],
      clock: realClock,
      onError: (words) => errors.push(words),
    })
    try {
      await until(
        () => reachable(other.port),
        (ok) => ok,
      )
      for (const [, messages] of MALFORMED) await stranger(other.port, messages)
      const random = randomOf(17)
      // Mutations of those, by a seed that is always the same.
      await Promise.all(
        Array.from({ length: 60 }, () => {
          const [, messages] = MALFORMED[Math.floor(random() * MALFORMED.length)] ?? ['', []]
          return stranger(
            other.port,
            messages.slice(0, 5).map((message) => ({
              ...message,
              type: random() < 0.3 ? Math.floor(random() * 23) : message.type,
              body: Buffer.from(message.body.map((byte) => (random() < 0.2 ? Math.floor(random() * 256) : byte))),
            })),
          )
        }),
      )
      expect(await reachable(other.port)).toBe(true)
      expect(errors).toEqual([])
    } finally {
      await other.close()
    }
  })
})

describe('connections that bring no stream', () => {
  /** Waits for the place to end it. */
  const ended = (socket: import('node:net').Socket): Promise<unknown> =>
    new Promise((resolve) =>
      socket
        .on('error', () => {})
        .once('close', resolve)
        .resume(),
    )
  test('are ended, whether they say nothing or say the wrong name and stay; a camera that pushes is not', async () => {
    void push(KEY)
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'up',
      60_000,
    )
    const silent = Array.from({ length: 20 }, () => connect(ingest.port, '127.0.0.1'))
    await Promise.all(silent.map(ended))
    // Refused, it never ends its own half: what it goes on writing is answered with a reset, for nobody holds the
    // other half.
    const [, messages] = MALFORMED.find(([name]) => name === 'an empty command') ?? ['', []]
    const stubborn = connect({ port: ingest.port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      stubborn.write(
        Buffer.concat([
          Buffer.of(3),
          Buffer.alloc(3072),
          ...messages.map(({ type }) => Buffer.of(3, 0, 0, 0, 0, 0, 0, type, 0, 0, 0, 0)),
        ]),
      )
    })
    const writing = setInterval(() => stubborn.writable && stubborn.write(Buffer.alloc(100)), 200)
    await ended(stubborn)
    clearInterval(writing)
    expect(pushers.at(-1)?.exitCode).toBeNull()
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'up',
    )
    pushers.at(-1)?.kill('SIGKILL')
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'down',
      60_000,
    )
  })
})
describe('a camera that pushes', () => {
  test('with a key that the site file does not have is thrown out', async () => {
    expect(await push('guessed')).not.toBe(0)
  })
  test('with its key is recorded by the same path as all others', async () => {
    void push(KEY)
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'up',
      30_000,
    )
    await until(
      () => clips.livePlaylist(PUSH, 'copy', { msn: null, part: null, skip: false }).catch(() => ''),
      (playlist) => playlist.includes('#EXT-X-PART:'),
    )
  })
  test('leaves health saying so when it goes away, without its key in the words', async () => {
    pushers.at(-1)?.kill('SIGKILL')
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'down',
      20_000,
    )
    expect(video.get(PUSH)?.reason).toBeTruthy()
    expect(video.get(PUSH)?.reason).not.toContain(KEY)
  })
  test('comes back after a link that broke without a word: its old place is not kept for it', async () => {
    // Bytes stop in the middle of the way, and neither end hears of it.
    const ends: import('node:net').Socket[] = []
    const link = createServer((near) => {
      const far = connect(ingest.port, '127.0.0.1')
      ends.push(near, far)
      near.pipe(far).on('error', () => {})
      far.pipe(near).on('error', () => {})
    })
    await new Promise<void>((resolve) => link.listen(0, '127.0.0.1', resolve))
    void push(KEY, (link.address() as { port: number }).port)
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'up',
      30_000,
    )
    for (const end of ends) end.unpipe().pause()
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'down',
      20_000,
    )
    const brokenAt = Date.now()
    // As a camera does: again and again until it is let in, and stays.
    const pushing = { on: true }
    const pole = (async () => {
      while (pushing.on) {
        await push(KEY)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    })()
    await until(
      () => video.get(PUSH)?.state,
      (state) => state === 'up',
      60_000,
    )
    await until(
      async () => (await clips.stored(PUSH, { from: brokenAt, to: null })).segments.length,
      (fresh) => fresh > 2,
      60_000,
    )
    pushing.on = false
    pushers.at(-1)?.kill('SIGKILL')
    await pole
    for (const end of ends) end.destroy()
    link.close()
  })
  test('is received by RTMP only: nothing is recorded on the side', () => {
    expect(
      readdirSync(join(folder, 'rtmp'), { recursive: true }).filter((name) => String(name).endsWith('.flv')),
    ).toEqual([])
  })
})
