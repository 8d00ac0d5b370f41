/**
 * The operator's voice over one WebSocket (RFC 6455). A session or a bearer token opens it; the token is the first
 * message, never part of the address.
 *
 * Client, text: `{token}` `{talk: call}` `{open: true|false}` `{ping}`. Server, text: `{welcome, now}` `{talking: call, codec}`
 * `{over: call, words}` `{refused: status, words, code?}` `{pong, now}`, and `{quality}` of the call that is talked in, each
 * second. Binary both ways: the RTP time (4 bytes, little end first), then A-law, 20 ms. A page that talks always sends,
 * silence too: it is the sign that an operator is there. Not
 * open (push to talk), it shows that it is there and is not heard.
 */
import type { IncomingMessage } from 'node:http'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { RawData, WebSocket } from 'ws'
import type { Credential } from '../door/door.ts'
import { CLOSE_POLICY, LOOK_MS, type Stream, holderAmong } from '../door/sockets.ts'
import type { CallQuality } from '../glossary/call.ts'
import { HANDLERS, HANDLING_WALL, type Person } from '../glossary/people.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { SILENCE } from '../tools/media/g711.ts'

export type CallSocketPort = {
  whoHas(credential: Credential): Person | null
  /** @throws call/unknown, call/not-yours, call/ended */
  talk(call: string, name: string, port: MessagePort): Promise<void>
  /** Of each call, each second. Returns the undo. */
  quality(listener: (of: { call: string; quality: CallQuality }) => void): () => void
  now(): number
}

export const CALL_SOCKET_PATH = '/api/v1/calls/audio'
const ACCESS = { roles: HANDLERS, scopes: HANDLING_WALL }
const TOKEN_WITHIN_MS = 5000
/** A reader that is this far behind loses frames: it never gets them late. */
const MOST_UNSENT_BYTES = 4000
/** Before the sound of a frame. */
const TIME_BYTES = 4
const MOST_FRAME_BYTES = TIME_BYTES + 960

/** The same packet, of which nothing is heard. */
const silenced = (frame: Buffer): Uint8Array => Uint8Array.from(frame).fill(SILENCE, TIME_BYTES)

export function callSocket({ whoHas, talk, quality, now }: CallSocketPort): Stream {
  function serve(
    socket: WebSocket,
    request: IncomingMessage,
    offered: Credential | null,
    admittedHere: () => void,
    refusedHere: (given: Credential | null) => void,
  ): void {
    let credential: Credential | null = null
    let talking: { call: string; port: MessagePort; ready: boolean } | null = null
    let heard = true
    const tell = (message: object): void => socket.send(JSON.stringify(message))
    const personOf = (given: Credential | null): Person | null => holderAmong(ACCESS, whoHas, given)
    // A frame waits for nothing: each is 20 ms of somebody's voice.
    request.socket.setNoDelay(true)
    function refuse(words: string, status: 400 | 401 = 401): void {
      tell({ refused: status, words })
      socket.close(CLOSE_POLICY)
    }
    function enter(given: Credential): void {
      if (!personOf(given)) refusedHere(given)
      if (!personOf(given)) return refuse('This token or session is not known here, has ended, or may not take calls.')
      if (credential === null) admittedHere()
      credential = given
      clearTimeout(late)
      tell({ welcome: true, now: now() })
    }
    const late = setTimeout(() => refuse('No token came, and there is no session.'), TOKEN_WITHIN_MS)
    /** Whose session ends, or who is no operator any more, hears and says nothing more. */
    const look = setInterval(() => {
      if (credential === null || personOf(credential)) return
      stop()
      refuse('The session has ended.')
    }, LOOK_MS)
    function stop(): void {
      talking?.port.close()
      talking = null
    }
    const leaveQuality = quality((of) => talking?.ready && talking.call === of.call && tell({ quality: of.quality }))
    socket.on('close', () => {
      leaveQuality()
      clearTimeout(late)
      clearInterval(look)
      stop()
    })
    async function begin(call: string): Promise<void> {
      const person = personOf(credential)
      if (!person) return refuse('Sign in first: send {"token": …}.')
      stop()
      const { port1, port2 } = new MessageChannel()
      const mine = { call, port: port1, ready: false }
      talking = mine
      port1.on('message', (frame: Uint8Array) => {
        if (talking === mine && socket.bufferedAmount <= MOST_UNSENT_BYTES) socket.send(frame)
      })
      // The call is over, or another page of this person talks now.
      port1.on('close', () => {
        if (talking !== mine) return
        talking = null
        tell({ over: call, words: 'You do not speak from this screen any more.' })
      })
      try {
        await talk(call, person.name, port2)
        mine.ready = true
        if (talking === mine) tell({ talking: call, codec: 'PCMA' })
      } catch (error) {
        if (talking === mine) talking = null
        port1.close()
        tell({ refused: 409, words: messageOf(error), code: error instanceof Failure ? error.code : 'unknown' })
      }
    }
    if (offered) enter(offered)
    socket.on('message', (data: RawData, binary: boolean) => {
      if (binary) {
        const frame = data as Buffer
        // What was said before the line was up was not said to anybody.
        if (talking?.ready && frame.length > TIME_BYTES && frame.length <= MOST_FRAME_BYTES)
          talking.port.postMessage(heard ? Uint8Array.from(frame) : silenced(frame))
        return
      }
      try {
        const message = JSON.parse(String(data)) as Record<string, unknown>
        if (typeof message.ping === 'number') tell({ pong: message.ping, now: now() })
        else if (typeof message.token === 'string') enter({ bearer: message.token })
        else if (credential === null) refuse('Sign in first: send {"token": …}.')
        else if (typeof message.talk === 'string') void begin(message.talk)
        else if (typeof message.open === 'boolean') heard = message.open
        else throw new Error('a message is one of {token}, {talk}, {open}, {ping}')
      } catch (error) {
        refuse(messageOf(error), 400)
      }
    })
  }
  return { ...ACCESS, serve }
}
