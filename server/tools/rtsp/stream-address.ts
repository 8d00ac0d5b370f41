/** Where a stream is read, as its address is written shortest, without a name and password: host, port and path. */
export function streamAddress(written: string): string | null {
  if (!URL.canParse(written)) return null
  const { protocol, hostname, port, pathname, search } = new URL(written)
  if (!/^rtsps?:$/.test(protocol)) return null
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  return `${host}:${port || (protocol === 'rtsps:' ? 322 : 554)}${pathname.replace(/\/+$/, '')}${search}`
}
