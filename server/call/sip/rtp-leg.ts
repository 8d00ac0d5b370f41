/**
 * One direction each way of RTP (RFC 3550) between Lamppost and the edge, on loopback: A-law packets as they come, and
 * as they go. Not here: jitter buffers (the browser has one), other codecs (rtpengine's), what the sound is for.
 */
import { type Socket, createSocket } from 'node:dgram'
import { randomBytes } from 'node:crypto'
import type { HeardPacket } from '../sound/audio-watch.ts'
import { type KeyEvent, keyEvents } from './key-events.ts'
import { type HeardThere, readReport } from './rtcp.ts'
import type { RemoteSound } from './sip-description.ts'

const A_LAW = 8
const HEADER_BYTES = 12
/** Payload types that are RTCP on the same port (RFC 5761 4). */
const isRtcp = (type: number): boolean => type >= 64 && type <= 95
/** A jump of the source's own time that is longer is a source that began anew. */
const MOST_JUMP = 8000 * 10

export type RtpLeg = Awaited<ReturnType<typeof openRtpLeg>>

async function openPort(host: string): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  // What cannot be sent (the edge has gone) is lost, as on any network; the watch sees that nothing comes back.
  socket.on('error', () => {})
  return socket
}

/**
 * @param host of ours that the edge sends to
 * @param onReport what the other side says of what it is sent
 */
export async function openRtpLeg(
  host: string,
  onPacket: (packet: HeardPacket) => void,
  onReport: (report: HeardThere) => void = () => {},
) {
  const socket = await openPort(host)
  // RFC 3605: the description names it.
  const reports = await openPort(host).catch((error: unknown) => {
    socket.close()
    throw error
  })
  const { port } = socket.address()
  let remote: RemoteSound | null = null
  let latched: number | null = null
  let closed = false
  const source = randomBytes(4).readUInt32BE()
  let sequence = randomBytes(2).readUInt16BE()
  let time = randomBytes(4).readUInt32BE()
  let sourceTime: number | null = null
  let talkspurt = true
  /** Go in the place of sound, a packet for each of its frames. */
  let keys: (KeyEvent | null)[] = []
  let keyTime = 0

  socket.on('message', (bytes, { address, port: from }) => {
    const packet = remote && address === remote.address ? readPacket(bytes) : null
    if (!packet || packet.type !== A_LAW) return
    // Symmetric RTP: where it comes from is where it is sent to, once, until the next description.
    latched ??= from
    onPacket({ ...packet, at: performance.now() })
  })

  reports.on('message', (bytes, { address }) => {
    const report = address === remote?.address ? readReport(bytes, source) : null
    if (report) onReport(report)
  })

  function put(type: number, payload: Uint8Array, at: number, marked: boolean): void {
    if (!remote) return
    sequence = (sequence + 1) & 0xffff
    const packet = rtpPacket({ type, marked, sequence, time: at, source, payload })
    socket.send(packet, latched ?? remote.port, remote.address)
  }

  return {
    port,
    reportPort: reports.address().port,
    /** A new description: it may name another port. */
    sendTo(next: RemoteSound): void {
      remote = next
      latched = null
      if (next.keys === null) keys = []
    },
    /**
     * @param payload A-law bytes
     * @param at their own clock, 8,000 a second, so that gaps of the source stay gaps; null: they follow on
     */
    send(payload: Uint8Array, at: number | null): void {
      if (closed || !remote || remote.direction === 'sendonly' || remote.direction === 'inactive') return
      const jump = at !== null && sourceTime !== null ? (at - sourceTime) | 0 : payload.length
      time = (time + (jump > 0 && jump < MOST_JUMP ? jump : payload.length)) >>> 0
      sourceTime = at
      const key = keys.shift()
      if (key === undefined) {
        put(A_LAW, payload, time, talkspurt)
        talkspurt = false
      } else if (key !== null && remote.keys !== null) {
        if (key.first) keyTime = time
        put(remote.keys, key.payload, keyTime, key.first)
      }
    },
    /** @returns false: the other side takes none this way. @throws on what is no key */
    sendKeys(text: string): boolean {
      if (closed || !remote || remote.keys === null) return false
      keys.push(...keyEvents(text))
      return true
    },
    close(): void {
      if (closed) return
      closed = true
      socket.close()
      reports.close()
    },
  }
}

/** RFC 3550 5.1. @param marked a talkspurt begins with it */
export function rtpPacket({
  type,
  marked,
  sequence,
  time,
  source,
  payload,
}: {
  type: number
  marked: boolean
  sequence: number
  time: number
  source: number
  payload: Uint8Array
}): Buffer {
  const packet = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  packet[0] = 0x80
  packet[1] = type | (marked ? 0x80 : 0)
  packet.writeUInt16BE(sequence, 2)
  packet.writeUInt32BE(time, 4)
  packet.writeUInt32BE(source, 8)
  packet.set(payload, HEADER_BYTES)
  return packet
}

/** Null for what is no RTP. `payload` is a copy: the socket's own memory is used again. */
export function readPacket(
  bytes: Uint8Array,
): { type: number; sequence: number; time: number; payload: Uint8Array } | null {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first = 0, second = 0] = packet
  if (packet.length < HEADER_BYTES || first >> 6 !== 2) return null
  const type = second & 0x7f
  if (isRtcp(type)) return null
  let from = HEADER_BYTES + 4 * (first & 0x0f)
  if ((first & 0x10) !== 0) {
    if (packet.length < from + 4) return null
    from += 4 + 4 * packet.readUInt16BE(from + 2)
  }
  const padding = (first & 0x20) === 0 ? 0 : (packet.at(-1) ?? 0)
  const to = packet.length - padding
  if (from >= to) return null
  return {
    type,
    sequence: packet.readUInt16BE(2),
    time: packet.readUInt32BE(4),
    payload: Uint8Array.from(packet.subarray(from, to)),
  }
}
