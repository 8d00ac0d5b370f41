/**
 * Where this server is to its users: which origin is its own, and what stands in front of its paths where a proxy
 * gives it a part of a host. Pure. Without further word that is the scheme and Host of each request.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/**
 * `basePath`: '' or /cctv/lamppost. `origin`: null: that of each request. `trustProxy`: X-Forwarded-* are a proxy's
 * that is ours.
 */
export type PublicAddress = { basePath: string; origin: string | null; trustProxy: boolean }
export const AT_THE_ROOT: PublicAddress = { basePath: '', origin: null, trustProxy: false }

/** @throws in words when the options make no address */
export function publicAddressOf({
  basePath,
  publicUrl,
  trustProxy = false,
}: {
  basePath?: string | undefined
  publicUrl?: string | undefined
  trustProxy?: boolean | undefined
}): PublicAddress {
  const url = publicUrl === undefined ? null : URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (url === undefined || (url && !/^https?:$/.test(url.protocol)))
    throw new Error(`--public-url ${publicUrl} is no address; write https://host/path/`)
  if (url && (url.search !== '' || url.hash !== '' || url.username !== ''))
    throw new Error(`--public-url ${publicUrl} has more than a host and a path`)
  const wanted = (basePath ?? url?.pathname ?? '').replace(/\/+$/, '')
  if (wanted !== '' && !/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(wanted))
    throw new Error(`--base-path ${basePath ?? url?.pathname} is no path; write /cctv/lamppost`)
  if (
    basePath !== undefined &&
    url &&
    url.pathname.replace(/\/+$/, '') !== '' &&
    url.pathname.replace(/\/+$/, '') !== wanted
  )
    throw new Error(`--base-path ${basePath} and --public-url ${publicUrl} name two paths`)
  return { basePath: wanted, origin: url?.origin ?? null, trustProxy }
}

/** A proxy may pass the prefix on or take it off: both are the same path here. */
export const withoutBase = (url: string, { basePath }: Pick<PublicAddress, 'basePath'>): string =>
  basePath !== '' && (url === basePath || url.startsWith(`${basePath}/`) || url.startsWith(`${basePath}?`))
    ? url.slice(basePath.length).replace(/^(?!\/)/, '/')
    : url

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim()
/**
 * What the nearest proxy added. The values before it were sent by the proxy's own client, who may have invented them.
 */
const last = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value.at(-1) : value)?.split(',').at(-1)?.trim()
/**
 * Whether a page that sent this request is ours. A browser names the page's origin with everything that changes
 * something, and says whether it is of this site; programs name none.
 * @param secure whether the request came over TLS
 */
export function isOwnOrigin(headers: IncomingHttpHeaders, secure: boolean, address: PublicAddress): boolean {
  const { origin } = headers
  if (origin === undefined) return !/^(?:cross-site|same-site)$/i.test(first(headers['sec-fetch-site']) ?? '')
  if (!URL.canParse(origin)) return false
  const host =
    (address.trustProxy ? last(headers['x-forwarded-host']) : undefined) ?? headers.host ?? first(headers[':authority'])
  const scheme = (address.trustProxy ? last(headers['x-forwarded-proto']) : undefined) ?? (secure ? 'https' : 'http')
  const own =
    address.origin ??
    (host !== undefined && URL.canParse(`${scheme}://${host}`) ? new URL(`${scheme}://${host}`).origin : null)
  return own !== null && new URL(origin).origin === own
}

/** The origin that pages of this server have for whoever sent this request. */
export const originOf = (
  { protocol, host }: { protocol: string; host: string },
  { origin }: Pick<PublicAddress, 'origin'>,
): string => {
  const theirs = `${protocol}://${host}`
  return origin ?? (URL.canParse(theirs) ? new URL(theirs).origin : theirs)
}

/** Whether a request came to the proxy over TLS: as the address says that is ours, or as a trusted proxy says. */
export const isForwardedSecurely = (headers: IncomingHttpHeaders, { origin, trustProxy }: PublicAddress): boolean =>
  (origin?.startsWith('https:') ?? false) || (trustProxy && last(headers['x-forwarded-proto']) === 'https')

/** Whether a request was passed on by a proxy, as far as it says. */
export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'].some(
    (name) => headers[name] !== undefined,
  )
export const isLoopback = (address: string): boolean =>
  (isIP(address) === 4 && address.startsWith('127.')) || address === '::1' || address.startsWith('::ffff:127.')
