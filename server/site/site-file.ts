/** The site file on disk: read, watched, edited. A bad edit leaves the running town as it was and says why. */
import { access, constants, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Site, StreetMap } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { replaceFileSoon } from '../tools/process/replace-file.ts'
import { utf8Text } from '../tools/utf8-text.ts'
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

/** Whole or not at all. Whatever this process keeps from others of its own files: who could read this one still can. */
async function replace(file: string, text: string): Promise<void> {
  const { mode } = await stat(file)
  const handle = await open(`${file}.new`, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
}

export async function openSiteFile(options: {
  file: string
  /** Where the text before the newest edit is kept; null: nothing is edited here. */
  keptIn: string | null
  resolve: Resolve
  clock: Clock
  onChange(site: Site, text: string): Promise<void>
  onProblem(words: string | null): void
}) {
  const { file, keptIn, resolve, clock, onChange, onProblem } = options
  let { site, text, streets, mapProblem } = await loadSite(file, resolve)
  let problem: string | null = mapProblem
  if (mapProblem) onProblem(mapProblem)
  let editing: Promise<void> = Promise.resolve()
  const stopped = new AbortController()
  const stampOf = (path: string): Promise<string> =>
    stat(path).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => 'gone',
    )
  const stamp = async (): Promise<string> =>
    `${await stampOf(file)} ${site.streets === null ? '' : await stampOf(join(dirname(file), site.streets))}`
  let seen = await stamp()
  const keepBefore = async (before: string, after: string): Promise<void> => {
    if (keptIn !== null) await replaceFileSoon(keptIn, JSON.stringify({ before, after }))
  }
  async function readKept(text: string): Promise<string | null> {
    try {
      const kept = JSON.parse(await readFile(keptIn ?? '', 'utf8')) as Edited
      return kept.after === text ? kept.before : null
    } catch {
      return null
    }
  }

  async function look(): Promise<void> {
    const now = await stamp()
    if (now === seen) return
    seen = now
    try {
      const loaded = await loadSite(file, resolve)
      problem = loaded.mapProblem
      onProblem(problem)
      // A map that was broken while the town runs stays as it was.
      const drawn = loaded.mapProblem === null || loaded.site.streets !== site.streets ? loaded.streets : streets
      if (loaded.text === text && JSON.stringify(drawn) === JSON.stringify(streets)) return
      ;({ site, text } = loaded)
      streets = drawn
      await onChange(site, text)
    } catch (error) {
      problem = messageOf(error)
      onProblem(problem)
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
      if (!stopped.signal.aborted) await editing.then(look)
    }
  }
  const watching = watch()

  /** @throws site/invalid, site/unwritable; the file is as it was then */
  async function write(change: Change): Promise<Edited> {
    const before = utf8Text(await readFile(file))
    const after = await change(before)
    const { problems } = readSite(after, resolve)
    if (problems.length > 0)
      throw new Failure('site/invalid', problems.map((each) => problemLine(file, each)).join('\n'), {
        extra: { problems },
      })
    if (after === before) return { before, after }
    await replace(file, after).catch((error: unknown) => {
      throw new Failure(
        'site/unwritable',
        `${file} cannot be written (${messageOf(error)}): the account that the server runs as needs to write it and its folder.`,
      )
    })
    // The town has it, whatever becomes of the copy.
    await keepBefore(before, after).catch(() => {})
    return { before, after }
  }

  return {
    site: (): Site => site,
    streets: (): StreetMap | null => streets,
    problem: (): string | null => problem,
    /** The text on the disk now, and whether it could be replaced. */
    async read(): Promise<{ text: string; isWritable: boolean }> {
      const can = [file, dirname(file)].map((path) =>
        access(path, constants.W_OK).then(
          () => true,
          () => false,
        ),
      )
      return { text: utf8Text(await readFile(file)), isWritable: (await Promise.all(can)).every(Boolean) }
    },
    /** The text before the newest edit, where the file still is as that edit left it. */
    kept: readKept,
    /**
     * Writes the changed text in one step. Resolves when that is done; `followed`, when the town has taken it over.
     * @throws site/invalid with its problems, site/unwritable; the file is as it was then
     */
    async replace(change: Change): Promise<Edited & { followed: Promise<void> }> {
      const written = editing.then(() => write(change))
      const followed = written.then(look)
      editing = followed.catch(() => {})
      followed.catch(() => {})
      return { ...(await written), followed }
    },
    /** The same, and waits until the town has taken it over. */
    async edit(change: (text: string) => string): Promise<void> {
      const { followed } = await this.replace(change)
      await followed
    },
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}
