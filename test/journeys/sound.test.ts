/**
 * A press is heard on every screen until somebody has taken it; a drill does not sound like a person; a blocked sound
 * is said.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-sound-'))
let house: House
let browser: Browser
const tokens = new Map<Role, string>()

beforeAll(async () => {
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      'helpPoints:',
      '  - { id: bar, name: "Number One Bar, Blackwellgate", address: Lamp post outside ' +
        'Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }',
      '  - { id: row, name: High Row steps, location: { lat: 54.52380, lon: -1.55640 } }',
      'cameras: []',
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
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  rmSync(folder, { recursive: true, force: true })
})
async function call(role: Role, path: string, body: unknown = {}): Promise<{ incident: string }> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get(role)}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await answer.json()) as { incident: string }
}
type Heard = { heard: { hertz: number; at: number }[] }

/** A screen with a wall, whose tones are counted where they are started. */
async function screen(attributes: Record<string, string> = {}): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  // By the page itself: what a test evaluates in it counts as a person's touch.
  await page.addInitScript(
    (all) => {
      document.addEventListener('DOMContentLoaded', () => {
        const wall = document.createElement('lamppost-wall')
        for (const [name, value] of Object.entries(all)) wall.setAttribute(name, value)
        document.body.replaceChildren(wall)
      })
      const heard: Heard['heard'] = []
      Object.assign(globalThis, { heard })
      const start = OscillatorNode.prototype.start
      OscillatorNode.prototype.start = function (when?: number) {
        heard.push({ hertz: this.frequency.value, at: performance.now() })
        return start.call(this, when)
      }
    },
    { token: tokens.get('operator') ?? '', ...attributes },
  )
  await page.goto(`${house.url}/evidence`)
  return page
}
const tones = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as Heard).heard.map(({ hertz }) => hertz))
const sounding = (page: Page): Promise<string | null> => page.locator('lamppost-wall').getAttribute('sounding')
const allowed = async (page: Page): Promise<Page> => {
  await page.mouse.click(5, 5)
  await page.waitForTimeout(300)
  return page
}

describe('the sound of a press', () => {
  test('goes on, on every screen, until somebody has taken it', async () => {
    const [one, two] = [await allowed(await screen()), await allowed(await screen())]
    const { incident } = await call('press', '/presses', { helpPoint: 'bar' })
    await until(
      () => tones(one),
      (heard) => heard.length >= 12,
      10_000,
    )
    await until(
      () => tones(two),
      (heard) => heard.length >= 8,
      10_000,
    )
    expect([await sounding(one), await sounding(two)]).toEqual(['press', 'press'])
    await one.getByRole('button', { name: 'Accept' }).click()
    await until(
      async () => [await sounding(one), await sounding(two)],
      (all) => all.every((each) => each === ''),
      3000,
    )
    const before = [(await tones(one)).length, (await tones(two)).length]
    await one.waitForTimeout(2500)
    expect([(await tones(one)).length, (await tones(two)).length]).toEqual(before)
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await Promise.all([one.close(), two.close()])
  })
  test('is another one than a drill’s, which is heard once', async () => {
    const page = await allowed(await screen())
    const { incident } = await call('supervisor', '/help-points/row/drills')
    await until(
      () => tones(page),
      (heard) => heard.length > 0,
      5000,
    )
    await page.waitForTimeout(2500)
    const drill = await tones(page)
    expect([drill.length, await sounding(page)]).toEqual([1, 'drill'])
    const pressed = await call('press', '/presses', { helpPoint: 'row' })
    await until(
      () => tones(page),
      (heard) => heard.length > 4,
      5000,
    )
    expect((await tones(page)).slice(1).includes(drill[0] ?? 0)).toBe(false)
    expect(pressed.incident).toBe(incident)
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await page.close()
  })
  test('of a screen that would hear of nobody is a low one, and stops when it hears again', async () => {
    const page = await allowed(await screen())
    await page.context().setOffline(true)
    // What happens now cannot be asked for: it is not even known that somebody waits.
    const { incident } = await call('press', '/presses', { helpPoint: 'bar' })
    await until(
      () => sounding(page),
      (what) => what === 'lost',
      40_000,
    )
    await until(
      () => tones(page),
      ({ length }) => length >= 2,
    )
    expect((await tones(page)).slice(0, 2)).toEqual([294, 196])
    await page.context().setOffline(false)
    await until(
      () => sounding(page),
      (what) => what === 'press',
      20_000,
    )
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await until(
      () => sounding(page),
      (what) => what === '',
      20_000,
    )
    await page.close()
  })
  test('that the browser blocks is said in red, and its button turns it on', async () => {
    const page = await screen()
    const { incident } = await call('press', '/presses', { helpPoint: 'bar' })
    const banner = page.getByText('Sound is blocked in this browser')
    await banner.waitFor()
    expect([await tones(page), await sounding(page)]).toEqual([[], ''])
    await page.screenshot({ path: join(output, 'sound-blocked.png') })
    await page.getByRole('button', { name: 'Turn the sound on' }).click()
    await banner.waitFor({ state: 'detached' })
    await until(
      () => tones(page),
      (heard) => heard.length > 0,
      5000,
    )
    expect(await sounding(page)).toBe('press')
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await page.close()
  })
  test('that comes back with the first touch moves nothing under the hand: that touch does what it was meant for', async () => {
    const page = await screen()
    const { incident } = await call('press', '/presses', { helpPoint: 'bar' })
    await page.getByText('Sound is blocked in this browser').waitFor()
    const box = await page.locator('button.take').boundingBox()
    await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + 20)
    await page.mouse.down()
    await page.getByText('Sound is blocked in this browser').waitFor({ state: 'detached' })
    await page.mouse.up()
    await page.locator('.owner').waitFor()
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await page.close()
  })
  test('is found out to be blocked before it matters, unless the page wants it later; a muted screen keeps quiet', async () => {
    const [watching, later] = [await screen(), await screen({ 'watch-sound': 'false' })]
    await watching.getByText('Sound is blocked in this browser').waitFor()
    expect(await later.getByText('Sound is blocked in this browser').count()).toBe(0)
    const muted = await allowed(await screen({ muted: '' }))
    const { incident } = await call('press', '/presses', { helpPoint: 'bar' })
    await muted.locator('lamppost-incident h2').waitFor()
    await muted.waitForTimeout(800)
    expect([await tones(muted), await muted.getByText('Sound is blocked in this browser').count()]).toEqual([[], 0])
    await call('operator', `/incidents/${incident}/closure`, { reason: 'over' })
    await Promise.all([watching.close(), later.close(), muted.close()])
  })
})

test('a page that the browser has put to sleep says so, from when to when, until somebody has read it', async () => {
  const page = await screen()
  // A tab of a headless browser is never put to sleep: nothing of the page runs for as long, which is the same to it.
  await page.evaluate(() => {
    for (const end = Date.now() + 12_000; Date.now() < end;);
  })
  const line = page.locator('lamppost-wall').locator('p[part=slept]')
  await line.filter({ hasText: /^\s*This page slept from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d/ }).waitFor()
  await page.screenshot({ path: join(output, 'slept.png') })
  await line.locator('button').click()
  await line.waitFor({ state: 'detached' })
  await page.context().close()
})
