/** What every act on an account begins and ends with: whose it is, and that their own session goes on. */
import type { Person } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import type { Identities } from '../sign-in/identities.ts'
import type { PeopleFile } from './people-file.ts'
import type { StoredUser } from './people-format.ts'

/** Whoever changes their own account: the cookies of their session and browser there. */
export type Own = {
  session: string | null
  browser: string | null
  /** What that browser holds from then on. */
  give(session: string, browser: string): void
}
export type OwnAccountNeeds = {
  people: Pick<PeopleFile, 'user'>
  identities: {
    sessions: Pick<Identities['sessions'], 'renew'>
    browsers: Pick<Identities['browsers'], 'remember'>
  }
}

export const unknownUser = (user: string): Failure => new Failure('user/unknown', `Nobody signs in as "${user}" here.`)

export const createOwnAccount = ({ people, identities: { sessions, browsers } }: OwnAccountNeeds) => ({
  /** Whether this person may see and change that account as their own. */
  isOwn: (person: Person, user: string): boolean =>
    person.user === user && person.scope === undefined && people.user(user) !== null,
  /** @throws user/unknown */
  find(user: string): StoredUser {
    const found = people.user(user)
    if (!found) throw unknownUser(user)
    return found
  },
  /**
   * Whoever was signed out since the request began, as by a supervisor, undoes nothing of that.
   * @throws people/unauthenticated
   */
  mustStillBe(now: Pick<StoredUser, 'stamp'> | undefined, { stamp }: Pick<StoredUser, 'stamp'>): void {
    if (now?.stamp !== stamp)
      throw new Failure('people/unauthenticated', 'This session has ended meanwhile; sign in again.')
  },
  /** Their other sessions have ended with the change; this one goes on under another cookie. */
  goOn({ session, browser, give }: Own, user: string, to: Parameters<Identities['sessions']['renew']>[1]): void {
    const anew = session === null ? null : sessions.renew(session, to)
    if (anew !== null) give(anew, browsers.remember(browser, user))
  },
})
