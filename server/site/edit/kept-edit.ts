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
  /** One at a time: the next edit is kept while the record takes the one before. */
  let writing: Promise<void> = Promise.resolve()
  function inTurn(act: (file: string) => Promise<void>): Promise<void> {
    if (file === null) return Promise.resolve()
    const done = writing.then(() => act(file))
    writing = done.catch(() => {})
    return done
  }
  return {
    read,
    write: (kept: KeptEdit | null): Promise<void> =>
      inTurn((at) => (kept === null ? rm(at, { force: true }) : replaceFileSoon(at, JSON.stringify(kept)))),
    /** The record has that edit; a later one stays as it is. */
    recorded: ({ before, after }: Pick<KeptEdit, 'before' | 'after'>): Promise<void> =>
      inTurn(async (at) => {
        const found = await read()
        if (found?.before !== before || found.after !== after) return
        await replaceFileSoon(at, JSON.stringify({ ...found, isRecorded: true }))
      }),
  }
}
