/**
 * Evidence packages: ordered, watched, cancelled, fetched, deleted. The evidence role only; each fetching is an entry
 * of the ledger.
 */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Export, ExportOrder, MadeExport } from '../../glossary/evidence.ts'
import { READERS, type Person } from '../../glossary/people.ts'
import { type App, actorOf } from '../../door/door.ts'
import { EXPORT, ID_PARAMS, LIMIT, MEDIA, PROBLEM, TIME, listOf } from '../../door/shapes.ts'
import { sendPackage } from './send-package.ts'

export type ExportPort = {
  /** Before each path that an answer names, where a proxy gives the server a part of a host. */
  basePath?: string
  order(order: ExportOrder, by: Person): Promise<Export>
  get(id: string): Export
  /** Newest first. @throws export/unknown when `after` is none */
  page(which: { after: string | null; limit: number }): { items: Export[]; next: Export['id'] | null }
  progress(id: Export['id']): number
  ends(job: Export): { endsAt: string | null; expiring: boolean }
  /** @throws export/not-ready, export/gone */
  made(id: string): MadeExport
  file(id: Export['id']): string
  cancel(id: string, by: string, actor: string): Promise<Export>
  resume(id: string, actor: string): Promise<Export>
  remove(id: string, reason: string, actor: string): Promise<Export>
  companion(made: MadeExport): Promise<Buffer>
  receipt(made: MadeExport): Promise<string>
  root(): string
  keys(): unknown
  /** @throws export/no-signer */
  renewSigner(): Promise<unknown>
  onDownload(download: {
    made: MadeExport
    what: 'package' | 'companion'
    from: number
    actor: string
    through: string | null
  }): Promise<void>
}

const OFFICER = { roles: ['evidence'] } as const
const strict = { additionalProperties: false }
const TEXT = Type.String({ maxLength: 2000 })
const PAGE = 100
const QUERY = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 100, description: '`next` of the page before' })),
    limit: Type.Optional(LIMIT),
  },
  strict,
)
const SHARE = Type.Number({ minimum: 0, maximum: 1 })
const ORDER = Type.Object(
  {
    kind: Type.Optional(Type.Enum(['master', 'redacted'])),
    incident: Type.Optional(Type.String({ maxLength: 200 })),
    parentExport: Type.Optional(
      Type.String({ maxLength: 200, description: 'The export that this one is a trimmed or redacted derivative of' }),
    ),
    cameras: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        minItems: 1,
        maxItems: 50,
        description: 'Left out: all that the incident holds',
      }),
    ),
    from: Type.Optional(TIME),
    to: Type.Optional(TIME),
    redactions: Type.Optional(
      Type.Array(
        Type.Object(
          {
            camera: Type.String({ maxLength: 100 }),
            from: TIME,
            to: TIME,
            x: SHARE,
            y: SHARE,
            width: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
            height: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
          },
          strict,
        ),
        {
          maxItems: 100,
          description: 'Places to be blurred; shares of the picture’s width and height, from the upper left',
        },
      ),
    ),
    calls: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        maxItems: 50,
        description:
          'Calls whose sound goes with it. Left out: all of the incident within its time; of a redacted copy those with a silence',
      }),
    ),
    silences: Type.Optional(
      Type.Array(Type.Object({ call: Type.String({ maxLength: 100 }), from: TIME, to: TIME }, strict), {
        maxItems: 100,
        description: 'Stretches of calls that nobody is to hear, on both sides',
      }),
    ),
    reason: Type.Optional(
      Type.String({ maxLength: 2000, description: 'Why these recordings are handed out; without it 422' }),
    ),
    lawfulBasis: Type.Optional(TEXT),
    exhibitRef: Type.Optional(Type.String({ maxLength: 100 })),
    requestedBy: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ maxLength: 200 })),
          organisation: Type.Optional(Type.String({ maxLength: 200 })),
          reference: Type.Optional(Type.String({ maxLength: 200 })),
        },
        { ...strict, description: 'Who asked; without a name 422' },
      ),
    ),
  },
  strict,
)

export function exportRoutes(app: App, port: ExportPort): void {
  const view = (job: Export) => ({
    ...job,
    ...port.ends(job),
    progress: job.state === 'ready' ? 1 : port.progress(job.id),
    package:
      job.state === 'ready' && job.deletedAt === null
        ? `${port.basePath ?? ''}/api/v1/exports/${encodeURIComponent(job.id)}/package.zip`
        : null,
    sha256: job.facts?.sha256 ?? null,
  })
  const answers = { 200: EXPORT, '4xx': PROBLEM }
  const nameOf = (request: FastifyRequest): string => request.person?.name ?? ''

  app.post(
    '/api/v1/exports',
    {
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'Order an evidence package; it is made in the background',
        tags: ['exports'],
        body: Type.Union([ORDER, Type.Null()]),
        response: { 202: EXPORT, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const job = await port.order((request.body as ExportOrder | null | undefined) ?? {}, request.person as Person)
      return reply
        .status(202)
        .header('location', `${port.basePath ?? ''}/api/v1/exports/${encodeURIComponent(job.id)}`)
        .send(view(job))
    },
  )
  app.get(
    '/api/v1/exports',
    {
      config: OFFICER,
      schema: {
        summary: 'Exports, newest first, in pages (`next`); unchanged since an `ETag`: 304',
        tags: ['exports'],
        querystring: QUERY,
        response: { 200: listOf(EXPORT), 304: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { items, next } = port.page({
        after: request.query.after ?? null,
        limit: Number(request.query.limit ?? PAGE),
      })
      const answer = { items: items.map(view), next }
      const etag = `W/"${createHash('sha256').update(JSON.stringify(answer)).digest('base64url').slice(0, 22)}"`
      void reply.header('etag', etag).header('cache-control', 'private, no-cache')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(null)
      return reply.send(answer)
    },
  )
  app.get(
    '/api/v1/exports/:id',
    {
      config: OFFICER,
      schema: { summary: 'How far it is, and what it is', tags: ['exports'], params: ID_PARAMS, response: answers },
    },
    (request) => view(port.get(request.params.id)),
  )
  app.post(
    '/api/v1/exports/:id/cancellation',
    {
      config: OFFICER,
      schema: {
        summary: 'Stop making it; what was done is kept to be gone on with',
        tags: ['exports'],
        params: ID_PARAMS,
        response: answers,
      },
    },
    async (request) => view(await port.cancel(request.params.id, nameOf(request), actorOf(request))),
  )
  app.post(
    '/api/v1/exports/:id/resumption',
    {
      config: OFFICER,
      schema: {
        summary: 'Go on with what was cancelled or has failed',
        tags: ['exports'],
        params: ID_PARAMS,
        response: answers,
      },
    },
    async (request) => view(await port.resume(request.params.id, actorOf(request))),
  )
  app.delete(
    '/api/v1/exports/:id',
    {
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'Delete the package, with the reason; the record of it stays',
        tags: ['exports'],
        params: ID_PARAMS,
        body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2000 }) }, strict),
        response: answers,
      },
    },
    async (request) => {
      return view(await port.remove(request.params.id, request.body.reason, actorOf(request)))
    },
  )
  app.get(
    '/api/v1/exports/:id/package.zip',
    {
      exposeHeadRoute: false,
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'The package; a download that broke off is gone on with by Range',
        tags: ['exports'],
        params: ID_PARAMS,
        response: { 200: MEDIA, 206: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const made = port.made(request.params.id)
      return sendPackage(request, reply, {
        made,
        file: port.file(made.id),
        onSend: (from) => port.onDownload({ made, what: 'package', from, actor: actorOf(request), through: null }),
      })
    },
  )
  app.get(
    '/api/v1/exports/:id/companion.zip',
    {
      exposeHeadRoute: false,
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'Receipt, root certificate, and a page that verifies the package in a browser without a network',
        tags: ['exports'],
        params: ID_PARAMS,
        response: { 200: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const made = port.made(request.params.id)
      const bytes = await port.companion(made)
      await port.onDownload({ made, what: 'companion', from: 0, actor: actorOf(request), through: null })
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${made.id}_companion.zip"`)
        .header('cache-control', 'no-store')
        .send(bytes)
    },
  )
  app.get(
    '/api/v1/exports/:id/receipt.html',
    {
      config: OFFICER,
      schema: {
        summary: 'The receipt, to be printed',
        tags: ['exports'],
        params: ID_PARAMS,
        response: { 200: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .header(
          'content-security-policy',
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
        )
        .send(await port.receipt(port.made(request.params.id))),
  )
  app.get(
    '/api/v1/evidence-root.pem',
    {
      config: { roles: READERS },
      schema: { summary: 'The root that packages are verified with', tags: ['exports'], response: { 200: MEDIA } },
    },
    (_, reply) =>
      reply
        .type('application/x-pem-file')
        .header('content-disposition', 'attachment; filename="evidence-root.pem"')
        .header('cache-control', 'no-store')
        .send(port.root()),
  )
  app.post(
    '/api/v1/evidence-signer',
    {
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'A new signer under the same root; the old one’s key is gone, and what it signed stays verifiable',
        tags: ['exports'],
        response: { 200: Type.Unknown(), '4xx': PROBLEM },
      },
    },
    () => port.renewSigner(),
  )
  app.get(
    '/api/v1/evidence-keys',
    {
      config: OFFICER,
      schema: {
        summary: 'Fingerprints of root and signer, and how long they are good',
        tags: ['exports'],
        response: { 200: Type.Unknown() },
      },
    },
    () => port.keys(),
  )
}
