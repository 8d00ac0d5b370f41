/** H.264 as RTP (RFC 6184, packetization-mode 1), each packet with the four bytes before it that RTSP over TCP wants. Pure. */

export const PAYLOAD_TYPE = 96
const FRAME_HEADER = 4
export const RTP_HEADER = 12
/** Fits Ethernet with room for tunnels. */
const MOST_PAYLOAD = 1360
const FU_A = 28

/** Where the next packet of a stream continues. `ssrc` stays, whatever is shown. */
export type RtpPlace = { sequence: number; ssrc: number }

/**
 * One picture. Changes `place`.
 * @param time 90 kHz, any size; it wraps
 * @returns `$`, channel 0, length, RTP packet
 */
export function packetsOf(units: readonly Buffer[], time: number, place: RtpPlace): Buffer[] {
  const packets: Buffer[] = []
  const stamp = Math.round(time) % 2 ** 32
  const begin = (payload: number): Buffer => {
    const packet = Buffer.allocUnsafe(FRAME_HEADER + RTP_HEADER + payload)
    packet[0] = 0x24
    packet[1] = 0
    packet.writeUInt16BE(RTP_HEADER + payload, 2)
    packet[4] = 0x80
    packet[5] = PAYLOAD_TYPE
    packet.writeUInt16BE(place.sequence, 6)
    packet.writeUInt32BE(stamp >>> 0, 8)
    packet.writeUInt32BE(place.ssrc >>> 0, 12)
    place.sequence = (place.sequence + 1) & 0xffff
    packets.push(packet)
    return packet
  }
  const content = FRAME_HEADER + RTP_HEADER
  for (const unit of units) {
    if (unit.length <= MOST_PAYLOAD) {
      unit.copy(begin(unit.length), content)
      continue
    }
    const head = unit[0] ?? 0
    for (let at = 1; at < unit.length; at += MOST_PAYLOAD - 2) {
      const size = Math.min(MOST_PAYLOAD - 2, unit.length - at)
      const packet = begin(size + 2)
      packet[content] = (head & 0xe0) | FU_A
      packet[content + 1] = (head & 0x1f) | (at === 1 ? 0x80 : 0) | (at + size === unit.length ? 0x40 : 0)
      unit.copy(packet, content + 2, at, at + size)
    }
  }
  // The marker: the last packet of a picture.
  const last = packets.at(-1)
  if (last) last[5] = PAYLOAD_TYPE | 0x80
  return packets
}

const NTP_EPOCH_S = 2_208_988_800
/**
 * An RTCP sender report (RFC 3550, 6.4.1), as `packetsOf` has its packets, on channel 1.
 * @param wall milliseconds since 1970 at which `time` is shown
 */
export function senderReport(
  wall: number,
  time: number,
  ssrc: number,
  sent: { packets: number; bytes: number },
): Buffer {
  const report = Buffer.alloc(FRAME_HEADER + 28)
  report[0] = 0x24
  report[1] = 1
  report.writeUInt16BE(28, 2)
  report[4] = 0x80
  report[5] = 200
  report.writeUInt16BE(6, 6)
  report.writeUInt32BE(ssrc >>> 0, 8)
  report.writeUInt32BE((Math.floor(wall / 1000) + NTP_EPOCH_S) % 2 ** 32, 12)
  report.writeUInt32BE(Math.floor(((wall % 1000) / 1000) * 2 ** 32) >>> 0, 16)
  report.writeUInt32BE((Math.round(time) % 2 ** 32) >>> 0, 20)
  report.writeUInt32BE(sent.packets >>> 0, 24)
  report.writeUInt32BE(sent.bytes >>> 0, 28)
  return report
}
