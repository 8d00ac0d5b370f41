/**
 * Packets of a voice as they come over a network, and samples as a loudspeaker wants them: a jitter buffer at 8,000
 * samples a second. What is lost is faded over; what comes late is left out; a buffer that has grown is played a little
 * faster until it is short again. Pure: no clock, no audio context.
 */
import { toLinear } from './sound-codec.ts'

/** Samples that it holds before it begins, and comes back to: 60 ms. */
const TARGET = 480
/** More than this is played faster. */
const LONG = 2 * TARGET
/** A tone of 440 Hz is heard as 453 meanwhile; nobody notices in a voice. */
const FASTER = 1.03
/** A whole second behind is left out at once. */
const TOO_LONG = 8000
/** A hole that is longer is silence: there is nothing to fade from. */
const MOST_CONCEALED = 480
const RING = 16_384

export function createSoundBuffer() {
  const ring = new Float32Array(RING)
  let written = 0
  let read = 0
  let between = 0
  let playing = false
  let expected: number | null = null
  let tail = 0
  let counts = { frames: 0, concealed: 0, late: 0, ranDry: 0 }

  const put = (sample: number): void => void (ring[written++ % RING] = sample)
  return {
    /** @param time of the packet's first sample, in 8,000ths of a second */
    packet(time: number, payload: Uint8Array): void {
      const ahead = expected === null ? 0 : (time - expected) | 0
      // Another source, or one that began anew, counts from elsewhere.
      const another = Math.abs(ahead) > TOO_LONG
      if (ahead < 0 && !another) {
        counts.late += 1
        return
      }
      if (ahead > 0 && !another && playing) {
        counts.concealed += 1
        for (let i = 0; i < Math.min(ahead, MOST_CONCEALED); i += 1) put((tail *= 0.98))
      }
      expected = (time + payload.length) | 0
      for (const byte of payload) put(toLinear(byte) / 32_768)
      tail = (ring[(written - 1) % RING] ?? 0) * 0.5
      counts.frames += 1
      if (written - read > TOO_LONG) read = written - TARGET
    },
    /** Fills `out` at `rate` samples a second; silence where there is nothing to play. */
    play(out: Float32Array, rate: number): void {
      if (!playing && written - read >= TARGET) playing = true
      out.fill(0)
      if (!playing) return
      const step = (8000 / rate) * (written - read > LONG ? FASTER : 1)
      for (let i = 0; i < out.length; i += 1) {
        if (written - read < 2) {
          playing = false
          counts.ranDry += 1
          return
        }
        const [a = 0, b = 0] = [ring[read % RING], ring[(read + 1) % RING]]
        out[i] = a + (b - a) * between
        between += step
        while (between >= 1) {
          between -= 1
          read += 1
        }
      }
    },
    buffered: (): number => written - read,
    /** Since the last look. */
    look(): typeof counts {
      const seen = counts
      counts = { frames: 0, concealed: 0, late: 0, ranDry: 0 }
      return seen
    },
  }
}
