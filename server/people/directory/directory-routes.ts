/** Sign-in by the council's directory: there and back by the browser, and its own word when somebody has signed out there. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { DIRECTORY_COOKIE, LEFT_COOKIE, SESSION_COOKIE } from '../../door/credentials.ts'
import type { App } from '../../door/door.ts'
import { type PublicAddress, originOf } from '../../door/public-address.ts'
import { MAYBE_STRING, PROBLEM } from '../../door/shapes.ts'
import type { Person } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { escaped } from '../../tools/html.ts'
import { createCookieGiver } from '../sign-in/give-cookie.ts'
import type { Place } from '../sign-in/sessions.ts'
import { placeOf } from '../sign-in/sign-in.ts'
import type { DirectoryState, Start } from './directory-desk.ts'
import { type DirectoryHolder, pageAfter } from './directory-plan.ts'

export type DirectoryPort = {
  state(): DirectoryState | null
  start(where: Start): Promise<{ url: string; browser: string }>
  finish(
    browser: string | null,
    query: string,
  ): Promise<{ person: Person; holder: DirectoryHolder; after: string; again: string | null }>
  /** Resolves when it would outlive a restart; the cookie of the session. */
  open(holder: DirectoryHolder, person: Person, place: Place): Promise<string>
  /** Whether it was that person's session. */
  confirm(session: string, holder: DirectoryHolder): boolean
  signedOut(logoutToken: string): Promise<void>
  /** Whether anybody has one. */
  passkeys(): boolean
  onRefused(refused: { from: string; reason: string }): void
}

const RETURN = '/api/v1/session/directory/return'
const STATUS: Readonly<Record<string, number>> = {
  'people/directory-away': 503,
  'people/busy': 503,
  'request/not-found': 404,
}
/** What is a refusal of a person; that the directory is away is none. */
const REFUSALS: Readonly<Record<string, string>> = {
  'people/forbidden': 'no role by the directory',
  'people/unauthenticated': 'by the directory',
}
const MOST_LOGOUT_BYTES = 16_384

/** `to`: where it leads; `at`: by itself, or when it is clicked. */
type Next = { to: string; at: 'once' | 'click' }

/** A page of ours, and so the browser’s next step is one within our own site: the strict cookie goes with it. */
const page = (root: string, title: string, words: string, { to, at }: Next): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${at === 'once' ? `<meta http-equiv="refresh" content="0;url=${escaped(to)}">` : ''}
<title>Lamppost: ${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escaped(root)}room-page.css">
</head>
<body>
<main class="words">
<h1>${escaped(title)}</h1>
<p>${escaped(words)}</p>
<p><a href="${escaped(to)}">Lamppost</a></p>
</main>
</body>
</html>
`

export function directoryRoutes(app: App, port: DirectoryPort, address: PublicAddress): void {
  const give = createCookieGiver(address)
  const root = `${address.basePath}/`
  /** What the directory sends the browser back to: it must be registered there. */
  const returnOf = (request: FastifyRequest): string => `${originOf(request, address)}${address.basePath}${RETURN}`
  const say = (reply: FastifyReply, status: number, text: string): FastifyReply =>
    reply.status(status).type('text/html; charset=utf-8').send(text)

  app.get(
    '/api/v1/session/ways',
    {
      config: { open: 'how somebody can sign in here' },
      schema: {
        summary: 'How people sign in: by an account made here, and by the council’s directory where there is one',
        tags: ['session'],
        response: {
          200: Type.Object({
            directory: Type.Union([Type.Object({ name: Type.String(), problem: MAYBE_STRING }), Type.Null()]),
            passkeys: Type.Boolean({ description: 'Somebody has one' }),
          }),
        },
      },
    },
    () => {
      const state = port.state()
      // What is wrong with it is not for strangers.
      return {
        directory: state && { name: state.name, problem: state.problem === null ? null : 'It does not answer.' },
        passkeys: port.passkeys(),
      }
    },
  )
  app.get(
    '/api/v1/session/directory',
    {
      config: { open: 'leads to the directory' },
      schema: {
        summary: 'Leads the browser to the council’s directory; `again`: to prove once more who is signed in',
        tags: ['session'],
        querystring: Type.Object(
          { after: Type.Optional(Type.String({ maxLength: 300 })), again: Type.Optional(Type.Literal('true')) },
          { additionalProperties: false },
        ),
        response: { '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const { after, again } = request.query
      const session = again === undefined ? null : request.ownCookie(SESSION_COOKIE)
      const to = { to: root, at: 'click' } as const
      // A page of somebody else must not change who is signed in in this browser.
      if (/^(?:cross-site|same-site)$/i.test(request.headers['sec-fetch-site'] ?? ''))
        return say(reply, 403, page(root, 'You are not signed in', 'Open Lamppost, and sign in there.', to))
      if (again !== undefined && session === null)
        return say(reply, 403, page(root, 'You are not signed in', 'Nobody is signed in in this browser.', to))
      try {
        const { url, browser } = await port.start({
          redirect: returnOf(request),
          after: `${address.basePath}${pageAfter(after)}`,
          again: session,
          from: request.ip,
          // Whoever signed out here before may still be signed in there.
          anew: request.ownCookie(LEFT_COOKIE) !== null,
        })
        give.directory([request, reply], browser)
        return await reply.redirect(url, 302)
      } catch (error) {
        if (!(error instanceof Failure) || STATUS[error.code] !== 503) throw error
        const words = `${error.message} Accounts that were made here go on.`
        return say(reply, 503, page(root, 'You are not signed in', words, to))
      }
    },
  )
  app.get(
    RETURN,
    { config: { open: 'the browser comes back from the directory' }, schema: { hide: true } },
    async (request, reply) => {
      const query = request.originalUrl.slice(request.originalUrl.split('?')[0]?.length ?? 0)
      try {
        const { person, holder, after, again } = await port.finish(request.ownCookie(DIRECTORY_COOKIE), query)
        give.directory([request, reply], '')
        if (again !== null) {
          if (!port.confirm(again, holder))
            throw new Failure(
              'people/forbidden',
              'Somebody else is signed in in the other window; sign in there again.',
            )
          return say(
            reply,
            200,
            page(root, 'Thank you', 'Go back to the other window; this one can be closed.', { to: after, at: 'click' }),
          )
        }
        give.session([request, reply], await port.open(holder, person, placeOf(request)))
        give.left([request, reply], false)
        return say(reply, 200, page(root, 'Signed in', 'One moment.', { to: after, at: 'once' }))
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const reason = REFUSALS[error.code]
        if (reason !== undefined) port.onRefused({ from: request.ip, reason })
        return say(
          reply,
          STATUS[error.code] ?? 403,
          page(root, 'You are not signed in', error.message, { to: root, at: 'click' }),
        )
      }
    },
  )
  void app.register(async (plain) => {
    // What OpenID Connect Back-Channel Logout 1.0 sends.
    plain.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MOST_LOGOUT_BYTES },
      (_, text, done) => done(null, new URLSearchParams(String(text)).get('logout_token')),
    )
    plain.post(
      '/api/v1/session/directory/logout',
      {
        config: { open: 'signed by the directory: somebody has signed out there' },
        schema: { summary: 'The directory says who has signed out there (Back-Channel Logout)', tags: ['session'] },
      },
      async (request, reply) => {
        if (typeof request.body !== 'string') throw new Failure('request/invalid', 'There is no logout_token.')
        await port.signedOut(request.body)
        return reply.status(200).send()
      },
    )
  })
}
