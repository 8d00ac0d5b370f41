/**
 * Where pictures are put together: bytes go from the socket's buffer to their last place in one copy, one picture
 * behind the other, so that parts and segments are slices and nothing is copied again. Slabs that nobody reads any
 * more are used again: made anew for each second of each camera, they cost more than the copying (measured: a quarter
 * of all).
 */
import type { Lease } from '../fragment-reader.ts'

/** About a second of a 2 Mbit/s camera: a slab lives as long as any picture in it. */
const SLAB_BYTES = 256 * 1024
const MOST_SPARE = 64

export type SlabPool = { size: number; take(bytes: number): Buffer; give(bytes: Buffer): void }

export function createSlabPool({ size = SLAB_BYTES, mostSpare = MOST_SPARE } = {}): SlabPool {
  const spare: Buffer[] = []
  return {
    size,
    take: (bytes) => (bytes <= size ? (spare.pop() ?? Buffer.allocUnsafeSlow(size)) : Buffer.allocUnsafeSlow(bytes)),
    give(bytes) {
      if (bytes.length === size && spare.length < mostSpare) spare.push(bytes)
    },
  }
}

/** One slab and who reads it. It goes back to the pool when it is full and the last of them has let go. */
type Slab = Lease & { bytes: Buffer; leave(): void }

function openSlab(pool: SlabPool, room: number): Slab {
  const bytes = pool.take(Math.max(pool.size, room * 2))
  let readers = 0
  let left = false
  const perhapsGive = (): void => {
    if (left && readers === 0) pool.give(bytes)
  }
  return {
    bytes,
    keep() {
      readers += 1
      let kept = true
      return () => {
        if (!kept) return
        kept = false
        readers -= 1
        perhapsGive()
      }
    },
    leave() {
      left = true
      perhapsGive()
    },
  }
}

export function createFrameSlab(pool: SlabPool) {
  let slab: Slab | null = null
  let start = 0
  let end = 0

  function make(room: number): Buffer {
    if (slab && end + room <= slab.bytes.length) return slab.bytes
    const larger = openSlab(pool, end - start + room)
    slab?.bytes.copy(larger.bytes, 0, start, end)
    slab?.leave()
    end -= start
    start = 0
    slab = larger
    return larger.bytes
  }
  const bytes = (): Buffer => make(0)

  return {
    /** Leaves room that is filled later. */
    skip(size: number): void {
      make(size)
      end += size
    },
    add(from: Buffer, begin: number, to: number): void {
      from.copy(make(to - begin), end, begin, to)
      end += to - begin
    },
    byte(value: number): void {
      make(1)[end] = value
      end += 1
    },
    /** Writes over what lies at this place of the open picture. */
    writeLength(at: number, value: number): void {
      bytes().writeUInt32BE(value, start + at)
    },
    /** Bytes of the open picture. */
    length: () => end - start,
    /** Forgets what came after this place of the open picture. */
    cut(at: number): void {
      end = start + at
    },
    peek: (at: number): number => bytes()[start + at] ?? 0,
    slice: (from: number, to: number): Buffer => bytes().subarray(start + from, start + to),
    /**
     * The picture is whole; the next one begins behind it. Whoever keeps its bytes past this turn keeps the lease,
     * too.
     */
    take(): { bytes: Buffer; lease: Lease } {
      const whole = bytes().subarray(start, end)
      start = end
      return { bytes: whole, lease: slab as Slab }
    },
    /** Nothing more comes. */
    close(): void {
      slab?.leave()
      slab = null
      start = 0
      end = 0
    },
  }
}
