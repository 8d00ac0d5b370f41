/**
 * A press at any member, whoever leads: the lead is told at once, so that a camera moves; and when it has not answered
 * in a moment, a majority of the engine has the press without it, or at last this server's own disk.
 */
import type { Accepted, AcceptPress, OrElsewhere, PressKind, Receipt } from '../glossary/press.ts'
import type { FailureCode } from '../glossary/failure.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { type KeptArrival, type Keeping, stamped } from './keeping.ts'
import type { Link } from './link.ts'

/** A lead that lives answers in less. */
const LEAD_FIRST_MS = 150
/** As the engine's own: an order that takes longer is being handed on. */
const ORDER_WITHIN_MS = 400
const LEAD_WITHIN_MS = 5000
const LOOK_UP_WITHIN_MS = 200
/** A majority of three. */
const COPIES_AGREED = 2
const KEYS_IN_MEMORY = 20_000

export type TakingPort = {
  clock: Clock
  member: string
  keeping: Pick<Keeping, 'keep'>
  link: Pick<Link, 'ask'>
  /** Where another member leads; null: none does. */ leadUrl(): string | null
  /** @throws help-point/unknown */ mustKnow(helpPoint: string): void
  /** What is told for a press with that key that this member's ledger has; null: it has none. */
  lookUp(helpPoint: string, key: string): Promise<{ receipt: Receipt; pressedAt: string; kind: PressKind } | null>
}

/** What another server could not do better: everything else is taken in here. */
const FINAL = new Set<FailureCode>(['help-point/unknown', 'press/too-many', 'request/invalid'])
const isUnavailable = (error: unknown): boolean => !(error instanceof Failure) || !FINAL.has(error.code)
const agreedBy = (accepted: Accepted): Accepted => ({
  ...accepted,
  receipt: { copies: COPIES_AGREED, ...accepted.receipt },
})

export function createTaking({ clock, member, keeping, link, leadUrl, mustKnow, lookUp }: TakingPort) {
  /** What this member has told, while no ledger has it. */
  const told = new Map<string, { receipt: Receipt; at: number }>()
  const within = <Result>(ms: number, work: Promise<Result>): Promise<Result | null> =>
    Promise.race([work, clock.sleep(ms).then(() => null)])

  async function keep(arrival: KeptArrival): Promise<Accepted> {
    const receipt = await keeping.keep(arrival)
    told.set(nameOf(arrival), { receipt, at: clock.now() })
    if (told.size > KEYS_IN_MEMORY) told.delete(told.keys().next().value ?? '')
    return { receipt, repeated: false, disposition: 'kept' }
  }
  /** The first that is durable; the other is a repeat by its key. */
  async function whicheverIsFirst(arrival: KeptArrival, order: Promise<Accepted>, ms: number): Promise<Accepted> {
    order.catch(() => {})
    const first = await within(ms, order).catch((error: unknown) => {
      if (isUnavailable(error)) return null
      throw error
    })
    if (first) return first
    const both = [order, keep(arrival)]
    return Promise.any(both).catch((error: unknown) => {
      const [why] = error instanceof AggregateError ? (error.errors as unknown[]).toReversed() : [error]
      throw new Failure(
        'ledger/unavailable',
        `The press could not be made durable here: ${messageOf(why)}. Send it again.`,
      )
    })
  }
  async function ofLead(url: string, arrival: KeptArrival): Promise<Accepted> {
    const { status, body } = await link.ask(url, 'POST', '/api/v1/town/presses', arrival, LEAD_WITHIN_MS)
    if (status === 200) return agreedBy(body as Accepted)
    const { code, detail = `it answers ${status}` } = body as { code?: FailureCode; detail?: string }
    throw code === undefined ? new Error(detail) : new Failure(code, detail)
  }
  async function before(arrival: KeptArrival): Promise<Accepted | null> {
    const here = told.get(nameOf(arrival))
    // Whether its incident is over is not known here: what is doubtful is taken in, and the lead decides.
    const { sameForMs: longest = Number.POSITIVE_INFINITY, sameAfterClosedMs = longest } = arrival
    const sameForMs = Math.min(longest, sameAfterClosedMs)
    if (here && clock.now() - here.at <= sameForMs) return { receipt: here.receipt, repeated: true }
    const found = await within(LOOK_UP_WITHIN_MS, lookUp(arrival.helpPoint, arrival.key)).catch(() => null)
    if (!found || (found.kind === 'drill') !== (arrival.kind === 'drill')) return null
    const age = Math.abs(clock.now() - Date.parse(found.receipt.receivedAt))
    const sameTime = arrival.pressedAt === null || Date.parse(arrival.pressedAt) === Date.parse(found.pressedAt)
    return age <= sameForMs && sameTime
      ? { receipt: { ...found.receipt, copies: COPIES_AGREED }, repeated: true }
      : null
  }
  const orElsewhere: OrElsewhere = async (arrival, byTheDesk) => {
    // It was taken in by a member, and is being given its number.
    if (arrival.kept) return byTheDesk(arrival)
    const own = stamped(arrival, member, clock.now())
    return whicheverIsFirst(own, byTheDesk(own).then(agreedBy), ORDER_WITHIN_MS)
  }
  /** At a member that does not lead. @throws help-point/unknown, press/too-many, ledger/unavailable */
  const takeIn: AcceptPress = async (arrival) => {
    mustKnow(arrival.helpPoint)
    const own = stamped(arrival, member, clock.now())
    const lead = leadUrl()
    if (lead !== null) return whicheverIsFirst(own, ofLead(lead, own), LEAD_FIRST_MS)
    const known = arrival.key === null ? null : await before(own)
    return known ?? keep(own)
  }
  return { orElsewhere, takeIn }
}
/** A device that counts its presses may count anew: with another time it is another press. */
const nameOf = ({ helpPoint, key, pressedAt, kind }: KeptArrival): string =>
  [helpPoint, kind, key, pressedAt ?? ''].join('\n')
