/** Nine people press at once: each is on the wall whole, and can be accepted, on the lowest screen that a room has. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { HELP_POINTS, type Room, openRoom, output } from './wall-room.ts'

let room: Room
beforeAll(async () => {
  room = await openRoom()
})
afterAll(() => room.end())

test.each([
  [1280, 720],
  [1920, 1080],
  [3840, 2160],
])(
  'nine at once stand whole on %i by %i, each with its button, and every picture that is seen moves',
  async (width, height) => {
    const page = await room.screen('Asha', { viewport: { width, height } })
    for (const { id } of HELP_POINTS) await room.press(id)
    await page.locator('.counts', { hasText: '9 open · 9 not accepted' }).waitFor()
    type Box = { top: number; bottom: number }
    const cards = await page.locator('lamppost-incident.small').evaluateAll((all) =>
      all.map((card) => {
        const box = (element: Element | null | undefined): Box => {
          const { top = 0, bottom = 0 } = element?.getBoundingClientRect() ?? {}
          return { top, bottom }
        }
        return { card: box(card), take: box(card.shadowRoot?.querySelector('button.take')) }
      }),
    )
    expect(cards.length).toBe(8)
    for (const { card, take } of cards) {
      expect(card.top).toBeGreaterThanOrEqual(0)
      expect(card.bottom).toBeLessThanOrEqual(height)
      expect(take.bottom - take.top).toBeGreaterThanOrEqual(24)
      expect(take.top).toBeGreaterThanOrEqual(card.top)
      expect(take.bottom).toBeLessThanOrEqual(card.bottom)
    }
    await until(
      () =>
        page.evaluate(() => {
          const tiles = document.querySelector('lamppost-wall')?.shadowRoot?.querySelectorAll('lamppost-incident') ?? []
          const players = [...tiles].flatMap((tile) => [
            ...(tile.shadowRoot?.querySelectorAll('lamppost-player') ?? []),
          ])
          const seen = players.filter((player) => player.getBoundingClientRect().top < innerHeight)
          return { seen: seen.length, moving: seen.filter((player) => player.getAttribute('shows') === 'live').length }
        }),
      ({ seen, moving }) => seen > 0 && seen === moving,
    )
    await page.screenshot({ path: `${output}/nine-${height}.png` })
    await page.context().close()
    await room.closeAll()
  },
)
