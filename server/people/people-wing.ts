/** People: who they are, what they have open, and what they look at. */
import { join } from 'node:path'
import type { Door } from '../door/door.ts'
import { type PeoplePort, peopleRoutes } from './people-routes.ts'
import type { PublicAddress } from '../door/public-address.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append, Draft } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Role } from '../glossary/people.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createTopic } from '../tools/topic.ts'
import { createAccountDesk } from './accounts/account-desk.ts'
import { accountRoutes } from './accounts/account-routes.ts'
import type { DemoCredentials } from './accounts/demo-people.ts'
import { followPeople } from './accounts/follow-people.ts'
import { openPeopleFile } from './accounts/people-file.ts'
import { createDirectoryDesk } from './directory/directory-desk.ts'
import { directoryRoutes } from './directory/directory-routes.ts'
import { createPresence } from './presence.ts'
import { createGuessing } from './sign-in/guessing.ts'
import { type Identities, openIdentities } from './sign-in/identities.ts'
import { type Refusal, createRefusals } from './sign-in/refusals.ts'
import { createSessionBook, directoryPort, sessionPort } from './sign-in/session-book.ts'
import { sessionRoutes } from './sign-in/session-routes.ts'
import { createSignIn } from './sign-in/sign-in.ts'
import { openSessionStore } from './sign-in/session-store.ts'
import { createFactorDesk } from './second-factor/factor-desk.ts'
import { factorRoutes } from './second-factor/factor-routes.ts'
import { createPasskeys } from './second-factor/passkeys.ts'
import { createSeal } from './second-factor/seal.ts'
import { createSecondStep } from './second-factor/second-step.ts'
import { createViewing } from './viewing.ts'

export type PeopleNeeds = {
  clock: Clock
  dataFolder: string
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  logger: { info(line: string): void }
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
function openSignIn({ clock, dataFolder, demo, town, ledger, closing, onError, logger }: PeopleNeeds) {
  const follower = followPeople({ clock, append: ledger.append, onError })
  const people = openPeopleFile(join(dataFolder, 'people.json'), {
    onForeign: follower.onForeign,
    onBroken: (error) =>
      onError(new Error('people.json cannot be read; those who were known stay known', { cause: error })),
    clock,
  })
  const store = openSessionStore({ file: join(dataFolder, 'sessions.json'), clock, onError })
  const seal = createSeal(clock)
  const passkeys = createPasskeys(seal)
  const second = createSecondStep({ clock, people, seal, passkeys, onError })
  const factorRequiredFor = (): readonly Role[] => town.site().factorRequiredFor
  const directory = createDirectoryDesk({ clock, factorRequiredFor })
  const ofDirectory = directory.personOf
  const identities = openIdentities({ clock, people, store, demo, ofDirectory, factorRequiredFor, onError })
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
    second,
    personOf: identities.personOf,
    now: () => clock.now(),
    log: (reason) => logger.info(`a passkey was not taken: ${reason}`),
    sleep: (ms) => clock.sleep(ms),
  })
  closing.add('sign-ins that wait for a second factor', second.close)
  closing.add('the sessions', identities.close)
  closing.add('the refusals that are counted', refusals.close)
  closing.add('the look at the people file', follower.close)
  closing.add('the look at the directory', directory.close)
  return { people, identities, signIn, refusals, refused, follower, directory, second, seal, passkeys }
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
  const { people, identities, signIn, refusals, refused, follower, directory, ...factors } = openSignIn(needs)
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
  const townName = (): string => town.site().name
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
    unmasked: viewing.unmasked,
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
      factorRoutes(app, createFactorDesk({ ...factors, clock, people, identities, record, town: townName }), address)
      const book = createSessionBook(identities, { record, clock, directory })
      sessionRoutes(app, sessionPort(identities, { signIn, book, demo, second: factors.second }), address)
      const { hasPasskeys } = people
      const port = directoryPort(identities, { directory, book, record, clock, refused: refusals.signIn, hasPasskeys })
      directoryRoutes(app, port, address)
    },
  }
}
