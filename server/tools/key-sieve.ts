/**
 * Whether a key may have been seen: never wrong when it says no, about once in a hundred when it says yes (Bloom
 * 1970; Kirsch and Mitzenmacher 2006). Four megabytes know three and a half million keys. Not here: what is known of
 * a key (whoever asks then looks).
 */
const PROBES = 6

export function createKeySieve(bits = 2 ** 25) {
  let cells = new Uint8Array(bits / 8)
  /**
   * Two hashes (FNV-1a from two beginnings) give all places. Whoever makes keys collide has them looked up, and no
   * more.
   */
  function places(key: string): number[] {
    let [one, two] = [0x811c9dc5, 0x01000193]
    for (let i = 0; i < key.length; i += 1) {
      const unit = key.charCodeAt(i)
      one = Math.imul(one ^ unit, 0x01000193)
      two = Math.imul(two ^ (unit + i), 0x85ebca6b)
    }
    const step = ((two ^ (two >>> 15)) | 1) >>> 0
    return Array.from({ length: PROBES }, (_, i) => ((one >>> 0) + i * step) % bits)
  }
  return {
    add(key: string): void {
      for (const place of places(key)) cells[place >> 3] = (cells[place >> 3] ?? 0) | (1 << (place & 7))
    },
    mayHave: (key: string): boolean =>
      places(key).every((place) => ((cells[place >> 3] ?? 0) & (1 << (place & 7))) !== 0),
    save: (): string => Buffer.from(cells).toString('base64'),
    /** What does not fit is ignored, and then everything may have been seen: it is looked up. */
    restore(saved: string): void {
      const bytes = Buffer.from(saved, 'base64')
      cells = bytes.length === bits / 8 ? new Uint8Array(bytes) : new Uint8Array(bits / 8).fill(255)
    },
  }
}
