/**
 * People and tokens on disk, secrets only as hashes. The command line writes it, and so does the server; each takes what
 * the other has written, and none loses it.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Person, Scope } from '../../glossary/people.ts'
import { type Clock, realClock } from '../../tools/clock.ts'
import { keepOwner, replaceFile } from '../../tools/process/replace-file.ts'
import { whenFileLocked, withFileLock } from '../../tools/process/file-lock.ts'
import type { StoredFactor, StoredPasskey } from '../second-factor/factor-format.ts'
import { hashPassword, matchNobody, passwordMatches, schemeOf } from './passwords.ts'
import { type Stored, type StoredToken, type StoredUser, hashToken, parsePeople, peopleText } from './people-format.ts'

/** How a token is narrowed. */
export type TokenTerms = { scope?: Scope | undefined; until?: string | null; made?: string | null }
export type PeopleFileOptions = {
  /** Another process, or a hand, has changed the file. */
  onForeign?(before: Stored, now: Stored): void
  /** It is there and cannot be read; those who were known stay known. */
  onBroken?(error: unknown): void
  clock?: Pick<Clock, 'monotonic' | 'sleep'>
}

/** How soon a token that was taken away is noticed; a new one is at once. */
const LOOK_EVERY_MS = 100
/** Some editors move a file away before they write it anew. */
const GONE_AFTER_MS = 5000
const EMPTY: Stored = { tokens: [], users: [] }

export const newToken = (): string => randomBytes(32).toString('base64url')

/** Two changes within one tick of the disk's clock are told apart by size and place. Empty: there is no file. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : ''
}

/** What one change makes of the file: what it was, and whether there is nothing to be written. */
type Made<Result> = { next: Stored | null; result: Result }

export function openPeopleFile(
  file: string,
  { onForeign = () => {}, onBroken = () => {}, clock = realClock }: PeopleFileOptions = {},
) {
  let stamp: string | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  let missingSince: number | null = null
  let brokenStamp = ''
  let isBroken = false
  let stored = EMPTY
  let byHash = new Map<string, StoredToken>()

  function take(next: Stored, at: string): void {
    stored = next
    byHash = new Map(next.tokens.map((token) => [token.sha256, token]))
    stamp = at
    missingSince = null
    isBroken = false
  }
  function takeForeign(next: Stored, at: string): void {
    const before = stamp === null ? null : stored
    take(next, at)
    if (before) onForeign(before, next)
  }
  /** Whether what is not there now is only being written. */
  function isOnlyAway(at: string): boolean {
    if (at !== '' || stored === EMPTY) return false
    missingSince ??= clock.monotonic()
    return clock.monotonic() - missingSince < GONE_AFTER_MS
  }
  /** A flood does not ask the disk for each of its requests. @param anew somebody is not known: they may be new */
  function load(anew = false): Stored {
    if (!anew && clock.monotonic() - lookedAt < LOOK_EVERY_MS) return stored
    lookedAt = clock.monotonic()
    let at = brokenStamp
    try {
      at = stampOf(file)
      if (at !== stamp && !isOnlyAway(at)) takeForeign(at === '' ? EMPTY : parsePeople(readFileSync(file, 'utf8')), at)
      else if (at === stamp) missingSince = null
    } catch (error) {
      // Half written, or edited by hand and broken: those who were known stay known, and it is read again.
      if (at !== brokenStamp || !isBroken) onBroken(error)
      isBroken = true
      brokenStamp = at
    }
    return stored
  }
  /** @throws when the file is there and cannot be read: it would be overwritten */
  function readWhole(): void {
    const at = stampOf(file)
    if (at === stamp) return
    if (isOnlyAway(at)) throw new Error(`${file} is not there at this moment; try again`)
    try {
      takeForeign(at === '' ? EMPTY : parsePeople(readFileSync(file, 'utf8')), at)
    } catch (error) {
      throw new Error(`${file} cannot be read, and is not overwritten: mend it, or restore it from a back-up`, {
        cause: error,
      })
    }
  }
  /** On what the disk has. The lock is held. */
  function act<Result>(make: (now: Stored) => Made<Result>): Result {
    readWhole()
    const { next, result } = make(stored)
    if (next === null) return result
    replaceFile(file, peopleText(next))
    take(next, stampOf(file))
    lookedAt = Number.NEGATIVE_INFINITY
    return result
  }
  const lock = `${file}.lock`
  const makeFolder = (): void => void mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  /** For commands: this process waits. */
  function changeNow<Result>(make: (now: Stored) => Made<Result>): Result {
    makeFolder()
    const result = withFileLock(lock, () => act(make))
    // A command that root gives must not keep the server’s account from taking its turn.
    keepOwner(dirname(file), lock)
    return result
  }
  /** For the server: nothing else waits. */
  function change<Result>(make: (now: Stored) => Made<Result>): Promise<Result> {
    makeFolder()
    return whenFileLocked(lock, () => act(make), clock)
  }
  const changeUser = (user: string, make: (now: StoredUser, all: Stored) => StoredUser): Promise<StoredUser | null> =>
    change((now) => {
      const found = now.users.find((each) => each.user === user)
      if (!found) return { next: null, result: null }
      const next = make(found, now)
      return { next: { ...now, users: now.users.map((each) => (each === found ? next : each)) }, result: next }
    })

  async function changeAccount(
    user: string,
    { password, ...facts }: Partial<Pick<StoredUser, 'name' | 'roles' | 'password'>>,
    may: (now: Stored) => void = () => {},
  ): Promise<StoredUser | null> {
    const anew = password === undefined ? {} : { password: await hashPassword(password), stamp: newToken() }
    return changeUser(user, (now, all) => {
      may(all)
      return { ...now, ...facts, ...anew }
    })
  }

  return {
    /** Everything as it is now. */
    now: (): Stored => load(),
    /** Whether it has been read once; until then nobody is known because nobody could be. */
    isRead: (): boolean => (load(), stamp !== null),
    /** @throws when it is there and cannot be read */
    mustRead: readWhole,
    /** @param sha256 of a token; null when it is not known */
    byHash: (sha256: string): StoredToken | null =>
      (load(), byHash.get(sha256)) ?? (load(true), byHash.get(sha256)) ?? null,
    /** Null when nobody has this user name. */
    user: (user: string): StoredUser | null => load().users.find((each) => each.user === user) ?? null,
    /** A password of version 0.1 is kept in the new way from then on. */
    async byPassword(user: string, password: string): Promise<StoredUser | null> {
      const { users } = load(true)
      const found = users.find((each) => each.user === user)
      const matches = found
        ? await passwordMatches(password, found.password)
        : await matchNobody(password, schemeForNobody(user, users))
      if (!found || !matches) return null
      if (schemeOf(found.password) === 'argon2id') return found
      const anew = await hashPassword(password)
      try {
        const kept = await changeUser(user, (now) =>
          now.password === found.password ? { ...now, password: anew } : now,
        )
        return kept ?? found
      } catch {
        // A full disk keeps nobody out.
        return found
      }
    },
    /** For commands. Returns the token; it is shown once and kept only as a hash. */
    addToken(person: Person, { scope = person.scope, until = null, made = null }: TokenTerms = {}): string {
      const token = newToken()
      const sha256 = hashToken(token)
      const { name, role, helpPoints } = person
      const entry = {
        id: sha256.slice(0, 12),
        name,
        role,
        ...(scope ? { scope } : {}),
        helpPoints,
        sha256,
        made,
        until,
      }
      return changeNow((now) => ({ next: { ...now, tokens: [...now.tokens, entry] }, result: token }))
    },
    /** For commands. Another token with the same rights; this one goes on until `endToken`. Null: there is none. */
    renewToken(id: string, { until, made }: { until: string | null; made: string }): string | null {
      const token = newToken()
      const sha256 = hashToken(token)
      return changeNow((now) => {
        const old = now.tokens.find((each) => each.id === id)
        if (!old) return { next: null, result: null }
        const { replacedBy: _, ...same } = old
        const entry = { ...same, id: sha256.slice(0, 12), sha256, made, until }
        const tokens = now.tokens.map((each) => (each === old ? { ...old, replacedBy: entry.id } : each))
        return { next: { ...now, tokens: [...tokens, entry] }, result: token }
      })
    },
    /** From then on it is not known, unless it ends before. */
    endToken: (id: string, until: string): Promise<void> =>
      change((now) => ({
        next: {
          ...now,
          tokens: now.tokens.map((each) =>
            each.id === id && (each.until === null || each.until > until) ? { ...each, until } : each,
          ),
        },
        result: undefined,
      })),
    /** Null: there is none. */
    removeToken: (id: string): Promise<StoredToken | null> =>
      change((now) => {
        const found = now.tokens.find((each) => each.id === id) ?? null
        return { next: found && { ...now, tokens: now.tokens.filter((each) => each !== found) }, result: found }
      }),
    /** Whether it was made: not when somebody has that user name already. */
    async addUser(
      user: string,
      password: string,
      { name, role, roles = [role] }: Pick<Person, 'name' | 'role' | 'roles' | 'helpPoints'>,
      since: string | null = null,
    ): Promise<boolean> {
      const hashed = await hashPassword(password)
      const entry = { user, name, roles: [...roles], password: hashed, stamp: newToken(), since, factors: [] }
      return change((now) =>
        now.users.some((each) => each.user === user)
          ? { next: null, result: false }
          : { next: { ...now, users: [...now.users, entry] }, result: true },
      )
    },
    /**
     * Null: there is nobody of that name.
     * @param may what must hold of the file at this moment; it throws when it does not
     */
    changeUser: changeAccount,
    setPassword: (user: string, password: string): Promise<StoredUser | null> => changeAccount(user, { password }),
    /**
     * Sessions of before have ended. Null: there is nobody of that name.
     * @param make throws when it must not be done, by what is on the disk now
     */
    changeFactors: (user: string, make: (now: StoredUser, all: Stored) => StoredFactor[]): Promise<StoredUser | null> =>
      changeUser(user, (now, all) => ({ ...now, factors: make(now, all), stamp: newToken() })),
    /** Keeps what a factor has counted. @param count of a passkey, or of the 30 seconds of a code */
    noteFactor: (user: string, id: string, count: number): Promise<StoredUser | null> =>
      changeUser(user, (now) => ({ ...now, factors: now.factors.map((each) => counted(each, id, count)) })),
    hasPasskeys: (): boolean => load().users.some(({ factors }) => factors.some(({ kind }) => kind === 'passkey')),
    /** Whose passkey that is. @param credential as browsers name it */
    byPasskey(credential: string): { account: StoredUser; factor: StoredPasskey } | null {
      for (const account of load().users)
        for (const factor of account.factors)
          if (factor.kind === 'passkey' && factor.credential === credential) return { account, factor }
      return null
    },
    /** Null: there is nobody of that name. @param may as for `changeUser` */
    removeUser: (user: string, may: (now: Stored) => void = () => {}): Promise<StoredUser | null> =>
      change((now) => {
        const found = now.users.find((each) => each.user === user) ?? null
        if (found) may(now)
        return { next: found && { ...now, users: now.users.filter((each) => each !== found) }, result: found }
      }),
  }
}
export type PeopleFile = ReturnType<typeof openPeopleFile>

function counted(factor: StoredFactor, id: string, count: number): StoredFactor {
  if (factor.id !== id) return factor
  return factor.kind === 'totp' ? { ...factor, used: count } : { ...factor, counter: count }
}

/** A name that nobody has takes as long as one that somebody has: of each scheme as many names as there are accounts. */
function schemeForNobody(user: string, users: readonly StoredUser[]): ReturnType<typeof schemeOf> {
  const like = users[Number.parseInt(hashToken(user).slice(0, 6), 16) % Math.max(1, users.length)]
  return like ? schemeOf(like.password) : 'argon2id'
}
