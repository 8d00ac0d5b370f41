/** What happens as server-sent events over HTTP. */
import type { App, Credential } from '../../door/door.ts'
import { isSame } from '../../door/rights.ts'
import { LOOK_MS } from '../../door/sockets.ts'
import { ANY_WALL, type Person, READERS } from '../../glossary/people.ts'
import {
  type EventsPort,
  HERE,
  MOST_UNSENT,
  PING_MS,
  READS_WITHIN_MS,
  ROOM_EVERY_MS,
  STILL_HERE,
  UNSENT_AGAIN,
  followEvents,
} from './event-tail.ts'

export type EventStreamPort = EventsPort & {
  /** Who listens by this now: a session ends, a short-lived token runs out, a role changes. */
  whoListens(credential: Credential | null): Person | null
}

export function eventsRoute(app: App, port: EventStreamPort): void {
  app.get(
    '/api/v1/events',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      // An answer without end has no head.
      exposeHeadRoute: false,
      schema: {
        summary:
          'Server-sent events: the ledger’s tail (`id` is the sequence number; send Last-Event-ID to miss nothing) ' +
          'and health. The same blocks come over a WebSocket at this address, after one message `{token?, after?}`',
        tags: ['ledger'],
      },
    },
    async (request, reply) => {
      reply.hijack()
      const { raw } = reply
      const header = request.headers['last-event-id']
      const after = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value)
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      raw.write(HERE)
      // HTTP/2 keeps what is unsent in the stream below the answer.
      const unsentOf = (): number =>
        'stream' in raw ? (raw.stream as { writableLength: number }).writableLength : raw.writableLength
      const send = (text: string | Buffer): void => {
        const unsent = unsentOf()
        if (raw.writableEnded || raw.destroyed) return
        if (unsent > MOST_UNSENT) raw.destroy()
        else raw.write(text)
      }
      const following = followEvents({
        port,
        reader: request.person,
        after,
        send,
        sendPage: send,
        // As long as it takes: who reads slowly is not cut off for it.
        async room() {
          const until = performance.now() + READS_WITHIN_MS
          while (!raw.destroyed && unsentOf() > UNSENT_AGAIN) {
            if (performance.now() > until) return void raw.destroy()
            await new Promise((resolve) => setTimeout(resolve, ROOM_EVERY_MS))
          }
        },
        onBroken(error) {
          request.log.error({ err: error }, 'the past could not be read for an event stream')
          end()
          // It ends, and whoever reads it comes back for the rest.
          raw.destroy()
        },
      })
      const ping = setInterval(() => send(STILL_HERE), PING_MS)
      const look = setInterval(() => {
        const now = port.whoListens(request.credential)
        if (isSame(now, request.person)) return
        end()
        raw.end()
        setTimeout(() => raw.destroy(), LOOK_MS)
      }, LOOK_MS)
      function end(): void {
        clearInterval(ping)
        clearInterval(look)
        following.leave()
      }
      raw.on('close', end)
      // A connection that breaks while it is written to is no more than closed.
      raw.on('error', end)
    },
  )
}
