/**
 * Whether a key may have been seen: never wrong when it says no, about once in a hundred when it says yes (Bloom, 1970). Four
 * megabytes know three and a half million keys. Not here: what is known of a key (whoever asks then looks).
 */
import { createHash } from 'node:crypto'

const PROBES = 6

export function createKeySieve(bits = 2 ** 25) {
  let cells = new Uint8Array(bits / 8)
  function places(key: string): number[] {
    const digest = createHash('sha256').update(key, 'utf8').digest()
    return Array.from({ length: PROBES }, (_, i) => digest.readUInt32LE(i * 4) % bits)
  }
  return {
    add(key: string): void {
      for (const place of places(key)) cells[place >> 3] = (cells[place >> 3] ?? 0) | (1 << (place & 7))
    },
    mayHave: (key: string): boolean => places(key).every((place) => ((cells[place >> 3] ?? 0) & (1 << (place & 7))) !== 0),
    save: (): string => Buffer.from(cells).toString('base64'),
    /** What does not fit is ignored, and then everything may have been seen: it is looked up. */
    restore(saved: string): void {
      const bytes = Buffer.from(saved, 'base64')
      cells = bytes.length === bits / 8 ? new Uint8Array(bytes) : new Uint8Array(bits / 8).fill(255)
    },
  }
}
