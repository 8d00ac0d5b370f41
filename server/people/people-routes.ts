/** Who is in the room, and short-lived tokens for walls inside other pages. */
import { Type } from 'typebox'
import { READERS, type Person, type Present, ROLES, type ViewReason } from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import { type App, type Credential, actorOf, credentialOf, personOf } from '../door/door.ts'
import { PROBLEM, listOf } from '../door/shapes.ts'

export type PeoplePort = {
  present(): Present[]
  /** It ends when the credential that asked for it does. */
  issue(person: Person & { through: string }, minutes: number, by: Credential): { token: string; expiresAt: string }
  /** @throws camera/unknown */
  giveReason(person: Person, reason: string, camera: string | null): ViewReason
  onIssued(person: Person, through: string, until: string, actor: string): Promise<void>
}

const DEFAULT_MINUTES = 15
const PRESENT = Type.Object({
  name: Type.String(),
  role: Type.Enum(ROLES),
  screens: Type.Integer(),
  looking: Type.Array(Type.String(), { description: 'Incidents that their screens show' }),
})
const TOKEN = Type.Object({
  token: Type.String(),
  expiresAt: Type.String({ format: 'date-time' }),
  name: Type.String(),
  role: Type.String(),
})

const REASON = Type.Object(
  {
    reason: Type.String({ minLength: 3, maxLength: 500, pattern: '\\S\\s*\\S\\s*\\S' }),
    camera: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Null or left out: any camera' })),
  },
  { additionalProperties: false },
)

export function peopleRoutes(app: App, port: PeoplePort): void {
  app.get(
    '/api/v1/people',
    {
      config: { roles: READERS },
      schema: { summary: 'Who has a wall open now', tags: ['session'], response: { 200: listOf(PRESENT) } },
    },
    () => ({ items: port.present(), next: null }),
  )
  app.post(
    '/api/v1/views',
    {
      config: { roles: READERS },
      schema: {
        summary:
          'Say why you look at cameras that no open incident shows; it holds for an hour, and stands with each look in the record',
        tags: ['live'],
        body: REASON,
        response: {
          201: Type.Object({
            reason: Type.String(),
            camera: Type.Union([Type.String(), Type.Null()]),
            until: Type.String({ format: 'date-time' }),
          }),
          '4xx': PROBLEM,
        },
      },
    },
    async (request, reply) => {
      const { reason, camera = null } = request.body
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .send(port.giveReason(personOf(request), reason.trim(), camera))
    },
  )
  app.post(
    '/api/v1/tokens',
    {
      config: { roles: ['operator', 'supervisor'] },
      schema: {
        summary:
          'A short-lived token of the same role, for a wall inside another page; the page around renews it in time',
        tags: ['session'],
        body: Type.Union([
          Type.Object(
            {
              name: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 40,
                  pattern: '^[^\\p{C}]+$',
                  description: 'Who sits in front of that wall, as the page around knows; the record says through whom',
                }),
              ),
              minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 201: TOKEN, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { person } = request
      const credential = credentialOf(request.headers)
      if (!person || !credential)
        throw new Failure('people/unauthenticated', 'Sign in, or send a token: Authorization: Bearer …')
      if (person.through !== undefined)
        throw new Failure(
          'people/forbidden',
          'A short-lived token cannot make others; ask with the token or session that made it.',
        )
      const { name, minutes = DEFAULT_MINUTES } = request.body ?? {}
      const given = name?.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
      const holder = { ...person, name: given ? `${given} (${person.name})` : person.name, through: person.name }
      const made = port.issue(holder, minutes, credential)
      await port.onIssued(holder, person.name, made.expiresAt, actorOf(request))
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .send({ ...made, name: holder.name, role: holder.role })
    },
  )
}
