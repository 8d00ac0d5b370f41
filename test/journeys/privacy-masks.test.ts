/** Privacy masks in a real browser: the operator's wall, and the evidence officer who looks behind them with a reason. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, plan, startTestTown, until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-masks-page-'))
const output = join(import.meta.dirname, 'output')
const PASSWORD = 'three boats under a bridge'
let town: Awaited<ReturnType<typeof startTestTown>>
let house: House
let browser: Browser
let press: string

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  town = await startTestTown(plan('bar', false))
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: t, name: Darlington, timezone: Europe/London }',
      'helpPoints: [{ id: bar, name: Number One Bar, location: { lat: 54.5, lon: -1.5 } }]',
      'cameras:',
      `  - { id: bar, name: Blackwellgate, location: { lat: 54.5, lon: -1.5 }, onvif: { url: "${town.camera('bar').url}", ` +
        `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }, ` +
        'privacy: [{ name: Windows of 12 Skinnergate, polygon: [[0.3, 0.2], [0.6, 0.2], [0.6, 0.7], [0.3, 0.7]] }] }',
      '',
    ].join('\n'),
  )
  const people = openPeopleFile(join(folder, 'people.json'))
  for (const role of ['operator', 'evidence'] as const)
    await people.addUser(role, PASSWORD, { name: `Some ${role}`, role, helpPoints: null })
  press = people.addToken({ name: 'post', role: 'press', helpPoints: null })
  const at = { port: 0, host: '127.0.0.1', rtmpPort: 0 }
  house = await openHouse({ siteFile: join(folder, 'site.yaml'), dataFolder: folder, ...at })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

async function signedIn(user: string, path: string, [width, height] = [1280, 720]): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width, height } })).newPage()
  await page.goto(`${house.url}${path}`)
  const form = page.locator('form.sign-in:not([hidden])')
  await form.locator('input[name=user]').fill(user)
  await form.locator('input[name=password]').fill(PASSWORD)
  await form.locator('button').click()
  return page
}

describe('a masked camera', () => {
  test('is live on the wall after a press, and says that something of it is covered', async () => {
    const page = await signedIn('operator', '/')
    await page.locator('lamppost-wall').waitFor({ state: 'attached' })
    const { status } = await fetch(`${house.url}/api/v1/presses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${press}`, 'content-type': 'application/json' },
      body: JSON.stringify({ helpPoint: 'bar' }),
    })
    expect(status).toBe(202)
    // It stands still, and shows no help point by itself: the operator chooses it.
    const player = page.locator('lamppost-player').first()
    await player.waitFor()
    const label = player.locator('[part=form]')
    await until(
      async () => [await label.textContent(), await player.getAttribute('shows')],
      ([words, shows]) => words?.trim() === '1 privacy mask' && shows === 'live',
    )
    expect(await label.getAttribute('title')).toBe('Windows of 12 Skinnergate')
    await page.screenshot({ path: join(output, 'masks-wall-1280.png') })
    await page.context().close()
  })
  test('is played to an evidence officer with its mask, and without it after a reason', async () => {
    const page = await signedIn('evidence', '/evidence', [1920, 1080])
    await page.locator('lamppost-evidence button.play').first().click()
    const label = page.locator('lamppost-player [part=form]')
    await label.getByText('1 privacy mask').waitFor()
    await page.locator('lamppost-evidence button.unmask').first().click()
    const dialog = page.locator('lamppost-evidence dialog')
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
    await page.screenshot({ path: join(output, 'masks-reason-1920.png') })
    await dialog.locator('input[name=reason]').fill('CAD 4711: which door he left by')
    const asked = page.waitForResponse((answer) => answer.url().includes('/unmasked/segment/') && answer.ok())
    await dialog.locator('button.main').click()
    await asked
    await label.getByText('Without privacy masks').waitFor()
    await page.locator('lamppost-player[shows=recorded]').waitFor()
    await page.screenshot({ path: join(output, 'masks-evidence-1920.png') })
    await page.context().close()
  })
})
