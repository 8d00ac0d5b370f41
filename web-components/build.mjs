/** Builds the one module `/lamppost.js` and the standalone pages into dist/web. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { leafletWithoutMarkup } from './leaflet.mjs'
import { manifestOf } from './manifest.mjs'
import { pageText, roomPages } from './room-pages.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const outDir = join(here, '..', 'dist', 'web')
const pages = join(here, 'pages')

async function bundle(name, entry, emptyOutDir) {
  await build({
    configFile: false,
    root: here,
    logLevel: 'warn',
    publicDir: false,
    plugins: [leafletWithoutMarkup],
    build: {
      outDir,
      emptyOutDir,
      target: 'es2022',
      sourcemap: true,
      reportCompressedSize: false,
      lib: { entry, formats: ['es'], fileName: () => `${name}.js` },
      rolldownOptions: { output: { minify: true } },
    },
  })
}

/**
 * One file that needs nothing else: it is opened from a disk, years later, without a network. Its policy allows just
 * its own script and style.
 */
async function buildVerifier() {
  const folder = join(here, '..', 'server', 'evidence', 'verify', 'page')
  await bundle('verify', join(folder, 'verifier-page.ts'), false)
  const built = (name) => readFileSync(join(outDir, name), 'utf8')
  // Neither may end the element that it stands in.
  const script = built('verify.js')
    .replace(/\n\/\/# sourceMappingURL=.*\s*$/, '')
    .replaceAll('</script', '<\\/script')
  const style = readFileSync(join(folder, 'verify.css'), 'utf8')
  const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`
  const values = { SCRIPT_HASH: hashOf(script), STYLE_HASH: hashOf(style), STYLE: style, SCRIPT: script }
  writeFileSync(
    join(outDir, 'verify.html'),
    readFileSync(join(folder, 'verify.html'), 'utf8').replaceAll(/%([A-Z_]+)%/g, (_, name) => values[name]),
  )
  for (const name of ['verify.js', 'verify.js.map']) rmSync(join(outDir, name), { force: true })
}

await bundle('lamppost', join(here, 'lamppost.ts'), true)
// The browser's audio thread loads a script of its own.
await bundle('call-worklet', join(here, 'lamppost-call', 'call-worklet.ts'), false)
for (const file of readdirSync(pages))
  if (file.endsWith('.ts')) await bundle(file.replace(/\.ts$/, ''), join(pages, file), false)
mkdirSync(outDir, { recursive: true })
await buildVerifier()
writeFileSync(
  join(outDir, 'custom-elements.json'),
  `${JSON.stringify(manifestOf(here, 'dist/web/lamppost.js'), null, 2)}\n`,
)
for (const file of readdirSync(pages))
  if (!/\.(?:html|ts)$/.test(file) && file !== 'styles') cpSync(join(pages, file), join(outDir, file))
for (const file of [...readdirSync(pages).filter((name) => name.endsWith('.html')), ...roomPages])
  writeFileSync(join(outDir, file), pageText(here, file))
for (const file of readdirSync(join(pages, 'styles'))) cpSync(join(pages, 'styles', file), join(outDir, file))
