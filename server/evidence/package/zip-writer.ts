/**
 * Writes a stored ZIP64, entry after entry, into a file that it can go on with after a death: each finished entry is
 * a line in a journal beside it, and what lies behind the last line is cut off. Bounded memory at any size.
 */
import { createHash } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { Failure } from '../../tools/failure.ts'
import { readFully } from '../../tools/read-fully.ts'
import { type PackageReread, rereadPackage } from './package-reread.ts'
import { centralHeader, directoryEnd, localHeader } from './zip-format.ts'
import { type Written, endOf, goneOnWith, syncFolder } from './zip-journal.ts'

export type ZipWriter = Awaited<ReturnType<typeof openZipWriter>>

/** As many as one call takes (IOV_MAX). */
const MOST_PIECES = 1024
/** So often the disk is asked to have what was written: the end then waits for little. */
const SYNC_EVERY_BYTES = 64 * 1024 * 1024

/**
 * @param file `<file>.journal` lies beside it until `finish`.
 * @param plan what is to become of it: what another plan began is not gone on with.
 * @param at the time that all entries have, milliseconds.
 * @param resumable of what was written before, entries are gone on with up to the first that is not.
 * @param reread reads behind what is written, perhaps in another thread.
 */
export async function openZipWriter(
  file: string,
  {
    at,
    plan = '',
    resumable = () => true,
    reread = rereadPackage,
    signal,
  }: {
    at: number
    plan?: string
    resumable?: (name: string) => boolean
    reread?: (file: string) => PackageReread
    signal?: AbortSignal
  },
) {
  const journalFile = `${file}.journal`
  const data = await open(file, (await exists(file)) ? 'r+' : 'w+')
  const { entries, journal } = await goneOnWith(data, { journalFile, plan, resumable, signal }).catch(
    async (error: unknown) => {
      await data.close()
      throw error
    },
  )
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  let size = endOf(entries.at(-1))
  let synced = size
  let syncing: Promise<unknown> = Promise.resolve()
  const again = reread(file)
  const readOn = (): void => void again.upTo(size).catch(() => {})
  readOn()

  async function write(pieces: readonly Buffer[]): Promise<void> {
    for (let left = pieces.filter(({ length }) => length > 0); left.length > 0;) {
      const { bytesWritten } = await data.writev(left.slice(0, MOST_PIECES), size).catch(roomOr)
      size += bytesWritten
      left = after(left, bytesWritten)
    }
    readOn()
  }
  async function keep(entry: Written): Promise<Written> {
    entries.push(entry)
    byName.set(entry.name, entry)
    if (size - synced >= SYNC_EVERY_BYTES) {
      // One stretch on its way to the disk, and one that grows: a slow disk is waited for.
      await syncing
      synced = size
      syncing = data.datasync()
      syncing.catch(() => {})
    }
    await journal.appendFile(`${JSON.stringify(entry)}\n`)
    return entry
  }
  const noted = (note: unknown): { note?: unknown } => (note === undefined ? {} : { note })

  return {
    /** Those that are in it already, in order. */
    entries: (): readonly Written[] => entries,
    has: (name: string): Written | undefined => byName.get(name),
    /** A whole entry that fits the memory. @param sha256 of the bytes, when it is known already */
    async add(
      name: string,
      bytes: Buffer,
      { sha256 = createHash('sha256').update(bytes).digest('hex'), note }: { sha256?: string; note?: unknown } = {},
    ): Promise<Written> {
      const entry = { name, bytes: bytes.length, crc: crc32(bytes), offset: size, at }
      await write([localHeader(entry), bytes])
      return keep({ ...entry, sha256, ...noted(note) })
    },
    /**
     * Of any size. @param crc of all parts together, as `bytes` are: they stand before them.
     * @param check looks at what was written, before the entry counts: what it returns is its note, and when it
     * throws, the file is not in it
     */
    async addParts(
      name: string,
      { bytes, crc }: { bytes: number; crc: number },
      parts: AsyncIterable<Buffer[]>,
      {
        check,
        signal,
      }: { check?: (place: { start: number; bytes: number }) => Promise<unknown>; signal?: AbortSignal } = {},
    ): Promise<Written> {
      const entry = { name, bytes, crc, offset: size, at }
      await write([localHeader(entry)])
      const start = size
      again.beginEntry().catch(() => {})
      let written = 0
      for await (const part of parts) {
        signal?.throwIfAborted()
        const writing = write(part)
        for (const piece of part) written = crc32(piece, written)
        await writing
      }
      if (size !== start + bytes) throw new Error(`${name} has ${size - start} bytes, and not ${bytes}`)
      if (written !== crc) throw new Error(`${name} is not what it was when it was first read`)
      const [hashed, checked] = await Promise.allSettled([again.endEntry(), check?.({ start, bytes })])
      for (const each of [checked, hashed]) if (each.status === 'rejected') throw each.reason
      return keep({ ...entry, sha256: valueOf(hashed), ...noted(valueOf(checked)) })
    },
    /** What is in it already. @param into has as many bytes as the entry */
    async read({ offset, bytes, name }: Written, into: Buffer): Promise<void> {
      const start = offset + localHeader({ name, bytes, crc: 0, offset, at }).length
      if ((await readFully(data, into, start)) < bytes) throw new Error(`${name} breaks off in ${file}`)
    },
    size: (): number => size,
    /**
     * Writes the directory and waits for the disk.
     * @param to its name from now on; the disk knows it when this returns.
     * @returns bytes, and the hash of the whole file as it can be read back.
     */
    async finish(to = file): Promise<{ bytes: number; sha256: string }> {
      const offset = size
      let batch: Buffer[] = []
      for (const [i, entry] of entries.entries()) {
        batch.push(centralHeader(entry))
        if (batch.length < 4096 && i < entries.length - 1) continue
        await write([Buffer.concat(batch)])
        batch = []
      }
      await write([directoryEnd({ entries: entries.length, bytes: size - offset, offset })])
      const [sha256] = await Promise.all([again.digest(), syncing.then(() => data.datasync())])
      await close()
      if (to !== file) await rename(file, to)
      await syncFolder(dirname(to))
      await rm(journalFile, { force: true })
      return { bytes: size, sha256 }
    },
    /** Leaves everything so that it can be gone on with. */
    async pause(): Promise<void> {
      await syncing.catch(() => {})
      await data.datasync().catch(() => {})
      await close()
    },
  }
  async function close(): Promise<void> {
    await Promise.allSettled([again.close(), data.close(), journal.close()])
  }
}

/** What a write left over. */
function after(pieces: readonly Buffer[], written: number): Buffer[] {
  let skip = written
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length))
    skip -= Math.min(skip, piece.length)
    return rest.length > 0 ? [rest] : []
  })
}

/** A disk that fills up in the middle is no end: room can be made, and it is gone on with. */
function roomOr(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    throw new Failure(
      'export/no-room',
      'The disk of the packages has become full while this one was made. Make room, and go on with it.',
    )
  throw error
}

/** Of what `Promise.allSettled` gave and was looked through before. */
const valueOf = <T>(settled: PromiseSettledResult<T>): T => (settled as PromiseFulfilledResult<T>).value

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )
