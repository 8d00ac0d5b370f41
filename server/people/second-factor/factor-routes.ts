/** Second factors: one's own to set up and remove; a supervisor removes those that somebody has lost. */
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { READERS } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../door/credentials.ts'
import { AT_THE_ROOT, type PublicAddress, originOf } from '../../door/public-address.ts'
import { type App, actorOf, personOf } from '../../door/door.ts'
import { rolesOf } from '../../door/rights.ts'
import { PROBLEM, TIME, listOf } from '../../door/shapes.ts'
import { createCookieGiver } from '../sign-in/give-cookie.ts'
import type { Doer, FactorDesk } from './factor-desk.ts'
import { NEW_PASSKEY } from './passkey-shapes.ts'

const KIND = Type.Enum(['totp', 'passkey'], { description: 'totp: codes of an authenticator app (RFC 6238)' })
export const FACTOR = Type.Object({ id: Type.String(), kind: KIND, name: Type.String(), since: TIME })
const NAME = Type.String({ minLength: 1, maxLength: 60, pattern: '^(?!\\s)[^\\p{C}]+(?<!\\s)$' })
const strict = { additionalProperties: false }
const USER_PARAMS = Type.Object({ user: Type.String() })
export const OFFER = Type.Object({
  codes: Type.Union([
    Type.Object({
      ...{ offer: Type.String(), secret: Type.String(), address: Type.String() },
      qr: Type.Object({ size: Type.Integer(), path: Type.String() }, { description: 'Modules, and a path of an SVG' }),
    }),
    Type.Null(),
  ]),
  passkey: Type.Union([
    Type.Record(Type.String(), Type.Any(), { description: 'PublicKeyCredentialCreationOptionsJSON' }),
    Type.Null(),
  ]),
})
const NEW_FACTOR = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('totp'),
      name: NAME,
      offer: Type.String({ maxLength: 1000 }),
      code: Type.String({ maxLength: 20 }),
    },
    strict,
  ),
  Type.Object({ kind: Type.Literal('passkey'), name: NAME, passkey: NEW_PASSKEY }, strict),
])

export function factorRoutes(app: App, desk: FactorDesk, address: PublicAddress = AT_THE_ROOT): void {
  const give = createCookieGiver(address)
  /** @throws people/forbidden */
  function mustBeOwn(request: FastifyRequest, user: string): void {
    if (!desk.isOwn(personOf(request), user))
      throw new Failure(
        'people/forbidden',
        'Everybody sets up their own second factor; a supervisor can only remove it.',
      )
  }
  const doer = (request: FastifyRequest, reply: FastifyReply): Doer => {
    const person = personOf(request)
    return {
      // Who has none of their roles yet acts in none.
      actor: rolesOf(person).length > 0 ? actorOf(request) : `account:${person.name}`,
      own: {
        session: request.ownCookie(SESSION_COOKIE),
        browser: request.ownCookie(BROWSER_COOKIE),
        give(session, browser) {
          give.session([request, reply], session)
          give.browser([request, reply], browser)
        },
      },
    }
  }
  const answers = { '4xx': PROBLEM }
  const tags = ['people']

  app.get(
    '/api/v1/users/:user/factors',
    {
      config: { roles: READERS, withheld: true },
      schema: {
        summary: 'Second factors (one’s own, or for a supervisor)',
        tags,
        params: USER_PARAMS,
        response: { 200: listOf(FACTOR), ...answers },
      },
    },
    (request) => {
      const { user } = request.params
      if (!rolesOf(personOf(request)).includes('supervisor')) mustBeOwn(request, user)
      return { items: desk.list(user), next: null }
    },
  )
  app.post(
    '/api/v1/users/:user/factors/offers',
    {
      config: { roles: READERS, withheld: true, confirmed: true },
      schema: {
        summary:
          'Begins to set up a second factor: a secret for an authenticator app, or what the browser makes a passkey of',
        tags,
        params: USER_PARAMS,
        body: Type.Object({ kind: KIND }, strict),
        response: { 201: OFFER, ...answers },
      },
    },
    async (request, reply) => {
      const { user } = request.params
      mustBeOwn(request, user)
      const isCodes = request.body.kind === 'totp'
      const passkey = isCodes ? null : await desk.offerPasskey(user, originOf(request, address))
      return reply
        .status(201)
        .send({ codes: isCodes ? desk.offerCodes(user) : null, passkey: passkey && { ...passkey } })
    },
  )
  app.post(
    '/api/v1/users/:user/factors',
    {
      config: { roles: READERS, withheld: true, confirmed: true },
      schema: {
        summary:
          'Sets up a second factor by its first use; from then on every sign-in needs one, and other sessions of the account end',
        tags,
        params: USER_PARAMS,
        body: NEW_FACTOR,
        response: { 201: FACTOR, ...answers },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      mustBeOwn(request, params.user)
      request.onlyWhile(() => true)
      const by = doer(request, reply)
      const { user } = params
      const made =
        body.kind === 'totp'
          ? await desk.addCodes(user, body, body.name, by)
          : await desk.addPasskey(user, { response: body.passkey, origin: originOf(request, address) }, body.name, by)
      return reply.status(201).send(made)
    },
  )
  app.delete(
    '/api/v1/users/:user/factors/:id',
    {
      config: { roles: READERS, withheld: true, confirmed: true },
      schema: {
        summary: 'Removes a second factor of one’s own; other sessions of the account end',
        tags,
        params: Type.Object({ user: Type.String(), id: Type.String() }),
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      const { user, id } = request.params
      mustBeOwn(request, user)
      request.onlyWhile(() => true)
      await desk.remove(user, id, doer(request, reply))
      return reply.status(204).send(null)
    },
  )
  app.delete(
    '/api/v1/users/:user/factors',
    {
      config: { roles: ['supervisor'], confirmed: true },
      schema: {
        summary: 'Somebody has lost theirs: removes all, and signs them out everywhere; they set up new ones',
        tags,
        params: USER_PARAMS,
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      request.onlyWhile(() => true)
      await desk.reset(request.params.user, actorOf(request))
      return reply.status(204).send(null)
    },
  )
}
