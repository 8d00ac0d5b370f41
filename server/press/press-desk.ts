/**
 * The one place every source brings its presses to: known help point, idempotency key, what its times mean, receipt
 * after the fsync. Not here: how a press arrived (one file per source), what the room does with it (incident).
 */
import { createHash } from 'node:crypto'
import type { Accepted, Arrival, HelpPointId, Press, PressId, PressKind, Receipt } from '../glossary/press.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { createKeySieve } from '../tools/key-sieve.ts'
import { createTokenBuckets } from '../tools/pace/token-bucket.ts'
import { type Coalescing, createPressCoalescing } from './press-coalescing.ts'
import { type ClockEvidence, LATE_AFTER_MS, judgeTimes } from './press-times.ts'

/** `live`: somebody has pressed there who is no drill and was not late, so that cameras have come. */
export type OpenIncident = { id: IncidentId; kind: PressKind; live: boolean }
/** What a press must know of the incident that it would join. */
export const openIncident = (open: Incident | null): OpenIncident | null =>
  open && {
    id: open.id,
    kind: open.kind,
    live: open.presses.some(({ kind, late }) => kind === 'press' && !late),
  }
type Opened = { incident: IncidentId; last: number; durable: Promise<unknown> }
/** `pressedAt`: milliseconds since 1970; missing where presses were counted together. */
type Known = { receipt: Receipt; last: number; pressedAt?: number }
type Saved = { keys: [string, Known][]; counted: [string, Known][]; sieve: string; clocks: [string, ClockEvidence[]][] }

/** The newest keys; older ones are looked up in the ledger. */
const KEYS_IN_MEMORY = 20_000
/** Nobody presses faster for long; what comes faster is counted together. */
const HELP_POINT_BURST = 10
const HELP_POINT_PER_SECOND = 0.5
/** More than one machine's fair share from one source is refused, but never a help point's first press. */
const SOURCE_BURST = 10_000
const SOURCE_PER_SECOND = 5000
const EVIDENCE_KEPT = 5
const SAME_CLOCK_MS = 2 * 60_000
/** Keys of presses that were counted together; by their hashes. */
const COUNTED_IN_MEMORY = 50_000
const COUNTED_SAVED = 5000
/** A disk that is slow to say whether a key is known must not keep a person waiting: twice is better than late. */
const LOOK_UP_WITHIN_MS = 200

export function createPressDesk(options: {
  clock: Clock
  knows(helpPoint: string): boolean
  /** The incident that a press of this help point would join. */
  openAt(helpPoint: HelpPointId): OpenIncident | null
  /** Opens or joins an incident; cameras are on their way when it returns. */
  pressed(press: Press): Opened
  /** Counts presses into the open incident; null when it is not open any more. */
  coalesced: Coalescing['write']
  whenDurable(seq: number): Promise<void>
  /** The newest entry with this key, of a press that is not in memory any more. */
  lookUp(helpPoint: string, key: string): Promise<Recorded | null>
  onError(error: unknown): void
}) {
  const { clock, knows, openAt, pressed, whenDurable, lookUp, onError } = options
  const byKey = new Map<string, Known>()
  const counted = new Map<string, Known>()
  const taking = new Map<string, Promise<Accepted>>()
  const sieve = createKeySieve()
  const clocks = new Map<string, ClockEvidence[]>()
  const ofHelpPoint = createTokenBuckets({ burst: HELP_POINT_BURST, perSecond: HELP_POINT_PER_SECOND, clock })
  const ofSource = createTokenBuckets({ burst: SOURCE_BURST, perSecond: SOURCE_PER_SECOND, clock })
  const coalescing = createPressCoalescing({ clock, write: options.coalesced })
  /** A person and a drill are never the same press, whatever number a device gives them. */
  const keyOf = (helpPoint: string, key: string, kind: PressKind): string =>
    `${kind === 'drill' ? '!' : ''}${helpPoint}\n${key}`

  function keep(known: Map<string, Known>, name: string, what: Known, most: number): void {
    known.delete(name)
    known.set(name, what)
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
  }
  const timedName = (name: string, at: number): string => `${name}\n@${at}`
  /**
   * Some devices send the same key with each press. So a press is kept under its key and its time, and under its key
   * alone for repeats that name no time.
   */
  function remember(name: string, what: Known): void {
    if (what.pressedAt !== undefined) keep(byKey, timedName(name, what.pressedAt), what, 2 * KEYS_IN_MEMORY)
    keep(byKey, name, what, 2 * KEYS_IN_MEMORY)
  }
  async function known({ helpPoint, kind }: Arrival, key: string, at: number | null): Promise<Known | null> {
    const name = keyOf(helpPoint, key, kind)
    const remembered =
      (at === null ? undefined : byKey.get(timedName(name, at))) ??
      byKey.get(name) ??
      (counted.size > 0 ? counted.get(keyHash(name)) : undefined)
    if (remembered || !sieve.mayHave(name)) return remembered ?? null
    const enough = new AbortController()
    const found = await Promise.race([
      lookUp(helpPoint, key).then(
        (entry) => entry && isOfKind(entry, kind) && receivedAs(entry),
        (error: unknown) => {
          onError(error)
          return null
        },
      ),
      clock.sleep(LOOK_UP_WITHIN_MS, enough.signal).then(() => null),
    ])
    enough.abort()
    // Another one with this key may have come meanwhile.
    return byKey.get(name) ?? (found || null)
  }

  function pressOf(arrival: Arrival, present: number): Press {
    // Taken in before it had its number: its times are of then, and who waited longer is late.
    const now = msOf(arrival.kept?.receivedAt) ?? present
    const waited = present - now > LATE_AFTER_MS
    const id = (arrival.kept?.press as PressId | undefined) ?? newId<PressId>('prs', now)
    const { pressedAt, late, clockOff } = judgeTimes(
      { pressedAt: msOf(arrival.pressedAt), sentAt: msOf(arrival.sentAt), relayedAt: msOf(arrival.relayedAt) },
      now,
      clocks.get(arrival.helpPoint) ?? [],
    )
    return {
      id,
      key: arrival.key ?? id,
      helpPoint: arrival.helpPoint as HelpPointId,
      kind: arrival.kind,
      pressedAt: isoTime(pressedAt),
      receivedAt: isoTime(now),
      source: arrival.source,
      late: late || waited,
      clockOff,
      ...(arrival.between ? { between: arrival.between } : {}),
      ...(arrival.kept ? { takenBy: arrival.kept.by, ...(arrival.kept.held ? { heldBy: arrival.kept.by } : {}) } : {}),
    }
  }

  return {
    /** Rebuilds what was already received, from the ledger. */
    apply(entry: Recorded): void {
      if (entry.kind === 'press.coalesced') {
        const { press, incident, helpPoint, keys, to } = entry.body
        const known = { receipt: { press, incident, receivedAt: to }, last: entry.seq }
        for (const hash of keys.match(/.{8}/g) ?? []) keep(counted, `${helpPoint} ${hash}`, known, COUNTED_IN_MEMORY)
        return
      }
      if (entry.kind !== 'press.received') return
      const { press } = entry.body
      const name = keyOf(press.helpPoint, press.key, press.kind)
      sieve.add(name)
      // What this desk has just taken in is known better: its receipt waits for all its entries. A later press may
      // have the same key.
      const known = receivedAs(entry)
      if (known && known.last > (byKey.get(name)?.last ?? 0)) remember(name, known)
      const at = Date.parse(press.receivedAt)
      const offset = Date.parse(press.pressedAt) - at
      const evidence = clocks.get(press.helpPoint) ?? []
      // The oldest of its kind says most: it was not held together with this one.
      if (
        (press.late || press.clockOff) &&
        !evidence.some((before) => Math.abs(before.offset - offset) < SAME_CLOCK_MS)
      )
        clocks.set(press.helpPoint, [...evidence, { at, offset }].slice(-EVIDENCE_KEPT))
    },
    save: (): Saved => ({
      keys: [...byKey].slice(-2000),
      counted: [...counted].slice(-COUNTED_SAVED),
      sieve: sieve.save(),
      clocks: [...clocks],
    }),
    restore({ keys, counted: hashes, sieve: cells, clocks: evidence }: Saved): void {
      for (const [name, value] of keys) byKey.set(name, value)
      for (const [name, value] of hashes) counted.set(name, value)
      sieve.restore(cells)
      for (const [helpPoint, each] of evidence) clocks.set(helpPoint, each)
    },
    /**
     * Resolves once the press is on disk; its cameras are on their way at once. `repeated` when this key was known:
     * the receipt is the first one's.
     * @throws help-point/unknown, press/too-many, ledger/unavailable
     */
    async accept(arrival: Arrival): Promise<Accepted> {
      const { helpPoint, key, kind } = arrival
      if (!knows(helpPoint))
        throw new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
      if (key === null) return take(arrival)
      const name = `${keyOf(helpPoint, key, kind)}\n${msOf(arrival.pressedAt) ?? ''}`
      for (let same = taking.get(name); same; same = taking.get(name)) {
        if (arrival.kept === undefined) return { ...(await same), repeated: true }
        // Taken in apart, with one key: whether it is one press is asked when the one before has its number.
        await same.catch(() => {})
      }
      const taken = take(arrival).finally(() => taking.delete(name))
      taking.set(name, taken)
      return taken
    },
    close: (): void => coalescing.close(),
  }

  async function take(arrival: Arrival): Promise<Accepted> {
    const { helpPoint, key, kind } = arrival
    const before = key === null ? null : await known(arrival, key, msOf(arrival.pressedAt))
    if (
      before &&
      (before.receipt.press === arrival.kept?.press ||
        isSamePress(
          before,
          arrival,
          // As it was when the press was taken in, however long it waited for its number.
          msOf(arrival.kept?.receivedAt) ?? clock.now(),
          openAt(helpPoint as HelpPointId)?.id === before.receipt.incident,
        ))
    ) {
      await whenDurable(before.last)
      return { receipt: before.receipt, repeated: true }
    }
    const now = clock.now()
    const open = openAt(helpPoint as HelpPointId)
    // The first press of a help point passes whatever else is going on.
    if (open && !ofSource.take(arrival.by ?? arrival.source))
      throw new Failure(
        'press/too-many',
        'Too many presses from one source; the incident is open. Send this one again in a second.',
        { extra: { retryAfter: 1 } },
      )
    const press = pressOf(arrival, now)
    const receiptOf = (id: PressId, incident: IncidentId): Receipt => ({
      press: id,
      incident,
      receivedAt: press.receivedAt,
    })
    // Late ones do not use up what a person needs now; and whoever presses where only late presses or a drill were is
    // not counted but seen.
    const fresh = ofHelpPoint.take(press.late ? `${helpPoint} late` : helpPoint)
    const countable = open !== null && (press.late || kind === 'drill' || open.live)
    const together =
      !fresh && countable
        ? await coalescing.add(press, kind, key === null ? '' : keyHash(keyOf(helpPoint, key, kind)).slice(-8))
        : null
    if (together) {
      const receipt = receiptOf(together.press, together.incident)
      if (key !== null)
        remember(keyOf(helpPoint, key, kind), { receipt, last: together.last, pressedAt: Date.parse(press.pressedAt) })
      await together.durable
      return { receipt, repeated: false, disposition: 'counted' }
    }
    const { incident, last, durable } = pressed(press)
    const receipt = receiptOf(press.id, incident)
    remember(keyOf(helpPoint, press.key, kind), { receipt, last, pressedAt: Date.parse(press.pressedAt) })
    await durable
    return press.late ? { receipt, repeated: false, disposition: 'late' } : { receipt, repeated: false }
  }
}

const isOfKind = (entry: Recorded, kind: PressKind): boolean =>
  entry.kind === 'press.received' && (entry.body.press.kind === 'drill') === (kind === 'drill')

/** What its source was told; null when the entry is no press. */
function receivedAs(entry: Recorded): Known | null {
  if (entry.kind !== 'press.received') return null
  const { press, incident } = entry.body
  return {
    receipt: { press: press.id, incident, receivedAt: press.receivedAt },
    last: entry.seq,
    pressedAt: Date.parse(press.pressedAt),
  }
}

/**
 * Whether an arrival with a known key is that press once more. A device that counts its presses counts from the
 * beginning again after a restart: what comes too much later, or was pressed at another time, is a person anew. A
 * clock that was set makes it one, too.
 */
function isSamePress(
  known: Known,
  { pressedAt, sameForMs = Number.POSITIVE_INFINITY, sameAfterClosedMs = sameForMs }: Arrival,
  now: number,
  isOpen: boolean,
): boolean {
  if (
    Math.abs(now - Date.parse(known.receipt.receivedAt)) > (isOpen ? sameForMs : Math.min(sameForMs, sameAfterClosedMs))
  )
    return false
  const at = msOf(pressedAt)
  return at === null || known.pressedAt === undefined || at === known.pressedAt
}

/** The help point, and six bytes of the key's SHA-256. */
function keyHash(name: string): string {
  const helpPoint = (name.split('\n')[0] ?? '').replace(/^!/, '')
  return `${helpPoint} ${createHash('sha256').update(name, 'utf8').digest().subarray(0, 6).toString('base64url')}`
}

/** A time that cannot be read (a leap second, a short offset) never costs the press. */
function msOf(text: string | null | undefined): number | null {
  const said = text === null || text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(said) ? null : said
}
