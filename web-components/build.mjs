/** Builds the one module `/lamppost.js` and the standalone pages into dist/web. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { manifestOf } from './manifest.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const outDir = join(here, '..', 'dist', 'web')
const pages = join(here, 'pages')

/**
 * Leaflet looks what the browser can do by writing markup, which a page with `require-trusted-types-for` forbids: the whole module
 * would fail to load there. The same question is asked by making the element. And it gives itself a global name: none of ours has one.
 */
const MARKUP = "div.innerHTML = '<svg/>'"
const GLOBAL = /\bwindow\.L = exports;/
const leafletWithoutMarkup = {
  name: 'leaflet-without-markup',
  transform(code, id) {
    if (!/leaflet-src(\.esm)?\.js$/.test(id)) return null
    if (!code.includes(MARKUP)) throw new Error(`Leaflet has changed: ${MARKUP} is not there any more; see whether it still loads under trusted types`)
    if (!GLOBAL.test(code)) throw new Error('Leaflet has changed: it names itself globally in another way')
    return code.replace(GLOBAL, '').replace(MARKUP, "div.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))")
  },
}

async function bundle(name, entry, emptyOutDir) {
  await build({
    configFile: false,
    root: here,
    logLevel: 'warn',
    publicDir: false,
    plugins: [leafletWithoutMarkup],
    build: { outDir, emptyOutDir, target: 'es2022', sourcemap: true, reportCompressedSize: false, lib: { entry, formats: ['es'], fileName: () => `${name}.js` }, rolldownOptions: { output: { minify: true } } },
  })
}

await bundle('lamppost', join(here, 'lamppost.ts'), true)
for (const file of readdirSync(pages)) if (file.endsWith('.ts')) await bundle(file.replace(/\.ts$/, ''), join(pages, file), false)
mkdirSync(outDir, { recursive: true })
writeFileSync(join(outDir, 'custom-elements.json'), `${JSON.stringify(manifestOf(here, 'dist/web/lamppost.js'), null, 2)}\n`)
for (const file of readdirSync(pages)) if (!file.endsWith('.ts')) cpSync(join(pages, file), join(outDir, file))
