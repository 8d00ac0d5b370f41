/** What the parts of kamailio's configuration share. Pure. */

/** Seconds that a connection is kept whose other end is known. */
export const KNOWN_S = 3700

/**
 * Of all the ciphers that rtpengine knows, help points know AES-CM with 128 bits (RFC 4568); GCM is taken by some that
 * then cannot read it (libre of Debian 12), and no cipher at all is no offer.
 */
export const NOT_OFFERED = ['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'NULL_HMAC_SHA1_80', 'NULL_HMAC_SHA1_32']
  .map((name) => `SDES-no-${name}`)
  .join(' ')

/** What is written into kamailio's own language must not end a string there. @throws on what no site file may have */
export function quoted(text: string): string {
  if (/["\\\r\n$#]/.test(text)) throw new Error(`this cannot stand in the edge's configuration: ${text}`)
  return text
}
