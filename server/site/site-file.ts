/** The site file on disk: read, watched, edited. A bad edit leaves the running town as it was and says why. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Site, StreetMap } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { utf8Text } from '../tools/utf8-text.ts'
import { type KeptEdit, createKeptEdit } from './edit/kept-edit.ts'
import { ChangedMeanwhile, isReplaceable, replaceText, whyNotReplaced } from './edit/replace-text.ts'
import { type SiteProblem, readSite } from './site-check.ts'
import type { Resolve } from './site-references.ts'
import { loadStreets } from './street-map.ts'

const LOOK_EVERY_MS = 1000

export const problemLine = (file: string, { line, key, problem }: SiteProblem): string =>
  `${file}:${line}: ${key ? `${key}: ` : ''}${problem}`

/**
 * The town of the simulator's own site file, before its cameras have their ports: every reference is taken as there.
 * @throws site/invalid, with one line per problem
 */
export function readDemoSite(file: string, text: string): Site {
  const { site, problems } = readSite(text, (written) => ({ value: written.replaceAll(/\$\{\w+\}/g, '1') }))
  if (!site) throw new Failure('site/invalid', problems.map((problem) => problemLine(file, problem)).join('\n'))
  return site
}

/** @throws site/invalid, with one line per problem. */
export async function loadSite(
  file: string,
  resolve: Resolve,
): Promise<{
  site: Site
  text: string
  streets: StreetMap | null
  /** A map that cannot be drawn is no reason to be without a town. */ mapProblem: string | null
}> {
  const text = await readFile(file)
    .then(utf8Text)
    .catch((error: unknown) => {
      throw new Failure('site/invalid', `The site file ${file} cannot be read: ${messageOf(error)}`)
    })
  const { site, problems } = readSite(text, resolve)
  if (site)
    return loadStreets(file, site.streets).then(
      (streets) => ({ site, text, streets, mapProblem: null }),
      (error: unknown) => ({ site, text, streets: null, mapProblem: messageOf(error) }),
    )
  throw new Failure('site/invalid', problems.map((problem) => problemLine(file, problem)).join('\n'))
}

type Edited = { before: string; after: string }
type Change = (text: string) => string | Promise<string>
/** Who changes what, for the record and for who takes it back. `isRecorded`: an entry of its own says it. */
export type About = { what: string; actor: string; isRecorded: boolean }
/** Whether the running town has taken the file over; `why` not, or what of it not. */
export type Following = { isFollowing: boolean; why: string | null }
/** A change is made anew on what somebody has written by hand meanwhile; so often. */
const MOST_TRIES = 4

export async function openSiteFile(options: {
  file: string
  /** Where the text before the newest edit is kept; null: nothing is edited here. */
  keptIn: string | null
  resolve: Resolve
  clock: Clock
  /** Resolves with the parts that could not follow yet. */
  onChange(site: Site, text: string): Promise<readonly string[]>
  onProblem(words: string | null): void
  /** What is wrong with a text; left out, it is read here. */
  check?(text: string): Promise<readonly SiteProblem[]>
}) {
  const { file, keptIn, resolve, clock, onChange, onProblem } = options
  const check = options.check ?? (async (text: string) => readSite(text, resolve).problems)
  const kept = createKeptEdit(keptIn)
  let { site, text, streets, mapProblem } = await loadSite(file, resolve)
  let problem: string | null = mapProblem
  /** The file is not valid, and the town stays as it was. */
  let isRefused = false
  if (mapProblem) onProblem(mapProblem)
  let editing: Promise<void> = Promise.resolve()
  let looking: Promise<readonly string[]> = Promise.resolve([])
  const stopped = new AbortController()
  const stampOf = (path: string): Promise<string> =>
    stat(path).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => 'gone',
    )
  const stamp = async (): Promise<string> =>
    `${await stampOf(file)} ${site.streets === null ? '' : await stampOf(join(dirname(file), site.streets))}`
  let seen = await stamp()
  /** @returns the parts that could not follow what was found */
  async function look(): Promise<readonly string[]> {
    const now = await stamp()
    if (now === seen) return []
    seen = now
    try {
      const loaded = await loadSite(file, resolve)
      problem = loaded.mapProblem
      isRefused = false
      onProblem(problem)
      // A map that was broken while the town runs stays as it was.
      const drawn = loaded.mapProblem === null || loaded.site.streets !== site.streets ? loaded.streets : streets
      if (loaded.text === text && JSON.stringify(drawn) === JSON.stringify(streets)) return []
      ;({ site, text } = loaded)
      streets = drawn
      return await onChange(site, text)
    } catch (error) {
      problem = messageOf(error)
      isRefused = true
      onProblem(problem)
      return []
    }
  }

  /** One look at a time. */
  function lookSoon(): Promise<readonly string[]> {
    looking = looking.then(look)
    return looking
  }
  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
      if (!stopped.signal.aborted) await editing.then(lookSoon)
    }
  }
  const watching = watch()

  const unwritable = (what: string, error: unknown, help: string): Failure =>
    new Failure('site/unwritable', `${what} cannot be written (${messageOf(error)}): ${help}.`)
  const readNow = (): Promise<string> =>
    readFile(file)
      .then(utf8Text)
      .catch((error: unknown) => {
        throw new Failure('site/invalid', `The site file cannot be read now: ${messageOf(error)}`, {
          extra: { problems: [{ line: 1, key: '', problem: messageOf(error) }] },
        })
      })
  /** @throws site/invalid, site/unwritable; the file is as it was then */
  async function write(change: Change, about: About, tries = 1): Promise<Edited> {
    const before = await readNow()
    const after = await change(before)
    if (after === before) return { before, after }
    const problems = await check(after)
    if (problems.length > 0)
      throw new Failure('site/invalid', problems.map((each) => problemLine(basename(file), each)).join('\n'), {
        extra: { problems },
      })
    // First: what cannot be kept is not done, and an edit that the record does not have yet is known by this.
    await kept.add({ before, after, ...about }).catch((error: unknown) => {
      throw unwritable('The data folder', error, 'the edit would be lost to who takes it back')
    })
    try {
      await replaceText(file, before, after)
    } catch (error) {
      await kept.remove({ before, after }).catch(() => {})
      if (error instanceof ChangedMeanwhile && tries < MOST_TRIES) return write(change, about, tries + 1)
      throw unwritable(file, error, whyNotReplaced((error as NodeJS.ErrnoException).code))
    }
    return { before, after }
  }
  function following(late: readonly string[]): Following {
    if (isRefused) return { isFollowing: false, why: problem }
    if (late.length === 0) return { isFollowing: true, why: problem }
    return { isFollowing: false, why: `${late.join(', ')} could not follow yet; it is tried again` }
  }

  return {
    site: (): Site => site,
    streets: (): StreetMap | null => streets,
    problem: (): string | null => problem,
    /** The text on the disk now, and whether it could be replaced. */
    read: async (): Promise<{ text: string; isWritable: boolean }> => ({
      text: await readNow(),
      isWritable: await isReplaceable(file),
    }),
    /** The newest edit, where the file still is as that edit left it. */
    async kept(now: string): Promise<KeptEdit | null> {
      const found = await kept.newest()
      return found?.after === now ? found : null
    },
    /** Edits of which the record has no entry yet, the oldest first. */
    unrecorded: kept.unrecorded,
    recorded: kept.recorded,
    /**
     * Writes the changed text in one step. Resolves when that is done; `followed`, when the town has taken it over.
     * @throws site/invalid with its problems, site/unwritable; the file is as it was then
     */
    async replace(change: Change, about: About): Promise<Edited & { followed: Promise<Following> }> {
      const written = editing.then(() => write(change, about))
      editing = written.then(
        () => {},
        () => {},
      )
      const { before, after } = await written
      return { before, after, followed: lookSoon().then(following) }
    },
    /** The same, for what has an entry of its own; waits until the town has taken it over. */
    async edit(change: Change, what: string): Promise<void> {
      const { followed } = await this.replace(change, { what, actor: 'lamppost', isRecorded: true })
      await followed
    },
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}
