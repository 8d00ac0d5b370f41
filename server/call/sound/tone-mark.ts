/**
 * The mark that tries a help point's loudspeaker and microphone: two tones at once, and where they come back in what is
 * heard. Pure. Not here: the call in which it is sent (tone-trial), what its absence means (readiness).
 */
import { SAMPLES_PER_MS, levelOf, toALaw, toLinear } from '../../tools/media/g711.ts'

/** Two at once: no siren, no ringing tone and no hum has both. Hertz. */
const TONES = [1000, 1700] as const
/** Where a street's own noise is looked for, between and beside them; hertz. */
const BESIDES = [700, 950, 1050, 1300, 1650, 1750, 2100, 2600] as const
export const MARK_MS = 2000
/** Of each tone: both together stay below full scale, as loud as a voice. */
const AMPLITUDE = 8000
const WINDOW = 100 * SAMPLES_PER_MS
const HOP = 20 * SAMPLES_PER_MS
/** A tone is there when it has so many times the power of what lies beside it: 9 dB. */
const STANDS_OUT = 8
/** Less of a window's power is what a codec makes of other sound: -40 dB. */
const LEAST_SHARE = 1e-4
/** A small loudspeaker says one tone louder than the other; by more than 20 dB it is another sound. */
const LEAST_OF_OTHER = 0.01
/** A window that the mark fills: the square of the part that lies in it. */
const FILLED = 0.8
/** Quieter is no sound. */
const LEAST_DB = -75

/** The mark as it is sent: A-law, 8,000 bytes a second. */
export const markSound = (): Uint8Array =>
  Uint8Array.from({ length: MARK_MS * SAMPLES_PER_MS }, (_, i) =>
    toALaw(TONES.reduce((sum, hz) => sum + AMPLITUDE * Math.sin((2 * Math.PI * hz * i) / 8000), 0)),
  )

export type HeardMark = {
  /** Of the mark's length, 0..1. */
  share: number
  /** From when it was sent until it came; null: it did not. */
  loopMs: number | null
  /** Of the two tones alone, whatever the street is like; dBFS. Null: they were not there. */
  levelDb: number | null
  /** Both tones were heard before they were sent: something else sounds like that. */
  before: boolean
}

/** Without it, a tone that is 60 Hz off would still be seen here (Hann). */
const SHAPE = Float64Array.from({ length: WINDOW }, (_, i) => 1 - Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW))
/** A tone's share of a window's power, 0..1 (Goertzel). */
function shareOf(window: Float64Array, power: number, hz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / 8000)
  let [a, b] = [0, 0]
  for (const [i, sample] of window.entries()) [a, b] = [sample * (SHAPE[i] ?? 0) + factor * a - b, a]
  return power === 0 ? 0 : (2 * (a * a + b * b - factor * a * b)) / (window.length * power)
}
/** The tones' power in a window; 0 where they are not both there. */
function markPower(window: Float64Array): number {
  const power = window.reduce((sum, sample) => sum + sample * sample, 0)
  const shares = TONES.map((hz) => shareOf(window, power, hz))
  const beside = BESIDES.reduce((sum, hz) => sum + shareOf(window, power, hz), 0) / BESIDES.length
  const [weak, strong] = [Math.min(...shares), Math.max(...shares)]
  const is = weak > STANDS_OUT * beside && weak > LEAST_SHARE && weak > LEAST_OF_OTHER * strong
  return is ? (weak + strong) * power : 0
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/**
 * @param heard A-law, from the answer on, gaps filled with silence
 * @param sentAt byte of `heard` at which the first byte of the mark was sent
 */
export function findMark(heard: Uint8Array, sentAt: number): HeardMark {
  const samples = Float64Array.from(heard, toLinear)
  const levelAt = (from: number): number => levelOf(heard.subarray(from, from + WINDOW))
  const powerAt = (from: number): number =>
    levelAt(from) > LEAST_DB ? markPower(samples.subarray(from, from + WINDOW)) : 0
  const starts = (from: number, to: number, step: number): number[] => {
    const all: number[] = []
    for (let start = Math.max(0, from); start + WINDOW <= to; start += step) all.push(start)
    return all
  }
  const isThere = (start: number): boolean => powerAt(start) > 0
  const before = starts(0, sentAt, WINDOW).some(isThere)
  const first = starts(sentAt, heard.length, HOP).find(isThere)
  if (first === undefined) return { share: 0, loopMs: null, levelDb: null, before }
  const plateau = median(
    starts(first, heard.length, WINDOW)
      .map(powerAt)
      .filter((power) => power > 0),
  )
  const begin = starts(first, heard.length, HOP).find((start) => powerAt(start) >= FILLED * plateau) ?? first
  const found = starts(begin, heard.length, WINDOW).filter(isThere)
  return {
    share: Math.min(1, (found.length * WINDOW) / (MARK_MS * SAMPLES_PER_MS)),
    loopMs: Math.round((begin - sentAt) / SAMPLES_PER_MS),
    levelDb: Math.round(10 * Math.log10(median(found.map(powerAt)) / WINDOW / 32_768 ** 2)),
    before,
  }
}
