/** Nights to practise: what happens in a simulated town, and when, so that each shift can be given the same one. */
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'

export const NIGHTS = ['five-presses', 'flood', 'dead-camera'] as const
export type Night = (typeof NIGHTS)[number]
/** `real`: a council's own site file, which is only read; null: Darlington. `night`: what happens there. */
export type Practice = { real: string | null; night: Night | null }
export const DARLINGTON: Practice = { real: null, night: null }
export type NightStep = { afterMs: number } & (
  | { press: string }
  /** A camera without power or network, and with it again. */
  | { unplug: string }
  | { plugIn: string }
)

const MINUTE_MS = 60_000
/** Minutes after the start. */
const FIVE = [1, 4, 9, 15, 22]
const DEAD = { unplug: 1, presses: [2, 6, 12], plugIn: 18 }
/** The first begins after a minute. */
const FLOOD = { presses: 60, everyMs: 500 }

/** The same each time, of the same site file. */
export function planNight(night: Night, { helpPoints, cameras }: Pick<Site, 'helpPoints' | 'cameras'>): NightStep[] {
  const pointAt = (i: number): string => helpPoints[i % Math.max(1, helpPoints.length)]?.id ?? ''
  const pressAt = (afterMs: number, i: number): NightStep => ({ afterMs, press: pointAt(i) })
  if (night === 'five-presses') return FIVE.map((minute, i) => pressAt(minute * MINUTE_MS, i))
  if (night === 'flood')
    return Array.from({ length: FLOOD.presses }, (_, i) => pressAt(MINUTE_MS + i * FLOOD.everyMs, i))
  // The camera that would be moved for the help point that is pressed.
  const first = pointAt(0)
  const camera = cameras.find(({ presets }) => [...presets.keys()].some((id) => id === first))
  const presses = DEAD.presses.map((minute) => pressAt(minute * MINUTE_MS, 0))
  if (!camera) return presses
  return [
    { afterMs: DEAD.unplug * MINUTE_MS, unplug: camera.id },
    ...presses,
    { afterMs: DEAD.plugIn * MINUTE_MS, plugIn: camera.id },
  ]
}

type NightOptions = {
  steps: readonly NightStep[]
  clock: Clock
  press(helpPoint: string): Promise<unknown>
  plug(camera: string, isIn: boolean): void
  onError(words: string): void
}
/** Goes through the steps; one that fails holds the next ones not up. */
export function startNight({ steps, clock, press, plug, onError }: NightOptions): { close(): Promise<void> } {
  const over = new AbortController()
  const begun = clock.monotonic()
  async function run(): Promise<void> {
    for (const step of steps) {
      await clock.sleep(Math.max(0, begun + step.afterMs - clock.monotonic()), over.signal)
      if (over.signal.aborted) return
      if ('press' in step) await press(step.press).catch((error: unknown) => onError(messageOf(error)))
      else if ('unplug' in step) plug(step.unplug, false)
      else plug(step.plugIn, true)
    }
  }
  const running = run()
  return {
    async close(): Promise<void> {
      over.abort()
      await running
    },
  }
}
