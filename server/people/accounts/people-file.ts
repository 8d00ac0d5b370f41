/**
 * People and tokens on disk, secrets only as hashes. The command line writes it, and so does the server; each takes what
 * the other has written, and none loses it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Person, READERS, ROLES, type Role, SCOPES, type Scope } from '../../glossary/people.ts'
import { replaceFile } from '../../tools/process/replace-file.ts'
import { withFileLock } from '../../tools/process/file-lock.ts'
import { hashPassword, matchNobody, passwordMatches, schemeOf } from './passwords.ts'

export type StoredToken = {
  /** Says which one it is; opens nothing. */
  id: string
  name: string
  role: Role
  scope?: Scope
  helpPoints: string[] | null
  sha256: string
  made: string | null
  /** Null: it does not end by itself. */
  until: string | null
  /** The token that takes its place. */
  replacedBy?: string
}
export type StoredUser = {
  user: string
  name: string
  roles: Role[]
  password: string
  /** Another one with each new password: sessions of before have ended. */
  stamp: string
  since: string | null
}
export type Stored = { tokens: StoredToken[]; users: StoredUser[] }
/** How a token is narrowed. */
export type TokenTerms = { scope?: Scope | undefined; until?: string | null; made?: string | null }

/** How soon a token that was taken away is noticed; a new one is at once. */
const LOOK_EVERY_MS = 100
const EMPTY: Stored = { tokens: [], users: [] }

export const hashToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex')
export const newToken = (): string => randomBytes(32).toString('base64url')
export const personOfUser = ({ user, name, roles }: StoredUser): Person => ({
  name,
  role: roles[0] ?? 'operator',
  ...(roles.length > 1 ? { roles } : {}),
  helpPoints: null,
  user,
})
export const personOfToken = ({ name, role, scope, helpPoints }: StoredToken): Person => ({
  name,
  role,
  helpPoints,
  ...(scope === undefined ? {} : { scope }),
})

/** Two changes within one tick of the disk's clock are told apart by size and place. */
function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file)
  return `${mtimeMs} ${size} ${ino}`
}

const rolesIn = (given: unknown, allowed: readonly Role[]): Role[] =>
  (Array.isArray(given) ? given : [given]).filter((role): role is Role => allowed.includes(role as Role))
const textOr = <Other>(given: unknown, other: Other): string | Other => (typeof given === 'string' ? given : other)

/** Of this version and of 0.1, which had one role a person and tokens without id or end. */
function parse(text: string): Stored {
  const { tokens = [], users = [] } = JSON.parse(text) as Record<string, Record<string, unknown>[]>
  return {
    users: users.flatMap((each) => {
      const roles = rolesIn(each.roles ?? each.role, READERS)
      const [user, name, password] = [textOr(each.user, ''), textOr(each.name, ''), textOr(each.password, '')]
      const stamp = textOr(each.stamp, hashToken(password))
      return roles.length === 0 || user === ''
        ? []
        : [{ user, name, roles, password, stamp, since: textOr(each.since, null) }]
    }),
    tokens: tokens.flatMap((each) => {
      const [role] = rolesIn(each.role, ROLES)
      const sha256 = textOr(each.sha256, '')
      // A scope of a later version is narrower than anything that this one could make of it.
      if (role === undefined || sha256 === '' || !(each.scope === undefined || SCOPES.includes(each.scope as Scope)))
        return []
      const helpPoints = Array.isArray(each.helpPoints) ? each.helpPoints.map(String) : null
      return [
        {
          id: textOr(each.id, sha256.slice(0, 12)),
          name: textOr(each.name, ''),
          role,
          ...(each.scope === undefined ? {} : { scope: each.scope as Scope }),
          helpPoints,
          sha256,
          made: textOr(each.made, null),
          until: textOr(each.until, null),
          ...(typeof each.replacedBy === 'string' ? { replacedBy: each.replacedBy } : {}),
        },
      ]
    }),
  }
}

/** @param onForeign another process, or a hand, has changed the file */
export function openPeopleFile(file: string, onForeign: (before: Stored, now: Stored) => void = () => {}) {
  let stamp = ''
  let lookedAt = Number.NEGATIVE_INFINITY
  let stored = EMPTY
  let byHash = new Map<string, StoredToken>()

  let isRead = false
  function take(next: Stored, at: string): void {
    stored = next
    byHash = new Map(next.tokens.map((token) => [token.sha256, token]))
    stamp = at
  }
  function takeForeign(next: Stored, at: string): void {
    const before = stored
    take(next, at)
    if (isRead) onForeign(before, next)
  }
  /** A flood does not ask the disk for each of its requests. @param anew somebody is not known: they may be new */
  function load(anew = false): Stored {
    if (!anew && performance.now() - lookedAt < LOOK_EVERY_MS) return stored
    lookedAt = performance.now()
    try {
      const now = existsSync(file) ? stampOf(file) : ''
      if (now !== stamp) takeForeign(now === '' ? EMPTY : parse(readFileSync(file, 'utf8')), now)
      isRead = true
    } catch {
      // Half written, or edited by hand and broken: those who were known stay known, and it is read again.
    }
    return stored
  }
  /**
   * One change after the other, also between processes, each on what the disk has.
   * @throws when the file is there and cannot be read: it would be overwritten
   */
  function change<Result>(make: (now: Stored) => { next: Stored; result: Result }): Result {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return withFileLock(`${file}.lock`, () => {
      if (existsSync(file)) {
        const disk = readWhole()
        if (stampOf(file) !== stamp) takeForeign(disk, stampOf(file))
      } else if (stamp !== '') takeForeign(EMPTY, '')
      isRead = true
      const { next, result } = make(stored)
      replaceFile(file, `${JSON.stringify({ version: 2, ...next }, null, 2)}\n`)
      take(next, stampOf(file))
      lookedAt = Number.NEGATIVE_INFINITY
      return result
    })
  }
  function readWhole(): Stored {
    try {
      return parse(readFileSync(file, 'utf8'))
    } catch (error) {
      throw new Error(`${file} cannot be read, and is not overwritten: mend it, or restore it from a back-up`, {
        cause: error,
      })
    }
  }
  const changeUser = (user: string, make: (now: StoredUser) => StoredUser): StoredUser | null =>
    change((now) => {
      const found = now.users.find((each) => each.user === user)
      const next = found && make(found)
      const users = now.users.map((each) => (each === found && next ? next : each))
      return { next: { ...now, users }, result: next ?? null }
    })

  return {
    /** Everything as it is now. */
    now: (): Stored => load(),
    /** @param sha256 of a token; null when it is not known */
    byHash: (sha256: string): StoredToken | null => (
      load(),
      byHash.get(sha256) ?? (load(true), byHash.get(sha256)) ?? null
    ),
    /** Null when nobody has this user name. */
    user: (user: string): StoredUser | null => load().users.find((each) => each.user === user) ?? null,
    /** A password of version 0.1 is kept in the new way from then on. */
    async byPassword(user: string, password: string): Promise<StoredUser | null> {
      const found = load(true).users.find((each) => each.user === user)
      const matches = found ? await passwordMatches(password, found.password) : await matchNobody(password)
      if (!found || !matches) return null
      if (schemeOf(found.password) === 'argon2id') return found
      const anew = await hashPassword(password)
      try {
        return changeUser(user, (now) => (now.password === found.password ? { ...now, password: anew } : now)) ?? found
      } catch {
        // A full disk keeps nobody out.
        return found
      }
    },
    /** Returns the token; it is shown once and kept only as a hash. */
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
      return change((now) => ({ next: { ...now, tokens: [...now.tokens, entry] }, result: token }))
    },
    /**
     * Another token with the same rights; this one goes on until `endOld` says so. Null: there is no such token.
     */
    renewToken(id: string, { until, made }: { until: string | null; made: string }): string | null {
      const token = newToken()
      const sha256 = hashToken(token)
      return change((now) => {
        const old = now.tokens.find((each) => each.id === id)
        if (!old) return { next: now, result: null }
        const { replacedBy: _, ...same } = old
        const entry = { ...same, id: sha256.slice(0, 12), sha256, made, until }
        const tokens = now.tokens.map((each) => (each === old ? { ...old, replacedBy: entry.id } : each))
        return { next: { ...now, tokens: [...tokens, entry] }, result: token }
      })
    },
    /** From then on it is not known, unless it ends before. */
    endToken(id: string, until: string): void {
      change((now) => ({
        next: {
          ...now,
          tokens: now.tokens.map((each) =>
            each.id === id && (each.until === null || each.until > until) ? { ...each, until } : each,
          ),
        },
        result: null,
      }))
    },
    /** Null: there is none. */
    removeToken: (id: string): StoredToken | null =>
      change((now) => ({
        next: { ...now, tokens: now.tokens.filter((each) => each.id !== id) },
        result: now.tokens.find((each) => each.id === id) ?? null,
      })),
    /** Somebody of that user name is replaced. */
    async addUser(
      user: string,
      password: string,
      { name, role, roles = [role] }: Pick<Person, 'name' | 'role' | 'roles' | 'helpPoints'>,
      since: string | null = null,
    ): Promise<void> {
      const entry = { user, name, roles: [...roles], password: await hashPassword(password), stamp: newToken(), since }
      change((now) => ({
        next: { ...now, users: [...now.users.filter((each) => each.user !== user), entry] },
        result: null,
      }))
    },
    /** Null: there is nobody of that name. */
    changeUser: (user: string, facts: Partial<Pick<StoredUser, 'name' | 'roles'>>): StoredUser | null =>
      changeUser(user, (now) => ({ ...now, ...facts })),
    async setPassword(user: string, password: string): Promise<StoredUser | null> {
      const anew = await hashPassword(password)
      return changeUser(user, (now) => ({ ...now, password: anew, stamp: newToken() }))
    },
    removeUser: (user: string): StoredUser | null =>
      change((now) => ({
        next: { ...now, users: now.users.filter((each) => each.user !== user) },
        result: now.users.find((each) => each.user === user) ?? null,
      })),
  }
}
export type PeopleFile = ReturnType<typeof openPeopleFile>
