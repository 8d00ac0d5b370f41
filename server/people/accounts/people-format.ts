/** The people file as text: of this version, of 0.1, and what a later version may have put in. Pure. */
import { createHash } from 'node:crypto'
import { type StoredFactor, factorsOf } from '../second-factor/factor-format.ts'
import { type Person, READERS, ROLES, type Role, SCOPES, type Scope } from '../../glossary/people.ts'

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
  factors: StoredFactor[]
}
/** `later`: what this version does not understand; it lets nobody in, and is kept. */
export type Stored = { tokens: StoredToken[]; users: StoredUser[]; later?: { tokens: unknown[]; users: unknown[] } }

export const hashToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex')

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

type Raw = Record<string, unknown>
const USER_FIELDS = new Set(['user', 'name', 'role', 'roles', 'password', 'stamp', 'since', 'helpPoints', 'factors'])
const TOKEN_FIELDS = new Set([
  ...['id', 'name', 'role', 'scope', 'helpPoints', 'sha256', 'made', 'until', 'replacedBy'],
])
/** What is not understood may take a right away: such an entry lets nobody in. */
const isKnown = (raw: Raw, fields: ReadonlySet<string>): boolean => Object.keys(raw).every((field) => fields.has(field))
const isMaybe = (given: unknown, check: (text: string) => boolean): boolean =>
  given === undefined || given === null || (typeof given === 'string' && check(given))
const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text))
const areTexts = (given: unknown): boolean =>
  given === undefined || given === null || (Array.isArray(given) && given.every((each) => typeof each === 'string'))
const textOr = <Other>(given: unknown, other: Other): string | Other => (typeof given === 'string' ? given : other)

/** 0.1 had one role a person. */
function userOf(raw: Raw): StoredUser | null {
  const given = Array.isArray(raw.roles) ? raw.roles : [raw.role]
  const roles = given.filter((role): role is Role => (READERS as readonly unknown[]).includes(role))
  const [user, name, password] = [textOr(raw.user, ''), textOr(raw.name, ''), textOr(raw.password, '')]
  const factors = factorsOf(raw.factors)
  if (user === '' || roles.length === 0 || roles.length !== given.length || !isKnown(raw, USER_FIELDS)) return null
  if (factors === null) return null
  const stamp = textOr(raw.stamp, hashToken(password))
  return { user, name, roles, password, stamp, since: textOr(raw.since, null), factors }
}
/** 0.1 had tokens without id or end. A scope that is not known is narrower than anything that could be made of it. */
function tokenOf(raw: Raw): StoredToken | null {
  const role = ROLES.find((each) => each === raw.role)
  const scope = SCOPES.find((each) => each === raw.scope)
  const sha256 = textOr(raw.sha256, '')
  if (role === undefined || sha256 === '' || (raw.scope !== undefined && scope === undefined)) return null
  if (!isKnown(raw, TOKEN_FIELDS) || !isMaybe(raw.until, isTime) || !areTexts(raw.helpPoints)) return null
  return {
    id: textOr(raw.id, sha256.slice(0, 12)),
    name: textOr(raw.name, ''),
    role,
    ...(scope === undefined ? {} : { scope }),
    helpPoints: Array.isArray(raw.helpPoints) ? raw.helpPoints.map(String) : null,
    sha256,
    made: textOr(raw.made, null),
    until: textOr(raw.until, null),
    ...(typeof raw.replacedBy === 'string' ? { replacedBy: raw.replacedBy } : {}),
  }
}

function sorted<Known>(given: unknown, read: (raw: Raw) => Known | null): { known: Known[]; later: unknown[] } {
  if (given !== undefined && !Array.isArray(given)) throw new Error('users and tokens are lists')
  const found = (given ?? []).map((raw: unknown) => ({
    raw,
    known: typeof raw === 'object' && raw !== null ? read(raw as Raw) : null,
  }))
  return {
    known: found.flatMap(({ known }) => (known === null ? [] : [known])),
    later: found.flatMap(({ raw, known }) => (known === null ? [raw] : [])),
  }
}

/** @throws when it is no people file */
export function parsePeople(text: string): Stored {
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null) throw new Error('no people file')
  const users = sorted((document as Raw).users, userOf)
  const tokens = sorted((document as Raw).tokens, tokenOf)
  return { users: users.known, tokens: tokens.known, later: { users: users.later, tokens: tokens.later } }
}

/** Without second factors an older version reads it as well. */
const userText = ({ factors, ...user }: StoredUser): object => (factors.length === 0 ? user : { ...user, factors })

export const peopleText = ({ users, tokens, later = { users: [], tokens: [] } }: Stored): string =>
  `${JSON.stringify(
    { version: 2, tokens: [...tokens, ...later.tokens], users: [...users.map(userText), ...later.users] },
    null,
    2,
  )}\n`
