/** The register: all incidents there ever were, to be searched, and the figures of any period. */
import { join } from 'node:path'
import type { App } from '../../door/door.ts'
import type { Entry } from '../../glossary/ledger.ts'
import type { FoundIncidents, IncidentFilter, PressReport } from '../../glossary/register.ts'
import type { Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { keepWorker } from '../../tools/process/worker-calls.ts'
import { createRegisterFeed } from './register-feed.ts'
import type { RegisterThread } from './register-thread.ts'
import { reportRoutes } from './report-routes.ts'

export type RegisterNeeds = {
  clock: Clock
  dataFolder: string
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site; nameOf(id: string): string }
  ledger: {
    page(after: number, limit: number): Promise<Entry[]>
    hashAt(seq: number): Promise<string | null>
    state(): { head: number }
    tail(listener: (entry: Entry) => void): () => void
  }
}
/** Years of entries are read once, in the background; what a press adds is there in milliseconds. */
const PATIENCE_MS = 3000

export function openRegister({ clock, dataFolder, closing, onError, town, ledger }: RegisterNeeds) {
  const thread = keepWorker<RegisterThread>(builtEntry('incident/register/register-thread.js'), {
    clock,
    input: () => ({ file: join(dataFolder, 'register.sqlite') }),
    onDeath: onError,
  })
  const { page, hashAt, state, tail } = ledger
  const feed = createRegisterFeed({
    clock,
    ledger: { page, hashAt, head: () => state().head },
    register: thread.calls,
    onError,
  })
  closing.add('the register', async () => {
    await feed.close()
    await thread.calls.close().catch(onError)
    await thread.terminate()
  })
  return {
    /** @throws register/reading while entries of before are being read */
    async search(filter: IncidentFilter, after: string | null, limit: number): Promise<FoundIncidents> {
      await feed.upToDate(PATIENCE_MS)
      return thread.calls.search(filter, after, limit)
    },
    begin(): void {
      closing.add('what the register hears', tail(feed.heard))
      feed.begin()
    },
    routes: (app: App): void =>
      reportRoutes(app, {
        now: clock.now,
        site: town.site,
        nameOf: town.nameOf,
        async report(from, to): Promise<PressReport> {
          await feed.upToDate(PATIENCE_MS)
          const { timezone, helpPoints } = town.site()
          return thread.calls.report(
            from,
            to,
            timezone,
            helpPoints.map(({ id }) => id),
          )
        },
      }),
  }
}
