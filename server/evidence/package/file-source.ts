/** A package on disk, as the ZIP reader wants it. */
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { readFully } from '../../tools/read-fully.ts'

/** @throws when it cannot be opened, or is no file. */
export async function fileSource(
  file: string,
): Promise<{ size: number; read(offset: number, length: number): Promise<Buffer>; close(): Promise<void> }> {
  const data = await open(file, 'r')
  const about = await data.stat()
  if (!about.isFile()) {
    await data.close()
    throw new Error('it is no file')
  }
  const { size } = about
  return {
    size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafe(length)
      return bytes.subarray(0, await readFully(data, bytes, offset))
    },
    close: () => data.close(),
  }
}

const PART_BYTES = 4 * 1024 * 1024

/** A whole file, piece by piece. @throws when it cannot be read */
export async function* fileParts(file: string): AsyncGenerator<Buffer[]> {
  const source = await fileSource(file)
  try {
    for (let at = 0; at < source.size; at += PART_BYTES)
      yield [await source.read(at, Math.min(PART_BYTES, source.size - at))]
  } finally {
    await source.close()
  }
}

/** @returns its bytes and their CRC-32. @throws when it cannot be read */
export async function fileSums(file: string): Promise<{ bytes: number; crc: number }> {
  let [bytes, crc] = [0, 0]
  for await (const pieces of fileParts(file))
    for (const piece of pieces) [bytes, crc] = [bytes + piece.length, crc32(piece, crc)]
  return { bytes, crc }
}
