/** The other side of a TLS connection: what it is called, and by which certificate it is known. */
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What a TLS client names its server by (SNI); undefined: an address of numbers has none there (RFC 6066, 3). */
export const tlsNameOf = (host: string): string | undefined => (isIP(host) === 0 ? host : undefined)

/** A SHA-256 fingerprint however it is written, as it is compared: hex in small letters, without colons. */
export const plainFingerprint = (written: string | undefined): string | null =>
  written?.replaceAll(':', '').toLowerCase() ?? null

/** Of the certificate that the other side has shown; null: it showed none. */
export const shownFingerprint = (socket: TLSSocket): string | null =>
  plainFingerprint(socket.getPeerCertificate().fingerprint256)

/** The certificates in a PEM text, each as a PEM text of its own, in their order. */
export const certificatesIn = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
