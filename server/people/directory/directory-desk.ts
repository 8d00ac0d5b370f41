/**
 * Sign-in by the council's directory: what is under way with each browser, whom it has named, and whether it answers.
 * Accounts made here go on beside it; while it is away that is said.
 */
import { randomBytes } from 'node:crypto'
import type { Person } from '../../glossary/people.ts'
import type { DirectorySite, Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { type Challenge, type DirectoryClient, createDirectoryClient } from './directory-client.ts'
import { type DirectoryHolder, personOfDirectory } from './directory-plan.ts'

const TRIED_FOR_MS = 10 * 60_000
const MOST_UNDER_WAY = 1000
const LOOK_EVERY_MS = 60_000
const LOGOUTS_KEPT = 1000

/** `after`: the page that the browser goes on to. `again`: the cookie of the session that is to be confirmed. */
type UnderWay = { challenge: Challenge; redirect: string; after: string; again: string | null; until: number }
export type DirectoryState = { name: string; problem: string | null }
export type DirectoryDeskNeeds = {
  clock: Pick<Clock, 'monotonic' | 'sleep'>
  client?: (site: DirectorySite) => DirectoryClient
}

export function createDirectoryDesk({ clock, client: clientOf = createDirectoryClient }: DirectoryDeskNeeds) {
  let site: DirectorySite | null = null
  let client: DirectoryClient | null = null
  let problem: string | null = null
  const underWay = new Map<string, UnderWay>()
  /** A logout token counts once. */
  const loggedOut = new Set<string>()
  const stopped = new AbortController()

  /** @throws request/not-found: this town has no directory */
  function there(): { site: DirectorySite; client: DirectoryClient } {
    if (!site || !client) throw new Failure('request/not-found', 'This town has no directory that signs people in.')
    return { site, client }
  }
  /** Its own word on whether it answers is the newest one. */
  async function heard<Result>(work: Promise<Result>): Promise<Result> {
    try {
      const result = await work
      problem = null
      return result
    } catch (error) {
      if (error instanceof Failure && error.code === 'people/directory-away') problem = error.message
      throw error
    }
  }
  function forgetOld(): void {
    for (const [id, { until }] of underWay) if (until < clock.monotonic()) underWay.delete(id)
    const [oldest] = underWay.keys()
    if (underWay.size >= MOST_UNDER_WAY && oldest !== undefined) underWay.delete(oldest)
  }
  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      if (client) await heard(client.look()).catch(() => {})
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  return {
    follow({ directory }: Pick<Site, 'directory'>): void {
      if (JSON.stringify(directory) === JSON.stringify(site)) return
      site = directory
      client = directory && clientOf(directory)
      problem = null
      underWay.clear()
    },
    begin: (): void => void watch(),
    close: (): void => stopped.abort(),
    state: (): DirectoryState | null => site && { name: site.name, problem },
    personOf: (holder: DirectoryHolder): Person | null => personOfDirectory(site, holder),
    /**
     * @param where `redirect`: what the directory sends the browser back to
     * @returns where the browser goes, and what it is known by when it comes back
     * @throws request/not-found, people/directory-away
     */
    async start(where: Pick<UnderWay, 'redirect' | 'after' | 'again'>): Promise<{ url: string; browser: string }> {
      const { client: now } = there()
      // What it said of itself is kept: whether it answers at this moment is not known by that.
      await heard(now.look())
      const { url, challenge } = await heard(now.begin(where.redirect, where.again !== null))
      forgetOld()
      const browser = randomBytes(32).toString('base64url')
      underWay.set(browser, { ...where, challenge, until: clock.monotonic() + TRIED_FOR_MS })
      return { url, browser }
    },
    /**
     * @param browser what it was given; another browser's attempt is not finished here
     * @param query as the directory sent it
     * @throws people/unauthenticated, people/forbidden with whom the directory named, people/directory-away
     */
    async finish(browser: string | null, query: string) {
      const { client: now } = there()
      const mine = browser === null ? undefined : underWay.get(browser)
      if (browser !== null) underWay.delete(browser)
      if (!mine || mine.until < clock.monotonic())
        throw new Failure(
          'people/unauthenticated',
          'This sign-in was not begun in this browser, or took too long; begin again.',
        )
      const { redirect, challenge, after, again } = mine
      const { holder } = await heard(now.finish(new URL(`${redirect}${query}`), challenge, again !== null))
      const person = personOfDirectory(site, holder)
      if (!person)
        throw new Failure(
          'people/forbidden',
          `${holder.name} has no role here: none of the groups of the directory gives one.`,
        )
      return { person, holder, after, again }
    },
    /** @throws request/invalid, people/directory-away */
    async signedOut(logoutToken: string): Promise<{ sub: string | null; sid: string | null } | null> {
      const { sub, sid, id } = await heard(there().client.signedOut(logoutToken))
      if (loggedOut.has(id)) return null
      loggedOut.add(id)
      const [oldest] = loggedOut
      if (loggedOut.size > LOGOUTS_KEPT && oldest !== undefined) loggedOut.delete(oldest)
      return { sub, sid }
    },
  }
}
export type DirectoryDesk = ReturnType<typeof createDirectoryDesk>
