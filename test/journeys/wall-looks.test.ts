/** Every state of the wall as a person sees it: a screenshot of each, and axe's rules of WCAG 2.2 AA on each. */
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { HELP_POINTS, large, openRoom, output, type Room, seats, type Wall } from './wall-room.ts'

let room: Room
beforeAll(async () => void (room = await openRoom('[{ after: 3s }, { after: 300s }]')))
afterAll(() => room?.end())
const { screen, clear } = seats(() => room, { width: 1920, height: 1080 })
afterEach(clear)

/** In both sizes that walls have; what flashes is caught at a random moment, so colours are judged in both. */
async function looks(page: Wall, name: string, sizes: 1 | 2 = 2): Promise<void> {
  await page.waitForTimeout(500)
  await page.screenshot({ path: join(output, `wall-${name}.png`) })
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .disableRules(['region', 'page-has-heading-one', 'landmark-one-main'])
    .analyze()
  expect(
    violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${JSON.stringify(target)} ${failureSummary ?? ''}`),
    ),
  ).toEqual([])
  if (sizes === 1) return
  const before = page.viewportSize() ?? { width: 1920, height: 1080 }
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.waitForTimeout(250)
  await page.screenshot({ path: join(output, `wall-${name}-720.png`) })
  await page.setViewportSize(before)
}
/** WCAG 2.5.8: 24 by 24 px at the least, whatever is drawn inside. */
const smallTargets = (page: Wall): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = []
    const visit = (root: Document | ShadowRoot): void => {
      for (const each of root.querySelectorAll('*')) {
        if (each.shadowRoot) visit(each.shadowRoot)
        if (!each.matches('button, textarea, select, a, input:not([type=radio],[type=checkbox])')) continue
        const { width, height } = each.getBoundingClientRect()
        if (width > 0 && (width < 24 || height < 24))
          found.push(`${each.className || each.tagName} ${Math.round(width)}x${Math.round(height)}`)
      }
    }
    visit(document)
    return found
  })
/** Nothing is wider than the screen: no sideways scrolling (WCAG 1.4.10). */
const sideways = (page: Wall): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describe('the wall', () => {
  test('shows nothing while nobody waits', async () => {
    const asha = await screen('Asha')
    expect(await asha.locator('lamppost-wall').evaluate((wall) => wall.getBoundingClientRect().height)).toBe(0)
    await looks(asha, 'idle')
  })
  test('with a new press', async () => {
    const asha = await screen('Asha')
    await room.press()
    await until(
      () => large(asha).locator('.known .proof').getAttribute('data-state'),
      (state) => state === 'framed',
      20_000,
    )
    await looks(asha, 'press')
    expect(await smallTargets(asha)).toEqual([])
    expect(await sideways(asha)).toBe(0)
  })
  test('that somebody has taken, has called for, and has begun a note on', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('button.take').click()
    await large(asha).getByRole('button', { name: 'Log call to Durham Constabulary' }).click()
    await large(asha).locator('.step').first().click()
    await large(asha).locator('textarea').fill('Two women, one is crying')
    await large(asha).locator('.said.saved').waitFor()
    await large(asha).locator('.outcomes').waitFor()
    await looks(asha, 'taken')
    expect(await smallTargets(asha)).toEqual([])
  })
  test('with the seconds before the press, and a hand on the camera', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('button.take').click()
    await large(asha).locator('button.replay').click()
    await large(asha).locator('lamppost-player.clip .age', { hasText: 'Recorded' }).waitFor()
    await asha.keyboard.press('s')
    await looks(asha, 'replay-and-steer')
    expect(await smallTargets(asha)).toEqual([])
  })
  test('that nobody takes', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('.escalated').waitFor()
    await looks(asha, 'escalated')
  })
  test('on hold, offered, and just closed', async () => {
    const asha = await screen('Asha')
    const [held, offered, closed] = [
      await room.press('point-1'),
      await room.press('point-2'),
      await room.press('point-3'),
    ]
    for (const id of [held, offered, closed]) await room.call('Asha', 'POST', `/incidents/${id}/acknowledgement`)
    await room.call('Asha', 'PUT', `/incidents/${held}/hold`, { reason: 'Waiting for a taxi', minutes: 20 })
    await room.call('Asha', 'PUT', `/incidents/${offered}/handover`, { to: 'Ben' })
    await until(
      () => asha.locator('lamppost-incident').count(),
      (count) => count === 3,
    )
    await room.call('Asha', 'POST', `/incidents/${closed}/closure`, { reason: 'Helped by staff' })
    await asha.locator('.lately').waitFor()
    await looks(asha, 'hold-offer-closed')
  })
  test('with two, four and nine at once', async () => {
    const asha = await screen('Asha')
    for (const [i, { id }] of HELP_POINTS.entries()) {
      const incident = await room.press(id)
      if (i % 3 === 0) await room.call(i === 0 ? 'Asha' : 'Ben', 'POST', `/incidents/${incident}/acknowledgement`)
      if (![1, 3, 8].includes(i)) continue
      await until(
        () => asha.locator('lamppost-incident').count(),
        (count) => count === i + 1,
      )
      await looks(asha, `${i + 1}-at-once`)
      expect(await smallTargets(asha)).toEqual([])
      expect(await sideways(asha)).toBe(0)
    }
  })
  test('with a drill', async () => {
    const asha = await screen('Asha')
    await room.call('Sam', 'POST', '/help-points/point-1/drills')
    await large(asha).locator('.tile.drill').waitFor()
    await looks(asha, 'drill')
  })
  test('when the server is lost', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('h2').waitFor()
    await asha.context().setOffline(true)
    await asha.evaluate(() => dispatchEvent(new Event('offline')))
    await asha.locator('lamppost-wall .banner').waitFor()
    await looks(asha, 'server-lost')
    await asha.context().setOffline(false)
    await asha.locator('lamppost-wall .banner').waitFor({ state: 'detached' })
  })
  test('in the light, in Welsh', async () => {
    const asha = await screen('Asha', { query: '?theme=light&lang=cy' })
    const first = await room.press()
    await room.call('Asha', 'POST', `/incidents/${first}/acknowledgement`)
    await large(asha).locator('.owner', { hasText: 'Derbyniwyd gan Asha' }).waitFor()
    await room.press('point-2')
    await asha.locator('lamppost-incident.small').waitFor()
    await looks(asha, 'welsh-light')
    expect(
      await asha
        .locator('lamppost-incident')
        .allTextContents()
        .then((all) => all.join(' ')),
    ).not.toMatch(/Accept|Close…|Contacts|Safe places|pressed/)
  })
  test('at 200 % zoom: everything is there, one below the other', async () => {
    const asha = await screen('Asha', { viewport: { width: 960, height: 540 }, deviceScaleFactor: 2 })
    await room.press()
    await room.press('point-2')
    await until(
      () => asha.locator('lamppost-incident').count(),
      (count) => count === 2,
    )
    await asha.waitForTimeout(1500)
    expect(await sideways(asha)).toBe(0)
    await asha.screenshot({ path: join(output, 'wall-zoom-200.png'), fullPage: true })
    const { violations } = await new AxeBuilder({ page: asha })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
  })
  test('for whoever minds motion, nothing flashes', async () => {
    const asha = await screen('Asha', { reducedMotion: 'reduce' })
    await room.press()
    await large(asha).locator('header').waitFor()
    expect(
      await large(asha)
        .locator('header')
        .evaluate((band) => getComputedStyle(band).animationName),
    ).toBe('none')
    const ben = await screen('Ben')
    await large(ben).locator('header').waitFor()
    // Once a second: three are allowed.
    expect(
      await large(ben)
        .locator('header')
        .evaluate((band) => [getComputedStyle(band).animationName, getComputedStyle(band).animationDuration]),
    ).toEqual(['wait', '1s'])
  })
  test('its questions and its keys', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await room.call('Asha', 'POST', `/incidents/${id}/acknowledgement`)
    for (const [key, name] of [
      ['c', 'close'],
      ['h', 'hold'],
      ['o', 'hand-over'],
      ['?', 'keys'],
    ] as const) {
      await large(asha).locator('.owner').waitFor()
      await asha.keyboard.press(key)
      await looks(asha, `question-${name}`, 1)
      expect(await smallTargets(asha)).toEqual([])
      await asha.keyboard.press('Escape')
    }
  })
})
