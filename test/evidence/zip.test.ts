import { createHash } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { smallZip } from '../../server/evidence/package/companion.ts'
import { fileSource } from '../../server/evidence/package/file-source.ts'
import { joinedCrc } from '../../server/evidence/package/joined-crc.ts'
import { type PackageReread, rereadPackage } from '../../server/evidence/package/package-reread.ts'
import { crc32 as browserCrc } from '../../server/evidence/verify/page/crc32.ts'
import { PackageProblem, readZip } from '../../server/evidence/package/zip-reader.ts'
import { openZipWriter } from '../../server/evidence/package/zip-writer.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { callWorker } from '../../server/tools/process/worker-calls.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-zip-'))
afterAll(() => rmSync(folder, { recursive: true }))
const AT = Date.parse('2026-11-20T22:30:00.000Z')
const sourceOf = (bytes: Buffer) => ({
  size: bytes.length,
  read: async (at: number, length: number) => bytes.subarray(at, Math.min(bytes.length, at + length)),
})
const names = async (bytes: Buffer): Promise<string[]> => (await readZip(sourceOf(bytes))).map(({ name }) => name)
const refusal = (bytes: Buffer): Promise<string> =>
  readZip(sourceOf(bytes)).then(
    () => 'taken',
    (error: unknown) => (error instanceof PackageProblem ? error.message : `not a PackageProblem: ${String(error)}`),
  )
const zip = (...files: [name: string, text: string][]): Buffer =>
  smallZip(
    files.map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
    AT,
  )
/** Both headers of a file, changed alike. */
function patched(bytes: Buffer, change: (bytes: Buffer, local: number, central: number) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy, copy.indexOf(Buffer.from('PK\x03\x04')), copy.indexOf(Buffer.from('PK\x01\x02')))
  return copy
}

describe('a ZIP of somebody else’s', () => {
  test('is read when it is as a package is', async () => {
    expect(await names(zip(['bag/a', 'one'], ['bag/data/b', 'two']))).toEqual(['bag/a', 'bag/data/b'])
  })
  test.each([
    ['a name that leads out', zip(['bag/../../etc/passwd', 'x']), /leads out of the package/],
    ['an absolute name', zip(['/etc/passwd', 'x']), /leads out of the package/],
    ['a name with a backslash', zip(['bag\\..\\x', 'x']), /leads out of the package/],
    ['a name with a line break', zip(['bag/a\nb', 'x']), /leads out of the package/],
    ['a name with NUL', zip(['bag/a\0b', 'x']), /leads out of the package/],
    ['a file beside the folder', zip(['a', 'x']), /beside the package’s folder/],
    ['a name that stands twice', zip(['bag/a', 'x'], ['bag/a', 'y']), /stands in the ZIP twice/],
    ['names that are one on other systems', zip(['bag/A', 'x'], ['bag/a', 'y']), /stands in the ZIP twice/],
    [
      'names that are one in another normal form',
      zip(['bag/\u00e9', 'x'], ['bag/e\u0301', 'y']),
      /stands in the ZIP twice/,
    ],
    [
      'a link',
      patched(zip(['bag/a', 'x']), (bytes, _, central) => bytes.writeUInt16LE(0o120777, central + 40)),
      /this is a link/,
    ],
    [
      'a folder',
      patched(zip(['bag/a', 'x']), (bytes, _, central) => bytes.writeUInt16LE(0o040755, central + 40)),
      /no plain file/,
    ],
    [
      'a compressed file',
      patched(
        zip(['bag/a', 'x']),
        (bytes, local, central) => (bytes.writeUInt16LE(8, local + 8), bytes.writeUInt16LE(8, central + 10)),
      ),
      /is compressed/,
    ],
    [
      'an encrypted file',
      patched(
        zip(['bag/a', 'x']),
        (bytes, local, central) => (bytes.writeUInt16LE(0x801, local + 6), bytes.writeUInt16LE(0x801, central + 8)),
      ),
      /is encrypted/,
    ],
    [
      'two sizes',
      patched(zip(['bag/a', 'x']), (bytes, _, central) => bytes.writeUInt32LE(1_000_000, central + 24)),
      /two sizes do not agree/,
    ],
    [
      'a bomb’s size',
      patched(
        zip(['bag/a', 'x']),
        (bytes, _, central) => (
          bytes.writeUInt32LE(0xffff_fff0, central + 20),
          bytes.writeUInt32LE(0xffff_fff0, central + 24)
        ),
      ),
      /./,
    ],
    [
      'another name in its own header',
      patched(zip(['bag/a', 'x']), (bytes, local) => bytes.write('bag/b', local + 30)),
      /does not say what the ZIP directory says/,
    ],
    [
      'another CRC in its own header',
      patched(zip(['bag/a', 'x']), (bytes, local) => bytes.writeUInt32LE(1, local + 14)),
      /does not say what the ZIP directory says/,
    ],
    [
      'the same bytes for two files',
      patched(zip(['bag/a', 'x'], ['bag/b', 'x']), (bytes, _, central) =>
        bytes.writeUInt32LE(0, bytes.indexOf(Buffer.from('PK\x01\x02'), central + 4) + 42),
      ),
      /hides or repeats something/,
    ],
    ['bytes before it', Buffer.concat([Buffer.from('MZ program'), zip(['bag/a', 'x'])]), /belong to no file/],
    ['bytes behind it', Buffer.concat([zip(['bag/a', 'x']), Buffer.from('more')]), /behind its end|no ZIP file/],
    [
      'more files in the directory than there are',
      patched(
        zip(['bag/a', 'x']),
        (bytes) => (bytes.writeUInt16LE(9, bytes.length - 14), bytes.writeUInt16LE(9, bytes.length - 12)),
      ),
      /breaks off after 1 of 9/,
    ],
    ['nothing at all', Buffer.alloc(0), /too short/],
    ['noise', Buffer.alloc(5000, 7), /no ZIP file/],
  ])('with %s is refused safely, in words', async (_, bytes, words) => {
    expect(await refusal(bytes)).toMatch(words)
  })
})

describe('the browser’s own CRC-32', () => {
  test('is zlib’s, in pieces of any length', () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))
    for (const cut of [0, 1, 7, 8, 9, 63, 64, 4096, 4999, 5000])
      expect(browserCrc(bytes.subarray(cut), browserCrc(bytes.subarray(0, cut), 0))).toBe(crc32(bytes))
    expect(browserCrc(Buffer.from('123456789'), 0)).toBe(0xcbf4_3926)
  })
})

describe('a package that is written', () => {
  const write = async (file: string, from: number, to: number, plan = 'a') => {
    const writer = await openZipWriter(file, { at: AT, plan, resumable: (name) => name.includes('/data/') })
    for (let i = from; i < to; i += 1)
      if (!writer.has(`bag/data/${i}`)) await writer.add(`bag/data/${i}`, Buffer.alloc(1000 + i, i))
    return writer
  }
  test('after a death is gone on with behind the last file that is whole', async () => {
    const file = join(folder, 'cut.zip')
    const writer = await write(file, 0, 5)
    await writer.add('bag/manifest', Buffer.from('of the moment'))
    await writer.pause()
    truncateSync(file, statSync(file).size - 500)
    appendFileSync(`${file}.journal`, '{"name":"bag/da')
    const again = await write(file, 0, 0)
    expect(again.entries().map(({ name }) => name)).toEqual(['bag/data/0', 'bag/data/1', 'bag/data/2', 'bag/data/3'])
    await again.pause()
    const done = await write(file, 0, 8)
    const { sha256, bytes } = await done.finish()
    expect(existsSync(`${file}.journal`)).toBe(false)
    expect(await names(readFileSync(file))).toEqual(Array.from({ length: 8 }, (_, i) => `bag/data/${i}`))
    expect([bytes, sha256]).toEqual([
      statSync(file).size,
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ])
    const whole = join(folder, 'whole.zip')
    await (await write(whole, 0, 8)).finish()
    expect(readFileSync(file).equals(readFileSync(whole))).toBe(true)
  })
  test('does not believe its journal when the disk has something else', async () => {
    const file = join(folder, 'lost.zip')
    await (await write(file, 0, 4)).pause()
    const bytes = readFileSync(file)
    bytes[bytes.length - 500] = 99
    writeFileSync(file, bytes)
    const again = await write(file, 0, 0)
    expect(again.entries()).toHaveLength(3)
    await again.pause()
  })
  test('of another plan is begun anew', async () => {
    const file = join(folder, 'plan.zip')
    await (await write(file, 0, 4)).pause()
    const again = await write(file, 0, 0, 'b')
    expect(again.entries()).toHaveLength(0)
    await again.pause()
  })
  test('of more than 65,535 files has a ZIP64 directory', async () => {
    const file = join(folder, 'many.zip')
    const files = Array.from({ length: 66_000 }, (_, i) => ({ name: `bag/${i}`, bytes: Buffer.from('x') }))
    writeFileSync(file, smallZip(files, AT))
    expect(await names(readFileSync(file))).toHaveLength(66_000)
  })
  test('has a CRC that is joined from those of a file’s parts, as one over all of it gives', () => {
    let seed = 7
    const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most
    for (let i = 0; i < 200; i += 1) {
      const bytes = Buffer.from(Array.from({ length: random(3000) }, () => random(256)))
      const cut = random(bytes.length + 1)
      expect(joinedCrc(crc32(bytes.subarray(0, cut)), crc32(bytes.subarray(cut)), bytes.length - cut)).toBe(
        crc32(bytes),
      )
    }
    // Lengths that 32 bits cannot count: twice half the way is the whole way.
    const half = crc32(Buffer.of(1))
    expect(joinedCrc(joinedCrc(half, 0, 2_500_000_000), 0, 2_500_000_000)).toBe(joinedCrc(half, 0, 5_000_000_000))
  })
  test('is hashed as the disk has it, entry by entry and whole, also when it is read by the thread', async () => {
    const readers = [
      rereadPackage,
      (file: string) => {
        const { calls, terminate } = callWorker<PackageReread>(
          builtEntry('evidence/package/package-reread-thread.js'),
          file,
        )
        return {
          upTo: calls.upTo,
          beginEntry: calls.beginEntry,
          endEntry: calls.endEntry,
          digest: calls.digest,
          close: terminate,
        }
      },
    ]
    for (const [i, reread] of readers.entries()) {
      const file = join(folder, `reread-${i}.zip`)
      const content = Buffer.alloc(9_000_000, `${i} is what it says `)
      let writer = await openZipWriter(file, { at: AT, reread })
      await writer.add('bag/first', Buffer.from('first'))
      async function* parts() {
        yield [content.subarray(0, 5_000_000), Buffer.alloc(0)]
        yield [content.subarray(5_000_000)]
      }
      const sums = { bytes: content.length, crc: crc32(content) }
      const added = await writer.addParts('bag/big', sums, parts(), {
        check: async ({ start, bytes }) =>
          readFileSync(file)
            .subarray(start, start + bytes)
            .equals(content),
      })
      expect(added).toMatchObject({ ...sums, note: true, sha256: createHash('sha256').update(content).digest('hex') })
      await expect(writer.addParts('bag/other', { ...sums, crc: (sums.crc ^ 1) >>> 0 }, parts())).rejects.toThrow(
        'not what it was when it was first read',
      )
      await writer.pause()
      writer = await openZipWriter(file, { at: AT, reread })
      await expect(writer.addParts('bag/short', { ...sums, bytes: 7 }, parts())).rejects.toThrow(
        '9000000 bytes, and not 7',
      )
      expect(writer.has('bag/short')).toBeUndefined()
      await writer.pause()
      const again = await openZipWriter(file, { at: AT, reread })
      const found = Buffer.alloc(content.length)
      await again.read(again.has('bag/big') ?? added, found)
      expect(found.equals(content)).toBe(true)
      const { sha256 } = await again.finish()
      expect(sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
      expect(await names(readFileSync(file))).toEqual(['bag/first', 'bag/big'])
    }
  })
  test('of more than 4 GiB, with a file of more than 4 GiB in it, is read back whole', async () => {
    const file = join(folder, 'large.zip')
    const LARGE = 4 * 1024 ** 3 + 12_345
    const piece = Buffer.alloc(64 * 1024 ** 2)
    async function* parts() {
      for (let left = LARGE; left > 0; left -= piece.length)
        yield [piece.subarray(0, Math.min(left, 5)), piece.subarray(0, Math.max(0, Math.min(left, piece.length) - 5))]
    }
    const writer = await openZipWriter(file, { at: AT })
    await writer.add('bag/first', Buffer.from('first'))
    let crc = 0
    for await (const pieces of parts()) for (const bytes of pieces) crc = crc32(bytes, crc)
    const added = await writer.addParts('bag/big', { bytes: LARGE, crc }, parts())
    await writer.add('bag/last', Buffer.from('behind four gigabytes'))
    const { bytes } = await writer.finish()
    const source = await fileSource(file)
    const entries = await readZip(source)
    const last = entries[2]
    expect(entries.map(({ name, bytes: size }) => [name, size])).toEqual([
      ['bag/first', 5],
      ['bag/big', LARGE],
      ['bag/last', 21],
    ])
    expect(Buffer.from(await source.read(last?.start ?? 0, 21)).toString()).toBe('behind four gigabytes')
    expect(added.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(bytes).toBe(statSync(file).size)
    await source.close()
    const tail = Buffer.alloc(4)
    const handle = openSync(file, 'r')
    readSync(handle, tail, 0, 4, bytes - 22 - 20)
    closeSync(handle)
    expect(tail.toString('latin1')).toBe('PK\x06\x07')
    rmSync(file)
  }, 180_000)
})
