/** What supervisors do with accounts and tokens: each act an entry before it is answered. */
import type { Account, Person, Role, SessionView, TokenView } from '../../glossary/people.ts'
import type { Draft } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { Identities } from '../sign-in/identities.ts'
import { adviceOn } from './password-advice.ts'
import type { PeopleFile, Stored, StoredUser } from './people-file.ts'
import { schemeOf } from './passwords.ts'

export type AccountDeskNeeds = {
  clock: Pick<Clock, 'now'>
  people: PeopleFile
  identities: Pick<Identities, 'sessions' | 'passes' | 'usedAt' | 'save'>
  /** Resolves when it is durable. */
  record(draft: Draft): Promise<unknown>
  /** Names of the town that no password may be made of. */
  townNames(): readonly string[]
}
export type NewAccount = { user: string; name: string; roles: Role[]; password: string }
export type AccountChange = { name?: string; roles?: Role[]; password?: string }

const unknown = (user: string): Failure => new Failure('user/unknown', `Nobody signs in as "${user}" here.`)

export function createAccountDesk({ clock, people, identities, record, townNames }: AccountDeskNeeds) {
  const { sessions, passes } = identities
  const viewOf = ({ user, name, roles, since, password }: StoredUser): Account => ({
    ...{ user, name, roles, since, scheme: schemeOf(password) },
    sessions: sessions.of(user, null).length,
  })
  const supervisors = ({ users }: Stored): StoredUser[] => users.filter(({ roles }) => roles.includes('supervisor'))

  /** @throws user/weak-password */
  async function judge(password: string, about: readonly string[]): Promise<void> {
    const wrong = await adviceOn(password, [...about, ...townNames()])
    if (wrong !== null) throw new Failure('user/weak-password', wrong)
  }
  /** @throws user/last-supervisor: then only the machine's own command line could make one again */
  function mustLeaveSupervisor(user: string): void {
    const [only, second] = supervisors(people.now())
    if (only?.user === user && !second)
      throw new Failure('user/last-supervisor', 'This is the last supervisor; make another one first.')
  }
  function find(user: string): StoredUser {
    const found = people.user(user)
    if (!found) throw unknown(user)
    return found
  }
  const changed = ({ user, name, roles }: StoredUser, password: boolean, actor: string) =>
    record({ kind: 'user.changed', actor, subject: user, body: { user, name, roles, password } })

  return {
    list: (): Account[] => people.now().users.map(viewOf),
    /** @throws user/taken, user/weak-password */
    async add({ user, name, roles, password }: NewAccount, actor: string): Promise<Account> {
      if (people.user(user)) throw new Failure('user/taken', `Somebody signs in as "${user}" already.`)
      await judge(password, [user, name])
      await record({ kind: 'user.added', actor, subject: user, body: { user, name, roles } })
      await people.addUser(
        user,
        password,
        { name, role: roles[0] ?? 'operator', roles, helpPoints: null },
        isoTime(clock.now()),
      )
      return viewOf(find(user))
    },
    /**
     * @param own the cookie of whoever sets a password of their own: they stay signed in there
     * @throws user/unknown, user/weak-password, user/last-supervisor
     */
    async change(user: string, { name, roles, password }: AccountChange, actor: string, own: string | null) {
      const before = find(user)
      if (roles && !roles.includes('supervisor')) mustLeaveSupervisor(user)
      if (password !== undefined) await judge(password, [user, name ?? before.name])
      const facts = { ...(name === undefined ? {} : { name }), ...(roles ? { roles } : {}) }
      await changed({ ...before, ...facts }, password !== undefined, actor)
      if (name !== undefined || roles) people.changeUser(user, facts)
      const anew = password === undefined ? null : await people.setPassword(user, password)
      if (anew && own !== null) sessions.keep(own, anew.stamp)
      await identities.save()
      return viewOf(find(user))
    },
    /** @throws user/unknown, user/last-supervisor */
    async remove(user: string, actor: string): Promise<void> {
      const { name } = find(user)
      mustLeaveSupervisor(user)
      await record({ kind: 'user.removed', actor, subject: user, body: { user, name } })
      people.removeUser(user)
      sessions.end(user, null)
      await identities.save()
    },
    /** @throws user/unknown */
    sessions: (user: string, own: string | null): SessionView[] => (find(user), sessions.of(user, own)),
    /** @param id of one; null: all. @throws user/unknown, session/unknown */
    async endSessions(user: string, id: string | null, actor: string): Promise<void> {
      find(user)
      const ended = sessions.end(user, id)
      if (id !== null && ended === 0) throw new Failure('session/unknown', 'This session has ended already.')
      await record({ kind: 'session.revoked', actor, subject: 'session', body: { user, sessions: ended } })
      await identities.save()
    },
    tokens: (): TokenView[] => [
      ...people.now().tokens.map(({ id, name, role, scope, helpPoints, made, until, replacedBy }) => ({
        ...{ id, name, role, scope: scope ?? null, helpPoints, made, until },
        ...{ used: identities.usedAt(id), through: null, replacedBy: replacedBy ?? null },
      })),
      ...passes.list(),
    ],
    /** @throws token/unknown */
    async removeToken(id: string, actor: string): Promise<void> {
      const name =
        people.now().tokens.find((each) => each.id === id)?.name ?? passes.list().find((each) => each.id === id)?.name
      if (name === undefined) throw new Failure('token/unknown', 'There is no such token here, or it has ended.')
      await record({ kind: 'token.revoked', actor, subject: 'token', body: { token: id, name } })
      passes.remove(id)
      people.removeToken(id)
      await identities.save()
    },
    /** Whether this person may see and change that account as their own. */
    isOwn: (person: Person, user: string): boolean => person.user === user && person.scope === undefined,
  }
}
export type AccountDesk = ReturnType<typeof createAccountDesk>
