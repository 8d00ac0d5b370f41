/**
 * Where the server's paths begin, for a page that may stand behind a prefix of a host
 * (`https://host/cctv/lamppost/`).
 */

const MODULE = '/lamppost.js'

/**
 * What goes before each path of the API.
 * @param server the element's attribute: an origin, with a prefix or without; '' is the page's own
 * @param module this module's own address. Loaded from the page's host, it tells the prefix; bundled into another
 * module, it does not.
 */
export function baseOf(
  server: string,
  module: string = import.meta.url,
  page: string = globalThis.location?.href ?? '',
): string {
  const given = server === '/' ? '' : server.replace(/\/+$/, '')
  if (given !== '' || !URL.canParse(module) || !URL.canParse(page)) return given
  const { origin, pathname } = new URL(module)
  return origin === new URL(page).origin && pathname.endsWith(MODULE) ? pathname.slice(0, -MODULE.length) : ''
}

/** The address of a path of the API, or of one that the server gave: those have its prefix already. */
export function addressIn(base: string, path: string): string {
  const origin = /^https?:\/\/[^/]+/.exec(base)?.[0] ?? ''
  const prefix = base.slice(origin.length)
  return prefix !== '' && path.startsWith(`${prefix}/`) ? `${origin}${path}` : `${base}${path}`
}
