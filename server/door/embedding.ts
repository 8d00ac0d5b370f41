/**
 * Pages of other origins that may have Lamppost in them, as the site file names them: by its web components (CORS,
 * with a bearer token only; cookies stay with our own origin) or in a frame. Nobody else.
 */
import cors from '@fastify/cors'
import type { App } from './door.ts'

const SEEN_BY_PAGES = ['content-disposition', 'date', 'location', 'retry-after', 'x-lamppost-sha256']

/** @param origins as the site file has them now */
export async function allowEmbedding(
  app: Pick<App, 'register' | 'addHook'>,
  origins: () => readonly string[],
): Promise<void> {
  const isAllowed = (origin: string | undefined): origin is string =>
    origin !== undefined && origins().includes(origin.toLowerCase())
  // The page learns by it how its browser is connected: what comes over HTTP/2 needs no saving of connections.
  app.addHook('onRequest', async ({ headers: { origin } }, reply) => {
    if (isAllowed(origin)) void reply.header('timing-allow-origin', origin)
  })
  await app.register(cors, {
    hook: 'onRequest',
    // A list that changes with the site file.
    delegator: (request, callback) => {
      const { origin } = request.headers
      callback(null, {
        origin: isAllowed(origin) ? origin : false,
        credentials: false,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
        allowedHeaders: ['authorization', 'content-type', 'last-event-id'],
        exposedHeaders: SEEN_BY_PAGES,
        maxAge: 600,
        strictPreflight: true,
      })
    },
  })
}

/** The directive of the content security policy that says who may frame our pages. */
export const frameAncestors = (origins: readonly string[]): string => ["'self'", ...origins].join(' ')
