/**
 * The engineer's editor: the whole site file or one thing of it, against the version that the engineer has seen. Each change
 * is one entry of the record, with who and what, and the newest can be taken back.
 */
import { createHash } from 'node:crypto'
import type { Append } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { SiteEditThread } from './site-edit-thread.ts'
import type { Thing } from './site-things.ts'

/** The site file as it is written and followed. */
export type EditedFile = {
  read(): Promise<{ text: string; isWritable: boolean }>
  /** Null: there is none, or the file was changed otherwise since. */
  kept(text: string): Promise<string | null>
  /** @throws site/invalid, site/unwritable */
  replace(
    change: (text: string) => string | Promise<string>,
  ): Promise<{ before: string; after: string; followed: Promise<void> }>
  /** What is wrong with the file on the disk, which the town therefore does not follow. */
  problem(): string | null
}
/** What writes the text anew, beside the thread that hears presses. */
export type EditWork = {
  [Name in keyof SiteEditThread]: (
    ...args: Parameters<SiteEditThread[Name]>
  ) => Promise<ReturnType<SiteEditThread[Name]>>
}
/** `why`: what the town waits for. */
export type Edit = { version: string; following: boolean; why: string | null }

/** So long an engineer waits for the town; it goes on by itself. */
const FOLLOWS_WITHIN_MS = 5000

export const versionOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 32)

type SiteEditorOptions = {
  clock: Clock
  file: EditedFile
  append: Append
  /** Lends the work for as long as `act` lasts. */
  atWork<T>(act: (work: EditWork) => Promise<T>): Promise<T>
}
export function createSiteEditor({ clock, file, append, atWork }: SiteEditorOptions) {
  /** @param seen the version that the engineer has seen; null: whatever it is. @throws site/changed with what it is now */
  function mustBe(text: string, seen: string | null): void {
    const version = versionOf(text)
    if (seen === null || seen === version) return
    throw new Failure('site/changed', 'Somebody else has changed the site file since: look at both, and save again.', {
      extra: { version, text, yours: seen },
    })
  }
  async function edited(
    change: (text: string) => string | Promise<string>,
    what: string,
    seen: string | null,
    actor: string,
  ): Promise<Edit> {
    const { before, after, followed } = await file.replace((text) => {
      mustBe(text, seen)
      return change(text)
    })
    const [from, to] = [versionOf(before), versionOf(after)]
    if (before !== after) {
      const diff = await atWork((work) => work.diff(before, after))
      const body = { what, before: from, after: to, diff }
      await append([{ kind: 'site.edited', actor, subject: 'site', body }]).durable
    }
    const waiting = new AbortController()
    const isThere = await Promise.race([
      followed.then(() => true),
      clock.sleep(FOLLOWS_WITHIN_MS, waiting.signal).then(() => false),
    ])
    waiting.abort()
    const why = isThere ? file.problem() : 'The town has not taken it over yet; it goes on with that.'
    return { version: to, following: isThere && why === null, why }
  }
  return {
    async read(): Promise<{ text: string; version: string; writable: boolean; undo: boolean; problem: string | null }> {
      const { text, isWritable: writable } = await file.read()
      const undo = (await file.kept(text)) !== null
      return { text, version: versionOf(text), writable, undo, problem: file.problem() }
    },
    /** @throws site/changed, site/invalid, site/unwritable */
    replace: (text: string, seen: string | null, actor: string): Promise<Edit> =>
      edited(() => text, 'the whole file', seen, actor),
    /** @throws site/changed, site/invalid, site/unwritable */
    async put(
      thing: Thing,
      id: string,
      value: Readonly<Record<string, unknown>>,
      seen: string | null,
      actor: string,
    ): Promise<Edit & { isNew: boolean }> {
      let isNew = false
      const change = async (text: string): Promise<string> => {
        const made = await atWork((work) => work.put(text, thing, id, value))
        isNew = made.isNew
        return made.text
      }
      const edit = await edited(change, `${thing}/${id}`, seen, actor)
      return { ...edit, isNew }
    },
    /** @throws site/changed, site/unknown, site/referenced, site/invalid, site/unwritable */
    remove: (thing: Thing, id: string, removeReferences: boolean, seen: string | null, actor: string): Promise<Edit> =>
      edited((text) => atWork((work) => work.remove(text, thing, id, removeReferences)), `${thing}/${id}`, seen, actor),
    /** Takes the newest edit back; done twice, it is there again. @throws site/nothing-to-undo, site/changed */
    async undo(seen: string | null, actor: string): Promise<Edit> {
      const { text } = await file.read()
      const before = await file.kept(text)
      if (before === null)
        throw new Failure(
          'site/nothing-to-undo',
          'There is nothing to take back: the file was not changed by a page, or somebody has changed it by hand since.',
        )
      return edited(() => before, 'undo', seen ?? versionOf(text), actor)
    },
  }
}
export type SiteEditor = ReturnType<typeof createSiteEditor>
