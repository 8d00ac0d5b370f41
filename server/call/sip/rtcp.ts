/**
 * What the other side says of the sound that it is sent (RTCP, RFC 3550 6.4). Pure. Not here: loss on the way to us
 * (audio-watch).
 */

const SENDER_REPORT = 200
const RECEIVER_REPORT = 201
/** Before the report blocks: of a sender, and of who only receives. */
const HEAD_BYTES = { [SENDER_REPORT]: 28, [RECEIVER_REPORT]: 8 } as const
const BLOCK_BYTES = 24

/** `lost`: the share of our packets that did not arrive, 0..1; null: it says nothing of them, so none arrived. */
export type HeardThere = { lost: number | null }

/**
 * The report in a compound packet. Null where there is none.
 * @param bytes as they came
 * @param source ours (SSRC)
 */
export function readReport(bytes: Uint8Array, source: number): HeardThere | null {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let report: HeardThere | null = null
  for (let at = 0; at + 8 <= packet.length;) {
    const length = 4 * (packet.readUInt16BE(at + 2) + 1)
    const kind = packet[at + 1]
    if ((packet[at] ?? 0) >> 6 !== 2 || at + length > packet.length) return report
    if (kind === SENDER_REPORT || kind === RECEIVER_REPORT) {
      report ??= { lost: null }
      const blocks = (packet[at] ?? 0) & 0x1f
      for (let i = 0; i < blocks; i += 1) {
        const from = at + HEAD_BYTES[kind] + i * BLOCK_BYTES
        if (from + BLOCK_BYTES > at + length) return report
        if (packet.readUInt32BE(from) === source) report = { lost: (packet[from + 4] ?? 0) / 256 }
      }
    }
    at += length
  }
  return report
}

/** More than this is all: a fraction of 256 has no whole (RFC 3550 6.4.1), and packets are on their way meanwhile. */
const NEARLY_ALL = 0.98
/** Older than this, a report says nothing of now: devices send one every five seconds. */
const OLD_MS = 15_000
/** A device that has told of our packets before, and does not any more. */
const MOST_WITHOUT = 2

/**
 * Whether we may not be heard there. A device that has never told of our packets is not judged: many tell nothing at
 * all.
 */
export function createHeardThere() {
  let told = false
  let without = 0
  let deaf = false
  let at = 0
  return {
    /** @param now monotonic milliseconds */
    report({ lost }: HeardThere, now: number): void {
      at = now
      told ||= lost !== null
      without = lost === null ? without + 1 : 0
      deaf = lost === null ? told && without >= MOST_WITHOUT : lost >= NEARLY_ALL
    },
    isDeaf: (now: number): boolean => deaf && now - at < OLD_MS,
    /** We may not send now: what it says of that time is nobody's fault. */
    forget(): void {
      without = 0
      deaf = false
    },
  }
}
