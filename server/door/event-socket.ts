/**
 * The same events over a WebSocket, because HTTP/1.1 gives all windows of a browser six connections to a server, and each wall
 * would keep one for ever. A session or a bearer token opens it.
 *
 * Client, once, text: `{token?, after?}`: the token where there is no session, and the newest sequence number it has heard.
 * Server, text: blocks as in `GET /api/v1/events`, or `{refused, words}` and the end.
 */
import type { RawData } from 'ws'
import type { Person } from '../glossary/people.ts'
import { wordsOf } from '../tools/failure.ts'
import type { Credential } from './door.ts'
import { type EventsPort, HERE, MOST_UNSENT, PING_MS, READERS, STILL_HERE, followEvents } from './event-tail.ts'
import { CLOSE_POLICY, type ServeSocket, holderAmong } from './sockets.ts'

export const EVENT_SOCKET_PATH = '/api/v1/events'
const ASKED_WITHIN_MS = 5000

export function eventSocket({ whoHas, onError, ...port }: EventsPort & { whoHas(credential: Credential): Person | null; onError(error: unknown): void }): ServeSocket {
  return (socket, _, offered) => {
    let credential = offered
    let following: { leave(): void } | null = null
    const refuse = (refused: number, words: string): void => {
      socket.send(JSON.stringify({ refused, words }))
      socket.close(CLOSE_POLICY)
    }
    const reader = (): Person | null => holderAmong(READERS, whoHas, credential)
    const send = (block: string): void => {
      if (socket.bufferedAmount > MOST_UNSENT) socket.terminate()
      else socket.send(block)
    }
    const late = setTimeout(() => refuse(401, 'Nothing was asked for: send {"token": …, "after": …}.'), ASKED_WITHIN_MS)
    const ping = setInterval(() => {
      if (!following) return
      if (reader()) send(STILL_HERE)
      else refuse(401, 'The session has ended.')
    }, PING_MS)
    socket.on('close', () => {
      clearTimeout(late)
      clearInterval(ping)
      following?.leave()
    })
    socket.on('message', (data: RawData, binary: boolean) => {
      try {
        if (binary || following) throw new Error('one message of text is understood: {token, after}')
        const { token, after } = JSON.parse(String(data)) as { token?: unknown; after?: unknown }
        if (after !== undefined && !(Number.isSafeInteger(after) && Number(after) >= 0)) throw new Error('after is a sequence number')
        if (typeof token === 'string') credential = { bearer: token }
        clearTimeout(late)
        const person = reader()
        if (!person) return refuse(401, 'This token or session is not known here, has ended, or may not hear what happens.')
        send(HERE)
        following = followEvents({
          port,
          role: person.role,
          after: after === undefined ? null : Number(after),
          send,
          onBroken(error) {
            onError(error)
            socket.terminate()
          },
        })
      } catch (error) {
        refuse(400, wordsOf(error))
      }
    })
  }
}
