/**
 * Who keeps a connection when handles run short: the door as it is, with strangers who say nothing, or half of
 * something.
 */
import { request as httpRequest } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type App, createDoor } from '../../server/door/door.ts'
import { EVENT_SOCKET_PATH, eventSocket } from '../../server/ledger/tail/event-socket.ts'
import { pressRoutes } from '../../server/press/press-routes.ts'
import { publicAddressOf } from '../../server/door/public-address.ts'
import { openSockets } from '../../server/door/sockets.ts'
import { createHandleShare } from '../../server/tools/process/handle-share.ts'
import { until } from '../contracts/test-town.ts'

const PEOPLE = {
  op: { name: 'Asha', role: 'operator', helpPoints: null },
  box: { name: 'Box', role: 'press', helpPoints: null },
} as const
let app: App
let port: number
const strangers: Socket[] = []
const walls: WebSocket[] = []

beforeEach(async () => {
  const whoHas = (credential: object) =>
    'bearer' in credential ? (PEOPLE[String(credential.bearer) as keyof typeof PEOPLE] ?? null) : null
  const handles = createHandleShare({ limit: 128, inUse: () => handles.state().guests + 30 })
  app = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: null,
    whoHas,
    onRefusedPress: () => {},
    embedding: () => [],
    handles,
  })
  openSockets(
    app,
    {
      [EVENT_SOCKET_PATH]: eventSocket({
        page: async () => [],
        tail: () => () => {},
        news: () => () => {},
        whoHas,
        onError: () => {},
      }),
    },
    undefined,
    { handles },
  )
  pressRoutes(app, {
    accept: async () => ({
      receipt: { press: 'prs-1', incident: 'inc-1', receivedAt: '2026-11-28T18:00:00.000Z' },
      repeated: false,
    }),
    signedAt: () => 0,
    lorawan: async () => null,
    alive: () => {},
    onRefused: () => {},
  } as never)
  app.post('/api/v1/anybody', { config: { open: 'a test' } }, async () => 'yes')
  await app.listen({ port: 0, host: '127.0.0.1' })
  ;({ port } = app.server.address() as AddressInfo)
})
afterEach(async () => {
  for (const each of strangers.splice(0)) each.destroy()
  for (const each of walls.splice(0)) each.terminate()
  await app.close()
})
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
async function come(count: number, said = ''): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    if (said !== '') socket.write(said)
    strangers.push(socket)
    if (i % 20 === 0) await pause(20)
  }
  await pause(300)
}
const press = (): Promise<number | string> =>
  new Promise((resolve) => {
    const asked = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/api/v1/presses',
        agent: false,
        headers: { authorization: 'Bearer box', 'content-type': 'application/json' },
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      },
    )
    asked.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    asked.end(JSON.stringify({ helpPoint: 'bar' }))
  })

describe('when connections run short', () => {
  test.each([
    [
      'half a request of anybody',
      'POST /api/v1/anybody HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{',
    ],
    [
      'half a press with a signature',
      'POST /api/v1/presses HTTP/1.1\r\nHost: x\r\nX-Lamppost-Signature: aa\r\n' +
        'Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{',
    ],
    ['nothing', ''],
  ])('strangers who say %s keep no press out', async (_, said) => {
    await come(200, said)
    for (let i = 0; i < 20; i += 1) expect(await press()).toBe(202)
  })
  test('walls that have shown who they are stay, whatever comes after them; one that has not is a stranger', async () => {
    const open = async (token: string | null): Promise<WebSocket> => {
      const wall = new WebSocket(`ws://127.0.0.1:${port}${EVENT_SOCKET_PATH}`)
      wall.on('error', () => {})
      walls.push(wall)
      await new Promise((resolve) => wall.once('open', resolve))
      const here = new Promise((resolve) => wall.once('message', resolve))
      if (token !== null) {
        wall.send(JSON.stringify({ token, after: 0 }))
        await here
      }
      return wall
    }
    const known = [await open('op'), await open('op'), await open('op')]
    const silent = await open(null)
    await come(300)
    await until(
      () => silent.readyState,
      (state) => state === WebSocket.CLOSED,
    )
    expect(known.map(({ readyState }) => readyState)).toEqual(known.map(() => WebSocket.OPEN))
  })
})

describe('behind a proxy that is trusted', () => {
  test('whoever asks is who the proxy saw, not what they said of themselves', async () => {
    const behind = await createDoor({
      logger: pino({ level: 'silent' }),
      tls: null,
      whoHas: () => null,
      onRefusedPress: () => {},
      embedding: () => [],
      address: publicAddressOf({ trustProxy: true }),
    })
    behind.get('/who', { config: { open: 'a test' } }, async (request) => request.ip)
    expect(
      (await behind.inject({ url: '/who', headers: { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' } })).body,
    ).toBe('198.51.100.7')
    await behind.close()
  })
  test.each(['/api', '/evidence/x', '/button'])(
    'the prefix %s, which a path of ours begins with, is refused in words',
    async (basePath) => {
      const behind = await createDoor({
        logger: pino({ level: 'silent' }),
        tls: null,
        whoHas: () => null,
        onRefusedPress: () => {},
        embedding: () => [],
        address: publicAddressOf({ basePath }),
      })
      expect(() => {
        for (const path of ['/api/v1/site', '/evidence', '/button'])
          behind.get(path, { config: { open: 'a test' } }, async () => 'ours')
      }).toThrow(/begins with a path of Lamppost’s own/)
      await behind.close()
    },
  )
  test('a bare prefix leads on to its page, with what was asked', async () => {
    const behind = await createDoor({
      logger: pino({ level: 'silent' }),
      tls: null,
      whoHas: () => null,
      onRefusedPress: () => {},
      embedding: () => [],
      address: publicAddressOf({ basePath: '/cctv' }),
    })
    behind.get('/', { config: { open: 'a test' } }, async () => 'wall')
    expect((await behind.inject({ url: '/cctv?lang=cy' })).headers.location).toBe('/cctv/?lang=cy')
    await behind.close()
  })
})
