/** What somebody shows to be let in: a bearer token or a session's cookie, and how the cookie is named. Pure. */
import { parseCookie } from 'cookie'
import type { IncomingHttpHeaders } from 'node:http'
import type { PublicAddress } from './public-address.ts'

export type Credential = { bearer: string } | { cookie: string }

export const SESSION_COOKIE = 'lamppost_session'
/** A browser that is at the council's directory, and comes back from there. */
export const DIRECTORY_COOKIE = 'lamppost_directory'
/** A browser in which somebody of the directory has signed out: the next one says there who they are. */
export const LEFT_COOKIE = 'lamppost_left'
/** A browser in which somebody has signed in before: it opens nothing, but is not slowed for other people's guesses. */
export const BROWSER_COOKIE = 'lamppost_browser'
/**
 * A browser takes `__Host-` only from this very host over TLS: no other server of the domain, and no page without TLS,
 * can plant one. It wants the path /; below a prefix of a host `__Secure-` is what is left.
 */
const nameOf = (name: string, { secure, basePath }: CookieScheme): string =>
  secure ? `${basePath === '' ? '__Host-' : '__Secure-'}${name}` : name

/** How a request came: over TLS, ours or a proxy's; below which prefix. It decides by which name a cookie counts. */
export type CookieScheme = { secure: boolean; basePath: string }

export const isSecure = ({ protocol }: { protocol: string }, { origin }: PublicAddress): boolean =>
  protocol === 'https' || (origin?.startsWith('https:') ?? false)

/** A cookie as it is given: its name, its value, its bounds. `maxAge`: seconds. */
export function cookieFor(
  name: string,
  value: string,
  { secure, basePath, maxAge, sameSite = 'strict' }: CookieScheme & { maxAge: number; sameSite?: 'strict' | 'lax' },
) {
  return {
    name: nameOf(name, { secure, basePath }),
    value,
    bounds: { path: basePath || '/', httpOnly: true, sameSite, secure, maxAge },
  }
}

/** The value of one of our cookies; null when there is none by the one name that counts here. */
export const cookieIn = (headers: IncomingHttpHeaders, name: string, scheme: CookieScheme): string | null =>
  parseCookie(headers.cookie ?? '')[nameOf(name, scheme)] || null

/** A token beats a cookie. */
export function credentialOf(headers: IncomingHttpHeaders, scheme: CookieScheme): Credential | null {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer) return { bearer }
  const session = cookieIn(headers, SESSION_COOKIE, scheme)
  return session ? { cookie: session } : null
}
