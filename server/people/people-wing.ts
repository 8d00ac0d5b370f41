/** People: who they are, what they have open, and what they look at. */
import { join } from 'node:path'
import type { Door } from '../door/door.ts'
import { type PeoplePort, peopleRoutes } from './people-routes.ts'
import type { PublicAddress } from '../door/public-address.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append, Draft } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Person } from '../glossary/people.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createTopic } from '../tools/topic.ts'
import { createAccountDesk } from './accounts/account-desk.ts'
import { accountRoutes } from './accounts/account-routes.ts'
import type { DemoCredentials } from './accounts/demo-people.ts'
import { followPeople } from './accounts/follow-people.ts'
import { openPeopleFile } from './accounts/people-file.ts'
import { type DirectoryDesk, createDirectoryDesk } from './directory/directory-desk.ts'
import { type DirectoryPort, directoryRoutes } from './directory/directory-routes.ts'
import { createPresence } from './presence.ts'
import { createGuessing } from './sign-in/guessing.ts'
import { type Identities, openIdentities } from './sign-in/identities.ts'
import { type Refusal, type Refusals, createRefusals } from './sign-in/refusals.ts'
import { type SessionPort, sessionRoutes } from './sign-in/session-routes.ts'
import { type Place, howOf } from './sign-in/sessions.ts'
import { openSessionStore } from './sign-in/session-store.ts'
import { type SignIn, type SignedIn, createSignIn } from './sign-in/sign-in.ts'
import { createViewing } from './viewing.ts'

export type PeopleNeeds = {
  clock: Clock
  dataFolder: string
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  address: PublicAddress
  /** Of the simulated town; null in a real one. */
  demo: DemoCredentials | null
  town: { site(): Site }
  ledger: { append: Append; whenDurable(seq: number): Promise<void> }
  cameras: {
    heldBy(camera: CameraId): IncidentId | null
    /** @throws camera/unknown */
    knows(camera: string): CameraId
  }
  incidents: { book: { isOpen(id: IncidentId): boolean; showing(camera: CameraId): IncidentId | null } }
}

/** Who signs in, and what they hold, from before the start on. */
function openSignIn({ clock, dataFolder, demo, ledger, closing, onError }: PeopleNeeds) {
  const follower = followPeople({ clock, append: ledger.append, onError })
  const people = openPeopleFile(join(dataFolder, 'people.json'), {
    onForeign: follower.onForeign,
    onBroken: (error) =>
      onError(new Error('people.json cannot be read; those who were known stay known', { cause: error })),
    clock,
  })
  const store = openSessionStore({ file: join(dataFolder, 'sessions.json'), clock, onError })
  const directory = createDirectoryDesk({ clock })
  const identities = openIdentities({ clock, people, store, demo, ofDirectory: directory.personOf, onError })
  const refused = createTopic<Refusal>(onError)
  const isUser = (user: string): boolean => people.user(user) !== null
  const refusals = createRefusals({ clock, append: ledger.append, isUser, onRefused: refused.publish })
  const signIn = createSignIn({
    byPassword: people.byPassword,
    byToken: identities.byToken,
    redeem: identities.passes.redeem,
    knownAs: identities.knownAs,
    guessing: createGuessing(clock),
    onRefused: refusals.signIn,
    sleep: (ms) => clock.sleep(ms),
  })
  closing.add('the sessions', identities.close)
  closing.add('the refusals that are counted', refusals.close)
  closing.add('the look at the people file', follower.close)
  closing.add('the look at the directory', directory.close)
  return { people, identities, signIn, refusals, refused, follower, directory }
}

/** Sessions as they are opened and closed, each with its entry. */
function sessionBook({ sessions, save }: Identities, { record, clock, directory }: SessionBookNeeds) {
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
    async onOpened({ name, role }: Person, holder: SignedIn['holder']): Promise<void> {
      const how = howOf(holder)
      const isAway = how === 'account' && (directory.state()?.problem ?? null) !== null
      const whom =
        'directory' in holder ? { directory: { issuer: holder.directory.issuer, sub: holder.directory.sub } } : {}
      const body = { name, role, how, ...whom, ...(isAway ? { directoryAway: true as const } : {}) }
      await record({ kind: 'session.opened', actor: `${role}:${name}`, subject: 'session', body })
    },
    async onClosed({ name, role }: Person): Promise<void> {
      await record({ kind: 'session.closed', actor: `${role}:${name}`, subject: 'session', body: { name } })
    },
  }
}
type SessionBookNeeds = { record(draft: Draft): Promise<unknown>; clock: Clock; directory: DirectoryDesk }
type SessionBook = ReturnType<typeof sessionBook>

const sessionPort = (
  { sessions, browsers, whoHas, save }: Identities,
  { signIn, book, demo }: { signIn: SignIn; book: SessionBook; demo: DemoCredentials | null },
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
  whoHas,
  demoTokens: demo?.tokens ?? null,
})

function directoryPort(
  { sessions, save }: Identities,
  { directory, book, record, refused }: SessionBookNeeds & { book: SessionBook; refused: Refusals['signIn'] },
): DirectoryPort {
  return {
    state: directory.state,
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

/** A wall’s short-lived tokens: they end with what they were made with. */
const passPort = (
  { passes, makerOf }: Identities,
  record: (draft: Draft) => Promise<unknown>,
): Pick<PeoplePort, 'issue' | 'onIssued'> => ({
  issue: (holder, terms, by) => passes.issue(holder, { ...terms, maker: makerOf(by) }),
  async onIssued({ name, role, through, scope = 'wall' }, { until, actor }) {
    await record({ kind: 'token.issued', actor, subject: 'session', body: { name, role, through, until, scope } })
  },
})

export function openPeople(needs: PeopleNeeds) {
  const { clock, news, closing, address, demo, town, ledger, cameras, incidents } = needs
  const { append, whenDurable } = ledger
  const { book } = incidents
  const { people, identities, signIn, refusals, refused, follower, directory } = openSignIn(needs)
  const presence = createPresence({
    clock,
    known: (id) => book.isOpen(id as IncidentId),
    onChange: (present) => news.publish({ event: 'people.present', data: { items: present } }),
  })
  closing.add('presence', presence.close)
  const viewing = createViewing({
    clock,
    append,
    whenDurable,
    incidentOf: (camera) => cameras.heldBy(camera) ?? book.showing(camera),
    reasonWanted: () => town.site().viewReason === 'required',
  })
  const record = (draft: Draft): Promise<unknown> => append([draft]).durable
  const townNames = (): string[] => [town.site().name, ...town.site().helpPoints.map(({ name }) => name)]
  return {
    whoHas: identities.whoHas,
    isConfirmed: identities.sessions.isConfirmed,
    /** Of sign-ins and requests, one by one: for figures. */
    refusals: refused.subscribe,
    onRefused: refusals.access,
    endingTokens: identities.endingTokens,
    directory: directory.state,
    signIn,
    admit: viewing.admit,
    played: viewing.played,
    enter: presence.enter,
    follow: { 'the council’s directory': directory.follow },
    begin(): void {
      follower.begin(people, identities.knownBefore, identities.save)
      directory.begin()
    },
    routes({ app }: Door): void {
      peopleRoutes(app, {
        present: presence.view,
        giveReason: (person, reason, camera) =>
          viewing.give(person, reason, camera === null ? null : cameras.knows(camera)),
        ...passPort(identities, record),
      })
      accountRoutes(app, createAccountDesk({ clock, people, identities, record, townNames }), address)
      const book = sessionBook(identities, { record, clock, directory })
      sessionRoutes(app, sessionPort(identities, { signIn, book, demo }), address)
      const port = directoryPort(identities, { directory, book, record, clock, refused: refusals.signIn })
      directoryRoutes(app, port, address)
    },
  }
}
