/** The pages of incidents and of figures in a real browser: found, read, printed, counted. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

const folder = mkdtempSync(join(tmpdir(), 'lamppost-incidents-page-'))
const data = join(folder, 'data')
const output = join(import.meta.dirname, 'output')
const PASSWORDS = { asha: 'three boats under a bridge', sue: 'no lantern burns at noon' }
const SITE = `site: { id: town, name: Darlington town centre, timezone: Europe/London, prefix: DTC }
helpPoints:
  - { id: bar, name: "Number One Bar, Blackwellgate", location: { lat: 54.52363, lon: -1.55610 } }
  - { id: station, name: Bank Top station, location: { lat: 54.5205, lon: -1.5475 } }
cameras: []
contacts: [{ id: police, name: Durham Constabulary, phone: "101" }]
`
let house: House
let browser: Browser
let tokens: Record<'press' | 'operator', string>
const complaints: string[] = []
const pages: Page[] = []
const year = new Date().getFullYear()
const number = (n: number): string => `DTC-${year}-${String(n).padStart(4, '0')}`

async function call(who: keyof typeof tokens, method: string, path: string, body?: object) {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
  return (await answer.json()) as { incident: string }
}
async function incident(helpPoint: string, note: string, [reason, code]: [string, string]): Promise<string> {
  const { incident: id } = await call('press', 'POST', '/presses', { helpPoint, id: note })
  await call('operator', 'POST', `/incidents/${id}/acknowledgement`)
  await call('operator', 'POST', `/incidents/${id}/notes`, { text: note })
  await call('operator', 'POST', `/incidents/${id}/contacts`, { contact: 'police', outcome: 'Car sent' })
  await call('operator', 'POST', `/incidents/${id}/closure`, { reason, code })
  return id
}

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  writeFileSync(join(folder, 'site.yaml'), SITE)
  const people = openPeopleFile(join(data, 'people.json'))
  await people.addUser('asha', PASSWORDS.asha, { name: 'Asha Patel', role: 'operator', helpPoints: null })
  await people.addUser('sue', PASSWORDS.sue, { name: 'Sue Hall', role: 'supervisor', helpPoints: null })
  tokens = {
    press: people.addToken({ name: 'Lamp post', role: 'press', helpPoints: null }),
    operator: people.addToken({ name: 'Ben Robson', role: 'operator', helpPoints: null }),
  }
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: data,
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
  await incident('bar', 'Woman in a red coat, followed from the station', ['Police attended', 'police'])
  await incident('station', 'Two boys with a kite', ['They ran away', 'malicious'])
  await incident('bar', 'Asked for the taxi rank', ['Helpwyd gan staff', 'helped'])
  browser = await openBrowser()
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close()
})
afterAll(async () => {
  await browser.close()
  await house.close()
  rmSync(folder, { recursive: true })
})

async function open(
  user: keyof typeof PASSWORDS,
  path: string,
  viewport = { width: 1280, height: 720 },
): Promise<Page> {
  const page = await (await browser.newContext({ viewport })).newPage()
  pages.push(page)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Axe is no file of ours; what it tries on for itself, our policy refuses.
    const isOurs = message.location().url !== ''
    if (message.type() === 'error' && isOurs && !/status of (400|401|403|404)/.test(message.text()))
      complaints.push(message.text())
  })
  await page.goto(`${house.url}${path}`)
  const form = page.locator('form.sign-in:not([hidden])')
  await form.locator('input[name=user]').fill(user)
  await form.locator('input[name=password]').fill(PASSWORDS[user])
  await form.locator('button').click()
  return page
}
const found = (page: Page) => page.locator('lamppost-incidents .found li')
const record = (page: Page) => page.locator('lamppost-incidents .record')
const numbers = async (page: Page): Promise<string[]> => found(page).locator('b').allTextContents()

describe('an operator', () => {
  test('finds an incident by its words, reads it, and comes back to the list with the keyboard where it was', async () => {
    const page = await open('asha', '/incidents')
    await until(
      () => numbers(page),
      (all) => all.length === 3,
    )
    expect(await numbers(page)).toEqual([number(3), number(2), number(1)])
    await page.locator('lamppost-incidents input[name=q]').fill('red coa')
    await page.keyboard.press('Enter')
    await until(
      () => numbers(page),
      (all) => all.join() === number(1),
    )
    await found(page).locator('button').click()
    await record(page)
      .locator('h2', { hasText: `${number(1)} Number One Bar` })
      .waitFor()
    const facts = await record(page).locator('dl').innerText()
    expect(facts).toMatch(/Accepted after\s+0:0\d by Ben Robson/)
    expect(facts).toContain('Police attended')
    const log = await record(page).locator('.log').innerText()
    expect(log).toContain('Ben Robson: Woman in a red coat')
    expect(log).toContain('Durham Constabulary: Car sent')
    expect(log).not.toContain('incident.opened')
    await record(page).locator('.all input').check()
    expect(await record(page).locator('.log').innerText()).toContain('incident.opened')
    expect(new URL(page.url()).hash).toBe(`#${number(1)}`)
    await record(page)
      .locator('footer', { hasText: /[0-9a-f]{64}/ })
      .waitFor()
  })
  test('filters by help point, outcome and person, and a reset shows all again', async () => {
    const page = await open('asha', '/incidents')
    const form = page.locator('lamppost-incidents form')
    await form.locator('select[name=outcome]').selectOption('malicious')
    await until(
      () => numbers(page),
      (all) => all.join() === number(2),
    )
    await form.locator('select[name=helpPoint]').selectOption('bar')
    await page.locator('lamppost-incidents .count', { hasText: 'No incident fits' }).waitFor()
    await form.locator('button[type=reset]').click()
    await until(
      () => numbers(page),
      (all) => all.length === 3,
    )
    await form.locator('input[name=person]').fill('ben robson')
    await page.keyboard.press('Enter')
    await until(
      () => numbers(page),
      (all) => all.length === 3,
    )
  })
  test('opens one by its address, in their own language', async () => {
    const page = await open('asha', `/incidents?lang=cy#${number(3)}`)
    await record(page).waitFor()
    expect(await record(page).locator('dl').innerText()).toContain('Helpwyd gan staff')
    const english = await open('asha', `/incidents?lang=en#${number(3)}`)
    await record(english).waitFor()
    // The words were Welsh; the reason is one of Lamppost's own.
    expect(await record(english).locator('dl').innerText()).toContain('Helped by staff')
  })
  test('prints a report with the town, the number and the hash of its entries', async () => {
    const page = await open('asha', `/incidents#${number(2)}`)
    await record(page).locator('footer code').waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('lamppost-incidents .list').isVisible()).toBe(false)
    expect(await record(page).locator('.paper').first().innerText()).toContain('Darlington town centre')
    expect(await record(page).locator('.paper').last().innerText()).toContain('Asha Patel')
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
  })
  test('sees in the header whose town it is and who they are, no page that is not theirs, and the way out', async () => {
    const page = await open('asha', '/incidents')
    const header = page.locator('body > header')
    await header.locator('.who', { hasText: 'Asha Patel' }).waitFor()
    expect(await header.locator('.town').innerText()).toBe('Darlington town centre')
    expect(await header.locator('a:visible').allInnerTexts()).toEqual([
      'Wall',
      'Incidents',
      'Cameras and presets',
      'Help points',
      'Shift',
      'People',
      'Cymraeg',
    ])
    await header.locator('button', { hasText: 'Sign out' }).click()
    await page.locator('form.sign-in:not([hidden]) input[name=user]').waitFor()
    expect((await page.request.get(`${house.url}/api/v1/session`)).status()).toBe(401)
  })
  test('does not see the figures, and is told why', async () => {
    const page = await open('asha', '/figures')
    await page.locator('lamppost-figures .refusal', { hasText: /\w/ }).waitFor()
    expect(await page.locator('lamppost-figures .card').count()).toBe(0)
  })
})

describe('a supervisor', () => {
  test('sees whether the button is used, and takes the table away', async () => {
    const page = await open('sue', '/figures')
    const cards = page.locator('lamppost-figures .card')
    await cards.first().waitFor()
    expect(await cards.locator('.value').allTextContents()).toEqual(['3', '3', '2', '1', '–'])
    const rows = page.locator('lamppost-figures tbody tr')
    expect(await rows.locator('th').allTextContents()).toEqual(['Number One Bar, Blackwellgate', 'Bank Top station'])
    const saving = page.waitForEvent('download')
    await page.locator('lamppost-figures .end button').first().click()
    const table = readFileSync(await (await saving).path(), 'utf8')
    expect(table).toContain('bar,"Number One Bar, Blackwellgate",2,0,2,')
    await page.locator('lamppost-figures form .row button', { hasText: 'Last month' }).click()
    await page.locator('lamppost-figures .none').waitFor()
    expect(await cards.locator('.value').first().textContent()).toBe('0')
  })
  test('is told what is wrong with a period', async () => {
    const page = await open('sue', '/figures')
    await page.locator('lamppost-figures .card').first().waitFor()
    await page.locator('lamppost-figures input[name=from]').fill('2026-05-02')
    await page.locator('lamppost-figures input[name=to]').fill('2026-05-01')
    await page.locator('lamppost-figures form button.main').click()
    await page.locator('lamppost-figures .refusal', { hasText: /\w/ }).waitFor()
  })
})

describe('the pages', () => {
  test.each([
    ['en', 1280, 720],
    ['en', 1920, 1080],
    ['en', 3840, 2160],
    ['cy', 390, 844],
  ] as const)('in %s at %s × %s break no rule of axe, and nothing scrolls sideways', async (lang, width, height) => {
    const look = async (page: Page, what: string): Promise<void> => {
      await page.screenshot({ path: join(output, `${what}-${lang}-${width}.png`) })
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    }
    const page = await open('sue', `/incidents?lang=${lang}`, { width, height })
    await found(page).first().waitFor()
    await look(page, 'incidents-list')
    await found(page).first().locator('button').click()
    await record(page).locator('footer code').waitFor()
    await look(page, 'incidents-one')
    await page.goto(`${house.url}/figures?lang=${lang}`)
    await page.locator('lamppost-figures .card').first().waitFor()
    await look(page, 'figures')
  })
  test('said nothing wrong in the browser', () => expect(complaints.join('\n')).toBe(''))
})
