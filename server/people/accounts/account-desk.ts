/**
 * What supervisors do with accounts and tokens, and everybody with their own password. Each act stands in the record
 * before it is answered, and only when it was done.
 */
import type { Account, Role, SessionView, TokenView } from '../../glossary/people.ts'
import type { Draft } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { Identities } from '../sign-in/identities.ts'
import { type Own, createOwnAccount, unknownUser } from './own-account.ts'
import { adviceOn } from './password-advice.ts'
import type { PeopleFile } from './people-file.ts'
import type { Stored, StoredUser } from './people-format.ts'
import { schemeOf } from './passwords.ts'

export type AccountDeskNeeds = {
  clock: Pick<Clock, 'now'>
  people: PeopleFile
  identities: Pick<Identities, 'sessions' | 'passes' | 'browsers' | 'usedAt' | 'save'>
  /** Resolves when it is durable. */
  record(draft: Draft): Promise<unknown>
  /** Names of the town that no password may be made of. */
  townNames(): readonly string[]
}
export type NewAccount = { user: string; name: string; roles: Role[]; password: string }
export type AccountChange = { name?: string; roles?: Role[]; password?: string }
/** @throws user/last-supervisor: then only the machine's own command line could make one again */
const mustLeaveSupervisor =
  (user: string) =>
  ({ users }: Stored): void => {
    const isOne = users.find((each) => each.user === user)?.roles.includes('supervisor') ?? false
    if (isOne && !users.some((each) => each.user !== user && each.roles.includes('supervisor')))
      throw new Failure('user/last-supervisor', 'This is the last supervisor; make another one first.')
  }

export function createAccountDesk({ clock, people, identities, record, townNames }: AccountDeskNeeds) {
  const { sessions, passes } = identities
  const { find, isOwn, mustStillBe, goOn } = createOwnAccount({ people, identities })
  const viewOf = ({ user, name, roles, since, password, factors }: StoredUser): Account => ({
    ...{ user, name, roles, since, scheme: schemeOf(password) },
    sessions: sessions.of(user, null).length,
    factors: factors.length,
  })
  /** @throws user/weak-password */
  async function judge(password: string, about: readonly string[]): Promise<void> {
    const wrong = await adviceOn(password, [...about, ...townNames()])
    if (wrong !== null) throw new Failure('user/weak-password', wrong)
  }
  async function done(draft: Draft): Promise<void> {
    await record(draft)
    await identities.save()
  }
  const changed = ({ user, name, roles }: StoredUser, password: boolean, actor: string): Draft => ({
    ...{ kind: 'user.changed', actor, subject: user, body: { user, name, roles, password } },
  })

  return {
    list: (): Account[] => people.now().users.map(viewOf),
    /** @throws user/taken, user/weak-password */
    async add({ user, name, roles, password }: NewAccount, actor: string): Promise<Account> {
      const taken = new Failure('user/taken', `Somebody signs in as "${user}" already.`)
      if (people.user(user)) throw taken
      await judge(password, [user, name])
      const person = { name, role: roles[0] ?? 'operator', roles, helpPoints: null }
      if (!(await people.addUser(user, password, person, isoTime(clock.now())))) throw taken
      await done({ kind: 'user.added', actor, subject: user, body: { user, name, roles } })
      return viewOf(find(user))
    },
    /** @throws user/unknown, user/weak-password, user/last-supervisor */
    async change(
      user: string,
      { name, roles, password }: AccountChange,
      { actor, own }: { actor: string; own: Own },
    ): Promise<Account> {
      const before = find(user)
      if (password !== undefined) await judge(password, [user, name ?? before.name])
      const facts = { ...(name === undefined ? {} : { name }), ...(roles ? { roles } : {}) }
      const may = (all: Stored): void => {
        if (own.session !== null)
          mustStillBe(
            all.users.find((each) => each.user === user),
            before,
          )
        if (roles && !roles.includes('supervisor')) mustLeaveSupervisor(user)(all)
      }
      const now = await people.changeUser(user, { ...facts, ...(password === undefined ? {} : { password }) }, may)
      if (!now) throw unknownUser(user)
      // Before it is entered: nobody is signed out because the disk is full.
      if (password !== undefined) goOn(own, user, { stamp: now.stamp })
      await done(changed(now, password !== undefined, actor))
      return viewOf(find(user))
    },
    /** @throws user/unknown, user/last-supervisor */
    async remove(user: string, actor: string): Promise<void> {
      find(user)
      const removed = await people.removeUser(user, mustLeaveSupervisor(user))
      if (!removed) throw unknownUser(user)
      sessions.end(user, null)
      await done({ kind: 'user.removed', actor, subject: user, body: { user, name: removed.name } })
    },
    /** @throws user/unknown */
    sessions: (user: string, own: string | null): SessionView[] => (find(user), sessions.of(user, own)),
    /** @param id of one; null: all. @throws user/unknown, session/unknown */
    async endSessions(user: string, id: string | null, actor: string): Promise<void> {
      find(user)
      const ended = sessions.end(user, id)
      if (id !== null && ended === 0) throw new Failure('session/unknown', 'This session has ended already.')
      await done({ kind: 'session.revoked', actor, subject: 'session', body: { user, sessions: ended } })
    },
    /** Those that last, a wall's short-lived ones, and sessions that were opened with one. */
    tokens: (): TokenView[] => [
      ...people.now().tokens.map(({ id, name, role, scope, helpPoints, made, until, replacedBy }) => ({
        ...{ id, name, role, scope: scope ?? null, helpPoints, made, until },
        ...{ used: identities.usedAt(id), through: null, replacedBy: replacedBy ?? null },
      })),
      ...passes.list(),
      ...sessions.ofTokens(),
    ],
    /** @throws token/unknown */
    async removeToken(id: string, actor: string): Promise<void> {
      const name = passes.remove(id) ?? sessions.endOfToken(id) ?? (await people.removeToken(id))?.name ?? null
      if (name === null) throw new Failure('token/unknown', 'There is no such token here, or it has ended.')
      await done({ kind: 'token.revoked', actor, subject: 'token', body: { token: id, name } })
    },
    isOwn,
  }
}
export type AccountDesk = ReturnType<typeof createAccountDesk>
