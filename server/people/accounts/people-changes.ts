/** What the command line, or a hand, has changed in the people file, as entries: a new right stands in the record. Pure. */
import type { Draft } from '../../glossary/ledger.ts'
import type { StoredFactor } from '../second-factor/factor-format.ts'
import { type Stored, type StoredToken, type StoredUser, hashToken } from './people-format.ts'

/** Says whether it is the same, and nothing else. */
const markOf = (secret: string): string => hashToken(`mark ${secret}`).slice(0, 12)
const ACTOR = 'machine:command line'

/** `mark`: of its secret, to know another one under the same id. */
type KnownFactor = Pick<StoredFactor, 'id' | 'kind' | 'name'> & { mark: string }
/** `mark`: of the password's hash. Both are left out by a version that did not know them. */
type KnownUser = Pick<StoredUser, 'user' | 'name' | 'roles' | 'stamp'> & { mark?: string; factors?: KnownFactor[] }
type KnownToken = Pick<StoredToken, 'id' | 'name' | 'role' | 'scope' | 'until' | 'helpPoints'>
/** What the record knows of accounts and tokens: no hash of a password or token. */
export type Known = { users: KnownUser[]; tokens: KnownToken[] }
export const knownOf = ({ users, tokens }: Stored): Known => ({
  users: users.map(({ user, name, roles, stamp, password, factors }) => ({
    ...{ user, name, roles, stamp, mark: markOf(password) },
    factors: factors.map((each) => ({
      ...{ id: each.id, kind: each.kind, name: each.name },
      mark: markOf(each.kind === 'totp' ? each.secret : `${each.credential} ${each.publicKey}`),
    })),
  })),
  tokens: tokens.map(({ id, name, role, scope, until, helpPoints }) => ({
    ...{ id, name, role, until, helpPoints },
    ...(scope === undefined ? {} : { scope }),
  })),
})

const userAdded = ({ user, name, roles }: KnownUser): Draft => ({
  ...{ kind: 'user.added', actor: ACTOR, subject: user, body: { user, name, roles } },
})
const tokenBody = ({ id, name, role, scope, until, helpPoints }: KnownToken) => ({
  ...{ token: id, name, role, scope: scope ?? null, until, helpPoints },
})
const tokenMade = (token: KnownToken): Draft => ({
  ...{ kind: 'token.made', actor: ACTOR, subject: 'token', body: tokenBody(token) },
})
const tokenChanged = (token: KnownToken): Draft => ({
  ...{ kind: 'token.changed', actor: ACTOR, subject: 'token', body: tokenBody(token) },
})

function userChanged(before: KnownUser, now: KnownUser): Draft[] {
  // A password of version 0.1 that is kept anew has the same stamp; who has lost their second factors, the same mark.
  const password = before.stamp !== now.stamp && before.mark !== now.mark
  const same = before.name === now.name && before.roles.join() === now.roles.join() && !password
  const { user, name, roles } = now
  return same ? [] : [{ kind: 'user.changed', actor: ACTOR, subject: user, body: { user, name, roles, password } }]
}

/** By hand or by the command line, which only takes all away. */
function factorsChanged({ user, factors: before = [] }: KnownUser, { factors: now = [] }: KnownUser): Draft[] {
  const isIn = (list: readonly KnownFactor[], { id, mark }: KnownFactor): boolean =>
    list.some((each) => each.id === id && each.mark === mark)
  const gone = before.filter((each) => !isIn(now, each))
  const added = now.filter((each) => !isIn(before, each))
  if (now.length === 0 && gone.length > 0)
    return [{ kind: 'factors.reset', actor: ACTOR, subject: user, body: { user, factors: gone.length } }]
  const entry = (kind: 'factor.added' | 'factor.removed', { id, kind: what, name }: KnownFactor): Draft => ({
    ...{ kind, actor: ACTOR, subject: user, body: { user, factor: id, what, name } },
  })
  return [...gone.map((each) => entry('factor.removed', each)), ...added.map((each) => entry('factor.added', each))]
}

export function changesBetween(before: Known, now: Known): Draft[] {
  const usersBefore = new Map(before.users.map((each) => [each.user, each]))
  const usersNow = new Set(now.users.map(({ user }) => user))
  const tokensBefore = new Map(before.tokens.map((each) => [each.id, each]))
  const tokensNow = new Set(now.tokens.map(({ id }) => id))
  return [
    ...now.users.flatMap((each) => {
      const old = usersBefore.get(each.user)
      return [
        ...(old ? userChanged(old, each) : [userAdded(each)]),
        ...factorsChanged(old ?? { ...each, factors: [] }, each),
      ]
    }),
    ...before.users
      .filter(({ user }) => !usersNow.has(user))
      .map(({ user, name }): Draft => ({ kind: 'user.removed', actor: ACTOR, subject: user, body: { user, name } })),
    ...now.tokens.flatMap((each) => {
      const old = tokensBefore.get(each.id)
      if (!old) return [tokenMade(each)]
      return JSON.stringify(tokenBody(old)) === JSON.stringify(tokenBody(each)) ? [] : [tokenChanged(each)]
    }),
    ...before.tokens
      .filter(({ id }) => !tokensNow.has(id))
      .map(({ id, name }): Draft => ({
        ...{ kind: 'token.revoked', actor: ACTOR, subject: 'token', body: { token: id, name } },
      })),
  ]
}
