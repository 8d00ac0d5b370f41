import { createHash } from 'node:crypto'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../server/clip/live/converted-view.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { type RecorderOptions, type RecorderState, createRecorder } from '../../server/clip/record/clip-recorder.ts'
import { recordByFfmpeg } from '../../server/clip/record/ffmpeg-recording.ts'
import { recordByRtsp } from '../../server/clip/record/rtsp/rtsp-recording.ts'
import type { Segment, Sound } from '../../server/glossary/clip.ts'
import { startRtspServer } from '../../server/simulator/stream/rtsp-server.ts'
import { realClock } from '../../server/tools/clock.ts'
import { readMoof } from '../../server/tools/media/fmp4-samples.ts'
import { avcConfigIn } from '../../server/tools/media/avc-config.ts'
import { makeStream } from '../clip/made-streams.ts'
import { until } from './test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-rtsp-'))
const CREDENTIALS = { username: 'lamppost', password: 'Pre£s & go' }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function ffmpeg(...args: string[]): string {
  const { stdout, status, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
/** The hash of every picture, without what the way may add or leave out (delimiters, repeated parameter sets). */
function pictureHashes(file: string, codec: string): string[] {
  const filter =
    codec === 'h264'
      ? 'h264_mp4toannexb,filter_units=remove_types=6-9'
      : 'hevc_mp4toannexb,filter_units=remove_types=32-40'
  const lines = ffmpeg(
    '-i',
    file,
    '-map',
    '0:v',
    '-c',
    'copy',
    '-bsf:v',
    filter,
    '-f',
    'framehash',
    '-hash',
    'sha256',
    '-',
  ).split('\n')
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)?.trim() ?? '')
}
const video = (...encoder: string[]): string[] => [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=s=640x358:r=15,noise=alls=20:allf=t',
  '-t',
  '4',
  ...encoder,
  '-g',
  '15',
  '-pix_fmt',
  'yuv420p',
]
const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-sc_threshold', '0']

const WITH_SOUND = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=s=320x180:r=15',
  '-f',
  'lavfi',
  '-i',
  'sine=r=8000',
  '-t',
  '4',
  ...X264,
  '-g',
  '15',
  '-pix_fmt',
  'yuv420p',
  '-c:a',
  'pcm_alaw',
]

/** A camera that plays this file once, and hangs up. */
async function play(name: string, ...args: string[]) {
  const file = join(folder, name)
  ffmpeg(...args, file)
  const server = await startRtspServer({
    port: 0,
    credentials: CREDENTIALS,
    startEncoder(publishTo) {
      const encoder = spawn(
        'ffmpeg',
        ['-loglevel', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', publishTo],
        { stdio: 'ignore' },
      )
      const gone = new Promise<void>((resolve) => encoder.once('exit', () => resolve()))
      return async () => {
        encoder.kill('SIGKILL')
        await gone
      }
    },
  })
  closers.push(() => server.close())
  return {
    file,
    url: `rtsp://lamppost:${encodeURIComponent(CREDENTIALS.password)}@127.0.0.1:${server.port}/stream`,
    server,
  }
}

/** Records until the stream ends, and gives back what would lie in the ring. */
async function record(
  url: string,
  {
    sound = 'drop',
    startMs = 15_000,
    signal = new AbortController().signal,
    onPart = () => {},
    basic = false,
  }: { basic?: boolean; sound?: Sound; startMs?: number; signal?: AbortSignal; onPart?(): void } = {},
) {
  const { store, init, segment } = createMemoryStore(1000)
  const segments: Segment[] = []
  const codecs: string[] = []
  const errors: unknown[] = []
  const live = createLiveWindow()
  const parts: { bytes: Buffer; duration: number }[] = []
  // As viewers have it: at once.
  live.follow((news) => {
    if (!news) return
    parts.push({ bytes: Buffer.from(news.part.live ?? news.part.bytes), duration: news.part.duration })
    onPart()
  })
  const window = { ...live, onSegment: (closed: Segment) => (segments.push(closed), live.onSegment(closed)) }
  const end = await recordByRtsp({
    address: { url, secrets: [CREDENTIALS.password, encodeURIComponent(CREDENTIALS.password)], basic },
    store,
    window,
    clock: realClock,
    onError: (error) => errors.push(error),
    startMs,
    signal,
    onPicture: (codec) => codecs.push(codec),
    sound,
  })
  const file = join(folder, 'recorded.mp4')
  writeFileSync(
    file,
    Buffer.concat([
      init(segments[0]?.run ?? 0) ?? Buffer.alloc(0),
      ...segments.map(({ number }) => segment(number) ?? Buffer.alloc(0)),
    ]),
  )
  return { end, segments, codecs, errors, file, parts, bytesOf: (number: number) => segment(number) ?? Buffer.alloc(0) }
}
/** Ticks of every picture in whole fragments: when it is due, and for how long. */
function timesIn(bytes: Buffer): { time: number; duration: number }[] {
  const found: { time: number; duration: number }[] = []
  for (let from = 0; from < bytes.length;) {
    const moof = bytes.subarray(from)
    for (const { decodeTime, duration } of readMoof(moof, [])) found.push({ time: decodeTime, duration })
    const mdat = from + bytes.readUInt32BE(from)
    from = mdat + bytes.readUInt32BE(mdat)
  }
  return found
}
/** What comes of a file: its size, and how many frames ffprobe decodes. */
function probe(file: string) {
  const { stdout, stderr } = spawnSync(
    'ffprobe',
    [
      '-v',
      'error',
      '-count_frames',
      '-show_entries',
      'stream=codec_name,width,height,nb_read_frames,r_frame_rate',
      '-of',
      'json',
      file,
    ],
    { encoding: 'utf8' },
  )
  return { ...(JSON.parse(stdout) as { streams: Record<string, unknown>[] }).streams[0], complaints: stderr }
}

describe('a stream read in this process', () => {
  test.each([
    ['H.264 baseline', 'baseline.mp4', video(...X264, '-profile:v', 'baseline'), 'h264', /^avc1\.42/],
    ['H.264 high', 'high.mp4', video(...X264, '-profile:v', 'high'), 'h264', /^avc1\.64/],
    ['H.264 of several slices', 'slices.mp4', video(...X264, '-slices', '4'), 'h264', /^avc1/],
    [
      'interlaced H.264',
      'interlaced.mp4',
      video(...X264, '-flags', '+ilme+ildct', '-vf', 'crop=640:356'),
      'h264',
      /^avc1/,
      356,
    ],
    [
      'H.265',
      'h265.mp4',
      video('-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'bframes=0:keyint=15:scenecut=0:log-level=none'),
      'hevc',
      /^hev1\.1\./,
    ],
  ])(
    '%s is kept bit for bit, as ffprobe and a hash of its pictures say',
    async (_, name, args, codec, codecs, height = 358) => {
      const camera = await play(name, ...args)
      const { end, segments, codecs: told, errors, file } = await record(camera.url)
      expect(errors).toEqual([])
      expect(end).toMatchObject({ reason: 'The camera ended the stream.', change: null })
      expect(told).toEqual([expect.stringMatching(codecs)])
      const [sent, kept] = [pictureHashes(camera.file, codec), pictureHashes(file, codec)]
      // The camera began before we asked; from the first keyframe that we saw, nothing is missing.
      expect(kept.length).toBeGreaterThanOrEqual(15)
      expect(kept).toEqual(sent.slice(sent.indexOf(kept[0] ?? ''), sent.indexOf(kept[0] ?? '') + kept.length))
      expect(segments.length).toBe(Math.ceil(kept.length / 15))
      expect(probe(file)).toEqual({
        codec_name: codec,
        width: 640,
        height,
        nb_read_frames: String(kept.length),
        r_frame_rate: '15/1',
        complaints: '',
      })
    },
  )
})

describe('what needs an ffmpeg is handed to one, with the reason', () => {
  test.each([
    [
      'pictures in another order than they are shown',
      'b-frames.mp4',
      video('-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2'),
      'drop',
      /another order/,
    ],
    ['MPEG-4 part 2', 'part2.mp4', video('-c:v', 'mpeg4'), 'drop', /it sends MP4V-ES/],
    ['sound that the site keeps', 'sound.mov', WITH_SOUND, 'keep', /its sound is wanted/],
  ] as const)('%s', async (_, name, args, sound, words) => {
    const camera = await play(name, ...args)
    const { end, errors } = await record(camera.url, { sound })
    expect(errors).toEqual([])
    expect(end).toMatchObject({ change: 'by-ffmpeg', atOnce: true, reason: expect.stringMatching(words) })
  })
  test('but sound that nobody wants is not even asked for', async () => {
    const camera = await play('unwanted.mov', ...WITH_SOUND)
    expect((await record(camera.url)).end).toMatchObject({ change: null, reason: 'The camera ended the stream.' })
  })
})

/** A camera that answers from a script: how it challenges, and what it says to each method. */
async function scripted(
  answer: (request: { method: string; uri: string; authorization: string; text: string }) => string | null,
) {
  const seen: { method: string; uri: string; authorization: string }[] = []
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end)
        text = text.slice(end + 4)
        const [method = '', uri = ''] = request.split(' ')
        const authorization = /^Authorization: (.*)$/m.exec(request)?.[1] ?? ''
        seen.push({ method, uri, authorization })
        const said = answer({ method, uri, authorization, text: request })
        if (said !== null)
          socket.write(said.replace('\r\n', `\r\nCSeq: ${/^CSeq: (\d+)/m.exec(request)?.[1]}\r\n`), 'latin1')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return { port: (server.address() as { port: number }).port, seen }
}
const at = (port: number): string =>
  `rtsp://lamppost:${encodeURIComponent(CREDENTIALS.password)}@127.0.0.1:${port}/stream`
const UNAUTHORISED = (...challenges: string[]): string =>
  `RTSP/1.0 401 Unauthorized\r\n${challenges.map((challenge) => `WWW-Authenticate: ${challenge}\r\n`).join('')}\r\n`
const OK = 'RTSP/1.0 200 OK\r\n\r\n'
const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:'
const described = (control: string): string =>
  `RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length + control.length + 2}\r\n\r\n${SDP}${control}\r\n`

describe('a camera that is difficult', () => {
  test('and refuses the password is told so, without ffmpeg, without a storm, and without the password in any word', async () => {
    const { port, seen } = await scripted(() => UNAUTHORISED('Digest realm="cam", nonce="1"'))
    const { end } = await record(at(port))
    expect(end).toMatchObject({
      change: null,
      atOnce: false,
      reason: 'The camera answers OPTIONS with 401 Unauthorized.',
    })
    expect(seen).toHaveLength(2)
    expect(JSON.stringify([end, seen])).not.toContain('Pre£s')
  })
  test('and offers SHA-256 beside MD5 and Basic is answered with the strongest', async () => {
    const { port, seen } = await scripted(({ authorization }) =>
      authorization === ''
        ? UNAUTHORISED(
            'Basic realm="cam"',
            'Digest realm="cam", nonce="1", algorithm=MD5',
            'Digest realm="cam", nonce="2", algorithm=SHA-256, qop="auth"',
          )
        : 'RTSP/1.0 404 Not Found\r\n\r\n',
    )
    expect((await record(at(port))).end).toMatchObject({
      change: null,
      reason: 'The camera answers OPTIONS with 404 Not Found.',
    })
    expect(seen[1]?.authorization).toMatch(/algorithm=SHA-256.*qop=auth, nc=00000001/)
  })
  test('and knows Basic only does not get it: everybody on the network could read it', async () => {
    const { port, seen } = await scripted(() => UNAUTHORISED('Basic realm="cam"'))
    const { end } = await record(at(port))
    expect(end.reason).toContain('wants its password in the clear')
    expect(end.change).toBeNull()
    expect(seen.map(({ authorization }) => authorization)).toEqual([''])
  })
  test('and says Basic in the middle, where it had said Digest, does not get it in the clear either', async () => {
    const { port, seen } = await scripted(({ method, authorization }) =>
      method === 'OPTIONS' && authorization !== ''
        ? 'RTSP/1.0 200 OK\r\n\r\n'
        : UNAUTHORISED(method === 'OPTIONS' ? 'Digest realm="cam", nonce="a"' : 'Basic realm="cam"'),
    )
    expect((await record(at(port))).end.reason).toContain('wants its password in the clear')
    expect(seen.some(({ authorization }) => authorization.startsWith('Basic'))).toBe(false)
  })
  test('and knows Basic only gets it where the site file says so', async () => {
    const { port, seen } = await scripted(({ authorization }) =>
      authorization === '' ? UNAUTHORISED('Basic realm="cam"') : 'RTSP/1.0 404 Not Found\r\n\r\n',
    )
    await record(at(port), { basic: true })
    expect(Buffer.from(seen[1]?.authorization.replace('Basic ', '') ?? '', 'base64').toString()).toBe(
      `lamppost:${CREDENTIALS.password}`,
    )
  })
  test('and changes its nonce in the middle is answered with the new one', async () => {
    const { port, seen } = await scripted(({ method, authorization }) =>
      authorization.includes(`nonce="${method}"`)
        ? method === 'DESCRIBE'
          ? described('track1')
          : OK
        : UNAUTHORISED(`Digest realm="cam", nonce="${method}", stale=true`),
    )
    await record(at(port), { startMs: 5000 })
    expect(seen.map(({ method }) => method)).toEqual([
      'OPTIONS',
      'OPTIONS',
      'DESCRIBE',
      'DESCRIBE',
      'SETUP',
      'SETUP',
      'PLAY',
      'PLAY',
      'TEARDOWN',
    ])
  })
  test('and names another host for its stream is asked itself, and no other host is', async () => {
    const elsewhere = await scripted(() => OK)
    const { port, seen } = await scripted(({ method }) =>
      method === 'DESCRIBE' ? described(`rtsp://127.0.0.1:${elsewhere.port}/track1`) : OK,
    )
    await record(at(port), { startMs: 5000 })
    expect(seen.find(({ method }) => method === 'SETUP')?.uri).toContain(`:${elsewhere.port}/track1`)
    expect(elsewhere.seen).toEqual([])
  })
  test('and sends its client elsewhere is not followed', async () => {
    const elsewhere = await scripted(() => OK)
    const { port } = await scripted(() => `RTSP/1.0 302 Found\r\nLocation: rtsp://127.0.0.1:${elsewhere.port}/\r\n\r\n`)
    expect((await record(at(port))).end.reason).toMatch(/302 Found/)
    expect(elsewhere.seen).toEqual([])
  })
  test.each([
    [0.12, 'three pictures'],
    [1.5, 'a second and a half'],
    [4, 'four seconds'],
  ])(
    'and pauses for %f s (%s), although its pictures are told at once, is kept whole and with ' +
      'true times; what is live never skips further than a browser bears',
    async (pause) => {
      const { sps, pps } = avcConfigIn(makeStream({ extra: ['-profile:v', 'baseline'] })) ?? { sps: [], pps: [] }
      const [count, pausedAt] = [100, 55]
      let sequence = 0
      const rtp = (stamp: number, nal: Buffer, last: boolean): Buffer => {
        const packet = Buffer.concat([Buffer.of(0x80, 96 | (last ? 0x80 : 0)), Buffer.alloc(10), nal])
        packet.writeUInt16BE((sequence += 1) & 0xffff, 2)
        packet.writeUInt32BE(stamp, 4)
        return Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length & 0xff), packet])
      }
      const stampOf = (i: number): number => 1000 + i * 3600 + (i > pausedAt ? pause * 90_000 : 0) + ((i * 7) % 5) * 20
      const stream = Buffer.concat(
        Array.from({ length: count }, (_, i) => [
          ...(i % 25 === 0 ? [...sps, ...pps].map((nal) => rtp(stampOf(i), nal, false)) : []),
          rtp(stampOf(i), Buffer.concat([Buffer.of(i % 25 === 0 ? 0x65 : 0x61, 0x88), Buffer.alloc(300, i)]), true),
        ]).flat(),
      ).toString('latin1')
      const { port } = await scripted(({ method }) =>
        method === 'DESCRIBE' ? described('track1') : method === 'PLAY' ? OK + stream : OK,
      )
      const { segments, bytesOf, parts } = await record(at(port), { startMs: 5000 })
      expect(new Set(segments.map(({ run }) => run)).size).toBe(1)
      const kept = segments.flatMap((segment) => {
        const bytes = bytesOf(segment.number)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(segment.sha256)
        const times = timesIn(bytes)
        expect(segment.duration).toBeCloseTo(times.reduce((sum, { duration }) => sum + duration, 0) / 90_000, 6)
        return times
      })
      expect(kept.map(({ time }) => time)).toEqual(Array.from({ length: count }, (_, i) => stampOf(i) - stampOf(0)))
      kept.slice(1).forEach(({ time }, i) => expect(time).toBe((kept[i]?.time ?? 0) + (kept[i]?.duration ?? 0)))
      const live = parts.flatMap(({ bytes }) => timesIn(bytes))
      expect(live).toHaveLength(count)
      live
        .slice(1)
        .forEach(({ time }, i) => expect(time - (live[i]?.time ?? 0)).toBeLessThan(2 * (live[i]?.duration ?? 0)))
      expect(
        live.some(({ duration }, i) => duration !== kept[i]?.duration),
        'some were told before they were over',
      ).toBe(true)
      expect(parts.reduce((sum, { duration }) => sum + duration, 0)).toBeCloseTo(
        segments.reduce((sum, { duration }) => sum + duration, 0),
        1,
      )
    },
  )
  test('and sends its client elsewhere is not followed by ffmpeg either, which would', async () => {
    const elsewhere = await scripted(() => OK)
    const { port } = await scripted(({ method }) =>
      method === 'OPTIONS' ? OK : `RTSP/1.0 302 Found\r\nLocation: rtsp://127.0.0.1:${elsewhere.port}/\r\n\r\n`,
    )
    const { store } = createMemoryStore()
    const end = await recordByFfmpeg({
      address: { url: at(port), secrets: [] },
      store,
      window: createLiveWindow(),
      clock: realClock,
      onError: () => {},
      startMs: 5000,
      signal: new AbortController().signal,
      onPicture: () => {},
      sound: 'drop',
    })
    expect(end.reason).toMatch(/answers DESCRIBE with 302 Found.*not followed/)
    expect(elsewhere.seen).toEqual([])
  })
  test('and never answers is given up by name of the question', async () => {
    const { port } = await scripted(({ method }) => (method === 'DESCRIBE' ? null : OK))
    expect((await record(at(port))).end).toMatchObject({ change: null, reason: 'No answer to DESCRIBE within 5 s.' })
  })
  test('and speaks no RTSP is given up at once', async () => {
    const { port } = await scripted(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')
    expect((await record(at(port))).end.reason).toBe('The stream cannot be read: its answer is no RTSP')
  })
  test('and plays nothing is given up after the time it was given', async () => {
    const { port } = await scripted(({ method }) => (method === 'DESCRIBE' ? described('track1') : OK))
    expect((await record(at(port), { startMs: 5000 })).end.reason).toMatch(/^No picture for \d+ s\.$/)
  })
  test('and ends its sessions unless they are kept alive is kept alive', async () => {
    const alive: string[] = []
    const { port } = await scripted(({ method, text }) => {
      if (method === 'GET_PARAMETER') alive.push(/^Session: (.*)$/m.exec(text)?.[1] ?? '')
      if (method === 'OPTIONS') return 'RTSP/1.0 200 OK\r\nPublic: DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n\r\n'
      return method === 'DESCRIBE' ? described('track1') : 'RTSP/1.0 200 OK\r\nSession: 42;timeout=4\r\n\r\n'
    })
    await record(at(port), { startMs: 9000 })
    expect(alive.length).toBeGreaterThanOrEqual(2)
    expect(new Set(alive)).toEqual(new Set(['42']))
  })
  function keep(port: number, more: Partial<RecorderOptions> = {}) {
    const { store } = createMemoryStore()
    const states: RecorderState[] = []
    const recorder = createRecorder({
      address: { url: at(port), secrets: [] },
      store,
      window: createLiveWindow(),
      clock: realClock,
      onError: () => {},
      onState: (state) => states.push(state),
      refusedForMs: 2000,
      ...more,
    })
    closers.push(() => recorder.close())
    return { recorder, states }
  }
  test('and refuses in the first moments after a power cut is asked again by us; one that goes on refusing, by ffmpeg', async () => {
    let refusals = 2
    const waking = await scripted(({ method }) =>
      method === 'OPTIONS' && (refusals -= 1) >= 0
        ? 'RTSP/1.0 400 Bad Request\r\n\r\n'
        : method === 'DESCRIBE'
          ? described('track1')
          : OK,
    )
    const { recorder } = keep(waking.port, { refusedForMs: 30_000 })
    await until(
      () => waking.seen,
      (seen) => seen.some(({ method }) => method === 'PLAY'),
      10_000,
    )
    expect(recorder.report()).toMatchObject({ reader: 'direct', runs: 3 })
    const stubborn = await scripted(() => 'RTSP/1.0 400 Bad Request\r\n\r\n')
    const other = keep(stubborn.port)
    await until(
      () => other.recorder.report(),
      ({ reader }) => reader === 'ffmpeg',
      20_000,
    )
    expect(other.states[0]).toEqual({ video: 'down', reason: 'The camera answers OPTIONS with 400 Bad Request.' })
  })
  test('and was given to ffmpeg for what it once did is asked by us again when its stream begins anew much later', async () => {
    let refusing = true
    const { port, seen } = await scripted(({ method }) =>
      method === 'OPTIONS' && refusing
        ? 'RTSP/1.0 400 Bad Request\r\n\r\n'
        : method === 'DESCRIBE'
          ? described('track1')
          : OK,
    )
    const { recorder } = keep(port, { triedAgainMs: 3000 })
    await until(
      () => recorder.report(),
      ({ reader }) => reader === 'ffmpeg',
      20_000,
    )
    refusing = false
    await until(
      () => recorder.report(),
      ({ reader }) => reader === 'direct',
      20_000,
    )
    const before = seen.length
    await until(
      () => seen.slice(before),
      (since) => since.some(({ method }) => method === 'PLAY'),
      10_000,
    )
  })
  test(
    'and whose pictures come all at once, with no time between them, is begun ' +
      'again a few times, and then told as down: it is not well',
    async () => {
      const { sps, pps } = avcConfigIn(makeStream({ extra: ['-profile:v', 'baseline'] })) ?? { sps: [], pps: [] }
      let sequence = 0
      const rtp = (stamp: number, nal: Buffer): Buffer => {
        const packet = Buffer.concat([Buffer.of(0x80, 96), Buffer.alloc(10), nal])
        packet.writeUInt16BE((sequence += 1) & 0xffff, 2)
        packet.writeUInt32BE(stamp, 4)
        return Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length & 0xff), packet])
      }
      const stream = (): string =>
        Buffer.concat([
          ...[...sps, ...pps].map((nal) => rtp(0, nal)),
          ...Array.from({ length: 60 }, (_, i) => rtp(i, Buffer.concat([Buffer.of(0x65), Buffer.alloc(30, 1)]))),
        ]).toString('latin1')
      const { port, seen } = await scripted(({ method }) =>
        method === 'DESCRIBE' ? described('track1') : method === 'PLAY' ? OK + stream() : OK,
      )
      const { states } = keep(port)
      await until(
        () => states,
        (all) => all.some(({ video: state }) => state === 'down'),
        20_000,
      )
      expect(states.at(-1)).toMatchObject({
        video: 'down',
        reason: expect.stringMatching(/No picture for|stuck|clock/),
      })
      const plays = () => seen.filter(({ method }) => method === 'PLAY').length
      const before = plays()
      await new Promise((resolve) => setTimeout(resolve, 3000))
      expect(plays() - before).toBeLessThan(8)
    },
  )
  test('and is not there is told in the network’s words', async () => {
    const { port } = await scripted(() => null)
    for (const close of closers.splice(0)) await close()
    expect((await record(at(port))).end.reason).toMatch(/ECONNREFUSED/)
  })
  test('ends when it is told to, with what had come kept', async () => {
    const camera = await play('stopped.mp4', ...video(...X264))
    const stop = new AbortController()
    const { segments } = await record(camera.url, {
      signal: stop.signal,
      startMs: 60_000,
      onPart: () => setImmediate(() => stop.abort()),
    })
    expect(segments.length).toBeGreaterThanOrEqual(1)
    await until(
      () => camera.server.watching(),
      (count) => count === 0,
    )
  })
})
