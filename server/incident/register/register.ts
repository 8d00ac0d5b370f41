/** The register: all incidents there ever were, to be searched, and the figures of any period. */
import { join } from 'node:path'
import type { App } from '../../door/door.ts'
import type { Entry } from '../../glossary/ledger.ts'
import type { FoundIncidents, IncidentFilter, PressReport } from '../../glossary/register.ts'
import type { Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
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
/** More of them at once are not one room's. */
const MOST_ASKED = 12

/** Acts one after the other, and refuses when too many wait. */
function createTurns(most: number) {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return async <T>(act: () => Promise<T>): Promise<T> => {
    if (waiting >= most) throw new Failure('register/busy', 'Too much is looked for at once. Ask again in a moment.')
    waiting += 1
    const mine = last.then(act).finally(() => (waiting -= 1))
    last = mine.catch(() => {})
    return mine
  }
}

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
  const inTurn = createTurns(MOST_ASKED)
  /** One after the other: what is new goes between them. @throws register/reading, register/busy */
  async function ask<T>(act: () => Promise<T>): Promise<T> {
    await feed.upToDate(PATIENCE_MS)
    try {
      return await inTurn(act)
    } catch (error) {
      if (error instanceof Failure) throw error
      // Found damaged, or its thread has died: it is brought up again.
      feed.again()
      await feed.upToDate(PATIENCE_MS)
      return inTurn(act)
    }
  }
  return {
    /** @throws register/reading while entries of before are being read */
    search: (filter: IncidentFilter, after: string | null, limit: number): Promise<FoundIncidents> =>
      ask(() => thread.calls.search(filter, after, limit)),
    begin(): void {
      closing.add('what the register hears', tail(feed.heard))
      feed.begin()
    },
    routes: (app: App): void =>
      reportRoutes(app, {
        now: clock.now,
        site: town.site,
        nameOf: town.nameOf,
        report(from, to): Promise<PressReport> {
          const { timezone, helpPoints } = town.site()
          const ids = helpPoints.map(({ id }) => id)
          return ask(() => thread.calls.report(from, to, timezone, ids))
        },
      }),
  }
}
