/**
 * Where one picture ends and the next begins, by what its slices say: some cameras give two pictures one timestamp,
 * or one picture two. Pure. ITU-T H.264 7.3.3 (first_mb_in_slice), H.265 7.3.6.1 (first_slice_segment_in_pic_flag).
 */
import { h264FieldRules, sliceBits } from './picture-format.ts'
import type { NalCodec } from './nal-units.ts'

/**
 * `first`: the slice begins a picture. Null: it is no slice that could say so (parameter sets, messages, later
 * partitions of a slice).
 */
export type SliceStart = { first: boolean } | null

/** @param kind of the NAL unit. @param payload the first byte behind its header. */
export const sliceStart = {
  // One bit, and it is set: ue(v) of 0. Partitions B and C begin with another number.
  h264: (kind: number, payload: number): SliceStart =>
    kind === 1 || kind === 2 || kind === 5 ? { first: (payload & 0x80) !== 0 } : null,
  h265: (kind: number, payload: number): SliceStart => (kind < 32 ? { first: (payload & 0x80) !== 0 } : null),
} satisfies Record<NalCodec, (kind: number, payload: number) => SliceStart>

export type FieldRules = ReturnType<typeof h264FieldRules>
/** Null where no picture of the stream is made of fields: nothing is read of its slices then. */
export function fieldRulesOf(sps: Buffer | null): FieldRules | null {
  try {
    const rules = sps && h264FieldRules(sps)
    return rules && !rules.framesOnly ? rules : null
  } catch {
    return null
  }
}
export type Field = { frame: number; bottom: boolean }
/**
 * The field that a slice of H.264 belongs to; null when it is of a whole frame, or cannot be read.
 * @param nal the beginning of the unit, its header byte included
 */
export function fieldOf({ frameNumBits, separatePlanes }: FieldRules, nal: Buffer): Field | null {
  try {
    const { bits, ue } = sliceBits(nal)
    ue()
    ue()
    ue()
    if (separatePlanes) bits(2)
    const frame = bits(frameNumBits)
    return bits(1) === 1 ? { frame, bottom: bits(1) === 1 } : null
  } catch {
    return null
  }
}
/** Two fields of one frame are one picture: they are shown together, and one sample of a film. */
export const isOtherField = (one: Field | null, other: Field | null): boolean =>
  one !== null && other !== null && one.frame === other.frame && one.bottom !== other.bottom
