/**
 * What ffmpeg speaks to instead of a camera: an address on loopback, for one connection. ffmpeg follows redirects and sends the
 * password to the address that they name, and no option forbids it. The relay follows no redirect, and ffmpeg is not given the
 * password: the relay signs its requests. Everything else passes unchanged, so that ffmpeg can read what our own session cannot. Not here: what is recorded (ffmpeg-recording).
 */
import { randomBytes } from 'node:crypto'
import { type Socket, connect, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { wordsOf } from '../../tools/failure.ts'
import { type Challenge, answerChallenge, readChallenge } from '../../tools/http-digest.ts'
import { baseIn, controlAddress } from './session-description.ts'

const DOLLAR = 0x24
const MOST_HEAD_BYTES = 16_384
const MOST_BODY_BYTES = 65_536
const CONNECT_MS = 5000

export type RtspRelay = {
  /** Where ffmpeg is to read; it has no password in it. */
  url: string
  /** Why the camera is not read any further, in words; null where that is ffmpeg's to say. */
  words(): string | null
  close(): void
}
type Head = { start: string; headers: [string, string][]; bodyAt: number; bodyBytes: number }
type Request = { method: string; uri: string; headers: [string, string][]; cseq: string; tries: number }

/** @param url with percent-encoded credentials; rtsp or rtsps. */
export async function openRtspRelay({ url, signal }: { url: string; signal: AbortSignal }): Promise<RtspRelay> {
  const address = new URL(url)
  const credentials = { username: decodeURIComponent(address.username), password: decodeURIComponent(address.password) }
  address.username = ''
  address.password = ''
  const token = randomBytes(12).toString('hex')
  let words: string | null = null
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    // One connection only; who it is, its first request shows (the token).
    server.close()
    sockets.add(client)
    client.on('error', () => {})
    relay(client)
  })
  server.maxConnections = 1
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const bound = server.address()
  const own = `rtsp://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}/${token}`

  function relay(client: Socket): void {
    const host = address.hostname.replace(/^\[|\]$/g, '')
    const secure = address.protocol === 'rtsps:'
    const port = Number(address.port || (secure ? 322 : 554))
    const camera = secure ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port, noDelay: true })
    sockets.add(camera)
    camera.setTimeout(CONNECT_MS, () => camera.connecting && camera.destroy(new Error(`No connection within ${CONNECT_MS / 1000} s.`)))
    const end = (said: string | null): void => {
      words ??= said
      client.destroy()
      camera.destroy()
    }
    camera.on('error', (error) => end(wordsOf(error)))
    camera.on('close', () => client.end())
    client.on('close', () => camera.destroy())

    let challenge: Challenge | 'basic' | null = null
    let base = address.href
    let sequence = 0
    const absolute: string[] = []
    const out: Request[] = []

    const toCamera = (uri: string, method: string): string => {
      if (!uri.startsWith(own)) return address.href
      const rest = uri.slice(own.length)
      if (rest === '' || rest === '/') return method === 'DESCRIBE' || method === 'OPTIONS' ? address.href : base
      const numbered = /^\/absolute\/(\d+)/.exec(rest)?.[1]
      return (numbered === undefined ? undefined : absolute[Number(numbered)]) ?? controlAddress(base, rest.slice(1))
    }
    function ask(request: Request): void {
      sequence += 1
      const uri = toCamera(request.uri, request.method)
      const authorization = challenge === null ? [] : [`Authorization: ${challenge === 'basic' ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}` : answerChallenge(challenge, { ...credentials, method: request.method, path: uri })}`]
      const headers = request.headers.filter(([name]) => !/^(?:cseq|authorization)$/i.test(name)).map(([name, value]) => `${name}: ${value}`)
      out.push(request)
      camera.write(`${[`${request.method} ${uri} RTSP/1.0`, `CSeq: ${sequence}`, ...authorization, ...headers].join('\r\n')}\r\n\r\n`)
    }
    function answer({ start, headers }: Head, body: Buffer): void {
      const [, status = '', reason = ''] = /^RTSP\/\d\.\d (\d{3})\s*(.*)$/.exec(start) ?? []
      if (status === '' || status.startsWith('1')) return
      const request = out.shift()
      if (!request) return
      const values = (name: string): string[] => headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
      if (status.startsWith('3')) return end(`The camera answers ${request.method} with ${status} ${reason}: it names another place, and that is not followed.`)
      if (status === '401' && request.tries === 0 && credentials.username !== '') {
        const offered = values('www-authenticate')
        challenge = readChallenge(offered) ?? (offered.some((line) => /^basic/i.test(line)) ? 'basic' : null)
        if (challenge !== null) return ask({ ...request, tries: 1 })
      }
      if (request.method === 'DESCRIBE') base = baseIn([...values('content-base'), ...values('content-location')], address) ?? address.href
      const sent = request.method === 'DESCRIBE' ? Buffer.from(rewritten(body.toString('latin1')), 'latin1') : body
      const kept = headers.filter(([name]) => !/^(?:cseq|content-base|content-location|content-length|www-authenticate|rtp-info|location)$/i.test(name)).map(([name, value]) => `${name}: ${value}`)
      client.write(Buffer.concat([Buffer.from(`${[start, `CSeq: ${request.cseq}`, ...kept, ...(sent.length > 0 ? [`Content-Length: ${sent.length}`] : [])].join('\r\n')}\r\n\r\n`, 'latin1'), sent]))
    }
    /** Tracks are set up here, whatever address they name. */
    const rewritten = (sdp: string): string =>
      sdp.replaceAll(/^(a=control:)(rtsps?:\/\/\S+)/gim, (_, name: string, uri: string) => {
        absolute.push(controlAddress(base, uri))
        return `${name}${own}/absolute/${absolute.length - 1}`
      })

    let isOurs = false
    read(client, (head) => {
      const [method = '', uri = ''] = head.start.split(' ')
      isOurs ||= uri === own || uri.startsWith(`${own}/`)
      // The camera's picture, and its password's worth, are for ffmpeg only, which was told the token.
      if (!isOurs) return end('Another program on this machine connected in ffmpeg’s place.')
      ask({ method, uri, headers: head.headers, cseq: head.headers.find(([name]) => /^cseq$/i.test(name))?.[1] ?? '1', tries: 0 })
    }, (bytes) => isOurs && camera.write(bytes), end)
    // A camera's own requests have no answer here; some would send us elsewhere.
    read(camera, (head, body) => (head.start.startsWith('RTSP/') ? answer(head, body) : undefined), (bytes) => {
      if (!client.write(bytes)) {
        camera.pause()
        client.once('drain', () => camera.resume())
      }
    }, end)
  }

  function close(): void {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  signal.addEventListener('abort', close, { once: true })
  if (signal.aborted) close()
  return {
    url: own,
    words: () => words,
    close() {
      signal.removeEventListener('abort', close)
      close()
    },
  }
}

/** Messages and what stands between them, out of one side's bytes. What is no message passes as it is. */
function read(socket: Socket, onMessage: (head: Head, body: Buffer) => void, pass: (bytes: Buffer) => void, onProblem: (words: string) => void): void {
  let kept: Buffer = Buffer.alloc(0)
  /** Bytes of an interleaved packet that are still to pass. */
  let passing = 0
  socket.on('data', (chunk: Buffer) => {
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    kept = Buffer.alloc(0)
    let at = 0
    while (at < bytes.length) {
      if (passing > 0) {
        const size = Math.min(passing, bytes.length - at)
        pass(bytes.subarray(at, at + size))
        passing -= size
        at += size
        continue
      }
      if (bytes[at] === DOLLAR) {
        if (bytes.length - at < 4) break
        passing = 4 + bytes.readUInt16BE(at + 2)
        continue
      }
      const begins = messageFrom(bytes, at)
      if (begins > at) {
        pass(bytes.subarray(at, begins))
        at = begins
        continue
      }
      const head = headOf(bytes, at)
      if (head === null) {
        if (bytes.length - at > MOST_HEAD_BYTES) return onProblem('The camera’s answer has no end.')
        break
      }
      if (head.bodyBytes > MOST_BODY_BYTES) return onProblem('The camera’s answer is too large.')
      if (bytes.length < head.bodyAt + head.bodyBytes) break
      onMessage(head, bytes.subarray(head.bodyAt, head.bodyAt + head.bodyBytes))
      at = head.bodyAt + head.bodyBytes
    }
    if (at < bytes.length) kept = Buffer.from(bytes.subarray(at))
  })
}
/** Where the next message or packet begins: here, for anything that looks like a line of capitals. */
function messageFrom(bytes: Buffer, at: number): number {
  const isStart = (place: number): boolean => bytes[place] === DOLLAR || ((bytes[place] ?? 0) >= 0x41 && (bytes[place] ?? 0) <= 0x5a)
  let place = at
  while (place < bytes.length && !isStart(place)) place += 1
  return place
}
function headOf(bytes: Buffer, at: number): Head | null {
  const text = bytes.toString('latin1', at, Math.min(bytes.length, at + MOST_HEAD_BYTES + 4))
  const found = /\r?\n\r?\n/.exec(text)
  if (!found) return null
  const [start = '', ...lines] = text.slice(0, found.index).split(/\r?\n/)
  const headers = lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()])
  const length = Number(headers.find(([name]) => /^content-length$/i.test(name))?.[1] ?? 0)
  return { start, headers, bodyAt: at + found.index + found[0].length, bodyBytes: length >= 0 ? length : 0 }
}
