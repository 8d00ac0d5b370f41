/** Sign in and out; and, in the simulated town only, tokens for the pages that imitate other people's. */
import { Type } from 'typebox'
import { READERS, type Person, ROLES, type Role, SCOPES } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { BROWSER_COOKIE, type Credential, SESSION_COOKIE } from '../../door/credentials.ts'
import { createCookieGiver } from './give-cookie.ts'
import { type App, personOf } from '../../door/door.ts'
import { rolesOf } from '../../door/rights.ts'
import { AT_THE_ROOT, type PublicAddress, isForwarded, isLoopback, originOf } from '../../door/public-address.ts'
import { MAYBE_STRING, PROBLEM } from '../../door/shapes.ts'
import { USED_PASSKEY } from '../second-factor/passkey-shapes.ts'
import type { SignInOptions } from '../second-factor/passkeys.ts'
import { type SignIn, type SignedIn, attemptOf, placeOf } from './sign-in.ts'
import type { Place, Standing } from './sessions.ts'

export type SessionPort = {
  signIn: SignIn
  /** Resolves when it would outlive a restart. */
  open(signedIn: SignedIn, place: Place): Promise<string>
  close(cookie: string): Promise<void>
  /** @throws factor/no-passkeys */
  passkeyOptions(origin: string): Promise<SignInOptions>
  /** False: it was opened with something else. */
  confirm(cookie: string, holder: SignedIn['holder']): boolean
  /** What the browser of a known person holds from now on. */
  remember(browser: string | null, user: string): string
  onOpened(person: Person, holder: SignedIn['holder']): Promise<void>
  onClosed(person: Person): Promise<void>
  /** How it was opened, and whether its person has proved lately that it is them. Null: there is no such session. */
  standing(cookie: string): Standing | null
  /** Whose session that is; null: nobody's any more. */
  whoHas(credential: Credential): Person | null
  /** Null in a real town. */
  demoTokens: Readonly<Record<Role, string>> | null
}

export const SIGN_IN = Type.Union([
  Type.Object(
    { user: Type.String({ minLength: 1, maxLength: 200 }), password: Type.String({ minLength: 1, maxLength: 1000 }) },
    { additionalProperties: false },
  ),
  Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
  Type.Object(
    { ticket: Type.String({ minLength: 1, maxLength: 1000 }), code: Type.String({ minLength: 1, maxLength: 20 }) },
    { additionalProperties: false, description: 'After people/second-step: its ticket, and the code of the app' },
  ),
  Type.Object({ passkey: USED_PASSKEY }, { additionalProperties: false }),
])
const WHO = Type.Object({
  name: Type.String(),
  role: Type.Enum(ROLES, { description: 'The first of the roles' }),
  roles: Type.Array(Type.Enum(ROLES)),
  withheld: Type.Array(Type.Enum(ROLES), { description: 'Roles that they have only once a second factor is set up' }),
  user: MAYBE_STRING,
  scope: Type.Union([Type.Enum(SCOPES), Type.Null()], {
    description: 'What a narrowed token is for; null: everything',
  }),
  how: Type.Enum(['account', 'directory', 'token'], { description: 'What they came in with' }),
  factor: Type.Union([Type.Enum(['totp', 'passkey']), Type.Null()], {
    description: 'What proved them beside the password of an account, or in its place',
  }),
  confirmed: Type.Boolean({ description: 'What cannot be taken back may be done now; a token needs nothing more' }),
})
const BY_TOKEN: Standing = { how: 'token', factor: null, confirmed: true }
const whoIs = (person: Person, standing: Standing | null) => ({
  name: person.name,
  role: rolesOf(person)[0] ?? person.role,
  roles: [...rolesOf(person)],
  withheld: [...(person.withheld ?? [])],
  user: person.user ?? null,
  scope: person.scope ?? null,
  ...(standing ?? BY_TOKEN),
})

export function sessionRoutes(app: App, port: SessionPort, address: PublicAddress = AT_THE_ROOT): void {
  const give = createCookieGiver(address)

  app.post(
    '/api/v1/session',
    {
      config: { open: 'signs in' },
      schema: {
        summary:
          'Sign in with a name and password, and a code where the account has a second factor; with a passkey; or with a token',
        tags: ['session'],
        body: SIGN_IN,
        response: { 201: WHO, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const signedIn = await port.signIn({ ...attemptOf(request, request.body, address), once: true })
      const { person, user } = signedIn
      const session = await port.open(signedIn, placeOf(request))
      await port.onOpened(person, signedIn.holder)
      give.session([request, reply], session)
      if (user !== null) give.browser([request, reply], port.remember(request.ownCookie(BROWSER_COOKIE), user))
      return reply.status(201).send(whoIs(person, port.standing(session)))
    },
  )
  app.get(
    '/api/v1/session',
    {
      config: { roles: READERS, scopes: SCOPES, withheld: true },
      schema: { summary: 'Who is signed in', tags: ['session'], response: { 200: WHO, '4xx': PROBLEM } },
    },
    (request) => {
      const { credential } = request
      return whoIs(personOf(request), credential && 'cookie' in credential ? port.standing(credential.cookie) : null)
    },
  )
  app.put(
    '/api/v1/session/confirmation',
    {
      config: { roles: READERS, withheld: true },
      schema: {
        summary:
          'Say the password (or token) again, for what cannot be taken back: exports and hand-overs, for five minutes',
        tags: ['session'],
        body: SIGN_IN,
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const mine = personOf(request)
      const { person, holder } = await port.signIn(attemptOf(request, request.body, address)).catch(asForbidden)
      const theirs = [...rolesOf(person), ...(person.withheld ?? [])]
      if (person.name !== mine.name || person.user !== mine.user || !theirs.includes(mine.role))
        throw new Failure('people/forbidden', `${mine.name} is signed in here; ${person.name} cannot answer for them.`)
      const { credential } = request
      if (credential && 'cookie' in credential && !port.confirm(credential.cookie, holder))
        throw new Failure('people/forbidden', 'This session was opened with something else; say that again.')
      return reply.status(204).send(null)
    },
  )
  app.get(
    '/api/v1/session/passkey',
    {
      config: { open: 'what a passkey answers to' },
      schema: {
        summary: 'What the browser asks a passkey for (PublicKeyCredentialRequestOptionsJSON)',
        tags: ['session'],
        response: { 200: Type.Record(Type.String(), Type.Any()), '4xx': PROBLEM },
      },
    },
    async (request) => ({ ...(await port.passkeyOptions(originOf(request, address))) }),
  )
  app.delete(
    '/api/v1/session',
    {
      config: { open: 'ends a session that is given' },
      schema: { summary: 'Sign out', tags: ['session'], response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const held = request.ownCookie(SESSION_COOKIE)
      const person = held === null ? null : port.whoHas({ cookie: held })
      if (held !== null && port.standing(held)?.how === 'directory') give.left([request, reply], true)
      if (held !== null) await port.close(held)
      if (person) await port.onClosed(person)
      give.session([request, reply], '')
      // What was shown is not to be found in this browser any more.
      return reply.status(204).header('clear-site-data', '"cache"').send(null)
    },
  )

  app.get(
    '/demo/token',
    {
      config: { open: 'the simulated town only, and only from this machine' },
      schema: { hide: true, querystring: Type.Object({ role: Type.Enum(ROLES) }) },
    },
    (request, reply) => {
      // What a proxy passes on comes from anywhere, though it comes from this machine.
      const passedOn =
        isForwarded(request.headers) || address.basePath !== '' || address.origin !== null || address.trustProxy
      const local =
        !passedOn &&
        isLoopback(request.socket.remoteAddress ?? '') &&
        /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')
      if (!port.demoTokens || !local)
        throw new Failure('request/not-found', 'Only the simulated town hands out tokens, and only to this machine.')
      return reply.header('cache-control', 'no-store').send({ token: port.demoTokens[request.query.role] })
    },
  )
}

/** Who is signed in here stays so: it is what was typed that is wrong. Slowed is slowed. */
export function asForbidden(error: unknown): never {
  if (error instanceof Failure && error.code === 'people/unauthenticated')
    throw new Failure('people/forbidden', error.message, { cause: error })
  throw error
}
