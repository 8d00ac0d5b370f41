/** One press, from its request to its picture, can be followed through the log. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type ThreatTown, openThreatTown } from '../threats/threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())
const lines = (): Record<string, unknown>[] =>
  readFileSync(join(town.data, 'lamppost.log'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

test('each answer has the id of its request, and no two are the same', async () => {
  const ids = new Set<string>()
  for (const path of ['/api/v1/state', '/nothing-here', '/', '/readyz'])
    ids.add((await town.ask('GET', path)).headers.get('x-request-id') ?? '')
  expect(ids.size).toBe(4)
  for (const id of ids) expect(id).toMatch(/^req-[0-9a-z]+$/)
  // What somebody else calls theirs is not ours.
  const { headers } = await town.ask('GET', '/readyz', {
    headers: { 'x-request-id': 'forged', 'request-id': 'forged' },
  })
  expect(headers.get('x-request-id')).toMatch(/^req-/)
})
test('a press is in the log with the request that brought it, and every stage of it with the press', async () => {
  const pressed = await town.ask('POST', '/api/v1/presses', { token: town.tokens.press, body: { helpPoint: 'bar' } })
  const request = pressed.headers.get('x-request-id')
  const taken = await until(
    () => lines().find((line) => line.request === request),
    (line) => line !== undefined,
  )
  expect(taken).toMatchObject({ msg: 'a press was taken', press: pressed.body.press, helpPoint: 'bar', source: 'http' })
  await until(
    () => lines().filter(({ press, stage }) => press === pressed.body.press && stage !== undefined),
    (stages) => stages.some(({ stage }) => stage === 'durable'),
  )
})
test('a press that is told twice is in the log once, and the log names nobody', async () => {
  const body = { helpPoint: 'bar', id: 'twice' }
  for (let i = 0; i < 3; i += 1) await town.ask('POST', '/api/v1/presses', { token: town.tokens.press, body })
  const all = lines().filter(({ msg }) => msg === 'a press was taken')
  expect(all.length).toBeLessThanOrEqual(2)
  expect(JSON.stringify(lines())).not.toMatch(/Some press|A operator|three boats/)
})
