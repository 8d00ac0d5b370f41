/** A package while it is made: its ZIP, and what everybody who puts something into it needs. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportId } from '../../glossary/evidence.ts'
import type { BagFile } from './bag.ts'
import type { ZipWriter } from './zip-writer.ts'

export type Packing = ReturnType<typeof createPacking>

export const partFile = (folder: string): string => join(folder, 'package.zip.part')

/** None of it may stay: a picture that was to be redacted least of all. `view.mp4`: of versions before this one. */
const SCRATCH = ['parent.mp4', 'redacted.mp4', 'redaction.txt', 'sound-hash.txt', 'call.wav', 'voice.mp4', 'view.mp4']
export async function clearScratch(folder: string): Promise<void> {
  for (const name of SCRATCH) await rm(join(folder, name), { force: true })
}

/** @param advance hears how many of the bytes to be gone through are done. */
export function createPacking({
  id,
  folder,
  timezone,
  zip,
  signal,
  advance,
}: {
  id: ExportId
  folder: string
  timezone: string
  zip: ZipWriter
  signal: AbortSignal
  advance(bytes: number): void
}) {
  const inZip = (path: string): string => `${id}/${path}`
  async function addText(path: string, text: string | Uint8Array): Promise<BagFile> {
    const bytes = Buffer.from(text as string)
    const { sha256 } = await zip.add(inZip(path), bytes)
    return { path, bytes: bytes.length, sha256 }
  }
  return {
    id,
    folder,
    timezone,
    zip,
    signal,
    advance,
    inZip,
    addText,
    /** Unless a run before this one has added it. */
    async addOnce(path: string, text: string): Promise<BagFile> {
      const known = zip.has(inZip(path))
      return known ? { path, bytes: known.bytes, sha256: known.sha256 } : addText(path, text)
    },
    /** @param under a folder of the bag, such as `data/` */
    files: (under: string): BagFile[] =>
      zip
        .entries()
        .flatMap(({ name, bytes, sha256 }) =>
          name.startsWith(inZip(under)) ? [{ path: name.slice(id.length + 1), bytes, sha256 }] : [],
        ),
  }
}
