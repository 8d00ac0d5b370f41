/** CRC-32 (ISO 3309) where there is no zlib: in a browser. Eight bytes at a time, by as many tables. */

const DIVISOR = 0xedb8_8320
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256)) as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]
for (let byte = 0; byte < 256; byte += 1) {
  let rest = byte
  for (let bit = 0; bit < 8; bit += 1) rest = (rest & 1) === 0 ? rest >>> 1 : (rest >>> 1) ^ DIVISOR
  TABLES[0][byte] = rest
}
for (let i = 1; i < 8; i += 1)
  for (let byte = 0; byte < 256; byte += 1) {
    const before = TABLES[i - 1]?.[byte] ?? 0
    ;(TABLES[i] as Int32Array)[byte] = (before >>> 8) ^ (TABLES[0][before & 0xff] ?? 0)
  }

/** @param before of what comes before these bytes; 0: nothing. */
export function crc32(bytes: Uint8Array, before: number): number {
  const [a, b, c, d, e, f, g, h] = TABLES
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = ~before
  let at = 0
  for (const whole = bytes.length - (bytes.length % 8); at < whole; at += 8) {
    const low = view.getInt32(at, true) ^ crc
    const high = view.getInt32(at + 4, true)
    crc =
      (h[low & 0xff] ?? 0) ^
      (g[(low >>> 8) & 0xff] ?? 0) ^
      (f[(low >>> 16) & 0xff] ?? 0) ^
      (e[low >>> 24] ?? 0) ^
      (d[high & 0xff] ?? 0) ^
      (c[(high >>> 8) & 0xff] ?? 0) ^
      (b[(high >>> 16) & 0xff] ?? 0) ^
      (a[high >>> 24] ?? 0)
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ (a[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
  return ~crc >>> 0
}
