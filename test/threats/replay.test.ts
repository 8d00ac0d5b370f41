/** A press that somebody has heard, sent again and again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

test('a thousand times the same request is one press with one receipt', async () => {
  const seconds = Math.floor(Date.now() / 1000)
  const receipts = new Set<string>()
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => town.signedPress('{"helpPoint":"bar"}', { seconds })),
    )
    for (const { status, body } of answers) {
      expect([200, 202]).toContain(status)
      receipts.add(body.id)
    }
  }
  expect(receipts.size).toBe(1)
  expect(await town.entries('press.received')).toHaveLength(1)
})
test('signed too long ago, or ahead, it is refused', async () => {
  for (const off of [-6 * 60, 6 * 60]) {
    const seconds = Math.floor(Date.now() / 1000) + off
    const { status, body } = await town.signedPress('{"helpPoint":"bar"}', { seconds })
    expect([status, body.code]).toEqual([401, 'press/out-of-time'])
  }
})
