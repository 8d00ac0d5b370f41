/** What somebody shows to be let in: a bearer token or a session's cookie, and how the cookie is named. Pure. */
import { parseCookie } from 'cookie'
import type { IncomingHttpHeaders } from 'node:http'
import type { PublicAddress } from './public-address.ts'

export type Credential = { bearer: string } | { cookie: string }

export const SESSION_COOKIE = 'lamppost_session'
/** A browser in which somebody has signed in before: it opens nothing, but is not slowed for other people's guesses. */
export const BROWSER_COOKIE = 'lamppost_browser'
/** How the value of a cookie begins that was given over TLS: under the plain name anybody may have put it there. */
const SECURE_MARK = 's.'

/**
 * A browser takes `__Host-` only from this very host over TLS: no other server of the domain, and no page without TLS,
 * can plant one. It wants the path /; below a prefix of a host `__Secure-` is what is left.
 */
const nameOf = (name: string, { secure, basePath }: { secure: boolean; basePath: string }): string =>
  secure ? `${basePath === '' ? '__Host-' : '__Secure-'}${name}` : name

export const isSecure = ({ protocol }: { protocol: string }, { origin }: PublicAddress): boolean =>
  protocol === 'https' || (origin?.startsWith('https:') ?? false)

/** A cookie as it is given: its name, its value, its bounds. `maxAge`: seconds. */
export function cookieFor(
  name: string,
  value: string,
  { address, secure, maxAge }: { address: PublicAddress; secure: boolean; maxAge: number },
) {
  return {
    name: nameOf(name, { secure, basePath: address.basePath }),
    value: value === '' ? '' : `${secure ? SECURE_MARK : ''}${value}`,
    bounds: { path: address.basePath || '/', httpOnly: true, sameSite: 'strict' as const, secure, maxAge },
  }
}

/** The value of one of our cookies as it was given, without the mark; null when there is none that counts. */
export function cookieIn(headers: IncomingHttpHeaders, name: string): string | null {
  const cookies = parseCookie(headers.cookie ?? '')
  const given = cookies[`__Host-${name}`] ?? cookies[`__Secure-${name}`]
  if (given) return given.startsWith(SECURE_MARK) ? given.slice(SECURE_MARK.length) : null
  const plain = cookies[name]
  return plain && !plain.startsWith(SECURE_MARK) ? plain : null
}

/** A token beats a cookie. */
export function credentialOf(headers: IncomingHttpHeaders): Credential | null {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer) return { bearer }
  const session = cookieIn(headers, SESSION_COOKIE)
  return session ? { cookie: session } : null
}
