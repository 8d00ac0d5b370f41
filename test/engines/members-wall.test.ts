/** A wall in a browser, open at a server that dies: it goes on at the next one, and nothing that was in hand is lost. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type Page, chromium } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MemberTown, PASSWORD, openMemberTown, until } from './member-town.ts'

const other = (id: string): string => (id === 'A' ? 'B' : 'A')
let town: MemberTown
let browser: Browser
let page: Page
beforeAll(async () => {
  town = await openMemberTown()
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
})
afterAll(async () => {
  await browser?.close()
  await town?.close()
})
const wall = (): ReturnType<Page['locator']> => page.locator('lamppost-wall')

test('a wall goes on at the next server: no sign-in, what was typed stays, and a press meanwhile sounds', async () => {
  const lead = await town.leader()
  await town.press(lead, 'hp-1', 'before')
  page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  // What this wall goes on with elsewhere is known once it has been given it.
  const given = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/tokens') && answer.status() === 201)
  await page.goto(town.urlOf(lead))
  await page.fill('input[autocomplete="username"]', 'asha')
  await page.fill('input[type="password"]', PASSWORD)
  await page.keyboard.press('Enter')
  const tile = page.locator('lamppost-incident.large')
  await tile.getByText('Place 1', { exact: false }).first().waitFor()
  await tile.getByRole('button', { name: /Accept/ }).click()
  const note = tile.locator('textarea').first()
  await note.fill('red jacket, alone')
  await tile.getByText(/Saved/).waitFor()
  await given
  await until(
    () => readFileSync(join(town.dataOf(other(lead)), 'sessions.json'), 'utf8'),
    (text) => text.includes('"through"'),
  )
  await town.kill(lead)
  // While nobody leads somebody presses: it is taken, said, and sounds.
  await town.press(other(lead), 'hp-2', 'in the gap')
  await page
    .locator('lamppost-wall')
    .getByText(/Pressed at .*Place 2/)
    .waitFor({ timeout: 3000 })
  expect(await wall().getAttribute('sounding')).toBe('press')
  if (process.env['LAMPPOST_SHOTS'])
    await page.screenshot({ path: `${process.env['LAMPPOST_SHOTS']}/changing-hands.png` })
  await town.leader([other(lead)], lead)
  await page.locator('lamppost-incident').nth(1).waitFor()
  await page.locator('lamppost-wall [part=banner]').waitFor({ state: 'detached' })
  await page.locator('lamppost-wall [part=kept]').waitFor({ state: 'detached' })
  expect(await note.inputValue()).toBe('red jacket, alone')
  expect(new URL(page.url()).origin).toBe(town.urlOf(lead))
  expect(await page.locator('input[type="password"]').isVisible()).toBe(false)
  // An act at the other server, in the same name.
  const second = page.locator('lamppost-incident').filter({ hasText: 'Place 2' })
  await second.getByRole('button', { name: /Accept/ }).click()
  const { body } = await town.ask<{ items: { helpPoint: string; owner: string | null }[] }>(
    other(lead),
    '/api/v1/incidents',
  )
  await until(
    async () =>
      (await town.ask<{ items: { helpPoint: string; owner: string | null }[] }>(other(lead), '/api/v1/incidents')).body
        .items,
    (items) => items.some(({ helpPoint, owner }) => helpPoint === 'hp-2' && owner === 'Asha'),
  )
  expect(body.items.map(({ helpPoint }) => helpPoint).toSorted()).toEqual(['hp-1', 'hp-2'])
})
