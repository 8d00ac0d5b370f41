/** VMS connectors over HTTP and on their pages: a whole server beside a fake ZoneMinder that can lie. */
import { AxeBuilder } from '@axe-core/playwright'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import type { Role } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { type FakeZoneMinder, PASSWORD, startFakeZoneMinder } from '../fakes/vms-zoneminder.ts'
import { openBrowser } from '../journeys/town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-connectors-'))
const site = join(folder, 'site.yaml')
const tokens = new Map<Role, string>()
const ENGINEER_PASSWORD = 'a password of Eve'
let vms: FakeZoneMinder
let house: House
let browser: Browser

beforeAll(async () => {
  vms = await startFakeZoneMinder([
    { id: 1, path: 'rtsp://127.0.0.1:9/street' },
    { id: 2, path: 'rtsp://10.0.4.13/stream', mode: 'Mocord' },
  ])
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'password'), PASSWORD)
  writeFileSync(
    site,
    `site: { id: darlington, name: Darlington, timezone: Europe/London }
helpPoints:
  - { id: bar, name: "St Cuthbert's <b>Way</b>", location: { lat: 54.52363, lon: -1.5561 } }
cameras:
  - { id: cam-1, name: Blackwellgate, stream: { url: "rtsp://127.0.0.1:9/other" } }
connectors:
  # The recorder in the cellar.
  - id: recorder
    fallback: "1"
    zoneminder:
      url: "${vms.url}"
      trigger: "127.0.0.1:${vms.triggerPort}"
      username: lamppost
      password: "file:${join(folder, 'password')}"
      insecure: true
`,
  )
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  for (const role of ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const)
    tokens.set(role, people.addToken({ name: role, role, helpPoints: null }))
  await people.addUser('eve', ENGINEER_PASSWORD, { name: 'Eve', role: 'engineer', helpPoints: null })
  house = await openHouse({ siteFile: site, dataFolder: join(folder, 'data'), port: 0, host: '127.0.0.1', rtmpPort: 0 })
  browser = await openBrowser()
  await until(states, ([state]) => state?.state === 'well')
})
afterEach(() => void Object.keys(vms.lies).forEach((lie) => delete vms.lies[lie as keyof typeof vms.lies]))
afterAll(async () => {
  await browser?.close()
  await house?.close()
  await vms?.close()
  rmSync(folder, { recursive: true, force: true })
})

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; body: any; headers: Headers }
async function call(who: Role | Record<string, string>, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${house.url}${path.startsWith('/metrics') ? path : `/api/v1${path}`}`, {
    method,
    headers: {
      ...(typeof who === 'string' ? { authorization: `Bearer ${tokens.get(who)}` } : who),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text }
}
const states = async () =>
  (await call('operator', 'GET', '/connectors')).body.items as { state: string; problem: string | null }[]
const press = async (): Promise<string> => (await call('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
const lineOf = async (id: string) => (await call('operator', 'GET', `/incidents/${id}`)).body.vms[0]
const close = (id: string) => call('operator', 'POST', `/incidents/${id}/closure`, { reason: 'over' })

describe('a press', () => {
  test('is an alarm there, and its incident says so; closed, the alarm is over', async () => {
    const id = await press()
    const line = await until(
      () => lineOf(id),
      (now) => now?.footage === 'kept',
    )
    expect(line).toMatchObject({
      connector: 'recorder',
      product: 'ZoneMinder',
      alarm: { how: 'read-back', camera: null },
    })
    expect(vms.events.find((event) => event.Notes.includes(id))).toMatchObject({
      MonitorId: 1,
      EndDateTime: null,
      Archived: 1,
    })
    await close(id)
    await until(
      () => vms.events.find((event) => event.Notes.includes(id)),
      (event) => event?.EndDateTime != null,
    )
  })
  test('that the VMS does not hear is never shown as heard; shift page and metrics say it, and readyz does not', async () => {
    vms.lies.hearsNothing = true
    const id = await press()
    const [state] = await until(states, ([now]) => now?.state === 'failing')
    expect(state?.problem).toContain('no event came of it')
    expect(await lineOf(id)).not.toMatchObject({ alarm: { how: 'read-back' } })
    expect((await call('supervisor', 'GET', '/shifts/now')).body.faults).toContainEqual(
      expect.objectContaining({ what: 'vms', subject: 'recorder' }),
    )
    const { body } = await call('supervisor', 'GET', '/metrics')
    expect(body).toContain('lamppost_connector_state{connector="recorder",state="failing"} 1')
    expect(body).toMatch(/lamppost_connector_waiting\{connector="recorder"\} [1-9]/)
    expect((await fetch(`${house.url}/readyz`)).status).toBe(200)
    delete vms.lies.hearsNothing
    await until(
      () => lineOf(id),
      (line) => line?.alarm?.how === 'read-back',
    )
    await close(id)
    await until(states, ([now]) => now?.state === 'well')
  })
})

describe('the engineer', () => {
  test('sees which camera is which, and says it where nothing else does: it stands in the site file', async () => {
    const { body } = await call('engineer', 'GET', '/connectors/recorder/cameras')
    expect(body.items).toMatchObject([{ camera: 'cam-1', theirs: null, problem: expect.any(String) }])
    expect((await call('engineer', 'PUT', '/connectors/recorder/cameras/cam-1', { theirs: '2' })).status).toBe(204)
    expect(readFileSync(site, 'utf8')).toMatch(/# The recorder in the cellar\.[^]*cam-1: "2"/)
    await until(
      async () => (await call('engineer', 'GET', '/connectors/recorder/cameras')).body.items[0],
      (match) => match?.theirs === '2' && match.how === 'site-file',
    )
    expect((await call('engineer', 'PUT', '/connectors/recorder/cameras/cam-1', { theirs: null })).status).toBe(204)
  })
  test('is told what is not there, and why the VMS cannot be asked, without a secret', async () => {
    expect(await call('engineer', 'GET', '/connectors/nobody/cameras')).toMatchObject({
      status: 404,
      body: { code: 'connector/unknown' },
    })
    expect(await call('engineer', 'PUT', '/connectors/recorder/cameras/cam-9', { theirs: '1' })).toMatchObject({
      status: 404,
    })
    vms.lies.status = 500
    const refused = await call('engineer', 'GET', '/connectors/recorder/cameras')
    expect(refused).toMatchObject({ status: 502, body: { code: 'connector/unreachable' } })
    expect(JSON.stringify(refused.body)).not.toMatch(/token|http:\/\/127/)
  })
  test('tries it: with an alarm only after the password was said again', async () => {
    const path = '/connectors/recorder/test'
    expect((await call('operator', 'POST', path, {})).status).toBe(403)
    const session = await call({ origin: house.url }, 'POST', '/session', { user: 'eve', password: ENGINEER_PASSWORD })
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
    const eve = { cookie, origin: house.url }
    expect(await call(eve, 'POST', path, { press: true })).toMatchObject({
      status: 403,
      body: { code: 'people/confirm-first' },
    })
    expect(await call(eve, 'POST', path, {})).toMatchObject({ status: 200, body: { pressed: false } })
    const again = { user: 'eve', password: ENGINEER_PASSWORD }
    expect((await call(eve, 'PUT', '/session/confirmation', again)).status).toBe(204)
    expect(await call(eve, 'POST', path, { press: true })).toMatchObject({ status: 200, body: { pressed: true } })
    const { body } = await call('supervisor', 'GET', '/ledger?limit=200')
    expect(body.items.filter(({ kind }: { kind: string }) => kind === 'connector.tested')).toHaveLength(2)
  })
})

describe.each([
  [1280, 720],
  [390, 844],
])('the page of VMSs at %i x %i', (width, height) => {
  test.each(['en', 'cy'])('in %s: says whether each hears, fits, and breaks no rule of axe', async (lang) => {
    const context = await browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    await page.route('**/demo/token*', (route) => route.fulfill({ json: { token: tokens.get('engineer') } }))
    await page.goto(`${house.url}/connectors?lang=${lang}`)
    await page.locator('lamppost-connectors section.vms.well').waitFor()
    await page.locator('lamppost-connectors tr[data-camera=cam-1]').waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    const widest = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(widest).toBeLessThanOrEqual(width)
    await context.close()
  })
})

test('the wall says that the VMS hears nothing, and its tile never says that it was told', async () => {
  vms.lies.hearsNothing = true
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await page.route('**/demo/token*', (route) => route.fulfill({ json: { token: tokens.get('operator') } }))
  await page.goto(`${house.url}/embed`)
  const id = await press()
  await page.getByText('ZoneMinder (recorder) does not hear of presses.').first().waitFor()
  await page.locator('lamppost-incident [data-vms=recorder].untold').first().waitFor()
  delete vms.lies.hearsNothing
  const told = page.locator('lamppost-incident [data-vms=recorder].told').first()
  await told.waitFor()
  expect(await told.textContent()).toMatch(/ZoneMinder: event \d+, found there/)
  await close(id)
  await page.close()
})
