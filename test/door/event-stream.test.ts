import Fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type LedgerPort, ledgerRoutes } from '../../server/door/ledger-routes.ts'
import type { Entry } from '../../server/glossary/ledger.ts'

const apps: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})
const entry = (seq: number): Entry => ({ seq, at: '', kind: 'house.started', actor: 'lamppost', subject: 'town', body: {}, prev: '', hash: '' }) as unknown as Entry

/** The events' route alone, with a past that the test makes. */
async function open(page: LedgerPort['page']) {
  const listeners = new Set<(entry: Entry) => void>()
  const app = Fastify()
  apps.push(app)
  app.decorateRequest('person', null)
  ledgerRoutes(app, {
    page,
    verify: () => Promise.reject(new Error('not asked')),
    checkpoint: async () => '',
    tail: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    news: () => () => {},
    mayStill: () => true,
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { listeners, follow: () => fetch(`${url}/api/v1/events`, { headers: { 'last-event-id': '1' } }) }
}

test('an event stream whose past cannot be read ends, and does not look well', async () => {
  const { listeners, follow } = await open(async (after) => {
    if (after === 1) return [entry(2), entry(3)]
    throw new Error('the disk is gone')
  })
  const answer = await follow()
  await expect(answer.text()).rejects.toThrow()
  expect(listeners.size).toBe(0)
})
test('what becomes durable while the past is read comes after it, once', async () => {
  let give: (entries: Entry[]) => void = () => {}
  const { listeners, follow } = await open((after) => (after === 1 ? new Promise((resolve) => (give = resolve)) : Promise.resolve([])))
  const answer = await follow()
  for (const listener of listeners) for (const seq of [3, 4]) listener(entry(seq))
  give([entry(2), entry(3)])
  const reader = answer.body?.getReader()
  let text = ''
  while (!text.includes('id: 4')) text += new TextDecoder().decode((await reader?.read())?.value)
  expect(text.match(/id: \d/g)).toEqual(['id: 2', 'id: 3', 'id: 4'])
  await reader?.cancel()
})
