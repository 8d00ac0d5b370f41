/**
 * Whether many things can be asked of the server at once. Over HTTP/1.1 all windows of a browser share six
 * connections: a live picture that asks for each of its parts holds one. Over HTTP/2 and 3 they cost nothing. Only
 * the browser knows; it tells afterwards.
 */

export type ConnectionKind = {
  /** False while nothing is known. */ takesMany(): boolean
  /** Listens until it is known. */ watch(stopped: AbortSignal): void
}

/** @param address of the API, absolute. @param onKnown once, when the browser has told */
export function createConnectionKind(address: string, onKnown: () => void): ConnectionKind {
  let protocol = ''
  return {
    takesMany: () => /^h[23]/.test(protocol),
    watch(stopped) {
      if (protocol !== '') return
      // A list of what was loaded has an end, and belongs to the page around: an observer hears of what comes after
      // it, too.
      const observer = new PerformanceObserver((list) => {
        const told = (list.getEntries() as PerformanceResourceTiming[]).find(
          ({ name, nextHopProtocol }) => nextHopProtocol !== '' && name.startsWith(address),
        )
        if (!told) return
        protocol = told.nextHopProtocol
        observer.disconnect()
        onKnown()
      })
      observer.observe({ type: 'resource', buffered: true })
      stopped.addEventListener('abort', () => observer.disconnect(), { once: true })
    },
  }
}
