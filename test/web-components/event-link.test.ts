/** By which way a page hears what happens. The server's own sockets, a town that the test makes. */
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createEventLink } from '../../web-components/wall-client/event-link.ts'
import type { ServerEvent } from '../../web-components/wall-client/event-stream.ts'
import { Refusal } from '../../web-components/wall-client/refusal.ts'
import { until } from '../contracts/test-town.ts'

const ENTRY = 'id: 9\nevent: incident.opened\ndata: {"seq":9}\n\n'
let server: ReturnType<typeof createServer>
let sockets: WebSocketServer
let url: string
/** What came, by which way. */
let came: string[]
/** null: a proxy that passes no WebSocket. */
let onSocket: ((socket: WebSocket, asked: unknown) => void) | null
let onFetch: (request: IncomingMessage, response: ServerResponse) => void
const stop = new AbortController()

beforeEach(async () => {
  vi.stubGlobal('WebSocket', WebSocket)
  came = []
  onSocket = (socket) => (socket.send(': here\n\n'), socket.send(ENTRY))
  onFetch = (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`: here\n\n${ENTRY}`)
  sockets = new WebSocketServer({ noServer: true })
  server = createServer((request, response) => {
    came.push(`fetch ${String(request.headers['last-event-id'] ?? '')}`)
    onFetch(request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    came.push('socket')
    const serve = onSocket
    if (!serve) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (accepted) =>
      accepted.on('message', (data: Buffer) => serve(accepted, JSON.parse(String(data)))),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/api/v1/events`
})
afterEach(() => {
  for (const socket of sockets.clients) socket.terminate()
  server.closeAllConnections()
  server.close()
  vi.unstubAllGlobals()
})
function link(address = url) {
  const events: ServerEvent[] = []
  const made = createEventLink({
    address: () => address,
    token: () => 'good',
    headers: (extra) => ({ authorization: 'Bearer good', ...extra }),
  })
  return {
    events,
    open: (after: string | null = null, silenceMs = 3000, signal = stop.signal) =>
      made.open({ after, silenceMs, signal, onEvent: (event) => events.push(event) }),
  }
}
const HEARD = [{ id: '9', event: 'incident.opened', data: '{"seq":9}' }]

describe('a page over plain HTTP/1.1', () => {
  test('hears over a socket, from what it has heard on, and leaves the connections to others', async () => {
    const asked: unknown[] = []
    const usual = onSocket
    onSocket = (socket, question) => (asked.push(question), usual?.(socket, question))
    const { events, open } = link()
    await open('4')
    await until(
      () => events.length,
      (count) => count === 1,
    )
    expect({ events, asked, came }).toEqual({ events: HEARD, asked: [{ token: 'good', after: 4 }], came: ['socket'] })
  })
  test('fetches where no socket passes, and tries none again', async () => {
    onSocket = null
    const { events, open } = link()
    await open('4')
    await until(
      () => events.length,
      (count) => count === 1,
    )
    await open('9')
    expect({ events: events.slice(0, 1), came }).toEqual({ events: HEARD, came: ['socket', 'fetch 4', 'fetch 9'] })
  })
  test('is told by the fetch why it is refused, and tries a socket again with the next token', async () => {
    onSocket = (socket) => (socket.send('{"refused":401,"words":"not known here"}'), socket.close(1008))
    onFetch = (_, response) =>
      void response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ status: 401, code: 'people/unauthenticated', detail: 'not known here' }))
    const { open } = link()
    const refused: unknown = await open().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Refusal).problem).toMatchObject({ status: 401, detail: 'not known here' })
    onSocket = (socket) => socket.send(': here\n\n')
    await open()
    expect(came).toEqual(['socket', 'fetch ', 'socket'])
  })
  test('takes a socket that falls silent for lost, and one that is closed', async () => {
    onSocket = (socket) => socket.send(': here\n\n')
    await (
      await link().open(null, 50)
    ).ended
    onSocket = (socket) => (socket.send(': here\n\n'), socket.terminate())
    await (
      await link().open()
    ).ended
    expect(came).toEqual(['socket', 'socket'])
  })
  test('does not take for heard what it could not make sense of', async () => {
    const { open } = link()
    const made = createEventLink({ address: () => url, token: () => '', headers: () => ({}) })
    const { ended } = await made.open({
      after: null,
      silenceMs: 60_000,
      signal: stop.signal,
      onEvent: () => {
        throw new Error('no')
      },
    })
    await ended
    await open()
  })
  test('leaves with its signal', async () => {
    const leave = new AbortController()
    const { ended } = await link().open(null, 60_000, leave.signal)
    leave.abort()
    await ended
    await until(
      () => sockets.clients.size,
      (count) => count === 0,
    )
  })
})

test('over HTTPS, which has connections enough, events are fetched', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (address: string) => (asked.push(address), new Response(ENTRY)))
  const { events, open } = link(url.replace('http', 'https'))
  await (
    await open()
  ).ended
  expect({ events, asked, came }).toEqual({ events: HEARD, asked: [url.replace('http', 'https')], came: [] })
})
