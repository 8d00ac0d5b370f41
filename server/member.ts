/** The composition root of one server of a town on several machines: what it is, whether it leads or not. */
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createDoor } from './door/door.ts'
import type { Credential } from './door/credentials.ts'
import { actingAs } from './door/rights.ts'
import { openSockets } from './door/sockets.ts'
import { nothingHerePage, pageRoutes } from './door/page-routes.ts'
import { AT_THE_ROOT } from './door/public-address.ts'
import { townRoutes } from './door/town-routes.ts'
import { type Ground, openGround } from './foundation.ts'
import type { AgreedRow, MemberId, TownOnMembers } from './glossary/member.ts'
import type { Entry } from './glossary/ledger.ts'
import type { LiveNews } from './glossary/news.ts'
import type { Person, Role } from './glossary/people.ts'
import { openHouse } from './house.ts'
import type { House, HouseOptions } from './options.ts'
import { replaceLedger } from './ledger/copies/ledger-fetched.ts'
import { type LedgerFollower, openLedgerFollower } from './ledger/copies/ledger-follower.ts'
import { EVENT_ACCESS, EVENT_SOCKET_PATH, eventSocket } from './ledger/tail/event-socket.ts'
import { eventsRoute } from './ledger/tail/event-route.ts'
import { openLedgerRows } from './ledger/ledger-sqlite.ts'
import { createEtcd } from './members/engine/etcd.ts'
import { keysOf } from './members/engine/keys.ts'
import { createSeal } from './members/engine/seal.ts'
import { createFront } from './members/front.ts'
import { openHeldBook } from './members/held-book.ts'
import { createInbox } from './members/inbox.ts'
import { admitMember } from './members/joining.ts'
import { createKeeping } from './members/keeping.ts'
import { createLink } from './members/link.ts'
import { memberRoutes } from './members/member-routes.ts'
import { type LeadHouse, createMembership } from './members/membership.ts'
import { createSharedFiles } from './members/shared-files.ts'
import { createTaking } from './members/taking.ts'
import type { TownRecord } from './members/town-record.ts'
import { keptNews, receiptIn } from './members/kept-news.ts'
import { type Batch, type KeptPress, createTownState } from './members/town-state.ts'
import { openKnownPeople } from './people/known-people.ts'
import { pressIntake } from './press/press-intake.ts'
import { pressRoutes } from './press/press-routes.ts'
import { createHelpPoints } from './site/help-points.ts'
import { openSiteFile } from './site/site-file.ts'
import { createResolver } from './site/site-references.ts'
import { Failure } from './tools/failure.ts'
import { createBell } from './members/bell.ts'
import { newId } from './tools/identity.ts'
import { builtPages, version } from './tools/package-root.ts'
import { createTopic } from './tools/topic.ts'
import { createHandleShare } from './tools/process/handle-share.ts'

export type MemberOptions = HouseOptions & { siteFile: string; record: TownRecord; town: TownOnMembers }

/** Of presses that wait, so many are told to a wall that has just come. */
const MOST_TOLD = 50
const CATCHES_UP_MS = 3000

/** @throws with words for a person when the server cannot begin. */
export async function openMember(options: MemberOptions): Promise<Omit<House, 'accept' | 'append'>> {
  const { dataFolder, host, port } = options
  const memberFolder = join(dataFolder, 'member')
  mkdirSync(memberFolder, { recursive: true, mode: 0o700 })
  const ground = openGround({ dataFolder: memberFolder, host })
  const { closing } = ground
  try {
    const engine = await openEngine(ground, options)
    const member = openLife(ground, options, engine)
    const front = await openFront(ground, options, engine, member)
    // Without an engine it begins all the same, and takes presses.
    await Promise.race([member.membership.caughtUp, ground.clock.sleep(CATCHES_UP_MS)])
    const url = await front.listen({ port, host })
    return { url, demo: null, renewCertificate: front.renewCertificate, close: closing.close }
  } catch (error) {
    await closing.close()
    throw error
  }
}

/** The site file, and what the engine says of the town. */
async function openEngine({ clock, closing, onError, dataFolder: folder }: Ground, options: MemberOptions) {
  const { siteFile: file, record, town } = options
  const self = { member: record.member as MemberId, url: urlOf(town, record.member) }
  const resolve = createResolver({ ...(options.environment ?? process.env) })
  const followed = { keptIn: null, onChange: async () => [], onProblem: () => {} }
  const { site, close } = await openSiteFile({ file, resolve, clock, ...followed })
  closing.add('the site file', close)
  const members = (): TownOnMembers['members'] => (site().onMembers ?? town).members
  const etcd = createEtcd(town.agreement)
  closing.add('the connections to the engine', etcd.close)
  const townKey = Buffer.from(record.key, 'base64')
  const [keys, seal] = [keysOf(record.town), createSeal(townKey)]
  const link = createLink({ townKey, member: self.member, clock, ca: town.agreement.ca })
  closing.add('the connections to the other members', link.close)
  const bell = createBell()
  const batches = createTopic<Batch>(onError)
  const told = { onBatch: batches.publish, onChange: bell.ring, onError }
  const state = createTownState({ etcd, keys, seal, clock, ...told })
  closing.add('the look at the engine', state.close)
  const held = openHeldBook(join(folder, 'held.sqlite'))
  closing.add('the book of held presses', held.close)
  const inbox = createInbox({ etcd, keys, seal, start: newId('', clock.now()).slice(1) })
  const news = createTopic<LiveNews>(onError)
  const onKept = (press: KeptPress, copies: number): void => news.publish(keptNews(press, copies))
  const keeping = createKeeping({ clock, inbox, held, onKept, onError })
  closing.add('the delivery of held presses', keeping.close)
  const fellows = (): string[] => members().flatMap(({ id, url }) => (id === self.member ? [] : [new URL(url).origin]))
  return { self, site, members, fellows, etcd, townKey, keys, seal, link, bell, batches, state, held, news, keeping }
}
type Engine = Awaited<ReturnType<typeof openEngine>>

/** It follows, and leads when it is its turn. */
function openLife({ clock, logger, closing, onError }: Ground, options: MemberOptions, engine: Engine) {
  const { dataFolder, siteFile } = options
  const { self, site, members, fellows, etcd, keys, seal, link, bell, batches, state, held, keeping } = engine
  const file = join(dataFolder, 'ledger.sqlite')
  const entries = createTopic<Entry>(onError)
  const handles = createHandleShare()
  let follower: LedgerFollower | null = null
  let lead: House | null = null
  let leave: (house: Server) => void = () => {}
  const { files: agreed, isRead } = state
  const places = { dataFolder, siteFile, agreed, isRead, leads: () => membership.leads() }
  const shared = createSharedFiles({ etcd, keys, seal, clock, onError, ...places })
  closing.add('the shared files', shared.close)
  const { knows } = createHelpPoints(site)
  const taking = createTaking({
    ...{ clock, member: self.member, keeping, link },
    leadUrl: () => membership.leadUrl(),
    mustKnow(helpPoint) {
      if (!knows(helpPoint))
        throw new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
    },
    lookUp: async (helpPoint, key) => receiptIn((await follower?.pressWithKey(helpPoint, key)) ?? null),
  })
  const membership = createMembership({
    ...{ clock, logger, etcd, keys, seal, link, self, version, state, shared, held },
    known: members,
    stateChanged: bell.next,
    openFollower: async () => (follower = await openLedgerFollower({ file, clock, onEntry: entries.publish })),
    replaceLedger: (fetchRows, head) => replaceLedger(file, { fetchRows, head, now: clock.now() }),
    async openHouse(leads): Promise<LeadHouse> {
      follower = null
      const { orElsewhere } = taking
      const given = { ...leads, orElsewhere, members: () => membership.view(), handles, fellows }
      lead = await openHouse({ ...options, leads: given })
      bell.ring()
      return lead
    },
    leave(house) {
      lead = null
      leave(house)
    },
  })
  batches.subscribe(membership.take)
  closing.add('the membership', membership.close)
  return {
    ...{ membership, taking, handles, entries, file },
    page: async (after: number, limit: number): Promise<Entry[]> => (await follower?.page(after, limit)) ?? [],
    accept: () => (membership.leads() ? (lead?.accept ?? null) : null),
    onLeft: (cut: (house: Server) => void): void => void (leave = cut),
  }
}
type Life = ReturnType<typeof openLife>

/** The listener, and what this server answers by itself. */
async function openFront(ground: Ground, options: MemberOptions, engine: Engine, life: Life) {
  const { clock, closing } = ground
  const { tls = null, address = AT_THE_ROOT } = options
  const { link, bell, fellows, news } = engine
  const { membership, handles } = life
  const app = await openIntake(ground, options, engine, life)
  const front = createFront({
    ...{ clock, tls, address, handles, link, fellows, intake: app.server, changed: bell.next },
    ...{ way: membership.way, leadIsAway: membership.leadIsAway },
    onLed: () => news.publish({ event: 'town.led', data: {} }),
  })
  life.onLeft(front.leave)
  closing.add('the listener', front.close)
  return front
}

/** Presses, what happens while nobody leads, the state of the town, and what members ask for. */
async function openIntake(ground: Ground, options: MemberOptions, engine: Engine, life: Life) {
  const { clock, logger, closing, onError } = ground
  const { tls = null, address = AT_THE_ROOT, dataFolder, town } = options
  const { site, members, fellows, townKey, link, state, held, news } = engine
  const { membership, taking, handles, entries, page, accept, file } = life
  const factorRequiredFor = (): readonly Role[] => site().factorRequiredFor
  const people = openKnownPeople({ folder: dataFolder, clock, factorRequiredFor, onError })
  const onRefused = (from: string, reason: string): void => logger.warn({ from, reason }, 'a press was refused')
  const nothingHere = nothingHerePage(builtPages, address.basePath)
  const embedding = (): readonly string[] => site().embedding
  const door = { logger, tls, address, handles, nothingHere, embedding, fellows, behindFront: true }
  const app = await createDoor({ ...door, ...people, onRefusedPress: onRefused })
  closing.add('the door of a server that does not lead', () => app.close())
  const { secretOf } = createHelpPoints(site)
  pressRoutes(app, pressIntake({ clock, site, secretOf, accept: taking.takeIn, onRefused }))
  townRoutes(app, { notReady: async () => null, town: membership.view })
  memberRoutes(app, {
    link,
    accept,
    rows: async (after, limit) => rowsOf(file, after, limit),
    async admit(request, from) {
      const { password } = town.agreement
      return admitMember(request, { from, now: clock.now(), password, townKey, known: members().map(({ id }) => id) })
    },
  })
  const events = {
    page,
    tail: entries.subscribe,
    /** What waits for a number comes first: whoever has just come may have missed it. */
    news(listener: (told: LiveNews) => void) {
      for (const press of [...state.inbox().values()].flat()) listener(keptNews(press, 2))
      for (const press of held.oldest(MOST_TOLD).presses) listener(keptNews(press, 1))
      return news.subscribe(listener)
    },
  }
  const whoListens = (credential: Credential | null): Person | null =>
    actingAs(credential && people.whoHas(credential), EVENT_ACCESS)
  eventsRoute(app, { ...events, whoListens })
  openSockets(app, { [EVENT_SOCKET_PATH]: eventSocket({ ...events, ...people, onError }) }, address, { handles })
  await pageRoutes(app, builtPages)
  await app.ready()
  return app
}

/** @throws when the site file names no such member */
function urlOf({ members }: TownOnMembers, id: string): string {
  const found = members.find((each) => each.id === id)
  if (!found)
    throw new Error(`the site file has no member ${id}: it names ${members.map((each) => each.id).join(', ')}`)
  return found.url
}
function rowsOf(file: string, after: number, limit: number): AgreedRow[] {
  const rows = openLedgerRows(file, { readOnly: true })
  try {
    return rows.page(after, limit)
  } finally {
    rows.close()
  }
}
