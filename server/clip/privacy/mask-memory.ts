/**
 * The masks of every camera that ever had some, beside the recordings: one that has left the site file, or whose line
 * was lost, has recordings all the same, and they keep their masks.
 */
import { readFileSync } from 'node:fs'
import type { Privacy, SiteCamera } from '../../glossary/site.ts'
import { replaceFile } from '../../tools/process/replace-file.ts'

export function openMaskMemory({ file, onError }: { file: string; onError(error: unknown): void }) {
  const known: Record<string, Privacy> = read(file)
  return {
    of: (camera: string): Privacy | null => known[camera] ?? null,
    /** A camera that is in the site file has the masks that stand there. */
    follow(cameras: readonly Pick<SiteCamera, 'id' | 'privacy'>[]): void {
      const before = JSON.stringify(known)
      for (const { id, privacy } of cameras)
        if (privacy) known[id] = privacy
        else delete known[id]
      const now = JSON.stringify(known)
      if (now === before) return
      try {
        replaceFile(file, now)
      } catch (error) {
        onError(error)
      }
    },
  }
}

function read(file: string): Record<string, Privacy> {
  try {
    return Object.assign(Object.create(null), JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return Object.create(null)
  }
}
