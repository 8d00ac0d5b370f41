/**
 * The second step of a sign-in: the code of an authenticator app after the password; or a passkey, which needs no
 * password. A code counts once.
 */
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { StoredUser } from '../accounts/people-format.ts'
import type { PeopleFile } from '../accounts/people-file.ts'
import type { StoredCodes, StoredFactor } from './factor-format.ts'
import { codeStep } from './one-time-codes.ts'
import { type AuthenticationResponseJSON, type Passkeys, type SignInOptions, siteOf } from './passkeys.ts'
import type { Seal } from './seal.ts'

/** What is asked for after the right password. `ticket`: says that it was right. `passkey`: for the browser, where it can. */
export type Asked = { ticket: string; ways: StoredFactor['kind'][]; passkey: SignInOptions | null }
export type SecondStepNeeds = {
  clock: Pick<Clock, 'now' | 'sleep'>
  people: Pick<PeopleFile, 'user' | 'byPasskey' | 'hasPasskeys' | 'noteFactor'>
  seal: Seal
  passkeys: Passkeys
  onError(error: unknown): void
}
/** Whose password was right, and from where. */
type Half = { user: string; from: string }
const LEFT_AFTER_MS = 5 * 60_000
const MOST_BEGUN = 1000
type Ticket = { user: string; stamp: string }
const STEP = 'second step'

export function createSecondStep({ clock, people, seal, passkeys, onError }: SecondStepNeeds) {
  const stopped = new AbortController()
  /** By the factor's id: the newest that was taken, also where it is not on disk yet. */
  const newest = new Map<string, number>()
  /** A full disk keeps nobody out. */
  const note = (user: string, id: string, count: number): Promise<unknown> =>
    people.noteFactor(user, id, count).catch(onError)

  async function takes({ user }: StoredUser, factor: StoredCodes, code: string): Promise<boolean> {
    const used = Math.max(factor.used, newest.get(factor.id) ?? 0)
    const step = codeStep({ secret: factor.secret, used }, code, clock.now())
    if (step === null) return false
    newest.set(factor.id, step)
    await note(user, factor.id, step)
    return true
  }
  /** Who has said the right password, and not yet the rest. */
  const begun = new Map<string, AbortController>()
  const nameOf = ({ user, from }: Half): string => `${user}\n${from}`

  return {
    /** @param onLeft nobody went on: the password is known to somebody without the second factor */
    begun(half: Half, onLeft: () => void): void {
      if (begun.has(nameOf(half)) || begun.size >= MOST_BEGUN) return
      const done = new AbortController()
      begun.set(nameOf(half), done)
      void clock.sleep(LEFT_AFTER_MS, AbortSignal.any([done.signal, stopped.signal])).then(() => {
        if (done.signal.aborted || stopped.signal.aborted) return
        begun.delete(nameOf(half))
        onLeft()
      })
    },
    finished(half: Half): void {
      begun.get(nameOf(half))?.abort()
      begun.delete(nameOf(half))
    },
    close: (): void => stopped.abort(),
    async ask({ user, stamp, factors }: StoredUser, origin: string): Promise<Asked> {
      const kinds = [...new Set(factors.map(({ kind }) => kind))]
      const here = factors.filter((each) => each.kind === 'passkey' && isOf(each.site, origin))
      return {
        ticket: seal.close(STEP, { user, stamp } satisfies Ticket),
        ways: kinds,
        passkey: here.length > 0 ? await passkeys.signInOptions(origin, here) : null,
      }
    },
    /** Whose password was right; null: too long ago, or it is another one by now. */
    whose(ticket: string): StoredUser | null {
      const known = seal.open<Ticket>(STEP, ticket)
      const found = known && people.user(known.user)
      return found?.stamp === known?.stamp ? found : null
    },
    async byCode(account: StoredUser, code: string): Promise<boolean> {
      const codes = account.factors.find((each) => each.kind === 'totp')
      return codes !== undefined && takes(account, codes, code)
    },
    /** Whose passkey it is, and whether it proved itself; null: nobody's. */
    async byPasskey(
      response: AuthenticationResponseJSON,
      { origin, onWrong }: { origin: string; onWrong(reason: string): void },
    ): Promise<{ account: StoredUser; proven: boolean } | null> {
      const found = people.byPasskey(response.id)
      if (!found) return null
      const { account, factor } = found
      const counter = Math.max(factor.counter, newest.get(factor.id) ?? 0)
      const count = await passkeys.proves(response, { ...factor, counter }, { origin, onWrong })
      if (count === null) return { account, proven: false }
      newest.set(factor.id, count)
      if (count !== factor.counter) await note(account.user, factor.id, count)
      return { account, proven: true }
    },
    /** For whichever passkey this browser knows. @throws factor/no-passkeys */
    signInOptions(origin: string): Promise<SignInOptions> {
      if (!people.hasPasskeys()) throw new Failure('factor/no-passkeys', 'Nobody has a passkey here yet.')
      return passkeys.signInOptions(origin)
    },
  }
}
export type SecondStep = ReturnType<typeof createSecondStep>

function isOf(site: string, origin: string): boolean {
  try {
    return siteOf(origin) === site
  } catch {
    return false
  }
}
