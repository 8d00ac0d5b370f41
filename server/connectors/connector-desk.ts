/**
 * Tells each VMS what it must still be told (connector-plan), reads back, and writes what proves it into the ledger.
 * Each incident of each VMS has a pass of its own: one that a VMS cannot digest delays no other, and a VMS that hangs
 * delays nobody else. Not here: what is told (connector-plan), how (the connectors), whether a VMS is well (health).
 */
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Draft } from '../glossary/ledger.ts'
import type { ConnectorSite } from '../glossary/site.ts'
import { createBackoff } from '../tools/pace/backoff.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import type { Signal, Telling, VmsConnector } from './connector.ts'
import type { ConnectorBook } from './connector-book.ts'
import { type Act, type PlanRule, type ToldSoFar, actKey, planFor, pressTime } from './connector-plan.ts'
import { lineText, markOf, pressedText, pressesText, titleOf } from './connector-words.ts'
import { createSlots, createTurns } from './slots.ts'

export type TownNames = {
  id: string
  timezone: string
  keepMs: number
  nameOf(id: string): string
  cameraName(id: string): string
  numberOf(incident: IncidentId): string | null
}
export type DeskPort = {
  clock: Clock
  site: ConnectorSite
  vms: VmsConnector
  book: ConnectorBook
  town(): TownNames
  load(incident: IncidentId): Promise<Incident>
  append: Append
  /** Theirs of one of ours; null: not matched. @throws when the VMS cannot be asked for its cameras */
  matching(signal: AbortSignal): Promise<(camera: CameraId) => string | null>
  /** Their cameras are others than was thought. */
  onStale(): void
  /** What hangs now, or null: the connector's health. */
  onTrouble(problem: string | null): void
  onError(error: unknown): void
}

const FIRST_WAIT_MS = 1000
/** While an incident is open nobody waits for minutes; what is over has time. */
const LONGEST_WAIT_MS = 30_000
const LONGEST_WAIT_OVER_MS = 5 * 60_000
/** What is far off is looked at again before that: clocks are set, and timers have an end. */
const LOOK_AGAIN_MS = 3_600_000
/**
 * `passes`: incidents that are compared at one time; `acts`: requests to the VMS at one time. Incidents that the VMS has
 * not heard of have their own share, and so have closed ones. So a new press never waits behind notes, nor behind
 * thousands of closed incidents whose footage may be deleted.
 */
const PLACES = { untold: { passes: 8, acts: 4 }, open: { passes: 6, acts: 3 }, over: { passes: 3, acts: 2 } }
const ACT_WITHIN_MS = 20_000
const TICK_MS = 500
const WATCH_EVERY_MS = 2500
/** What was not told is written down when a second try has failed, too: a hiccup is no entry. */
const WRITTEN_AT_TRY = 2

/** `until`: monotonic, for a clock that is set back must not put a try off by an hour; `since`: as people say it. */
type Waiting = {
  tries: number
  until: number
  since: number
  problem: string
  written: Set<string>
  isAlarm: boolean
  backoff: { wait(): number }
}

type Pool = { places: ReturnType<typeof createSlots>; slots: ReturnType<typeof createSlots> }
/** `begun`: it is not waiting for its place any more. */
type Pass = { again: boolean; begun: boolean; pool: Pool; ended: Promise<void> }

export function createVmsDesk(port: DeskPort) {
  const { clock, site, vms, book, append, onError } = port
  const stop = new AbortController()
  const passes = new Map<IncidentId, Pass>()
  /** When an incident must be looked at again by itself: monotonic. */
  const due = new Map<IncidentId, number>()
  const waits = new Map<IncidentId, Map<string, Waiting>>()
  const pools = {
    untold: { places: createSlots(PLACES.untold.passes), slots: createSlots(PLACES.untold.acts) },
    open: { places: createSlots(PLACES.open.passes), slots: createSlots(PLACES.open.acts) },
    over: { places: createSlots(PLACES.over.passes), slots: createSlots(PLACES.over.acts) },
  }
  const poolOf = (id: IncidentId): Pool =>
    book.isOpen(site.id, id) ? (book.isRaised(site.id, id) ? pools.open : pools.untold) : pools.over
  const turns = createTurns()

  const about = { connector: site.id, product: vms.product }
  const write = async (draft: Draft): Promise<void> => void (await append([draft]).durable)
  const troubles = (): Waiting[] => [...waits.values()].flatMap((each) => [...each.values()])
  /** A hiccup is no trouble; an alarm that was not heard is one at once. */
  const judge = (): void => {
    const hanging = troubles().filter(({ tries, isAlarm }) => isAlarm || tries >= WRITTEN_AT_TRY)
    port.onTrouble(hanging.sort((a, b) => a.since - b.since)[0]?.problem ?? null)
  }

  function settle(incident: IncidentId, key: string): void {
    const mine = waits.get(incident)
    mine?.delete(key)
    if (mine?.size === 0) waits.delete(incident)
    judge()
  }
  async function failed(incident: IncidentId, act: Act, key: string, problem: string): Promise<void> {
    const mine = waits.get(incident) ?? new Map<string, Waiting>()
    waits.set(incident, mine)
    const known = mine.get(key)
    const isOver = book.isOpen(site.id, incident) !== true
    const backoff = known?.backoff ?? createBackoff(FIRST_WAIT_MS, isOver ? LONGEST_WAIT_OVER_MS : LONGEST_WAIT_MS)
    const tries = (known?.tries ?? 0) + 1
    const written = known?.written ?? new Set<string>()
    const isNews = tries >= WRITTEN_AT_TRY && !written.has(problem)
    if (isNews) written.add(problem)
    mine.set(key, {
      tries,
      until: clock.monotonic() + backoff.wait(),
      since: known?.since ?? clock.now(),
      problem,
      written,
      isAlarm: act.verb === 'raise',
      backoff,
    })
    judge()
    if (isNews) await write(refusal(incident, act, problem, false))
  }
  const refusal = (incident: IncidentId, { verb, part, camera }: Act, problem: string, lasting: boolean): Draft => ({
    kind: 'connector.not-told',
    actor: `connector:${site.id}`,
    subject: incident,
    body: { ...about, incident, verb, part, camera, problem, lasting },
  })

  function signalOf(incident: Incident, told: ToldSoFar, act: Act, theirs: string | null): Signal {
    const town = port.town()
    const names = namesFor(town, incident)
    const pressedAt = pressTime(incident, act.late)
    const camera = theirs ?? (act.camera === null ? site.fallback : null)
    const lines = incident.log.flatMap((line) => lineText(line, names, site.notes) ?? [])
    return {
      verb: act.verb,
      incident: incident.id,
      mark: markOf(town.id, incident.id),
      title: titleOf(incident, names.helpPoint, act.late, town.numberOf(incident.id)),
      text: pressedText(pressedAt, names, act.late),
      lines: act.line === null ? [] : [...lines.filter((line) => line !== act.line), act.line],
      pressedAt,
      camera,
      event: act.event,
      shared:
        act.event !== null
          ? book.isShared(site.id, incident.id, act.verb, act.event)
          : camera !== null && book.isAlarmed(site.id, incident.id, camera),
      over: told.events.filter(({ over }) => over).map(({ id }) => id),
      late: act.late,
    }
  }
  const namesFor = (town: TownNames, { helpPoint }: Incident) => ({
    helpPoint: town.nameOf(helpPoint),
    camera: town.cameraName,
    timezone: town.timezone,
  })

  /** Acts on one event come one after the other: whether another incident needs it depends on the receipt before. */
  const perform = (incident: Incident, told: ToldSoFar, act: Act, theirs: string | null): Promise<void> =>
    act.event === null
      ? performed(incident, told, act, theirs)
      : turns.run(act.event, () => performed(incident, told, act, theirs))
  async function performed(incident: Incident, told: ToldSoFar, act: Act, theirs: string | null): Promise<void> {
    const { id } = incident
    const key = actKey(act)
    const named = act.verb === 'note' && act.part.startsWith('presses') ? withPresses(incident, act) : act
    // The signal is made when the act's turn has come: another incident may need the same camera by then, and the time
    // limit of the act begins with it.
    const sent = await poolOf(id).slots.run(async () => {
      const signal = signalOf(incident, told, named, theirs)
      const within = AbortSignal.any([stop.signal, AbortSignal.timeout(ACT_WITHIN_MS)])
      const cannot: Telling | null = act.cannot === null ? null : { outcome: 'cannot', problem: act.cannot }
      return { camera: signal.camera, telling: cannot ?? (await vms.tell(signal, within)) }
    })
    const { telling } = sent
    if (stop.signal.aborted) return
    if (telling.outcome === 'failed') {
      if (telling.stale) port.onStale()
      return failed(id, act, key, telling.problem)
    }
    if (telling.outcome === 'cannot') await write(refusal(id, act, telling.problem, true))
    else {
      const { how, id: their, link, finding = null, goesOn = false, running = false } = telling
      const { verb, part, camera } = act
      const late = act.late && verb === 'mark' && !running
      const receipt = { verb, part, how, id: their, link, camera, theirs: sent.camera, late, goesOn, finding }
      await write({
        kind: 'connector.told',
        actor: `connector:${site.id}`,
        subject: id,
        body: { ...about, incident: id, ...receipt },
      })
    }
    settle(id, key)
  }
  function withPresses(incident: Incident, act: Act): Act {
    const last = incident.presses.at(-1)?.receivedAt ?? incident.openedAt
    const names = namesFor(port.town(), incident)
    return { ...act, line: pressesText(incident.presses.length + incident.repeats, last, names) }
  }

  /** Everything of one incident that can be told now. */
  async function passOver(id: IncidentId): Promise<void> {
    while (!stop.signal.aborted) {
      const told = book.told(site.id, id)
      if (!told || !book.isUnfinished(site.id, id)) {
        waits.delete(id)
        return judge()
      }
      const rest = book.restsUntil(site.id, id, port.town().keepMs)
      if (rest !== null && rest > clock.now() && !waits.has(id)) return dueAt(id, rest - clock.now())
      const incident = await port.load(id)
      const match = await matched(id)
      if (match === null) return
      const town = port.town()
      const names = namesFor(town, incident)
      const rule: PlanRule = {
        verbs: vms.verbs,
        matched: (camera) => match(camera) !== null,
        fallback: site.fallback !== null,
        late: site.late,
        keepMs: town.keepMs,
        line: (line) => lineText(line, names, site.notes),
      }
      const plan = planFor(incident, told, rule, clock.now())
      if (plan.finished) {
        await write({
          kind: 'connector.finished',
          actor: `connector:${site.id}`,
          subject: id,
          body: { connector: site.id, incident: id },
        })
        continue
      }
      const waiting = waits.get(id)
      const ready = plan.acts.find((act) => (waiting?.get(actKey(act))?.until ?? 0) <= clock.monotonic())
      if (!ready) {
        // What is waited for and not planned any more is no trouble.
        for (const key of waiting?.keys() ?? []) if (!plan.acts.some((act) => actKey(act) === key)) settle(id, key)
        const tries = [...(waits.get(id)?.values() ?? [])].map(({ until }) => until - clock.monotonic())
        const next = Math.min(...tries, plan.again === null ? Infinity : plan.again - clock.now())
        if (next < Infinity) dueAt(id, next)
        return
      }
      await perform(incident, told, ready, ready.camera === null ? null : match(ready.camera))
    }
  }
  /** Null: the VMS cannot be asked for its cameras now; it is tried again. */
  async function matched(id: IncidentId): Promise<((camera: CameraId) => string | null) | null> {
    const key = 'cameras'
    const act: Act = { verb: 'raise', part: key, camera: null, event: null, line: null, late: false, cannot: null }
    const waiting = waits.get(id)?.get(key)
    if (waiting && waiting.until > clock.monotonic()) {
      dueAt(id, waiting.until - clock.monotonic())
      return null
    }
    try {
      const match = await port.matching(AbortSignal.any([stop.signal, AbortSignal.timeout(ACT_WITHIN_MS)]))
      if (waiting) settle(id, key)
      return match
    } catch (error) {
      if (!stop.signal.aborted) await failed(id, act, key, sentence(messageOf(error)))
      dueAt(id, (waits.get(id)?.get(key)?.until ?? clock.monotonic()) - clock.monotonic())
      return null
    }
  }

  function dueAt(id: IncidentId, inMs: number): void {
    due.set(id, clock.monotonic() + Math.min(Math.max(inMs, 0), LOOK_AGAIN_MS))
  }
  function wake(id: IncidentId): void {
    due.delete(id)
    const running = passes.get(id)
    const pool = poolOf(id)
    // One that is opened again while it waits behind those that are over comes where it belongs.
    if (running && (running.begun || running.pool === pool)) {
      running.again = true
      return
    }
    if (stop.signal.aborted) return
    const pass: Pass = { again: false, begun: false, pool, ended: Promise.resolve() }
    passes.set(id, pass)
    pass.ended = pool.places
      .run(async () => {
        if (passes.get(id) !== pass) return
        pass.begun = true
        await passOver(id)
      })
      .catch((error: unknown) => {
        onError(error)
        dueAt(id, LONGEST_WAIT_MS)
      })
      .then(() => {
        if (passes.get(id) !== pass) return
        passes.delete(id)
        if (pass.again) wake(id)
      })
  }

  /** Alarms that should go on and are over: raised again, as one of the same incident. */
  async function watch(): Promise<void> {
    const living = book.living(site.id)
    if (living.length === 0) return
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(ACT_WITHIN_MS)])
    const asked = new Map(living.map(({ event }) => [event.id, { id: event.id, kept: event.protected }]))
    for (const { id, what, why } of await vms.lost([...asked.values()], signal))
      for (const { incident, event } of living.filter((each) => each.event.id === id))
        if (book.isLiving(site.id, incident, id)) {
          await write({
            kind: 'connector.lost',
            actor: `connector:${site.id}`,
            subject: incident,
            body: { connector: site.id, incident, what, id, camera: event.camera, why },
          })
          wake(incident)
        }
  }
  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      for (const [id, at] of due) if (at <= clock.monotonic()) wake(id)
      await clock.sleep(TICK_MS, stop.signal)
    }
  }
  async function keepWatching(): Promise<void> {
    while (!stop.signal.aborted) {
      // That the VMS cannot be asked at all is told by its health.
      await watch().catch(() => {})
      await clock.sleep(WATCH_EVERY_MS, stop.signal)
    }
  }
  const watching = keepWatching()
  const ticking = tick()
  for (const id of book.unfinished(site.id)) wake(id)

  return {
    /** Something was recorded about this incident. */
    heard(id: IncidentId): void {
      if (book.isOpen(site.id, id) !== null) wake(id)
    },
    /** It can be reached again, or other cameras of theirs are ours now: what waits is told at once. */
    hurry(): void {
      for (const mine of waits.values()) for (const each of mine.values()) each.until = 0
      book.unfinished(site.id).forEach(wake)
    },
    waiting: (): { count: number; oldest: string | null } => {
      const all = troubles()
      return {
        count: all.length,
        oldest: all.length === 0 ? null : isoTime(Math.min(...all.map(({ since }) => since))),
      }
    },
    async close(): Promise<void> {
      stop.abort()
      await Promise.all([ticking, watching])
      await Promise.all([...passes.values()].map(({ ended }) => ended))
    },
  }
}
export type VmsDesk = ReturnType<typeof createVmsDesk>

const sentence = (words: string): string =>
  `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`
