/** The record, its proof, and its tail as server-sent events. */
import { Type } from 'typebox'
import type { Verification } from '../glossary/ledger.ts'
import type { App } from '../door/door.ts'
import { KEEPERS, shownTo } from '../door/entry-readers.ts'
import { type EventStreamPort, eventsRoute } from './tail/event-route.ts'
import type { EventsPort } from './tail/event-tail.ts'
import { ENTRY, LIMIT, MEDIA, VERIFICATION, WITHHELD, listOf } from '../door/shapes.ts'

export type LedgerPort = EventStreamPort & {
  /** Entries as they are asked for; left out, as those who listen read them. */
  entries?: EventsPort['page']
  verify(): Promise<Verification>
  checkpoint(): Promise<string>
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

  eventsRoute(app, port)
}
