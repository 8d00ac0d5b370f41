/** Who somebody is by what they typed: a name and password, a token, or a one-time token of a wall. Guessing is slow. */
import type { FastifyRequest } from 'fastify'
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../door/credentials.ts'
import type { Person, Scope } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { type StoredUser, personOfUser } from '../accounts/people-format.ts'
import type { Guess } from './guessing.ts'
import type { Holder } from './session-store.ts'
import type { Place } from './sessions.ts'

export type Given = { user: string; password: string } | { token: string }
/**
 * `browser`: the cookie of a browser in which somebody has signed in before. `session`: the cookie of a session that is
 * open there. `once`: a one-time token is used up for it.
 */
export type Attempt = { given: Given; address: string; browser: string | null; session: string | null; once?: boolean }
/** `lastsMs`: how long the session may last at the most; null: as every one. */
export type SignedIn = {
  person: Person
  holder: Holder
  scope: Scope | null
  user: string | null
  lastsMs: number | null
}
/** @throws people/unauthenticated, slowly; people/too-many-tries; people/busy */
export type SignIn = (attempt: Attempt) => Promise<SignedIn>

export type SignInPort = {
  byPassword(user: string, password: string): Promise<StoredUser | null>
  /** A token that lasts. */
  byToken(token: string): { person: Person; sha256: string } | null
  /** Uses a one-time token up. */
  redeem(token: string): { holder: Extract<Holder, { pass: unknown }>; lastsMs: number } | null
  /** What this person is known by there: a browser, or a session that is open; null: not at all. */
  knownAs(attempt: Pick<Attempt, 'browser' | 'session'>, user: string): string | null
  guessing: { begin(guess: Guess): number; wasRight(guess: Guess): void; wrongToken(address: string): number }
  onRefused(refused: { user: string; from: string; reason: string }): void
  sleep(ms: number): Promise<void>
}

/** Each wrong try takes so long. */
const WRONG_WAIT_MS = 1000
/** A password costs 20 ms of a core and 19 MiB: many at once would take them from the pictures. */
const MOST_AT_ONCE = 2
const MOST_WAITING = 60
const UNKNOWN = 'This name and password (or token) are not known here.'

/** Each names those before it as well: the first that is found is the one. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const SYSTEMS = /\b(Windows|Android|iPhone|iPad|Mac OS X|Linux)\b/
const browserOf = (agent: string): string =>
  [BROWSERS.find(([sign]) => sign.test(agent))?.[1], SYSTEMS.exec(agent)?.[1]].filter(Boolean).join(', ')
/** What a request says about who tries, whatever they typed. */
export const attemptOf = (request: FastifyRequest, given: Given): Attempt => ({
  given,
  address: request.ip,
  browser: request.ownCookie(BROWSER_COOKIE),
  session: request.ownCookie(SESSION_COOKIE),
})
export const placeOf = ({ ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>): Place => ({
  from: ip,
  browser: browserOf(headers['user-agent'] ?? ''),
})

export function createSignIn(port: SignInPort): SignIn {
  let checking = 0
  const waiting: (() => void)[] = []

  /** @throws people/busy when so many wait that none of them would be answered in time */
  async function inTurn<Result>(check: () => Promise<Result>): Promise<Result> {
    if (checking >= MOST_AT_ONCE) {
      if (waiting.length >= MOST_WAITING)
        throw new Failure('people/busy', 'Many people sign in at this moment; try again in a few seconds.', {
          extra: { retryAfter: 3 },
        })
      await new Promise<void>((resolve) => void waiting.push(resolve))
    } else checking += 1
    try {
      return await check()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else checking -= 1
    }
  }
  function slow(waitMs: number, refused: { user: string; from: string }): void {
    if (waitMs === 0) return
    port.onRefused({ ...refused, reason: 'too many wrong tries' })
    const retryAfter = Math.ceil(waitMs / 1000)
    throw new Failure(
      'people/too-many-tries',
      `There were too many wrong tries; the next one is possible in ${retryAfter} s. ` +
        'A browser in which you have signed in before does not wait for other people’s.',
      { extra: { retryAfter } },
    )
  }
  async function refuse(user: string, from: string, reason: string): Promise<never> {
    port.onRefused({ user, from, reason })
    await port.sleep(WRONG_WAIT_MS)
    throw new Failure('people/unauthenticated', UNKNOWN)
  }

  async function byToken(token: string, from: string, once: boolean): Promise<SignedIn> {
    // Nobody guesses one of 2^256: a right one never waits for somebody else's wrong ones.
    const redeemed = once ? port.redeem(token) : null
    if (redeemed) {
      const { holder, lastsMs } = redeemed
      return { person: holder.pass, holder, scope: holder.pass.scope ?? null, user: null, lastsMs }
    }
    const found = port.byToken(token)
    if (!found) {
      slow(port.guessing.wrongToken(from), { user: '', from })
      return refuse('', from, 'unknown token')
    }
    const { person, sha256 } = found
    if (person.role === 'press' || person.scope === 'metrics' || person.scope === 'press')
      return refuse('', from, 'a token that is for no screen')
    return { person, holder: { token: sha256 }, scope: null, user: null, lastsMs: null }
  }
  async function byPassword(user: string, password: string, attempt: Attempt): Promise<SignedIn> {
    const { address } = attempt
    const guess = { user, address, browser: port.knownAs(attempt, user) }
    slow(port.guessing.begin(guess), { user, from: address })
    const found = await inTurn(() => port.byPassword(user, password)).catch((error: unknown) => {
      port.guessing.wasRight(guess)
      throw error
    })
    if (!found) return refuse(user, address, 'wrong password')
    port.guessing.wasRight(guess)
    return { person: personOfUser(found), holder: { user, stamp: found.stamp }, scope: null, user, lastsMs: null }
  }
  return (attempt) =>
    'token' in attempt.given
      ? byToken(attempt.given.token, attempt.address, attempt.once ?? false)
      : byPassword(attempt.given.user, attempt.given.password, attempt)
}
