/**
 * One camera's RTSP server: an encoder publishes (ANNOUNCE, RECORD), several clients watch (digest, TCP or UDP).
 * The encoder is started by the first client and stopped when the last one has gone.
 */
import { randomBytes } from 'node:crypto'
import { type Socket as UdpSocket, createSocket } from 'node:dgram'
import { type Socket, createServer } from 'node:net'
import {
  type RtspRequest,
  beginsKeyframe,
  createRtspReader,
  rtspAnswer,
} from '../../tools/onvif-server/rtsp-messages.ts'
import { rtspDigest } from '../../tools/onvif-server/digest-check.ts'
import { listenOnOwnPort } from '../own-port.ts'

export type RtspCredentials = { username: string; password: string }
/**
 * The camera's loudspeaker: who asks for the back channel (ONVIF Streaming Specification 5.3) sends it sound. One speaks at
 * a time.
 */
export type Loudspeaker = {
  /** Each packet's sound, as it came: mu-law. */
  heard(payload: Buffer): void
  /** Nobody speaks any more. */
  ended(): void
}
const BACK_CHANNEL = 'www.onvif.org/ver20/backchannel'
const BACK_TRACK = 'backchannel'
const RTP_HEADER_BYTES = 12
const INTERLEAVED_HEADER_BYTES = 4
/** Mu-law, as most cameras take it. */
const backTrack = ['m=audio 0 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', `a=control:${BACK_TRACK}`, 'a=sendonly', ''].join(
  '\r\n',
)
/** A client. `tracks`: what it set up, by the publisher's channel (RTP even, RTCP odd). */
type Reader = { tracks: Map<number, (bytes: Buffer) => void>; started: boolean; closes: (() => void)[] }

const REALM = 'lamppost simulator'
const LINGER_MS = 3000
const MOST_UNSENT = 4_000_000
const PUBLISH_DEADLINE_MS = 8000
/**
 * How packets flow: `stopped` keeps connections open and sends nothing; `drip` sends a packet that never ends, a byte
 * now and then.
 */
export type Flow = 'normal' | 'stopped' | 'drip'
const DRIP_EVERY_MS = 300

export async function startRtspServer({
  port,
  credentials,
  startEncoder,
  loudspeaker = null,
}: {
  /** Null: it has none. */ loudspeaker?: Loudspeaker | null
  port: number
  credentials: RtspCredentials
  startEncoder(publishTo: string): () => Promise<void>
}) {
  const publishPath = `/publish-${randomBytes(8).toString('hex')}`
  const sockets = new Set<Socket>()
  const readers = new Set<Reader>()
  let sdp: string | null = null
  let stopEncoder: (() => Promise<void>) | null = null
  let sdpWaiters: ((sdp: string | null) => void)[] = []
  let linger: NodeJS.Timeout | null = null
  let flow: Flow = 'normal'
  /** Who speaks through the loudspeaker, and on which channel. */
  let speaking: { socket: Socket; channel: number } | null = null
  let drip: NodeJS.Timeout | null = null

  const described = (text: string | null): void => {
    sdp = text
    for (const waiter of sdpWaiters.splice(0)) waiter(text)
  }
  function wanted(): Promise<string | null> {
    if (linger) clearTimeout(linger)
    linger = null
    stopEncoder ??= startEncoder(`rtsp://127.0.0.1:${own}${publishPath}`)
    if (sdp) return Promise.resolve(sdp)
    return new Promise((resolve) => {
      sdpWaiters.push(resolve)
      setTimeout(() => resolve(sdp), PUBLISH_DEADLINE_MS).unref()
    })
  }
  function perhapsStop(): void {
    if (readers.size > 0 || linger) return
    linger = setTimeout(() => {
      linger = null
      if (readers.size > 0) return
      void stopEncoder?.()
      stopEncoder = null
      described(null)
    }, LINGER_MS)
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    const digest = rtspDigest({ realm: REALM, ...credentials }, randomBytes(16).toString('hex'))
    const session = randomBytes(8).toString('hex')
    let reader: Reader | null = null
    let publisher = false
    const answer = (request: RtspRequest, status: string, headers: Record<string, string> = {}, body = ''): void =>
      void socket.write(rtspAnswer(status, request.headers.get('cseq') ?? '0', headers, body))

    async function handle(request: RtspRequest): Promise<void> {
      const path = new URL(request.url === '*' ? 'rtsp://x/' : request.url).pathname
      if (path.startsWith(publishPath)) return publish(request)
      if (request.method === 'OPTIONS')
        return answer(request, '200 OK', { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER' })
      if (digest.check(request.headers.get('authorization'), request.method) !== 'right')
        return answer(request, '401 Unauthorized', { 'WWW-Authenticate': digest.challenge })
      if (!path.startsWith('/stream')) return answer(request, '404 Not Found')
      const asksToSpeak = request.headers.get('require')?.includes(BACK_CHANNEL) ?? false
      if (asksToSpeak && !loudspeaker) return answer(request, '551 Option not supported', { Unsupported: BACK_CHANNEL })
      if (request.method === 'DESCRIBE') {
        const pictures = await wanted()
        const text = pictures && (asksToSpeak ? `${pictures.replace(/[\r\n]*$/, '\r\n')}${backTrack}` : pictures)
        perhapsStop()
        return text
          ? answer(
              request,
              '200 OK',
              { 'Content-Type': 'application/sdp', 'Content-Base': `${request.url.replace(/\/$/, '')}/` },
              text,
            )
          : answer(request, '503 Service Unavailable')
      }
      if (request.method === 'SETUP') {
        const asked = request.headers.get('transport') ?? ''
        if (path.replace(/\/$/, '').endsWith(`/${BACK_TRACK}`)) return hear(request, asked)
        const track = Number(/streamid=(\d+)\/?$/.exec(path)?.[1] ?? 0)
        reader ??= { tracks: new Map(), started: false, closes: [] }
        const transport = await transportFor(socket, asked, track, reader)
        if (transport === null) return answer(request, '461 Unsupported Transport')
        return answer(request, '200 OK', { Transport: transport, Session: `${session};timeout=60` })
      }
      if (request.method === 'PLAY' && !reader && speaking?.socket === socket)
        return answer(request, '200 OK', { Session: session })
      if (request.method === 'PLAY' && reader) {
        readers.add(reader)
        await wanted()
        return answer(request, '200 OK', { Session: session, Range: 'npt=0.000-' })
      }
      if (request.method === 'GET_PARAMETER' || request.method === 'SET_PARAMETER')
        return answer(request, '200 OK', { Session: session })
      if (request.method === 'TEARDOWN') {
        answer(request, '200 OK', { Session: session })
        return void socket.end()
      }
      return answer(request, '405 Method Not Allowed')
    }

    function hear(request: RtspRequest, asked: string): void {
      const [, channel] = /interleaved=(\d+)-\d+/.exec(asked) ?? []
      if (channel === undefined) return answer(request, '461 Unsupported Transport')
      if (speaking && speaking.socket !== socket) return answer(request, '453 Not Enough Bandwidth')
      speaking = { socket, channel: Number(channel) }
      answer(request, '200 OK', { Transport: asked, Session: `${session};timeout=60` })
    }

    function publish(request: RtspRequest): void {
      // The encoder's tracks come on channels 0-1, 2-3, … in the order of its description.
      const setUp =
        request.method === 'SETUP'
          ? { Transport: request.headers.get('transport') ?? '', Session: session }
          : { Session: session }
      if (request.method === 'ANNOUNCE') {
        publisher = true
        described(request.body)
      }
      answer(request, '200 OK', setUp)
    }

    const read = createRtspReader({
      onRequest: (request) => {
        handle(request).catch(() => socket.destroy())
      },
      onPacket: ({ channel, bytes }) => {
        if (speaking?.socket === socket && channel === speaking.channel)
          return loudspeaker?.heard(bytes.subarray(INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES))
        if (!publisher || flow !== 'normal') return
        const key = channel === 0 && beginsKeyframe(bytes, sdp?.includes('H265') ?? false)
        for (const each of readers) {
          each.started ||= key
          if (each.started) each.tracks.get(channel)?.(bytes)
        }
      },
    })
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (speaking?.socket === socket) {
        speaking = null
        loudspeaker?.ended()
      }
      if (publisher && stopEncoder) {
        void stopEncoder()
        stopEncoder = null
        described(null)
        // Its encoder died: clients must notice too.
        for (const other of sockets) other.destroy()
      }
      if (reader) {
        readers.delete(reader)
        for (const close of reader.closes) close()
        perhapsStop()
      }
    })
  })

  const own = await listenOnOwnPort(server, port)

  return {
    port: own,
    watching: () => readers.size,
    /** Whether somebody has its loudspeaker. */
    spokenThrough: (): boolean => speaking !== null,
    setFlow(next: Flow): void {
      flow = next
      if (drip) clearInterval(drip)
      drip = null
      if (next !== 'drip') return
      const start = [0x24, 0, 0xff, 0xff]
      drip = setInterval(() => {
        const byte = start.shift() ?? 0
        for (const { tracks } of readers) tracks.get(0)?.(Buffer.of(byte))
      }, DRIP_EVERY_MS)
    },
    async close(): Promise<void> {
      if (linger) clearTimeout(linger)
      if (drip) clearInterval(drip)
      const encoderGone = stopEncoder?.()
      stopEncoder = null
      described(null)
      for (const socket of sockets) socket.destroy()
      await encoderGone
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Adds one track to the reader; the answer's Transport header, or null when it cannot be done. */
async function transportFor(socket: Socket, asked: string, track: number, reader: Reader): Promise<string | null> {
  const [rtpOf, rtcpOf] = [track * 2, track * 2 + 1]
  if (/RTP\/AVP\/TCP/i.test(asked)) {
    const [, rtp = String(rtpOf), rtcp = String(rtcpOf)] = /interleaved=(\d+)-(\d+)/.exec(asked) ?? []
    let corked = false
    const uncork = (): void => {
      corked = false
      socket.uncork()
    }
    const sendOn =
      (channel: number) =>
      (bytes: Buffer): void => {
        // A client that does not read loses its connection, not our memory.
        if (socket.writableLength > MOST_UNSENT) return void socket.destroy()
        const packet = bytes[1] === channel ? bytes : Buffer.from(bytes)
        packet[1] = channel
        // The packets of one picture leave together: one wake-up for the client, not one for each.
        if (!corked) {
          corked = true
          socket.cork()
          setImmediate(uncork)
        }
        socket.write(packet)
      }
    reader.tracks.set(rtpOf, sendOn(Number(rtp))).set(rtcpOf, sendOn(Number(rtcp)))
    return `RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp}`
  }
  const [, rtp, rtcp] = /client_port=(\d+)-(\d+)/.exec(asked) ?? []
  if (!rtp || !rtcp) return null
  const udp: UdpSocket = createSocket(socket.remoteFamily === 'IPv6' ? 'udp6' : 'udp4')
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  reader.closes.push(() => udp.close())
  const sendTo =
    (port: number) =>
    (bytes: Buffer): void =>
      udp.send(bytes, 4, bytes.length - 4, port, socket.remoteAddress)
  reader.tracks.set(rtpOf, sendTo(Number(rtp))).set(rtcpOf, sendTo(Number(rtcp)))
  const own = udp.address().port
  return `RTP/AVP;unicast;client_port=${rtp}-${rtcp};server_port=${own}-${own}`
}
