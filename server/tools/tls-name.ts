import { isIP } from 'node:net'

/** What a TLS client names its server by (SNI); undefined: an address of numbers has none there (RFC 6066, 3). */
export const tlsNameOf = (host: string): string | undefined => (isIP(host) === 0 ? host : undefined)
