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
}

export type Receipt = { press: PressId; incident: IncidentId; receivedAt: string }
