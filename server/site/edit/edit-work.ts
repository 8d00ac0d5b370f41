/** The thread that reads and writes site files, started when there is something to edit, and ended soon after. */
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { type WorkerCalls, callWorker } from '../../tools/process/worker-calls.ts'
import type { SiteEditThread } from './site-edit-thread.ts'
import type { AtEditWork } from './site-editor.ts'

/** A file that takes longer is no town's. */
const MOST_WORK_MS = 20_000
/** One edit asks the thread four times. */
const IDLE_MS = 5000

export function createEditWork(clock: Clock): { atWork: AtEditWork; close(): Promise<void> } {
  let thread: WorkerCalls<SiteEditThread> | null = null
  let users = 0
  let idle = new AbortController()
  async function end(which: WorkerCalls<SiteEditThread> | null): Promise<void> {
    if (thread === which) thread = null
    await which?.terminate()
  }
  function started(): WorkerCalls<SiteEditThread> {
    if (thread) return thread
    const made = callWorker<SiteEditThread>(builtEntry('site/edit/site-edit-thread.js'), {})
    thread = made
    void made.ended.then(() => {
      if (thread === made) thread = null
    })
    return made
  }
  const atWork: AtEditWork = async (act) => {
    idle.abort()
    const mine = started()
    users += 1
    const done = new AbortController()
    const tooLong = clock.sleep(MOST_WORK_MS, done.signal).then(async () => {
      if (done.signal.aborted) return new Promise<never>(() => {})
      await end(mine)
      const problem = `reading it took longer than ${MOST_WORK_MS / 1000} seconds`
      throw new Failure('site/invalid', `The site file is not taken: ${problem}.`, {
        extra: { problems: [{ line: 1, key: '', problem }] },
      })
    })
    try {
      return await Promise.race([act(mine.calls), tooLong])
    } finally {
      done.abort()
      users -= 1
      if (users === 0) {
        idle = new AbortController()
        const { signal } = idle
        void clock.sleep(IDLE_MS, signal).then(() => (signal.aborted ? undefined : end(mine)))
      }
    }
  }
  return {
    atWork,
    async close(): Promise<void> {
      idle.abort()
      await end(thread)
    },
  }
}
