/** The newest edit, beside the data: what the file said before, and whether the record has its entry. */
import { readFile, rm } from 'node:fs/promises'
import { replaceFileSoon } from '../../tools/process/replace-file.ts'

export type KeptEdit = { before: string; after: string; what: string; actor: string; isRecorded: boolean }

/** @param file null: nothing is edited here */
export function createKeptEdit(file: string | null) {
  const read = async (): Promise<KeptEdit | null> => {
    try {
      const kept = JSON.parse(await readFile(file ?? '', 'utf8')) as Partial<KeptEdit>
      if (typeof kept.before !== 'string' || typeof kept.after !== 'string') return null
      const { before, after, what = '', actor = '', isRecorded = true } = kept
      return { before, after, what, actor, isRecorded }
    } catch {
      return null
    }
  }
  return {
    read,
    async write(kept: KeptEdit | null): Promise<void> {
      if (file === null) return
      if (kept === null) await rm(file, { force: true })
      else await replaceFileSoon(file, JSON.stringify(kept))
    },
  }
}
