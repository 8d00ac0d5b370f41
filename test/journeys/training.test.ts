/** `lamppost start --simulate FILE` as a supervisor runs it: a town of one's own, for practice. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DemoCredentials } from '../../server/people/accounts/demo-people.ts'
import { packageRoot } from '../../server/tools/package-root.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-training-'))
const data = join(folder, 'data')
const site = join(folder, 'site.yaml')
const main = join(packageRoot, 'dist', 'server', 'main.js')
const REAL = `site: { id: town, name: Northtown, timezone: Europe/London }
streets: maps/streets.geojson
mqtt: { url: "mqtts://broker.example:8883", password: "\${BROKER}" }
helpPoints:
  - id: bar
    name: The Bar
    location: { lat: 54.5, lon: -1.5 }
    sources: [{ http: {} }, { mqtt: { topic: bar } }]
cameras:
  - id: cam-1
    name: First
    location: { lat: 54.5003, lon: -1.5002 }
    onvif: { url: "https://10.0.0.1/onvif", username: u, password: "\${CAM}" }
    presets: { bar: { token: "7", name: Bar } }
  - id: cam-2
    name: Second
    location: { lat: 54.4998, lon: -1.5001 }
    onvif: { url: "http://10.0.0.2/onvif", username: u, password: file:/etc/cam }
    presets: { bar: { token: "1", name: Bar } }
contacts:
  - { id: police, name: Police, phone: "101" }
`
let server: ChildProcess
let browser: Browser
let said = ''
let credentials: DemoCredentials
const start = (...argv: string[]) =>
  spawnSync(process.execPath, [main, 'start', '--port', '0', ...argv], { encoding: 'utf8', timeout: 60_000 })

beforeAll(async () => {
  writeFileSync(site, REAL)
  mkdirSync(join(folder, 'maps'))
  writeFileSync(join(folder, 'maps', 'streets.geojson'), '{ "type": "FeatureCollection", "features": [] }')
  server = spawn(
    process.execPath,
    [main, 'start', '--simulate', site, '--night', 'dead-camera', '--data', data, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (said += chunk))
  await until(
    () => said,
    (text) => text.includes('Credentials for') || server.exitCode !== null,
  )
  credentials = JSON.parse(readFileSync(join(data, 'demo-credentials.json'), 'utf8')) as DemoCredentials
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  const gone = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await gone
  rmSync(folder, { recursive: true, maxRetries: 10 })
})
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
async function ask(path: string, body?: unknown): Promise<any> {
  const { url, tokens } = credentials
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${body === undefined ? tokens.operator : tokens.press}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.json()
}

describe('a town of one’s own for practice', () => {
  test('is said on every page, on the wall and in each number, in the reader’s language', async () => {
    const page = await browser.newPage()
    for (const path of ['', 'incidents', 'presets', 'evidence', 'help-points', 'shift', 'figures', 'people']) {
      await page.goto(`${credentials.url}/${path}?lang=cy`)
      const line = page.locator('.training').first()
      await line.waitFor({ timeout: 60_000 })
      expect(await line.textContent(), path).toContain('Hyfforddiant')
    }
    await page.close()
    expect(await ask('/site')).toMatchObject({ name: 'Northtown', training: true, contacts: [{ phone: '000' }] })
  })
  test('moves its simulated cameras to the presets of the real file', async () => {
    const { incident } = await ask('/presses', { helpPoint: 'bar' })
    const found = await until(
      () => ask(`/incidents/${incident}`),
      ({ framings }) => framings.some(({ state }: { state: string }) => state === 'framed'),
    )
    expect(found.number).toMatch(/^TRAINING-\d{4}-0001$/)
    expect(found.framings).toContainEqual(expect.objectContaining({ camera: 'cam-1', preset: '7' }))
  })
  test('has the night that was asked for: the camera that a press moves dies after a minute', async () => {
    const { items } = await until(
      () => ask('/cameras'),
      (cameras) => cameras.items.some((each: { health: { onvif: string } }) => each.health.onvif === 'down'),
    )
    expect(items.map(({ id, health }: { id: string; health: { onvif: string } }) => `${id} ${health.onvif}`)).toEqual([
      'cam-1 down',
      'cam-2 up',
    ])
  })
  test('leaves the real file as it was, and is not started on a real town’s data, nor the other way round', () => {
    expect(readFileSync(site, 'utf8')).toBe(REAL)
    const small = join(folder, 'small.yaml')
    writeFileSync(small, REAL.slice(0, REAL.indexOf('streets')) + REAL.slice(REAL.indexOf('helpPoints')))
    expect(start('--site', small, '--data', data).stderr).toContain('is for practice (--simulate)')
    const real = join(folder, 'real')
    mkdirSync(real)
    writeFileSync(join(real, 'ledger.sqlite'), '')
    expect(start('--simulate', site, '--data', real).stderr).toContain('is a real town')
  })
  test('is refused with what is wrong', () => {
    const wrong = join(folder, 'wrong.yaml')
    writeFileSync(wrong, REAL.replace('lat: 54.5,', 'lat: north,'))
    expect(start('--simulate', wrong).stderr).toMatch(/wrong\.yaml:7: helpPoints\.0\.location\.lat/)
    expect(start('--simulate', join(folder, 'none.yaml')).stderr).toContain('none.yaml cannot be read')
    expect(start('--simulate', site, '--site', site).stderr).toContain('give one of them')
    expect(start('--simulate', site, '--night', 'quiet').stderr).toContain('five-presses, flood, dead-camera')
    expect(start('--site', site, '--night', 'flood').stderr).toContain('--night is for a simulated town')
  })
})
