/**
 * Memory for pieces that are used one after the other: gigabytes go through it without a megabyte for the collector.
 */

/**
 * @param count pieces that are in use at the same time.
 * @returns the next one; it is used again `count` calls later.
 */
export function createLentBuffers(count: number): (bytes: number) => Buffer {
  const buffers: Buffer[] = Array.from({ length: count }, () => Buffer.alloc(0))
  let turn = 0
  return (bytes) => {
    turn = (turn + 1) % count
    const before = buffers[turn]
    if (before && before.length >= bytes) return before.subarray(0, bytes)
    // A little more than asked for: the next one may be a little longer.
    const wider = Buffer.allocUnsafeSlow(Math.ceil(bytes * 1.25))
    buffers[turn] = wider
    return wider.subarray(0, bytes)
  }
}

/**
 * Each piece is lent until the next one is asked for; while one is used, the next ones are on their way.
 * @param ahead how many. @param read fills the buffer it gets; what it throws is thrown when its turn comes
 */
export async function* readAhead<T>(
  items: readonly T[],
  {
    ahead,
    bytesOf,
    read,
    signal,
  }: { ahead: number; bytesOf(item: T): number; read(item: T, into: Buffer): Promise<void>; signal: AbortSignal },
): AsyncGenerator<{ item: T; bytes: Buffer }> {
  const lend = createLentBuffers(ahead + 1)
  const coming: { item: T; bytes: Buffer; read: Promise<void> }[] = []
  for (let next = 0; next < items.length || coming.length > 0;) {
    for (; next < items.length && coming.length <= ahead; next += 1) {
      const item = items[next] as T
      const bytes = lend(bytesOf(item))
      const reading = read(item, bytes)
      reading.catch(() => {})
      coming.push({ item, bytes, read: reading })
    }
    signal.throwIfAborted()
    const first = coming.shift()
    if (!first) return
    await first.read
    yield first
  }
}
