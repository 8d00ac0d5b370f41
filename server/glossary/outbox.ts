/** Types only: what other systems are told, and whether they heard it. Times are UTC ISO 8601. */
export type DeadLetter = { seq: number; event: string; at: string; attempts: number; problem: string }
export type DestinationState = {
  destination: string
  /** Without what may be secret in it. */
  url: string
  events: string[]
  waiting: number
  delivered: number
  last: { seq: number; event: string; at: string; status: number } | null
  /** Null while all is well. */
  failing: { seq: number; since: string; attempts: number; problem: string; nextAt: string } | null
  dead: DeadLetter[]
}
