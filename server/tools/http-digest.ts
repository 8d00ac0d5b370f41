/**
 * HTTP digest (RFC 7616), for ONVIF and for RTSP: the nonce is kept, so that a call is one request and not two. Pure
 * but for the client nonce.
 */
import { createHash, randomBytes } from 'node:crypto'

export type Challenge = {
  realm: string
  nonce: string
  opaque: string | null
  algorithm: 'MD5' | 'SHA-256'
  qop: boolean
  used: number
}

/** Reads the strongest digest challenge we can answer, or null. */
export function readChallenge(headers: readonly string[]): Challenge | null {
  const challenges = headers
    .flatMap((header) => header.split(/,\s*(?=Digest\s)/i))
    .filter((header) => /^digest\s/i.test(header))
    .map(parseChallenge)
    .filter((challenge) => challenge !== null)
  return challenges.find(({ algorithm }) => algorithm === 'SHA-256') ?? challenges[0] ?? null
}

function parseChallenge(header: string): Challenge | null {
  const fields = new Map<string, string>()
  for (const [, name = '', quoted, bare] of header.matchAll(/([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi))
    fields.set(name.toLowerCase(), quoted ?? bare ?? '')
  const algorithm = (fields.get('algorithm') ?? 'MD5').toUpperCase()
  const nonce = fields.get('nonce')
  if (nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256')) return null
  const qops = (fields.get('qop') ?? '').split(/[\s,]+/)
  return {
    realm: fields.get('realm') ?? '',
    nonce,
    opaque: fields.get('opaque') ?? null,
    algorithm,
    qop: qops.includes('auth'),
    used: 0,
  }
}

/** The Authorization header for one request; counts the nonce's use. */
export function answerChallenge(
  challenge: Challenge,
  { username, password, method, path }: { username: string; password: string; method: string; path: string },
): string {
  const hash = (text: string): string =>
    createHash(challenge.algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'utf8')
      .digest('hex')
  challenge.used += 1
  const nc = challenge.used.toString(16).padStart(8, '0')
  const cnonce = randomBytes(8).toString('hex')
  const secret = hash(`${username}:${challenge.realm}:${password}`)
  const request = hash(`${method}:${path}`)
  const response = challenge.qop
    ? hash(`${secret}:${challenge.nonce}:${nc}:${cnonce}:auth:${request}`)
    : hash(`${secret}:${challenge.nonce}:${request}`)
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  return (
    `Digest username=${quoted(username)}, realm=${quoted(challenge.realm)}, nonce=${quoted(challenge.nonce)}, uri=${quoted(path)}, ` +
    `algorithm=${challenge.algorithm}, response="${response}"` +
    (challenge.qop ? `, qop=auth, nc=${nc}, cnonce="${cnonce}"` : '') +
    (challenge.opaque === null ? '' : `, opaque=${quoted(challenge.opaque)}`)
  )
}
