/** One POST to one camera over its own warm connections: total deadline, capped answer, one retry on a stale socket. */
import http from 'node:http'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { Failure, messageOf } from '../../tools/failure.ts'
import { shownFingerprint } from '../../tools/tls-peer.ts'

const MOST_BYTES = 1_000_000
const STALE = new Set(['ECONNRESET', 'EPIPE'])

export type HttpAnswer = { status: number; challenges: string[]; text: string }
export type HttpPicture = { status: number; challenges: string[]; bytes: Buffer }
/**
 * @param address a path on the configured address, or a whole one whose port counts; never its host.
 * @param mostBytes of the answer.
 */
export type Post = (
  address: string,
  body: string,
  headers: Record<string, string>,
  deadlineMs: number,
  mostBytes?: number,
) => Promise<HttpAnswer>

/**
 * @param base the configured address: scheme and host are never taken from anywhere else.
 * @param fingerprint SHA-256 of the certificate that the camera must show, hex; null trusts any: most cameras sign
 * their own.
 */
export function createPoster(
  base: URL,
  fingerprint: string | null,
): {
  post: Post
  /** A still picture: GET, without a body. */ get(
    address: string,
    headers: Record<string, string>,
    deadlineMs: number,
    mostBytes?: number,
  ): Promise<HttpPicture>
  /** SHA-256 of the certificate that was shown last, hex. */ certificate(): string | null
  /** How often a connection had to be made. */ connections(): number
  close(): void
} {
  const secure = base.protocol === 'https:'
  // A request for events holds one connection, and each move that a head never answers holds one for five seconds: a
  // look at the head must find another.
  const agentOptions = { keepAlive: true, maxSockets: 6, maxFreeSockets: 2, scheduling: 'lifo' as const }
  // A session that is resumed shows no certificate: each connection makes its own.
  const agent = secure
    ? new https.Agent({ ...agentOptions, rejectUnauthorized: false, maxCachedSessions: 0 })
    : new http.Agent(agentOptions)
  const { request } = secure ? https : http
  let certificate: string | null = null
  let connections = 0

  /** @param body null: GET. */
  function once(
    address: string,
    body: string | null,
    headers: Record<string, string>,
    { signal, mostBytes }: { signal: AbortSignal; mostBytes: number },
  ): Promise<HttpPicture> {
    const { port, pathname, search } = new URL(address, base)
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: port || (secure ? 443 : 80),
          path: `${pathname}${search}`,
          method: body === null ? 'GET' : 'POST',
          agent,
          signal,
          headers:
            body === null
              ? headers
              : {
                  ...headers,
                  'content-type': 'application/soap+xml; charset=utf-8',
                  'content-length': Buffer.byteLength(body),
                },
        },
        (answer) => {
          const chunks: Buffer[] = []
          let bytes = 0
          const tooLong = (): void => void sent.destroy(new Error(`the answer is longer than ${mostBytes} bytes`))
          answer.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > mostBytes) tooLong()
            else chunks.push(chunk)
          })
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              challenges: authenticateHeaders(answer.rawHeaders),
              bytes: Buffer.concat(chunks),
            }),
          )
          answer.on('aborted', () =>
            reject(Object.assign(new Error('the camera broke off in the middle of its answer'), { reached: true })),
          )
          answer.on('error', reject)
          if (Number(answer.headers['content-length'] ?? 0) > mostBytes) tooLong()
        },
      )
      let wasSent = false
      sent.once('finish', () => (wasSent = true))
      sent.setNoDelay(true)
      sent.once('socket', () => {
        if (!sent.reusedSocket) connections += 1
      })
      // Nothing is written before the connection stands, so no credentials reach a stranger.
      if (secure)
        sent.once('socket', (socket) => {
          const check = (): void => {
            certificate = shownFingerprint(socket as TLSSocket)
            if (fingerprint === null || certificate === fingerprint) sent.end(body ?? undefined)
            else sent.destroy(new Error(anotherCertificate(certificate)))
          }
          if (socket.connecting || (socket as TLSSocket & { secureConnecting?: boolean }).secureConnecting === true)
            socket.once('secureConnect', check)
          else check()
        })
      else sent.end(body ?? undefined)
      sent.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          Object.assign(error, {
            stale: sent.reusedSocket && STALE.has(error.code ?? ''),
            // It has the question, and did with it what it did.
            reached: wasSent,
          }),
        ),
      )
    })
  }

  async function exchange(
    address: string,
    body: string | null,
    headers: Record<string, string>,
    deadlineMs: number,
    mostBytes: number,
  ): Promise<HttpPicture> {
    const signal = AbortSignal.timeout(deadlineMs)
    try {
      try {
        return await once(address, body, headers, { signal, mostBytes })
      } catch (error) {
        if (!(error as { stale?: boolean }).stale) throw error
        // The camera closed an idle connection while our request was on its way; it never saw it.
        return await once(address, body, headers, { signal, mostBytes })
      }
    } catch (error) {
      const words = signal.aborted ? `no answer within ${deadlineMs / 1000} s` : messageOf(error)
      throw new Failure('camera/unreachable', `The camera at ${base.host} did not answer: ${words}`, {
        cause: error,
        extra: {
          trouble: words.startsWith(OTHER_CERTIFICATE) ? 'certificate' : 'unreachable',
          ...(signal.aborted ? { timedOut: true } : {}),
          ...((error as { reached?: boolean }).reached ? { reached: true } : {}),
        },
      })
    }
  }

  return {
    async post(address, body, headers, deadlineMs, mostBytes = MOST_BYTES) {
      const { status, challenges, bytes } = await exchange(address, body, headers, deadlineMs, mostBytes)
      return { status, challenges, text: bytes.toString('utf8') }
    },
    get: (address, headers, deadlineMs, mostBytes = MOST_BYTES) =>
      exchange(address, null, headers, deadlineMs, mostBytes),
    certificate: () => certificate,
    connections: () => connections,
    close: () => agent.destroy(),
  }
}

const OTHER_CERTIFICATE = 'its certificate is another one than the site file names'
const anotherCertificate = (shown: string | null): string => `${OTHER_CERTIFICATE} (it shows ${shown ?? 'none'})`

/** Node joins repeated headers; the raw list keeps each challenge whole. */
const authenticateHeaders = (raw: readonly string[]): string[] =>
  raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === 'www-authenticate')
