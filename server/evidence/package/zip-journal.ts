/**
 * What of a ZIP under way is whole: a line for each finished entry, beside the part, believed only where the bytes
 * give their hash.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises'
import { type ZipEntry, localHeader } from './zip-format.ts'

/** What is known of a finished entry. `note`: what the caller wants to find again after a death. */
export type Written = ZipEntry & { sha256: string; note?: unknown }

const COPY_BYTES = 4 * 1024 * 1024

export const endOf = (entry: Written | undefined): number =>
  entry ? entry.offset + localHeader(entry).length + entry.bytes : 0

/** A new name is on the disk only when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}

/** What is whole of a part that was begun, and its journal with that in it; whatever lies behind is cut off. */
export async function goneOnWith(
  data: FileHandle,
  {
    journalFile,
    plan,
    resumable,
    signal,
  }: { journalFile: string; plan: string; resumable: (name: string) => boolean; signal: AbortSignal | undefined },
): Promise<{ entries: Written[]; journal: FileHandle }> {
  const entries = await intactOf(data, await readJournal(journalFile, plan), resumable, signal)
  await data.truncate(endOf(entries.at(-1)))
  // Never half of it: a death in between would cost everything that is in it.
  await writeFile(`${journalFile}.new`, [{ plan }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''), {
    flush: true,
  })
  await rename(`${journalFile}.new`, journalFile)
  return { entries, journal: await open(journalFile, 'a') }
}

/** After a power cut a journal may promise what the disk never got: only what still gives its hash is gone on with. */
async function intactOf(
  data: FileHandle,
  entries: readonly Written[],
  resumable: (name: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<Written[]> {
  const intact: Written[] = []
  const chunk = Buffer.alloc(entries.length > 0 ? COPY_BYTES : 0)
  for (const entry of entries) {
    if (!resumable(entry.name)) return intact
    const header = localHeader(entry)
    const found = Buffer.alloc(header.length)
    await data.read(found, 0, header.length, entry.offset)
    const hash = createHash('sha256')
    for (let at = 0; at < entry.bytes;) {
      signal?.throwIfAborted()
      const { bytesRead } = await data.read(
        chunk,
        0,
        Math.min(chunk.length, entry.bytes - at),
        entry.offset + header.length + at,
      )
      if (bytesRead === 0) return intact
      hash.update(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
    if (entry.offset !== endOf(intact.at(-1)) || !found.equals(header) || hash.digest('hex') !== entry.sha256)
      return intact
    intact.push(entry)
  }
  return intact
}

async function readJournal(file: string, plan: string): Promise<Written[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // One that is there and cannot be read now is no reason to begin anew.
    if (error.code !== 'ENOENT') throw error
    return ''
  })
  const [head, ...lines] = text.split('\n')
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
