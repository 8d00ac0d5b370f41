/**
 * Between members: a request proves by the town's key that a member sent it, and what it says of whoever asked that
 * member. Nothing secret goes over the line: HMAC-SHA256 over member, time, method, path and the asker's address.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent as HttpAgent, type ClientRequest, type RequestOptions, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { messageOf } from '../tools/failure.ts'
import type { Clock } from '../tools/clock.ts'

export const LINK_HEADER = 'x-lamppost-member'
const WINDOW_MS = 5 * 60_000
const MOST_ANSWER_BYTES = 64 * 1024 * 1024

export type Signed = {
  method: string
  /** As it is asked for. */ path: string
  /** Of whoever asked; '' for the member itself. */ from: string
}

export function createLink({
  townKey,
  member,
  clock,
  ca,
}: {
  /** Null: it belongs to no town yet, and signs nothing. */ townKey: Buffer | null
  member: string
  clock: Pick<Clock, 'now'>
  ca: string | null
}) {
  const key = Buffer.from(hkdfSync('sha256', townKey ?? Buffer.alloc(32), '', 'lamppost members', 32))
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true, ...(ca ? { ca: [ca, ...rootCertificates] } : {}) }),
  }
  const macOf = (who: string, at: string, { method, path, from }: Signed): Buffer =>
    createHmac('sha256', key).update([who, at, method, path, from].join('\n'), 'utf8').digest()

  function header(signed: Signed): string {
    const at = String(clock.now())
    return `${member} ${at} ${macOf(member, at, signed).toString('hex')}`
  }
  /** One request of another member. @param url of that member */
  function begin(url: string, options: RequestOptions & { method: string; path: string }, from: string): ClientRequest {
    const target = new URL(url)
    const secure = target.protocol === 'https:'
    const path = `${target.pathname.replace(/\/$/, '')}${options.path}`
    return (secure ? httpsRequest : httpRequest)({
      ...options,
      hostname: target.hostname.replace(/^\[|\]$/g, ''),
      port: target.port === '' ? (secure ? 443 : 80) : Number(target.port),
      path,
      agent: options.agent ?? (secure ? agents.https : agents.http),
      headers: {
        ...options.headers,
        ...(townKey ? { [LINK_HEADER]: header({ method: options.method, path, from }) } : {}),
      },
    })
  }
  return {
    header,
    begin,
    /** The member that sent it; null: none of this town's, or its clock is five minutes off. */
    verify(headers: IncomingHttpHeaders, signed: Signed): string | null {
      const [who = '', at = '', mac = ''] = String(headers[LINK_HEADER] ?? '').split(' ')
      if (!/^[0-9a-f]{64}$/.test(mac) || Math.abs(clock.now() - Number(at)) > WINDOW_MS) return null
      return timingSafeEqual(Buffer.from(mac, 'hex'), macOf(who, at, signed)) ? who : null
    },
    /** JSON there and back. @throws when it does not answer in time; `status` and `body` else */
    ask: (
      url: string,
      method: 'GET' | 'POST',
      path: string,
      body: unknown,
      ms: number,
    ): Promise<{ status: number; body: unknown }> =>
      new Promise((resolve, reject) => {
        const text = body === null ? null : JSON.stringify(body)
        const headers =
          text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
        const request = begin(url, { method, path, headers }, '')
        const timer = setTimeout(() => request.destroy(new Error(`${url} does not answer within ${ms} ms`)), ms)
        const fail = (error: unknown): void => {
          clearTimeout(timer)
          reject(error instanceof Error ? error : new Error(messageOf(error)))
        }
        request.on('error', fail)
        request.on('response', (response) => {
          const parts: Buffer[] = []
          let bytes = 0
          response.on('data', (part: Buffer) => {
            parts.push(part)
            if ((bytes += part.length) > MOST_ANSWER_BYTES) response.destroy(new Error('its answer is too long'))
          })
          response.on('error', fail)
          response.on('close', () => !response.complete && fail(new Error(`${url} ended its answer early`)))
          response.on('end', () => {
            clearTimeout(timer)
            try {
              resolve({
                status: response.statusCode ?? 0,
                body: JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown,
              })
            } catch (error) {
              fail(error)
            }
          })
        })
        request.end(text ?? undefined)
      }),
    close(): void {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}
export type Link = ReturnType<typeof createLink>
