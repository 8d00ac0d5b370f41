/**
 * What a sequence parameter set says of the picture: its size, and what the decoder's configuration record repeats
 * (ITU-T H.264 7.3.2.1.1, H.265 7.3.2.2). Pure.
 */
export type PictureFormat = {
  width: number
  height: number
  chroma: number
  depthLuma: number
  depthChroma: number
  /** H.265: the twelve bytes of profile, compatibility, constraints and level; else empty. */ profile: Buffer
}

type Bits = { bits(count: number): number; ue(): number; se(): number }

/** Reads a NAL unit's bits; the bytes that keep start codes out of it are left out. */
function bitsOf(nal: Buffer, from: number): Bits {
  const bytes: number[] = []
  for (let at = from, zeros = 0; at < nal.length; at += 1) {
    const byte = nal[at] ?? 0
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    bytes.push(byte)
  }
  let at = 0
  const bit = (): number => {
    const byte = bytes[at >> 3]
    if (byte === undefined) throw new Error('its parameter sets are cut short')
    at += 1
    return (byte >> (7 - ((at - 1) & 7))) & 1
  }
  const bits = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i += 1) value = value * 2 + bit()
    return value
  }
  const ue = (): number => {
    let zeros = 0
    while (bit() === 0) zeros += 1
    if (zeros > 31) throw new Error('its parameter sets make no sense')
    return 2 ** zeros - 1 + bits(zeros)
  }
  return { bits, ue, se: () => ((value) => (value % 2 === 1 ? (value + 1) / 2 : -value / 2))(ue()) }
}

const WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/** The first bits of a slice, behind the NAL unit's header. @throws when it is read past its end */
export const sliceBits = (nal: Buffer): Pick<Bits, 'bits' | 'ue'> => bitsOf(nal, 1)
/** What must be known to tell a slice's field. @throws when the bytes are no sequence parameter set. */
export function h264FieldRules(sps: Buffer): { frameNumBits: number; framesOnly: boolean; separatePlanes: boolean } {
  const { frameNumBits, framesOnly, separatePlanes } = readH264(sps)
  return { frameNumBits, framesOnly, separatePlanes }
}
/** @throws when the bytes are no sequence parameter set. */
export function h264Format(sps: Buffer): PictureFormat {
  const { width, height, chroma, depthLuma, depthChroma } = readH264(sps)
  return { width, height, chroma, depthLuma, depthChroma, profile: Buffer.alloc(0) }
}

function readH264(sps: Buffer) {
  const { bits, ue, se } = bitsOf(sps, 4)
  ue()
  let separatePlanes = false
  let [chroma, depthLuma, depthChroma] = [1, 8, 8]
  if (WITH_CHROMA.has(sps[1] ?? 0)) {
    chroma = ue()
    if (chroma === 3) separatePlanes = bits(1) === 1
    depthLuma = 8 + ue()
    depthChroma = 8 + ue()
    bits(1)
    if (bits(1) === 1)
      for (let list = 0; list < (chroma === 3 ? 12 : 8); list += 1)
        if (bits(1) === 1) skipScaling(list < 6 ? 16 : 64, se)
  }
  const frameNumBits = ue() + 4
  const order = ue()
  if (order === 0) ue()
  else if (order === 1) {
    bits(1)
    se()
    se()
    for (let left = ue(); left > 0; left -= 1) se()
  }
  ue()
  bits(1)
  const columns = ue() + 1
  const rows = ue() + 1
  const frames = bits(1)
  if (frames === 0) bits(1)
  bits(1)
  const crop = bits(1) === 1 ? [ue(), ue(), ue(), ue()] : []
  const [left = 0, right = 0, top = 0, bottom = 0] = crop
  const [unitX, unitY] = [chroma === 1 || chroma === 2 ? 2 : 1, (chroma === 1 ? 2 : 1) * (2 - frames)]
  return {
    width: columns * 16 - (left + right) * unitX,
    height: rows * 16 * (2 - frames) - (top + bottom) * unitY,
    chroma,
    depthLuma,
    depthChroma,
    frameNumBits,
    framesOnly: frames === 1,
    separatePlanes,
    /** From here on stands how it is shown (Annex E). */ bits,
  }
}

/**
 * Whether black is 0 and white 255 (video_full_range_flag, E.2.1) instead of 16 and 235; a stream that does not say
 * so has the latter.
 */
export function h264FullRange(sps: Buffer): boolean {
  try {
    const { bits } = readH264(sps)
    const present = (): boolean => bits(1) === 1
    if (!present()) return false
    if (present() && bits(8) === EXTENDED_ASPECT) bits(32)
    if (present()) bits(1)
    if (!present()) return false
    bits(3)
    return present()
  } catch {
    return false
  }
}
const EXTENDED_ASPECT = 255

function skipScaling(size: number, se: () => number): void {
  for (let i = 0, last = 8, next = 8; i < size; i += 1) {
    if (next !== 0) next = (last + se() + 256) % 256
    last = next === 0 ? last : next
  }
}

/** @throws when the bytes are no sequence parameter set. */
export function h265Format(sps: Buffer): PictureFormat {
  const { bits, ue } = bitsOf(sps, 2)
  bits(4)
  const layers = bits(3)
  bits(1)
  const profile = Buffer.from(Array.from({ length: 12 }, () => bits(8)))
  const present = Array.from({ length: layers }, () => [bits(1), bits(1)] as const)
  if (layers > 0) bits(2 * (8 - layers))
  for (const [ofProfile, ofLevel] of present) bits((ofProfile === 1 ? 88 : 0) + (ofLevel === 1 ? 8 : 0))
  ue()
  const chroma = ue()
  if (chroma === 3) bits(1)
  const [width, height] = [ue(), ue()]
  const [left = 0, right = 0, top = 0, bottom = 0] = bits(1) === 1 ? [ue(), ue(), ue(), ue()] : []
  const [unitX, unitY] = [chroma === 1 || chroma === 2 ? 2 : 1, chroma === 1 ? 2 : 1]
  return {
    width: width - (left + right) * unitX,
    height: height - (top + bottom) * unitY,
    chroma,
    depthLuma: 8 + ue(),
    depthChroma: 8 + ue(),
    profile,
  }
}
