/**
 * RTSP 1.0 on a client's wire (RFC 2326): answers and interleaved packets out of a byte stream, however it is split.
 * Pure. Copies only what is left over between two reads: the bytes given may be overwritten afterwards.
 */
export type RtspAnswer = { status: number; reason: string; headers: Map<string, string[]>; body: string }
export type RtspWire = {
  /** @throws when the bytes are no RTSP. */
  push(chunk: Buffer): void
  /** Nothing more comes for a while: an answer that does not say how long it is ends here. */
  flush(): void
}
export type RtspRequest = { method: string; uri: string; headers: Map<string, string[]> }
export type RtspWireEvents = {
  onAnswer?(answer: RtspAnswer): void
  /** Left out: requests of the other side are passed over. */
  onRequest?(request: RtspRequest): void
  /**
   * One RTP or RTCP packet: bytes[from, to), good only until this returns; the four bytes before it are its
   * interleaved head.
   */
  onPacket(channel: number, bytes: Buffer, from: number, to: number): void
  /** Bytes between packets that belong to nothing: a packet before or after them may be cut. */
  onStray?(bytes: number): void
}

const DOLLAR = 0x24
const PACKET_HEAD = 4
const MOST_HEAD_BYTES = 16_384
const MOST_MESSAGE_BYTES = 65_536
/**
 * Once packets come, stray bytes are looked through for the next one; so many more of them than of packets are no
 * stream.
 */
const MOST_STRAY_BYTES = 1024 * 1024
const RTP_HEAD = 12
const RTCP_HEAD = 8
const MESSAGE_STARTS = [
  'RTSP/1.',
  'OPTIONS ',
  'ANNOUNCE ',
  'REDIRECT ',
  'GET_PARAMETER ',
  'SET_PARAMETER ',
  'TEARDOWN ',
].map((text) => Buffer.from(text))
const FIRST_LETTERS = new Set(MESSAGE_STARTS.map(([first]) => first))
/** Long enough to tell what begins here. */
const LONGEST_START = 16

export function createRtspWire({
  onAnswer = () => {},
  onRequest = () => {},
  onPacket: hand,
  onStray = () => {},
}: RtspWireEvents): RtspWire {
  /** What has come of a packet or message that is not whole yet. */
  let kept = Buffer.allocUnsafe(2048)
  let length = 0
  /** Channels on which packets came. */
  const channels = new Set<number>()
  let highest = -1
  let stray = 0
  let lost = false

  function onPacket(channel: number, bytes: Buffer, from: number, to: number): void {
    if (!channels.has(channel)) {
      channels.add(channel)
      highest = Math.max(highest, channel)
    }
    if (stray > 0) stray = Math.max(0, stray - (to - from))
    hand(channel, bytes, from, to)
  }
  /**
   * Whether something whole may begin here; null when there are too few bytes to tell. Only asked where the stream
   * was lost.
   */
  function beginsAt(bytes: Buffer, at: number): boolean | null {
    const byte = bytes[at]
    // One comparison rules most bytes out. A hostile device may send megabytes, and this thread reads all cameras.
    if (byte !== DOLLAR && !FIRST_LETTERS.has(byte)) return false
    const left = bytes.length - at
    if (byte === DOLLAR) {
      if (left < PACKET_HEAD + RTCP_HEAD) return null
      const size = ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0)
      const [first = 0, second = 0] = [bytes[at + PACKET_HEAD], bytes[at + PACKET_HEAD + 1]]
      const isControl = second >= 192 && second <= 223
      return channels.has(bytes[at + 1] ?? 0) && first >> 6 === 2 && size >= (isControl ? RTCP_HEAD : RTP_HEAD)
    }
    if (
      MESSAGE_STARTS.some(
        (start) => left >= start.length && bytes.compare(start, 0, start.length, at, at + start.length) === 0,
      )
    )
      return true
    return left < LONGEST_START &&
      MESSAGE_STARTS.some(
        (start) => bytes.compare(start, 0, Math.min(left, start.length), at, at + Math.min(left, start.length)) === 0,
      )
      ? null
      : false
  }
  /**
   * Passes over what belongs to nothing. Returns where something begins, or where there are too few bytes left to
   * tell.
   * @throws when nothing begins for too long
   */
  function nextFrom(bytes: Buffer, from: number): number {
    let at = from
    while (at < bytes.length && beginsAt(bytes, at) === false) at += 1
    if (at > from) {
      onStray(at - from)
      stray += at - from
    }
    if (stray > MOST_STRAY_BYTES) throw new Error('between its packets come bytes that are no RTSP')
    if (at < bytes.length && beginsAt(bytes, at) === true) {
      lost = false
    }
    return at
  }

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
  /**
   * Fills what is kept of a packet from the chunk, and hands it on when it is whole. Returns how much of the chunk
   * that took.
   */
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
      if (lost || isStray(chunk, at)) {
        lost = true
        at = nextFrom(chunk, at)
        if (lost) break
        continue
      }
      const left = chunk.length - at
      if (chunk[at] === DOLLAR) {
        const size =
          left < PACKET_HEAD
            ? Number.POSITIVE_INFINITY
            : PACKET_HEAD + ((chunk[at + 2] ?? 0) << 8) + (chunk[at + 3] ?? 0)
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
  /**
   * Once packets have come, everything begins with one, a line end or a message. Another channel than those that were
   * set up is no packet.
   */
  function isStray(bytes: Buffer, at: number): boolean {
    if (channels.size === 0) return false
    const byte = bytes[at]
    if (byte === 0x0d || byte === 0x0a) return false
    if (byte === DOLLAR) return bytes.length - at >= 2 && (bytes[at + 1] ?? 0) > highest + 1
    return beginsAt(bytes, at) === false
  }
  /** Reads the message that begins here; its size, or null when it is not whole. */
  function messageAt(bytes: Buffer, at: number): number | null {
    // RFC 2326 lets a sender put line ends before a message.
    if (bytes[at] === 0x0d || bytes[at] === 0x0a) return 1
    const head = headAt(bytes, at)
    if (head === null) {
      if (bytes.length - at > MOST_HEAD_BYTES) throw new Error('its RTSP answer has no end')
      return null
    }
    if (head.end - at > MOST_HEAD_BYTES) throw new Error('its RTSP answer is too large')
    const [start = '', ...lines] = bytes.toString('latin1', at, head.end).split(/\r?\n/)
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
    const said = headers.get('content-length')?.[0]
    // Some leave the length of a description out: it lasts until something else begins, or nothing more comes.
    const open = said === undefined && status === '200' && /sdp/i.test(headers.get('content-type')?.[0] ?? '')
    const bodyBytes = open ? openBody(bytes, head.body) : Number(said ?? 0)
    if (bodyBytes === null) return null
    if (!(bodyBytes >= 0 && bodyBytes <= MOST_MESSAGE_BYTES)) throw new Error('its RTSP answer is too large')
    const bodyAt = head.body
    if (bytes.length < bodyAt + bodyBytes) return null
    if (status === undefined) {
      const [method = '', uri = ''] = start.split(' ')
      onRequest({ method, uri, headers })
    } else
      onAnswer({ status: Number(status), reason, headers, body: bytes.toString('utf8', bodyAt, bodyAt + bodyBytes) })
    return bodyAt + bodyBytes - at
  }

  /** How long a description without a length is; null while it may go on. */
  function openBody(bytes: Buffer, from: number): number | null {
    // What was looked through before is not looked through again; a start may have been cut.
    const begin = from + Math.max(0, looked - LONGEST_START)
    looked = 0
    for (let at = begin; at < bytes.length; at += 1)
      if (
        bytes[at] === DOLLAR ||
        (FIRST_LETTERS.has(bytes[at]) &&
          MESSAGE_STARTS.some(
            (start) => bytes.compare(start, 0, start.length, at, Math.min(bytes.length, at + start.length)) === 0,
          ))
      )
        return at - from
    if (flushing) return bytes.length - from
    looked = bytes.length - from
    if (looked > MOST_MESSAGE_BYTES) throw new Error('its RTSP answer is too large')
    return null
  }
  /** Bytes of an open body without a start in them; they are kept until it ends. */
  let looked = 0
  let flushing = false

  return {
    flush() {
      if (length === 0 || kept[0] === DOLLAR) return
      flushing = true
      const all = Buffer.from(kept.subarray(0, length))
      length = 0
      try {
        read(all, 0)
      } finally {
        flushing = false
      }
    },
    push(chunk) {
      if (length === 0) return read(chunk, 0)
      if (kept[0] === DOLLAR && !lost && (channels.size === 0 || length < 2 || (kept[1] ?? 0) <= highest + 1)) {
        const taken = complete(chunk)
        return length === 0 ? read(chunk, taken) : undefined
      }
      const all = Buffer.concat([kept.subarray(0, length), chunk])
      length = 0
      read(all, 0)
    },
  }
}

/**
 * Where a message's head ends and its body begins: at the first empty line, whatever its line ends are; null when
 * that has not come.
 */
function headAt(bytes: Buffer, at: number): { end: number; body: number } | null {
  for (let end = bytes.indexOf(0x0a, at); end !== -1; end = bytes.indexOf(0x0a, end + 1)) {
    const bare = bytes[end + 1] === 0x0a
    if (!bare && !(bytes[end + 1] === 0x0d && bytes[end + 2] === 0x0a)) continue
    return { end: bytes[end - 1] === 0x0d ? end - 1 : end, body: end + (bare ? 2 : 3) }
  }
  return null
}
