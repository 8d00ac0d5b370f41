/** Signed-in people, by the cookie they hold. Times are the monotonic clock's: one that is set changes nothing. */
import { randomBytes } from 'node:crypto'
import type { Person, Scope, SessionView, TokenView } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { newToken } from '../accounts/people-file.ts'
import { hashToken } from '../accounts/people-format.ts'
import type { Holder, KeptSession } from './session-store.ts'

const IDLE_MS = 12 * 3_600_000
const CONFIRMED_MS = 5 * 60_000
export const LONGEST_MS = 24 * 3_600_000
/** Who signs in again and again without signing out loses the session that was idle longest. */
const MOST_EACH = 50
const MOST_IN_ALL = 5000
/** How much of a session's idle time a crash may lose. */
const WRITE_USE_MS = 60_000

type Session = {
  id: string
  holder: Holder
  scope: Scope | null
  since: string
  from: string
  browser: string
  opened: number
  used: number
  confirmed: number
  /** Of the monotonic clock. */
  until: number
}
/** From where somebody signed in, for lists of their sessions. */
export type Place = { from: string; browser: string }

export type SessionsPort = {
  clock: Pick<Clock, 'now' | 'monotonic'>
  /** Who that is now; null: not any more. */
  whoIs(holder: Holder): Person | null
  /** Something is to be kept. */
  onChange(): void
}

const isOf = (user: string, { holder }: Session): boolean => 'user' in holder && holder.user === user
/** Whose share of all sessions it takes: an account's, a token's, or that of whoever hands one-time tokens out. */
const shareOf = (holder: Holder): string =>
  'user' in holder
    ? `user ${holder.user}`
    : 'directory' in holder
      ? `directory ${holder.directory.issuer} ${holder.directory.sub}`
      : JSON.stringify('maker' in holder ? holder.maker : holder)

/** What somebody came in with, and whether they have proved lately that it is them. */
export type Standing = { how: ReturnType<typeof howOf>; factor: 'totp' | 'passkey' | null; confirmed: boolean }

/** What somebody came in with. */
export const howOf = (holder: Holder): 'account' | 'directory' | 'token' =>
  'user' in holder ? 'account' : 'directory' in holder ? 'directory' : 'token'

/** The same account, the very same token, or the same person of the directory. */
const isSameHolder = (one: Holder, other: Holder): boolean =>
  ('user' in one && 'user' in other && one.user === other.user && one.stamp === other.stamp) ||
  ('token' in one && 'token' in other && one.token === other.token) ||
  ('directory' in one && 'directory' in other && shareOf(one) === shareOf(other))

export function createSessions({ clock, whoIs, onChange }: SessionsPort) {
  const sessions = new Map<string, Session>()
  let writtenAt = clock.monotonic()

  const isOver = ({ used, until }: Session): boolean => clock.monotonic() - used > IDLE_MS || clock.monotonic() > until
  const holderOf = (session: Session): Person | null => {
    const person = whoIs(session.holder)
    return person && session.scope !== null ? { ...person, scope: session.scope } : person
  }
  function drop(sha256: string): void {
    if (sessions.delete(sha256)) onChange()
  }
  function makeRoom(holder: Holder): void {
    const share = shareOf(holder)
    for (const [sha256, session] of sessions) if (isOver(session)) drop(sha256)
    const idle = [...sessions].toSorted(([, one], [, other]) => one.used - other.used)
    const theirs = idle.filter(([, session]) => shareOf(session.holder) === share)
    for (const [sha256] of theirs.slice(0, Math.max(0, theirs.length - MOST_EACH + 1))) drop(sha256)
    for (const [sha256] of idle.slice(0, Math.max(0, sessions.size - MOST_IN_ALL + 1))) drop(sha256)
  }
  const find = (id: string): Session | undefined => sessions.get(hashToken(id))

  return {
    /** @param until of the monotonic clock, where it is shorter than every session's */
    open(holder: Holder, place: Place, { scope = null, until }: { scope?: Scope | null; until?: number } = {}): string {
      makeRoom(holder)
      const cookie = newToken()
      const now = clock.monotonic()
      sessions.set(hashToken(cookie), {
        id: randomBytes(6).toString('hex'),
        holder,
        scope,
        since: isoTime(clock.now()),
        ...place,
        opened: now,
        used: now,
        confirmed: Number.NEGATIVE_INFINITY,
        until: Math.min(now + LONGEST_MS, until ?? Number.POSITIVE_INFINITY),
      })
      onChange()
      return cookie
    },
    who(cookie: string): Person | null {
      const session = find(cookie)
      if (!session) return null
      if (isOver(session)) {
        drop(hashToken(cookie))
        return null
      }
      // Not known at this moment may be a file that is being written.
      const person = holderOf(session)
      if (!person) return null
      session.used = clock.monotonic()
      if (session.used - writtenAt > WRITE_USE_MS) {
        writtenAt = session.used
        onChange()
      }
      return person
    },
    /** By its hash, without being used: for what was made with it. */
    whoMade(sha256: string): Person | null {
      const session = sessions.get(sha256)
      return session && !isOver(session) ? holderOf(session) : null
    },
    /**
     * Its person has said the password again, or shown the token again. False: that is not what it was opened with;
     * whoever has the session could have made something else with it.
     */
    confirm(cookie: string, holder: Holder): boolean {
      const session = find(cookie)
      if (!session || isOver(session) || !isSameHolder(session.holder, holder)) return false
      // What the directory says now is what they may do now.
      session.holder = holder
      if (!holderOf(session)) return false
      session.confirmed = clock.monotonic()
      onChange()
      return true
    },
    /**
     * Whether that was lately: a session that was left open, or stolen, is not enough for what cannot be taken back.
     */
    isConfirmed: (cookie: string): boolean =>
      clock.monotonic() - (find(cookie)?.confirmed ?? Number.NEGATIVE_INFINITY) < CONFIRMED_MS,
    /** How it was opened, and whether it is confirmed; null: there is none. */
    standing(cookie: string): Standing | null {
      const session = find(cookie)
      if (!session) return null
      const { holder, confirmed } = session
      const factor = 'user' in holder ? (holder.factor ?? null) : null
      return { how: howOf(holder), factor, confirmed: clock.monotonic() - confirmed < CONFIRMED_MS }
    },
    close: (cookie: string): void => drop(hashToken(cookie)),
    /**
     * Who has just set a new password, or changed their second factors, stays signed in here, and nowhere else: with a
     * new cookie, since somebody may have the old one. The caller has made sure that it was theirs until now. Null: it
     * is no session of an account.
     * @param factor null: none is left; left out: as before
     */
    renew(cookie: string, { stamp, factor }: { stamp: string; factor?: 'totp' | 'passkey' | null }): string | null {
      const session = find(cookie)
      if (!session || !('user' in session.holder)) return null
      const anew = newToken()
      const { user, factor: before } = session.holder
      const proven = factor === undefined ? before : (factor ?? undefined)
      sessions.delete(hashToken(cookie))
      sessions.set(hashToken(anew), { ...session, holder: { user, stamp, ...(proven ? { factor: proven } : {}) } })
      onChange()
      return anew
    },
    /** Its hash, where it is that person's: what they do in it is theirs, however others guess. */
    ofUser(cookie: string | null, user: string): string | null {
      const session = cookie === null ? undefined : find(cookie)
      const isTheirs = session !== undefined && isOf(user, session) && !isOver(session) && holderOf(session) !== null
      return cookie !== null && isTheirs ? hashToken(cookie) : null
    },
    /** @param own the cookie of whoever asks */
    of(user: string, own: string | null): SessionView[] {
      const mine = own === null ? undefined : find(own)
      const now = clock.monotonic()
      const at = (when: number): string => isoTime(clock.now() - (now - when))
      return [...sessions.values()]
        .filter((session) => isOf(user, session) && !isOver(session) && holderOf(session) !== null)
        .map(({ id, since, used, until, from, browser }, _, all) => ({
          id,
          since,
          used: at(used),
          until: at(Math.min(until, used + IDLE_MS)),
          from,
          browser,
          current: mine !== undefined && all.some((each) => each === mine && each.id === id),
        }))
        .toSorted((one, other) => other.used.localeCompare(one.used))
    },
    /** Those that no account opened: with a token, or with a one-time token. */
    ofTokens: (): TokenView[] =>
      [...sessions.values()].flatMap((session) => {
        const person = 'user' in session.holder || isOver(session) ? null : holderOf(session)
        if (!person) return []
        const { id, since, used, until } = session
        const at = (when: number): string => isoTime(clock.now() - (clock.monotonic() - when))
        const { name, role, scope = null, helpPoints, through = name } = person
        return [
          {
            ...{ id, name, role, scope, helpPoints, made: since, until: at(Math.min(until, used + IDLE_MS)) },
            ...{ used: at(used), through, replacedBy: null },
          },
        ]
      }),
    /**
     * The directory has signed somebody out there: one session of theirs, or all. Returns how many ended here.
     * @param until when it said so, milliseconds since 1970
     */
    endOfDirectory({ sub, sid, until }: { sub: string | null; sid: string | null; until: number }): number {
      const theirs = [...sessions].filter(([, { holder, since }]) => {
        // One that was opened after that is another sign-in.
        if (!('directory' in holder) || Date.parse(since) > until) return false
        const own = holder.directory
        return (sid !== null && own.sid === sid) || (own.sub === sub && (sid === null || own.sid === null))
      })
      for (const [sha256] of theirs) drop(sha256)
      return theirs.length
    },
    /** One of those. Null: there is none. */
    endOfToken(id: string): string | null {
      const found = [...sessions].find(([, { id: own, holder }]) => own === id && !('user' in holder))
      if (!found) return null
      const name = holderOf(found[1])?.name ?? ''
      drop(found[0])
      return name
    },
    /** @param id of one of them; null: all. Returns how many ended. */
    end(user: string, id: string | null): number {
      const theirs = [...sessions].filter(([, each]) => isOf(user, each) && (id === null || each.id === id))
      for (const [sha256] of theirs) drop(sha256)
      return theirs.length
    },
    save(): KeptSession[] {
      const now = clock.monotonic()
      return [...sessions]
        .filter(([, session]) => !isOver(session))
        .map(([sha256, { id, holder, scope, since, from, browser, opened, used, until }]) => ({
          ...{ sha256, id, holder, scope, since, from, browser },
          openedAgo: now - opened,
          usedAgo: now - used,
          left: until === opened + LONGEST_MS ? null : until - now,
        }))
    },
    restore(kept: readonly KeptSession[], away: number): void {
      const now = clock.monotonic()
      for (const { sha256, openedAgo, usedAgo, left, ...rest } of kept) {
        const opened = now - openedAgo - away
        const until = Math.min(opened + LONGEST_MS, left === null ? Number.POSITIVE_INFINITY : now + left - away)
        const session = { ...rest, opened, used: now - usedAgo - away, confirmed: Number.NEGATIVE_INFINITY, until }
        if (!isOver(session)) sessions.set(sha256, session)
      }
    },
  }
}
