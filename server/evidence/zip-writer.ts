/**
 * Writes a stored ZIP64, entry after entry, into a file that it can go on with after a death: each finished entry is a line in a
 * journal beside it, and what lies behind the last line is cut off. Bounded memory at any size.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type PackageReread, rereadPackage } from './package-reread.ts'
import { type ZipEntry, centralHeader, directoryEnd, localHeader } from './zip-format.ts'

/** What is known of a finished entry. `note`: what the caller wants to find again after a death. */
export type Written = ZipEntry & { sha256: string; note?: unknown }
export type ZipWriter = Awaited<ReturnType<typeof openZipWriter>>

const COPY_BYTES = 4 * 1024 * 1024
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
export async function openZipWriter(file: string, { at, plan = '', resumable = () => true, reread = rereadPackage }: { at: number; plan?: string; resumable?: (name: string) => boolean; reread?: (file: string) => PackageReread }) {
  const journalFile = `${file}.journal`
  const data = await open(file, (await exists(file)) ? 'r+' : 'w+')
  const entries = await intactOf(data, await readJournal(journalFile, plan), resumable)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  let size = endOf(entries.at(-1))
  await data.truncate(size)
  const journal = await open(journalFile, 'w')
  await journal.appendFile([{ plan }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''))
  let synced = size
  let syncing: Promise<unknown> = Promise.resolve()
  const again = reread(file)
  const readOn = (): void => void again.upTo(size).catch(() => {})
  readOn()

  async function write(pieces: readonly Buffer[]): Promise<void> {
    for (let left = pieces.filter(({ length }) => length > 0); left.length > 0; ) {
      const { bytesWritten } = await data.writev(left.slice(0, MOST_PIECES), size)
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
    async add(name: string, bytes: Buffer, { sha256 = createHash('sha256').update(bytes).digest('hex'), note }: { sha256?: string; note?: unknown } = {}): Promise<Written> {
      const entry = { name, bytes: bytes.length, crc: crc32(bytes), offset: size, at }
      await write([localHeader(entry), bytes])
      return keep({ ...entry, sha256, ...noted(note) })
    },
    /**
     * Of any size. @param crc of all parts together, as `bytes` are: they stand before them.
     * @param check looks at what was written, before the entry counts: what it returns is its note, and when it throws, the file is not in it
     */
    async addParts(name: string, { bytes, crc }: { bytes: number; crc: number }, parts: AsyncIterable<Buffer[]>, { check, signal }: { check?: (place: { start: number; bytes: number }) => Promise<unknown>; signal?: AbortSignal } = {}): Promise<Written> {
      const entry = { name, bytes, crc, offset: size, at }
      await write([localHeader(entry)])
      const start = size
      again.beginEntry().catch(() => {})
      for await (const part of parts) {
        signal?.throwIfAborted()
        await write(part)
      }
      if (size !== start + bytes) throw new Error(`${name} has ${size - start} bytes, and not ${bytes}`)
      const [sha256, note] = await Promise.all([again.endEntry(), check?.({ start, bytes })])
      return keep({ ...entry, sha256, ...noted(note) })
    },
    /** What is in it already. @param into has as many bytes as the entry */
    async read({ offset, bytes, name }: Written, into: Buffer): Promise<void> {
      const start = offset + localHeader({ name, bytes, crc: 0, offset, at }).length
      for (let done = 0; done < bytes; ) {
        const { bytesRead } = await data.read(into, done, bytes - done, start + done)
        if (bytesRead === 0) throw new Error(`${name} breaks off in ${file}`)
        done += bytesRead
      }
    },
    size: (): number => size,
    /** Writes the directory and waits for the disk. @returns bytes, and the hash of the whole file as it can be read back. */
    async finish(): Promise<{ bytes: number; sha256: string }> {
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

const endOf = (entry: Written | undefined): number => (entry ? entry.offset + localHeader(entry).length + entry.bytes : 0)

/** After a power cut a journal may promise what the disk never got: only what still gives its hash is gone on with. */
async function intactOf(data: FileHandle, entries: readonly Written[], resumable: (name: string) => boolean): Promise<Written[]> {
  const intact: Written[] = []
  const chunk = Buffer.alloc(entries.length > 0 ? COPY_BYTES : 0)
  for (const entry of entries) {
    if (!resumable(entry.name)) return intact
    const header = localHeader(entry)
    const found = Buffer.alloc(header.length)
    await data.read(found, 0, header.length, entry.offset)
    const hash = createHash('sha256')
    for (let at = 0; at < entry.bytes; ) {
      const { bytesRead } = await data.read(chunk, 0, Math.min(chunk.length, entry.bytes - at), entry.offset + header.length + at)
      if (bytesRead === 0) return intact
      hash.update(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
    if (entry.offset !== endOf(intact.at(-1)) || !found.equals(header) || hash.digest('hex') !== entry.sha256) return intact
    intact.push(entry)
  }
  return intact
}

async function readJournal(file: string, plan: string): Promise<Written[]> {
  const [head, ...lines] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  const entries: Written[] = []
  if (head !== JSON.stringify({ plan })) return entries
  for (const line of lines) {
    try {
      if (line !== '') entries.push(JSON.parse(line) as Written)
    } catch {
      // Cut short by a death: that entry is written again.
      break
    }
  }
  return entries
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )
