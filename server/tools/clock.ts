/** Time is injected: no room calls Date.now(), no test sleeps for real. */
export type Clock = {
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** Milliseconds that only ever grow; for durations. */
  monotonic(): number
  /** Resolves after `ms`, or at once when the signal fires. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done)
    }),
}

/** UTC ISO 8601 with milliseconds, as every shape of the API wants it. */
export const isoTime = (ms: number): string => new Date(ms).toISOString()
