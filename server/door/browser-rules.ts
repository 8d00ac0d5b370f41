/** Headers for browsers, with every answer: what a page may run, and that nothing is kept in the cache. */
import helmet from '@fastify/helmet'
import type { App } from './door.ts'
import { frameAncestors } from './embedding.ts'
import { PAGES } from './pages.ts'

/** Pages and their files are asked for again each time; everything else is somebody's, and no browser keeps it. */
const isPage = (route: string | undefined): boolean =>
  route === '/*' || (route !== undefined && Object.hasOwn(PAGES, route))

/** A policy's 'self' has the WebSockets of its own origin; of others they are named. */
const asTheyAre = (origins: readonly string[]): string => origins.join(' ')
const withSockets = (origins: readonly string[]): string =>
  origins.flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]).join(' ')

export type BrowserRules = {
  /** With TLS of our own: browsers come back by it. */
  tls: boolean
  /** Origins of pages that may have Lamppost in them. */
  embedding(): readonly string[]
  /** Origins of the town's other servers. */
  fellows?(): readonly string[]
}

/**
 * The content security policy of every page, trusted types (no text becomes markup or script: nothing of ours needs
 * that), and no copy of a picture or an answer after somebody has signed out.
 */
export async function ruleBrowsers(
  app: Pick<App, 'register' | 'addHook'>,
  { tls, embedding, fellows }: BrowserRules,
): Promise<void> {
  const also = (written: (origins: readonly string[]) => string) => (fellows ? [() => written(fellows())] : [])
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:', ...also(asTheyAre)],
        mediaSrc: ["'self'", 'blob:', ...also(asTheyAre)],
        connectSrc: ["'self'", ...also(withSockets)],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: [() => frameAncestors(embedding())],
        formAction: ["'self'"],
        requireTrustedTypesFor: ["'script'"],
        // Lit makes its templates, which are constants, by a policy of that name; a bundle of one’s own may have another Lit.
        trustedTypes: ['lit-html', "'allow-duplicates'"],
      },
    },
    strictTransportSecurity: tls ? { maxAge: 31_536_000 } : false,
    crossOriginEmbedderPolicy: false,
    // The content security policy's frame-ancestors say it, by origin.
    xFrameOptions: false,
  })
  app.addHook('onSend', async (request, reply) => {
    if (!isPage(request.routeOptions.url)) void reply.header('cache-control', 'no-store')
  })
}
