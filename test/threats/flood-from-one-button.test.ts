/** One button that presses as fast as the machine can take it: the others are heard all the same, and nothing is lost. */
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ThreatProcess, siteOf, startThreatProcess } from './threat-process.ts'
import { until } from '../contracts/test-town.ts'

const AT_ONCE = 64
const FLOOD_MS = 6000
let town: ThreatProcess
beforeAll(async () => (town = await startThreatProcess(siteOf([]))))
afterAll(() => town?.close())

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
function press(helpPoint: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${town.url}/api/v1/presses`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${town.tokens.press}`, 'content-type': 'application/json' },
      },
      (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    sent.once('error', reject)
    sent.end(JSON.stringify({ helpPoint }))
  })
}
type Incident = { helpPoint: string; presses: unknown[]; pressCount?: number }
const incidents = async (): Promise<Incident[]> => (await town.ask('operator', 'GET', '/api/v1/incidents')).body.items

test('another button’s press stands on the wall meanwhile, and the flood is one incident that counts', async () => {
  const answers = new Map<number, number>()
  const flooding = new AbortController()
  const flood = Array.from({ length: AT_ONCE - 1 }, async () => {
    while (!flooding.signal.aborted) {
      const status = await press('bar')
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  })
  const end = performance.now() + FLOOD_MS
  await until(
    () => answers.get(202) ?? 0,
    (count) => count > 100,
  )
  const pressed = await town.ask('press', 'POST', '/api/v1/presses', { helpPoint: 'row' })
  expect(pressed.status).toBe(202)
  // It is there while the flood goes on.
  expect((await incidents()).some(({ helpPoint }) => helpPoint === 'row')).toBe(true)
  await until(() => performance.now(), (now) => now > end) // prettier-ignore
  flooding.abort()
  await Promise.all(flood)
  agent.destroy()
  // Accepted, or told to send again in a second: nothing else, and no error of ours.
  expect([...answers.keys()].filter((status) => status !== 202 && status !== 429)).toEqual([])
  const open = await incidents()
  expect(open.map(({ helpPoint }) => helpPoint).toSorted()).toEqual(['bar', 'row'])
  const entries: { kind: string; body: { count?: number } }[] = []
  for (let after: number | null = 0; after !== null;) {
    const { body } = await town.ask('supervisor', 'GET', `/api/v1/ledger?limit=200&after=${after}`)
    entries.push(...body.items)
    after = body.next
  }
  const received = entries.filter(({ kind }) => kind === 'press.received').length - 1
  const counted = entries
    .filter(({ kind }) => kind === 'press.coalesced')
    .reduce((sum, { body }) => sum + (body.count ?? 0), 0)
  expect(received + counted).toBe(answers.get(202))
  // Seconds of thousands of presses are a few entries.
  expect(entries.length).toBeLessThan((answers.get(202) ?? 0) / 2)
})
