/** Who is in the room, and short-lived tokens for walls inside other pages. */
import { Type } from 'typebox'
import {
  ANY_WALL,
  HANDLING_WALL,
  READERS,
  type Person,
  type Present,
  ROLES,
  SCOPES,
  type Scope,
  type ViewReason,
} from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import { type App, type Credential, actorOf, personOf } from '../door/door.ts'
import { PROBLEM, listOf } from '../door/shapes.ts'

export type PeoplePort = {
  present(): Present[]
  /** It ends when the credential that asked for it does. `once`: it opens one session, and is used up by that. */
  issue(
    person: Person & { through: string },
    terms: { minutes: number; once: boolean },
    by: Credential,
  ): { token: string; expiresAt: string }
  /** @throws camera/unknown */
  giveReason(person: Person, reason: string, camera: string | null): ViewReason
  onIssued(person: Person & { through: string }, made: { until: string; actor: string }): Promise<void>
}

const DEFAULT_MINUTES = 15
const PRESENT = Type.Object({
  name: Type.String(),
  role: Type.Enum(ROLES),
  screens: Type.Integer(),
  looking: Type.Array(Type.String(), { description: 'Incidents that their screens show' }),
})
/** What a wall may be given: presses are a help point's, and its token is made on the machine. */
const GIVEN_SCOPES = ['wall', 'wall-view', 'metrics'] as const satisfies readonly Scope[]
const NAME = Type.String({
  minLength: 1,
  maxLength: 40,
  pattern: '^[^\\p{C}]+$',
  description: 'Who sits in front of that wall, as the page around knows; the record says through whom',
})
const TOKEN = Type.Object({
  token: Type.String(),
  expiresAt: Type.String({ format: 'date-time' }),
  name: Type.String(),
  role: Type.String(),
  scope: Type.Enum(SCOPES),
})

const REASON = Type.Object(
  {
    reason: Type.String({ minLength: 3, maxLength: 500, pattern: '\\S\\s*\\S\\s*\\S' }),
    camera: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Null or left out: any camera' })),
  },
  { additionalProperties: false },
)

/** @throws people/forbidden: a token that only shows makes none that handles incidents */
function narrowedTo(wanted: Scope = 'wall', own: Scope | undefined): Scope {
  const scope = own === 'wall-view' && wanted === 'wall' ? 'wall-view' : wanted
  if (own === undefined || scope === own || scope === 'wall-view') return scope
  throw new Failure('people/forbidden', `A token for ${own} makes none for ${scope}.`)
}

export function peopleRoutes(app: App, port: PeoplePort): void {
  app.get(
    '/api/v1/people',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: { summary: 'Who has a wall open now', tags: ['session'], response: { 200: listOf(PRESENT) } },
    },
    () => ({ items: port.present(), next: null }),
  )
  app.post(
    '/api/v1/views',
    {
      config: { roles: READERS, scopes: HANDLING_WALL },
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
      config: { roles: ['operator', 'supervisor'], scopes: ANY_WALL },
      schema: {
        summary:
          'A short-lived token for a wall inside another page, which renews it in time. It may do what a wall does, ' +
          'and nothing else; `once`: it opens one session (POST /session), and is used up by that',
        tags: ['session'],
        body: Type.Union([
          Type.Object(
            {
              name: Type.Optional(NAME),
              person: Type.Optional(NAME),
              scope: Type.Optional(Type.Enum(GIVEN_SCOPES)),
              once: Type.Optional(Type.Boolean()),
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
      const { person, credential } = request
      if (!person || !credential)
        throw new Failure('people/unauthenticated', 'Sign in, or send a token: Authorization: Bearer …')
      if (person.through !== undefined)
        throw new Failure(
          'people/forbidden',
          'A short-lived token cannot make others; ask with the token or session that made it.',
        )
      const { name, person: sits = name, minutes = DEFAULT_MINUTES, once = false, scope } = request.body ?? {}
      const narrowed = narrowedTo(scope, person.scope)
      const given = sits?.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
      const holder = {
        name: given ? `${given} (${person.name})` : person.name,
        role: person.role,
        helpPoints: person.helpPoints,
        scope: narrowed,
        through: person.name,
      }
      const made = port.issue(holder, { minutes, once }, credential)
      await port.onIssued(holder, { until: made.expiresAt, actor: actorOf(request) })
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .send({ ...made, name: holder.name, role: holder.role, scope: narrowed })
    },
  )
}
