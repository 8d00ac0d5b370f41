/**
 * RTSP 1.0 on a client's wire (RFC 2326): answers and interleaved packets out of a byte stream, however it is split.
 * Pure. Copies only what is left over between two reads: the bytes given may be overwritten afterwards.
 */
export type RtspAnswer = { status: number; reason: string; headers: Map<string, string[]>; body: string }
export type RtspWire = {
  /** @throws when the bytes are no RTSP. */
  push(chunk: Buffer): void
}
export type RtspWireEvents = {
  onAnswer(answer: RtspAnswer): void
  /** One RTP or RTCP packet: bytes[from, to), good only until this returns. */
  onPacket(channel: number, bytes: Buffer, from: number, to: number): void
}

const DOLLAR = 0x24
const PACKET_HEAD = 4
const MOST_HEAD_BYTES = 16_384
const MOST_MESSAGE_BYTES = 65_536
const HEAD_END = Buffer.from('\r\n\r\n')

export function createRtspWire({ onAnswer, onPacket }: RtspWireEvents): RtspWire {
  /** What has come of a packet or message that is not whole yet. */
  let kept = Buffer.allocUnsafe(2048)
  let length = 0

  function keep(bytes: Buffer, from: number, to: number): void {
    const needed = length + to - from
    if (needed > kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, kept.length * 2))
      kept.copy(larger, 0, 0, length)
      kept = larger
    }
    bytes.copy(kept, length, from, to)
    length = needed
  }
  /** Fills what is kept of a packet from the chunk, and hands it on when it is whole. Returns how much of the chunk that took. */
  function complete(chunk: Buffer): number {
    let taken = 0
    const fillTo = (size: number): boolean => {
      const take = Math.min(Math.max(0, size - length), chunk.length - taken)
      keep(chunk, taken, taken + take)
      taken += take
      return length >= size
    }
    if (!fillTo(PACKET_HEAD) || !fillTo(PACKET_HEAD + kept.readUInt16BE(2))) return taken
    const size = length
    length = 0
    onPacket(kept[1] ?? 0, kept, PACKET_HEAD, size)
    return taken
  }
  /** Hands on everything whole in the chunk, and keeps the rest. */
  function read(chunk: Buffer, begin: number): void {
    let at = begin
    while (at < chunk.length) {
      const left = chunk.length - at
      if (chunk[at] === DOLLAR) {
        const size = left < PACKET_HEAD ? Number.POSITIVE_INFINITY : PACKET_HEAD + ((chunk[at + 2] ?? 0) << 8) + (chunk[at + 3] ?? 0)
        if (left < size) break
        onPacket(chunk[at + 1] ?? 0, chunk, at + PACKET_HEAD, at + size)
        at += size
      } else {
        const size = messageAt(chunk, at)
        if (size === null) break
        at += size
      }
    }
    keep(chunk, at, chunk.length)
  }
  /** Reads the message that begins here; its size, or null when it is not whole. */
  function messageAt(bytes: Buffer, at: number): number | null {
    // RFC 2326 lets a sender put line ends before a message.
    if (bytes[at] === 0x0d || bytes[at] === 0x0a) return 1
    const end = bytes.indexOf(HEAD_END, at)
    if (end === -1) {
      if (bytes.length - at > MOST_HEAD_BYTES) throw new Error('its RTSP answer has no end')
      return null
    }
    if (end - at > MOST_HEAD_BYTES) throw new Error('its RTSP answer is too large')
    const [start = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n')
    const [, status, reason = ''] = /^RTSP\/\d\.\d (\d{3})\s*(.*)$/.exec(start) ?? []
    // Requests of a server to its client (some announce things) have the same form, and are passed over.
    if (status === undefined && !/^[A-Z_]+ \S+ RTSP\/\d\.\d$/.test(start)) throw new Error('its answer is no RTSP')
    const headers = new Map<string, string[]>()
    for (const line of lines) {
      const name = line.slice(0, line.indexOf(':')).trim().toLowerCase()
      const value = line.slice(line.indexOf(':') + 1).trim()
      const others = headers.get(name)
      if (others) others.push(value)
      else headers.set(name, [value])
    }
    const bodyBytes = Number(headers.get('content-length')?.[0] ?? 0)
    if (!(bodyBytes >= 0 && bodyBytes <= MOST_MESSAGE_BYTES)) throw new Error('its RTSP answer is too large')
    const bodyAt = end + HEAD_END.length
    if (bytes.length < bodyAt + bodyBytes) return null
    if (status !== undefined) onAnswer({ status: Number(status), reason, headers, body: bytes.toString('utf8', bodyAt, bodyAt + bodyBytes) })
    return bodyAt + bodyBytes - at
  }

  return {
    push(chunk) {
      if (length === 0) return read(chunk, 0)
      if (kept[0] === DOLLAR) {
        const taken = complete(chunk)
        return length === 0 ? read(chunk, taken) : undefined
      }
      const all = Buffer.concat([kept.subarray(0, length), chunk])
      length = 0
      read(all, 0)
    },
  }
}
