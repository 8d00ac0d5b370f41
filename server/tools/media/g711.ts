/** G.711 (ITU-T G.711), A-law and mu-law: eight bits a sample, 8,000 samples a second. Pure. */

export const SAMPLES_PER_MS = 8
/** A packet of the usual length: 20 ms. */
export const FRAME_BYTES = 160
export const FRAME_MS = 20
/** What silence is in A-law, as it is sent. */
export const SILENCE = 0xd5

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => decoded(byte))

function decoded(byte: number): number {
  const code = byte ^ 0x55
  const exponent = (code & 0x70) >> 4
  const mantissa = code & 0x0f
  const size = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1)
  return (code & 0x80) === 0 ? -size : size
}

/** One A-law byte as a sample of 16 bits. */
export const toLinear = (byte: number): number => DECODED[byte] ?? 0

/** Root mean square of A-law bytes in dBFS; silence is -90. */
export function levelOf(bytes: Uint8Array): number {
  let energy = 0
  for (const byte of bytes) energy += toLinear(byte) ** 2
  const rms = Math.sqrt(energy / Math.max(1, bytes.length)) / 32_768
  return Math.max(-90, Math.round(20 * Math.log10(Math.max(rms, 1e-5))))
}

/** A sample of 16 bits as the A-law byte whose sample is nearest. */
export function toALaw(sample: number): number {
  const size = Math.min(32_256, Math.abs(Math.round(sample)))
  // Eight segments, each twice as wide as the one below it; the lowest two are equally wide.
  const exponent = size < 512 ? (size < 256 ? 0 : 1) : Math.floor(Math.log2(size)) - 7
  const step = exponent === 0 ? 4 : exponent + 3
  const mantissa = (size >> step) & 0x0f
  return ((exponent << 4) | mantissa | (sample < 0 ? 0 : 0x80)) ^ 0x55
}

/** Of mu-law, for devices that take no A-law. */
const BIAS = 0x84
const MOST_MU = 32_635

/** A sample of 16 bits as the mu-law byte whose sample is nearest. */
export function toMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const size = Math.min(MOST_MU, Math.abs(Math.round(sample))) + BIAS
  const exponent = Math.floor(Math.log2(size)) - 7
  const mantissa = (size >> (exponent + 3)) & 0x0f
  return ~(sign | (exponent << 4) | mantissa) & 0xff
}

/** A mu-law byte as a sample of 16 bits. */
export function fromMuLaw(byte: number): number {
  const code = ~byte & 0xff
  const size = (((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)
  return (code & 0x80) === 0 ? size - BIAS : BIAS - size
}
