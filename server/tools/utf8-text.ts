/**
 * Text of a file that a person wrote, as UTF-8 or not at all: read in another way, names would be wrong, and be
 * written back so. Pure.
 */

/** @throws in words, with the line of the first byte that is none */
export function utf8Text(bytes: Uint8Array): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new Error('it is UTF-16; save it as UTF-8')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error(`line ${lineOfFirstBad(bytes)} has a byte that is no UTF-8; save the file as UTF-8`)
  }
}
function lineOfFirstBad(bytes: Uint8Array): number {
  let line = 1
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at)
    const to = end === -1 ? bytes.length : end + 1
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at, to))
    } catch {
      return line
    }
    at = to
    line += 1
  }
  return line
}
