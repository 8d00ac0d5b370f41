/**
 * The same events over a WebSocket, because HTTP/1.1 gives all windows of a browser six connections to a server, and
 * each wall would keep one for ever. A session or a bearer token opens it.
 *
 * Client, once, text: `{token?, after?}`: the token where there is no session, and the newest sequence number it has
 * heard. Server, text: blocks as in `GET /api/v1/events`, or `{refused, words}` and the end.
 */
import type { RawData } from 'ws'
import type { Person } from '../../glossary/people.ts'
import { messageOf } from '../../tools/failure.ts'
import type { Credential } from '../../door/door.ts'
import { isSame } from '../../door/rights.ts'
import { ANY_WALL, READERS } from '../../glossary/people.ts'
import {
  type EventsPort,
  HERE,
  MOST_UNSENT,
  PING_MS,
  READS_WITHIN_MS,
  ROOM_EVERY_MS,
  STILL_HERE,
  UNSENT_AGAIN,
  followEvents,
} from './event-tail.ts'
import { LOOK_MS, CLOSE_POLICY, type ServeSocket, type Stream, holderAmong } from '../../door/sockets.ts'

export const EVENT_SOCKET_PATH = '/api/v1/events'
export const EVENT_ACCESS = { roles: READERS, scopes: ANY_WALL }
const ASKED_WITHIN_MS = 5000

export function eventSocket({
  whoHas,
  onError,
  ...port
}: EventsPort & { whoHas(credential: Credential): Person | null; onError(error: unknown): void }): Stream {
  const serve: ServeSocket = (socket, _, offered, admitted, refused) => {
    let credential = offered
    let following: { leave(): void } | null = null
    let heardAs: Person | null = null
    const refuse = (refused: number, words: string): void => {
      socket.send(JSON.stringify({ refused, words }))
      socket.close(CLOSE_POLICY)
    }
    const reader = (): Person | null => holderAmong(EVENT_ACCESS, whoHas, credential)
    const send = (block: string | Buffer): void => {
      if (socket.bufferedAmount > MOST_UNSENT) socket.terminate()
      else socket.send(block, { binary: false })
    }
    const late = setTimeout(() => refuse(401, 'Nothing was asked for: send {"token": …, "after": …}.'), ASKED_WITHIN_MS)
    const ping = setInterval(() => following && send(STILL_HERE), PING_MS)
    /** A reader whose session or token has ended, or whose role has changed, is cut off within a second. */
    const look = setInterval(() => {
      if (!following) return
      const now = reader()
      if (isSame(now, heardAs)) return
      following.leave()
      refuse(401, now ? 'Another role from now on: open it again.' : 'The session has ended.')
      setTimeout(() => socket.terminate(), LOOK_MS)
    }, LOOK_MS)
    socket.on('close', () => {
      clearTimeout(late)
      clearInterval(ping)
      clearInterval(look)
      following?.leave()
    })
    socket.on('message', (data: RawData, binary: boolean) => {
      try {
        if (binary || following) throw new Error('one message of text is understood: {token, after}')
        const { token, after } = JSON.parse(String(data)) as { token?: unknown; after?: unknown }
        if (after !== undefined && !(Number.isSafeInteger(after) && Number(after) >= 0))
          throw new Error('after is a sequence number')
        if (typeof token === 'string') credential = { bearer: token }
        clearTimeout(late)
        const person = reader()
        if (!person) refused(credential)
        if (!person)
          return refuse(401, 'This token or session is not known here, has ended, or may not hear what happens.')
        heardAs = person
        admitted()
        send(HERE)
        following = followEvents({
          port,
          reader: person,
          after: after === undefined ? null : Number(after),
          send,
          // As long as it takes: who reads slowly is not cut off for it.
          async room() {
            const until = performance.now() + READS_WITHIN_MS
            while (socket.readyState === socket.OPEN && socket.bufferedAmount > UNSENT_AGAIN) {
              if (performance.now() > until) return socket.terminate()
              await new Promise((resolve) => setTimeout(resolve, ROOM_EVERY_MS))
            }
          },
          onBroken(error) {
            onError(error)
            socket.terminate()
          },
        })
      } catch (error) {
        refuse(400, messageOf(error))
      }
    })
  }
  return { ...EVENT_ACCESS, serve }
}
