import type { Clock } from '../clock.ts'

/**
 * What was promised, for as long as anybody waits for it. The promise goes on, and nobody hears of it any more.
 * @param late what stands in its place after `ms`, or when the signal fires; may throw
 */
export async function within<T>(
  promised: Promise<T>,
  { ms, clock, signal }: { ms: number; clock: Pick<Clock, 'sleep'>; signal?: AbortSignal },
  late: () => T,
): Promise<T> {
  const enough = new AbortController()
  const over = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal
  try {
    return await Promise.race([promised, clock.sleep(ms, over).then(late)])
  } finally {
    enough.abort()
  }
}
