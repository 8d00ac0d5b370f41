/**
 * Sign-in by the council's directory, in a real browser, against the real `oidc-provider`: there and back, roles by
 * groups, sign-out there, the password again, and the night in which it does not answer.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { freePort } from '../../server/tools/process/free-port.ts'
import { until } from '../contracts/test-town.ts'
import { CLIENT, type DirectoryPerson, startDirectory } from '../fakes/directory-server.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-directory-'))
const data = join(folder, 'data')
const output = join(import.meta.dirname, 'output')
const people: Record<string, DirectoryPerson> = {
  asha: { name: 'Asha Patel', groups: ['CCTV operators', 'Everybody'] },
  olive: { name: 'Olive Marsh', groups: ['CCTV evidence'] },
  mara: { name: 'Mara\nSupervisor: Ben', groups: ['CCTV operators', 'CCTV evidence'] },
  stranger: { name: 'Sid Stranger', groups: ['Everybody'] },
}
let house: House
let port = 0
let directory: Awaited<ReturnType<typeof startDirectory>>
let browser: Browser
const contexts: BrowserContext[] = []

const siteOf = (
  issuer: string,
  operators = '["CCTV operators"]',
): string => `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }]
cameras: []
directory:
  name: Council sign-in
  oidc: { issuer: "${issuer}", client: ${CLIENT.id}, secret: "file:${join(folder, 'secret')}" }
  roles: { operator: ${operators}, evidence: ["CCTV evidence"] }
`
const open = () =>
  openHouse({ siteFile: join(folder, 'site.yaml'), dataFolder: data, port, host: '127.0.0.1', rtmpPort: 0 })

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  port = await freePort('127.0.0.1')
  const here = `http://127.0.0.1:${port}`
  directory = await startDirectory(people, {
    redirects: [`${here}/api/v1/session/directory/return`],
    logout: `${here}/api/v1/session/directory/logout`,
  })
  writeFileSync(join(folder, 'secret'), CLIENT.secret)
  writeFileSync(join(folder, 'site.yaml'), siteOf(directory.issuer))
  await openPeopleFile(join(data, 'people.json')).addUser('glass', 'break this when it is dark', {
    ...{ name: 'Break Glass', role: 'supervisor', helpPoints: null },
  })
  house = await open()
  browser = await openBrowser()
})
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
})
afterAll(async () => {
  await browser.close()
  await house.close()
  await directory.close()
  rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 20 })
})

async function newPage(path = '/people'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  contexts.push(context)
  const page = await context.newPage()
  await page.goto(`${house.url}${path}`)
  return page
}
/** On the council's own page. */
async function nameOneself(page: Page, user: string): Promise<void> {
  await page.getByText('The council').waitFor()
  await page.locator('input[name=user]').fill(user)
  await page.locator('button').click()
}
async function signedIn(user: string, path = '/people'): Promise<Page> {
  const page = await newPage(path)
  await page.locator('.sign-in a.directory').click()
  await nameOneself(page, user)
  return page
}
const session = async (page: Page) => {
  const answer = await page.request.get(`${house.url}/api/v1/session`)
  return { status: answer.status(), ...((await answer.json()) as object) }
}
async function entriesOf(kind: string): Promise<{ actor: string; body: Record<string, unknown> }[]> {
  const token = openPeopleFile(join(data, 'people.json')).addToken({
    name: 'Reader',
    role: 'supervisor',
    helpPoints: null,
  })
  const found: { kind: string; actor: string; body: Record<string, unknown> }[] = []
  for (let after: number | null = 0; after !== null;) {
    const answer: Response = await fetch(`${house.url}/api/v1/ledger?limit=200&after=${after}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { items, next } = (await answer.json()) as { items: typeof found; next: number | null }
    found.push(...items)
    after = next
  }
  return found.filter((each) => each.kind === kind)
}

describe('somebody of the council', () => {
  test('signs in by its directory, comes back to the page that they wanted, and has the role of their group', async () => {
    const page = await signedIn('asha', '/shift')
    await page.locator('lamppost-shift').waitFor()
    expect(new URL(page.url()).pathname).toBe('/shift')
    expect(await session(page)).toMatchObject({
      ...{ status: 200, name: 'Asha Patel', role: 'operator', roles: ['operator'], how: 'directory', confirmed: false },
    })
    expect((await entriesOf('session.opened')).at(-1)).toMatchObject({
      actor: 'operator:Asha Patel',
      body: { how: 'directory' },
    })
    const ours = (await page.context().cookies()).filter(({ name }) => name.startsWith('lamppost'))
    expect(ours).toMatchObject([{ name: 'lamppost_session', httpOnly: true, sameSite: 'Strict' }])
  })
  test('has every role of their groups, and a name of one line', async () => {
    const page = await signedIn('mara')
    await page.locator('lamppost-people').waitFor()
    expect(await session(page)).toMatchObject({ name: 'Mara Supervisor: Ben', roles: ['operator', 'evidence'] })
  })
  test('without a group that has a role is not let in, in words, and it is entered', async () => {
    const page = await signedIn('stranger')
    await page.getByText('Sid Stranger has no role here').waitFor()
    expect((await session(page)).status).toBe(401)
    expect((await entriesOf('session.refused')).at(-1)).toMatchObject({ body: { reason: 'no role by the directory' } })
    await page.screenshot({ path: join(output, 'directory-refused.png') })
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
  })
  test('who signs out there is signed out here within a second', async () => {
    const [asha, olive] = [await signedIn('asha'), await signedIn('olive')]
    for (const page of [asha, olive]) await page.locator('lamppost-people').waitFor()
    await asha.goto(`${directory.issuer}/session/end`)
    await asha.locator('button[name=logout]').click()
    await until(
      async () => (await session(asha)).status,
      (status) => status === 401,
    )
    expect((await session(olive)).status).toBe(200)
    expect((await entriesOf('session.revoked')).at(-1)).toMatchObject({ actor: 'directory:Council sign-in' })
  })
  test('stays signed in over a restart, and loses what a group loses in the site file', async () => {
    const page = await signedIn('asha')
    await page.locator('lamppost-people').waitFor()
    await house.close()
    house = await open()
    expect((await session(page)).status).toBe(200)
    writeFileSync(join(folder, 'site.yaml'), siteOf(directory.issuer, '["Another group"]'))
    await until(
      async () => (await session(page)).status,
      (status) => status === 401,
    )
    writeFileSync(join(folder, 'site.yaml'), siteOf(directory.issuer))
    await until(
      async () => (await session(page)).status,
      (status) => status === 200,
    )
  })
  test('says who they are once more in a window of the directory, and the act goes on', async () => {
    const page = await signedIn('olive', '/evidence')
    await page.locator('lamppost-evidence').waitFor()
    const search = () =>
      page.request.post(`${house.url}/api/v1/evidence-searches`, { data: {}, headers: { origin: house.url } })
    expect(((await (await search()).json()) as { code: string }).code).toBe('people/confirm-first')
    const window = await page.context().newPage()
    await window.goto(`${house.url}/api/v1/session/directory?again=true`)
    await nameOneself(window, 'olive')
    await window.getByText('Go back to the other window').waitFor()
    expect(await session(page)).toMatchObject({ confirmed: true })
    expect(((await (await search()).json()) as { code: string }).code).toBe('request/invalid')
  })
  test('cannot say it for somebody else', async () => {
    const page = await signedIn('olive')
    await page.locator('lamppost-people').waitFor()
    const window = await page.context().newPage()
    await window.goto(`${house.url}/api/v1/session/directory?again=true`)
    await nameOneself(window, 'asha')
    await window.getByText('Somebody else is signed in').waitFor()
    // The directory may have signed the first one out meanwhile: then that session is over here, too.
    const now = await session(page)
    expect(now.status === 401 || !('confirmed' in now && now.confirmed)).toBe(true)
    expect(JSON.stringify(now)).not.toContain('Asha')
  })
})

describe('a stranger', () => {
  test('cannot make a browser finish what was begun in another', async () => {
    const [mine, theirs] = [await newPage(), await newPage()]
    await mine.goto(`${house.url}/api/v1/session/directory`)
    const seen = new Promise<string>((resolve) =>
      mine.on('request', (request) => request.url().includes('/directory/return') && resolve(request.url())),
    )
    await mine.route('**/directory/return*', (route) => route.abort())
    await nameOneself(mine, 'asha')
    await theirs.goto(await seen)
    await theirs.getByText('was not begun in this browser').waitFor()
    expect((await session(theirs)).status).toBe(401)
  })
  test.each(['//evil.example/', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/a"><script>'])(
    'leads nobody on to %s',
    async (after) => {
      const page = await newPage()
      await page.goto(`${house.url}/api/v1/session/directory?after=${encodeURIComponent(after)}`)
      await nameOneself(page, 'asha')
      await page.waitForURL((url) => url.pathname === '/' && url.origin === house.url)
    },
  )
  test.each([
    ['nothing', ''],
    ['nonsense', 'logout_token=a.b.c'],
    ['a token that nobody signed', `logout_token=${btoa('{"alg":"none"}')}.${btoa('{"sub":"asha"}')}.`],
  ])('signs nobody out with %s', async (_, body) => {
    const answer = await fetch(`${house.url}/api/v1/session/directory/logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    expect(answer.status).toBe(400)
  })
})

describe('where a role needs a second factor', () => {
  const siteWanting = (secondFactor: string): string =>
    `${siteOf(directory.issuer)}${secondFactor}secondFactor: { requiredFor: [evidence] }\n`
  const rolesOf = async (page: Page): Promise<string[]> => ((await session(page)) as { roles?: string[] }).roles ?? []
  test('the directory says what was proven there: without it the role is withheld, and who can change that is said', async () => {
    const page = await signedIn('olive')
    await page.locator('lamppost-people').waitFor()
    writeFileSync(join(folder, 'site.yaml'), siteWanting('  secondFactor: { values: [mfa, hwk] }\n'))
    await until(
      () => rolesOf(page),
      (roles) => roles.length === 0,
    )
    await page.reload()
    await page.locator('lamppost-people .withheld').getByText('council’s directory does not say').waitFor()
    expect(await page.locator('lamppost-factors').count()).toBe(0)
    const olive = people.olive as DirectoryPerson
    people.olive = { ...olive, amr: ['pwd', 'mfa'] }
    const proven = await signedIn('olive')
    await proven.locator('lamppost-people').waitFor()
    people.olive = olive
    expect(await rolesOf(proven)).toEqual(['evidence'])
    // The council vouches for all who come from there.
    writeFileSync(join(folder, 'site.yaml'), siteWanting('  secondFactor: always\n'))
    await until(
      () => rolesOf(page),
      (roles) => roles.includes('evidence'),
    )
    await put(siteOf(directory.issuer))
  })
  /** Answers when the town follows: a sign-in that is begun before would be of the plan of before. */
  async function put(text: string): Promise<void> {
    const person = { name: 'Engineer', role: 'engineer' as const, helpPoints: null }
    const authorization = `Bearer ${openPeopleFile(join(data, 'people.json')).addToken(person)}`
    const address = `${house.url}/api/v1/site-file`
    const etag = (await fetch(address, { headers: { authorization } })).headers.get('etag') ?? ''
    const headers = { authorization, 'if-match': etag, 'content-type': 'application/json' }
    const answer = await fetch(address, { method: 'PUT', headers, body: JSON.stringify({ text }) })
    expect(await answer.json()).toMatchObject({ following: true })
  }
})

test('in the night in which it does not answer that is said, an account made here goes on, and its use is entered', async () => {
  const page = await signedIn('asha')
  await page.locator('lamppost-people').waitFor()
  await directory.close()
  // That it answered is believed for a few seconds; who asks too often is slowed.
  const start = async () => (await fetch(`${house.url}/api/v1/session/directory`, { redirect: 'manual' })).text()
  for (let i = 0; i < 10 && !(await start()).includes('does not answer'); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 2500))
  const dark = await newPage()
  await dark.locator('.sign-in a.directory').click()
  await dark.getByText('Council sign-in does not answer').waitFor()
  await dark.goto(`${house.url}/people`)
  await dark.getByText('use an account made here').waitFor()
  await dark.screenshot({ path: join(output, 'directory-away.png') })
  await dark.locator('.sign-in input[name=user]').fill('glass')
  await dark.locator('.sign-in input[name=password]').fill('break this when it is dark')
  await dark.locator('.sign-in button').click()
  await dark.locator('lamppost-people .accounts').waitFor()
  expect((await entriesOf('session.opened')).at(-1)).toMatchObject({ body: { how: 'account', directoryAway: true } })
  // Who was signed in stays so.
  expect((await session(page)).status).toBe(200)
  const faults = (await (await dark.request.get(`${house.url}/api/v1/shifts/now`)).json()) as {
    faults: { what: string }[]
  }
  expect(faults.faults.map(({ what }) => what)).toContain('directory')
  expect(readFileSync(join(data, 'lamppost.log'), 'utf8')).not.toContain(CLIENT.secret)
})
