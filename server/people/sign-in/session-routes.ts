/** Sign in and out; and, in the simulated town only, tokens for the pages that imitate other people's. */
import { Type } from 'typebox'
import { READERS, type Person, ROLES, type Role } from '../../glossary/people.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { type App, SESSION_COOKIE, credentialOf } from '../../door/door.ts'
import { AT_THE_ROOT, type PublicAddress, isForwarded, isLoopback } from '../../door/public-address.ts'
import { PROBLEM } from '../../door/shapes.ts'

export type SessionPort = {
  byPassword(user: string, password: string): Promise<Person | null>
  byToken(token: string): Person | null
  /** @param given what they signed in with */
  open(person: Person, given: Given): string
  close(cookie: string): void
  confirm(cookie: string): void
  onOpened(person: Person): Promise<void>
  /** Null in a real town. */
  demoTokens: Readonly<Record<Role, string>> | null
}

const SIGN_IN = Type.Union([
  Type.Object(
    { user: Type.String({ minLength: 1, maxLength: 200 }), password: Type.String({ minLength: 1, maxLength: 1000 }) },
    { additionalProperties: false },
  ),
  Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
])
const SESSION_S = 24 * 3600
const WHO = Type.Object({ name: Type.String(), role: Type.String() })
/** Guessing passwords costs a second each, and after a few a minute. */
const WRONG_WAIT_MS = 1000
const MOST_WRONG = 10
const FORGIVEN_AFTER_MS = 60_000

export type Given = { user: string; password: string } | { token: string }
/** Who that is. @throws people/unauthenticated, slowly */
export type SignIn = (address: string, given: Given) => Promise<Person>

export function createSignIn(port: Pick<SessionPort, 'byPassword' | 'byToken'>): SignIn {
  const wrong = new Map<string, { count: number; since: number }>()
  return async (address, given) => {
    const before = wrong.get(address)
    if (before && before.count >= MOST_WRONG && performance.now() - before.since < FORGIVEN_AFTER_MS)
      throw new Failure('people/unauthenticated', 'Too many wrong tries from this address; wait a minute.')
    // Counted before it is checked: many guesses at once are many guesses.
    wrong.set(address, { count: (before?.count ?? 0) + 1, since: performance.now() })
    const person = 'token' in given ? port.byToken(given.token) : await port.byPassword(given.user, given.password)
    if (!person || person.role === 'press' || person.through !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, WRONG_WAIT_MS))
      throw new Failure('people/unauthenticated', 'This name and password (or token) are not known here.')
    }
    wrong.delete(address)
    return person
  }
}

export function sessionRoutes(app: App, port: SessionPort, signIn: SignIn, address: PublicAddress = AT_THE_ROOT): void {
  const cookie = ({ protocol }: { protocol: string }) => ({
    path: address.basePath || '/',
    httpOnly: true,
    sameSite: 'strict' as const,
    secure: protocol === 'https' || (address.origin?.startsWith('https:') ?? false),
  })

  app.post(
    '/api/v1/session',
    {
      config: { open: 'signs in' },
      schema: {
        summary: 'Sign in with a name and password, or with a token',
        tags: ['session'],
        body: SIGN_IN,
        response: { 201: WHO, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const person = await signIn(request.ip, request.body)
      await port.onOpened(person)
      return reply
        .status(201)
        .setCookie(SESSION_COOKIE, port.open(person, request.body), { ...cookie(request), maxAge: SESSION_S })
        .send({ name: person.name, role: person.role })
    },
  )
  app.get(
    '/api/v1/session',
    {
      config: { roles: READERS },
      schema: { summary: 'Who is signed in', tags: ['session'], response: { 200: WHO, '4xx': PROBLEM } },
    },
    (request) => ({ name: request.person?.name ?? '', role: request.person?.role ?? '' }),
  )
  app.put(
    '/api/v1/session/confirmation',
    {
      config: { roles: READERS },
      schema: {
        summary:
          'Say the password (or token) again, for what cannot be taken back: exports and hand-overs, for five minutes',
        tags: ['session'],
        body: SIGN_IN,
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const person = await signIn(request.ip, request.body).catch((error: unknown) => {
        throw new Failure('people/forbidden', messageOf(error))
      })
      if (person.name !== request.person?.name || person.role !== request.person.role)
        throw new Failure(
          'people/forbidden',
          `${request.person?.name ?? 'Somebody else'} is signed in here; ${person.name} cannot answer for them.`,
        )
      const credential = credentialOf(request.headers)
      if (credential && 'cookie' in credential) port.confirm(credential.cookie)
      return reply.status(204).send(null)
    },
  )
  app.delete(
    '/api/v1/session',
    {
      config: { open: 'ends a session that is given' },
      schema: { summary: 'Sign out', tags: ['session'], response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const held = request.cookies[SESSION_COOKIE]
      if (held) port.close(held)
      return reply.status(204).clearCookie(SESSION_COOKIE, cookie(request)).send(null)
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
