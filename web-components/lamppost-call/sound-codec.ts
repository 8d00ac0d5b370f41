/** G.711 A-law (ITU-T G.711) in the browser. Pure. The server has its own, and a test compares the two. */

/** A packet of 20 ms. */
export const FRAME_BYTES = 160

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55
  const exponent = (code & 0x70) >> 4
  const mantissa = code & 0x0f
  const size = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1)
  return (code & 0x80) === 0 ? -size : size
})
/** One A-law byte as a sample of 16 bits. */
export const toLinear = (byte: number): number => DECODED[byte] ?? 0

/** A sample of 16 bits as one A-law byte; what is louder is cut off. */
export function toALaw(sample: number): number {
  const size = Math.min(32_767, sample < 0 ? -sample - 1 : sample)
  const exponent = Math.max(0, 24 - Math.clz32(size | 0xff))
  const mantissa = (size >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f
  return ((exponent << 4) | mantissa) ^ (sample < 0 ? 0x55 : 0xd5)
}
