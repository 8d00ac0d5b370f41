/** Accounts, their sessions, and tokens: for supervisors; one's own password and sessions for everybody. */
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import { READERS, ROLES, SCOPES } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../door/credentials.ts'
import { AT_THE_ROOT, type PublicAddress } from '../../door/public-address.ts'
import { createCookieGiver } from '../sign-in/give-cookie.ts'
import { type App, actorOf, personOf } from '../../door/door.ts'
import { rolesOf } from '../../door/rights.ts'
import { MAYBE_STRING, MAYBE_TIME, PROBLEM, TIME, listOf } from '../../door/shapes.ts'
import type { AccountDesk } from './account-desk.ts'

const strict = { additionalProperties: false }
const USER = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{C}\\s/]+$' })
const NAME = Type.String({ minLength: 1, maxLength: 100, pattern: '^(?!\\s)[^\\p{C}]+(?<!\\s)$' })
const ROLE_LIST = Type.Array(Type.Enum(READERS), { minItems: 1, maxItems: 4, uniqueItems: true })
const PASSWORD = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'At least 12 characters, and none of those that are tried first',
})
export const ACCOUNT = Type.Object({
  user: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.Enum(ROLES)),
  since: MAYBE_TIME,
  scheme: Type.Enum(['argon2id', 'scrypt'], {
    description: 'scrypt: of version 0.1, kept anew at the next sign-in',
  }),
  sessions: Type.Integer(),
  factors: Type.Integer({ description: 'Second factors; 0: a password only' }),
})
export const SESSION = Type.Object({
  id: Type.String(),
  since: TIME,
  used: TIME,
  until: TIME,
  from: Type.String(),
  browser: Type.String(),
  current: Type.Boolean(),
})
export const TOKEN = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.Enum(ROLES),
  scope: Type.Union([Type.Enum(SCOPES), Type.Null()]),
  helpPoints: Type.Union([Type.Array(Type.String()), Type.Null()]),
  made: MAYBE_TIME,
  until: MAYBE_TIME,
  used: MAYBE_TIME,
  through: MAYBE_STRING,
  replacedBy: MAYBE_STRING,
})
const USER_PARAMS = Type.Object({ user: Type.String() })
const SESSION_PARAMS = Type.Object({ user: Type.String(), id: Type.String() })
const TOKEN_PARAMS = Type.Object({ id: Type.String() })
const SUPERVISORS = ['supervisor'] as const

export function accountRoutes(app: App, desk: AccountDesk, address: PublicAddress = AT_THE_ROOT): void {
  const give = createCookieGiver(address)
  const isSupervisor = (request: FastifyRequest): boolean => {
    const person = personOf(request)
    return person.scope === undefined && rolesOf(person).includes('supervisor')
  }
  /** @throws people/forbidden: somebody else's, and no supervisor asks */
  function mustBeTheirs(request: FastifyRequest, user: string): void {
    if (!desk.isOwn(personOf(request), user) && !isSupervisor(request))
      throw new Failure('people/forbidden', 'This is somebody else’s; a supervisor may.')
  }
  /** What somebody does to themselves ends their session, and is answered all the same. */
  const mayFinish = (request: FastifyRequest): void => request.onlyWhile(() => true)
  const ownCookie = (request: FastifyRequest): string | null => request.ownCookie(SESSION_COOKIE)
  /** Of somebody with several roles: as the supervisor they are for this, where it is not their own. */
  const actorFor = (request: FastifyRequest, user: string): string =>
    desk.isOwn(personOf(request), user) ? actorOf(request) : `supervisor:${personOf(request).name}`
  const answers = { '4xx': PROBLEM }
  const tags = ['people']

  app.get(
    '/api/v1/users',
    {
      config: { roles: SUPERVISORS },
      schema: { summary: 'Accounts', tags, response: { 200: listOf(ACCOUNT) } },
    },
    () => ({ items: desk.list(), next: null }),
  )
  app.post(
    '/api/v1/users',
    {
      config: { roles: SUPERVISORS, confirmed: true },
      schema: {
        summary: 'A new account',
        tags,
        body: Type.Object({ user: USER, name: NAME, roles: ROLE_LIST, password: PASSWORD }, strict),
        response: { 201: ACCOUNT, ...answers },
      },
    },
    async (request, reply) => reply.status(201).send(await desk.add(request.body, actorOf(request))),
  )
  app.patch(
    '/api/v1/users/:user',
    {
      config: { roles: READERS, confirmed: true },
      schema: {
        summary: 'Another name, other roles (supervisors), or a new password (one’s own, or by a supervisor)',
        tags,
        params: USER_PARAMS,
        body: Type.Object(
          { name: Type.Optional(NAME), roles: Type.Optional(ROLE_LIST), password: Type.Optional(PASSWORD) },
          { ...strict, minProperties: 1 },
        ),
        response: { 200: ACCOUNT, ...answers },
      },
    },
    async (request, reply) => {
      const { user } = request.params
      mustBeTheirs(request, user)
      const { name, roles } = request.body
      if ((name !== undefined || roles !== undefined) && !isSupervisor(request))
        throw new Failure('people/forbidden', 'Names and roles are given by a supervisor.')
      const own = desk.isOwn(personOf(request), user)
      if (own) mayFinish(request)
      const actor =
        name !== undefined || roles !== undefined ? `supervisor:${personOf(request).name}` : actorFor(request, user)
      return desk.change(user, request.body, {
        actor,
        own: {
          session: own ? ownCookie(request) : null,
          browser: own ? request.ownCookie(BROWSER_COOKIE) : null,
          give(session, browser) {
            give.session([request, reply], session)
            give.browser([request, reply], browser)
          },
        },
      })
    },
  )
  app.delete(
    '/api/v1/users/:user',
    {
      config: { roles: SUPERVISORS, confirmed: true },
      schema: {
        summary: 'Removes an account; what is open with it ends at once',
        tags,
        params: USER_PARAMS,
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      mayFinish(request)
      await desk.remove(request.params.user, actorOf(request))
      return reply.status(204).send(null)
    },
  )
  app.get(
    '/api/v1/users/:user/sessions',
    {
      config: { roles: READERS },
      schema: {
        summary: 'Where somebody is signed in (one’s own, or for a supervisor)',
        tags,
        params: USER_PARAMS,
        response: { 200: listOf(SESSION), ...answers },
      },
    },
    (request) => {
      mustBeTheirs(request, request.params.user)
      return { items: desk.sessions(request.params.user, ownCookie(request)), next: null }
    },
  )
  app.delete(
    '/api/v1/users/:user/sessions',
    {
      config: { roles: READERS },
      schema: {
        summary: 'Signs somebody out everywhere, at once',
        tags,
        params: USER_PARAMS,
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      mustBeTheirs(request, request.params.user)
      mayFinish(request)
      await desk.endSessions(request.params.user, null, actorFor(request, request.params.user))
      return reply.status(204).send(null)
    },
  )
  app.delete(
    '/api/v1/users/:user/sessions/:id',
    {
      config: { roles: READERS },
      schema: {
        summary: 'Ends one session, at once',
        tags,
        params: SESSION_PARAMS,
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      mustBeTheirs(request, request.params.user)
      mayFinish(request)
      await desk.endSessions(request.params.user, request.params.id, actorFor(request, request.params.user))
      return reply.status(204).send(null)
    },
  )
  app.get(
    '/api/v1/tokens',
    {
      config: { roles: SUPERVISORS },
      schema: {
        summary: 'Tokens of devices, scripts and walls; no token itself is ever shown again',
        tags,
        response: { 200: listOf(TOKEN) },
      },
    },
    () => ({ items: desk.tokens(), next: null }),
  )
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { roles: SUPERVISORS, confirmed: true },
      schema: {
        summary: 'Takes a token away; what is open with it ends at once',
        tags,
        params: TOKEN_PARAMS,
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      await desk.removeToken(request.params.id, actorOf(request))
      return reply.status(204).send(null)
    },
  )
}
