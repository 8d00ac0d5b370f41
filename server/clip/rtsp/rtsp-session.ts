/**
 * One RTSP session with one camera over one TCP connection: asked, set up, played, kept alive, torn down. Everything
 * arrives on that connection (interleaved), so that no other host is ever spoken to, whatever a camera's answers say.
 */
import { type Socket, connect } from 'node:net'
import type { Clock } from '../../tools/clock.ts'
import { wordsOf } from '../../tools/failure.ts'
import { type Challenge, answerChallenge, readChallenge } from '../../tools/http-digest.ts'
import { type RtspAnswer, createRtspWire } from './rtsp-wire.ts'
import { controlAddress, readDescription } from './session-description.ts'

/** One buffer for every socket of this thread: what is read is handled before the next read begins. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024)
const ANSWER_MS = 5000
const DEFAULT_SESSION_S = 60
const MOST_SESSION_S = 3600

export type RtspSession = {
  /** What the camera offers. @throws in words when it refuses. */
  describe(): Promise<ReturnType<typeof readDescription>>
  /** Packets of this medium come from now on, once it plays. Resolves to its RTP channel. */
  setUp(control: string): Promise<number>
  play(): Promise<void>
  /** Resolves when the connection is gone; with why, or null when the camera simply ended it. */
  ended: Promise<string | null>
  close(): void
}
export class RtspRefused extends Error {
  readonly status: number
  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

/** @param url with percent-encoded credentials. `onPacket`: as in rtsp-wire. @throws when the camera cannot be reached. */
export async function openRtspSession({ url, clock, signal, onPacket }: { url: string; clock: Clock; signal: AbortSignal; onPacket(channel: number, bytes: Buffer, from: number, to: number): void }): Promise<RtspSession> {
  const address = new URL(url)
  const credentials = { username: decodeURIComponent(address.username), password: decodeURIComponent(address.password) }
  address.username = ''
  address.password = ''
  let base = address.href
  let challenge: Challenge | 'basic' | null = null
  let session: string | null = null
  let aliveEveryMs = (DEFAULT_SESSION_S * 1000) / 2
  let aliveBy = 'OPTIONS'
  let sequence = 0
  let channels = 0
  let reason: string | null = null
  const waiting = new Map<string, (answer: RtspAnswer | null) => void>()
  const over = new AbortController()

  const wire = createRtspWire({
    onAnswer: (answer) => {
      const key = answer.headers.get('cseq')?.[0] ?? ''
      waiting.get(key)?.(answer)
      waiting.delete(key)
    },
    onPacket,
  })
  const socket = await dial(address, signal, (bytes) => {
    try {
      wire.push(bytes)
    } catch (error) {
      fail(`The stream cannot be read: ${wordsOf(error)}`)
    }
  })
  const fail = (words: string | null): void => {
    reason ??= words
    socket.destroy()
  }
  const ended = new Promise<string | null>((resolve) => {
    socket.on('error', (error) => (reason ??= wordsOf(error)))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      over.abort()
      for (const answer of waiting.values()) answer(null)
      resolve(reason)
    })
  })
  /** The camera is told, so that it keeps no session, but not waited for. */
  function close(): void {
    if (session !== null && !over.signal.aborted) send('TEARDOWN', base, [])
    session = null
    socket.end(() => socket.destroy())
  }
  signal.addEventListener('abort', close, { once: true })
  void ended.then(() => signal.removeEventListener('abort', close))

  function authorization(method: string, uri: string): string[] {
    if (challenge === null) return []
    if (challenge === 'basic') return [`Authorization: Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`]
    return [`Authorization: ${answerChallenge(challenge, { ...credentials, method, path: uri })}`]
  }
  function send(method: string, uri: string, headers: readonly string[]): { key: string; answer: Promise<RtspAnswer | null> } {
    sequence += 1
    const key = String(sequence)
    const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${key}`, ...authorization(method, uri), 'User-Agent: Lamppost', ...(session === null ? [] : [`Session: ${session}`]), ...headers]
    const answer = new Promise<RtspAnswer | null>((resolve) => waiting.set(key, resolve))
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return { key, answer }
  }
  async function ask(method: string, uri: string, headers: readonly string[] = []): Promise<RtspAnswer> {
    for (let tries = 0; ; tries += 1) {
      const given = new AbortController()
      const late = clock.sleep(ANSWER_MS, AbortSignal.any([given.signal, over.signal])).then(() => null)
      const sent = send(method, uri, headers)
      const answer = await Promise.race([sent.answer, late])
      given.abort()
      waiting.delete(sent.key)
      if (answer === null) throw new Error(reason ?? (over.signal.aborted ? 'The camera ended the stream.' : `No answer to ${method} within ${ANSWER_MS / 1000} s.`))
      if (answer.status === 401 && tries === 0 && credentials.username !== '') {
        const offered = answer.headers.get('www-authenticate') ?? []
        challenge = readChallenge(offered) ?? (offered.some((line) => /^basic/i.test(line)) ? 'basic' : null)
        if (challenge !== null) continue
      }
      if (answer.status !== 200) throw new RtspRefused(answer.status, `The camera answers ${method} with ${answer.status} ${answer.reason}.`)
      return answer
    }
  }

  async function stayAlive(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(aliveEveryMs, over.signal)
      // What it says does not matter: that pictures come is watched elsewhere.
      if (!over.signal.aborted) await ask(aliveBy, base).catch(() => {})
    }
  }

  return {
    ended,
    async describe() {
      const { headers } = await ask('OPTIONS', base)
      if (/\bGET_PARAMETER\b/.test(headers.get('public')?.join() ?? '')) aliveBy = 'GET_PARAMETER'
      const answer = await ask('DESCRIBE', base, ['Accept: application/sdp'])
      base = answer.headers.get('content-base')?.[0] ?? answer.headers.get('content-location')?.[0] ?? base
      return readDescription(answer.body)
    },
    async setUp(control) {
      const pair = `${channels}-${channels + 1}`
      const { headers } = await ask('SETUP', controlAddress(base, control), [`Transport: RTP/AVP/TCP;unicast;interleaved=${pair}`])
      const [id = '', ...parameters] = (headers.get('session')?.[0] ?? '').split(';')
      session = id
      const seconds = Number(/timeout=(\d+)/.exec(parameters.join(';'))?.[1] ?? DEFAULT_SESSION_S)
      aliveEveryMs = Math.min(Math.max(2, seconds / 2), MOST_SESSION_S) * 1000
      const transport = headers.get('transport')?.[0] ?? ''
      if (transport !== '' && !/RTP\/AVP\/TCP/i.test(transport)) throw new RtspRefused(461, 'The camera does not send over this connection.')
      const given = Number(/interleaved=(\d+)/i.exec(transport)?.[1] ?? channels)
      channels += 2
      return given
    },
    async play() {
      await ask('PLAY', base, ['Range: npt=0.000-'])
      void stayAlive()
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
    const stop = (): void => void socket.destroy(new Error(signal.aborted ? 'stopped' : `No connection within ${ANSWER_MS / 1000} s.`))
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
