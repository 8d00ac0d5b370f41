/** Second factors in a real browser, with Chromium's own virtual authenticator: set up, sign in, confirm, sign a shift, lose. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { realClock } from '../../server/tools/clock.ts'
import { until } from '../contracts/test-town.ts'
import { createTestAccounts } from '../people/test-accounts.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-factor-page-'))
const data = join(folder, 'data')
const output = join(import.meta.dirname, 'output')
const PASSWORD = 'no lantern burns at noon'
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
secondFactor: { requiredFor: [supervisor] }
helpPoints: [{ id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }]
cameras: []
`
let house: House
let browser: Browser
/** By its name: a passkey belongs to one. */
let origin: string
const { people, account } = createTestAccounts(data, PASSWORD)

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  writeFileSync(join(folder, 'site.yaml'), SITE)
  house = await openHouse({
    ...{ siteFile: join(folder, 'site.yaml'), dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 },
  })
  origin = house.url.replace('127.0.0.1', 'localhost')
  browser = await openBrowser()
})
const pages: Page[] = []
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close()
})
afterAll(async () => {
  await browser.close()
  await house.close()
  rmSync(folder, { recursive: true })
})

async function newPage(path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  pages.push(page)
  const device = await page.context().newCDPSession(page)
  await device.send('WebAuthn.enable')
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
  await page.goto(`${origin}${path}`)
  return page
}
async function typePassword(page: Page, user: string): Promise<void> {
  const form = page.locator('form.sign-in:not([hidden])')
  await form.locator('input[name=user]').fill(user)
  await form.locator('input[name=password]').fill(PASSWORD)
  await form.locator('button[data-word=enter]').click()
}
async function signedIn(user: string, path = '/people'): Promise<Page> {
  const page = await newPage(path)
  await typePassword(page, user)
  return page
}
/** What is asked for when an act needs the person and not only the screen. */
async function sayAgain(page: Page, within: string): Promise<void> {
  const dialog = page.locator(`${within} dialog:has(input[name=user])`).last()
  await dialog.locator('input[name=password]').fill(PASSWORD)
  await dialog.locator('button.main').click()
}
const codeOf = (secret: string, inSteps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: realClock.now() + inSteps * 30_000 })
const secretOf = (user: string): string => {
  const [factor] = people().user(user)?.factors ?? []
  return factor?.kind === 'totp' ? factor.secret : ''
}
async function setUpApp(page: Page, user: string): Promise<void> {
  await page.locator('lamppost-factors button.codes').click()
  await sayAgain(page, 'lamppost-factors')
  const dialog = page.locator('lamppost-factors dialog.enrol')
  const secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(' ', '')
  await dialog.locator('input[name=code]').fill(codeOf(secret))
  await dialog.locator('button.main').click()
  await page.locator('lamppost-factors li[data-factor]').waitFor()
  expect(secretOf(user)).toBe(secret)
}
const session = async (page: Page) => (await page.request.get(`${origin}/api/v1/session`)).json() as Promise<object>
async function isAccessible(page: Page, part = 'html'): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join('; ')}`)).toEqual(
    [],
  )
}

describe('a supervisor without a second factor', () => {
  test('is led from any page to where it is set up, scans and types, and is a supervisor from then on', async () => {
    const user = await account('supervisor')
    const page = await signedIn(user, '/shift')
    await page.locator('lamppost-factors .withheld').waitFor()
    expect(new URL(page.url()).pathname).toBe('/people')
    expect(await page.locator('lamppost-people .accounts').count()).toBe(0)
    await isAccessible(page)
    await page.screenshot({ path: join(output, 'factor-withheld.png') })
    await page.locator('lamppost-factors button.codes').click()
    await sayAgain(page, 'lamppost-factors')
    await page.locator('lamppost-factors dialog.enrol svg path').waitFor()
    await isAccessible(page)
    await page.screenshot({ path: join(output, 'factor-enrol.png') })
    await page.locator('lamppost-factors dialog.enrol input[name=code]').fill('12345x'.replace('x', '6'))
    await page.locator('lamppost-factors dialog.enrol button.main').click()
    await page.locator('lamppost-factors dialog.enrol .refusal:not([hidden])').waitFor()
    const secret = await page.locator('lamppost-factors dialog.enrol code').textContent()
    await page
      .locator('lamppost-factors dialog.enrol input[name=code]')
      .fill(codeOf((secret ?? '').replaceAll(' ', '')))
    await page.locator('lamppost-factors dialog.enrol button.main').click()
    await page.locator('lamppost-people .accounts tbody tr').first().waitFor()
    expect(await session(page)).toMatchObject({ roles: ['supervisor'], withheld: [] })
  })
})

describe('an account with an authenticator app', () => {
  test('is asked for its code after the password; a wrong one is said in words', async () => {
    const user = await account('operator')
    await setUpApp(await signedIn(user), user)
    const page = await signedIn(user, '/')
    const form = page.locator('form.sign-in')
    await form.locator('input[name=code]').waitFor()
    expect(await form.locator('input[name=password]').isVisible()).toBe(false)
    // Around it stands the imitated viewer of another maker.
    await isAccessible(page, 'main')
    await page.screenshot({ path: join(output, 'factor-code.png') })
    await form.locator('input[name=code]').fill(codeOf(secretOf(user)) === '000000' ? '000001' : '000000')
    await form.locator('button[data-word=enter]').click()
    await form.getByText('not the code of now').waitFor()
    await form.locator('input[name=code]').fill(codeOf(secretOf(user), 1))
    await form.locator('button[data-word=enter]').click()
    await page.locator('lamppost-wall').waitFor({ state: 'attached' })
  })
  test('says who it is by password and code when something cannot be taken back', async () => {
    const user = await account('operator')
    const page = await signedIn(user)
    await setUpApp(page, user)
    await page.reload()
    await until(
      async () => (await session(page)) as { confirmed: boolean },
      () => true,
    )
    // Another session, which has not said the password again yet.
    const other = await signedIn(user)
    await other.locator('form.sign-in input[name=code]').fill(codeOf(secretOf(user), 1))
    await other.locator('button[data-word=enter]').click()
    await other.locator('lamppost-people .own input[name=password]').fill('nine kites above a field')
    await other.locator('lamppost-people .own form.password button').click()
    await sayAgain(other, 'lamppost-people')
    const second = other.locator('lamppost-people dialog form.second')
    await second.locator('input[name=code]').waitFor()
    await isAccessible(other)
    await other.screenshot({ path: join(output, 'factor-confirm.png') })
    await second.locator('button[type=button]').first().click()
    expect(await other.locator('lamppost-people dialog').count()).toBe(0)
  })
  test('signs a hand-over at a colleague’s screen with it', async () => {
    const [leaving, coming] = [await account('operator'), await account('operator')]
    await setUpApp(await signedIn(coming), coming)
    const page = await signedIn(leaving, '/shift')
    await page.locator('lamppost-shift form button.main').first().click()
    const row = page.locator('lamppost-shift form.row').first()
    await row.locator('input[name=user]').fill(coming)
    await row.locator('input[name=password]').fill(PASSWORD)
    await row.locator('button').click()
    const second = page.locator('lamppost-shift form.second')
    await second.locator('input[name=code]').fill(codeOf(secretOf(coming), 1))
    await page.screenshot({ path: join(output, 'factor-shift.png') })
    await second.locator('button.main').click()
    await second.waitFor({ state: 'detached' })
    const signed = (await (await page.request.get(`${origin}/api/v1/shifts`)).json()) as {
      items: { acceptedBy: string }[]
    }
    expect(signed.items[0]?.acceptedBy).toBe(people().user(coming)?.name)
  })
})

describe('a passkey of this device', () => {
  test('is added, and from then on signs in without a name and password', async () => {
    const user = await account('supervisor')
    const page = await signedIn(user)
    await page.locator('lamppost-factors button.passkey').click()
    await sayAgain(page, 'lamppost-factors')
    await page.locator('lamppost-factors li[data-factor]').waitFor()
    await page.screenshot({ path: join(output, 'factor-people.png'), fullPage: true })
    await page.locator('lamppost-people .own button.out').click()
    const form = page.locator('form.sign-in:not([hidden])')
    await form.locator('button.passkey').waitFor()
    await isAccessible(page)
    await page.screenshot({ path: join(output, 'factor-sign-in.png') })
    await form.locator('button.passkey').click()
    await page.locator('lamppost-people .accounts tbody tr').first().waitFor()
    expect(await session(page)).toMatchObject({ user, roles: ['supervisor'], how: 'account', factor: 'passkey' })
    // The same finger confirms what cannot be taken back.
    await page.locator('lamppost-people .accounts button.main').click()
    const editor = page.locator('lamppost-people dialog.editor')
    await editor.locator('input[name=user]').fill(`new${user}`)
    await editor.locator('input[name=name]').fill('New Person')
    await editor.locator('input[name=password]').fill('nine kites above a field')
    await editor.getByText('CCTV engineer').click()
    await editor.locator('button.main').click()
    await page
      .locator('lamppost-people dialog form:has(input[name=user][autocomplete=username]) button', {
        hasText: 'passkey',
      })
      .click()
    await page.locator(`lamppost-people tr[data-user=new${user}]`).waitFor()
  })
  test('is not offered where the address has no name, with the reason', async () => {
    const user = await account('operator')
    const page = await newPage('/people')
    await page.goto(`${house.url}/people`)
    await typePassword(page, user)
    await page.locator('lamppost-factors button.passkey[disabled]').waitFor()
    await page.getByText('Passkeys need a name').waitFor()
  })
})

describe('a telephone that is lost', () => {
  test('is taken out of the account by a supervisor, who sees who has a second factor', async () => {
    const [boss, user] = [await account('supervisor'), await account('operator')]
    const theirs = await signedIn(user)
    await setUpApp(theirs, user)
    const page = await signedIn(boss)
    await setUpApp(page, boss)
    const row = page.locator(`lamppost-people tr[data-user=${user}]`)
    await row.getByText('one second factor').waitFor()
    await row.locator('button').click()
    await page.locator('lamppost-people dialog.editor button.reset').click()
    await page.locator('lamppost-people dialog.sure').getByText('Has Person').waitFor()
    await page.screenshot({ path: join(output, 'factor-reset.png') })
    await page.locator('lamppost-people dialog.sure button.danger').click()
    await until(
      async () => (await theirs.request.get(`${origin}/api/v1/session`)).status(),
      (status) => status === 401,
    )
    expect(people().user(user)?.factors).toEqual([])
  })
})

describe('the pages of second factors', () => {
  test.each([
    [1920, 1080],
    [390, 844],
  ])('fit %i by %i, in Welsh, too', async (width, height) => {
    const user = await account('supervisor')
    const page = await signedIn(user, '/people?lang=cy')
    await page.setViewportSize({ width, height })
    await page.locator('lamppost-factors .withheld').waitFor()
    await page.locator('lamppost-factors button.codes').click()
    await sayAgain(page, 'lamppost-factors')
    await page.locator('lamppost-factors dialog.enrol svg path').waitFor()
    await page.screenshot({ path: join(output, `factor-cy-${width}.png`) })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(wide).toBeLessThanOrEqual(0)
    await isAccessible(page)
  })
})
