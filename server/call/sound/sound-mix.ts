/**
 * Several speakers in one call: each hears the sum of the others, 20 ms at a time. Pure. Not here: who is in the call
 * (call-line).
 */
import { FRAME_BYTES, SAMPLES_PER_MS, SILENCE, toALaw, toLinear } from '../../tools/media/g711.ts'
import { stepsBetween } from './audio-watch.ts'

/** What a network brings early or late: so much of a speaker lies ready before the first of it is heard. */
const READY = 60 * SAMPLES_PER_MS
/** A speaker whose clock is fast, or a burst after a pause: what is older than this is not said any more. */
const MOST = 200 * SAMPLES_PER_MS
const LOUDEST = 32_767

/** `last`: the sequence number of its newest packet. */
type Speaker = { samples: number[]; ready: boolean; last: number | null }
/** A source that began anew counts from elsewhere. */
const MOST_BEHIND = 1000
export type SoundMix = ReturnType<typeof createSoundMix>

export function createSoundMix() {
  const speakers = new Map<string, Speaker>()
  /** The next 20 ms of a speaker; null while nothing of it lies ready. */
  function take(speaker: Speaker): number[] | null {
    speaker.ready ||= speaker.samples.length >= READY
    if (!speaker.ready) return null
    if (speaker.samples.length < FRAME_BYTES) {
      speaker.ready = false
      return null
    }
    return speaker.samples.splice(0, FRAME_BYTES)
  }
  return {
    join: (name: string): void => void speakers.set(name, { samples: [], ready: false, last: null }),
    leave: (name: string): void => void speakers.delete(name),
    /**
     * @param payload A-law; a name that has not joined is ignored
     * @param sequence of its packet: a packet that comes twice, or behind a newer one, is ignored; null: packets come in
     * order
     */
    put(name: string, payload: Uint8Array, sequence: number | null = null): void {
      const speaker = speakers.get(name)
      if (!speaker) return
      if (sequence !== null) {
        const ahead = speaker.last === null ? 1 : stepsBetween(speaker.last, sequence)
        if (ahead <= 0 && ahead > -MOST_BEHIND) return
        speaker.last = sequence
      }
      for (const byte of payload) speaker.samples.push(toLinear(byte))
      if (speaker.samples.length > MOST) speaker.samples.splice(0, speaker.samples.length - READY)
    },
    /**
     * The next 20 ms for each, A-law.
     * @param hears whether one hears the other; nobody hears themselves
     */
    next(hears: (listener: string, speaker: string) => boolean): Map<string, Uint8Array> {
      const said = [...speakers].flatMap(([name, speaker]) => {
        const samples = take(speaker)
        return samples ? [{ name, samples }] : []
      })
      return new Map(
        [...speakers.keys()].map((listener) => {
          const heard = said.filter(({ name }) => name !== listener && hears(listener, name))
          const frame = new Uint8Array(FRAME_BYTES).fill(SILENCE)
          if (heard.length > 0)
            for (let i = 0; i < FRAME_BYTES; i += 1) {
              const sum = heard.reduce((all, { samples }) => all + (samples[i] ?? 0), 0)
              frame[i] = toALaw(Math.max(-LOUDEST, Math.min(LOUDEST, sum)))
            }
          return [listener, frame]
        }),
      )
    },
  }
}
