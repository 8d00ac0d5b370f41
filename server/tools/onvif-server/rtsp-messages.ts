/** RTSP 1.0 on the wire (RFC 2326): messages and interleaved packets out of a byte stream. Pure. */
export type RtspRequest = { method: string; url: string; headers: Map<string, string>; body: string }
export type Packet = { channel: number; bytes: Buffer }

const MOST_HEADER = 16_384
const MOST_BODY = 64 * 1024

export function createRtspReader({
  onRequest,
  onPacket,
}: {
  onRequest(request: RtspRequest): void
  onPacket(packet: Packet): void
}) {
  let pending: Buffer = Buffer.alloc(0)

  function next(): boolean {
    if (pending.length < 4) return false
    if (pending[0] === 0x24) {
      const size = pending.readUInt16BE(2)
      if (pending.length < 4 + size) return false
      onPacket({ channel: pending[1] ?? 0, bytes: pending.subarray(0, 4 + size) })
      pending = pending.subarray(4 + size)
      return true
    }
    const end = pending.indexOf('\r\n\r\n')
    if (end > MOST_HEADER || (end === -1 && pending.length > MOST_HEADER)) throw new Error('a header without end')
    if (end === -1) return false
    const [start = '', ...lines] = pending.toString('utf8', 0, end).split('\r\n')
    const headers = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).trim().toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const said = headers.get('content-length') ?? '0'
    const length = /^\d{1,6}$/.test(said) ? Number(said) : Infinity
    if (length > MOST_BODY) throw new Error('a body of no length')
    if (pending.length < end + 4 + length) return false
    const [method = '', url = ''] = start.split(' ')
    const body = pending.toString('utf8', end + 4, end + 4 + length)
    pending = pending.subarray(end + 4 + length)
    onRequest({ method, url, headers, body })
    return true
  }

  return (chunk: Buffer): void => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (next());
  }
}

export function rtspAnswer(status: string, cseq: string, headers: Record<string, string> = {}, body = ''): string {
  const all = { CSeq: cseq, ...headers, ...(body ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}) }
  return `RTSP/1.0 ${status}\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`
}

/**
 * True when an RTP packet begins a picture that can be decoded by itself: parameter sets, the first slice of an IDR,
 * or the first fragment of that (RFC 6184, RFC 7798).
 */
export function beginsKeyframe(packet: Buffer, h265 = false): boolean {
  const rtp = packet.subarray(4)
  const at = 12 + ((rtp[0] ?? 0) & 0x0f) * 4
  const starts = ((rtp[at + (h265 ? 2 : 1)] ?? 0) & 0x80) !== 0
  /** The first bit of a slice is set in a picture's first one. */
  const isFirst = (slice: number): boolean => ((rtp[slice] ?? 0) & 0x80) !== 0
  if (h265) {
    const kind = ((rtp[at] ?? 0) >> 1) & 0x3f
    const inside = (rtp[at + 2] ?? 0) & 0x3f
    return (
      (kind >= 16 && kind <= 21 && isFirst(at + 2)) ||
      kind === 32 ||
      (kind === 48 && (rtp[at + 4] ?? 0) >> 1 === 32) ||
      (kind === 49 && starts && inside >= 16 && inside <= 21 && isFirst(at + 3))
    )
  }
  const kind = (rtp[at] ?? 0) & 0x1f
  if (kind === 28) return starts && ((rtp[at + 1] ?? 0) & 0x1f) === 5 && isFirst(at + 2)
  if (kind === 24) return ((rtp[at + 3] ?? 0) & 0x1f) === 7
  return kind === 7 || (kind === 5 && isFirst(at + 1))
}
