/**
 * How often something may be done by whom: `burst` at once, then `perSecond`. Forgets who has been quiet; bounded in
 * memory.
 */
import type { Clock } from '../clock.ts'

const MOST_KEPT = 10_000

export function createTokenBuckets({
  burst,
  perSecond,
  clock,
}: {
  burst: number
  perSecond: number
  clock: Pick<Clock, 'monotonic'>
}) {
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    /** Whether one more is allowed now; if so it is counted. */
    take(who: string): boolean {
      const now = clock.monotonic()
      const known = buckets.get(who)
      const left = known ? Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond) : burst
      // The last to have come is the last in the map: the first of it has been quiet longest.
      buckets.delete(who)
      buckets.set(who, { left: left >= 1 ? left - 1 : left, at: now })
      const [oldest] = buckets.keys()
      if (buckets.size > MOST_KEPT && oldest !== undefined) buckets.delete(oldest)
      return left >= 1
    },
  }
}
