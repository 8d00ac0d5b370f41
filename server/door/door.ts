/** HTTP: the server, who may come in, and how refusals look. Routes are one file per room. */
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import type { Person, Role } from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import { version } from '../tools/package-root.ts'
import { answerError, sendProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; without it everybody may. */
    roles?: readonly Role[]
  }
  interface FastifyRequest {
    person: Person | null
  }
}

export type DoorOptions = {
  logger: FastifyBaseLogger
  /** Who holds this bearer token or session cookie. */
  whoHas(credential: { bearer: string } | { cookie: string }): Person | null
  onRefusedPress(source: string, reason: string): void
}
export const SESSION_COOKIE = 'lamppost_session'

/** The person's name as the ledger keeps it. */
export const actorOf = (request: FastifyRequest): string => `${request.person?.role ?? 'nobody'}:${request.person?.name ?? ''}`

export async function createDoor({ logger, whoHas, onRefusedPress }: DoorOptions) {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    requestTimeout: 30_000,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Schemas describe answers for people; they must not drop what the shapes gain.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => sendProblem(reply, 404, 'request/not-found', `There is nothing at ${request.method} ${request.url.split('?')[0]}.`))
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'self'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'", 'blob:', 'data:'], mediaSrc: ["'self'", 'blob:'], connectSrc: ["'self'"], objectSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'self'"], formAction: ["'self'"] },
    },
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lamppost', version, description: 'Links presses of help points to the cameras that see them. Times are UTC ISO 8601 with milliseconds.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, cookie: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE } } },
      security: [{ bearer: [] }, { cookie: [] }],
    },
  })
  app.decorateRequest('person', null)
  app.addHook('onRequest', async (request) => {
    const { roles } = request.routeOptions.config
    if (!roles) return
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const cookie = cookieOf(request.headers.cookie)
    request.person = bearer ? whoHas({ bearer }) : cookie ? whoHas({ cookie }) : null
    if (request.person && roles.includes(request.person.role)) return
    const pressing = request.method === 'POST' && request.routeOptions.url?.endsWith('/presses')
    if (!request.person) {
      if (pressing) onRefusedPress(request.ip, bearer ? 'wrong token' : 'no token')
      throw new Failure('people/unauthenticated', bearer || cookie ? 'This token or session is not known here, or has ended.' : 'Sign in, or send a token: Authorization: Bearer …')
    }
    throw new Failure('people/forbidden', `The role ${request.person.role} may not do this; it needs ${roles.join(' or ')}.`)
  })
  return app
}
export type App = Awaited<ReturnType<typeof createDoor>>

function cookieOf(header: string | undefined): string | null {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === SESSION_COOKIE && value) return value
  }
  return null
}
