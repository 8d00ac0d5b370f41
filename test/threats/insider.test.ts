/** Somebody of the council who looks or hands out without a reason. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

test('an export, a hand-over, a lock and a search without a reason are refused', async () => {
  const asked = { token: town.tokens.evidence }
  const order = { requestedBy: { name: 'X' }, cameras: ['a'], from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:01:00Z' }
  for (const [method, path, body] of [
    ['POST', '/api/v1/exports', order],
    ['POST', '/api/v1/exports', { ...order, reason: ' ' }],
    ['POST', '/api/v1/exports/x/disclosures', { recipient: 'x', days: 1 }],
    ['PUT', '/api/v1/incidents/x/lock', {}],
    ['DELETE', '/api/v1/incidents/x/lock', {}],
    ['POST', '/api/v1/evidence-searches', { from: order.from, to: order.to, helpPoint: 'bar' }],
  ] as const)
    expect([400, 422]).toContain((await town.ask(method, path, { ...asked, body })).status)
})
test('who may do what is changed by nobody who is no supervisor, and each change is an entry', async () => {
  const account = { user: 'temp', name: 'Temp', roles: ['evidence'], password: 'nine kites above a field' }
  for (const role of ['operator', 'engineer', 'evidence'] as const)
    expect((await town.ask('POST', '/api/v1/users', { token: town.tokens[role], body: account })).status).toBe(403)
  expect((await town.ask('POST', '/api/v1/users', { token: town.tokens.supervisor, body: account })).status).toBe(201)
  expect((await town.entries('user.added')).at(-1)).toMatchObject({
    actor: 'supervisor:Some supervisor',
    body: { user: 'temp' },
  })
})
test('an operator reads nothing of what others did, by no way', async () => {
  expect((await town.ask('GET', '/api/v1/ledger', { token: town.tokens.operator })).status).toBe(403)
  const stream = await fetch(`${town.url}/api/v1/events?after=0`, {
    headers: { authorization: `Bearer ${town.tokens.operator}` },
  })
  const reader = stream.body?.getReader()
  const first = new TextDecoder().decode((await reader?.read())?.value)
  await reader?.cancel()
  expect(first).not.toMatch(/user\.added|session\.|evidence\.searched/)
})
