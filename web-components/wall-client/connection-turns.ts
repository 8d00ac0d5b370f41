/**
 * However many elements a page has, and whatever goes wrong in them: no more than so many connections to one address
 * are begun in a few seconds. The first ones of a page are free.
 */
const WINDOW_MS = 5000
const MOST = 20

const begun = new Map<string, number[]>()

/** Resolves when the next connection to this address may begin, or when the signal fires. */
export async function turnAt(address: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    if (signal?.aborted) return
    const now = performance.now()
    const lately = (begun.get(address) ?? []).filter((at) => now - at < WINDOW_MS)
    begun.set(address, lately)
    const [first] = lately
    if (lately.length < MOST || first === undefined) return void lately.push(now)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, first + WINDOW_MS - now + 1)
      signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}
