/** What members ask each other for; each request proves that a member sent it. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../door/door.ts'
import type { Accepted } from '../glossary/press.ts'
import type { AgreedRow } from '../glossary/member.ts'
import { Failure } from '../tools/failure.ts'
import { FORWARDED_HEADER } from './front.ts'
import type { KeptArrival } from './keeping.ts'
import type { Link } from './link.ts'

export type MemberPort = {
  link: Pick<Link, 'verify'>
  /** Null: this member does not lead. */ accept(): ((arrival: KeptArrival) => Promise<Accepted>) | null
  rows(after: number, limit: number): Promise<AgreedRow[]>
  /** @throws town/not-a-member */
  admit(request: JoinRequest, from: string): Promise<JoinAnswer>
}
/** `publicKey`: X25519, base64; the town's key comes sealed for it. */
export type JoinRequest = { member: string; at: string; publicKey: string; proof: string }
export type JoinAnswer = { publicKey: string; sealed: string }

const MEMBERS = { open: 'each request proves by the town’s key that a member sent it' }
const JOINING = { open: 'it proves by the engine’s password that it was given this site file' }
const hide = { hide: true }
const MOST_ROWS = 1000

export function memberRoutes(app: App, { link, accept, rows, admit }: MemberPort): void {
  const mustBeMember = (request: FastifyRequest): void => {
    const { headers, method, originalUrl: path } = request
    if (link.verify(headers, { method, path, from: '' }) === null)
      throw new Failure('town/not-a-member', 'This is for the town’s other servers.')
  }
  app.post('/api/v1/town/presses', { config: MEMBERS, schema: { ...hide, body: Type.Any() } }, async (request) => {
    mustBeMember(request)
    const take = accept()
    if (!take) throw new Failure('town/changing-hands', 'This server does not lead the town.')
    return take(request.body as KeptArrival)
  })
  app.get(
    '/api/v1/town/rows',
    {
      config: MEMBERS,
      schema: { ...hide, querystring: Type.Object({ after: Type.String({ pattern: '^[0-9]{1,14}$' }) }) },
    },
    async (request) => {
      mustBeMember(request)
      return { rows: await rows(Number(request.query.after), MOST_ROWS) }
    },
  )
  app.post(
    '/api/v1/town/members',
    {
      config: JOINING,
      schema: {
        ...hide,
        body: Type.Object(
          {
            member: Type.String({ maxLength: 40 }),
            at: Type.String({ maxLength: 40 }),
            publicKey: Type.String({ maxLength: 200 }),
            proof: Type.String({ maxLength: 100 }),
          },
          { additionalProperties: false },
        ),
      },
    },
    ({ body, headers, socket }) =>
      admit(body, headers[FORWARDED_HEADER] === undefined ? (socket.remoteAddress ?? '') : 'behind a proxy'),
  )
}
