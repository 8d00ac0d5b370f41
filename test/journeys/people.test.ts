/** The page of people in a real browser: a supervisor gives and takes rights, everybody looks after their own account. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-people-page-'))
const data = join(folder, 'data')
const output = join(import.meta.dirname, 'output')
const BEN = 'no lantern burns at noon'
const ASHA = 'three boats under a bridge'
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }]
cameras: []
`
let house: House
let browser: Browser
const complaints: string[] = []
/** While the server is away, the browser says so of whatever a page asks; that is no fault of the page. */
let isAway = false
const ofTheNetwork = /net::ERR_|WebSocket connection to|status of 503/
const people = () => openPeopleFile(join(data, 'people.json'))
const open = () =>
  openHouse({ siteFile: join(folder, 'site.yaml'), dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 })

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  writeFileSync(join(folder, 'site.yaml'), SITE)
  await people().addUser('ben', BEN, {
    ...{ name: 'Ben Robson', role: 'supervisor', roles: ['supervisor', 'evidence'], helpPoints: null },
  })
  await people().addUser('asha', ASHA, { name: 'Asha Patel', role: 'operator', helpPoints: null })
  people().addToken({ name: 'Lamp post, Blackwellgate', role: 'press', helpPoints: ['bar'] })
  people().addToken({ name: 'Prometheus', role: 'engineer', helpPoints: null }, { scope: 'metrics' })
  house = await open()
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

async function signedIn(user: string, password: string, path = '/people'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  const page = await context.newPage()
  pages.push(page)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Axe is no file of ours; what it tries on for itself, our policy refuses.
    const isOurs = message.location().url !== ''
    if (
      message.type() === 'error' &&
      isOurs &&
      !/status of (401|403|404|422|429)/.test(message.text()) &&
      !(isAway && ofTheNetwork.test(message.text()))
    )
      complaints.push(message.text())
  })
  await page.goto(`${house.url}${path}`)
  await enter(page, user, password)
  return page
}
async function enter(page: Page, user: string, password: string): Promise<void> {
  const form = page.locator('form.sign-in:not([hidden])')
  await form.waitFor()
  await form.locator('input[name=user]').fill(user)
  await form.locator('input[name=password]').fill(password)
  await form.locator('button').click()
}
/** What is asked for when an act needs the person and not only the screen. */
async function sayAgain(page: Page, user: string, password: string): Promise<void> {
  const dialog = page
    .locator('lamppost-people dialog:has(input[name=user][autocomplete=username]:not([hidden]))')
    .last()
  await dialog.waitFor()
  await dialog.locator('input[name=user]').fill(user)
  await dialog.locator('input[name=password]').fill(password)
  await dialog.locator('button.main').click()
}
const rows = (page: Page) => page.locator('lamppost-people .accounts tbody tr')

describe('a supervisor', () => {
  test('makes an account after saying the password again; a weak password is refused in words, and nothing is lost', async () => {
    const page = await signedIn('ben', BEN)
    await page.locator('lamppost-people .accounts button.main').click()
    const editor = page.locator('lamppost-people dialog.editor')
    await editor.locator('input[name=user]').fill('noor')
    await editor.locator('input[name=name]').fill('Noor Ali')
    await editor.locator('input[name=password]').fill('password1234')
    await editor.locator('button.main').click()
    await editor.getByText('Choose at least one role.').waitFor()
    await editor.getByText('CCTV engineer').click()
    await editor.locator('button.main').click()
    await sayAgain(page, 'ben', BEN)
    await editor.getByText('found among the first').waitFor()
    expect(await editor.locator('input[name=name]').inputValue()).toBe('Noor Ali')
    await editor.locator('input[name=password]').fill('nine kites above a field')
    await editor.locator('button.main').click()
    await page.locator('lamppost-people tr[data-user=noor]').waitFor()
    expect(await rows(page).count()).toBe(3)
    expect(people().user('noor')?.roles).toEqual(['engineer'])
  })
  test('ends somebody’s session: their wall asks for the password within seconds', async () => {
    const [ben, asha] = [await signedIn('ben', BEN), await signedIn('asha', ASHA, '/')]
    await asha.locator('lamppost-wall').waitFor({ state: 'attached' })
    await ben.locator('lamppost-people tr[data-user=asha] button').click()
    const editor = ben.locator('lamppost-people dialog.editor')
    await editor.locator('li[data-session] button').first().click()
    await until(
      async () => (await asha.request.get(`${house.url}/api/v1/session`)).status(),
      (status) => status === 401,
    )
  })
  test('gives a role, and takes it away again: what the person may do changes at once', async () => {
    const page = await signedIn('ben', BEN)
    const asha = await signedIn('asha', ASHA)
    await asha.locator('lamppost-people .own h2').waitFor()
    const ledger = async () => (await asha.request.get(`${house.url}/api/v1/ledger`)).status()
    expect(await ledger()).toBe(403)
    for (const [status, roles] of [
      [200, ['operator', 'evidence']],
      [403, ['operator']],
    ] as const) {
      await page.locator('lamppost-people tr[data-user=asha] button').click()
      const editor = page.locator('lamppost-people dialog.editor')
      await editor.getByText('Evidence officer').click()
      await editor.locator('form.account button.main').click()
      if (status === 200) await sayAgain(page, 'ben', BEN)
      await editor.waitFor({ state: 'detached' })
      expect(people().user('asha')?.roles).toEqual(roles)
      expect(await ledger()).toBe(status)
    }
  })
  test('takes a token away, after being asked once', async () => {
    const page = await signedIn('ben', BEN)
    const token = page.locator('lamppost-people tr', { hasText: 'Prometheus' })
    await token.locator('button').click()
    await page.locator('dialog.sure').getByText('Take the token of Prometheus away?').waitFor()
    await page.locator('dialog.sure button.danger').click()
    await sayAgain(page, 'ben', BEN)
    await token.waitFor({ state: 'detached' })
    expect(
      people()
        .now()
        .tokens.map(({ name }) => name),
    ).not.toContain('Prometheus')
  })
  test('is still signed in after the server was started again', async () => {
    const page = await signedIn('ben', BEN)
    await rows(page).first().waitFor()
    const { port } = new URL(house.url)
    isAway = true
    await house.close()
    house = await openHouse({
      ...{ siteFile: join(folder, 'site.yaml'), dataFolder: data, port: Number(port), host: '127.0.0.1', rtmpPort: 0 },
    })
    await page.reload()
    await rows(page).first().waitFor()
    isAway = false
    expect(await page.locator('form.sign-in:not([hidden])').count()).toBe(0)
  })
})

describe('everybody', () => {
  test('sets a password of their own and stays signed in here; accounts are not shown to them', async () => {
    const page = await signedIn('asha', ASHA)
    await page.getByText('Accounts and tokens are a supervisor’s.').waitFor()
    expect(await rows(page).count()).toBe(0)
    await page.locator('lamppost-people .own input[name=password]').fill('four boats under a bridge')
    await page.locator('lamppost-people .own form button').click()
    await sayAgain(page, 'asha', ASHA)
    await page.getByText('The new password is set.').waitFor()
    expect((await page.request.get(`${house.url}/api/v1/session`)).status()).toBe(200)
    await people().setPassword('asha', ASHA)
  })
  test('signs out, and the page shows nothing more', async () => {
    const page = await signedIn('asha', ASHA)
    await page.locator('lamppost-people button.out').click()
    await page.locator('form.sign-in:not([hidden])').waitFor()
    expect(await page.locator('lamppost-people').count()).toBe(0)
    expect((await page.request.get(`${house.url}/api/v1/session`)).status()).toBe(401)
  })
})

describe('the page', () => {
  test.each([
    ['en', 1280, 720],
    ['en', 1920, 1080],
    ['en', 3840, 2160],
    ['cy', 390, 844],
  ] as const)('in %s at %s × %s breaks no rule of axe, and nothing scrolls sideways', async (lang, width, height) => {
    const page = await signedIn('ben', BEN, `/people?lang=${lang}`)
    await page.setViewportSize({ width, height })
    await rows(page).first().waitFor()
    const look = async (what: string): Promise<void> => {
      await page.screenshot({ path: join(output, `people-${what}-${lang}-${width}.png`) })
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    }
    await look('page')
    await page.locator('lamppost-people tr[data-user=asha] button').click()
    await page.locator('lamppost-people dialog.editor li, lamppost-people dialog.editor .part').first().waitFor()
    await look('editor')
  })
  test('said nothing wrong in the browser', () => expect(complaints.join('\n')).toBe(''))
})
