/** The composition root of one server of a town on several machines: what it is, whether it leads or not. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createDoor } from './door/door.ts'
import type { Credential } from './door/credentials.ts'
import { actingAs } from './door/rights.ts'
import { openSockets } from './door/sockets.ts'
import { nothingHerePage, pageRoutes } from './door/page-routes.ts'
import { AT_THE_ROOT } from './door/public-address.ts'
import { townRoutes } from './door/town-routes.ts'
import { openGround } from './foundation.ts'
import type { AgreedRow, MemberId, TownOnMembers } from './glossary/member.ts'
import type { Entry } from './glossary/ledger.ts'
import type { LiveNews } from './glossary/news.ts'
import type { Person } from './glossary/people.ts'
import type { Arrival, Receipt } from './glossary/press.ts'
import { openHouse } from './house.ts'
import type { House, HouseOptions } from './options.ts'
import { type LedgerFollower, openLedgerFollower, setLedgerAside } from './ledger/copies/ledger-follower.ts'
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
import { type KeptPress, createTownState } from './members/town-state.ts'
import { openKnownPeople } from './people/known-people.ts'
import { pressIntake } from './press/press-intake.ts'
import { pressRoutes } from './press/press-routes.ts'
import { createHelpPoints } from './site/help-points.ts'
import { openSiteFile } from './site/site-file.ts'
import { createResolver } from './site/site-references.ts'
import { Failure } from './tools/failure.ts'
import { newId } from './tools/identity.ts'
import { builtPages, version } from './tools/package-root.ts'
import { createTopic } from './tools/topic.ts'
import { createHandleShare } from './tools/process/handle-share.ts'

export type MemberOptions = HouseOptions & { siteFile: string; record: TownRecord; town: TownOnMembers }

/** Of presses that wait, so many are told to a wall that has just come. */
const MOST_TOLD = 50
/** Waits for whatever comes next, many at once. */
function createBell() {
  let ring: () => void = () => {}
  let next = new Promise<void>((resolve) => (ring = resolve))
  return {
    ring(): void {
      ring()
      next = new Promise<void>((resolve) => (ring = resolve))
    },
    next: (): Promise<void> => next,
  }
}

/** @throws with words for a person when the server cannot begin. */
export async function openMember(options: MemberOptions): Promise<Omit<House, 'accept' | 'append'>> {
  const { siteFile, record, town, dataFolder, host, port, tls = null, address = AT_THE_ROOT } = options
  const self = { member: record.member as MemberId, url: urlOf(town, record.member) }
  const memberFolder = join(dataFolder, 'member')
  mkdirSync(memberFolder, { recursive: true, mode: 0o700 })
  const ground = openGround({ dataFolder: memberFolder, host })
  const { clock, logger, closing, onError } = ground
  try {
    const environment = { ...(options.environment ?? process.env) }
    const resolve = createResolver(environment)
    const followed = { keptIn: null, onChange: async () => [], onProblem: () => {} }
    const { site, close: closeSite } = await openSiteFile({ file: siteFile, resolve, clock, ...followed })
    closing.add('the site file', closeSite)
    const { knows, secretOf } = createHelpPoints(site)
    const etcd = createEtcd(town.agreement)
    closing.add('the connections to the engine', etcd.close)
    const townKey = Buffer.from(record.key, 'base64')
    const [keys, seal] = [keysOf(record.town), createSeal(townKey)]
    const link = createLink({ townKey, member: self.member, clock, ca: town.agreement.ca })
    closing.add('the connections to the other members', link.close)
    const bell = createBell()
    const state = createTownState({
      etcd,
      keys,
      seal,
      clock,
      onBatch: (batch) => membership.take(batch),
      onChange: bell.ring,
      onError,
    })
    closing.add('the look at the engine', state.close)
    const held = openHeldBook(join(memberFolder, 'held.sqlite'))
    closing.add('the book of held presses', held.close)
    const inbox = createInbox({ etcd, keys, seal, start: newId('', clock.now()).slice(1) })
    const happened = createTopic<Entry>(onError)
    const news = createTopic<LiveNews>(onError)
    const onKept = (press: KeptPress, copies: number): void => news.publish(keptNews(press, copies))
    const keeping = createKeeping({ clock, inbox, held, onKept, onError })
    closing.add('the delivery of held presses', keeping.close)
    const { files: agreed, isRead } = state
    const shared = createSharedFiles({
      etcd,
      keys,
      seal,
      clock,
      dataFolder,
      siteFile,
      agreed,
      isRead,
      leads: () => membership.leads(),
      onError,
    })
    closing.add('the shared files', shared.close)
    const ledgerFile = join(dataFolder, 'ledger.sqlite')
    let follower: LedgerFollower | null = null
    const taking = createTaking({
      ...{ clock, member: self.member, keeping, link },
      leadUrl: () => membership.leadUrl(),
      mustKnow(helpPoint) {
        if (!knows(helpPoint))
          throw new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
      },
      lookUp: async (helpPoint, key) => receiptIn((await follower?.pressWithKey(helpPoint, key)) ?? null),
    })
    const handles = createHandleShare()
    let lead: House | null = null
    const fellows = (): string[] =>
      (site().onMembers ?? town).members.flatMap(({ id, url }) => (id === self.member ? [] : [new URL(url).origin]))
    const membership = createMembership({
      ...{ clock, logger, etcd, keys, seal, link, self, version, state, shared, held },
      known: () => site().onMembers?.members ?? town.members,
      stateChanged: bell.next,
      openFollower: async () =>
        (follower = await openLedgerFollower({ file: ledgerFile, clock, onEntry: happened.publish })),
      setLedgerAside: () => setLedgerAside(ledgerFile, clock.now()),
      async openHouse(leads): Promise<LeadHouse> {
        follower = null
        const { orElsewhere } = taking
        lead = await openHouse({
          ...options,
          leads: { ...leads, orElsewhere, members: () => membership.view(), handles, fellows },
        })
        bell.ring()
        return lead
      },
      leave(house) {
        lead = null
        front.leave(house)
      },
    })
    closing.add('the membership', membership.close)
    const people = openKnownPeople({
      folder: dataFolder,
      clock,
      factorRequiredFor: () => site().factorRequiredFor,
      onError,
    })
    const onRefused = (from: string, reason: string): void => logger.warn({ from, reason }, 'a press was refused')
    const nothingHere = nothingHerePage(builtPages, address.basePath)
    const door = {
      logger,
      tls,
      address,
      handles,
      nothingHere,
      embedding: () => site().embedding,
      fellows,
      behindFront: true,
    }
    const app = await createDoor({ ...door, ...people, onRefusedPress: onRefused })
    closing.add('the door of a server that does not lead', () => app.close())
    pressRoutes(app, pressIntake({ clock, site, secretOf, accept: taking.takeIn, onRefused }))
    townRoutes(app, { notReady: async () => null, town: membership.view })
    memberRoutes(app, {
      link,
      accept: () => (membership.leads() ? (lead?.accept ?? null) : null),
      rows: async (after, limit) => rowsOf(ledgerFile, after, limit),
      admit: async (request, from) =>
        admitMember(request, {
          ...{ from, now: clock.now(), password: town.agreement.password, townKey },
          known: (site().onMembers ?? town).members.map(({ id }) => id),
        }),
    })
    const events = {
      page: async (after: number, limit: number) => (await follower?.page(after, limit)) ?? [],
      tail: happened.subscribe,
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
    const { way, leadIsAway } = membership
    const front = createFront({
      clock,
      tls,
      address,
      handles,
      link,
      intake: app.server,
      way,
      leadIsAway,
      onLed: () => news.publish({ event: 'town.led', data: {} }),
      fellows,
      changed: bell.next,
    })
    closing.add('the listener', front.close)
    const url = await front.listen({ port, host })
    const { renewCertificate } = front
    return { url, demo: null, renewCertificate, close: closing.close }
  } catch (error) {
    await closing.close()
    throw error
  }
}

/** As a wall hears of it, which cannot show an incident yet. */
const keptNews = ({ arrival, press, receivedAt }: KeptPress, copies: number): LiveNews => {
  const { helpPoint, kind } = arrival as unknown as Arrival
  return { event: 'press.kept', data: { press, helpPoint, kind, receivedAt, copies } }
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
/** What its source was told. */
function receiptIn(row: { body: string } | null): { receipt: Receipt; pressedAt: string } | null {
  if (!row) return null
  const { press, incident } = JSON.parse(row.body) as {
    press: { id: Receipt['press']; receivedAt: string; pressedAt: string }
    incident: Receipt['incident']
  }
  return { receipt: { press: press.id, incident, receivedAt: press.receivedAt }, pressedAt: press.pressedAt }
}
