/**
 * A camera that comes and goes is no news each time: after a few losses its return must last before it is told. Pure.
 * Not here: whether a press may use it meanwhile. It may, while it answers.
 */
const WINDOW_MS = 10 * 60_000
const LOSSES = 3
const PROVE_MS = 30_000

export function createSteadiness() {
  let losses: number[] = []
  return {
    lost(now: number): void {
      losses = [...losses.filter((at) => now - at < WINDOW_MS), now]
    },
    /** For how long a return must last before it is told; milliseconds. */
    provingMs: (now: number): number => (losses.filter((at) => now - at < WINDOW_MS).length >= LOSSES ? PROVE_MS : 0),
    words: (now: number): string =>
      `It comes and goes: lost ${losses.filter((at) => now - at < WINDOW_MS).length} times in ten minutes.`,
  }
}

/** Wide enough that whole-second clocks and slow answers are not told, narrow enough for evidence. */
const CLOCK_OFF_MS = 2000
const CLOCK_RIGHT_MS = 1000
export type ClockState = 'right' | 'off' | 'unknown'

/** With a gap between off and right, so that a clock on the edge is told once. */
export const clockStateOf = (before: ClockState, offsetMs: number): ClockState =>
  Math.abs(offsetMs) > CLOCK_OFF_MS
    ? 'off'
    : Math.abs(offsetMs) <= CLOCK_RIGHT_MS || before === 'unknown'
      ? 'right'
      : before
