/**
 * Little memory, and a thousand who only listen: presses are taken, or the server says that it is not ready; it never
 * falls over and over again. The whole server, as a process.
 */
import { type IncomingMessage, get } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type ThreatProcess, siteOf, startThreatProcess } from '../threats/threat-process.ts'

let town: ThreatProcess | null = null
const streams: IncomingMessage[] = []
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy()
  await town?.close()
  town = null
})

/** One that opens the stream of events and then reads nothing of it, or everything. */
function listen({ url, tokens }: ThreatProcess, path: string, reads: boolean): Promise<number> {
  return new Promise((resolve) => {
    const sent = get(`${url}${path}`, { headers: { authorization: `Bearer ${tokens.operator}` } }, (answer) => {
      answer.on('error', () => {})
      streams.push(answer)
      if (reads) answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.on('error', () => resolve(0))
  })
}
async function pressed(of: ThreatProcess, count: number, at = ''): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < count; n += 1)
    statuses.push(
      (await of.ask('press', 'POST', '/api/v1/presses', { helpPoint: n % 2 === 0 ? 'bar' : 'row', id: `${at}${n}` }))
        .status,
    )
  return statuses
}

describe('a thousand who listen and do nothing', () => {
  test('keep no press out, and the server gives up none of its memory to them for good', async () => {
    town = await startThreatProcess(siteOf([]))
    const of = town
    await pressed(of, 20, 'before')
    const before = of.megabytes()
    const opened: number[] = []
    for (let i = 0; i < 20; i += 1)
      opened.push(...(await Promise.all(Array.from({ length: 50 }, () => listen(of, '/api/v1/events', false)))))
    // Each is let in, or told that there are too many; none is left without an answer.
    expect(opened.filter((status) => status !== 200 && status !== 429 && status !== 503)).toEqual([])
    expect(opened.filter((status) => status === 200).length).toBeGreaterThan(100)
    const statuses = await pressed(of, 100)
    expect(statuses.filter((status) => status !== 202)).toEqual([])
    for (const stream of streams.splice(0)) stream.destroy()
    expect(await pressed(of, 20, 'after')).toEqual(Array.from({ length: 20 }, () => 202))
    expect(of.megabytes() - before).toBeLessThan(250)
    expect(of.isRunning()).toBe(true)
  })
})

describe('with 96 MB of heap', () => {
  test('presses are taken while pages read the past and listen, and the server lives', async () => {
    town = await startThreatProcess(siteOf([]), { environment: { NODE_OPTIONS: '--max-old-space-size=96' } })
    const of = town
    for (let i = 0; i < 40; i += 1) await listen(of, '/api/v1/events?after=0', i % 2 === 0)
    const reading = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 6; i += 1)
        for (const path of ['/api/v1/incidents?limit=100', '/api/v1/state', '/api/v1/openapi.json', '/metrics'])
          await of.ask('operator', 'GET', path)
    })
    const statuses = await pressed(of, 150)
    await Promise.all(reading)
    const lost = statuses.filter((status) => status !== 202)
    // Where it could not take one it says that it is not ready.
    if (lost.length > 0) expect((await of.ask(null, 'GET', '/readyz')).status).toBe(503)
    expect(of.isRunning()).toBe(true)
    await until(
      async () => (await of.ask('press', 'POST', '/api/v1/presses', { helpPoint: 'bar' })).status,
      (status) => status === 202,
    )
    expect(lost).toEqual([])
  })
})
