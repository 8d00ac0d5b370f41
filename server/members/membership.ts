/**
 * The life of a member: it follows what is agreed; when nobody leads it stands, and leads if it wins; when it leads no
 * more, what it knew beyond the agreement is thrown away with its house, and it follows again.
 */
import type { Server } from 'node:http'
import type { AcceptPress, Arrival } from '../glossary/press.ts'
import type { Append, Draft, Verification } from '../glossary/ledger.ts'
import type { AgreedRow, MemberId, TownView } from '../glossary/member.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { createAgreement, trimEngine } from './agreement.ts'
import { type Etcd, EngineAway } from './engine/etcd.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'
import { Ahead, Differs, type FollowedLedger, createFollowing } from './following.ts'
import type { Way } from './front.ts'
import type { HeldBook } from './held-book.ts'
import type { Leading } from './leading.ts'
import type { Link } from './link.ts'
import type { SharedFiles } from './shared-files.ts'
import { type Term, standForLead } from './term.ts'
import type { Head, Joined, KeptPress, Lead, MemberHealth, TownState } from './town-state.ts'

const HEALTH_LEASE_S = 5
const HEALTH_EVERY_MS = 1000
const LOOK_EVERY_MS = 500
const AGAIN_MS = 1000
const TRIM_EVERY_MS = 5000
/** Of what everybody has, so much stays for who comes back soon. */
const ENTRIES_KEPT = 500
/** Of the newest, for who is away: some 100 MB sealed. */
const MOST_KEPT = 50_000
/** Beside its health, which ends with it. */
const APPLIED_EVERY = 5
const AGREES_FOR_MS = 3000
/** A house that takes longer to close keeps nobody else from leading. */
const CLOSES_WITHIN_MS = 5000
const PROBE_EVERY_MS = 500
const ENTRY_FAULT = /was changed after|does not follow|is missing|begins the term|has another hash/
const DAMAGED = /malformed|not a database|corrupt/i
const HEAL_EVERY_MS = 3_600_000
const HEAL_AGAIN_MS = 10_000
/** So long the others wait for the one who is wanted to lead. */
const WANTED_FIRST_MS = 3000
const VERIFY_EVERY_MS = 24 * 3_600_000

type Follower = FollowedLedger & {
  /** Reads all of it through. */ verify(): Promise<Verification>
  close(): Promise<void>
}
/** A house that leads. */
export type LeadHouse = { accept: AcceptPress; append: Append; close(): Promise<void> }
export type MembershipPort = {
  clock: Clock
  logger: Record<'info' | 'warn' | 'error', (facts: object, words: string) => void>
  etcd: Etcd
  keys: TownKeys
  seal: Seal
  link: Pick<Link, 'ask'>
  self: { member: MemberId; url: string }
  version: string
  /** Members as the site file has them. */ known(): readonly { id: string; url: string }[]
  state: TownState
  stateChanged(): Promise<void>
  shared: SharedFiles
  held: Pick<HeldBook, 'size'>
  openFollower(): Promise<Follower>
  /** The others' copy in the place of this one's. @returns where what was here is; null: theirs is not the town's */
  replaceLedger(
    fetchRows: (after: number) => Promise<AgreedRow[]>,
    head: { seq: number; hash: string },
  ): Promise<string | null>
  openHouse(leads: Pick<Leading, 'agreement' | 'mayMove' | 'show'>): Promise<LeadHouse>
  /** What a house that leads no more still answers ends. */ leave(house: Server): void
}

/** It was acknowledged, and its help point is not in the site file any more: the record says so. */
const refusedOf = ({ helpPoint, source }: Arrival, by: string): Draft => ({
  ...{ kind: 'press.refused', actor: `member:${by}`, subject: 'presses' },
  body: { helpPoint, reason: 'the site file has no such help point any more', source, count: 1 },
})

export function createMembership(port: MembershipPort) {
  const { clock, logger, etcd, keys, seal, link, self, version, known, state, stateChanged, shared, held } = port
  const stopped = new AbortController()
  const { signal } = stopped
  const startedAt = isoTime(clock.now())
  let follower: Follower | null = null
  let following: ReturnType<typeof createFollowing> | null = null
  let term: Term | null = null
  let server: Server | null = null
  let applied = 0
  let agreedAt = Number.NEGATIVE_INFINITY
  let fault: string | null = null
  let hasCaughtUp = (): void => {}
  const caughtUp = new Promise<void>((resolve) => (hasCaughtUp = resolve))
  /** This member's ledger is another than the town's, as was found out. */
  let differs: Differs | null = null
  let verifiedAt = Number.NEGATIVE_INFINITY
  let healedAt = Number.NEGATIVE_INFINITY
  /** Since when nobody leads; null: somebody does. */
  let leaderlessSince: number | null = null
  /** Whom this member has made room for: whoever does not take it is not waited for again. */
  let handedTo: string | null = null
  const onError = (error: unknown): void => logger.error({ err: error }, 'a member of the town')

  /** The term of a lead that could not be reached: nobody is sent there until it answers, or another leads. */
  let awayTerm = 0
  const leadElsewhere = (): string | null => {
    const lead = state.lead()
    return lead && lead.member !== self.member && lead.term !== awayTerm ? lead.url : null
  }
  async function untilBack({ url, term: number }: Lead): Promise<void> {
    awayTerm = number
    while (!signal.aborted && state.lead()?.term === number) {
      const answer = await link.ask(url, 'GET', '/healthz', null, PROBE_EVERY_MS).catch(() => null)
      if (answer?.status === 200) break
      await clock.sleep(PROBE_EVERY_MS, signal)
    }
    if (awayTerm === number) awayTerm = 0
  }
  async function fetchRows(after: number): Promise<AgreedRow[]> {
    for (const { id, url } of known()) {
      if (id === self.member) continue
      const answer = await link.ask(url, 'GET', `/api/v1/town/rows?after=${after}`, null, 20_000).catch(() => null)
      const rows = (answer?.status === 200 ? (answer.body as { rows: AgreedRow[] }).rows : []) ?? []
      if (rows.length > 0) return rows
    }
    return []
  }
  async function openFollowing(): Promise<void> {
    follower = await port.openFollower()
    applied = follower.head().seq
    following = createFollowing({ etcd, keys, seal, ledger: follower, fetchRows, onApplied: (seq) => (applied = seq) })
  }
  /** Once after the start, and once a day: not only its end must be as the others have it. */
  function verifySoon(own: Follower): void {
    if (clock.monotonic() - verifiedAt < VERIFY_EVERY_MS) return
    verifiedAt = clock.monotonic()
    own.verify().then(
      ({ chains }) => suspect(chains.at(-1)?.problem ?? null),
      (error: unknown) => own === follower && onError(error),
    )
  }
  /** Only what stands in the entries themselves is another ledger; a checkpoint or a chain of before is not. */
  function suspect(problem: string | null): void {
    if (problem !== null && ENTRY_FAULT.test(problem)) differs = new Differs(problem)
    else if (problem !== null) logger.error({ problem }, 'this server’s ledger does not verify')
  }
  async function closeFollowing(): Promise<void> {
    await following?.settled()
    following = null
    await follower?.close()
    follower = null
  }
  /** This server's ledger is another than the town's: it is kept, and the town's copy is fetched. */
  async function heal(error: Differs): Promise<void> {
    differs = null
    if (fault !== error.message) logger.error({ err: error }, 'THIS SERVER’S LEDGER IS ANOTHER THAN THE TOWN’S')
    fault = error.message
    // One that differs again and again is no fault of the copy.
    if (clock.monotonic() - healedAt < HEAL_EVERY_MS) return clock.sleep(HEAL_AGAIN_MS, signal)
    const head = await headOfTown()
    await closeFollowing()
    const aside = head && (await port.replaceLedger(fetchRows, head))
    await openFollowing()
    // The only copy stays where it is, and so does a good one while the others' is not the town's.
    if (aside === null) return clock.sleep(HEAL_AGAIN_MS, signal)
    healedAt = clock.monotonic()
    verifiedAt = Number.NEGATIVE_INFINITY
    logger.warn({ aside }, 'this server’s ledger is kept aside, and the copy of the others is in its place')
  }
  /** A file that is damaged: the others' copy, if it is whole. */
  async function replaced(): Promise<boolean> {
    try {
      const head = await headOfTown()
      const aside = head && (await port.replaceLedger(fetchRows, head))
      if (aside)
        logger.warn({ aside }, 'this server’s ledger is kept aside, and the copy of the others is in its place')
      return aside !== null
    } catch (error) {
      onError(error)
      return false
    }
  }
  async function headOfTown(): Promise<Head | null> {
    const [kv] = (await etcd.range(keys.head)).found
    return kv ? { ...seal.open<Omit<Head, 'modRevision'>>(kv.key, kv.value), modRevision: kv.modRevision } : null
  }
  /** @returns the head that this member's ledger ends with as well; null: it does not */
  async function headInCommon(): Promise<Head | null> {
    await following?.catchUp()
    const before = follower?.head() ?? null
    const head = await headOfTown()
    if (!head || !follower || !before) return null
    const here = follower.head()
    // What was here before the town was asked must be the town's; more may have come since.
    if (before.seq > head.seq)
      throw new Ahead(
        `this server's ledger has ${before.seq} entries, and the engine ${head.seq}: was it put back to an older state?`,
      )
    if (here.seq === head.seq && here.hash !== head.hash)
      throw new Differs(`entry ${here.seq} has the hash ${head.hash} in the town, and ${here.hash} on this server`)
    return here.seq === head.seq ? head : null
  }
  const belongs = (): boolean => (state.joined().get(self.member)?.what ?? 'left') !== 'left'
  function mayStand(): boolean {
    const wanted = state.wanted()
    if (state.lead() !== null) leaderlessSince = null
    else leaderlessSince ??= clock.monotonic()
    if (!state.isRead() || leaderlessSince === null || !belongs()) return false
    if (wanted === null || wanted === self.member || !state.members().has(wanted)) return true
    return clock.monotonic() - leaderlessSince > WANTED_FIRST_MS
  }
  /** Follows until this member leads. @returns null when it is to stop */
  async function untilElected(): Promise<{ won: Term; head: Head } | null> {
    for (; !signal.aborted; await Promise.race([stateChanged(), clock.sleep(LOOK_EVERY_MS, signal)])) {
      try {
        if (differs) throw differs
        await following?.catchUp()
        if (state.isRead()) hasCaughtUp()
        if (follower) verifySoon(follower)
        if (!mayStand() || (await headInCommon()) === null) continue
        const won = await standForLead({ etcd, keys, seal, clock, self, terms: state.terms() })
        if (!won) continue
        // Once more: the lead before may have agreed on something after the last look.
        const head = await headInCommon().catch(async (error: unknown) => {
          await won.resign('its ledger is not the town’s')
          throw error
        })
        if (head) return { won, head }
        await won.resign('its ledger is behind')
      } catch (error) {
        if (error instanceof Differs) await heal(error).catch(onError)
        else if (error instanceof Ahead && fault === error.message) await clock.sleep(HEAL_AGAIN_MS, signal)
        else if (!(error instanceof EngineAway)) {
          if (error instanceof Ahead) fault = error.message
          onError(error)
          await clock.sleep(AGAIN_MS, signal)
        }
      }
    }
    return null
  }
  async function moveIn({ accept, append }: LeadHouse, key: string, presses: readonly KeptPress[]): Promise<void> {
    await Promise.all(
      presses.map(({ arrival, ...kept }) =>
        accept({ ...(arrival as unknown as Arrival), kept }).catch(async (error: unknown) => {
          if ((error as { code?: string }).code !== 'help-point/unknown') throw error
          await append([refusedOf(arrival as unknown as Arrival, kept.by)]).durable
        }),
      ),
    )
    await etcd.remove(key)
  }
  /** Presses that wait for a number get one, in the order in which they were taken in. */
  async function drain(house: LeadHouse, over: AbortSignal): Promise<void> {
    const taken = new Set<string>()
    while (!over.aborted) {
      for (const [key, presses] of state.inbox()) {
        if (taken.has(key)) continue
        taken.add(key)
        void moveIn(house, key, presses)
          .catch((error: unknown) => !over.aborted && onError(error))
          .finally(() => clock.sleep(AGAIN_MS).then(() => taken.delete(key)))
      }
      await Promise.race([stateChanged(), clock.sleep(AGAIN_MS, over)])
    }
  }
  async function trim(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await clock.sleep(TRIM_EVERY_MS, over)
      const { seq: newest } = state.head() ?? { seq: 0 }
      // Who is away has them from here when it is back; but the engine does not wait for it for ever.
      const behind = [...state.joined().keys()].map((id) =>
        id === self.member ? applied : (state.applied().get(id) ?? 0),
      )
      const everybodyHas = Math.max(Math.min(...behind), newest - MOST_KEPT)
      const problem = over.aborted ? null : await trimEngine(etcd, keys, { everybodyHas, most: ENTRIES_KEPT })
      if (problem) logger.warn({ problem }, 'the engine could not be made smaller')
    }
  }
  /** Who came and went since the last entry about it. */
  async function recordMembers(append: Append, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      for (const [id, joined] of state.joined()) {
        if (joined.recorded) continue
        const written = await append([entryOf(id, joined)]).durable.catch(() => null)
        if (over.aborted || written === null) continue
        const key = keys.joinedMember(id)
        await (
          joined.what === 'left'
            ? etcd.remove(key)
            : etcd.put(key, seal.seal(key, { ...joined, recorded: true } satisfies Joined))
        ).catch(onError)
      }
      await Promise.race([stateChanged(), clock.sleep(AGAIN_MS, over)])
    }
  }
  const entryOf = (member: string, { what, url }: Joined): Draft => {
    const said = { actor: `member:${self.member}`, subject: keys.town }
    switch (what) {
      case 'founded':
        return { kind: 'town.founded', ...said, body: { member } }
      case 'refounded':
        return { kind: 'town.refounded', ...said, body: { member } }
      case 'left':
        return { kind: 'town.member-left', ...said, body: { member } }
      case 'joined':
        return { kind: 'town.member-joined', ...said, body: { member, url } }
    }
  }
  const clockOffset = (): number | null => {
    const offsets = [...state.members()].flatMap(([id, { offsetMs }]) => (id === self.member ? [] : [offsetMs ?? 0]))
    return offsets.length === 0 ? null : Math.max(...offsets.map(Math.abs))
  }
  /** Whether this member should hand the lead on. */
  const isWantedElsewhere = (): boolean => {
    const wanted = state.wanted()
    if (wanted === null) handedTo = null
    return wanted !== null && wanted !== self.member && wanted !== handedTo && state.members().has(wanted)
  }
  async function lead(won: Term, head: Head): Promise<void> {
    term = won
    logger.info({ term: won.number, seq: head.seq }, 'this server leads the town')
    const over = new AbortController()
    void won.over.then(() => over.abort())
    await shared.settle()
    await closeFollowing()
    const agreement = createAgreement({
      ...{ etcd, keys, seal, clock, term: won, head },
      onAgreed: (seq) => (applied = seq),
      onBroken(problem) {
        suspect(problem)
        if (differs) won.lose(`its ledger is not the town's: ${problem}`)
      },
    })
    const house = await port.openHouse({
      agreement: { ...agreement, member: self.member, clockOffsetMs: clockOffset() },
      mayMove: won.isGood,
      show(own) {
        server = own
        return self.url
      },
    })
    // Keys that it has just made are the town's before anybody else could make others.
    await shared.settle()
    void drain(house, over.signal)
    void trim(over.signal)
    void recordMembers(house.append, over.signal)
    while (!over.signal.aborted && !signal.aborted && !isWantedElsewhere())
      await Promise.race([stateChanged(), clock.sleep(LOOK_EVERY_MS, over.signal)])
    if (isWantedElsewhere()) handedTo = state.wanted()
    const [left] = [server]
    server = null
    if (left) port.leave(left)
    // What has a place and is not agreed yet may still be, while this member leads.
    const closing = house.close()
    await Promise.race([closing, clock.sleep(CLOSES_WITHIN_MS)])
    const why = won.isGood() ? (signal.aborted ? 'it is stopped' : 'another member is wanted to lead') : await won.over
    await won.resign(why)
    logger.info({ term: won.number, why }, 'this server leads the town no more')
    await closing
  }
  async function live(): Promise<void> {
    while (!signal.aborted) {
      try {
        await openFollowing()
      } catch (error) {
        fault = messageOf(error)
        logger.error({ err: error }, 'this server’s ledger cannot be opened; it is tried again')
        if (!DAMAGED.test(fault) || !(await replaced())) await clock.sleep(5 * AGAIN_MS, signal)
        continue
      }
      const elected = await untilElected()
      if (elected)
        await lead(elected.won, elected.head).catch(async (error: unknown) => {
          fault = messageOf(error)
          logger.error({ err: error }, 'this server cannot lead the town')
          server = null
          await elected.won.resign('its house cannot be opened')
          await clock.sleep(3 * AGAIN_MS, signal)
        })
      term = null
      await closeFollowing()
    }
  }
  async function publishHealth(): Promise<void> {
    let lease: string | null = null
    let told = 0
    while (!signal.aborted) {
      try {
        if (lease === null || (await etcd.keepAlive(lease, 500)) === 0) lease = await etcd.grant(HEALTH_LEASE_S)
        const health: MemberHealth = {
          url: self.url,
          version,
          at: isoTime(clock.now()),
          since: startedAt,
          applied,
          held: held.size(),
        }
        const key = keys.member(self.member)
        await etcd.put(key, seal.seal(key, health), lease)
        agreedAt = clock.monotonic()
        told += 1
        if (told % APPLIED_EVERY === 1) {
          const place = keys.appliedBy(self.member)
          await etcd.put(place, seal.seal(place, applied))
        }
      } catch (error) {
        if (!(error instanceof EngineAway)) lease = null
      }
      await clock.sleep(HEALTH_EVERY_MS, signal)
    }
    if (lease !== null) await etcd.revoke(lease).catch(() => {})
  }
  const living: Promise<void> = live().catch((error: unknown) => {
    fault = messageOf(error)
    logger.error({ err: error }, 'this server follows the town no more: start it again')
  })
  const telling = publishHealth()

  return {
    way: (): Way => {
      if (server && term?.isGood()) return { house: server }
      const url = leadElsewhere()
      return url === null ? 'wait' : { lead: url }
    },
    leadUrl: leadElsewhere,
    leadIsAway(url: string): void {
      const lead = state.lead()
      if (lead?.url === url && lead.term !== awayTerm) void untilBack(lead)
    },
    leads: (): boolean => server !== null && (term?.isGood() ?? false),
    /** Of the house that leads, while this member does. */
    follower: (): Follower | null => follower,
    take: (batch: Parameters<NonNullable<typeof following>['take']>[0]): void =>
      void following?.take(batch).catch((error: unknown) => {
        if (error instanceof Differs) differs = error
        else if (!(error instanceof EngineAway)) onError(error)
      }),
    view(): TownView {
      const lead = state.lead()
      const agrees = clock.monotonic() - agreedAt < AGREES_FOR_MS
      const ids = new Set([...known().map(({ id }) => id), ...state.joined().keys()])
      return {
        members: [...ids].map((id) => {
          const health = state.members().get(id)
          const here = id === self.member
          const reachable = here || (agrees && health !== undefined)
          return {
            id,
            url: known().find((each) => each.id === id)?.url ?? state.joined().get(id)?.url ?? null,
            leads: lead?.member === id && agrees,
            reachable,
            since: here ? startedAt : (health?.since ?? null),
            ...(here ? { applied, held: held.size(), clockOffsetMs: 0, version } : {}),
            ...(!here && health
              ? {
                  applied: health.applied,
                  held: health.held,
                  clockOffsetMs: Math.round(health.offsetMs ?? 0),
                  version: health.version,
                }
              : {}),
          }
        }),
        lead: agrees ? (lead?.member ?? null) : null,
        since: agrees ? (lead?.since ?? null) : null,
        now: isoTime(clock.now()),
        term: agrees ? (lead?.term ?? null) : null,
        member: self.member,
        agrees,
        siteDiffers: shared.siteDiffers(),
      }
    },
    fault: (): string | null => fault,
    /** It knows what was agreed until now: whoever presses again is told what was told before. */ caughtUp,
    async close(): Promise<void> {
      stopped.abort()
      await living
      await telling
    },
  }
}
