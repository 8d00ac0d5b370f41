/**
 * The engineer's editor: the whole site file or one thing of it, against the version that the engineer has seen. Each change
 * is one entry of the record, with who and what, and the newest can be taken back.
 */
import { createHash } from 'node:crypto'
import type { Append } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import type { About, Following } from '../site-file.ts'
import type { KeptEdit } from './kept-edit.ts'
import type { SiteEditThread } from './site-edit-thread.ts'
import type { Thing } from './site-things.ts'

type Change = (text: string) => string | Promise<string>
/** The site file as it is written and followed. */
export type EditedFile = {
  /** @throws site/invalid when it cannot be read */
  read(): Promise<{ text: string; isWritable: boolean }>
  /** Null: there is none, or the file was changed otherwise since. */
  kept(text: string): Promise<KeptEdit | null>
  /** Edits of which the record has no entry yet, the oldest first. */
  unrecorded(): Promise<readonly KeptEdit[]>
  recorded(edit: Pick<KeptEdit, 'before' | 'after'>): Promise<void>
  /** @throws site/invalid, site/unwritable */
  replace(change: Change, about: About): Promise<{ before: string; after: string; followed: Promise<Following> }>
  /** What is wrong with the file on the disk, which the town therefore does not follow. */
  problem(): string | null
}
/** What writes the text anew, beside the thread that hears presses. */
export type EditWork = {
  [Name in keyof SiteEditThread]: (
    ...args: Parameters<SiteEditThread[Name]>
  ) => Promise<ReturnType<SiteEditThread[Name]>>
}
/** Lends the work for as long as `act` lasts. @throws site/invalid when it takes too long */
export type AtEditWork = <T>(act: (work: EditWork) => Promise<T>) => Promise<T>
/** `why`: what the town waits for, or what of it could not follow. */
export type Edit = { version: string; following: boolean; why: string | null }
/** Versions that an engineer has seen; null: whatever it is. */
export type Seen = readonly string[] | null

/** So long an engineer waits for the town; it goes on by itself. */
const FOLLOWS_WITHIN_MS = 5000

export const versionOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 32)
/** As it will be read back: without a mark of its order of bytes, and without halves of letters. */
const asWritten = (text: string): string => Buffer.from(text.replace(/^\uFEFF/, ''), 'utf8').toString('utf8')

type SiteEditorOptions = {
  clock: Clock
  logger: { error(words: string): void }
  file: EditedFile
  append: Append
  atWork: AtEditWork
  /** Where pages may refer to secrets that the file does not name yet. */
  secretsFolders: readonly string[]
}
type Wish = {
  change: Change
  what: string
  seen: Seen
  actor: string
  /** The text stood there already, with what it refers to. */
  isOld?: boolean
}
export function createSiteEditor({ clock, logger, file, append, atWork, secretsFolders }: SiteEditorOptions) {
  /** @throws site/changed with what it is now */
  function mustBe(text: string, seen: Seen): void {
    const version = versionOf(text)
    if (seen === null || seen.includes(version)) return
    throw new Failure('site/changed', 'Somebody else has changed the site file since: look at both, and save again.', {
      extra: { version, text, yours: seen.at(0) ?? null },
    })
  }
  /** @throws site/invalid when the new text names secrets that a page may not bring in */
  async function mustRefer(before: string, after: string): Promise<void> {
    if (before === after) return
    const problems = await atWork((work) => work.foreign(before, after, secretsFolders))
    if (problems.length === 0) return
    const words = problems.map(({ line, key, problem }) => `${line}: ${key}: ${problem}`).join('\n')
    throw new Failure('site/invalid', words, { extra: { problems } })
  }
  async function record({ before, after, what, actor }: Omit<KeptEdit, 'isRecorded'>): Promise<void> {
    const diff = await atWork((work) => work.diff(before, after))
    const body = { what, before: versionOf(before), after: versionOf(after), diff }
    await append([{ kind: 'site.edited', actor, subject: 'site', body }]).durable
    await file.recorded({ before, after })
  }
  async function edited({ change, what, seen, actor, isOld = false }: Wish): Promise<Edit> {
    const waiting = new AbortController()
    const isLate = clock.sleep(FOLLOWS_WITHIN_MS, waiting.signal)
    try {
      const { before, after, followed } = await file.replace(
        async (text) => {
          mustBe(text, seen)
          const made = await change(text)
          if (!isOld) await mustRefer(text, made)
          return made
        },
        { what, actor, isRecorded: false },
      )
      const recording = before === after ? Promise.resolve() : record({ before, after, what, actor })
      const noted = recording.then(
        () => null,
        (error: unknown) => {
          logger.error(
            `the record has no entry of the edit of ${what} yet (${messageOf(error)}); the next start makes up for it`,
          )
          return 'The record has no entry of it yet; the next start of the server makes up for it.'
        },
      )
      const there = await Promise.race([followed, isLate.then(() => null)])
      const why = there ? there.why : 'The town has not taken it over yet; it is still at it.'
      const missing = await noted
      return { version: versionOf(after), following: there?.isFollowing ?? false, why: missing ?? why }
    } finally {
      waiting.abort()
    }
  }
  return {
    /** At the start: edits that the server did not live to record, or that the disk had no room for, are recorded now. */
    async makeUp(): Promise<void> {
      try {
        for (const edit of await file.unrecorded()) await record(edit)
      } catch (error) {
        logger.error(`the record has not each edit of the site file (${messageOf(error)}); the next start tries again`)
      }
    },
    /** `undoes`: what the newest edit was, which can be taken back. */
    async read() {
      const { text, isWritable: writable } = await file.read()
      const kept = await file.kept(text)
      const undoes = kept ? kept.what || 'the newest edit' : null
      return { text, version: versionOf(text), writable, undo: kept !== null, undoes, problem: file.problem() }
    },
    /** @throws site/changed, site/invalid, site/unwritable */
    replace: (text: string, seen: Seen, actor: string): Promise<Edit> =>
      edited({ change: () => asWritten(text), what: 'the whole file', seen, actor }),
    /** @throws site/changed, site/invalid, site/unwritable */
    async put(
      thing: Thing,
      id: string,
      value: Readonly<Record<string, unknown>>,
      seen: Seen,
      actor: string,
    ): Promise<Edit & { isNew: boolean }> {
      let isNew = false
      const change = async (text: string): Promise<string> => {
        const made = await atWork((work) => work.put(text, thing, id, value))
        isNew = made.isNew
        return made.text
      }
      const edit = await edited({ change, what: `${thing}/${id}`, seen, actor })
      return { ...edit, isNew }
    },
    /** @throws site/changed, site/unknown, site/referenced, site/invalid, site/unwritable */
    remove: (thing: Thing, id: string, removeReferences: boolean, seen: Seen, actor: string): Promise<Edit> =>
      edited({
        change: (text) => atWork((work) => work.remove(text, thing, id, removeReferences)),
        what: `${thing}/${id}`,
        seen,
        actor,
      }),
    /** Takes the newest edit back; done twice, it is there again. @throws site/nothing-to-undo, site/changed */
    async undo(seen: Seen, actor: string): Promise<Edit> {
      const { text } = await file.read()
      const kept = await file.kept(text)
      if (kept === null)
        throw new Failure(
          'site/nothing-to-undo',
          'There is nothing to take back: the file was not changed by a page, or somebody has changed it by hand since.',
        )
      const what = kept.what === '' ? 'undo' : `undo: ${kept.what}`
      return edited({ change: () => kept.before, what, seen: seen ?? [versionOf(text)], actor, isOld: true })
    },
  }
}
export type SiteEditor = ReturnType<typeof createSiteEditor>
