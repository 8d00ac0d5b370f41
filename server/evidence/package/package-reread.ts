/**
 * Reads a package behind whoever writes it, and hashes what the file really has: all of it in order, and one entry by
 * itself.
 */
import { type Hash, createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** Each may be called before the one before it is done: they happen in their order. */
export type PackageReread = {
  /** Everything before this place is written and stays as it is. */
  upTo(end: number): Promise<void>
  /** From the next byte on, hashed by itself, too. */
  beginEntry(): Promise<void>
  /** @returns SHA-256 since `beginEntry`. */
  endEntry(): Promise<string>
  /** @returns SHA-256 of all that was read. */
  digest(): Promise<string>
  close(): Promise<void>
}

const PIECE_BYTES = 4 * 1024 * 1024

export function rereadPackage(file: string): PackageReread {
  const opened = open(file, 'r')
  const whole = createHash('sha256')
  const pieces = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)] as const
  let entry: Hash | null = null
  let at = 0
  let last: Promise<unknown> = opened

  async function read(end: number): Promise<void> {
    const data = await opened
    const next = (from: number, i: number) =>
      data.read(pieces[i % 2 === 0 ? 0 : 1], 0, Math.max(0, Math.min(PIECE_BYTES, end - from)), from)
    // While one piece is hashed, the next one is read.
    let reading = next(at, 0)
    for (let i = 1; at < end; i += 1) {
      const { bytesRead, buffer } = await reading
      if (bytesRead === 0) throw new Error('the package became shorter while it was made')
      at += bytesRead
      reading = next(at, i)
      const bytes = buffer.subarray(0, bytesRead)
      whole.update(bytes)
      entry?.update(bytes)
    }
    await reading
  }
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done
    // Whoever waits for a later step hears of it.
    done.catch(() => {})
    return done
  }

  return {
    upTo: (end) => inTurn(() => read(end)),
    beginEntry: () => inTurn(() => void (entry = createHash('sha256'))),
    endEntry: () =>
      inTurn(() => {
        const sha256 = entry?.digest('hex') ?? ''
        entry = null
        return sha256
      }),
    digest: () => inTurn(() => whole.digest('hex')),
    close: async () => void (await (await opened).close()),
  }
}
