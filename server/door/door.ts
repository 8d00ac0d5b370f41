/** HTTP: the server, who may come in, and how refusals look. Routes are one file per room. */
import { randomBytes } from 'node:crypto'
import fastifyCookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyContextConfig,
  type FastifySchema,
  type RouteOptions,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { type Server, createServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Person, Role, Scope } from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import { type HandleShare, createHandleShare } from '../tools/process/handle-share.ts'
import { version } from '../tools/package-root.ts'
import { ruleBrowsers } from './browser-rules.ts'
import { type Credential, SESSION_COOKIE, cookieIn, credentialOf, isSecure } from './credentials.ts'
import { allowEmbedding } from './embedding.ts'
import { CONFIRM_FIRST, type RefusedAccess, createEntrance, refusedBy } from './entrance.ts'
import { answerError, sendProblem } from './problem.ts'
import { AT_THE_ROOT, type PublicAddress, withoutBase } from './public-address.ts'
import { createRunningAnswers } from './running-answers.ts'
import type { Stream } from './sockets.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route. */
    roles?: readonly Role[]
    /** Narrowed tokens that may use it as well, if their role may; without it none. */
    scopes?: readonly Scope[]
    /** Why anybody may; a route that names neither this nor roles stops the start. */
    open?: string
    /** Also for who has one of the roles only with a second factor, and has not proven one yet. */
    withheld?: boolean
    /** Hands recordings out, or destroys them: a person with a session has said the password again lately. */
    confirmed?: boolean
    /** A signature in the place of a token is let in; the route checks it, and then `person` is null. */
    signed?: boolean
  }
  interface FastifyRequest {
    person: Person | null
    /** What it came with; null: nothing. */
    credential: Credential | null
    /** The value of one of our cookies, if this browser has it by the name that counts here; null: it has not. */
    ownCookie(name: string): string | null
    /** Its answer ends when this says no. */
    onlyWhile(mayHave: () => boolean): void
    /** Who sent it is known: its connection is not the first to go when handles run short. */
    prove(): void
    /**
     * For what a part of a route's requests does: whose session asks has said the password again lately.
     * @throws people/confirm-first
     */
    mustBeConfirmed(): void
    /** The exact bytes, where a signature covers them. */
    rawBody: Buffer | null
  }
}

export type DoorOptions = {
  logger: FastifyBaseLogger
  /** PEM texts; with them the server speaks HTTPS: HTTP/2, and HTTP/1.1 for who asks for it. */
  tls: { cert: string; key: string } | null
  /** Who holds this bearer token or session cookie. */
  whoHas(credential: Credential): Person | null
  /** Whether this session's person has said the password again lately; left out: it is never asked. */
  isConfirmed?(session: string): boolean
  onRefusedPress(source: string, reason: string): void
  onRefused?(refused: RefusedAccess): void
  /** Origins of pages that may have Lamppost in them. */
  embedding(): readonly string[]
  /** Origins of the town's other servers: a wall of theirs goes on here when its own is gone, and the other way round. */
  fellows?(): readonly string[]
  /** The page for a person whose address leads nowhere; null where no pages are built. */
  nothingHere?: string | null
  /** Where the server is to its users. */
  address?: PublicAddress
  /** What is kept of this process's handles for presses. */
  handles?: HandleShare
  /** It never listens itself: requests are given to its server by a member's front, which says truly who asked. */
  behindFront?: boolean
}
export { SESSION_COOKIE, type Credential }
const HEADERS_WITHIN_MS = 10_000

/** Whoever asks. @throws people/unauthenticated where a route lets others in, too */
export function personOf({ person }: { person: Person | null }): Person {
  if (!person) throw new Failure('people/unauthenticated', 'Sign in, or send a token: Authorization: Bearer …')
  return person
}
/** The person's name as the ledger keeps it. */
export const actorOf = (request: FastifyRequest): string =>
  `${request.person?.role ?? 'nobody'}:${request.person?.name ?? ''}`

/**
 * A proxy may take the prefix off or pass it on: one that a path here begins with as well could not be told from that
 * path.
 */
function refuseOwnPaths(app: App, basePath: string): void {
  const [, first = ''] = basePath.split('/')
  if (first === '') return
  app.addHook('onRoute', ({ url }) => {
    if (url.split('/')[1] === first)
      throw new Error(
        `--base-path ${basePath} begins with a path of Lamppost’s own (/${first}); take another, /cctv for example`,
      )
  })
}

/** Nobody forgets to say who may use a route: the start would stop. */
function refuseRoutesWithoutAccess(app: App): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', (done) => {
    const silent = routes.filter(({ config }) => config?.roles === undefined && config?.open === undefined)
    const names = silent.map(({ method, url }) => `${String(method)} ${url}`).join(', ')
    done(silent.length === 0 ? undefined : new Error(`who may use it? Name config.roles or config.open: ${names}`))
  })
}

/** Who may use a route stands in the API document as `x-roles`. */
const withAccess = (schema: FastifySchema | undefined, config: FastifyContextConfig = {}): FastifySchema => ({
  ...schema,
  ...(config.roles ? { 'x-roles': config.roles } : { security: [], 'x-open': config.open }),
  ...(config.scopes ? { 'x-scopes': config.scopes } : {}),
  ...(config.confirmed ? { 'x-confirmed': true } : {}),
})

export async function createDoor({
  logger,
  tls,
  whoHas,
  isConfirmed = () => true,
  onRefusedPress,
  onRefused = () => {},
  embedding,
  fellows,
  nothingHere = null,
  address = AT_THE_ROOT,
  handles = createHandleShare(),
  behindFront = false,
}: DoorOptions) {
  const options = {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    // In each answer, and in each line of the log about the request.
    genReqId: () => `req-${randomBytes(8).toString('hex')}`,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      void answerError(error, request, reply),
    requestTimeout: 30_000,
    // Only a proxy that is ours says truly who asked, and by what scheme.
    // One hop: what stands further left in X-Forwarded-For is what the caller itself said.
    trustProxy: address.trustProxy || behindFront ? (_: string, hop: number) => hop === 0 : false,
    rewriteUrl: ({ url = '/' }: { url?: string | undefined }) => withoutBase(url, address),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    routerOptions: { maxParamLength: 200 },
  }
  // Routes are the same over HTTP/1.1 and HTTP/2; the types would make two of each.
  const made = behindFront
    ? (Fastify({
        ...options,
        serverFactory: (answer) => createServer(answer),
      } as FastifyServerOptions) as FastifyInstance)
    : tls
      ? (Fastify({
          ...options,
          http2: true,
          https: { ...tls, allowHTTP1: true },
        } as unknown as FastifyServerOptions) as FastifyInstance)
      : (Fastify({ ...options, forceCloseConnections: true } as FastifyServerOptions) as FastifyInstance)
  const app = made.withTypeProvider<TypeBoxTypeProvider>()
  if (tls && !behindFront) cutConnectionsAtClose(app)
  // A stranger has so long to say what it wants.
  if ('headersTimeout' in app.server) app.server.headersTimeout = HEADERS_WITHIN_MS
  handles.watch(app.server)
  refuseOwnPaths(app, address.basePath)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    const over = handles.serve(request.socket)
    reply.raw.once('close', over)
    reply.raw.once('finish', over)
    done()
  })
  // Schemas describe answers for people; they must not drop what the shapes gain.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler((error, request, reply) => {
    const refused = refusedBy(error, request)
    if (refused) onRefused(refused)
    return answerError(error, request, reply)
  })
  app.setNotFoundHandler((request, reply) => {
    // A person with a mistyped address gets a page that leads on; a program the same words as for any other refusal.
    const page =
      ['GET', 'HEAD'].includes(request.method) &&
      /\btext\/html\b/.test(request.headers.accept ?? '') &&
      !request.url.startsWith('/api/')
        ? nothingHere
        : null
    return page === null
      ? sendProblem(
          reply,
          404,
          'request/not-found',
          `There is nothing at ${request.method} ${request.url.split('?')[0]}.`,
        )
      : reply.code(404).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page)
  })
  await ruleBrowsers(app, { tls: tls !== null, embedding, ...(fellows ? { fellows } : {}) })
  await allowEmbedding(app, () => [...embedding(), ...(fellows?.() ?? [])])
  await app.register(fastifyCookie)
  refuseRoutesWithoutAccess(app)
  await app.register(swagger, {
    transform: ({ schema, url, route }) => ({ schema: withAccess(schema, route.config), url }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lamppost',
        version,
        description:
          'Links presses of help points to the cameras that see them. Times are UTC ISO 8601 with milliseconds.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
      ...(address.basePath === '' ? {} : { servers: [{ url: address.basePath }] }),
    },
  })
  app.decorateRequest('person', null)
  const answers = createRunningAnswers()
  const answerOf = new WeakMap<FastifyRequest, FastifyReply>()
  app.decorateRequest('onlyWhile', function onlyWhile(this: FastifyRequest, mayHave: () => boolean) {
    const reply = answerOf.get(this)
    if (reply) answers.onlyWhile(reply.raw, mayHave)
  })
  app.decorateRequest('prove', function prove(this: FastifyRequest) {
    handles.prove(this.socket)
  })
  const schemeOf = (request: FastifyRequest) => ({ secure: isSecure(request, address), basePath: address.basePath })
  app.decorateRequest('credential', null)
  app.decorateRequest('ownCookie', function ownCookie(this: FastifyRequest, name: string) {
    return cookieIn(this.headers, name, schemeOf(this))
  })
  app.decorateRequest('mustBeConfirmed', function mustBeConfirmed(this: FastifyRequest) {
    const { credential } = this
    if (credential && 'cookie' in credential && !isConfirmed(credential.cookie))
      throw new Failure('people/confirm-first', CONFIRM_FIRST)
  })
  app.decorateRequest('rawBody', null)
  const { enter, stillIn } = createEntrance({ whoHas, isConfirmed, onRefusedPress, onRefused, address })
  app.addHook('onRequest', async (request, reply) => {
    answerOf.set(request, reply)
    request.credential = credentialOf(request.headers, schemeOf(request))
    return enter(request, reply)
  })
  app.addHook('preHandler', stillIn)
  return app
}
export type App = Awaited<ReturnType<typeof createDoor>>
/** What a room's routes and sockets are opened with: who comes in, and who looks at what, is the door's to know. */
export type Door = {
  app: App
  whoHas(credential: Credential): Person | null
  /**
   * Before each picture.
   * @throws view/no-reason
   */
  admit(person: Person, camera: CameraId, what: 'live' | 'still'): Promise<void>
  /** Somebody plays what an incident holds. */
  played(person: Person, camera: CameraId, incident: IncidentId): void
  /**
   * Before each piece of what an incident holds without its privacy masks.
   * @throws view/no-reason
   */
  unmasked(person: Person, camera: CameraId, incident: IncidentId): Promise<void>
  /** Somebody has a wall open. */
  enter(person: Person): { looking(incidents: string[]): void; leave(): void }
  /** A WebSocket at that path. */
  socket(path: string, stream: Stream): void
}

/** That many may come between two turns of the event loop; the system takes fewer where it is set so. */
const WAITING_CONNECTIONS = 4096
/** @returns where it is reached */
export async function openDoor(
  app: App,
  at: { port: number; host: string } | { show(server: Server): string },
): Promise<string> {
  if ('show' in at) {
    await app.ready()
    return at.show(app.server)
  }
  const url = await app.listen({ ...at, backlog: WAITING_CONNECTIONS })
  return url.replace('[::1]', 'localhost')
}

/** Connections from then on get the new certificate; those that are open go on. Without TLS it does nothing. */
export function renewCertificate({ server }: Pick<App, 'server'>, pems: { cert: string; key: string }): void {
  if ('setSecureContext' in server) (server as unknown as TlsServer).setSecureContext(pems)
}

/** HTTP/2 has no list of its connections to cut; event streams would keep a closing server waiting. */
function cutConnectionsAtClose(app: Pick<FastifyInstance, 'server' | 'addHook'>): void {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('preClose', (done) => {
    for (const socket of sockets) socket.destroy()
    done()
  })
}
