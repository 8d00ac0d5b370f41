/** A press that a stranger makes up: no key, a wrong one, another help point’s, or an altered body. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SECRET, type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

const incidents = async () => (await town.ask('GET', '/api/v1/incidents', { token: town.tokens.operator })).body.items

test.each([
  ['without a token', {}],
  ['with a token that nobody has', { token: 'A'.repeat(43) }],
  ['with the token of a help point next to it', { token: 'press', helpPoint: 'row' }],
  ['with the token of somebody who presses nothing', { token: 'operator' }],
] as const)(
  '%s it is refused, stands in the record, and nothing pops up',
  async (_, { token, helpPoint = 'bar' }: { token?: string; helpPoint?: string }) => {
    const known = token === 'press' || token === 'operator' ? town.tokens[token] : token
    const { status } = await town.ask('POST', '/api/v1/presses', {
      ...(known === undefined ? {} : { token: known }),
      body: { helpPoint },
    })
    expect([401, 403]).toContain(status)
    expect(await incidents()).toEqual([])
  },
)
test('signed with another secret, or altered on its way, it is refused', async () => {
  expect((await town.signedPress('{"helpPoint":"bar"}', { secret: 'another secret of the bar' })).status).toBe(401)
  const seconds = Math.floor(Date.now() / 1000)
  const { createHmac } = await import('node:crypto')
  const signature = createHmac('sha256', SECRET).update(`${seconds}.{"helpPoint":"bar"}`).digest('hex')
  const altered = await town.ask('POST', '/api/v1/presses', {
    headers: { 'x-lamppost-timestamp': String(seconds), 'x-lamppost-signature': `sha256=${signature}` },
    body: '{"helpPoint":"bar" }',
  })
  expect(altered.status).toBe(401)
  expect(await incidents()).toEqual([])
  expect((await town.entries('press.refused')).length).toBeGreaterThan(0)
})
test('the right one is taken all the same', async () => {
  expect((await town.signedPress('{"helpPoint":"bar"}')).status).toBe(202)
  expect(await incidents()).toHaveLength(1)
})
