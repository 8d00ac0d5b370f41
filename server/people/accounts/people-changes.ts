/** What the command line, or a hand, has changed in the people file, as entries: a new right stands in the record. Pure. */
import type { Draft } from '../../glossary/ledger.ts'
import type { Stored, StoredToken, StoredUser } from './people-format.ts'

const ACTOR = 'machine:command line'

/** What the record knows of accounts and tokens: no hash of a password or token. */
type KnownUser = Pick<StoredUser, 'user' | 'name' | 'roles' | 'stamp'>
type KnownToken = Pick<StoredToken, 'id' | 'name' | 'role' | 'scope' | 'until' | 'helpPoints'>
export type Known = { users: KnownUser[]; tokens: KnownToken[] }
export const knownOf = ({ users, tokens }: Stored): Known => ({
  users: users.map(({ user, name, roles, stamp }) => ({ user, name, roles, stamp })),
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
  const password = before.stamp !== now.stamp
  const same = before.name === now.name && before.roles.join() === now.roles.join() && !password
  const { user, name, roles } = now
  return same ? [] : [{ kind: 'user.changed', actor: ACTOR, subject: user, body: { user, name, roles, password } }]
}

export function changesBetween(before: Known, now: Known): Draft[] {
  const usersBefore = new Map(before.users.map((each) => [each.user, each]))
  const usersNow = new Set(now.users.map(({ user }) => user))
  const tokensBefore = new Map(before.tokens.map((each) => [each.id, each]))
  const tokensNow = new Set(now.tokens.map(({ id }) => id))
  return [
    ...now.users.flatMap((each) => {
      const old = usersBefore.get(each.user)
      return old ? userChanged(old, each) : [userAdded(each)]
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
