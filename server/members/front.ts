/**
 * A member's one listener, which stays while the town changes hands. What comes in goes to this member's house while it
 * leads, else to the lead; presses and what a member says of itself are taken here in either case.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Server as TlsServer } from 'node:tls'
import { type PublicAddress, withoutBase } from '../door/public-address.ts'
import type { FailureCode } from '../glossary/failure.ts'
import type { Clock } from '../tools/clock.ts'
import type { HandleShare } from '../tools/process/handle-share.ts'
import { LINK_HEADER, type Link } from './link.ts'

/** Where a request goes. `wait`: nobody leads now. */
export type Way = { house: Server } | { lead: string } | 'wait'
export type FrontPort = {
  clock: Clock
  tls: { cert: string; key: string } | null
  address: PublicAddress
  handles: HandleShare
  link: Pick<Link, 'begin' | 'verify'>
  /** Presses, the state of the town and its members; always here. */ intake: Server
  way(): Way
  /** Resolves when the way may be another. */ changed(): Promise<unknown>
  /** Those who heard this member are about to be cut off: somebody leads. */ onLed(): void
  /** It could not be reached: for a moment nobody is sent there. */ leadIsAway(url: string): void
  /** Origins of the other members. */ fellows(): readonly string[]
}

/** So long somebody waits for a lead before they are told to come again. */
const WAIT_MS = 10_000
const HANGS_MS = 250
const LAST_WORDS_MS = 50
const NOBODY = 'The town is changing hands: nobody leads it yet. Ask again in a second.'
/** What this member answers by itself, whoever leads. */
const OWN = /^\/(?:healthz|readyz|api\/v1\/town(?:\/.*)?)$/
/** What happens: while nobody leads, this member says what it has taken in. */
const EVENTS = /^\/api\/v1\/events$/
const PRESSES = /^\/api\/v1\/presses(?:\/|$)/
/** Of one connection alone (RFC 9110 7.6.1), and what the other side sets anew. */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])
/** Set here for what a proxy has passed on, so that nobody takes it for this machine's own. */
export const FORWARDED_HEADER = 'x-lamppost-forwarded'
const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded']

export function createFront(port: FrontPort) {
  const { clock, tls, address, handles, link, intake, way, changed, leadIsAway, onLed, fellows } = port

  const running = new Map<Server, Set<Socket>>()
  const stopped = new AbortController()
  /** What that house still answers ends: its state is not the town's any more. */
  function leave(house: Server): void {
    for (const socket of running.get(house) ?? []) socket.destroy()
    running.delete(house)
  }
  /**
   * What of a body is passed on. A method that has none gets none: its bytes would stand on the connection to the lead as
   * a request of their own.
   */
  function bodyOf(request: IncomingMessage): 'none' | 'length' | 'chunked' {
    const { method = 'GET', headers } = request
    if (['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)) return 'none'
    if (headers['content-length'] !== undefined) return 'length'
    if (request.httpVersionMajor < 2) return headers['transfer-encoding'] === undefined ? 'none' : 'chunked'
    const { stream } = request as IncomingMessage & { stream?: { endAfterHeaders?: boolean } }
    return stream?.endAfterHeaders === true ? 'none' : 'chunked'
  }
  const pathOf = (request: IncomingMessage): string => withoutBase(request.url ?? '/', address).split('?')[0] ?? '/'
  const addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? ''

  /** Only a member, or a proxy that is ours, says for whom it asks. `stranger`: it passes for a member, and is none. */
  function admitted(request: IncomingMessage): 'member' | 'anybody' | 'stranger' {
    const { headers, method = 'GET', url = '/' } = request
    const from =
      String(headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim() ?? ''
    const isMember = headers[LINK_HEADER] !== undefined && link.verify(headers, { method, path: url, from }) !== null
    const claims = headers[LINK_HEADER] !== undefined
    delete headers[FORWARDED_HEADER]
    if (!isMember && FORWARDED.some((name) => headers[name] !== undefined)) headers[FORWARDED_HEADER] = 'yes'
    if (claims && !isMember) return 'stranger'
    if (!isMember && !address.trustProxy) for (const name of FORWARDED) delete headers[name]
    return isMember ? 'member' : 'anybody'
  }
  /** @returns null after the wait */
  async function awaited(): Promise<Exclude<Way, 'wait'> | null> {
    const until = clock.monotonic() + WAIT_MS
    for (;;) {
      const now = way()
      if (now !== 'wait') return now
      const left = until - clock.monotonic()
      if (left <= 0) return null
      await Promise.race([changed(), clock.sleep(Math.min(left, 500))])
    }
  }
  function headersFor(request: IncomingMessage): Record<string, string | string[] | undefined> {
    const headers: Record<string, string | string[] | undefined> = {}
    for (const [name, value] of Object.entries(request.headers))
      if (!name.startsWith(':') && !HOP_HEADERS.has(name)) headers[name] = value
    headers.host ??= String(request.headers[':authority'] ?? '')
    if (!address.trustProxy) headers['x-forwarded-for'] = addressOf(request)
    return headers
  }
  const fromOf = (headers: Record<string, string | string[] | undefined>): string =>
    String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? ''

  function away(
    request: IncomingMessage,
    response: ServerResponse,
    words: string,
    code: FailureCode = 'town/changing-hands',
  ): void {
    if (response.headersSent) return void response.destroy()
    const { origin = '' } = request.headers
    const body = JSON.stringify({ type: 'about:blank', title: 'Changing hands', status: 503, detail: words, code })
    response.writeHead(503, {
      'content-type': 'application/problem+json',
      'retry-after': '1',
      'cache-control': 'no-store',
      // A wall of another member must be able to read it.
      ...(fellows().includes(origin) ? { 'access-control-allow-origin': origin, vary: 'Origin' } : {}),
    })
    response.end(body)
  }
  /**
   * One try. `refused`: the lead's server cannot be reached, and has none of the request. `broken`: it may have it, and
   * has not answered.
   */
  function tryLead(
    lead: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<'done' | 'refused' | 'broken'> {
    const headers = headersFor(request)
    const { method = 'GET', url = '/' } = request
    const body = bodyOf(request)
    if (body !== 'length') delete headers['content-length']
    if (body === 'chunked') headers['transfer-encoding'] = 'chunked'
    const asked = link.begin(lead, { method, path: url, headers }, fromOf(headers))
    let isConnected = false
    return new Promise((resolve) => {
      const send = (): void => {
        isConnected = true
        if (body !== 'none') return void request.pipe(asked)
        request.resume()
        asked.end()
      }
      asked.on('socket', (socket) => (socket.connecting ? socket.once('connect', send) : send()))
      asked.on('error', () => {
        request.unpipe(asked)
        resolve(isConnected ? 'broken' : 'refused')
      })
      response.on('close', () => {
        asked.destroy()
        resolve('done')
      })
      // One that hangs leads no more once somebody else does.
      const watch = setInterval(() => {
        const now = way()
        if (now !== 'wait' && 'lead' in now && now.lead === lead) return
        asked.destroy(new Error('it leads no more'))
      }, HANGS_MS)
      asked.on('close', () => clearInterval(watch))
      asked.on('response', (answer) => {
        clearInterval(watch)
        const passed = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP_HEADERS.has(name)))
        response.writeHead(answer.statusCode ?? 502, passed)
        answer.pipe(response)
        answer.on('error', () => response.destroy())
        resolve('done')
      })
    })
  }
  async function toLead(first: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const until = clock.monotonic() + WAIT_MS
    for (let lead = first; ;) {
      const outcome = await tryLead(lead, request, response)
      if (outcome === 'done' || response.destroyed) return
      leadIsAway(lead)
      if (outcome === 'broken' && !['GET', 'HEAD'].includes(request.method ?? ''))
        return away(
          request,
          response,
          'The server that leads the town did not answer. Whether it was done is not known: look.',
          'town/no-answer',
        )
      const next = clock.monotonic() < until ? await awaited() : null
      if (response.destroyed) return
      if (next === null) return away(request, response, NOBODY)
      if ('house' in next) return toHouse(next.house, request, response)
      lead = next.lead
    }
  }
  function toHouse(house: Server, request: IncomingMessage, response: ServerResponse): void {
    // A press is answered whatever becomes of this house.
    if (PRESSES.test(pathOf(request))) return void house.emit('request', request, response)
    const sockets = running.get(house) ?? new Set()
    running.set(house, sockets.add(request.socket))
    response.on('close', () => sockets.delete(request.socket))
    house.emit('request', request, response)
  }
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = admitted(request)
    const isMember = who === 'member'
    if (who === 'stranger')
      return away(request, response, 'This does not come from a server of the town: are the clocks right?')
    const path = pathOf(request)
    if (OWN.test(path) || request.method === 'OPTIONS') return void intake.emit('request', request, response)
    const now = way()
    if (EVENTS.test(path) && now === 'wait' && !isMember) return toHouse(intake, request, response)
    if (PRESSES.test(path) && !(now !== 'wait' && 'house' in now)) return void intake.emit('request', request, response)
    const to = isMember ? (now === 'wait' ? null : now) : await awaited()
    if (to === null) return away(request, response, NOBODY)
    if ('house' in to) return toHouse(to.house, request, response)
    if (isMember) return away(request, response, 'This server does not lead the town any more.')
    await toLead(to.lead, request, response)
  }
  const orIntake = (now: Way): Exclude<Way, 'wait'> => (now === 'wait' ? { house: intake } : now)
  /** Whoever heard this member because nobody led hears the lead from now on. */
  async function watchWay(): Promise<void> {
    while (!stopped.signal.aborted) {
      await Promise.race([changed(), clock.sleep(500, stopped.signal)])
      if (way() === 'wait' || (running.get(intake)?.size ?? 0) === 0) continue
      onLed()
      // What was said last goes out first.
      await clock.sleep(LAST_WORDS_MS, stopped.signal)
      leave(intake)
    }
  }
  function hear(house: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const sockets = running.get(house) ?? new Set()
    running.set(house, sockets.add(request.socket))
    socket.once('close', () => sockets.delete(request.socket))
    house.emit('upgrade', request, socket, head)
  }
  /** A WebSocket goes through as it is, byte for byte. */
  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const who = admitted(request)
    const isMember = who === 'member'
    if (who === 'stranger') return void socket.destroy()
    const isEvents = EVENTS.test(pathOf(request))
    const to = isMember ? way() : isEvents ? orIntake(way()) : await awaited()
    if (socket.destroyed) return
    if (to === null || to === 'wait' || (isMember && 'lead' in to))
      return void socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    if ('house' in to) return hear(to.house, request, socket, head)
    const headers = { ...headersFor(request), connection: 'Upgrade', upgrade: request.headers.upgrade ?? 'websocket' }
    const asked = link.begin(
      to.lead,
      { method: 'GET', path: request.url ?? '/', headers: headers, agent: false },
      fromOf(headers),
    )
    socket.on('close', () => asked.destroy())
    let isThrough = false
    asked.on('error', () => {
      if (isThrough) return void socket.destroy()
      leadIsAway(to.lead)
      if (isEvents) hear(intake, request, socket, head)
      else socket.destroy()
    })
    asked.on('response', (answer) => {
      socket.end(
        `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      answer.resume()
    })
    asked.on('upgrade', (answer, behind: Socket, first: Buffer) => {
      isThrough = true
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      if (first.length > 0) socket.write(first)
      if (head.length > 0) behind.write(head)
      behind.on('error', () => socket.destroy())
      socket.pipe(behind).on('close', () => socket.destroy())
      behind.pipe(socket)
      socket.on('close', () => behind.destroy())
    })
    asked.end()
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(request, response).catch(() => response.destroy())
  const server = tls
    ? (createSecureServer({ ...tls, allowHTTP1: true }, onRequest as never) as unknown as Server)
    : createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, onRequest)
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head).catch(() => socket.destroy()))
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  handles.watch(server)
  void watchWay()

  return {
    /** @returns where it listens. @throws with the system's code when it cannot */
    listen: ({ port, host }: { port: number; host: string }): Promise<string> =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host, backlog: 4096 }, () => {
          const { address: at, port: taken, family } = server.address() as AddressInfo
          const name = at === '::1' ? 'localhost' : family === 'IPv6' ? `[${at}]` : at
          resolve(`${tls ? 'https' : 'http'}://${name}:${taken}`)
        })
      }),
    leave,
    renewCertificate: (pems: { cert: string; key: string }): void =>
      'setSecureContext' in server ? (server as unknown as TlsServer).setSecureContext(pems) : undefined,
    async close(): Promise<void> {
      stopped.abort()
      for (const socket of connections) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
