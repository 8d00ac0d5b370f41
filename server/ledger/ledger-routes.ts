/** The record, its proof, and its tail as server-sent events. */
import { Type } from 'typebox'
import type { Verification } from '../glossary/ledger.ts'
import type { Person } from '../glossary/people.ts'
import type { App, Credential } from '../door/door.ts'
import { ANY_WALL, READERS } from '../glossary/people.ts'
import { KEEPERS, shownTo } from '../door/entry-readers.ts'
import { isSame } from '../door/rights.ts'
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
} from './tail/event-tail.ts'
import { LOOK_MS } from '../door/sockets.ts'
import { ENTRY, LIMIT, MEDIA, VERIFICATION, WITHHELD, listOf } from '../door/shapes.ts'

export type LedgerPort = EventsPort & {
  /** Entries as they are asked for; left out, as those who listen read them. */
  entries?: EventsPort['page']
  verify(): Promise<Verification>
  checkpoint(): Promise<string>
  /** Who listens by this now: a session ends, a short-lived token runs out, a role changes. */
  whoListens(credential: Credential | null): Person | null
}

export function ledgerRoutes(app: App, port: LedgerPort): void {
  app.get(
    '/api/v1/ledger',
    {
      config: { roles: KEEPERS },
      schema: {
        summary: 'Entries after a sequence number, in order; what is not for this person comes as number and hash',
        tags: ['ledger'],
        querystring: Type.Object({
          after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
          limit: Type.Optional(LIMIT),
        }),
        response: { 200: listOf(Type.Union([ENTRY, WITHHELD])) },
      },
    },
    async (request) => {
      const limit = Number(request.query.limit ?? 100)
      const found = await (port.entries ?? port.page)(Number(request.query.after ?? 0), limit)
      const items = found.map((entry) => shownTo(request.person, entry))
      return { items, next: items.length === limit ? (items.at(-1)?.seq ?? null) : null }
    },
  )
  app.get(
    '/api/v1/ledger/verification',
    {
      config: { roles: KEEPERS },
      schema: { summary: 'Walks the whole chain of hashes', tags: ['ledger'], response: { 200: VERIFICATION } },
    },
    () => port.verify(),
  )

  app.get(
    '/api/v1/ledger/checkpoint',
    {
      config: { roles: KEEPERS },
      schema: {
        summary: 'The newest signed checkpoint (C2SP tlog-checkpoint, text)',
        tags: ['ledger'],
        response: { 200: MEDIA },
      },
    },
    async (_, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(await port.checkpoint()),
  )

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
