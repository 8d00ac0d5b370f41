/**
 * What real cameras' streams do, kind by kind, over RTSP: rows R2 to R8 of what was seen in the field (R1 is
 * test/clip/rtsp.test.ts).
 */
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { type RecorderState, createRecorder } from '../../server/clip/record/clip-recorder.ts'
import { createMemoryStore } from '../../server/clip/live/converted-view.ts'
import { recordByFfmpeg } from '../../server/clip/record/ffmpeg-recording.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { recordByRtsp } from '../../server/clip/record/rtsp/rtsp-recording.ts'
import { openRtspRelay } from '../../server/clip/record/rtsp/rtsp-relay.ts'
import type { StreamHabits } from '../../server/tools/rtsp/rtsp-session.ts'
import type { Segment } from '../../server/glossary/clip.ts'
import { boxesIn } from '../../server/tools/media/fmp4-boxes.ts'
import { avcConfigIn } from '../../server/tools/media/avc-config.ts'
import { realClock } from '../../server/tools/clock.ts'
import { makeStream } from '../clip/made-streams.ts'
import { selfSigned } from './certificate.ts'
import { until } from './test-town.ts'

/** Of the whole file: many of these tests wait for a camera in real time, side by side. */
const closers: (() => unknown)[] = []
afterAll(async () => void (await Promise.all(closers.splice(0).map((close) => close()))))

const BASELINE = makeStream({ extra: ['-profile:v', 'baseline'] })
const { sps, pps } = avcConfigIn(BASELINE) ?? { sps: [], pps: [] }
const FIRST = 0x88
type Told = { method: string; uri: string; cseq: string; authorization: string }
type Camera = {
  /** The whole answer; null: none. */ answer?(asked: Told, camera: { port: number }): string | null
  /** Ticks of picture `i`. */ stamp?(i: number): number
  keyframe?(i: number): boolean
  /** Bytes that go astray before packet `i`. */ stray?(i: number): Buffer
  fps?: number
  /** Over TLS. */ tls?: { cert: Buffer; key: Buffer }
  /** Sends by UDP only: SETUP for the connection itself is answered 461. */ datagrams?: boolean
  /** Puts something else in the place of a packet's bytes. */ bend?(packet: Buffer, i: number): Buffer
  /** Ends the stream when it has not been told that it is wanted for so long, milliseconds. */ timeoutMs?: number
  alive?: string
  /** The slice of picture `i`; made up where nothing is said. */ picture?(i: number, isKeyframe: boolean): Buffer
  onPlay?(): void
}

const CSEQ = (asked: Told): string => `CSeq: ${asked.cseq}\r\n`
const SDP =
  'v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n'
const normal = (asked: Told): string => {
  if (asked.method === 'DESCRIBE')
    return `RTSP/1.0 200 OK\r\n${CSEQ(asked)}Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`
  if (asked.method === 'SETUP')
    return `RTSP/1.0 200 OK\r\n${CSEQ(asked)}Session: 7;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`
  return `RTSP/1.0 200 OK\r\n${CSEQ(asked)}Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n\r\n`
}
/** One keyframe and one picture after it, as an encoder made them: ffmpeg wants to have seen a real one. */
const [encodedKey = Buffer.alloc(0), encodedNext = Buffer.alloc(0)] = boxesIn(BASELINE)
  .filter(({ type }) => type === 'mdat')
  .slice(0, 2)
  .map(({ start, end }) => {
    const mdat = BASELINE.subarray(start + 8, end)
    let slice = mdat
    for (let at = 0; at + 4 < mdat.length; at += 4 + mdat.readUInt32BE(at))
      if ([1, 5].includes((mdat[at + 4] ?? 0) & 31)) slice = mdat.subarray(at + 4, at + 4 + mdat.readUInt32BE(at))
    return slice
  })
const encoded: NonNullable<Camera['picture']> = (_, isKeyframe) => (isKeyframe ? encodedKey : encodedNext)
/** A scripted camera: it answers as it is told, and plays made-up pictures in real time. A fake, of faults. */
async function camera({
  answer = normal,
  stamp = (i) => i * 3600,
  keyframe = (i) => i % 25 === 0,
  stray = () => Buffer.alloc(0),
  fps = 25,
  tls,
  datagrams = false,
  bend = (packet) => packet,
  timeoutMs,
  alive = '',
  picture = (i, isKeyframe) => Buffer.concat([Buffer.of(isKeyframe ? 0x65 : 0x61, FIRST), Buffer.alloc(400, i & 0x7f)]),
  onPlay = () => {},
}: Camera = {}) {
  const asked: Told[] = []
  const sockets = new Set<Socket>()
  let port = 0
  const serve = (socket: Socket): void => {
    sockets.add(socket)
    let text = ''
    let sequence = 0
    let aliveAt = Date.now()
    const packet = (i: number, at: number, nal: Buffer, last: boolean): Buffer => {
      const bytes = Buffer.concat([Buffer.of(0x80, 96 | (last ? 0x80 : 0)), Buffer.alloc(10), nal])
      bytes.writeUInt16BE((sequence += 1) & 0xffff, 2)
      bytes.writeUInt32BE(at >>> 0, 4)
      return bend(Buffer.concat([Buffer.of(0x24, 0, bytes.length >> 8, bytes.length & 0xff), bytes]), i)
    }
    let playing: NodeJS.Timeout | null = null
    const udp = datagrams ? createSocket('udp4') : null
    let udpPort = 0
    socket.on('close', () => udp?.close())
    const play = (): void => {
      onPlay()
      let i = 0
      const begun = performance.now()
      playing = setInterval(() => {
        if (timeoutMs !== undefined && Date.now() - aliveAt > timeoutMs) return void socket.destroy()
        for (; i < ((performance.now() - begun) / 1000) * fps; i += 1) {
          const sets = keyframe(i) ? [...sps, ...pps].map((nal) => packet(i, stamp(i), nal, false)) : []
          const packets = [...sets, packet(i, stamp(i), picture(i, keyframe(i)), true)]
          if (udp) for (const each of packets) udp.send(each.subarray(4), udpPort, '127.0.0.1')
          else socket.write(Buffer.concat([...packets.slice(0, -1), stray(i), ...packets.slice(-1)]))
        }
      }, 20)
    }
    socket.on('error', () => {})
    socket.on('close', () => playing && clearInterval(playing))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        const [method = '', uri = ''] = head.split(' ')
        const told = {
          method,
          uri,
          cseq: /^CSeq: (\d+)/m.exec(head)?.[1] ?? '',
          authorization: /^Authorization: (.*)$/m.exec(head)?.[1] ?? '',
        }
        asked.push(told)
        if (method === alive) aliveAt = Date.now()
        const ports = /^Transport: .*client_port=(\d+)-(\d+)/im.exec(head)
        if (ports) udpPort = Number(ports[1])
        const said =
          method === 'SETUP' && udp
            ? ports
              ? `RTSP/1.0 200 OK\r\n${CSEQ(told)}Session: 7;timeout=60\r\n` +
                `Transport: RTP/AVP/UDP;unicast;client_port=${ports[1]}-${ports[2]};server_port=6970-6971\r\n\r\n`
              : `RTSP/1.0 461 Unsupported Transport\r\n${CSEQ(told)}\r\n`
            : answer(told, { port })
        if (said !== null) socket.write(said, 'latin1')
        if (method === 'PLAY') {
          aliveAt = Date.now()
          play()
        }
      }
    })
  }
  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as { port: number }).port
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  /** Ends every session. */
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return { port, asked, end, url: `${tls ? 'rtsps' : 'rtsp'}://lamppost:secret@127.0.0.1:${port}/stream` }
}

async function record(
  url: string,
  ms: number,
  {
    by = 'direct',
    habits,
    basic = false,
    timedBy = 'camera',
    longestSegmentS,
    fingerprint,
  }: {
    by?: 'direct' | 'ffmpeg'
    habits?: StreamHabits
    basic?: boolean
    timedBy?: 'camera' | 'arrival'
    longestSegmentS?: number
    fingerprint?: string
  } = {},
) {
  const { store } = createMemoryStore(1000)
  const segments: Segment[] = []
  const notes: (string | null)[] = []
  let pictures = 0
  const live = createLiveWindow()
  live.follow((news) => news && (pictures += 1))
  const window = {
    ...live,
    onSegment: (closed: Segment, release: () => void) => (
      segments.push({ ...closed }),
      live.onSegment(closed, release)
    ),
  }
  const stop = new AbortController()
  // From the first picture on: how long a camera takes to answer is not what is tried.
  let timer = setTimeout(() => stop.abort(), ms + 30_000)
  const onPicture = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(), ms)
  }
  const run = {
    address: { url, secrets: ['secret'], basic, ...(fingerprint ? { fingerprint } : {}) },
    store,
    window,
    clock: realClock,
    onError: () => {},
    startMs: 8000,
    signal: stop.signal,
    onPicture,
    onNote: (words: string | null) => notes.push(words),
    sound: 'drop' as const,
    ...(habits ? { habits } : {}),
    ...(longestSegmentS ? { longestSegmentS } : {}),
  }
  const end = await (by === 'direct' ? recordByRtsp(run) : recordByFfmpeg({ ...run, timedBy }))
  clearTimeout(timer)
  const seconds = segments.reduce((sum, { duration }) => sum + duration, 0)
  const lost = segments.reduce((sum, { lostPackets = 0 }) => sum + lostPackets, 0)
  return { end, segments, notes, pictures: () => pictures, seconds, lost }
}
function keep(url: string, more = {}) {
  const { store } = createMemoryStore()
  const states: RecorderState[] = []
  const recorder = createRecorder({
    address: { url, secrets: ['secret'] },
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

describe.concurrent('R2: keyframes that are far apart', () => {
  test('are recorded in one run, and it is said what to do about it', async () => {
    const { url } = await camera({ keyframe: (i) => i % 400 === 0, fps: 25 })
    const { segments, notes, end, seconds } = await record(url, 15_500)
    expect(end.change).toBeNull()
    expect(notes).toEqual([expect.stringMatching(/no keyframe for 1[2-9] s: set its GOP to a few seconds/)])
    expect(segments.length).toBeGreaterThan(0)
    expect(seconds).toBeGreaterThan(13)
  })
  test('at a join in the middle are waited for, not handed to ffmpeg', async () => {
    const { url } = await camera({ keyframe: (i) => i === 450, fps: 25 })
    const { notes, end, segments } = await record(url, 3000)
    expect(end.change).toBeNull()
    expect(notes.some((words) => words?.includes('set its GOP'))).toBe(true)
    expect(segments.length).toBeGreaterThan(0)
  })
})

describe.concurrent('R2: a stream without keyframes', () => {
  test('for longer than can be kept as one piece is begun anew, at once, and what was recorded stays', async () => {
    const { url, asked } = await camera({ keyframe: (i) => i === 0 })
    const { recorder, states } = keep(url, { longestSegmentS: 4 })
    await until(
      () => asked.filter(({ method }) => method === 'PLAY').length,
      (plays) => plays >= 3,
    )
    expect(recorder.report()).toMatchObject({ reader: 'direct', lastEnd: { reason: expect.stringMatching(/GOP/) } })
    expect(states.filter(({ video, reason }) => video === 'down' && /keyframe/.test(reason ?? ''))).toEqual([])
  })
  test.each(['direct', 'ffmpeg'] as const)('read by %s, loses nothing of what came before', async (by) => {
    const { url } = await camera({ keyframe: (i) => i === 0 || i === 50, picture: encoded })
    const { end, seconds } = await record(url, 20_000, { by, longestSegmentS: 4 })
    expect(end).toMatchObject({ atOnce: true, reason: expect.stringMatching(/set its GOP to a few seconds/) })
    expect(seconds).toBeGreaterThan(3.5)
  })
})

describe.concurrent('R3: bytes that go astray between packets', () => {
  test.each([
    [
      'stray bytes before each second',
      (i: number) => (i % 25 === 7 ? Buffer.from('garbage that is no RTSP\0\xff$', 'latin1') : Buffer.alloc(0)),
    ],
    ['a lone dollar', (i: number) => (i % 25 === 7 ? Buffer.from('$') : Buffer.alloc(0))],
    [
      'a packet of a channel that nobody set up',
      (i: number) => (i % 25 === 7 ? Buffer.of(0x24, 77, 0xff, 0xff, 1, 2, 3) : Buffer.alloc(0)),
    ],
    ['zeros', (i: number) => (i % 25 === 7 ? Buffer.alloc(700) : Buffer.alloc(0))],
  ])('%s: the stream goes on, and the loss is counted', async (_, stray) => {
    const { url, asked } = await camera({ stray })
    const { seconds, lost } = await record(url, 5000)
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(1)
    expect(seconds).toBeGreaterThan(3)
    expect(lost).toBeGreaterThan(0)
  })
  test('a packet that is cut short swallows its neighbour’s head: both are lost, and the stream goes on', async () => {
    const { url, asked } = await camera({
      bend: (packet, i) => (i % 25 === 12 ? packet.subarray(0, packet.length - 100) : packet),
    })
    const { seconds, lost } = await record(url, 5000)
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(1)
    expect(seconds).toBeGreaterThan(3)
    expect(lost).toBeGreaterThan(0)
  })
})

describe.concurrent('R4 and R5: answers that are not as they should be', () => {
  test.each<[string, Camera['answer']]>([
    ['no CSeq', (asked) => normal(asked).replace(/CSeq: \d+\r\n/, '')],
    ['always CSeq 1', (asked) => normal(asked).replace(/CSeq: \d+/, 'CSeq: 1')],
    [
      'lines that end with LF',
      (asked) => {
        const [head = '', body = ''] = normal(asked).split('\r\n\r\n')
        return `${head.replaceAll('\r\n', '\n')}\n\n${body === '' ? '' : body}`.replace(
          /Content-Length: \d+/,
          `Content-Length: ${body.length}`,
        )
      },
    ],
    ['100 before 200', (asked) => `RTSP/1.0 100 Trying\r\n${CSEQ(asked)}\r\n${normal(asked)}`],
    ['a description without a length', (asked) => normal(asked).replace(/Content-Length: \d+\r\n/, '')],
    [
      'a base of nonsense',
      (asked, { port }) =>
        normal(asked).replace('Content-Type', `Content-Base: rtsp://rtsp://127.0.0.1:${port}/stream/\r\nContent-Type`),
    ],
    [
      'a base of host and port alone',
      (asked, { port }) => normal(asked).replace('Content-Type', `Content-Base: 127.0.0.1:${port}/\r\nContent-Type`),
    ],
    [
      'a base of another host',
      (asked) => normal(asked).replace('Content-Type', 'Content-Base: rtsp://10.9.9.9/stream/\r\nContent-Type'),
    ],
    [
      'OPTIONS that it does not know',
      (asked) => (asked.method === 'OPTIONS' ? `RTSP/1.0 501 Not Implemented\r\n${CSEQ(asked)}\r\n` : normal(asked)),
    ],
    ['a setup without a session', (asked) => normal(asked).replace(/Session: [^\r]*\r\n/, '')],
  ])('%s: it is recorded all the same', async (_, answer) => {
    const { url, asked, port } = await camera({ ...(answer ? { answer } : {}) })
    const { seconds } = await record(url, 4500)
    expect(seconds).toBeGreaterThan(2)
    expect(asked.find(({ method }) => method === 'SETUP')?.uri).toBe(`rtsp://127.0.0.1:${port}/stream/track1`)
  })
})

describe.concurrent('R6: a clock that is of no use', () => {
  test.each([
    ['stands at 0', () => 0],
    ['counts milliseconds', (i: number) => i * 40],
    ['runs at double speed', (i: number) => i * 7200],
    ['runs at a quarter', (i: number) => i * 900],
  ])('%s: pictures have the time of their arrival, in one run, and it is said', async (_, stamp) => {
    const { url, asked } = await camera({ stamp })
    const begun = performance.now()
    const { notes, seconds, segments, end } = await record(url, 14_000)
    const took = (performance.now() - begun) / 1000
    expect(end.change).toBeNull()
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(1)
    expect(notes).toContainEqual(expect.stringMatching(/clock in the camera’s stream is of no use/))
    // The first seconds are still as the camera said; what came later is as long as it took.
    const later = segments.slice(-4).reduce((sum, { duration }) => sum + duration, 0)
    const from = segments.at(-4)?.start ?? 0
    const to = segments.at(-1)?.start ?? 0
    expect(Math.abs(later - (segments.at(-1)?.duration ?? 0) - (to - from) / 1000)).toBeLessThan(1.5)
    expect(seconds).toBeLessThan(took + 10)
    expect(segments.slice(-4).map(({ timedByArrival }) => timedByArrival)).toEqual([true, true, true, true])
  })
  test.each([
    ['stands at 0', () => 0],
    ['runs at double speed', (i: number) => i * 7200],
    ['runs at a quarter', (i: number) => i * 900],
  ])('%s, and ffmpeg reads: the run ends, and the next one has the times of arrival', async (_, stamp) => {
    const { url } = await camera({ stamp, picture: encoded })
    const first = await record(url, 20_000, { by: 'ffmpeg' })
    expect(first.end).toMatchObject({ change: 'time-by-arrival', atOnce: true })
    const second = await record(url, 8000, { by: 'ffmpeg', timedBy: 'arrival' })
    expect(second.notes).toContainEqual(expect.stringMatching(/clock in the camera’s stream is of no use/))
    const [from, to] = [second.segments[0]?.start ?? 0, second.segments.at(-1)?.start ?? 0]
    const before = second.segments.slice(0, -1)
    expect(before.length).toBeGreaterThan(3)
    expect(Math.abs(before.reduce((sum, { duration }) => sum + duration, 0) - (to - from) / 1000)).toBeLessThan(1)
    expect(before.every(({ timedByArrival }) => timedByArrival === true)).toBe(true)
  })
  test('a recorder says whose times its pictures have, and asks the camera’s own again in the next run', async () => {
    let good = false
    const { url, end } = await camera({ stamp: (i) => i * (good ? 3600 : 7200) })
    const { recorder } = keep(url)
    await until(recorder.report, ({ timedBy }) => timedBy === 'arrival')
    good = true
    end()
    await until(recorder.report, ({ runs, startedAt }) => runs > 1 && startedAt !== null)
    expect(recorder.report().timedBy).toBe('camera')
  })
  test.each([
    ['true', 3600],
    ['a little slow', 2900],
  ])('%s: it is left as it is', async (_, ticks) => {
    const { url } = await camera({ stamp: (i) => i * ticks })
    expect((await record(url, 8000)).notes).toEqual([])
  })
})

describe.concurrent('R7: what keeps a session', () => {
  test('a camera that does not know GET_PARAMETER is asked by OPTIONS', async () => {
    const { url, asked } = await camera({
      answer: (told) =>
        told.method === 'GET_PARAMETER'
          ? `RTSP/1.0 501 Not Implemented\r\n${CSEQ(told)}\r\n`
          : normal(told).replace('timeout=60', 'timeout=4'),
      timeoutMs: 5000,
      alive: 'OPTIONS',
    })
    const { end } = await record(url, 9000)
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(1)
    expect(end.words).toEqual([])
  })
  test('one that says yes to it and ends the session all the same is asked by the other method in the next', async () => {
    const { url, asked } = await camera({
      answer: (told) => normal(told).replace('timeout=60', 'timeout=4'),
      timeoutMs: 4500,
      alive: 'OPTIONS',
    })
    const habits: StreamHabits = { aliveBy: null }
    await record(url, 15_000, { habits })
    expect(habits.aliveBy).toBe('OPTIONS')
    await record(url, 9000, { habits })
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(2)
  })
})

describe.concurrent('R8: what cannot be recorded is said', () => {
  test('MJPEG, in words that name the remedy', async () => {
    const sdp = 'v=0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n'
    const { url } = await camera({
      answer: (told) =>
        told.method === 'DESCRIBE'
          ? `RTSP/1.0 200 OK\r\n${CSEQ(told)}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`
          : normal(told),
    })
    const { end } = await record(url, 5000)
    expect(end).toMatchObject({ change: null, reason: expect.stringMatching(/MJPEG.*set the stream to H\.264/) })
  })
  test('461 to one connection: it is tried by datagrams', async () => {
    const { url } = await camera({
      answer: (told) =>
        told.method === 'SETUP' ? `RTSP/1.0 461 Unsupported Transport\r\n${CSEQ(told)}\r\n` : normal(told),
    })
    expect((await record(url, 5000)).end).toMatchObject({ change: 'by-udp' })
  })
  test('and what comes so is recorded, by ffmpeg, over the relay', async () => {
    const { url, asked } = await camera({ datagrams: true, picture: encoded })
    const { recorder, states } = keep(url)
    await until(recorder.report, ({ startedAt, reader }) => reader === 'ffmpeg' && startedAt !== null)
    expect(recorder.state()).toMatchObject({ video: 'up' })
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(states.at(-1)).toMatchObject({ video: 'up' })
    expect(asked.filter(({ method }) => method === 'PLAY')).toHaveLength(1)
  })
})

describe.concurrent('the other reader', () => {
  test('takes a stream that ours cannot keep, by itself; the better one stays', async () => {
    const { url } = await camera({
      answer: (told) => (told.method === 'GET_PARAMETER' ? null : normal(told)),
      bend: (packet, i) => (i === 20 ? Buffer.alloc(1_200_000, 1) : packet),
    })
    const { recorder } = keep(url)
    await until(recorder.report, ({ reader }) => reader === 'ffmpeg', 40_000)
  })
})

describe('a stream over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-rtsps-'))
  const files = selfSigned(folder)
  const tls = { cert: readFileSync(files.cert), key: readFileSync(files.key) }
  rmSync(folder, { recursive: true })
  const own = new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '').toLowerCase()
  test.each([
    ['that the site file names', own],
    ['of any kind, where the site file names none', undefined],
  ])('of a camera with a certificate %s is read', async (_, fingerprint) => {
    const { url, asked } = await camera({ tls, picture: encoded })
    const { seconds } = await record(url, 5000, { by: 'ffmpeg', ...(fingerprint ? { fingerprint } : {}) })
    expect(asked.some(({ method }) => method === 'PLAY')).toBe(true)
    expect(seconds).toBeGreaterThan(1)
  })
  test('of a camera with another certificate is asked for nothing, and the reason says which it shows', async () => {
    const { url, asked } = await camera({ tls, picture: encoded })
    const { end } = await record(url, 5000, { by: 'ffmpeg', fingerprint: 'ab'.repeat(32) })
    expect(end.reason).toMatch(new RegExp(`another certificate.*${own}`))
    expect(asked).toEqual([])
  })
})

describe('ffmpeg, which follows redirects with the password,', () => {
  test('speaks to a relay that knows it, as far as the stream plays', async () => {
    const { url, asked } = await camera({
      answer: (told) =>
        told.authorization === '' && told.method !== 'OPTIONS'
          ? `RTSP/1.0 401 Unauthorized\r\n${CSEQ(told)}WWW-Authenticate: Basic realm="cam"\r\n\r\n`
          : normal(told),
    })
    const { notes } = await record(url, 6000, { by: 'ffmpeg', basic: true })
    expect(asked.some(({ method }) => method === 'PLAY')).toBe(true)
    expect(notes).toContainEqual(expect.stringContaining('goes over the network in the clear'))
    expect(
      asked.find(({ method, authorization }) => method === 'DESCRIBE' && authorization !== '')?.authorization,
    ).toBe(`Basic ${Buffer.from('lamppost:secret').toString('base64')}`)
    expect(asked.find(({ method }) => method === 'SETUP')?.uri).toMatch(/\/stream\/track1$/)
  })
  test('is given no password in the clear by it, where the site file does not say so', async () => {
    const { url, asked } = await camera({
      answer: (told) =>
        told.method === 'OPTIONS'
          ? normal(told)
          : `RTSP/1.0 401 Unauthorized\r\n${CSEQ(told)}WWW-Authenticate: Basic realm="cam"\r\n\r\n`,
    })
    const { end } = await record(url, 6000, { by: 'ffmpeg' })
    expect(end.reason).toContain('wants its password in the clear')
    expect(asked.filter(({ authorization }) => authorization !== '')).toEqual([])
  })
  test.each(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY'])(
    'is not sent elsewhere by an answer to %s, though the stream was read well before',
    async (method) => {
      const elsewhere: string[] = []
      const trap = createServer((socket) => {
        socket.on('error', () => {})
        socket.on('data', (chunk) => elsewhere.push(chunk.toString('latin1')))
        socket.write('')
      })
      await new Promise<void>((resolve) => trap.listen(0, '127.0.0.2', resolve))
      closers.push(() => new Promise((resolve) => trap.close(resolve)))
      const place = `rtsp://127.0.0.2:${(trap.address() as { port: number }).port}/`
      const { url } = await camera({
        answer: (told) =>
          told.method === method ? `RTSP/1.0 302 Found\r\n${CSEQ(told)}Location: ${place}\r\n\r\n` : normal(told),
      })
      const { end } = await record(url, 8000, { by: 'ffmpeg' })
      expect(end.reason).toMatch(new RegExp(`answers ${method} with 302.*not followed`))
      expect(elsewhere).toEqual([])
    },
  )
  test('nor by a request of the camera, or by where it says its tracks are', async () => {
    const elsewhere: string[] = []
    const trap = createServer(
      (socket) => void socket.on('error', () => {}).on('data', (chunk) => elsewhere.push(chunk.toString('latin1'))),
    )
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.2', resolve))
    closers.push(() => new Promise((resolve) => trap.close(resolve)))
    const place = `rtsp://127.0.0.2:${(trap.address() as { port: number }).port}/`
    const { url } = await camera({
      answer: (told) =>
        told.method === 'PLAY'
          ? `REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: ${place}\r\n\r\n${normal(told)}`
          : normal(told)
              .replace('a=control:track1', `a=control:${place}track1`)
              .replace(/Content-Length: \d+/, `Content-Length: ${SDP.length + place.length}`),
    })
    await record(url, 5000, { by: 'ffmpeg' })
    expect(elsewhere).toEqual([])
  })
  test.each([
    [
      'a request for another address',
      (own: string) => `OPTIONS ${own.replace(/[^/]+$/, 'guess')} RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
    ],
    [
      'a request for an address that only begins like its own',
      (own: string) => `DESCRIBE ${own}0 RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
    ],
    ['a request for the camera itself', () => 'DESCRIBE rtsp://127.0.0.1/stream RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
    ['bytes that are no request', () => '$\u0001\u0000\u0004abcd'],
  ])('and its relay passes nothing on of another program: %s', async (_, said) => {
    const heard: string[] = []
    const server = createServer(
      (socket) => void socket.on('error', () => {}).on('data', (chunk) => heard.push(chunk.toString('latin1'))),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const relay = await openRtspRelay({
      url: `rtsp://lamppost:secret@127.0.0.1:${(server.address() as { port: number }).port}/stream`,
      signal: new AbortController().signal,
    })
    closers.push(() => relay.close())
    const stranger = connect(Number(new URL(relay.url).port), '127.0.0.1')
    stranger.on('error', () => {})
    stranger.end(said(relay.url), 'latin1')
    await once(stranger, 'close')
    expect(heard).toEqual([])
  })
})
