/** What an attacker of the first version found, each as a rule that holds. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Accepted, Arrival, Receipt } from '../../server/glossary/press.ts'
import { createEtcd } from '../../server/members/engine/etcd.ts'
import { createTaking } from '../../server/members/taking.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { until } from '../contracts/test-town.ts'

const AT = '2026-11-20T22:30:00.000Z'
const arrival = (of: Partial<Arrival> = {}): Arrival => ({
  ...{ helpPoint: 'bar', key: '1', pressedAt: null, kind: 'press', source: 'http' },
  ...of,
})
const receipt = (press: string): Receipt => ({ press, incident: 'inc-1', receivedAt: AT }) as unknown as Receipt

describe('a press at a server that does not lead', () => {
  function room(
    options: { lead?: { status: number; body: unknown } | null; known?: { kind: 'press' | 'drill' } | null } = {},
  ) {
    const clock = createFakeClock(Date.parse(AT))
    const kept: string[] = []
    const { lead = null, known = null } = options
    const taking = createTaking({
      ...{ clock, member: 'B', leadUrl: () => (lead ? 'https://a' : null), mustKnow: () => {} },
      keeping: {
        async keep({ kept: { press, receivedAt } }) {
          kept.push(press)
          return { press: press as never, incident: null, receivedAt, copies: 2 }
        },
      },
      link: { ask: async () => lead ?? { status: 503, body: {} } },
      lookUp: async () => known && { receipt: receipt('prs-before'), pressedAt: AT, kind: known.kind },
    })
    return { clock, kept, take: (of: Partial<Arrival> = {}): Promise<Accepted> => taking.takeIn(arrival(of)) }
  }
  test('is no repeat of a drill with the same key', async () => {
    const { take, kept } = room({ known: { kind: 'drill' } })
    expect(await take()).toMatchObject({ repeated: false, disposition: 'kept' })
    expect(kept).toHaveLength(1)
    expect(await take({ kind: 'drill', key: '1' })).toMatchObject({ repeated: true, receipt: { press: 'prs-before' } })
  })
  test('is taken in when the same key may be a person anew: whether its incident is over is not known there', async () => {
    const { clock, take } = room({ known: { kind: 'press' } })
    const as = { sameForMs: 600_000, sameAfterClosedMs: 120_000 }
    expect(await take(as)).toMatchObject({ repeated: true })
    await clock.advance(121_000)
    expect(await take(as)).toMatchObject({ repeated: false })
  })
  test.each([
    ['does not believe it', { status: 403, body: { code: 'town/not-a-member', detail: 'the clock' } }],
    ['does not lead any more', { status: 503, body: { code: 'town/changing-hands', detail: 'another does' } }],
    ['answers nonsense', { status: 500, body: {} }],
  ])('is taken in when the lead %s', async (_, lead) => {
    const { take, kept } = room({ lead })
    expect(await take()).toMatchObject({ disposition: 'kept' })
    expect(kept).toHaveLength(1)
  })
  test('is refused when the lead knows no such help point, and asks for a pause when there are too many', async () => {
    const refused = (code: string) => room({ lead: { status: 404, body: { code, detail: 'no' } } }).take()
    await expect(refused('help-point/unknown')).rejects.toMatchObject({ code: 'help-point/unknown' })
    await expect(refused('press/too-many')).rejects.toMatchObject({ code: 'press/too-many' })
  })
})

describe('the engine’s watch', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })
  const event = (key: string, revision: number): object => ({
    kv: { key: Buffer.from(key).toString('base64'), value: '', create_revision: '1', mod_revision: String(revision) },
  })
  /** A fake gateway: each stream says what is next in the list, and ends. */
  async function watched(streams: string[]): Promise<{ keys: string[]; asked: string[] }> {
    const [keys, asked]: [string[], string[]] = [[], []]
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (bytes: Buffer) => (body += bytes.toString()))
      request.on('end', () => {
        asked.push((JSON.parse(body) as { create_request: { start_revision: string } }).create_request.start_revision)
        response.end(streams.shift() ?? '')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoints = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`]
    const etcd = createEtcd({ endpoints, user: null, password: null, ca: null })
    const stop = etcd.watch('/lamppost/t/', 5n, {
      changes: (changes) => keys.push(...changes.map(({ kv }) => kv.key)),
      compacted: () => {},
    })
    closing.push(() => {
      stop()
      etcd.close()
      server.close()
    })
    return { keys, asked }
  }
  test('goes on after what it was told, not after the newest there is', async () => {
    const part = { result: { header: { revision: '4000' }, events: [event('a', 5), event('b', 6)] } }
    const { asked } = await watched([`${JSON.stringify(part)}\n`])
    await until(
      () => asked.length,
      (count) => count > 1,
    )
    expect(asked.slice(0, 2)).toEqual(['5', '7'])
  })
  test('begins anew when something between writes what no etcd does', async () => {
    const good = { result: { header: { revision: '6' }, events: [event('a', 6)] } }
    const { keys } = await watched(['<html>502 Bad Gateway</html>\n', `${JSON.stringify(good)}\n`])
    await until(
      () => keys,
      (found) => found.length > 0,
    )
    expect(keys).toEqual(['a'])
  })
})
