/** What the command line, or a hand, has changed in the people file, as entries: a new right stands in the record. Pure. */
import type { Draft } from '../../glossary/ledger.ts'
import type { StoredFactor } from '../second-factor/factor-format.ts'
import type { Stored, StoredToken, StoredUser } from './people-format.ts'

const ACTOR = 'machine:command line'

/** What the record knows of accounts and tokens: no hash of a password or token. */
type KnownFactor = Pick<StoredFactor, 'id' | 'kind' | 'name'>
/** `factors`: left out by a version that had none. */
type KnownUser = Pick<StoredUser, 'user' | 'name' | 'roles' | 'stamp'> & { factors?: KnownFactor[] }
type KnownToken = Pick<StoredToken, 'id' | 'name' | 'role' | 'scope' | 'until' | 'helpPoints'>
export type Known = { users: KnownUser[]; tokens: KnownToken[] }
export const knownOf = ({ users, tokens }: Stored): Known => ({
  users: users.map(({ user, name, roles, stamp, factors }) => ({
    ...{ user, name, roles, stamp },
    factors: factors.map(({ id, kind, name: own }) => ({ id, kind, name: own })),
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
  // Who has lost their second factors has another stamp, and the same password.
  const reset = (before.factors ?? []).length > 0 && now.factors?.length === 0
  const password = before.stamp !== now.stamp && !reset
  const same = before.name === now.name && before.roles.join() === now.roles.join() && !password
  const { user, name, roles } = now
  return same ? [] : [{ kind: 'user.changed', actor: ACTOR, subject: user, body: { user, name, roles, password } }]
}

/** By hand or by the command line, which only takes all away. */
function factorsChanged({ user, factors: before = [] }: KnownUser, { factors: now = [] }: KnownUser): Draft[] {
  const gone = before.filter(({ id }) => !now.some((each) => each.id === id))
  const added = now.filter(({ id }) => !before.some((each) => each.id === id))
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
