/**
 * The newest edit, beside the data, for who takes it back; and each edit of which the record has no entry yet: the server
 * died, or the disk was full.
 */
import { readFile } from 'node:fs/promises'
import { replaceFileSoon } from '../../tools/process/replace-file.ts'

export type KeptEdit = { before: string; after: string; what: string; actor: string; isRecorded: boolean }
type Which = Pick<KeptEdit, 'before' | 'after'>

/** @param file null: nothing is edited here */
export function createKeptEdit(file: string | null) {
  /** The newest last. */
  async function all(): Promise<KeptEdit[]> {
    try {
      const kept: unknown = JSON.parse(await readFile(file ?? '', 'utf8'))
      // Until this version one edit was kept, without a list around it.
      return (Array.isArray(kept) ? kept : [kept]).flatMap((each: Partial<KeptEdit>) => {
        const { before, after, what = '', actor = '', isRecorded = true } = each
        return typeof before === 'string' && typeof after === 'string'
          ? [{ before, after, what, actor, isRecorded }]
          : []
      })
    } catch {
      return []
    }
  }
  /** One at a time: the next edit is kept while the record takes the one before. */
  let writing: Promise<void> = Promise.resolve()
  function change(to: (edits: KeptEdit[]) => KeptEdit[]): Promise<void> {
    if (file === null) return Promise.resolve()
    const done = writing.then(async () => replaceFileSoon(file, JSON.stringify(to(await all()))))
    writing = done.catch(() => {})
    return done
  }
  const isThat =
    ({ before, after }: Which) =>
    (each: KeptEdit): boolean =>
      each.before === before && each.after === after
  return {
    newest: async (): Promise<KeptEdit | null> => (await all()).at(-1) ?? null,
    /** Those without an entry, the oldest first. */
    unrecorded: async (): Promise<KeptEdit[]> => (await all()).filter(({ isRecorded }) => !isRecorded),
    /** The one before it stays until the next: should this one not come to be, that is the newest again. */
    add: (edit: KeptEdit): Promise<void> =>
      change((edits) => [...edits.filter(({ isRecorded }, i) => !isRecorded || i === edits.length - 1), edit]),
    /** It did not come to be. */
    remove: (edit: Which): Promise<void> =>
      change((edits) => {
        const at = edits.findLastIndex(isThat(edit))
        return at === -1 ? edits : edits.toSpliced(at, 1)
      }),
    recorded: (edit: Which): Promise<void> =>
      change((edits) => edits.map((each) => (isThat(edit)(each) ? { ...each, isRecorded: true } : each))),
  }
}
