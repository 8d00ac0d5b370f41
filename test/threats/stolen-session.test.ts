/** A cookie that somebody has copied: after signing out, and for what cannot be taken back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD, type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

test('is of no use after signing out, in any request', async () => {
  const cookie = await town.signIn('evidence')
  expect((await town.ask('GET', '/api/v1/session', { cookie })).status).toBe(200)
  expect((await town.ask('DELETE', '/api/v1/session', { cookie, headers: { origin: town.url } })).status).toBe(204)
  for (const path of ['/api/v1/session', '/api/v1/incidents', '/api/v1/exports', '/api/v1/events'])
    expect((await town.ask('GET', path, { cookie })).status).toBe(401)
})
test('hands nothing out by itself: the password must be said again', async () => {
  const cookie = await town.signIn('evidence')
  const order = {
    reason: 'x',
    requestedBy: { name: 'X' },
    cameras: ['a'],
    from: '2026-11-01T00:00:00Z',
    to: '2026-11-01T00:01:00Z',
  }
  for (const [method, path, body] of [
    ['POST', '/api/v1/exports', order],
    ['GET', '/api/v1/exports/x/package.zip', undefined],
    ['POST', '/api/v1/exports/x/disclosures', { recipient: 'x', purpose: 'x', days: 1 }],
    ['PUT', '/api/v1/incidents/x/lock', { reason: 'x' }],
  ] as const) {
    const asked = { cookie, headers: { origin: town.url }, ...(body === undefined ? {} : { body }) }
    const answer = await town.ask(method, path, asked)
    expect({ path, code: answer.body.code }).toEqual({ path, code: 'people/confirm-first' })
  }
})
test('is readable by no script, and goes to no other site', async () => {
  const answer = await fetch(`${town.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'operator', password: PASSWORD }),
  })
  const cookie = answer.headers.getSetCookie().find((each) => each.startsWith('lamppost_session'))
  expect(cookie).toMatch(/HttpOnly/)
  expect(cookie).toMatch(/SameSite=Strict/)
})
