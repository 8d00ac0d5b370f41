/**
 * Who somebody is by what they show: a name and password, and then a code where the account has a second factor; a
 * passkey; a token, or a one-time token of a wall. Guessing is slow.
 */
import type { FastifyRequest } from 'fastify'
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../door/credentials.ts'
import type { Person, Scope } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { type PublicAddress, originOf } from '../../door/public-address.ts'
import type { StoredUser } from '../accounts/people-format.ts'
import type { AuthenticationResponseJSON } from '../second-factor/passkeys.ts'
import { clockWords } from '../second-factor/one-time-codes.ts'
import type { SecondStep } from '../second-factor/second-step.ts'
import type { Guess } from './guessing.ts'
import type { Holder } from './session-store.ts'
import type { Place } from './sessions.ts'

export type Given =
  | { user: string; password: string }
  | { token: string }
  /** `ticket`: what the right password was answered with. */
  | { ticket: string; code: string }
  | { passkey: AuthenticationResponseJSON }
/**
 * `browser`: the cookie of a browser in which somebody has signed in before. `session`: the cookie of a session that is
 * open there. `once`: a one-time token is used up for it.
 */
export type Attempt = {
  given: Given
  address: string
  /** The origin of the page: a passkey is another one elsewhere. */
  origin: string
  browser: string | null
  session: string | null
  once?: boolean
}
/** `lastsMs`: how long the session may last at the most; null: as every one. */
export type SignedIn = {
  person: Person
  holder: Holder
  scope: Scope | null
  user: string | null
  lastsMs: number | null
}
/** @throws people/unauthenticated, slowly; people/second-step; people/too-many-tries; people/busy */
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
  second: Pick<SecondStep, 'ask' | 'whose' | 'byCode' | 'byPasskey' | 'begun' | 'finished'>
  /** Milliseconds since 1970, by the server’s clock. */
  now(): number
  /** With the roles that they have by that. */
  personOf(account: StoredUser, proven: boolean): Person | null
  /** Why a passkey does not prove itself. */
  log(reason: string): void
  sleep(ms: number): Promise<void>
}

/** Each wrong try takes so long. */
const WRONG_WAIT_MS = 1000
/** A password costs 20 ms of a core and 19 MiB: many at once would take them from the pictures. */
const MOST_AT_ONCE = 2
const MOST_WAITING = 60
const SECOND_STEP = 'The password is right. Now the code of your authenticator app, or your passkey.'
const UNKNOWN = 'This name and password (or token) are not known here.'
const TOO_LATE = 'That took too long: begin again with your password.'
const WRONG_PASSKEY =
  'This passkey was not taken: it took too long, or it is not known here. Try again, or use your name and password.'
const wrongCode = (now: number): string =>
  `This is not the code of now, or it was used already: wait for the next one. ${clockWords(now)}`

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
export const attemptOf = (request: FastifyRequest, given: Given, address: PublicAddress): Attempt => ({
  given,
  address: request.ip,
  origin: originOf(request, address),
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
  async function refuse(user: string, from: string, reason: string, words = UNKNOWN): Promise<never> {
    port.onRefused({ user, from, reason })
    await port.sleep(WRONG_WAIT_MS)
    throw new Failure('people/unauthenticated', words)
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
    if (found.factors.length === 0) return signedIn(found, null)
    port.second.begun({ user, from: address }, () =>
      port.onRefused({ user, from: address, reason: 'right password, no second factor' }),
    )
    throw new Failure('people/second-step', SECOND_STEP, {
      extra: { ...(await port.second.ask(found, attempt.origin)) },
    })
  }
  async function byCode({ ticket, code }: { ticket: string; code: string }, attempt: Attempt): Promise<SignedIn> {
    const { address } = attempt
    const account = port.second.whose(ticket)
    if (!account) {
      port.onRefused({ user: '', from: address, reason: 'a second step that is over' })
      throw new Failure('people/unauthenticated', TOO_LATE)
    }
    const { user } = account
    // Whoever has the password guesses codes no faster than others guess passwords.
    const guess = { user, address, browser: port.knownAs(attempt, user) }
    slow(port.guessing.begin(guess), { user, from: address })
    if (!(await port.second.byCode(account, code))) return refuse(user, address, 'wrong code', wrongCode(port.now()))
    port.guessing.wasRight(guess)
    port.second.finished({ user, from: address })
    return signedIn(account, 'totp')
  }
  async function byPasskey(passkey: AuthenticationResponseJSON, { address, origin }: Attempt): Promise<SignedIn> {
    const found = await port.second.byPasskey(passkey, { origin, onWrong: port.log })
    if (found?.proven) {
      port.second.finished({ user: found.account.user, from: address })
      return signedIn(found.account, 'passkey')
    }
    // Nobody guesses a key: a right one never waits for somebody else's wrong ones.
    const user = found?.account.user ?? ''
    slow(port.guessing.wrongToken(address), { user, from: address })
    return refuse(user, address, found ? 'a passkey that does not prove itself' : 'unknown passkey', WRONG_PASSKEY)
  }
  function signedIn(account: StoredUser, factor: 'totp' | 'passkey' | null): SignedIn {
    const { user, stamp } = account
    const person = port.personOf(account, factor !== null)
    if (!person) throw new Failure('people/unauthenticated', TOO_LATE)
    const holder = factor === null ? { user, stamp } : { user, stamp, factor }
    return { person, holder, scope: null, user, lastsMs: null }
  }
  return (attempt) => {
    const { given, address, once = false } = attempt
    if ('token' in given) return byToken(given.token, address, once)
    if ('code' in given) return byCode(given, attempt)
    if ('passkey' in given) return byPasskey(given.passkey, attempt)
    return byPassword(given.user, given.password, attempt)
  }
}
