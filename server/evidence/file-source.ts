/** A package on disk, as the ZIP reader wants it. */
import { open } from 'node:fs/promises'
import type { ByteSource } from './zip-reader.ts'

/** @throws when it cannot be opened. */
export async function fileSource(file: string): Promise<ByteSource & { close(): Promise<void> }> {
  const data = await open(file, 'r')
  const { size } = await data.stat()
  return {
    size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await data.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    close: () => data.close(),
  }
}
