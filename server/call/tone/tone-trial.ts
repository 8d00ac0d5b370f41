/**
 * The sound of one trial: silence, the mark, silence, and what comes back meanwhile. Nothing of it is kept. Not here:
 * SIP (sip-agent), when a help point is tried (tone-drill).
 */
import { FRAME_BYTES, FRAME_MS, SAMPLES_PER_MS, SILENCE } from '../../tools/media/g711.ts'
import type { RtpLeg } from '../sip/rtp-leg.ts'
import type { RemoteSound } from '../sip/sip-description.ts'
import type { HeardPacket } from '../sound/audio-watch.ts'
import { type HeardMark, MARK_MS, findMark, markSound } from '../sound/tone-mark.ts'

/** A device opens its loudspeaker, and rtpengine its way, within that; what sounds already then is no mark of ours. */
const BEFORE_MS = 1000
/** So long the mark may be on its way and in the street. */
const AFTER_MS = 1500
const QUIET = new Uint8Array(FRAME_BYTES).fill(SILENCE)
const WHOLE_MS = BEFORE_MS + MARK_MS + AFTER_MS

/** `packets`: how many came. `mark`: null when the call ended before it was through. */
export type HeardTrial = { packets: number; mark: HeardMark | null }
export type ToneTrial = ReturnType<typeof createToneTrial>

export function createToneTrial(leg: Pick<RtpLeg, 'sendTo' | 'send' | 'close'>) {
  const mark = markSound()
  const heard = new Uint8Array(WHOLE_MS * SAMPLES_PER_MS).fill(SILENCE)
  let upSince: number | null = null
  let next = 0
  let packets = 0
  /** Where the source's own clock stands in `heard`; it is found anew when that clock jumps. */
  let anchor: number | null = null
  let over: (trial: HeardTrial) => void = () => {}
  const done = new Promise<HeardTrial>((resolve) => (over = resolve))

  function toRoom({ payload, time, at }: HeardPacket): void {
    if (upSince === null) return
    packets += 1
    const arrived = Math.round((at - upSince) * SAMPLES_PER_MS)
    if (anchor === null || Math.abs(((anchor + time) | 0) - arrived) > 1000 * SAMPLES_PER_MS) anchor = arrived - time
    const place = (anchor + time) | 0
    if (place >= 0 && place + payload.length <= heard.length) heard.set(payload, place)
  }
  function frameAt(ms: number): Uint8Array {
    const from = (ms - BEFORE_MS) * SAMPLES_PER_MS
    return from >= 0 && from < mark.length ? mark.subarray(from, from + FRAME_BYTES) : QUIET
  }

  return {
    toRoom,
    remote: (sound: RemoteSound): void => leg.sendTo(sound),
    /** It is answered. Resolves when the mark is through, or the call has ended. */
    up(): Promise<HeardTrial> {
      upSince = performance.now()
      next = upSince
      return done
    },
    /** What is due. */
    tick(now: number): void {
      if (upSince === null) return
      for (; next <= now; next += FRAME_MS) {
        const ms = Math.round(next - upSince)
        if (ms >= WHOLE_MS) {
          over({ packets, mark: findMark(heard, BEFORE_MS * SAMPLES_PER_MS) })
          upSince = null
          return
        }
        leg.send(frameAt(ms), null)
      }
    },
    close(): void {
      upSince = null
      over({ packets, mark: null })
      leg.close()
    },
  }
}
