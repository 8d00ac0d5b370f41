/**
 * In which browsers a person has signed in before, by a cookie that opens nothing. Forgotten with the password and with
 * the person.
 */
import { newToken } from '../accounts/people-file.ts'
import { hashToken } from '../accounts/people-format.ts'
import type { KeptBrowser } from './session-store.ts'

/** A control room's desks, and one at home. */
const MOST_EACH = 40

export function createKnownBrowsers({
  stampOf,
  onChange,
}: {
  /** Of a user's newest password; null: nobody has that name any more. */
  stampOf(user: string): string | null
  onChange(): void
}) {
  let known: KeptBrowser[] = []
  const find = (sha256: string, user: string): KeptBrowser | undefined =>
    known.find((each) => each.sha256 === sha256 && each.user === user && each.stamp === stampOf(user))
  return {
    /** The browser's hash when this person has signed in with it; else null. */
    knownAs(cookie: string | null, user: string): string | null {
      return cookie === null ? null : (find(hashToken(cookie), user)?.sha256 ?? null)
    },
    /**
     * @param cookie the browser's, where it has one: kept only where it was made here, somebody else may have put it
     * there. Returns what it is to have from now on.
     */
    remember(cookie: string | null, user: string): string {
      const given = cookie === null ? null : hashToken(cookie)
      const mine = cookie !== null && known.some((each) => each.sha256 === given) ? cookie : newToken()
      const sha256 = hashToken(mine)
      const stamp = stampOf(user)
      if (stamp === null || find(sha256, user)) return mine
      const others = known.filter((each) => !(each.user === user && (each.sha256 === sha256 || each.stamp !== stamp)))
      const theirs = others.filter((each) => each.user === user)
      const tooMany = new Set(theirs.slice(0, Math.max(0, theirs.length - MOST_EACH + 1)))
      known = [...others.filter((each) => !tooMany.has(each)), { sha256, user, stamp }]
      onChange()
      return mine
    },
    // Somebody who is not known at this moment may be known again.
    save: (): KeptBrowser[] => known.filter(({ user, stamp }) => [stamp, null].includes(stampOf(user))),
    restore: (kept: readonly KeptBrowser[]): void => void (known = [...kept]),
  }
}
