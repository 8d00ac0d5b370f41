/**
 * One RTSP session with one camera over one TCP connection: asked, set up, played, kept alive, torn down. Everything
 * arrives on that connection (interleaved), so that no other host is ever spoken to, whatever a camera's answers say.
 */
import { type Socket, connect } from 'node:net'
import type { Clock } from '../clock.ts'
import { messageOf } from '../failure.ts'
import { BASIC_REFUSED, type SignInWay, authorizationFor, signInWay } from './rtsp-sign-in.ts'
import { type RtspAnswer, createRtspWire } from './rtsp-wire.ts'
import { baseIn, controlAddress, readDescription } from './session-description.ts'

/** One buffer for every socket of this thread: what is read is handled before the next read begins. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024)
const ANSWER_MS = 5000
const DOLLAR = 0x24
const GOODBYE_MS = 1000
/** A second of G.711: what a camera does not take within it is lost, never late. */
const MOST_UNSENT_BYTES = 8000
const DEFAULT_SESSION_S = 60
const MOST_SESSION_S = 3600
/** An answer that does not say how long it is has come whole after so long a silence. */
const FLUSH_MS = 300
/** How long after its time-out a camera ends a session that it thinks is dead, at most. */
const ENDED_BY_TIMEOUT_MS = 6000
const UNKNOWN_METHOD = new Set([405, 501, 551])

export type RtspSession = {
  /** What the camera offers. @throws in words when it refuses. */
  describe(): Promise<ReturnType<typeof readDescription>>
  /** Packets of this medium come from now on, once it plays. Resolves to its RTP channel. */
  setUp(control: string): Promise<number>
  play(): Promise<void>
  /** Asks whether the camera still answers. @throws when it does not, in time */
  alive(): Promise<void>
  /**
   * Sends one packet to the camera on this channel.
   * @returns false: the connection is gone, or does not take what was sent before; the packet is lost
   */
  send(channel: number, packet: Uint8Array): boolean
  /** Resolves when the connection is gone; with why, or null when the camera simply ended it. */
  ended: Promise<string | null>
  /** Whether the password went in the clear. */
  wasBasic(): boolean
  close(): void
}
export class RtspRefused extends Error {
  readonly status: number
  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

/** What sessions with this camera have learned of it. The caller keeps it, and gives it to the next session. */
export type StreamHabits = {
  /** The method that keeps its session; null: what it names. */ aliveBy: 'OPTIONS' | 'GET_PARAMETER' | null
}

/**
 * @param url with percent-encoded credentials. `onPacket`: as in rtsp-wire.
 * @throws when the camera cannot be reached.
 */
export async function openRtspSession({
  url,
  clock,
  signal,
  onPacket,
  onStray = () => {},
  habits = { aliveBy: null },
  basic = false,
  require = null,
  answerMs = ANSWER_MS,
}: {
  url: string
  /** Its password may go in the clear. */ basic?: boolean
  /** A feature that the camera must have (RFC 2326 12.32); null: none. */ require?: string | null
  /** So long it may take for each answer. */ answerMs?: number
  clock: Clock
  signal: AbortSignal
  onPacket(channel: number, bytes: Buffer, from: number, to: number): void
  /** Bytes between packets that belonged to nothing. */ onStray?(bytes: number): void
  habits?: StreamHabits
}): Promise<RtspSession> {
  const address = new URL(url)
  const credentials = { username: decodeURIComponent(address.username), password: decodeURIComponent(address.password) }
  address.username = ''
  address.password = ''
  const required = require === null ? [] : [`Require: ${require}`]
  let base = address.href
  let challenge: SignInWay | null = null
  let session: string | null = null
  let aliveEveryMs = (DEFAULT_SESSION_S * 1000) / 2
  let timeoutMs = DEFAULT_SESSION_S * 1000
  let aliveBy: 'OPTIONS' | 'GET_PARAMETER' = habits.aliveBy ?? 'OPTIONS'
  let playingSince: number | null = null
  let keptAlive = false
  let sequence = 0
  let channels = 0
  let reason: string | null = null
  /** One question is out at a time: the next answer is its answer, whatever number stands on it. */
  let pending: { key: string; answered(answer: RtspAnswer | null): void } | null = null
  /** Questions whose answer nobody waits for any more: it may still come. */
  const givenUp = new Set<string>()
  /** Whether this camera repeats our numbers. */
  let echoes = false
  let received = 0
  let asking: Promise<unknown> = Promise.resolve()
  const over = new AbortController()

  const wire = createRtspWire({
    onAnswer: (answer) => {
      const key = answer.headers.get('cseq')?.[0] ?? ''
      // A step on the way to its answer.
      if (answer.status < 200) return
      if (pending?.key === key) echoes = true
      else if (echoes && givenUp.delete(key)) return
      pending?.answered(answer)
      pending = null
    },
    onPacket,
    onStray,
  })
  const socket = await dial(address, signal, (bytes) => {
    received += bytes.length
    try {
      wire.push(bytes)
    } catch (error) {
      fail(`The stream cannot be read: ${messageOf(error)}`)
    }
  })
  const fail = (words: string | null): void => {
    reason ??= words
    socket.destroy()
  }
  const ended = new Promise<string | null>((resolve) => {
    socket.on('error', (error) => (reason ??= messageOf(error)))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      over.abort()
      pending?.answered(null)
      // A session that the camera ends just when its timeout is over did not accept our keep-alive: the next one
      // sends the other method.
      const lasted = playingSince === null ? null : clock.monotonic() - playingSince
      if (lasted !== null && keptAlive && lasted >= timeoutMs - 1000 && lasted <= timeoutMs + ENDED_BY_TIMEOUT_MS)
        habits.aliveBy = aliveBy === 'OPTIONS' ? 'GET_PARAMETER' : 'OPTIONS'
      resolve(reason)
    })
  })
  /** The camera is told, so that it keeps no session, but not waited for. */
  function close(): void {
    if (session !== null && !over.signal.aborted) send('TEARDOWN', base, [])
    session = null
    socket.end(() => socket.destroy())
    // One that does not read would never be told, and never be left.
    setTimeout(() => socket.destroy(), GOODBYE_MS).unref()
  }
  signal.addEventListener('abort', close, { once: true })
  void ended.then(() => signal.removeEventListener('abort', close))

  function authorization(method: string, uri: string): string[] {
    return challenge === null
      ? []
      : [`Authorization: ${authorizationFor(challenge, credentials, { method, path: uri })}`]
  }
  function send(
    method: string,
    uri: string,
    headers: readonly string[],
  ): { key: string; answer: Promise<RtspAnswer | null> } {
    sequence += 1
    const key = String(sequence)
    const lines = [
      `${method} ${uri} RTSP/1.0`,
      `CSeq: ${key}`,
      ...authorization(method, uri),
      'User-Agent: Lamppost',
      ...(session === null || session === '' ? [] : [`Session: ${session}`]),
      ...headers,
    ]
    const answer = new Promise<RtspAnswer | null>((resolve) => (pending = { key, answered: resolve }))
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return { key, answer }
  }
  function ask(method: string, uri: string, headers: readonly string[] = []): Promise<RtspAnswer> {
    const mine = asking.then(() => exchange(method, uri, headers))
    asking = mine.catch(() => {})
    return mine
  }
  async function exchange(method: string, uri: string, headers: readonly string[]): Promise<RtspAnswer> {
    for (let tries = 0; ; tries += 1) {
      const given = new AbortController()
      const late = clock.sleep(answerMs, AbortSignal.any([given.signal, over.signal])).then(() => null)
      const sent = send(method, uri, headers)
      // A description without a length ends when nothing more comes.
      const flushing = method === 'DESCRIBE' ? flushUntil(AbortSignal.any([given.signal, over.signal])) : null
      const answer = await Promise.race([sent.answer, late])
      given.abort()
      await flushing
      if (answer === null) givenUp.add(sent.key)
      pending = null
      if (answer === null)
        throw new Error(
          reason ??
            (over.signal.aborted
              ? 'The camera ended the stream.'
              : `No answer to ${method} within ${answerMs / 1000} s.`),
        )
      if (answer.status === 401 && tries === 0 && credentials.username !== '') {
        const offered = answer.headers.get('www-authenticate') ?? []
        const way = signInWay(offered, basic)
        if (way === 'refused') throw new RtspRefused(401, BASIC_REFUSED)
        challenge = way
        if (challenge !== null) continue
      }
      if (answer.status !== 200)
        throw new RtspRefused(answer.status, `The camera answers ${method} with ${answer.status} ${answer.reason}.`)
      return answer
    }
  }

  async function flushUntil(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const before = received
      await clock.sleep(FLUSH_MS, stop)
      if (stop.aborted || received !== before || received === 0) continue
      try {
        wire.flush()
      } catch (error) {
        fail(`The stream cannot be read: ${messageOf(error)}`)
      }
    }
  }
  async function stayAlive(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(aliveEveryMs, over.signal)
      if (over.signal.aborted) return
      try {
        await ask(aliveBy, base)
        keptAlive = true
      } catch (error) {
        // That pictures come is watched elsewhere. A method that it does not know keeps nothing: the other one may.
        if (!(error instanceof RtspRefused)) continue
        if (error.status === 454) return fail('The camera has ended the session.')
        aliveBy = aliveBy === 'OPTIONS' ? 'GET_PARAMETER' : 'OPTIONS'
        habits.aliveBy = aliveBy
        await ask(aliveBy, base).then(
          () => (keptAlive = true),
          () => {},
        )
      }
    }
  }

  return {
    ended,
    wasBasic: () => challenge === 'basic',
    async describe() {
      // It only tells what the camera can; some do not know it.
      const options = await ask('OPTIONS', base).catch((error: unknown) => {
        if (error instanceof RtspRefused && UNKNOWN_METHOD.has(error.status)) return null
        throw error
      })
      if (habits.aliveBy === null && /\bGET_PARAMETER\b/.test(options?.headers.get('public')?.join() ?? ''))
        aliveBy = 'GET_PARAMETER'
      const answer = await ask('DESCRIBE', base, ['Accept: application/sdp', ...required])
      base =
        baseIn([answer.headers.get('content-base')?.[0], answer.headers.get('content-location')?.[0]], address) ?? base
      return readDescription(answer.body)
    },
    async setUp(control) {
      const pair = `${channels}-${channels + 1}`
      const { headers } = await ask('SETUP', controlAddress(base, control), [
        `Transport: RTP/AVP/TCP;unicast;interleaved=${pair}`,
        ...required,
      ])
      const [id = '', ...parameters] = (headers.get('session')?.[0] ?? '').split(';')
      session = id
      const seconds = Number(/timeout=(\d+)/.exec(parameters.join(';'))?.[1] ?? DEFAULT_SESSION_S)
      timeoutMs = seconds * 1000
      aliveEveryMs = Math.min(Math.max(2, seconds / 2), MOST_SESSION_S) * 1000
      const transport = headers.get('transport')?.[0] ?? ''
      if (transport !== '' && !/RTP\/AVP\/TCP/i.test(transport))
        throw new RtspRefused(461, 'The camera does not send over this connection.')
      const given = Number(/interleaved=(\d+)/i.exec(transport)?.[1] ?? channels)
      channels += 2
      return given
    },
    async play() {
      await ask('PLAY', base, ['Range: npt=0.000-', ...required])
      playingSince = clock.monotonic()
      void stayAlive()
    },
    async alive() {
      // Any answer is one: some do not know the method.
      await ask('OPTIONS', base).catch((error: unknown) => {
        if (!(error instanceof RtspRefused)) throw error
      })
    },
    send(channel, packet) {
      if (over.signal.aborted || socket.writableLength > MOST_UNSENT_BYTES) return false
      const head = Buffer.from([DOLLAR, channel, packet.length >> 8, packet.length & 0xff])
      socket.cork()
      socket.write(head)
      socket.write(packet)
      socket.uncork()
      return true
    },
    close,
  }
}

/** @throws in the network's words; `onBytes` hears what comes, in a buffer that is used again. */
function dial(address: URL, signal: AbortSignal, onBytes: (bytes: Buffer) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address.hostname.replace(/^\[|\]$/g, ''),
      port: Number(address.port || 554),
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (size, bytes) => {
          onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, size))
          return true
        },
      },
    })
    const stop = (): void =>
      void socket.destroy(new Error(signal.aborted ? 'stopped' : `No connection within ${ANSWER_MS / 1000} s.`))
    const timer = setTimeout(stop, ANSWER_MS)
    signal.addEventListener('abort', stop, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
    socket.once('connect', () => (settle(), socket.off('error', failed), resolve(socket)))
    const failed = (error: Error): void => (settle(), reject(error))
    socket.once('error', failed)
  })
}
