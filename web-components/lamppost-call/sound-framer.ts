/** A microphone's samples as A-law packets of 20 ms, 8,000 samples a second. Pure. Its input is filtered already. */
import { FRAME_BYTES, toALaw } from './sound-codec.ts'

/** @param start RTP time of the first sample: random, as RFC 3550 5.1 wants it */
export function createSoundFramer(rate: number, start: number, onFrame: (frame: Uint8Array<ArrayBuffer>) => void) {
  const step = 8000 / rate
  let frame = new Uint8Array(4 + FRAME_BYTES)
  let filled = 0
  let time = start >>> 0
  let place = 0
  let before = 0
  return {
    /** @param samples -1..1; silence is samples, too: it is the sign that this page lives */
    take(samples: Float32Array): void {
      for (const sample of samples) {
        place += step
        if (place >= 1) {
          place -= 1
          // Between two samples of the microphone, where the sample of the packet lies.
          const value = before + (sample - before) * (1 - place / step)
          frame[4 + filled++] = toALaw(Math.round(Math.max(-1, Math.min(1, value)) * 32_767))
        }
        before = sample
        if (filled < FRAME_BYTES) continue
        new DataView(frame.buffer).setUint32(0, time, true)
        time = (time + FRAME_BYTES) >>> 0
        onFrame(frame)
        frame = new Uint8Array(4 + FRAME_BYTES)
        filled = 0
      }
    },
  }
}
