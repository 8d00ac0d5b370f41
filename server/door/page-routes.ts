/** The built pages and the one module of web components. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { App } from './door.ts'
import { PAGES } from './pages.ts'

const PAGE = { open: 'pages, scripts and styles: what they show they ask for with a session' }
/** For a person whose address leads nowhere: it is shown at any depth, so that its own addresses begin at the root. */
export function nothingHerePage(folder: string, basePath: string): string | null {
  const page = join(folder, 'nothing-here.html')
  return existsSync(page) ? readFileSync(page, 'utf8').replaceAll(/(href|src)="\.\/?/g, `$1="${basePath}/`) : null
}

export async function pageRoutes(app: App, folder: string): Promise<void> {
  if (!existsSync(folder)) return
  // The package has no option for the access of its own routes.
  app.addHook('onRoute', (route) => {
    if (route.url === '/*') route.config = { ...route.config, ...PAGE }
  })
  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    cacheControl: false,
    // Maps of the sources are for who builds them.
    allowedPath: (path) => !path.endsWith('.map'),
    setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
  })
  for (const [path, file] of Object.entries(PAGES))
    if (existsSync(join(folder, file)))
      app.get(path, { config: PAGE, schema: { hide: true } }, (_, reply) => reply.sendFile(file))
}
