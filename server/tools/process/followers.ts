/**
 * Parts of the house that follow the site file, each on its own: one that cannot (a port that is in use) keeps nobody
 * else from it, and is tried again until it can, or the site file says something else.
 */
import { createBackoff } from '../pace/backoff.ts'
import type { Clock } from '../clock.ts'

export function createFollowers({ clock, onError }: { clock: Clock; onError(what: string, error: unknown): void }) {
  const trying = new Map<string, AbortController>()
  async function keepTrying(what: string, follow: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const backoff = createBackoff(1000, 60_000)
    while (!signal.aborted) {
      await clock.sleep(backoff.wait(), signal)
      if (signal.aborted) return
      try {
        await follow()
        return
      } catch (error) {
        onError(what, error)
      }
    }
  }
  return {
    /** Resolves after the first try, with whether it went well. What was still being tried for the same part is given up. */
    async follow(what: string, follow: () => Promise<void>): Promise<boolean> {
      trying.get(what)?.abort()
      const mine = new AbortController()
      trying.set(what, mine)
      try {
        await follow()
        return true
      } catch (error) {
        onError(what, error)
        void keepTrying(what, follow, mine.signal)
        return false
      }
    },
    close: (): void => trying.forEach((each) => each.abort()),
  }
}
