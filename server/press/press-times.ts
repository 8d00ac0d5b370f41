/** What a press's times mean: was it held on its way, or is the device's clock wrong? Pure. */

/**
 * Milliseconds since 1970; null where the source does not say. `pressedAt` and `sentAt` are the device's own clock;
 * `relayedAt` is when somebody whose clock is right (a network server) had it from the device.
 */
export type SaidTimes = { pressedAt: number | null; sentAt: number | null; relayedAt: number | null }
/** A device's clock as an earlier press showed it: what it said minus what was. */
export type ClockEvidence = { at: number; offset: number }
export type TimeVerdict = { pressedAt: number; late: boolean; clockOff: boolean }

export const LATE_AFTER_MS = 5 * 60_000
const CLOCK_TOLERANCE_MS = 60_000
/** Nobody holds a press longer; a clock that says so was reset. */
const LONGEST_HELD_MS = 7 * 86_400_000
/** Two presses that were held equally long within an hour were held together; later it is the clock. */
const EVIDENCE_AGE_MS = 3_600_000
const SAME_OFFSET_MS = 2 * 60_000

export function judgeTimes(
  { pressedAt, sentAt, relayedAt }: SaidTimes,
  now: number,
  evidence: readonly ClockEvidence[],
): TimeVerdict {
  if (relayedAt !== null && relayedAt <= now + CLOCK_TOLERANCE_MS)
    return { pressedAt: relayedAt, late: now - relayedAt > LATE_AFTER_MS, clockOff: false }
  if (pressedAt === null) return { pressedAt: now, late: false, clockOff: false }
  // By one and the same clock: however wrong it is, the difference is true.
  const held = sentAt === null ? null : sentAt - pressedAt
  if (held !== null && held >= -CLOCK_TOLERANCE_MS && held <= LONGEST_HELD_MS)
    return { pressedAt, late: held > LATE_AFTER_MS, clockOff: Math.abs(now - (sentAt ?? now)) > CLOCK_TOLERANCE_MS }
  // It was set in between, or never: nothing can be told by it.
  if (held !== null) return { pressedAt, late: false, clockOff: true }
  const age = now - pressedAt
  if (age < -CLOCK_TOLERANCE_MS || age > LONGEST_HELD_MS) return { pressedAt, late: false, clockOff: true }
  if (age <= LATE_AFTER_MS) return { pressedAt, late: false, clockOff: false }
  const asBefore = evidence.some(
    ({ at, offset }) => now - at > EVIDENCE_AGE_MS && Math.abs(offset + age) < SAME_OFFSET_MS,
  )
  return { pressedAt, late: !asBefore, clockOff: asBefore }
}
