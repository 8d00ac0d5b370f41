/**
 * WebSockets of this server (RFC 6455), by path: who may open one, and that none outlives the server. What is said on
 * them stands with each.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Person } from '../glossary/people.ts'
import type { HandleShare } from '../tools/process/handle-share.ts'
import { type Credential, credentialOf } from './credentials.ts'
import type { App } from './door.ts'
import type { RefusedAccess } from './entrance.ts'
import { type Access, actingAs } from './rights.ts'
import { AT_THE_ROOT, type PublicAddress, isForwardedSecurely, isOwnOrigin, withoutBase } from './public-address.ts'

/**
 * `offered`: what the request itself brought that may be used; a token may still come as a message. `admitted` is
 * told that somebody known holds it; `refused`, that a token was not let in.
 */
export type ServeSocket = (
  socket: WebSocket,
  request: IncomingMessage,
  offered: Credential | null,
  admitted: () => void,
  refused: (given: Credential | null) => void,
) => void

/** A WebSocket as its room offers it: who may open it, and what is said on it. */
export type Stream = Access & { serve: ServeSocket }

/** How often an open stream asks again whether its reader may still read. */
export const LOOK_MS = 500
/** A message of a page is a few words. */
const MOST_MESSAGE_BYTES = 4096
/** RFC 6455 7.4.1: whoever is here breaks the rules of the house. */
export const CLOSE_POLICY = 1008

/** @throws when a stream names no role that may open it: such a server does not start */
export function openSockets(
  app: App,
  streams: Readonly<Record<string, Stream>>,
  address: PublicAddress = AT_THE_ROOT,
  { handles, onRefused = () => {} }: { handles?: HandleShare; onRefused?(refused: RefusedAccess): void } = {},
): void {
  const silent = Object.keys(streams).filter((path) => streams[path]?.roles.length === 0)
  if (silent.length > 0) throw new Error(`who may use it? Name the roles of the stream: ${silent.join(', ')}`)
  const server = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false })
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy())
    const path = withoutBase(request.url ?? '', address).split('?')[0] ?? ''
    const stream = Object.hasOwn(streams, path) ? streams[path] : undefined
    if (!stream) return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    server.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on('error', () => accepted.terminate())
      const overTls = 'encrypted' in request.socket || isForwardedSecurely(request.headers, address)
      const { basePath } = address
      const offered = credentialOf(request.headers, { secure: overTls, basePath })
      // A cookie travels with requests of any page: only our own origin's may use it (RFC 6455 10.2).
      stream.serve(
        accepted,
        request,
        offered && ('bearer' in offered || isOwnOrigin(request.headers, 'encrypted' in request.socket, address))
          ? offered
          : null,
        () => {
          handles?.prove(request.socket)
          // A wall asks for nothing for hours, and must not be the first to go.
          accepted.once('close', handles?.serve(request.socket) ?? (() => {}))
        },
        (given) =>
          given &&
          'bearer' in given &&
          onRefused({
            from: request.socket.remoteAddress ?? '',
            who: '',
            route: `WebSocket ${path}`,
            reason: 'unknown token',
          }),
      )
    })
  }
  app.server.on('upgrade', onUpgrade)
  // Before the server closes: it waits for every connection, and these end by nobody else.
  app.addHook('preClose', (done) => {
    for (const client of server.clients) client.terminate()
    server.close()
    done()
  })
}

/** Whose credential it is, if that person may use the socket; asked again and again, since sessions end. */
export function holderAmong(
  access: Access,
  whoHas: (credential: Credential) => Person | null,
  credential: Credential | null,
): Person | null {
  return actingAs(credential && whoHas(credential), access)
}
