/** One read of a file may give less than was asked for. */
import type { FileHandle } from 'node:fs/promises'

/**
 * Fills the buffer with the file's bytes from there on.
 * @returns how many there were: less than its length only at the file's end
 */
export async function readFully(data: FileHandle, into: Buffer, from: number): Promise<number> {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await data.read(into, done, into.length - done, from + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}
