/** Builds the one module `/lamppost.js` and the standalone pages into dist/web. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))
const outDir = join(here, '..', 'dist', 'web')
const pages = join(here, 'pages')

async function bundle(name, entry, emptyOutDir) {
  await build({
    configFile: false,
    root: here,
    logLevel: 'warn',
    publicDir: false,
    build: { outDir, emptyOutDir, target: 'es2022', sourcemap: true, reportCompressedSize: false, lib: { entry, formats: ['es'], fileName: () => `${name}.js` }, rolldownOptions: { output: { minify: true } } },
  })
}

await bundle('lamppost', join(here, 'lamppost.ts'), true)
for (const file of readdirSync(pages)) if (file.endsWith('.ts')) await bundle(file.replace(/\.ts$/, ''), join(pages, file), false)
mkdirSync(outDir, { recursive: true })
for (const file of readdirSync(pages)) if (!file.endsWith('.ts')) cpSync(join(pages, file), join(outDir, file))
