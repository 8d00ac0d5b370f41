/** Types only: what a press is, and who gave it. */
import type { IncidentId } from './incident.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type HelpPointId = Id<'help point'>
export type PressId = Id<'press'>

export const PRESS_KINDS = ['press', 'drill'] as const
export type PressKind = (typeof PRESS_KINDS)[number]

/** WGS 84 degrees. */
export type Place = { lat: number; lon: number }

export type Press = {
  id: PressId
  /** The idempotency key its source gave; unique per help point. */
  key: string
  helpPoint: HelpPointId
  kind: PressKind
  /** When the device says it was pressed; UTC ISO 8601 with milliseconds. */
  pressedAt: string
  /** When Lamppost received it; the clock everything else follows. */
  receivedAt: string
  source: string
  /**
   * It was held on its way (by a broker, a gateway): it moves no camera by itself. Entries of earlier versions do not
   * say.
   */
  late?: boolean
  /** The device's clock is wrong, so that `pressedAt` is not to be believed. */
  clockOff?: boolean
  /**
   * Nobody heard the button being pressed, only that it was not pressed before and is now: it happened between these
   * two times.
   */
  between?: { from: string; to: string }
  /** The member that took it in, in a town on several machines. */
  takenBy?: string
  /** Only that member's disk had it for a time: no majority answered. */
  heldBy?: string
}

/**
 * `incident`: null for a press that is durable and has no number yet, because nobody leads the town at this moment.
 * `copies`: in a town on several machines, how many have it.
 */
export type Receipt = { press: PressId; incident: IncidentId | null; receivedAt: string; copies?: number }

/** Where a press was taken in before it had a number. `held`: on that server's disk alone for a time. */
export type Kept = { press: string; receivedAt: string; by: string; held: boolean }

export type Arrival = {
  helpPoint: string
  /** The idempotency key; null when every arrival is a press of its own. */
  key: string | null
  /**
   * For how long an equal key means the same press, milliseconds: as long as repeats of one press can be on their
   * way, which each source's file says. Left out: for ever, for keys that no device counts.
   */
  sameForMs?: number
  /**
   * Where its incident is over, an equal key means the same press for this much shorter time, milliseconds: repeats
   * on their way come sooner than a person presses anew.
   */
  sameAfterClosedMs?: number
  /** The device's own clock. */
  pressedAt: string | null
  kind: PressKind
  source: string
  sentAt?: string | null
  relayedAt?: string | null
  /** UTC ISO 8601: for a button that was found pressed when its device was heard again. */
  between?: Press['between']
  /** Who brought it (a token, an address): too many of one are refused. */
  by?: string
  /** The request that brought it, for the log. */
  request?: string
  /** In a town on several machines: by which of them, and when. */
  kept?: Kept
}

/**
 * `disposition`: how it was taken in; left out for a press of its own. `kept`: it is durable, and has no number yet.
 */
export type Accepted = { receipt: Receipt; repeated: boolean; disposition?: 'late' | 'counted' | 'kept' }
export type AcceptPress = (arrival: Arrival) => Promise<Accepted>
/** @param byTheDesk of the server that leads */
export type OrElsewhere = (arrival: Arrival, byTheDesk: AcceptPress) => Promise<Accepted>
