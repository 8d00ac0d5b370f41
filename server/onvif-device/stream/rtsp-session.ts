/**
 * One client of the device's pictures: an RTSP 1.0 connection (RFC 2326) that signs in, hears what a picture is, and is
 * sent it over TCP or UDP. Not here: where pictures come from (stage), and who may connect (device-door).
 */
import { randomBytes } from 'node:crypto'
import { type Socket as UdpSocket, createSocket } from 'node:dgram'
import type { Duplex } from 'node:stream'
import { rtspDigest } from '../../tools/onvif-server/digest-check.ts'
import { type RtspRequest, createRtspReader, rtspAnswer } from '../../tools/onvif-server/rtsp-messages.ts'
import { GUESS_COSTS_MS } from '../device-guests.ts'
import type { PictureFormat } from './access-units.ts'
import { PAYLOAD_TYPE } from './rtp-packets.ts'
import type { Stage } from './stage.ts'

export type RtspAccess = { realm: string; username: string; password: string }
/** Who is at the other end. */
export type RtspPeer = { address: string; local: string; family: string }
/** One client that reads: `heard` when it takes something, `left` when it has gone. */
export type Reading = { heard(): void; left(): void }
export type RtspPort = {
  access: RtspAccess
  /** Null: there is no such picture. */ stageOf(token: string): { stage: Stage; name: string } | null
  /** May this address try a password now? */ mayTry(): boolean
  onSignedIn(): void
  onRefused(): void
  /** It reads from now on; `heard` is called whenever it takes something. */
  onReading(reading: { stream: string; agent: string; transport: 'TCP' | 'UDP' }): Reading
}

const SESSION_S = 60
/** A client over UDP says nothing by taking packets: by this time it has renewed its session, or it is gone. */
const SILENT_MS = 2 * SESSION_S * 1000 + 10_000
const CHECK_MS = 5000
/** A reader that is this far behind gets no more until it has read; then it goes on at a key picture. */
const MOST_UNSENT = 4 * 1024 * 1024
const UNSENT_AGAIN = 256 * 1024
const STUCK_MS = 30_000
const PUBLIC = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER'
/** Requests that wait for an answer, and wrong passwords of one connection. */
const MOST_WAITING = 20
const MOST_WRONG = 3
/** A client that is told of the end closes its side within that. */
const END_MS = 500

type Transport = { name: 'TCP' | 'UDP'; send(packet: Buffer): void; close(): void; header: string }

/** `/stream/TOKEN` and what a client puts behind it for the one track. Null: another path. */
export function tokenOf(url: string): string | null {
  const [, token] = /^rtsps?:\/\/[^/]*\/stream\/([^/?]{1,200})/i.exec(url) ?? []
  try {
    return token === undefined ? null : decodeURIComponent(token)
  } catch {
    return null
  }
}

/** What a stream is (RFC 4566, RFC 6184 8.2). */
export function descriptionOf(name: string, { sps, pps }: PictureFormat): string {
  const [first] = sps
  const sets = [...sps, ...pps].map((set) => set.toString('base64')).join(',')
  return [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    `s=${name.replaceAll(/[\r\n]/g, ' ')}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} H264/90000`,
    `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1` +
      `${first && first.length > 3 ? `;profile-level-id=${first.toString('hex', 1, 4)}` : ''};sprop-parameter-sets=${sets}`,
    'a=control:track0',
    '',
  ].join('\r\n')
}

/** Serves this connection until it ends. */
export function serveRtsp(socket: Duplex, peer: RtspPeer, port: RtspPort): void {
  const session = randomBytes(8).toString('hex')
  const digest = rtspDigest(port.access, randomBytes(16).toString('hex'))
  let isSignedIn = false
  let wrong = 0
  let waiting = 0
  let transport: Transport | null = null
  let token: string | null = null
  let leave: (() => void) | null = null
  let heardAt = performance.now()
  let heard = (): void => {}

  const answer = ({ headers }: RtspRequest, status: string, more: Record<string, string> = {}, body = ''): void =>
    void socket.write(rtspAnswer(status, headers.get('cseq') ?? '0', more, body))
  const stop = (): void => {
    leave?.()
    leave = null
  }

  async function signedIn(request: RtspRequest): Promise<boolean> {
    if (isSignedIn) return true
    const given = request.headers.get('authorization')
    // After too many wrong passwords none is compared for a minute; asking meanwhile does not make it longer.
    const isBarred = given !== undefined && !port.mayTry()
    const verdict = isBarred ? 'wrong' : digest.check(given, request.method)
    if (verdict === 'wrong') {
      if (!isBarred) port.onRefused()
      wrong += 1
      await new Promise((resolve) => void setTimeout(resolve, GUESS_COSTS_MS).unref())
      if (wrong > MOST_WRONG) socket.destroy()
    }
    if (verdict !== 'right') {
      answer(request, '401 Unauthorized', { 'WWW-Authenticate': digest.challenge })
      return false
    }
    isSignedIn = true
    port.onSignedIn()
    return true
  }

  async function handle(request: RtspRequest): Promise<void> {
    heardAt = performance.now()
    heard()
    if (request.method === 'OPTIONS') return answer(request, '200 OK', { Public: PUBLIC })
    if (!(await signedIn(request))) return
    switch (request.method) {
      case 'DESCRIBE':
        return describe(request)
      case 'SETUP':
        return setUp(request)
      case 'PLAY':
        return play(request)
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return answer(request, '200 OK', { Session: session })
      case 'TEARDOWN':
        stop()
        answer(request, '200 OK', { Session: session })
        return void socket.end()
      default:
        return answer(request, '405 Method Not Allowed', { Allow: PUBLIC })
    }
  }
  async function describe(request: RtspRequest): Promise<void> {
    const found = port.stageOf(tokenOf(request.url) ?? '')
    if (!found) return answer(request, '404 Not Found')
    const format = await found.stage.describe()
    if (!format) return answer(request, '503 Service Unavailable')
    const headers = { 'Content-Type': 'application/sdp', 'Content-Base': `${request.url.replace(/\/$/, '')}/` }
    return answer(request, '200 OK', headers, descriptionOf(found.name, format))
  }
  async function setUp(request: RtspRequest): Promise<void> {
    const asked = tokenOf(request.url)
    if (asked === null || !port.stageOf(asked)) return answer(request, '404 Not Found')
    if (leave) return answer(request, '455 Method Not Valid in This State')
    const made = await transportFor(socket, peer, request.headers.get('transport') ?? '', () => {
      heardAt = performance.now()
      heard()
    })
    if (!made) return answer(request, '461 Unsupported Transport')
    transport?.close()
    transport = null
    if (socket.destroyed) return made.close()
    transport = made
    token = asked
    answer(request, '200 OK', { Transport: made.header, Session: `${session};timeout=${SESSION_S}` })
  }
  function play(request: RtspRequest): void {
    const found = token === null ? null : port.stageOf(token)
    const sending = transport
    if (!found || token === null || !sending) return answer(request, '455 Method Not Valid in This State')
    answer(request, '200 OK', { Session: session, Range: 'npt=now-' })
    if (leave) return
    const agent = request.headers.get('user-agent') ?? ''
    const reading = port.onReading({ stream: token, agent, transport: sending.name })
    ;({ heard } = reading)
    const joined = found.stage.join(readerOf(socket, sending, heard))
    leave = () => {
      joined()
      reading.left()
      heard = () => {}
    }
  }

  const look = setInterval(() => {
    // Over TCP a reader says that it lives by taking what it is sent.
    const isTaking = leave !== null && transport?.name === 'TCP'
    if (!isTaking && performance.now() - heardAt > SILENT_MS) socket.destroy()
  }, CHECK_MS)
  look.unref()
  // One request after the other: a client that sends PLAY with SETUP gets both, in order.
  let turn = Promise.resolve()
  const read = createRtspReader({
    onRequest: (request) => {
      waiting += 1
      if (waiting > MOST_WAITING || (!leave && socket.writableLength > UNSENT_AGAIN)) return void socket.destroy()
      turn = turn
        .then(() => (socket.destroyed ? undefined : handle(request)))
        .catch(() => void socket.destroy())
        .finally(() => void (waiting -= 1))
    },
    onPacket: () => {
      heardAt = performance.now()
      heard()
    },
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      socket.destroy()
    }
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(look)
    stop()
    transport?.close()
  })
}

function readerOf(socket: Duplex, { name, send }: Transport, heard: () => void): Parameters<Stage['join']>[0] {
  let isBehind = false
  let behindSince = 0
  let hasBegun = false
  return {
    send(packets, isKey) {
      if (!hasBegun && !isKey) return
      if (name === 'TCP') {
        const unsent = socket.writableLength
        if (isBehind && !(isKey && unsent < UNSENT_AGAIN)) {
          if (unsent < UNSENT_AGAIN) behindSince = performance.now()
          if (performance.now() - behindSince > STUCK_MS) socket.destroy()
          return
        }
        isBehind = hasBegun && unsent > MOST_UNSENT
        if (isBehind) {
          behindSince = performance.now()
          return
        }
        heard()
        socket.cork()
        for (const packet of packets) send(packet)
        process.nextTick(() => socket.uncork())
      } else for (const packet of packets) send(packet)
      hasBegun = true
    },
    end() {
      socket.end()
      setTimeout(() => socket.destroy(), END_MS).unref()
    },
  }
}

/** @returns null when it cannot be done */
async function transportFor(
  socket: Duplex,
  { address, local, family }: RtspPeer,
  asked: string,
  onReport: () => void,
): Promise<Transport | null> {
  // A client may offer several, the one that it likes best first.
  for (const offer of asked.split(',')) {
    if (/multicast/i.test(offer)) continue
    if (/RTP\/AVP\/TCP/i.test(offer)) {
      const [, rtp = '0', rtcp = '1'] = /interleaved=(\d{1,3})-(\d{1,3})/.exec(offer) ?? []
      return {
        name: 'TCP',
        header: `RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp}`,
        send: (packet) => void socket.write(onChannel(packet, packet[1] === 1 ? Number(rtcp) : Number(rtp))),
        close: () => {},
      }
    }
    const [, rtp, rtcp] = /client_port=(\d{1,5})(?:-(\d{1,5}))?/.exec(offer) ?? []
    if (!/RTP\/AVP/i.test(offer) || rtp === undefined) continue
    const ports = [Number(rtp), Number(rtcp ?? Number(rtp) + 1)]
    if (ports.some((port) => port < 1024 || port > 65_535)) continue
    const sockets = await udpPair(family, local, onReport)
    if (!sockets) continue
    const own = sockets.map((each) => each.address().port)
    return {
      name: 'UDP',
      header: `RTP/AVP;unicast;client_port=${ports.join('-')};server_port=${own.join('-')}`,
      send: (packet) => {
        const channel = packet[1] === 1 ? 1 : 0
        sockets[channel]?.send(packet, 4, packet.length - 4, ports[channel], address)
      },
      close: () => sockets.forEach((each) => each.close()),
    }
  }
  return null
}

/** Packets of one picture are the same for all readers; one that numbers its channels otherwise gets a copy. */
function onChannel(packet: Buffer, channel: number): Buffer {
  if (packet[1] === channel) return packet
  const own = Buffer.from(packet)
  own[1] = channel
  return own
}

async function udpPair(family: string, local: string, onReport: () => void): Promise<UdpSocket[] | null> {
  const pair = [0, 1].map(() => createSocket(family === 'IPv6' ? 'udp6' : 'udp4'))
  try {
    for (const socket of pair)
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(0, local, resolve)
      })
  } catch {
    for (const socket of pair) socket.close()
    return null
  }
  // A client that has gone answers with an error of its machine; its session ends by its silence.
  for (const socket of pair) socket.on('error', () => {})
  // Its reports say that it lives.
  pair[1]?.on('message', onReport)
  return pair
}
