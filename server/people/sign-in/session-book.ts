/** Sessions as they are opened, confirmed and ended, however somebody came in; each with its entry. */
import { rolesOf } from '../../door/rights.ts'
import type { Draft } from '../../glossary/ledger.ts'
import type { Person } from '../../glossary/people.ts'
import type { Clock } from '../../tools/clock.ts'
import type { DemoCredentials } from '../accounts/demo-people.ts'
import type { DirectoryDesk } from '../directory/directory-desk.ts'
import type { DirectoryPort } from '../directory/directory-routes.ts'
import type { SecondStep } from '../second-factor/second-step.ts'
import type { Identities } from './identities.ts'
import type { Refusals } from './refusals.ts'
import type { SessionPort } from './session-routes.ts'
import { type Place, howOf } from './sessions.ts'
import type { SignIn, SignedIn } from './sign-in.ts'

/** Sessions as they are opened and closed, each with its entry. */
export function createSessionBook({ sessions, save }: Identities, { record, clock, directory }: SessionBookNeeds) {
  return {
    async open(
      { holder, scope, lastsMs }: Pick<SignedIn, 'holder' | 'scope' | 'lastsMs'>,
      place: Place,
    ): Promise<string> {
      const until = lastsMs === null ? {} : { until: clock.monotonic() + lastsMs }
      const cookie = sessions.open(holder, place, { scope, ...until })
      await save()
      return cookie
    },
    async onOpened(person: Person, holder: SignedIn['holder']): Promise<void> {
      const { name, withheld = [] } = person
      // Who has none of their roles yet acts in none.
      const [role = 'account'] = rolesOf(person)
      const how = howOf(holder)
      const isAway = how === 'account' && (directory.state()?.problem ?? null) !== null
      const whom =
        'directory' in holder ? { directory: { issuer: holder.directory.issuer, sub: holder.directory.sub } } : {}
      const factor = 'user' in holder && holder.factor !== undefined ? { factor: holder.factor } : {}
      const held = withheld.length > 0 ? { withheld: [...withheld] } : {}
      const body = { name, role, how, ...held, ...factor, ...whom, ...(isAway ? { directoryAway: true as const } : {}) }
      await record({ kind: 'session.opened', actor: `${role}:${name}`, subject: 'session', body })
    },
    async onClosed(person: Person): Promise<void> {
      const { name } = person
      const [role = 'account'] = rolesOf(person)
      await record({ kind: 'session.closed', actor: `${role}:${name}`, subject: 'session', body: { name } })
    },
  }
}
export type SessionBookNeeds = { record(draft: Draft): Promise<unknown>; clock: Clock; directory: DirectoryDesk }
type SessionBook = ReturnType<typeof createSessionBook>

export const sessionPort = (
  { sessions, browsers, whoHas, save }: Identities,
  { signIn, second, book, demo }: SessionPortNeeds,
): SessionPort => ({
  signIn,
  ...book,
  async close(cookie) {
    sessions.close(cookie)
    await save()
  },
  confirm: sessions.confirm,
  standing: sessions.standing,
  remember: browsers.remember,
  passkeyOptions: (origin) => second.signInOptions(origin),
  whoHas,
  demoTokens: demo?.tokens ?? null,
})
type SessionPortNeeds = {
  signIn: SignIn
  second: Pick<SecondStep, 'signInOptions'>
  book: SessionBook
  demo: DemoCredentials | null
}

type DirectoryPortNeeds = SessionBookNeeds & {
  book: SessionBook
  refused: Refusals['signIn']
  hasPasskeys(): boolean
}

export function directoryPort(
  { sessions, save }: Identities,
  { directory, book, record, refused, hasPasskeys }: DirectoryPortNeeds,
): DirectoryPort {
  return {
    state: directory.state,
    passkeys: hasPasskeys,
    start: directory.start,
    finish: directory.finish,
    async open(holder, person, place) {
      const cookie = await book.open({ holder: { directory: holder }, scope: null, lastsMs: null }, place)
      await book.onOpened(person, { directory: holder })
      return cookie
    },
    confirm: (session, holder) => sessions.confirm(session, { directory: holder }),
    signedOut: (logoutToken) =>
      directory.signedOut(logoutToken, async (whom) => {
        const ended = sessions.endOfDirectory(whom)
        const actor = `directory:${directory.state()?.name ?? ''}`
        await record({
          kind: 'session.revoked',
          actor,
          subject: 'session',
          body: { user: whom.sub ?? '', sessions: ended },
        })
        await save()
      }),
    onRefused: ({ from, reason }) => refused({ user: '', from, reason }),
  }
}
