/**
 * What a page's developer gets from the package: types that compile strictly, and a manifest that says what the
 * elements have.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-package-'))
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'lamppost'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: 'ES2022',
        module: 'ESNext',
        moduleResolution: 'Bundler',
        lib: ['ES2023', 'DOM', 'DOM.Iterable'],
        types: [],
      },
      files: ['page.ts'],
    }),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function compile(page: string): { ok: boolean; said: string } {
  writeFileSync(join(folder, 'page.ts'), page)
  const { status, stdout } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['--project', folder], {
    encoding: 'utf8',
  })
  return { ok: status === 0, said: stdout }
}
const PAGE = `import { type IncidentNews, LamppostWall } from 'lamppost/web-components'
const wall: LamppostWall = document.createElement('lamppost-wall')
wall.server = 'https://lamppost.example'
wall.fromStep = 1
wall.renewToken = async () => ({ token: 'x', expiresAt: '2026-11-24T00:00:00.000Z' })
wall.actionKeys = { take: 'g' }
wall.addEventListener('lamppost-incident-opened', ({ detail }: CustomEvent<IncidentNews>) => console.log(detail.helpPoint))
wall.addEventListener('lamppost-incident-request', (event) => {
  if (event.detail.ask === 'close') event.preventDefault()
})
`

describe('the typed package', () => {
  test('compiles in somebody else’s strict project', () => expect(compile(PAGE)).toEqual({ ok: true, said: '' }))
  test.each([
    ['a property of another type', "wall.renewToken = 'token'\n"],
    [
      'a wish that does not exist',
      "wall.addEventListener('lamppost-incident-request', ({ detail }) => detail.ask === 'explode')\n",
    ],
    ['a key for what is no action', "wall.actionKeys = { explode: 'x' }\n"],
  ])('refuses %s', (_, more) => expect(compile(PAGE + more).ok).toBe(false))
})

type Declaration = {
  tagName: string
  attributes: { name: string; description?: string }[]
  events: { name: string }[]
  cssParts: { name: string }[]
  cssProperties: { name: string }[]
}
describe('the custom-elements manifest', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'dist', 'web', 'custom-elements.json'), 'utf8')) as {
    schemaVersion: string
    modules: { path: string; declarations: Declaration[] }[]
  }
  const [module] = manifest.modules
  const elements = module?.declarations ?? []
  test('names the elements that the module defines, and where the module is', () => {
    expect(elements.map(({ tagName }) => tagName).sort()).toEqual([
      'lamppost-call',
      'lamppost-connectors',
      'lamppost-evidence',
      'lamppost-incident',
      'lamppost-people',
      'lamppost-player',
      'lamppost-presets',
      'lamppost-proofs',
      'lamppost-shift',
      'lamppost-steer',
      'lamppost-town',
      'lamppost-wall',
    ])
    expect(module?.path).toBe('dist/web/lamppost.js')
    expect(
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { customElements: string }).customElements,
    ).toBe('dist/web/custom-elements.json')
  })
  test('has the wall’s events, parts and colours', () => {
    const wall = elements.find(({ tagName }) => tagName === 'lamppost-wall')
    expect(wall?.events.map(({ name }) => name)).toEqual([
      'lamppost-incident-opened',
      'lamppost-incident-acknowledged',
      'lamppost-incident-escalated',
      'lamppost-incident-closed',
      'lamppost-waiting-changed',
      'lamppost-link-changed',
      'lamppost-sound-changed',
    ])
    expect(wall?.cssParts.map(({ name }) => name)).toEqual([
      'banner',
      'kept',
      'sound',
      'training',
      'storage',
      'slept',
      'counts',
      'tiles',
      'calls',
      'lately',
    ])
    expect(wall?.cssProperties.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['--lamppost-action', '--lamppost-font']),
    )
  })
  test('says something about each attribute of the wall', () =>
    expect(
      elements.find(({ tagName }) => tagName === 'lamppost-wall')?.attributes.filter(({ description }) => !description),
    ).toEqual([]))
})
