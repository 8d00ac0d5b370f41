/**
 * What one direction of a call's sound is like, from its packets: loss, jitter, level, whether it stands still. Pure:
 * times are given. Not here: what the room is told of it (call-line).
 */
import { levelOf } from '../../tools/media/g711.ts'

/** RTP of one direction as it arrived. `at`: monotonic milliseconds; `time`: RTP time, 8,000 a second. */
export type HeardPacket = { sequence: number; time: number; at: number; payload: Uint8Array }

/** Packets of the help point stop for so long: no sound arrives. */
export const NO_SOUND_MS = 2000
/** Quieter than this, dBFS, for so long is a silent line: a microphone that is covered or dead, or nobody. */
const SILENT_BELOW_DB = -60
const SILENT_AFTER_MS = 8000

/** Steps between two sequence numbers of 16 bits, -32768..32767. */
export const stepsBetween = (from: number, to: number): number => ((to - from + 0x8000) & 0xffff) - 0x8000

export function createAudioWatch() {
  let highest: number | null = null
  let received = 0
  let expected = 0
  let jitter = 0
  let last: HeardPacket | null = null
  let level: number | null = null
  let loudAt: number | null = null

  return {
    heard(packet: HeardPacket): void {
      const { sequence, time, at, payload } = packet
      const ahead = highest === null ? 1 : stepsBetween(highest, sequence)
      // A source that began anew counts from elsewhere: nothing is lost between the two.
      if (Math.abs(ahead) > 1000) expected += 1
      else if (ahead > 0) expected += ahead
      if (ahead > 0 || Math.abs(ahead) > 1000) highest = sequence
      received += 1
      if (last) {
        // RFC 3550 6.4.1: how much later than its RTP time says each packet is than the one before.
        const later = Math.abs(at - last.at - ((time - last.time) | 0) / 8)
        if (later < 1000) jitter += (later - jitter) / 16
      }
      last = packet
      const now = levelOf(payload)
      level = level === null ? now : Math.max(now, level)
      loudAt ??= at
      if (now > SILENT_BELOW_DB) loudAt = at
    },
    /** What it was like since the last look; the counts begin anew. */
    look(now: number): {
      lossPercent: number
      jitterMs: number
      level: number | null
      stopped: boolean
      silent: boolean
    } {
      const seen = {
        lossPercent: expected === 0 ? 0 : Math.max(0, Math.round((100 * (expected - received)) / expected)),
        jitterMs: Math.round(jitter),
        level,
        stopped: last !== null && now - last.at > NO_SOUND_MS,
        silent: loudAt !== null && last !== null && now - last.at <= NO_SOUND_MS && now - loudAt > SILENT_AFTER_MS,
      }
      received = 0
      expected = 0
      level = null
      return seen
    },
    /** When its newest packet came; null before the first. */
    last: (): number | null => last?.at ?? null,
  }
}
