/**
 * How this page hears what happens: over a WebSocket where HTTP/1.1 leaves windows too few connections, else by
 * fetch.
 */
import type { Problem } from './api-shapes.ts'
import { openEventSocket } from './event-socket.ts'
import { type Listening, readEvents } from './event-stream.ts'
import { Refusal } from './refusal.ts'

export type EventLink = { open(options: Listening & { after: string | null }): Promise<{ ended: Promise<void> }> }

/** @param address of the events as they are now, http(s)://. @param token '' uses the session cookie. */
export function createEventLink({
  address,
  token,
  headers,
}: {
  address(): string
  token(): string
  headers(extra: Record<string, string>): Record<string, string>
}): EventLink {
  // HTTPS is HTTP/2 here, which has connections enough.
  const passing = new Map<string, boolean>()
  const isCarried = (at: string): boolean => passing.get(at) ?? at.startsWith('http:')

  async function fetched({
    after,
    ...listening
  }: Listening & { after: string | null }): Promise<{ ended: Promise<void> }> {
    const answer = await fetch(address(), {
      signal: listening.signal,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: headers(after === null ? {} : { 'last-event-id': after }),
    })
    if (!answer.ok || !answer.body)
      throw new Refusal(
        ((await answer.json().catch(() => null)) as Problem | null) ?? {
          status: answer.status,
          code: 'unknown',
          detail: `The server answered ${answer.status}.`,
        },
      )
    const ended = readEvents(answer.body, listening)
    // Whoever opened it may have left already.
    ended.catch(() => {})
    return { ended }
  }
  return {
    /**
     * Resolves once everything that happens from now on will be heard.
     * @throws Refusal, and what a broken connection throws
     */
    async open(options) {
      const at = address()
      if (!isCarried(at)) return fetched(options)
      const socket = await openEventSocket({
        ...options,
        address: at.replace(/^http/, 'ws'),
        token: token(),
      }).catch(() => null)
      if (socket) return socket
      const found = await fetched(options)
      // The server is there and lets us in, and its sockets do not: something between them passes none.
      passing.set(at, false)
      return found
    },
  }
}
