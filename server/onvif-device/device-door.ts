/**
 * One port of the device: ONVIF over HTTP and pictures over RTSP, each plain or, where the site has a certificate, over
 * TLS. What a connection speaks shows in its first bytes.
 */
import { type IncomingMessage, type ServerResponse, createServer as createHttpServer } from 'node:http'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { TLSSocket, createSecureContext } from 'node:tls'
import type { OnvifDeviceSite } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { PRE_AUTH } from '../tools/onvif-server/device-answers.ts'
import { type DigestCheck, createDigestCheck } from '../tools/onvif-server/digest-check.ts'
import type { EventContext } from '../tools/onvif-server/event-service.ts'
import { type SoapRequest, createTokenCheck, readRequest } from '../tools/onvif-server/soap-requests.ts'
import {
  CONTENT_TYPES,
  NS,
  SoapFault,
  envelope,
  faultBody,
  notAuthorized,
  xml,
} from '../tools/onvif-server/soap-words.ts'
import { type DeviceGuests, GUESS_COSTS_MS } from './device-guests.ts'
import { plainAddress } from './plain-address.ts'
import { type Reading, type RtspPort, serveRtsp } from './stream/rtsp-session.ts'

/** @param asked who asks and by which address; `rtspBase`: rtsp://host:port, as the client reached us */
export type AnswerSoap = (request: SoapRequest, asked: Required<EventContext> & { rtspBase: string }) => Promise<string>
export type DoorPort = {
  site: Pick<OnvifDeviceSite, 'username' | 'password' | 'tls'>
  host: string
  port: number
  clock: Clock
  guests: DeviceGuests
  /** Connections count to the share of handles that is left beside presses. */
  handles: { watch(server: ReturnType<typeof createServer>): void; prove(socket: Socket): void }
  answer: AnswerSoap
  reading: Pick<RtspPort, 'stageOf'> & {
    onReading(reading: { from: string; stream: string; agent: string; transport: 'TCP' | 'UDP' }): Reading
  }
}

const REALM = 'Lamppost'
const MOST_REQUEST = 64 * 1024
/** A request of a stranger, and the first words of a connection, come within that. */
const FIRST_WORDS_MS = 10_000
const MOST_CONNECTIONS = 300
/** Connections that have not signed in: of one address, in all, and how long each may last. */
const STRANGERS = { each: 20, all: 100, forMs: 30_000 }
const RTSP_START = /^(?:[A-Z_]{3,20}) (?:rtsps?:\/\/|\*)/
const TLS_HANDSHAKE = 0x16
const WHY = {
  wrong: 'The name or the password is wrong.',
  clock: 'The client’s clock is more than five minutes away from ours: it signs in by its time.',
  replayed: 'The same sign-in came twice: somebody repeats what was heard on the network, or the client has a fault.',
}

/** @throws when it cannot listen there */
export async function openDeviceDoor({ site, host, port, clock, guests, handles, answer, reading }: DoorPort) {
  const { username, password } = site
  const access = { realm: REALM, username, password }
  const token = createTokenCheck({ username, password, deviceNow: clock.now })
  const digest = createDigestCheck({ ...access, monotonic: clock.monotonic })
  const tls = site.tls
    ? createSecureContext({ cert: site.tls.certificate, key: site.tls.key, minVersion: 'TLSv1.2' })
    : null
  const sockets = new Set<Socket>()
  const strangers = new Map<Socket, NodeJS.Timeout>()

  const http = createHttpServer((request, response) => {
    onRequest(request, response).catch(() => response.destroy())
  })
  http.keepAliveTimeout = 65_000
  http.on('clientError', (_, socket) => socket.destroy())

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    const from = plainAddress(socket.remoteAddress)
    const bytes = await bodyOf(request)
    if (bytes === null) return void request.destroy()
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const isEncrypted = socket instanceof TLSSocket
    const where = hostOf(request, isEncrypted)
    if (site.tls && !isEncrypted)
      return say(response, 426, 'text/plain', 'This device speaks HTTPS only.', { Upgrade: 'TLS/1.2' })
    const soap = request.method === 'POST' ? readRequest(bytes.toString('utf8')) : null
    if (!soap) {
      const fault = faultBody(new SoapFault(['Sender', 'ter:WellFormed'], 'This is no SOAP request'))
      return say(response, 400, CONTENT_TYPES['1.2'], envelope(fault))
    }
    const isOpen = soap.namespace === NS.tds && PRE_AUTH.has(soap.operation)
    if (!isOpen && !(await admitted(soap, request, response, from))) return
    if (!isOpen) proven(socket)
    const path = new URL(request.url ?? '/', 'http://x').pathname
    const asked = {
      path,
      base: `${isEncrypted ? 'https' : 'http'}://${where}`,
      rtspBase: `rtsp://${where}`,
      from,
      agent: (request.headers['user-agent'] ?? '').slice(0, 100),
      signal: gone.signal,
      left: new Promise<boolean>((resolve) => response.once('close', () => resolve(response.writableFinished))),
    }
    try {
      send(response, 200, soap, await answer(soap, asked))
    } catch (error) {
      const fault =
        error instanceof SoapFault ? error : new SoapFault(['Receiver', 'ter:Action'], 'It could not be answered')
      send(response, fault.codes[0] === 'Sender' ? 400 : 500, soap, faultBody(fault, soap.version))
    }
  }

  /** By name and digest in the message, or by HTTP's own digest. */
  async function admitted(
    soap: SoapRequest,
    request: IncomingMessage,
    response: ServerResponse,
    from: string,
  ): Promise<boolean> {
    const refusedFault = faultBody(notAuthorized(), soap.version)
    const hasTried = 'Security' in soap.header || request.headers.authorization !== undefined
    if (hasTried && !guests.mayTry(from)) {
      send(response, 400, soap, refusedFault)
      return false
    }
    const verdict = verdictOf(soap, request, token, digest)
    if (verdict === 'right') {
      guests.signedIn(from)
      return true
    }
    if (verdict === 'none' || verdict === 'stale')
      response.setHeader('www-authenticate', digest.challenge(verdict === 'stale'))
    else {
      guests.refuse(from, WHY[verdict], verdict === 'wrong')
      if (verdict === 'wrong') await clock.sleep(GUESS_COSTS_MS)
    }
    send(response, verdict === 'none' || verdict === 'stale' ? 401 : 400, soap, refusedFault)
    return false
  }

  function onRtsp(socket: Socket, raw: Socket): void {
    const from = plainAddress(raw.remoteAddress)
    const peer = { address: from, local: plainAddress(raw.localAddress), family: from.includes(':') ? 'IPv6' : 'IPv4' }
    const late = setTimeout(() => socket.destroy(), FIRST_WORDS_MS)
    socket.on('close', () => clearTimeout(late))
    serveRtsp(socket, peer, {
      access,
      stageOf: reading.stageOf,
      mayTry: () => guests.mayTry(from),
      onSignedIn: () => {
        clearTimeout(late)
        guests.signedIn(from)
        proven(raw)
      },
      onRefused: () => guests.refuse(from, WHY.wrong, true),
      onReading: (read) => reading.onReading({ from, ...read }),
    })
  }

  /** What it speaks shows in its first bytes. */
  function onConnection(socket: Socket, raw: Socket): void {
    const late = setTimeout(() => raw.destroy(), FIRST_WORDS_MS)
    socket.on('error', () => {})
    socket.once('close', () => clearTimeout(late))
    socket.once('data', (first: Buffer) => {
      clearTimeout(late)
      socket.pause()
      if (first[0] === TLS_HANDSHAKE && tls && socket === raw) {
        socket.unshift(first)
        const secure = new TLSSocket(socket, { isServer: true, secureContext: tls })
        // The names that both ends speak to are of the connection below it.
        return onConnection(secure, raw)
      }
      socket.unshift(first)
      if (RTSP_START.test(first.toString('latin1', 0, 64))) onRtsp(socket, raw)
      else http.emit('connection', socket)
      socket.resume()
    })
  }

  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
  /** It has signed in. Under TLS it is another object than the connection below, of the same two ends. */
  function proven(socket: Socket): void {
    handles.prove(socket)
    for (const [each, late] of strangers)
      if (nameOf(each) === nameOf(socket)) {
        clearTimeout(late)
        strangers.delete(each)
      }
  }
  /** Where there are too many, the oldest of the address with the most of them goes. */
  function enter(socket: Socket): void {
    const addressOf = ({ remoteAddress = '' }: Socket): string => remoteAddress
    strangers.set(
      socket,
      setTimeout(() => socket.destroy(), STRANGERS.forMs),
    )
    const byAddress = new Map<string, Socket[]>()
    for (const each of strangers.keys())
      byAddress.set(addressOf(each), [...(byAddress.get(addressOf(each)) ?? []), each])
    const own = byAddress.get(addressOf(socket)) ?? []
    const [most = own] = [...byAddress.values()].toSorted((one, other) => other.length - one.length)
    if (own.length > STRANGERS.each) own[0]?.destroy()
    else if (strangers.size > STRANGERS.all) most[0]?.destroy()
  }
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      clearTimeout(strangers.get(socket))
      strangers.delete(socket)
    })
    enter(socket)
    onConnection(socket, socket)
  })
  server.maxConnections = MOST_CONNECTIONS
  handles.watch(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const own = (server.address() as AddressInfo).port
  return {
    port: own,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      http.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Null: it is too long, or takes too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  const late = setTimeout(() => request.destroy(), FIRST_WORDS_MS)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_REQUEST) return null
      chunks.push(chunk)
    }
  } catch {
    return null
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks)
}

/** As the client wrote it: through address translation only the client knows how it reaches us. */
function hostOf({ headers, socket }: IncomingMessage, isEncrypted: boolean): string {
  const given = headers.host ?? ''
  if (/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/.test(given) && given.length < 256)
    return /:\d{1,5}$/.test(given) ? given : `${given}:${isEncrypted ? 443 : 80}`
  const local = plainAddress(socket.localAddress)
  return `${local.includes(':') ? `[${local}]` : local}:${socket.localPort}`
}

function verdictOf(
  soap: SoapRequest,
  { headers, method = 'POST', url = '/' }: IncomingMessage,
  token: ReturnType<typeof createTokenCheck>,
  digest: DigestCheck,
): 'right' | 'none' | 'wrong' | 'clock' | 'replayed' | 'stale' {
  const byToken = token(soap.header)
  return byToken === 'none' ? digest.check(headers.authorization, method, url) : byToken
}

/** Clients that speak WS-Addressing look for their own question in the answer. */
function send(
  response: ServerResponse,
  status: number,
  { version, header, operation }: SoapRequest,
  body: string,
): void {
  const messageId = header.MessageID
  const id = typeof messageId === 'string' ? messageId : (messageId as { '#text'?: string } | undefined)?.['#text']
  const head =
    id === undefined || id.length > 200
      ? ''
      : `<wsa5:RelatesTo>${xml(id)}</wsa5:RelatesTo>` +
        (status === 200 ? `<wsa5:Action>${actionOf(operation)}</wsa5:Action>` : '')
  say(response, status, CONTENT_TYPES[version], envelope(body, version, head))
}
const ACTIONS: Record<string, string> = {
  CreatePullPointSubscription:
    'http://www.onvif.org/ver10/events/wsdl/EventPortType/CreatePullPointSubscriptionResponse',
  PullMessages: 'http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesResponse',
  Subscribe: 'http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeResponse',
  Renew: 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewResponse',
  Unsubscribe: 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeResponse',
}
const actionOf = (operation: string): string =>
  Object.hasOwn(ACTIONS, operation)
    ? (ACTIONS[operation] ?? '')
    : `http://www.onvif.org/ver10/events/wsdl/EventPortType/${operation}Response`

function say(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}
