/**
 * Where pictures are put together: bytes go from the socket's buffer to their last place in one copy, one picture behind
 * the other, so that parts and segments are slices and nothing is copied again.
 */
/** About a second of a 2 Mbit/s camera: a slab lives as long as any picture in it. */
const SLAB_BYTES = 256 * 1024

export function createFrameSlab(size = SLAB_BYTES) {
  let slab = Buffer.alloc(0)
  let start = 0
  let end = 0

  function make(room: number): void {
    if (end + room <= slab.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(size, (end - start + room) * 2))
    slab.copy(larger, 0, start, end)
    end -= start
    start = 0
    slab = larger
  }
  return {
    /** Leaves room that is filled later. */
    skip(bytes: number): void {
      make(bytes)
      end += bytes
    },
    add(bytes: Buffer, from: number, to: number): void {
      make(to - from)
      bytes.copy(slab, end, from, to)
      end += to - from
    },
    byte(value: number): void {
      make(1)
      slab[end] = value
      end += 1
    },
    /** Writes over what lies at this place of the open picture. */
    writeLength(at: number, value: number): void {
      slab.writeUInt32BE(value, start + at)
    },
    /** Bytes of the open picture. */
    length: () => end - start,
    /** Forgets what came after this place of the open picture. */
    cut(at: number): void {
      end = start + at
    },
    peek: (at: number): number => slab[start + at] ?? 0,
    slice: (from: number, to: number): Buffer => slab.subarray(start + from, start + to),
    /** The picture is whole; the next one begins behind it. */
    take(): Buffer {
      const bytes = slab.subarray(start, end)
      start = end
      return bytes
    },
  }
}
