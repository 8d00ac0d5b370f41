/** HTTP digest as a server asks for it (RFC 7616, MD5 with qop, which every ONVIF client speaks; ONVIF Core 5.9). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export type DigestVerdict = 'right' | 'none' | 'wrong' | 'stale'
const NONCE_LIFE_MS = 10 * 60_000
const MOST_USED = 10_000

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex')
const same = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
/** No client has more to say; what is longer is not looked at. */
const MOST_HEADER = 2000
function fieldsOf(header: string): Map<string, string> {
  const fields = new Map<string, string>()
  if (header.length > MOST_HEADER) return fields
  for (const [, name = '', quoted, bare] of header.matchAll(
    /(?:^|[\s,])([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi,
  ))
    fields.set(name.toLowerCase(), (quoted ?? bare ?? '').replaceAll(/\\(.)/g, '$1'))
  return fields
}

/** What a client answered to a challenge of ours, whatever its nonce. */
function isAnswer(
  fields: ReadonlyMap<string, string>,
  { realm, username, password, method }: { realm: string; username: string; password: string; method: string },
): boolean {
  const field = (name: string): string => fields.get(name) ?? ''
  const secret = md5(`${username}:${realm}:${password}`)
  const request = md5(`${method}:${field('uri')}`)
  const expected = fields.has('qop')
    ? md5(`${secret}:${field('nonce')}:${field('nc')}:${field('cnonce')}:${field('qop')}:${request}`)
    : md5(`${secret}:${field('nonce')}:${request}`)
  return field('username') === username && same(field('response').toLowerCase(), expected)
}

export type DigestCheck = ReturnType<typeof createDigestCheck>
/** @param monotonic milliseconds that only ever grow */
export function createDigestCheck(access: { realm: string; username: string; password: string; monotonic(): number }) {
  const { realm, monotonic } = access
  const key = randomBytes(32)
  /** Each answer opens one request: what was recorded on the way opens nothing. */
  const used = new Set<string>()
  const sealed = (at: string): string => createHmac('sha256', key).update(at).digest('hex').slice(0, 32)
  const ageOf = (nonce: string): number => {
    const [at = '', seal = ''] = nonce.split('-')
    return same(seal, sealed(at)) ? monotonic() - Number(at) : Number.POSITIVE_INFINITY
  }
  return {
    /** The value of a `WWW-Authenticate` header. */
    challenge(isStale = false): string {
      const at = String(Math.floor(monotonic()))
      return `Digest realm="${realm}", qop="auth", algorithm=MD5, nonce="${at}-${sealed(at)}"${isStale ? ', stale=true' : ''}`
    },
    /** @param path what was asked for, as in the request's first line */
    check(header: string | undefined, method: string, path: string): DigestVerdict {
      if (header === undefined) return 'none'
      if (!/^digest\s/i.test(header)) return 'wrong'
      const fields = fieldsOf(header)
      const uri = fields.get('uri') ?? ''
      if (fields.get('qop') !== 'auth' || (uri !== path && !uri.endsWith(path))) return 'wrong'
      if (!isAnswer(fields, { ...access, method })) return 'wrong'
      const answer = `${fields.get('nonce')} ${fields.get('nc')} ${fields.get('cnonce')}`
      if (ageOf(fields.get('nonce') ?? '') > NONCE_LIFE_MS || used.has(answer)) return 'stale'
      used.add(answer)
      const [oldest] = used
      if (used.size > MOST_USED && oldest !== undefined) used.delete(oldest)
      return 'right'
    },
  }
}

/** RTSP's older form without qop (RFC 2617): the nonce belongs to one connection. */
export function rtspDigest(access: { realm: string; username: string; password: string }, nonce: string) {
  return {
    challenge: `Digest realm="${access.realm}", nonce="${nonce}"`,
    check(header: string | undefined, method: string): Exclude<DigestVerdict, 'stale'> {
      if (header === undefined) return 'none'
      const fields = fieldsOf(header)
      const known = /^digest\s/i.test(header) && fields.get('nonce') === nonce
      return known && isAnswer(fields, { ...access, method }) ? 'right' : 'wrong'
    },
  }
}
