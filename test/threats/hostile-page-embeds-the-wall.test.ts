/** A page of somebody else, open in an operator’s browser. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

const EVIL = 'https://evil.example'
test('reads no answer, frames no page, and opens no stream', async () => {
  const cookie = await town.signIn('operator')
  const read = await town.ask('GET', '/api/v1/incidents', { cookie, headers: { origin: EVIL } })
  expect(read.headers.get('access-control-allow-origin')).toBeNull()
  const page = await town.ask('GET', '/', {})
  expect(page.headers.get('content-security-policy')).toMatch(/frame-ancestors '(?:none|self)'/)
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  const stream = await fetch(`${town.url}/api/v1/events`, { headers: { cookie, origin: EVIL } })
  expect(stream.headers.get('access-control-allow-origin')).toBeNull()
  await stream.body?.cancel()
  const socket = new WebSocket(`${town.url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie, origin: EVIL } })
  const ended = await new Promise<string>((resolve) => {
    socket.once('unexpected-response', (_, answer) => resolve(`status ${answer.statusCode}`))
    socket.once('message', (data) => resolve(String(data)))
    socket.once('close', (code) => resolve(`closed ${code}`))
    socket.once('error', () => resolve('error'))
  })
  socket.terminate()
  expect(ended).toMatch(/status 40[13]|refused|closed|error/)
})
test('changes nothing with the operator’s cookie', async () => {
  const { body: pressed } = await town.ask('POST', '/api/v1/presses', {
    token: town.tokens.press,
    body: { helpPoint: 'bar' },
  })
  const cookie = await town.signIn('operator')
  for (const headers of [
    { origin: EVIL },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: town.url.replace(/\d+$/, '1') },
  ]) {
    const answer = await town.ask('POST', `/api/v1/incidents/${pressed.incident}/acknowledgement`, {
      cookie,
      headers,
    })
    expect(answer.status).toBe(403)
  }
})
