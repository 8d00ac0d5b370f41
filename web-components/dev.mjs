/**
 * `npm run dev [-- OPTIONS OF lamppost start]`: the simulated town for those who change it. Pages and elements come from
 * their sources, and a browser shows a change at once; a change of the server is built, and the town starts anew on the
 * same data. The town's own port is one that the system gives; the pages' is printed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useRuntime } from '../server/node-runtime.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '..')
const setUp = spawnSync(process.execPath, [join(root, 'server', 'setup.mjs'), 'build'], { stdio: 'inherit' })
if (setUp.status !== 0) process.exit(setUp.status ?? 1)
await useRuntime(fileURLToPath(import.meta.url))

// Only now: they are installed by set-up.
const { createServer } = await import('vite')
const { leafletWithoutMarkup } = await import('./leaflet.mjs')
const { pageText } = await import('./room-pages.mjs')
// Node strips the types.
const { PAGES } = await import('../server/door/pages.ts')

const ADDRESS = /http:\/\/[^/\s]+:\d+/
/** Editors and the compiler write several files for one change. */
const SETTLED_MS = 300
/** @param port where the pages find it; what the system gives at first, the same from then on */
function startTown(port) {
  const args = ['start', '--port', port, '--data', join(root, 'data'), ...process.argv.slice(2)]
  const child = spawn(process.execPath, [join(root, 'dist', 'server', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const url = new Promise((resolve) => {
    child.stdout.on('data', (text) => {
      said += text
      const found = ADDRESS.exec(said)
      if (found && said.includes('Lamppost is running')) resolve(found[0])
    })
    child.once('exit', () => resolve(null))
  })
  return { process: child, url }
}
async function restartTown() {
  const before = town.process
  if (before.exitCode === null && before.signalCode === null) {
    const gone = new Promise((resolve) => before.once('exit', resolve))
    before.kill('SIGTERM')
    await gone
  }
  town = startTown(new URL(target).port)
  const again = await town.url
  console.log(
    again ? `dev: the town runs again (${again})` : 'dev: the town ended; it starts anew with the next change',
  )
}

const compiler = spawn(
  join(root, 'node_modules', '.bin', 'tsc'),
  ['--project', join(root, 'server', 'tsconfig.json'), '--watch', '--preserveWatchOutput'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
compiler.stdout.pipe(process.stdout)
// Its first round writes every file once more, which is no change.
await new Promise((resolve) =>
  compiler.stdout.on('data', (text) => /Watching for file changes/.test(text) && resolve()),
)
let town = startTown('0')
const target = await town.url
if (target === null) {
  // It has said why: another town on the same data folder, say.
  compiler.kill()
  process.exit(1)
}
let settling = setTimeout(() => {}, 0)
let restarting = Promise.resolve()
watch(join(root, 'dist', 'server'), { recursive: true }, () => {
  clearTimeout(settling)
  settling = setTimeout(() => (restarting = restarting.then(restartTown)), SETTLED_MS)
})

/** A page from its source: the modules that the build bundles are its sources here. */
const sourcePages = {
  name: 'source-pages',
  configureServer: (server) =>
    void server.middlewares.use(async (request, response, next) => {
      const file = PAGES[(request.url ?? '').split('?')[0]]
      if (!file) return next()
      const page = pageText(here, file)
        .replace('"./lamppost.js"', '"/lamppost.ts"')
        .replaceAll(/"\.\/([\w-]+-page)\.js"/g, '"/pages/$1.ts"')
        .replaceAll(/"\.\/([\w-]+-page)\.css"/g, '"/pages/styles/$1.css"')
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(await server.transformIndexHtml(request.url ?? '/', page))
    }),
}
const proxied = { target, ws: true }
const vite = await createServer({
  configFile: false,
  root: here,
  appType: 'custom',
  publicDir: false,
  plugins: [leafletWithoutMarkup, sourcePages],
  server: {
    host: '127.0.0.1',
    fs: { allow: [root] },
    proxy: Object.fromEntries(['/api', '/demo', '/disclosures', '/healthz', '/metrics'].map((path) => [path, proxied])),
  },
})
await vite.listen()
vite.printUrls()

let ending = false
async function end() {
  if (ending) return
  ending = true
  compiler.kill('SIGTERM')
  town.process.kill('SIGTERM')
  await vite.close()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end())
