/** Each VMS is tried once a day by itself, where the site has drills: with an alarm only where it is told of drills. */
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { lastLocal } from '../tools/local-time.ts'

const LOOK_EVERY_MS = 60_000
/** Where the site names no quiet hours. */
const DEFAULT_TIME = '04:30'

export function startDailyTrials(port: {
  clock: Clock
  site(): Site
  lastTested(connector: string): number | null
  test(connector: string, pressed: boolean): Promise<unknown>
  onError(error: unknown): void
}): { close(): Promise<void> } {
  const { clock, site } = port
  const stop = new AbortController()
  const startedAt = clock.now()

  async function tryWhatIsDue(): Promise<void> {
    const { helpPoints, quietHours, timezone, connectors } = site()
    if (!helpPoints.some(({ drillAt }) => drillAt !== null)) return
    const dueAt = lastLocal(clock.now(), timezone, quietHours?.from ?? DEFAULT_TIME)
    for (const { id, drills } of connectors) {
      // One that never was tried waits for its first night.
      if ((port.lastTested(id) ?? startedAt) >= dueAt || stop.signal.aborted) continue
      await port.test(id, drills).catch(port.onError)
    }
  }
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stop.signal)
      if (!stop.signal.aborted) await tryWhatIsDue()
    }
  }
  const running = run()
  return {
    async close(): Promise<void> {
      stop.abort()
      await running
    },
  }
}
