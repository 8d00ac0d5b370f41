/** What the command line, or a hand, has changed in the people file, as entries: a new right stands in the record. Pure. */
import type { Draft } from '../../glossary/ledger.ts'
import type { Stored, StoredToken, StoredUser } from './people-file.ts'

const ACTOR = 'machine:command line'

const userAdded = ({ user, name, roles }: StoredUser): Draft => ({
  ...{ kind: 'user.added', actor: ACTOR, subject: user, body: { user, name, roles } },
})
const tokenMade = ({ id, name, role, scope, until }: StoredToken): Draft => ({
  ...{ kind: 'token.made', actor: ACTOR, subject: 'token' },
  body: { token: id, name, role, scope: scope ?? null, until },
})

function userChanged(before: StoredUser, now: StoredUser): Draft[] {
  const password = before.stamp !== now.stamp
  const same = before.name === now.name && before.roles.join() === now.roles.join() && !password
  const { user, name, roles } = now
  return same ? [] : [{ kind: 'user.changed', actor: ACTOR, subject: user, body: { user, name, roles, password } }]
}

export function changesBetween(before: Stored, now: Stored): Draft[] {
  const usersBefore = new Map(before.users.map((each) => [each.user, each]))
  const usersNow = new Set(now.users.map(({ user }) => user))
  const tokensBefore = new Set(before.tokens.map(({ id }) => id))
  const tokensNow = new Set(now.tokens.map(({ id }) => id))
  return [
    ...now.users.flatMap((each) => {
      const old = usersBefore.get(each.user)
      return old ? userChanged(old, each) : [userAdded(each)]
    }),
    ...before.users
      .filter(({ user }) => !usersNow.has(user))
      .map(({ user, name }): Draft => ({ kind: 'user.removed', actor: ACTOR, subject: user, body: { user, name } })),
    ...now.tokens.filter(({ id }) => !tokensBefore.has(id)).map(tokenMade),
    ...before.tokens
      .filter(({ id }) => !tokensNow.has(id))
      .map(({ id, name }): Draft => ({
        ...{ kind: 'token.revoked', actor: ACTOR, subject: 'token', body: { token: id, name } },
      })),
  ]
}
