/** The site file on disk: read, watched, edited. A bad edit leaves the running town as it was and says why. */
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Site, StreetMap } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
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

export async function openSiteFile(options: {
  file: string
  resolve: Resolve
  clock: Clock
  onChange(site: Site, text: string): Promise<void>
  onProblem(words: string | null): void
}) {
  const { file, resolve, clock, onChange, onProblem } = options
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

  async function edit(change: (text: string) => string): Promise<void> {
    const before = utf8Text(await readFile(file))
    const after = change(before)
    const { problems } = readSite(after, resolve)
    if (problems.length > 0)
      throw new Failure('site/invalid', problems.map((each) => problemLine(file, each)).join('\n'))
    const { mode } = await stat(file)
    await writeFile(`${file}.new`, after, { mode })
    // Whatever this process keeps from others of its own files: who could read the site file still can.
    await chmod(`${file}.new`, mode)
    await rename(`${file}.new`, file)
    await look()
  }

  return {
    site: (): Site => site,
    streets: (): StreetMap | null => streets,
    problem: (): string | null => problem,
    /** Writes the changed text in one step and takes it over. @throws site/invalid and leaves the file untouched. */
    edit(change: (text: string) => string): Promise<void> {
      const edited = editing.then(() => edit(change))
      editing = edited.catch(() => {})
      return edited
    },
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}
