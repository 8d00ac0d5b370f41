/** The record, its proof, and its tail as server-sent events. */
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Entry, Verification } from '../glossary/ledger.ts'
import type { App } from './door.ts'
import { ENTRY, LIMIT, MEDIA, VERIFICATION, listOf } from './shapes.ts'

export type LiveNews = { event: 'camera.health' | 'help-point.health' | 'storage.health' | 'ledger.health' | 'site.problem' | 'people.present' | 'camera.hand' | 'export.progress'; data: unknown }
export type LedgerPort = {
  page(after: number, limit: number): Promise<Entry[]>
  verify(): Promise<Verification>
  checkpoint(): Promise<string>
  tail(listener: (entry: Entry) => void): () => void
  /** Health and the like: said as it happens, not kept. */
  news(listener: (news: LiveNews) => void): () => void
  /** Whether who listens may still: a session ends, a short-lived token runs out. */
  mayStill(headers: IncomingHttpHeaders): boolean
}

const READERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const
const KEEPERS = ['engineer', 'evidence', 'supervisor'] as const
const PING_MS = 5000
/** A listener that does not read is cut off; it comes back with Last-Event-ID and misses nothing. */
const MOST_UNSENT = 4_000_000

const written = (entry: Entry): string => `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`

export function ledgerRoutes(app: App, port: LedgerPort): void {
  app.get(
    '/api/v1/ledger',
    {
      config: { roles: KEEPERS },
      schema: { summary: 'Entries after a sequence number, in order', tags: ['ledger'], querystring: Type.Object({ after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })), limit: Type.Optional(LIMIT) }), response: { 200: listOf(ENTRY) } },
    },
    async (request) => {
      const limit = Number(request.query.limit ?? 100)
      const items = await port.page(Number(request.query.after ?? 0), limit)
      return { items, next: items.length === limit ? (items.at(-1)?.seq ?? null) : null }
    },
  )
  app.get('/api/v1/ledger/verification', { config: { roles: KEEPERS }, schema: { summary: 'Walks the whole chain of hashes', tags: ['ledger'], response: { 200: VERIFICATION } } }, () => port.verify())

  app.get('/api/v1/ledger/checkpoint', { config: { roles: KEEPERS }, schema: { summary: 'The newest signed checkpoint (C2SP tlog-checkpoint, text)', tags: ['ledger'], response: { 200: MEDIA } } }, async (_, reply) => reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(await port.checkpoint()))

  app.get('/api/v1/events', { config: { roles: READERS }, schema: { summary: 'Server-sent events: the ledger’s tail (`id` is the sequence number; send Last-Event-ID to miss nothing) and health', tags: ['ledger'] } }, async (request, reply) => {
    reply.hijack()
    const { raw } = reply
    const header = request.headers['last-event-id']
    const after = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write('retry: 500\n: here\n\n')
    // Who looked where, and why, is for those who may read the record.
    const all = request.person !== null && (KEEPERS as readonly string[]).includes(request.person.role)
    const hears = ({ kind }: Entry): boolean => all || kind !== 'camera.viewed'
    const send = (text: string): void => {
      // HTTP/2 keeps what is unsent in the stream below the answer.
      const unsent = 'stream' in raw ? (raw.stream as { writableLength: number }).writableLength : raw.writableLength
      if (raw.writableEnded || raw.destroyed) return
      if (unsent > MOST_UNSENT) raw.destroy()
      else raw.write(text)
    }
    // Entries that become durable while the past is being read wait their turn.
    let waiting: Entry[] | null = []
    const leave = [port.tail((entry) => {
      if (!hears(entry)) return
      if (waiting) waiting.push(entry)
      else send(written(entry))
    }), port.news(({ event, data }) => send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))]
    const end = (): void => {
      clearInterval(ping)
      for (const undo of leave.splice(0)) undo()
    }
    const ping = setInterval(() => {
      if (port.mayStill(request.headers)) return send(': still here\n\n')
      end()
      raw.end()
    }, PING_MS)
    raw.on('close', end)
    // A connection that breaks while it is written to is no more than closed.
    raw.on('error', end)
    let last = after ?? Number.POSITIVE_INFINITY
    try {
      for (let page = after === null ? [] : await port.page(after, 500); page.length > 0 && !raw.destroyed; page = await port.page(last, 500)) {
        for (const entry of page) if (hears(entry)) send(written(entry))
        last = page.at(-1)?.seq ?? last
      }
    } catch (error) {
      // A stream that has missed something must not look well: it ends, and whoever reads it comes back for the rest.
      request.log.error({ err: error }, 'the past could not be read for an event stream')
      end()
      raw.destroy()
      return
    }
    const missed = waiting.filter(({ seq }) => after === null || seq > last)
    waiting = null
    for (const entry of missed) send(written(entry))
  })
}
