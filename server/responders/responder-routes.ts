/** Links by which operators lend an incident to somebody outside the room: made, listed, revoked; and notes for them. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type App, actorOf } from '../door/door.ts'
import { ID_PARAMS, PROBLEM, RESPONDER_LINE, TIME, listOf } from '../door/shapes.ts'
import { ANY_WALL, HANDLERS, HANDLING_WALL, READERS } from '../glossary/people.ts'
import type { ResponderLine } from '../glossary/responder.ts'
import type { Contact } from '../glossary/site.ts'

export type ResponderPort = {
  /** Where a link is, as the answer says it, and as a telephone reads it from a screen. @throws responder/no-address */
  addressOf(request: FastifyRequest, link: string): { url: string; whole: string }
  lend(
    id: string,
    lending: { contact: string; minutes: number },
    by: string,
    actor: string,
  ): Promise<{ id: string; token: string; until: string; contact: Contact }>
  revoke(id: string, link: string, by: string, actor: string): Promise<void>
  links(id: string): Promise<ResponderLine[]>
  share(id: string, note: number, shared: boolean, by: string, actor: string): Promise<void>
  qr(content: string): { size: number; path: string }
}

const strict = { additionalProperties: false }
const LENT = Type.Object({
  id: Type.String(),
  url: Type.String({ description: 'With the token behind #, which no server sees; no other answer has it' }),
  until: TIME,
  contact: Type.Object({
    name: Type.String(),
    mobile: Type.Union([Type.String(), Type.Null()]),
    email: Type.Union([Type.String(), Type.Null()]),
  }),
  qr: Type.Object(
    { size: Type.Integer(), path: Type.String() },
    { description: 'An SVG path, a square per dark module' },
  ),
})
const LINK_PARAMS = Type.Object({ id: Type.String({ maxLength: 100 }), link: Type.String({ maxLength: 100 }) })
const NOTE_PARAMS = Type.Object({
  id: Type.String({ maxLength: 100 }),
  note: Type.String({ pattern: '^[0-9]{1,15}$' }),
})

export function responderRoutes(app: App, port: ResponderPort): void {
  const config = { roles: HANDLERS, scopes: HANDLING_WALL }
  const nameOf = ({ person }: FastifyRequest): string => person?.name ?? ''
  app.post(
    '/api/v1/incidents/:id/responder-links',
    {
      config,
      schema: {
        summary: 'Lend it to a contact for so many minutes, by a link that shows this incident and nothing else',
        tags: ['responders'],
        params: ID_PARAMS,
        body: Type.Object(
          {
            contact: Type.String({ maxLength: 100, description: 'Its id in the site file' }),
            minutes: Type.Number({ description: '1 to 1440; it ends earlier when the incident is closed' }),
          },
          strict,
        ),
        response: { 201: LENT, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      // Before anything is made: a link that leads nowhere is none.
      port.addressOf(request, '')
      const { id, token, until, contact } = await port.lend(
        request.params.id,
        request.body,
        nameOf(request),
        actorOf(request),
      )
      const { url, whole } = port.addressOf(request, `${id}#${token}`)
      const { name, mobile, email } = contact
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .send({ id, url, until, contact: { name, mobile, email }, qr: port.qr(whole) })
    },
  )
  app.get(
    '/api/v1/incidents/:id/responder-links',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'To whom it was lent, and what they have answered',
        tags: ['responders'],
        params: ID_PARAMS,
        response: { 200: listOf(RESPONDER_LINE), '4xx': PROBLEM },
      },
    },
    async (request) => ({ items: await port.links(request.params.id), next: null }),
  )
  app.delete(
    '/api/v1/incidents/:id/responder-links/:link',
    {
      config,
      schema: {
        summary: 'Revoke the link: pictures on a page that is open stop within a second',
        tags: ['responders'],
        params: LINK_PARAMS,
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      await port.revoke(request.params.id, request.params.link, nameOf(request), actorOf(request))
      return reply.status(204).send(null)
    },
  )
  for (const [method, shared] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const)
    app.route({
      method,
      url: '/api/v1/incidents/:id/notes/:note/sharing',
      config,
      schema: {
        summary: shared ? 'Show a note to whom the incident is lent to' : 'Show it to them no longer',
        tags: ['responders'],
        params: NOTE_PARAMS,
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
      handler: async (request, reply) => {
        const { id, note } = request.params
        await port.share(id, Number(note), shared, nameOf(request), actorOf(request))
        return reply.status(204).send(null)
      },
    })
}
