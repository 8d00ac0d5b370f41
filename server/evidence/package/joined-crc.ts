/**
 * The CRC-32 of two stretches of bytes from the CRC-32 of each: a header can say what follows it before it is
 * written. Pure.
 */

/** Polynomials over GF(2) by ISO 3309's divisor, lowest power in the highest bit. */
const DIVISOR = 0xedb8_8320
const ONE = 0x8000_0000
const EIGHTH_POWER = 0x0080_0000

function times(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ DIVISOR
  }
  return product >>> 0
}

/** @param bytes how many the second one has. */
export function joinedCrc(first: number, second: number, bytes: number): number {
  let moved = first
  for (let left = bytes, power = EIGHTH_POWER; left > 0; left = Math.floor(left / 2), power = times(power, power))
    if (left % 2 === 1) moved = times(moved, power)
  return (moved ^ second) >>> 0
}
