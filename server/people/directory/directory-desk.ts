/**
 * Sign-in by the council's directory: what is under way with each browser, whom it has named, and whether it answers.
 * Accounts made here go on beside it; while it is away that is said.
 */
import { randomBytes } from 'node:crypto'
import type { Person, Role } from '../../glossary/people.ts'
import type { DirectorySite, Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { networkOf } from '../../tools/networks.ts'
import { createTokenBuckets } from '../../tools/pace/token-bucket.ts'
import { type Challenge, type DirectoryClient, createDirectoryClient } from './directory-client.ts'
import { type DirectoryHolder, personOfDirectory } from './directory-plan.ts'

const TRIED_FOR_MS = 10 * 60_000
const MOST_UNDER_WAY = 1000
const LOOK_EVERY_MS = 60_000
const LOGOUTS_KEPT = 1000
/** How long its answer says that it answers. */
const LOOK_COUNTS_MS = 5000
/** A control room behind one address signs in at once when the shift changes. */
const STARTS_AT_ONCE = 30
const START_EVERY_S = 2
/** The directory’s clock and this one’s. */
const CLOCKS_APART_MS = 30_000
const NOT_BEGUN = 'This sign-in was not begun in this browser, or took too long; begin again.'

/** `after`: the page that the browser goes on to. `again`: the cookie of the session that is to be confirmed. */
type UnderWay = {
  challenge: Challenge
  redirect: string
  after: string
  again: string | null
  begunAt: number
  until: number
}
/** `from`: the address that asks. `anew`: the directory is to ask who it is, signed in there or not. */
export type Start = Pick<UnderWay, 'redirect' | 'after' | 'again'> & { from: string; anew: boolean }
export type DirectoryState = { name: string; problem: string | null }
export type DirectoryDeskNeeds = {
  clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>
  /** Roles that nobody has without a second factor. */
  factorRequiredFor(): readonly Role[]
  client?: (site: DirectorySite) => DirectoryClient
}

export function createDirectoryDesk({
  clock,
  factorRequiredFor,
  client: clientOf = createDirectoryClient,
}: DirectoryDeskNeeds) {
  let site: DirectorySite | null = null
  let client: DirectoryClient | null = null
  let problem: string | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | null = null
  const underWay = new Map<string, UnderWay>()
  /** A logout token counts once. */
  const loggedOut = new Set<string>()
  const starts = createTokenBuckets({ burst: STARTS_AT_ONCE, perSecond: 1 / START_EVERY_S, clock })
  const stopped = new AbortController()

  /** @throws request/not-found: this town has no directory */
  function there(): DirectoryClient {
    if (!client) throw new Failure('request/not-found', 'This town has no directory that signs people in.')
    return client
  }
  /** Its own word on whether it answers is the newest one; that of one that is not asked any more does not count. */
  async function heard<Result>(of: DirectoryClient, work: Promise<Result>): Promise<Result> {
    try {
      const result = await work
      if (of === client) problem = null
      return result
    } catch (error) {
      if (of === client && error instanceof Failure && error.code === 'people/directory-away')
        problem = `${error.message} ${error.cause === undefined ? '' : messageOf(error.cause)}`.trim()
      throw error
    }
  }
  /** Whether it answers at this moment; however many ask, it is asked once in a few seconds. */
  function look(of: DirectoryClient): Promise<void> {
    if (looking) return looking
    if (clock.monotonic() - lookedAt < LOOK_COUNTS_MS) return Promise.resolve()
    looking = heard(of, of.look())
      .then(() => void (lookedAt = clock.monotonic()))
      .finally(() => (looking = null))
    return looking
  }
  /** @throws people/busy: nobody who is on their way is thrown out for strangers */
  function mustHaveRoom(from: string): void {
    for (const [id, { until }] of underWay) if (until < clock.monotonic()) underWay.delete(id)
    if (underWay.size < MOST_UNDER_WAY && starts.take(networkOf(from))) return
    throw new Failure('people/busy', 'Many sign-ins were begun and not finished; try again in half a minute.', {
      extra: { retryAfter: 30 },
    })
  }
  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      if (client) await look(client).catch(() => {})
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  return {
    follow({ directory }: Pick<Site, 'directory'>): void {
      if (JSON.stringify(directory) === JSON.stringify(site)) return
      site = directory
      client = directory && clientOf(directory)
      problem = null
      lookedAt = Number.NEGATIVE_INFINITY
      looking = null
      underWay.clear()
    },
    begin: (): void => void watch(),
    close: (): void => stopped.abort(),
    state: (): DirectoryState | null => site && { name: site.name, problem },
    personOf: (holder: DirectoryHolder): Person | null => personOfDirectory(site, holder, factorRequiredFor()),
    /**
     * @param where `redirect`: what the directory sends the browser back to; `anew`: whoever is signed in there says so
     * @returns where the browser goes, and what it is known by when it comes back
     * @throws request/not-found, people/directory-away, people/busy
     */
    async start({ from, anew, ...where }: Start): Promise<{ url: string; browser: string }> {
      const now = there()
      mustHaveRoom(from)
      // What it said of itself is kept: whether it answers at this moment is not known by that.
      await look(now)
      const begunAt = clock.now()
      const { url, challenge } = await heard(now, now.begin(where.redirect, anew || where.again !== null))
      const browser = randomBytes(32).toString('base64url')
      if (now === client)
        underWay.set(browser, { ...where, challenge, begunAt, until: clock.monotonic() + TRIED_FOR_MS })
      return { url, browser }
    },
    /**
     * @param browser what it was given; another browser's attempt is not finished here
     * @param query as the directory sent it
     * @throws people/unauthenticated, people/forbidden with whom the directory named, people/directory-away
     */
    async finish(browser: string | null, query: string) {
      const now = there()
      const mine = browser === null ? undefined : underWay.get(browser)
      if (browser !== null) underWay.delete(browser)
      if (!mine || mine.until < clock.monotonic()) throw new Failure('people/unauthenticated', NOT_BEGUN)
      const { redirect, challenge, after, again, begunAt } = mine
      const came = new URL(`${redirect}${query}`)
      const { holder, authTime } = await heard(now, now.finish(came, challenge, again !== null))
      const person = personOfDirectory(site, holder, factorRequiredFor())
      if (!person)
        throw new Failure(
          'people/forbidden',
          `${holder.name} has no role here: none of the groups of the directory gives one.`,
        )
      if (again !== null && (authTime === null || authTime * 1000 < begunAt - CLOCKS_APART_MS))
        throw new Failure('people/unauthenticated', 'The directory did not ask again who you are; begin again.')
      return { person, holder, after, again }
    },
    /**
     * @param act ends what it says; only then it is used up
     * @throws request/invalid, people/directory-away
     */
    async signedOut(
      logoutToken: string,
      act: (whom: { sub: string | null; sid: string | null; until: number }) => Promise<void>,
    ): Promise<void> {
      const { sub, sid, id, at } = await there().signedOut(logoutToken)
      if (loggedOut.has(id)) return
      await act({ sub, sid, until: at + CLOCKS_APART_MS })
      loggedOut.add(id)
      const [oldest] = loggedOut
      if (loggedOut.size > LOGOUTS_KEPT && oldest !== undefined) loggedOut.delete(oldest)
    },
  }
}
export type DirectoryDesk = ReturnType<typeof createDirectoryDesk>
