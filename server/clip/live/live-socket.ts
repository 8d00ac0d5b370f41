/**
 * All live pictures of one page over one WebSocket (RFC 6455), because HTTP/1.1 gives a page six connections for
 * everything. A session or a bearer token opens it; the token is the first message, never part of the address.
 *
 * Client, text: `{token}` `{watch, camera, form?}` `{leave}` `{looking: [incident]}` `{ping}`. Server, text:
 * `{welcome, now}` `{refused, words}`
 * `{gone: watch, words, code?}` (with a code it is over, else a beginning follows) `{pong, now}`; binary: a length (4
 * bytes), a JSON header of that length, then the bytes it describes: `{begin: watch, …}` the initialisation section
 * and everything since the newest keyframe, `{part: watch, …}`.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { CameraId } from '../../glossary/camera.ts'
import type { PictureForm } from '../../glossary/clip.ts'
import { ANY_WALL, READERS, type Person } from '../../glossary/people.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import type { Credential } from '../../door/door.ts'
import { isSame } from '../../door/rights.ts'
import { LOOK_MS, CLOSE_POLICY, type Stream, holderAmong } from '../../door/sockets.ts'

type Part = { bytes: Uint8Array; duration: number; independent: boolean }
type Start = {
  run: number
  codec: string
  partTarget: number
  number: number
  start: number
  parts: Part[]
  before: { number: number; start: number; duration: number }[]
  init: Uint8Array
}
type Listener = {
  begin(start: Start): void
  part(part: { number: number; start: number; part: Part }): void
  gone(why?: Failure, words?: string): void
}
export type LiveSocketPort = {
  whoHas(credential: Credential): Person | null
  /** @throws camera/unknown */
  knows(camera: string): CameraId
  /** @throws view/no-reason */
  admit(person: Person, camera: CameraId, what: 'live'): Promise<void>
  watchLive(camera: CameraId, form: PictureForm, listener: Listener): { again(): void; leave(): void }
  now(): number
  /** After so long without a sign of life a page is gone. */
  silentMs?: number
  /** Somebody has a wall open. */
  enter(person: Person): { looking(incidents: string[]): void; leave(): void }
}

export const LIVE_SOCKET_PATH = '/api/v1/live'
const ACCESS = { roles: READERS, scopes: ANY_WALL }
const TOKEN_WITHIN_MS = 5000
const STILL_ALLOWED_EVERY_MS = 10_000
/** A page answers a ping of the protocol by itself, also in a hidden tab; a machine that lost its power does not. */
const SILENT_MS = 25_000
const MOST_WATCHES = 64
/** A reader that is this far behind gets no more until it has read; then it begins at the newest keyframe. */
const MOST_UNSENT = 4_000_000
const UNSENT_AGAIN = 500_000

export function liveSocket({
  whoHas,
  knows,
  admit,
  watchLive,
  now,
  enter: present,
  silentMs = SILENT_MS,
}: LiveSocketPort): Stream {
  function serve(
    socket: WebSocket,
    request: IncomingMessage,
    offered: Credential | null,
    admittedHere: () => void,
    refusedHere: (given: Credential | null) => void,
  ): void {
    const watches = new Map<string, { camera: CameraId; leave(): void }>()
    let credential: Credential | null = null
    let visitor: string | null = null
    let enteredAs: Person | null = null
    let visit: ReturnType<LiveSocketPort['enter']> | null = null
    const tell = (message: object): void => socket.send(JSON.stringify(message))
    const together = inOneWrite(request.socket)
    const refuse = (words: string): void => {
      tell({ refused: 401, words })
      socket.close(CLOSE_POLICY)
    }
    const personOf = (given: Credential | null): Person | null => holderAmong(ACCESS, whoHas, given)
    async function admitted(given: Credential | null, camera: CameraId): Promise<void> {
      const person = personOf(given)
      if (!person) throw new Failure('people/unauthenticated', 'The session has ended.')
      await admit(person, camera, 'live')
    }
    function admitAll(given: Credential): void {
      for (const [id, watching] of watches)
        void admitted(given, watching.camera).catch((error: unknown) => end(id, watching, error))
    }
    function end(id: string, watching: { leave(): void }, why: unknown): void {
      if (watches.get(id) !== watching) return
      watching.leave()
      watches.delete(id)
      tell({ gone: id, words: messageOf(why), ...(why instanceof Failure ? { code: why.code } : {}) })
    }
    function enter(given: Credential): void {
      const person = personOf(given)
      if (!person) refusedHere(given)
      if (!person) return refuse('This token or session is not known here, has ended, or may not see pictures.')
      credential = given
      enteredAs = person
      clearTimeout(late)
      if (visitor === null) admittedHere()
      // A renewed token is the same visit; another person's at the same desk is another.
      if (visitor !== person.name) visit?.leave()
      if (visitor !== person.name) visit = present(person)
      const another = visitor !== null && visitor !== person.name
      visitor = person.name
      if (another) admitAll(given)
      tell({ welcome: true, now: now() })
    }
    const late = setTimeout(() => refuse('No token came, and there is no session.'), TOKEN_WITHIN_MS)
    let heard = performance.now()
    const hear = (): void => void (heard = performance.now())
    socket.on('pong', hear)
    // A session that has ended sees nothing more, and who is not there any more looks at nothing.
    const guard = setInterval(
      () => {
        if (performance.now() - heard > silentMs) return socket.terminate()
        socket.ping()
        if (!credential) return
        if (!personOf(credential)) return refuse('The session has ended.')
        // A look that goes on: the incident may be closed meanwhile, or the reason be an hour old.
        admitAll(credential)
      },
      Math.min(STILL_ALLOWED_EVERY_MS, silentMs / 2.5),
    )
    /** A reader whose session or token has ended, or whose role has changed, is cut off within a second. */
    const look = setInterval(() => {
      const person = credential && personOf(credential)
      if (!credential || isSame(person, enteredAs)) return
      credential = null
      for (const { leave } of watches.values()) leave()
      watches.clear()
      visit?.leave()
      visit = null
      refuse('The session has ended.')
      setTimeout(() => socket.terminate(), LOOK_MS)
    }, LOOK_MS)
    socket.on('close', () => {
      clearTimeout(late)
      clearInterval(guard)
      clearInterval(look)
      visit?.leave()
      for (const { leave } of watches.values()) leave()
    })
    if (offered) enter(offered)
    socket.on('message', (data: RawData, binary: boolean) => {
      hear()
      try {
        if (binary) throw new Error('only text is understood')
        onMessage(JSON.parse(String(data)) as Record<string, unknown>)
      } catch (error) {
        tell({ refused: 400, words: messageOf(error) })
        socket.close(CLOSE_POLICY)
      }
    })

    function onMessage(message: Record<string, unknown>): void {
      if (typeof message.ping === 'number') return tell({ pong: message.ping, now: now() })
      if (typeof message.token === 'string') return enter({ bearer: message.token })
      if (!credential) return refuse('Sign in first: send {"token": …}.')
      if (Array.isArray(message.looking))
        return visit?.looking(
          message.looking
            .filter((each): each is string => typeof each === 'string' && each.length < 100)
            .slice(0, MOST_WATCHES),
        )
      if (typeof message.leave === 'string') {
        watches.get(message.leave)?.leave()
        watches.delete(message.leave)
      } else if (typeof message.watch === 'string' && typeof message.camera === 'string')
        watch(message.watch, message.camera, message.form === 'h264' ? 'h264' : 'copy')
      else throw new Error('a message is one of {token}, {watch, camera}, {leave}, {looking}, {ping}')
    }

    function watch(id: string, name: string, form: PictureForm): void {
      if (watches.has(id) || watches.size >= MOST_WATCHES)
        return tell({
          gone: id,
          words: `A page may watch at most ${MOST_WATCHES} pictures, each under a name of its own.`,
        })
      let camera: CameraId
      try {
        camera = knows(name)
      } catch (error) {
        return tell({ gone: id, words: messageOf(error) })
      }
      let viewing: { leave(): void } | null = null
      const watching = { camera, leave: (): void => viewing?.leave() }
      watches.set(id, watching)
      admitted(credential, camera).then(
        () => {
          // Left again, or the page is gone, while it was written down.
          if (watches.get(id) === watching && socket.readyState === socket.OPEN)
            viewing = viewer(socket, together, id, camera, form)
        },
        (error: unknown) => end(id, watching, error),
      )
    }
  }

  function viewer(
    socket: WebSocket,
    together: () => void,
    id: string,
    camera: CameraId,
    form: PictureForm,
  ): { leave(): void } {
    let lagging = false
    let most = MOST_UNSENT
    const send = (header: object, ...bytes: Uint8Array[]): void => {
      together()
      // Fragments of one message (RFC 6455 5.4): what is copied here would be garbage in a moment, five megabytes a
      // second in a town.
      socket.send(headOf(header), { binary: true, fin: bytes.length === 0 })
      bytes.forEach((piece, i) => socket.send(piece, { binary: true, fin: i === bytes.length - 1 }))
    }
    const watching = watchLive(camera, form, {
      begin({ init, parts, ...start }) {
        // Many that begin at once, or one that is behind already: it begins when there is room.
        lagging = socket.bufferedAmount > MOST_UNSENT
        if (lagging) return
        // A keyframe may be long ago, and what came since be more than a reader may else be behind.
        most = Math.max(MOST_UNSENT, 2 * parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
        const { run, codec, partTarget, number, start: at, before } = start
        const duration = parts.reduce((sum, part) => sum + part.duration, 0)
        send(
          { begin: id, run, codec, partTarget, number, start: at, duration, before, init: init.byteLength },
          init,
          ...parts.map(({ bytes }) => bytes),
        )
      },
      part({ number, start, part }) {
        if (lagging) {
          if (socket.bufferedAmount < UNSENT_AGAIN) watching.again()
          return
        }
        if (socket.bufferedAmount > most) {
          lagging = true
          return
        }
        send({ part: id, number, start, duration: part.duration, independent: part.independent }, part.bytes)
      },
      gone: (why, words = 'There is no live picture from this camera now.') =>
        socket.send(
          JSON.stringify({
            gone: id,
            ...(why ? { words: why.message, code: why.code } : { words }),
          }),
        ),
    })
    return watching
  }
  return { ...ACCESS, serve }
}

/** What is sent within one turn of the event loop leaves in one write: parts of many cameras come together. */
function inOneWrite(raw: Socket): () => void {
  let held = false
  return () => {
    if (held) return
    held = true
    raw.cork()
    setImmediate(() => {
      held = false
      raw.uncork()
    })
  }
}

function headOf(header: object): Buffer {
  const text = JSON.stringify(header)
  const head = Buffer.allocUnsafe(4 + Buffer.byteLength(text))
  head.writeUInt32BE(head.length - 4)
  head.write(text, 4)
  return head
}
