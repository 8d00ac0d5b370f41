/**
 * Writes a stored ZIP64, entry after entry, into a file that it can go on with after a death: each finished entry is a line in a
 * journal beside it, and what lies behind the last line is cut off. Bounded memory at any size.
 */
import { type Hash, createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { CRC_AT, type ZipEntry, centralHeader, directoryEnd, localHeader } from './zip-format.ts'

/** What is known of a finished entry. `note`: what the caller wants to find again after a death. */
export type Written = ZipEntry & { sha256: string; note?: unknown }
export type ZipWriter = Awaited<ReturnType<typeof openZipWriter>>

const COPY_BYTES = 4 * 1024 * 1024
/** As many as one call takes (IOV_MAX). */
const MOST_PIECES = 1024
/** Journal and data reach the disk together, so often. */
const SYNC_EVERY_BYTES = 256 * 1024 * 1024

/**
 * @param file `<file>.journal` lies beside it until `finish`.
 * @param plan what is to become of it: what another plan began is not gone on with.
 * @param at the time that all entries have, milliseconds.
 * @param resumable of what was written before, entries are gone on with up to the first that is not.
 */
export async function openZipWriter(file: string, { at, plan = '', resumable = () => true }: { at: number; plan?: string; resumable?: (name: string) => boolean }) {
  const journalFile = `${file}.journal`
  const data = await open(file, (await exists(file)) ? 'r+' : 'w+')
  const entries = await intactOf(data, await readJournal(journalFile, plan), resumable)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  let size = endOf(entries.at(-1))
  await data.truncate(size)
  const journal = await open(journalFile, 'w')
  await journal.appendFile([{ plan }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''))
  let synced = size

  async function write(pieces: readonly Buffer[]): Promise<void> {
    for (let left = pieces.filter(({ length }) => length > 0); left.length > 0; ) {
      const { bytesWritten } = await data.writev(left.slice(0, MOST_PIECES), size)
      size += bytesWritten
      left = after(left, bytesWritten)
    }
  }
  async function keep(entry: Written): Promise<Written> {
    entries.push(entry)
    byName.set(entry.name, entry)
    if (size - synced >= SYNC_EVERY_BYTES) await sync()
    await journal.appendFile(`${JSON.stringify(entry)}\n`)
    return entry
  }
  /** Data first: the journal never promises what the disk does not have. */
  async function sync(): Promise<void> {
    await data.datasync()
    synced = size
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
     * Of any size; hashed while it is written. @param bytes of all parts together.
     * @param check looks at what was written, before the entry counts: what it returns is its note, and when it throws, the file is not in it
     */
    async addParts(name: string, bytes: number, parts: AsyncIterable<Buffer[]>, { check, signal }: { check?: (place: { start: number; bytes: number }) => Promise<unknown>; signal?: AbortSignal } = {}): Promise<Written> {
      const entry = { name, bytes, crc: 0, offset: size, at }
      await write([localHeader(entry)])
      const start = size
      const hash = createHash('sha256')
      let crc = 0
      let writing: Promise<void> = Promise.resolve()
      for await (const part of parts) {
        signal?.throwIfAborted()
        await writing
        writing = write(part)
        // While the disk takes them.
        for (const piece of part) {
          hash.update(piece)
          crc = crc32(piece, crc)
        }
      }
      await writing
      if (size !== start + bytes) throw new Error(`${name} has ${size - start} bytes, and not ${bytes}`)
      const field = Buffer.alloc(4)
      field.writeUInt32LE(crc)
      await data.write(field, 0, 4, entry.offset + CRC_AT)
      return keep({ ...entry, crc, sha256: hash.digest('hex'), ...noted(await check?.({ start, bytes })) })
    },
    /** What is in it already. */
    async read({ offset, bytes, name }: Written): Promise<Buffer> {
      const content = Buffer.allocUnsafe(bytes)
      const start = offset + localHeader({ name, bytes, crc: 0, offset, at }).length
      for (let done = 0; done < bytes; ) {
        const { bytesRead } = await data.read(content, done, bytes - done, start + done)
        if (bytesRead === 0) throw new Error(`${name} breaks off in ${file}`)
        done += bytesRead
      }
      return content
    },
    size: (): number => size,
    /** Writes the directory and waits for the disk. @returns bytes, and the hash of the whole file as it can be read back. */
    async finish(onRead: (bytes: number) => void = () => {}, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
      const offset = size
      let batch: Buffer[] = []
      for (const [i, entry] of entries.entries()) {
        batch.push(centralHeader(entry))
        if (batch.length < 4096 && i < entries.length - 1) continue
        await write(batch)
        batch = []
      }
      await write([directoryEnd({ entries: entries.length, bytes: size - offset, offset })])
      // The disk takes what it does not have yet while it is read back.
      const [sha256] = await Promise.all([hashOf(data, size, onRead, signal), data.datasync()])
      await data.close()
      await journal.close()
      await rm(journalFile, { force: true })
      return { bytes: size, sha256 }
    },
    /** Leaves everything so that it can be gone on with. */
    async pause(): Promise<void> {
      await sync().catch(() => {})
      await Promise.allSettled([data.close(), journal.close()])
    },
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

/** While one piece is hashed, the next one is read. */
async function hashOf(data: FileHandle, size: number, onRead: (bytes: number) => void, signal?: AbortSignal): Promise<string> {
  const hash: Hash = createHash('sha256')
  const chunks = [Buffer.alloc(COPY_BYTES), Buffer.alloc(COPY_BYTES)] as const
  const read = (at: number, i: number) => data.read(chunks[i % 2 === 0 ? 0 : 1], 0, COPY_BYTES, at)
  let next = read(0, 0)
  for (let at = 0, i = 0; at < size; i += 1) {
    signal?.throwIfAborted()
    const { bytesRead, buffer } = await next
    if (bytesRead === 0) throw new Error('the package became shorter while it was read back')
    at += bytesRead
    next = read(at, i + 1)
    hash.update(buffer.subarray(0, bytesRead))
    onRead(at)
  }
  await next
  return hash.digest('hex')
}
