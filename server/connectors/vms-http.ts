/**
 * One request to a VMS over HTTP: a pinned certificate, a deadline, a cap on the answer, no redirects. What it throws
 * holds neither the address nor the answer's text: most VMSs repeat the address with its token in their errors.
 */
import { type IncomingHttpHeaders, request as overHttp } from 'node:http'
import { request as overTls } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { shownFingerprint } from '../tools/tls-peer.ts'

export type VmsTrust = { fingerprint: string | null; ca: string | null }
export type VmsAnswer = { status: number; headers: IncomingHttpHeaders; text: string }
export type VmsRequest = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as a form. */
  form?: Record<string, string>
  signal: AbortSignal
}

const WITHIN_MS = 8000
const MOST_BYTES = 16_000_000

/** What a person is told about a VMS that could not be reached or understood. */
export class VmsTrouble extends Error {}

const CODES: Record<string, string> = {
  ECONNREFUSED: 'nothing answers there',
  ECONNRESET: 'it cut the connection off',
  ENOTFOUND: 'its name is not known to the DNS',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it does not answer',
  ABORT_ERR: 'it does not answer',
  EPIPE: 'it cut the connection off',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself: name its fingerprint in the site file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that this machine does not know: name it (ca)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is signed by an authority that this machine does not know: name it (ca)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by an authority that this machine does not know: name it (ca)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  EPROTO: 'it does not speak TLS there',
}
/** Of an error of Node's nothing but its code: its text has the address. */
export const troubleText = (error: unknown): string => {
  if (error instanceof VmsTrouble) return error.message
  const { code, name } = (error ?? {}) as { code?: string; name?: string }
  if (name === 'TimeoutError') return 'it does not answer'
  return (code !== undefined && CODES[code]) || (code ?? 'it could not be reached')
}

/** @throws VmsTrouble with words for a person */
export function createVmsHttp({ fingerprint, ca }: VmsTrust) {
  function once(address: URL, { method = 'GET', form, signal }: VmsRequest): Promise<VmsAnswer> {
    const secure = address.protocol === 'https:'
    const body = form === undefined ? null : new URLSearchParams(form).toString()
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { 'user-agent': 'Lamppost', connection: 'close' }
      if (body !== null) {
        headers['content-type'] = 'application/x-www-form-urlencoded'
        headers['content-length'] = Buffer.byteLength(body)
      }
      const options = {
        host: address.hostname.replace(/^\[|\]$/g, ''),
        port: address.port || (secure ? 443 : 80),
        path: `${address.pathname}${address.search}`,
        method,
        headers,
        agent: false as const,
        signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
      }
      const sent = secure
        ? overTls({ ...options, ...(ca === null ? {} : { ca }), rejectUnauthorized: fingerprint === null })
        : overHttp(options)
      sent.on('response', (answer) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          chunks.push(chunk)
          if (bytes > MOST_BYTES) sent.destroy(new VmsTrouble(`its answer is longer than ${MOST_BYTES / 1e6} MB`))
        })
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
        answer.on('aborted', () => reject(new VmsTrouble('it broke off in the middle of its answer')))
        answer.on('error', reject)
      })
      sent.on('error', reject)
      if (!secure || fingerprint === null) {
        sent.end(body)
        return
      }
      // Nothing is written before the certificate was compared: no password reaches a stranger.
      sent.on('socket', (socket) =>
        (socket as TLSSocket).once('secureConnect', () => {
          if (shownFingerprint(socket as TLSSocket) === fingerprint) sent.end(body)
          else sent.destroy(new VmsTrouble('its certificate is another one than the site file names'))
        }),
      )
    })
  }
  return async (address: URL, request: VmsRequest): Promise<VmsAnswer> => {
    const answer = await once(address, request).catch((error: unknown) => {
      throw new VmsTrouble(troubleText(error))
    })
    if (answer.status >= 300 && answer.status < 400)
      throw new VmsTrouble('it sends us to another address, and redirects are not followed')
    return answer
  }
}
