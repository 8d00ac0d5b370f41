/**
 * Unzips a stored ZIP with nothing of ours: local headers one after the other, as the format's own description has
 * them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function unzip(zip: string, into: string): void {
  const bytes = readFileSync(zip)
  for (let at = 0; bytes.readUInt32LE(at) === 0x0403_4b50;) {
    const [size, name, extra] = [bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)]
    const start = at + 30 + name + extra
    const file = join(into, bytes.toString('utf8', at + 30, at + 30 + name))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes.subarray(start, start + size))
    at = start + size
  }
}
