/** The page of the site file in a real browser: an engineer changes the town, and is told what is wrong with its line. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-site-page-'))
const file = join(folder, 'site.yaml')
const output = join(import.meta.dirname, 'output')
const PASSWORD = 'a ladder and a lens cloth'
const POINTS = Array.from(
  { length: 30 },
  (_, i) => `  - { id: point-${i}, name: Point ${i}, location: { lat: 54.5${i + 10}, lon: -1.55 } }\n`,
).join('')
const SITE = `# Written by hand.
site: { id: town, name: Darlington town centre, timezone: Europe/London }
helpPoints:
  - id: bar
    name: Number One Bar # outside
    location: { lat: 54.52363, lon: -1.55610 }
${POINTS}cameras: []
contacts:
  - { id: police, name: Durham Constabulary, phone: "101" }
`
let house: House
let browser: Browser
let token: string
const complaints: string[] = []
const pages: Page[] = []

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  writeFileSync(file, SITE)
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  await people.addUser('eve', PASSWORD, { name: 'Eve Shaw', role: 'engineer', helpPoints: null })
  token = people.addToken({ name: 'Another engineer', role: 'engineer', helpPoints: null })
  house = await openHouse({ siteFile: file, dataFolder: join(folder, 'data'), port: 0, host: '127.0.0.1', rtmpPort: 0 })
  browser = await openBrowser()
})
beforeEach(async () => {
  const { version } = (await api('GET', '/site-file')) as { version: string }
  await api('PUT', '/site-file', { text: SITE }, version)
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close()
})
afterAll(async () => {
  await browser.close()
  await house.close()
  rmSync(folder, { recursive: true })
})
async function api(method: string, path: string, body?: object, seen?: string): Promise<unknown> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(seen ? { 'if-match': `"${seen}"` } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
  return answer.json()
}
async function open(path = '/site-file', viewport = { width: 1280, height: 720 }): Promise<Page> {
  const page = await (await browser.newContext({ viewport })).newPage()
  pages.push(page)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const isOurs = message.location().url !== ''
    if (message.type() === 'error' && isOurs && !/status of (401|403|404|412|422)/.test(message.text()))
      complaints.push(message.text())
  })
  await page.goto(`${house.url}${path}`)
  const form = page.locator('form.sign-in:not([hidden])')
  await form.locator('input[name=user]').fill('eve')
  await form.locator('input[name=password]').fill(PASSWORD)
  await form.locator('button').click()
  await until(
    () => field(page).inputValue(),
    (text) => text.startsWith('# Written by hand'),
  )
  return page
}
const field = (page: Page) => page.locator('lamppost-site-file textarea.own')
const state = (page: Page) => page.locator('lamppost-site-file .state')
const type = (page: Page, change: (text: string) => string) =>
  field(page)
    .inputValue()
    .then((text) => field(page).fill(change(text)))
/** A session says the password once more, the first time. */
async function save(page: Page): Promise<void> {
  await field(page).press('Control+s')
  const password = page.locator('lamppost-site-file dialog input[name=password]')
  await Promise.race([
    password.waitFor(),
    page.locator('lamppost-site-file .state:not(.changed)').waitFor(),
    page.locator('lamppost-site-file .problems').waitFor(),
    page.locator('lamppost-site-file .conflict').waitFor(),
  ])
  if (!(await password.isVisible())) return
  await password.fill(PASSWORD)
  await page.locator('lamppost-site-file dialog button.main').click()
}

describe('an engineer', () => {
  test('changes the town, sees that it follows, and takes it back', async () => {
    const page = await open()
    await type(page, (text) => text.replace('Number One Bar', 'Number Two Bar'))
    await state(page).locator('text=not saved').waitFor()
    await save(page)
    await state(page).locator('text=The town follows it').waitFor()
    expect(readFileSync(file, 'utf8')).toContain('name: Number Two Bar # outside')
    expect(await api('GET', '/help-points/bar')).toMatchObject({ name: 'Number Two Bar' })
    await page.locator('lamppost-site-file button', { hasText: 'Take the last edit back' }).click()
    await state(page).locator('text=taken back').waitFor()
    expect(await field(page).inputValue()).toBe(SITE)
    expect(readFileSync(file, 'utf8')).toBe(SITE)
  })
  test('is told what is wrong with its line, and is led there; nothing is saved', async () => {
    const page = await open()
    await type(page, (text) => text.replace('phone: "101"', 'telephone: "101"').replace('lat: 54.539', 'lat: north'))
    await save(page)
    const problems = page.locator('lamppost-site-file .problems li')
    await problems.first().waitFor()
    expect(await problems.allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Line 36\b/), expect.stringMatching(/^Line 39\b/)]),
    )
    await problems.last().locator('button').click()
    const chosen = await field(page).evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    )
    expect(chosen).toContain('telephone')
    expect(readFileSync(file, 'utf8')).toBe(SITE)
  })
  test('who was slower sees both, and decides', async () => {
    const page = await open()
    await type(page, (text) => text.replace('Number One Bar', 'My Bar'))
    await api('PUT', '/site-file/contacts/taxi', { name: 'Taxi rank', phone: '01325 000000' })
    await save(page)
    const conflict = page.locator('lamppost-site-file .conflict')
    await conflict.waitFor()
    expect(await conflict.locator('textarea').inputValue()).toContain('Taxi rank')
    expect(await field(page).inputValue()).toContain('My Bar')
    const theirs = await conflict.locator('textarea').inputValue()
    await field(page).fill(theirs.replace('Number One Bar', 'My Bar'))
    await conflict.locator('button.danger').click()
    await state(page).locator('text=The town follows it').waitFor()
    expect(readFileSync(file, 'utf8')).toMatch(/My Bar[\s\S]*Taxi rank/)
  })
  test('finds a thing by its name beside the text', async () => {
    const page = await open()
    await page.locator('lamppost-site-file nav button', { hasText: 'point-29' }).click()
    const chosen = await field(page).evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    )
    expect(chosen).toContain('id: point-29')
    // The numbers stand beside their lines.
    const [text, numbers] = await page
      .locator('lamppost-site-file .editor')
      .evaluate((editor) => [editor.querySelector('textarea')?.scrollTop, editor.querySelector('.gutter')?.scrollTop])
    expect(text).toBeGreaterThan(0)
    expect(numbers).toBe(text)
  })
})

describe('the page', () => {
  test.each([
    ['en', 1280, 720],
    ['en', 1920, 1080],
    ['en', 3840, 2160],
    ['cy', 390, 844],
  ] as const)('in %s at %s × %s breaks no rule of axe, and nothing scrolls sideways', async (lang, width, height) => {
    const look = async (page: Page, what: string): Promise<void> => {
      await page.screenshot({ path: join(output, `${what}-${lang}-${width}.png`) })
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    }
    const page = await open(`/site-file?lang=${lang}`, { width, height })
    await look(page, 'site-file')
    await type(page, (text) => text.replace('lat: 54.52363', 'lat: north'))
    await save(page)
    await page.locator('lamppost-site-file .problems').waitFor()
    await look(page, 'site-file-problems')
  })
  test('said nothing wrong in the browser', () => expect(complaints.join('\n')).toBe(''))
})
