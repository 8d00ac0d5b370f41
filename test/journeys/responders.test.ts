/**
 * A responder's link on a telephone: from the operator's tile through nginx, which passes on /r/ alone, to the page of
 * somebody on their way, and back to the tile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { publicAddressOf } from '../../server/door/public-address.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'
import { output } from './wall-room.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-lent-'))
const config = fileURLToPath(new URL('../../server/packaging/nginx-responders.conf', import.meta.url))
const streets = fileURLToPath(new URL('../../camera-presets/darlington-streets.geojson', import.meta.url))
const PHONE = { width: 390, height: 844 }
const tokens = { asha: '', press: '' }
let browser: Browser
let house: House
let nginx: ChildProcess | null = null
let outside = ''
let town: Awaited<ReturnType<typeof startTestTown>>
const contexts: BrowserContext[] = []
const complaints: string[] = []

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

beforeAll(async () => {
  const port = await freePort()
  outside = `http://127.0.0.1:${port}`
  const small = { width: 640, height: 360 }
  town = await startTestTown(plan('head', true, small), plan('door', false, small))
  const access = (id: string): string =>
    `onvif: { url: "${town.camera(id).url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }`
  writeFileSync(join(folder, 'streets.geojson'), readFileSync(streets))
  writeFileSync(
    join(folder, 'site.yaml'),
    `site: { id: town, name: Darlington town centre, timezone: Europe/London }
streets: streets.geojson
responders: { url: "${outside}" }
helpPoints:
  - { id: bar, name: "Number One Bar, Blackwellgate", address: "Lamp post outside Number One Bar",
      location: { lat: 54.52363, lon: -1.55610 } }
cameras:
  - { id: head, name: Blackwellgate / Skinnergate, location: { lat: 54.52371, lon: -1.55655 }, ${access('head')},
      presets: { bar: { token: "${PRESET.token}", name: There } } }
  - { id: door, name: Doorway, location: { lat: 54.5236, lon: -1.5560 }, ${access('door')} }
safePlaces: [{ name: Number Forty, address: 40 Skinnergate, location: { lat: 54.52461, lon: -1.55706 },
  open: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "00:00" }] }]
contacts:
  - { id: police, name: Durham Constabulary, phone: "101", urgent: "999", mobile: "07700 900123" }
`,
  )
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  tokens.asha = people.addToken({ name: 'Asha', role: 'operator', helpPoints: null })
  tokens.press = people.addToken({ name: 'Post', role: 'press', helpPoints: null })
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: join(folder, 'data'),
    ...{ port: 0, host: '127.0.0.1', rtmpPort: 0 },
    address: publicAddressOf({ trustProxy: true }),
  })
  mkdirSync(join(folder, 'tmp'))
  const server = readFileSync(config, 'utf8').replaceAll('http://127.0.0.1:8443', house.url)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
http {
  client_body_temp_path ${folder}/tmp/a; proxy_temp_path ${folder}/tmp/b;
  fastcgi_temp_path ${folder}/tmp/c; uwsgi_temp_path ${folder}/tmp/d; scgi_temp_path ${folder}/tmp/e;
  server { listen 127.0.0.1:${port};
${server}
  }
}
`,
  )
  nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'ignore' })
  await until(
    () =>
      fetch(`${outside}/r/rl-nothing`).then(
        ({ status }) => status,
        () => 0,
      ),
    (status) => status === 404,
  )
  browser = await openBrowser()
})
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
  for (const { id } of (await call('GET', '/incidents?limit=100')).items as { id: string }[])
    await call('POST', `/incidents/${id}/closure`, { reason: 'Helped' })
})
afterAll(async () => {
  await browser?.close()
  const gone = new Promise((resolve) => nginx?.once('exit', resolve) ?? resolve(null))
  nginx?.kill('SIGTERM')
  await gone
  await house?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
async function call(method: string, path: string, body?: unknown, who: keyof typeof tokens = 'asha'): Promise<any> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return answer.status === 204 ? null : answer.json()
}
async function page(viewport: { width: number; height: number }, locale = 'en-GB'): Promise<Page> {
  const context = await browser.newContext({ viewport, locale })
  contexts.push(context)
  const made = await context.newPage()
  made.on('pageerror', ({ message }) => complaints.push(message))
  made.on('console', (said) => /Content Security|Trusted/.test(said.text()) && complaints.push(said.text()))
  return made
}
async function pressAndLend(minutes = 30): Promise<{ incident: string; id: string; url: string }> {
  const { incident } = await call('POST', '/presses', { helpPoint: 'bar' }, 'press')
  const { id, url } = await call('POST', `/incidents/${incident}/responder-links`, { contact: 'police', minutes })
  return { incident, id, url }
}
/** Whether the picture of the page moves: its time goes on. */
async function moves(phone: Page): Promise<void> {
  const time = (): Promise<number> => phone.evaluate(() => document.querySelector('video')?.currentTime ?? 0)
  const first = await time()
  await until(time, (now) => now > first + 0.3)
}

test('nginx passes on /r/ and nothing else', async () => {
  const { url } = await pressAndLend()
  const status = async (path: string, method = 'GET'): Promise<number> =>
    (await fetch(outside + path, { method })).status
  expect(await status(new URL(url).pathname)).toBe(200)
  expect(await status('/r/page/responder-page.js')).toBe(200)
  for (const path of [
    '/',
    '/embed',
    '/api/v1/incidents',
    '/api/v1/session',
    '/healthz',
    '/metrics',
    '/lamppost.js',
    '/demo/token',
  ])
    expect({ path, status: await status(path) }).toEqual({ path, status: 404 })
  // What climbs out of /r/ is another path.
  expect(await status('/r/../healthz')).toBe(404)
  expect(await status('/r/%2e%2e/healthz')).toBe(404)
  expect(await status('/r/..%2fhealthz')).toBe(404)
  expect(await status('/r/rl-1', 'DELETE')).toBe(403)
})

test('an operator lends by the tile: QR code, text message, and what was answered at once', async () => {
  const { incident } = await call('POST', '/presses', { helpPoint: 'bar' }, 'press')
  await call('POST', `/incidents/${incident}/acknowledgement`)
  await call('POST', `/incidents/${incident}/notes`, { text: 'Red jacket, by the steps' })
  const wall = await page({ width: 1920, height: 1080 })
  await wall.goto(`${house.url}/embed?muted#token=${tokens.asha}`)
  const tile = wall.locator('lamppost-incident.large')
  await tile.locator('.contacts .lend').click()
  await tile.locator('.lending .minutes button').first().click()
  await tile.locator('.lending .make').click()
  await tile.locator('.made svg').waitFor()
  const sms = await tile.locator('.way.sms').getAttribute('href')
  expect(sms).toMatch(/^sms:07700900123\?body=/)
  const url = /http:\S+$/.exec(decodeURIComponent(sms ?? ''))?.[0] ?? ''
  expect(url.startsWith(`${outside}/r/rl-`)).toBe(true)

  const phone = await page(PHONE)
  await phone.goto(url)
  await phone.locator('h1', { hasText: 'Number One Bar, Blackwellgate' }).waitFor()
  await moves(phone)
  await phone.locator('.notes', { hasText: 'Red jacket' }).waitFor({ state: 'detached' })
  await tile.locator('.notes .share').click()
  await phone.locator('.notes', { hasText: 'Red jacket' }).waitFor()
  await phone.locator('button.on-my-way').click()
  await phone.locator('.given', { hasText: 'The control room has it' }).waitFor()
  await tile.locator('.lent .answer', { hasText: 'On their way' }).waitFor()
  await phone.locator('button.needs-more').click()
  await phone.locator('input[name=words]').fill('an ambulance')
  await phone.locator('form button.main').click()
  await tile.locator('.lent .answer', { hasText: 'Needs more: an ambulance' }).waitFor()
  await tile.locator('.lent', { hasText: 'opened once' }).waitFor()
  await wall.screenshot({ path: `${output}/lent-tile.png` })
  await phone.screenshot({ path: `${output}/responder-phone.png`, fullPage: true })
  await tile.locator('.lent .revoke').click()
  await phone.locator('h1', { hasText: 'The control room has ended this link.' }).waitFor()
  await phone.screenshot({ path: `${output}/responder-ended.png` })
})

test('the recipient’s name lies over the picture, also in full screen, and nothing on the page leads elsewhere', async () => {
  const { url } = await pressAndLend()
  const phone = await page(PHONE)
  const asked: string[] = []
  phone.on('request', (request) => asked.push(request.url()))
  await phone.goto(url)
  await moves(phone)
  expect(await phone.locator('.screen .mark span').first().textContent()).toContain('Durham Constabulary')
  await phone.locator('button.large').click()
  expect(await phone.evaluate(() => document.fullscreenElement?.querySelector('.mark') !== null)).toBe(true)
  await phone.evaluate(() => document.exitFullscreen())
  expect(
    asked.filter((each) => !each.startsWith(`${outside}/r/`) && !each.startsWith('blob:') && !each.startsWith('data:')),
  ).toEqual([])
  // The token goes out in one body, and in no address.
  const token = new URL(url).hash.slice(1)
  expect(asked.filter((each) => each.split('#')[0]?.includes(token))).toEqual([])
  expect(await phone.context().cookies()).toEqual([])
})

test('it goes on after a reload, shows nothing without its token, and says so', async () => {
  const { url } = await pressAndLend()
  const phone = await page(PHONE)
  await phone.goto(url)
  await moves(phone)
  await phone.reload()
  await moves(phone)
  const bare = await page(PHONE)
  await bare.goto(url.split('#')[0] ?? '')
  await bare.locator('h1', { hasText: 'The link is incomplete' }).waitFor()
  expect(await bare.locator('video').count()).toBe(0)
})

test('its picture stops within a second of its end, whoever ends it', async () => {
  for (const end of ['revoke', 'close'] as const) {
    const { incident, id, url } = await pressAndLend()
    const phone = await page(PHONE)
    await phone.goto(url)
    await moves(phone)
    await (end === 'revoke'
      ? call('DELETE', `/incidents/${incident}/responder-links/${id}`)
      : call('POST', `/incidents/${incident}/closure`, { reason: 'Helped' }))
    // By its own condition: the page says so, and has no picture any more.
    await phone.locator('body.over').waitFor()
    expect(await phone.locator('video').count()).toBe(0)
  }
})

test('a telephone without a way to play live video has still pictures', async () => {
  const { url } = await pressAndLend()
  const phone = await page(PHONE)
  await phone.addInitScript(() => {
    for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource']) Reflect.deleteProperty(window, name)
  })
  await phone.goto(url)
  await phone.locator('.screen img[src^="blob:"]').waitFor()
  await phone.locator('.said', { hasText: 'Still pictures' }).waitFor()
})

test('axe finds nothing on the page, in English and Welsh, open and ended', async () => {
  const { incident, id, url } = await pressAndLend()
  const phone = await page(PHONE, 'cy')
  await phone.goto(url)
  await moves(phone)
  await phone.locator('button.arrived', { hasText: 'Wedi cyrraedd' }).waitFor()
  const rules = async (): Promise<string[]> =>
    (await new AxeBuilder({ page: phone }).analyze()).violations.map((found) => `${found.id}: ${found.nodes[0]?.html}`)
  expect(await rules()).toEqual([])
  await phone.screenshot({ path: `${output}/responder-welsh.png`, fullPage: true })
  await phone.locator('button.language').click()
  await phone.locator('button.arrived', { hasText: 'Arrived' }).waitFor()
  expect(await rules()).toEqual([])
  await phone.setViewportSize({ width: 1280, height: 720 })
  await phone.screenshot({ path: `${output}/responder-wide.png` })
  expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  await call('DELETE', `/incidents/${incident}/responder-links/${id}`)
  await phone.locator('body.over').waitFor()
  expect(await rules()).toEqual([])
})

test('no page broke a rule of its own policy', () => expect(complaints).toEqual([]))
