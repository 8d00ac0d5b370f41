/** Addresses that a device names for its services. Pure. Only the configured host is ever spoken to. */

/**
 * What is asked at a service: path and query as the device names them. Its port counts where it names the configured
 * host and scheme: behind a NAT or a proxy the device only knows its own.
 * @param isOurs whether a host that is written otherwise is the configured one: a name and its address
 * @returns a path, or a whole address on the configured host where the port is another; null when it is no address.
 */
export function pinService(
  named: string,
  configured: URL,
  isOurs: (host: string) => boolean = () => false,
): string | null {
  if (!URL.canParse(named, configured.href)) return null
  const url = new URL(named, configured)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  const path = `${url.pathname}${url.search}`
  const samePlace =
    (url.hostname === configured.hostname || isOurs(url.hostname)) && url.protocol === configured.protocol
  return samePlace && url.port !== configured.port
    ? `${configured.protocol}//${configured.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}${path}`
    : path
}
