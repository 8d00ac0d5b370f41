/** Hand-overs of packages to people outside: made by the evidence officer, followed by whoever has the link. */
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Disclosure, Export, MadeExport } from '../../glossary/evidence.ts'
import { Failure } from '../../tools/failure.ts'
import { type App, actorOf } from '../../door/door.ts'
import type { SendingAccount } from './disclosure-desk.ts'
import type { Range } from './sent-ranges.ts'
import { rangeOf, sendPackage } from '../order/send-package.ts'
import { DISCLOSURE, ID_PARAMS, PROBLEM, listOf } from '../../door/shapes.ts'

export type DisclosurePort = {
  /** Before each path that an answer names, where a proxy gives the server a part of a host. */
  basePath?: string
  get(id: string): Export
  of(id: string): Disclosure[]
  make(
    id: string,
    order: {
      recipient: string
      organisation?: string | undefined
      purpose: string
      days: number
      most?: number | undefined
    },
    actor: string,
  ): Promise<Disclosure & { secret: string }>
  revoke(id: string, how: { by: string; reason: string }, actor: string): Promise<Disclosure>
  open(
    secret: string,
    use: {
      what: 'package' | 'companion' | null
      rangeOf(made: MadeExport): Range | null
      address: string
      /** Ends the sending of it: the same recipient goes on elsewhere. */
      stop?: () => void
    },
  ): Promise<{ disclosure: Disclosure; made: MadeExport; account: SendingAccount | null }>
  file(id: Export['id']): string
  companion(made: MadeExport): Promise<Buffer>
  /** The page that a recipient sees. */
  page(disclosure: Disclosure, made: MadeExport, secret: string): string
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
const TEXT = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })
const ORDER = Type.Object(
  {
    recipient: TEXT,
    organisation: Type.Optional(Type.String({ maxLength: 500 })),
    purpose: TEXT,
    days: Type.Integer({ minimum: 1, maximum: 90, description: 'How long the link opens' }),
    most: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'How often the package may be fetched; 5 when left out' }),
    ),
  },
  strict,
)
const LINK = Type.Object({ secret: Type.String({ pattern: '^[A-Za-z0-9_-]{20,100}$' }) })
/** @throws export/no-such-range before anything is counted */
function thereOf(range: Range | null): Range | null {
  if (range && range.from > range.to) throw new Failure('export/no-such-range', 'The package has no such range.')
  return range
}
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

export function disclosureRoutes(app: App, port: DisclosurePort): void {
  app.post(
    '/api/v1/exports/:id/disclosures',
    {
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'Hand it over to somebody outside by a link; the answer is the only one that has it',
        tags: ['exports'],
        params: ID_PARAMS,
        body: ORDER,
        response: { 201: DISCLOSURE, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { secret, ...disclosure } = await port.make(request.params.id, request.body, actorOf(request))
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .send({ ...disclosure, link: `${port.basePath ?? ''}/disclosures/${secret}` })
    },
  )
  app.get(
    '/api/v1/exports/:id/disclosures',
    {
      config: OFFICER,
      schema: {
        summary: 'Who it was handed to, and how often it was fetched',
        tags: ['exports'],
        params: ID_PARAMS,
        response: { 200: listOf(DISCLOSURE) },
      },
    },
    (request) => ({ items: port.of(port.get(request.params.id).id), next: null }),
  )
  app.delete(
    '/api/v1/disclosures/:id',
    {
      config: { ...OFFICER, confirmed: true },
      schema: {
        summary: 'Revoke the link, with the reason',
        tags: ['exports'],
        params: ID_PARAMS,
        body: Type.Object({ reason: TEXT }, strict),
        response: { 200: DISCLOSURE, '4xx': PROBLEM },
      },
    },
    (request) =>
      port.revoke(request.params.id, { by: request.person?.name ?? '', reason: request.body.reason }, actorOf(request)),
  )

  // What recipients use: the secret in the path is their only key; it stands in no log, and no page sends it on.
  const outside = {
    config: { open: 'for who has the link' },
    exposeHeadRoute: false,
    schema: { hide: true, params: LINK },
  }
  const quiet = (reply: FastifyReply): FastifyReply =>
    reply.header('referrer-policy', 'no-referrer').header('cache-control', 'no-store').header('x-robots-tag', 'noindex')
  app.get('/disclosures/:secret', outside, async (request, reply) => {
    const { disclosure, made } = await port.open(request.params.secret, {
      what: null,
      rangeOf: () => null,
      address: request.ip,
    })
    request.prove()
    return quiet(reply)
      .type('text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .send(port.page(disclosure, made, request.params.secret))
  })
  app.get('/disclosures/:secret/package.zip', outside, async (request, reply) => {
    const { disclosure, made, account } = await port.open(request.params.secret, {
      what: 'package',
      rangeOf: (of) => thereOf(rangeOf(request, of.facts)),
      address: request.ip,
      stop: () => reply.raw.destroy(),
    })
    request.prove()
    const actor = `disclosure:${disclosure.recipient}`
    request.onlyWhile(() => port.of(made.id).find(({ id }) => id === disclosure.id)?.revokedAt === null)
    // A proxy that takes it all at once would say that it has arrived.
    return sendPackage(request, quiet(reply).header('x-accel-buffering', 'no'), {
      made,
      file: port.file(made.id),
      onSend: (at) => port.onDownload({ made, what: 'package', from: at, actor, through: disclosure.id }),
      account,
    })
  })
  app.get('/disclosures/:secret/companion.zip', outside, async (request, reply) => {
    const { disclosure, made } = await port.open(request.params.secret, {
      what: 'companion',
      rangeOf: () => null,
      address: request.ip,
    })
    request.prove()
    const bytes = await port.companion(made)
    await port.onDownload({
      made,
      what: 'companion',
      from: 0,
      actor: `disclosure:${disclosure.recipient}`,
      through: disclosure.id,
    })
    return quiet(reply)
      .type('application/zip')
      .header('content-disposition', `attachment; filename="${made.id}_companion.zip"`)
      .send(bytes)
  })
}
