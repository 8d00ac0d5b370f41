/**
 * What ffmpeg speaks to instead of a camera: an address on loopback, for one connection. ffmpeg follows redirects and
 * sends the password to the address that they name, and no option forbids it. The relay follows no redirect, and
 * ffmpeg is not given the password: the relay signs its requests. Messages are read here and written anew, and only
 * whole packets pass beside them: otherwise bytes that ffmpeg takes for a message, and the relay for something else,
 * would send it elsewhere after all. Not here: what is recorded (ffmpeg-recording).
 */
import { randomBytes } from 'node:crypto'
import { type Socket, connect, createServer } from 'node:net'
import { TLSSocket, connect as connectTls } from 'node:tls'
import { shownFingerprint, tlsNameOf } from '../../../tools/tls-peer.ts'
import { messageOf } from '../../../tools/failure.ts'
import { BASIC_REFUSED, type SignInWay, authorizationFor, signInWay } from '../../../tools/rtsp/rtsp-sign-in.ts'
import { type RtspAnswer, type RtspRequest, createRtspWire } from '../../../tools/rtsp/rtsp-wire.ts'
import { baseIn, controlAddress } from '../../../tools/rtsp/session-description.ts'

const anotherCertificate = (shown: string | null): string =>
  `The camera shows another certificate than the site file names (it shows ${shown ?? 'none'}): its stream is not read.`

const INTERLEAVED_HEAD = 4
/** A description without a length ends when nothing came for so long. */
const FLUSH_MS = 300
const CONNECT_MS = 5000

export type RtspRelay = {
  /** Where ffmpeg is to read; it has no password in it. */
  url: string
  /** Why the camera is not read any further, in words; null where that is ffmpeg's to say. */
  words(): string | null
  close(): void
}
type Question = RtspRequest & { tries: number }
/**
 * What ffmpeg is told of an answer. Everything else stays here: where to go instead, how long the body is, whom to
 * sign for.
 */
const TOLD = new Set(['content-type', 'public', 'range', 'server', 'session', 'transport'])

/** @param url with percent-encoded credentials; rtsp or rtsps. */
export async function openRtspRelay({
  url,
  basic = false,
  fingerprint = null,
  onBasic = () => {},
  signal,
}: {
  url: string
  /** Its password may go in the clear. */ basic?: boolean
  /** Of the certificate that it must show, SHA-256, hex; null: any, since most cameras sign their own. */
  fingerprint?: string | null
  /** It does. */ onBasic?(): void
  signal: AbortSignal
}): Promise<RtspRelay> {
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
    const servername = tlsNameOf(host)
    const camera = secure
      ? connectTls({ host, port, rejectUnauthorized: false, ...(servername === undefined ? {} : { servername }) })
      : connect({ host, port, noDelay: true })
    if (camera instanceof TLSSocket) {
      // Nothing is asked of a stranger: ffmpeg waits until it is known who answers.
      client.pause()
      camera.once('secureConnect', () => {
        const shown = shownFingerprint(camera)
        if (fingerprint !== null && shown !== fingerprint) return end(anotherCertificate(shown))
        client.resume()
      })
    }
    sockets.add(camera)
    camera.setTimeout(
      CONNECT_MS,
      () => camera.connecting && camera.destroy(new Error(`No connection within ${CONNECT_MS / 1000} s.`)),
    )
    const end = (said: string | null): void => {
      words ??= said
      client.destroy()
      camera.destroy()
    }
    camera.on('error', (error) => end(messageOf(error)))
    camera.on('close', () => client.end())
    client.on('close', () => camera.destroy())

    let challenge: SignInWay | null = null
    let base = address.href
    let sequence = 0
    const absolute: string[] = []
    const out: Question[] = []

    const toCamera = (uri: string, method: string): string => {
      if (!uri.startsWith(own)) return address.href
      const rest = uri.slice(own.length)
      if (rest === '' || rest === '/') return method === 'DESCRIBE' || method === 'OPTIONS' ? address.href : base
      const numbered = /^\/absolute\/(\d+)/.exec(rest)?.[1]
      return (numbered === undefined ? undefined : absolute[Number(numbered)]) ?? controlAddress(base, rest.slice(1))
    }
    function ask(request: Question): void {
      sequence += 1
      const uri = toCamera(request.uri, request.method)
      const authorization =
        challenge === null
          ? []
          : [`Authorization: ${authorizationFor(challenge, credentials, { method: request.method, path: uri })}`]
      out.push(request)
      camera.write(
        `${[
          `${request.method} ${uri} RTSP/1.0`,
          `CSeq: ${sequence}`,
          ...authorization,
          ...lines(request.headers, (name) => name !== 'cseq' && name !== 'authorization'),
        ].join('\r\n')}\r\n\r\n`,
      )
    }
    function answer({ status, reason, headers, body }: RtspAnswer): void {
      if (status < 200) return
      const request = out.shift()
      if (!request) return
      if (status >= 300 && status < 400)
        return end(
          `The camera answers ${request.method} with ${status} ${reason}: it names another place, and that is not followed.`,
        )
      if (status === 401 && request.tries === 0 && credentials.username !== '') {
        const offered = headers.get('www-authenticate') ?? []
        const way = signInWay(offered, basic)
        if (way === 'refused') return end(BASIC_REFUSED)
        if (way === 'basic') onBasic()
        challenge = way
        if (challenge !== null) return ask({ ...request, tries: 1 })
      }
      if (request.method === 'DESCRIBE')
        base =
          baseIn([...(headers.get('content-base') ?? []), ...(headers.get('content-location') ?? [])], address) ??
          address.href
      const sent = Buffer.from(request.method === 'DESCRIBE' ? rewritten(body) : body)
      const transport = (headers.get('transport') ?? []).map(withoutOthers)
      client.write(
        Buffer.concat([
          Buffer.from(
            `${[
              `RTSP/1.0 ${status} ${printable(reason)}`,
              `CSeq: ${request.headers.get('cseq')?.[0] ?? '1'}`,
              ...lines(new Map([...headers, ['transport', transport]]), (name) => TOLD.has(name)),
              ...(sent.length > 0 ? [`Content-Length: ${sent.length}`] : []),
            ].join('\r\n')}\r\n\r\n`,
          ),
          sent,
        ]),
      )
    }
    /** To whom datagrams go, and where they come from, is not for the camera to say of others than itself. */
    const withoutOthers = (transport: string): string =>
      transport
        .split(';')
        .filter(
          (part) =>
            !/^\s*destination/i.test(part) &&
            (!/^\s*source/i.test(part) || part.split('=')[1]?.trim() === camera.remoteAddress),
        )
        .join(';')
    /** Tracks are set up here, whatever address they name. */
    const rewritten = (sdp: string): string =>
      sdp.replaceAll(/^(a=control:)(rtsps?:\/\/\S+)/gim, (_, name: string, uri: string) => {
        absolute.push(controlAddress(base, uri))
        return `${name}${own}/absolute/${absolute.length - 1}`
      })

    let isOurs = false
    const packetTo = (other: Socket) => (_: number, bytes: Buffer, from: number, to: number) => {
      other.write(Buffer.from(bytes.subarray(from - INTERLEAVED_HEAD, to)))
    }
    const fromClient = createRtspWire({
      onRequest: (request) => {
        isOurs ||= request.uri === own || request.uri.startsWith(`${own}/`)
        // The camera's picture, and its password's worth, are for ffmpeg only, which was told the token.
        if (isOurs) ask({ ...request, tries: 0 })
        else end('Another program on this machine connected in ffmpeg’s place.')
      },
      onPacket: (...packet) => isOurs && packetTo(camera)(...packet),
    })
    // A camera's own requests are passed over: some would send us elsewhere.
    const fromCamera = createRtspWire({ onAnswer: answer, onPacket: packetTo(client) })
    const guarded = (job: () => void): void => {
      try {
        job()
      } catch (error) {
        end(`The stream cannot be read: ${messageOf(error)}`)
      }
    }
    client.on('data', (bytes) => guarded(() => fromClient.push(bytes)))
    let quiet: NodeJS.Timeout | null = null
    let isFull = false
    camera.on('close', () => quiet && clearTimeout(quiet))
    camera.on('data', (bytes) => {
      client.cork()
      guarded(() => fromCamera.push(bytes))
      client.uncork()
      // A description without a length ends when nothing more comes.
      if (quiet) clearTimeout(quiet)
      quiet = out[0]?.method === 'DESCRIBE' ? setTimeout(() => guarded(() => fromCamera.flush()), FLUSH_MS) : null
      if (isFull || !client.writableNeedDrain) return
      isFull = true
      camera.pause()
      client.once('drain', () => {
        isFull = false
        camera.resume()
      })
    })
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

const printable = (text: string): string => text.replaceAll(/[^\u0020-\u007e\u00a0-\u00ff]/g, '')
/**
 * Header lines as devices write them; a name that is none, or a value with something hidden in it, is not passed on.
 */
const lines = (headers: ReadonlyMap<string, string[]>, isWanted: (name: string) => boolean): string[] =>
  [...headers]
    .filter(([name]) => isWanted(name) && /^[a-z0-9-]+$/.test(name))
    .flatMap(([name, values]) =>
      values.map((value) => `${name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())}: ${printable(value)}`),
    )
