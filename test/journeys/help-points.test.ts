/** The supervisor's page, as a person sees it: what works, what does not, what is overdue, and who was not told. */
import { readFileSync } from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-proofs-'))
const refusing = createServer((_, answer) => answer.writeHead(410).end())
let town: Awaited<ReturnType<typeof startTestTown>>
let house: House
let browser: Browser
let page: Page
const tokens = new Map<Role, string>()

beforeAll(async () => {
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  town = await startTestTown(plan('head', true, { width: 640, height: 360 }))
  process.env.JOURNEY_SECRET = 'a secret of the journey'
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      'destinations:',
      `  - { id: police-desk, webhook: { url: "http://127.0.0.1:${(refusing.address() as AddressInfo).port}/hook", ` +
        `secret: "\${JOURNEY_SECRET}" }, events: [incident.opened] }`,
      'helpPoints:',
      '  - { id: bar, name: "Number One Bar, Blackwellgate", address: "Lamp post outside Number One ' +
        'Bar", location: { lat: 54.52363, lon: -1.55610 }, sources: [{ http: {} }] }',
      '  - { id: arcade, name: Skinnergate arcade, address: Lamp post by the arcade, location: { lat: ' +
        '54.6, lon: -1.55640 }, sources: [{ http: { secret: "${JOURNEY_SECRET}" } }] }',
      '  - { id: silent, name: High Row steps, address: Lamp post at the statue, location: ' +
        '{ lat: 54.52380, lon: -1.55640 }, heartbeat: { every: 1s } }',
      '  - { id: new, name: Bondgate, address: Lamp post opposite the bank, location: { lat: 54.52390, lon: -1.55650 } }',
      'cameras:',
      '  - { id: head, name: Blackwellgate / Skinnergate, location: { lat: 54.52371, lon: -1.55655 }, onvif: ' +
        `{ url: "${town.camera('head').url}", username: ${CREDENTIALS.username}, password: ` +
        `"${CREDENTIALS.password}" }, presets: { bar: { token: "${PRESET.token}", name: Bar } } }`,
      '',
    ].join('\n'),
  )
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: join(folder, 'data'),
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  for (const role of ['operator', 'supervisor', 'press'] as const)
    tokens.set(role, people.addToken({ name: 'Asha', role, helpPoints: null }))
  browser = await openBrowser()
  await until(
    () => call('supervisor', 'GET', '/cameras/head'),
    ({ body }) => (body as { health: { video: string } }).health.video === 'up',
    40_000,
  )
  page = await (await browser.newContext({ viewport: { width: 1920, height: 1080 }, acceptDownloads: true })).newPage()
  await page.goto(`${house.url}/help-points`)
  await page.evaluate(
    ({ token }) => {
      document.querySelector('form')?.remove()
      const element = document.createElement('lamppost-proofs')
      element.setAttribute('token', token)
      document.body.append(element)
    },
    { token: tokens.get('supervisor') ?? '' },
  )
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  await town?.end()
  await new Promise((resolve) => refusing.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})
async function call(
  role: Role,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(role)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: answer.status === 204 ? null : await answer.json().catch(() => null) }
}
const row = (id: string) => page.locator(`tr[data-help-point="${id}"]`)
const openIncident = async (id: string): Promise<string> =>
  ((await call('supervisor', 'GET', `/help-points/${id}`)).body as { incident: string }).incident

describe('the supervisor', () => {
  test('runs a drill by a button and sees how far it came, stage by stage', async () => {
    await row('bar').getByRole('button', { name: 'Run a drill' }).click()
    await row('bar')
      .getByText(/^Proven/)
      .waitFor()
    expect(await row('bar').textContent()).toMatch(
      /on disk \d+ ms · camera sent \d+ ms · answered .* · at rest .* · moving picture /,
    )
    await row('bar').getByRole('button', { name: 'Incident open' }).waitFor()
    await call('operator', 'POST', `/incidents/${await openIncident('bar')}/closure`, { reason: 'Drill complete' })
  })
  test('sees at the top what needs somebody: a drill that failed and a help point that has fallen silent', async () => {
    await row('arcade').getByRole('button', { name: 'Run a drill' }).click()
    await row('arcade').getByText('Look at it now').waitFor()
    expect(await row('arcade').textContent()).toContain('The last drill failed. No camera was sent.')
    await row('silent').getByText('It does not say any more that it lives').waitFor()
    await page.getByText(/of 4 proven: 2 need somebody now/).waitFor()
    expect(await page.locator('tbody th').first().textContent()).not.toContain('Number One Bar')
    await call('operator', 'POST', `/incidents/${await openIncident('arcade')}/closure`, { reason: 'Drill complete' })
  })
  test('sees that another system was not told, and tries again', async () => {
    await page.getByText(/events? could not be delivered/).waitFor()
    await page.getByRole('button', { name: 'Try again' }).first().waitFor()
    await page.screenshot({ path: join(output, 'help-points.png') })
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.screenshot({ path: join(output, 'help-points-720.png') })
    await page.getByRole('button', { name: 'Try again' }).first().click()
    expect(await page.getByRole('alert').count()).toBe(0)
  })
  test('takes the table away', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as a table (CSV)' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('help-points-town.csv')
    expect(readFileSync(await download.path(), 'utf8').split('\r\n')).toHaveLength(6)
  })
})

describe('the operator', () => {
  test('sees that a press came late, how long ago it was, and that no camera was moved; and that its clock is wrong', async () => {
    const wall = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
    await wall.goto(`${house.url}/help-points`)
    await wall.evaluate(
      ({ token }) => {
        document.body.replaceChildren(Object.assign(document.createElement('lamppost-wall'), { token }))
      },
      { token: tokens.get('operator') ?? '' },
    )
    const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
    await call('press', 'POST', '/presses', { helpPoint: 'bar', pressedAt: ago(63 * 60_000) })
    await wall.getByText(/This press reached us 6[3-6] min late\. Cameras not moved/).waitFor()
    await wall.screenshot({ path: join(output, 'late.png') })
    await wall.getByRole('button', { name: 'Bring Blackwellgate / Skinnergate' }).click()
    await wall
      .getByText(/On preset|moving|not confirmed/)
      .first()
      .waitFor()
    await call('operator', 'POST', `/incidents/${await openIncident('bar')}/closure`, { reason: 'Nobody there' })
    await call('press', 'POST', '/presses', { helpPoint: 'bar', pressedAt: '1970-01-01T00:00:12Z' })
    await wall.getByText('Its own clock is wrong').waitFor()
    await wall.close()
  })
})

test('every page speaks Welsh to whoever once asked one of them to, and English again', async () => {
  const welsh = await (await browser.newContext()).newPage()
  await welsh.goto(`${house.url}/shift`)
  await welsh.getByRole('link', { name: 'Cymraeg' }).click()
  await welsh.getByRole('link', { name: 'Tystiolaeth' }).click()
  await welsh.waitForURL(/\/evidence$/)
  expect(await welsh.locator('html').getAttribute('lang')).toBe('cy')
  await welsh.getByLabel('Cyfrinair').waitFor()
  await welsh.getByRole('link', { name: 'English' }).click()
  await welsh.getByLabel('Password').waitFor()
  await welsh.context().close()
})
test('a mistyped address leads on, in the person’s language; a program gets the words of a refusal', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  expect((await page.goto(`${house.url}/help-point?lang=cy`))?.status()).toBe(404)
  await page.getByRole('heading', { name: 'Does dim byd yn y cyfeiriad hwn.' }).waitFor()
  await page.screenshot({ path: join(output, 'nothing-here.png') })
  await page.getByRole('link', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'There is nothing at this address.' }).waitFor()
  await page.getByRole('link', { name: 'Help points' }).click()
  await page.waitForURL(/\/help-points$/)
  await page.context().close()
  for (const [path, accept] of [
    ['/help-point', '*/*'],
    ['/api/v1/nowhere', 'text/html'],
  ] as const) {
    const answer = await fetch(`${house.url}${path}`, { headers: { accept } })
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toMatchObject([
      404,
      expect.stringContaining('application/problem+json'),
      { code: 'request/not-found', detail: expect.stringContaining(path) },
    ])
  }
})
