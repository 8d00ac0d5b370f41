/** SOAP 1.2 envelopes with a WS-Security UsernameToken (OASIS UsernameToken Profile 1.0). Pure but for the nonce. */
import { createHash, randomBytes } from 'node:crypto'
import { isoTime } from '../../tools/clock.ts'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
/** XML 1.0 allows no control characters but tab and line ends, not even escaped: they are left out. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
export const escapeXml = (text: string): string =>
  text.replaceAll(FORBIDDEN, '').replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const DIGEST = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest'
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary'

export type UsernameToken = {
  username: string
  password: string
  /** The camera's own clock, milliseconds. */ cameraNow: number
}

/** Base64(SHA-1(nonce ‖ created ‖ password)), the password as UTF-8: "£" is two bytes. */
export const passwordDigest = (nonce: Buffer, created: string, password: string): string =>
  createHash('sha1').update(nonce).update(created, 'utf8').update(password, 'utf8').digest('base64')

/** The WS-Security header by itself, for who builds envelopes of their own. */
export function securityHeader({ username, password, cameraNow }: UsernameToken): string {
  const nonce = randomBytes(16)
  const created = isoTime(cameraNow)
  return (
    `<wsse:Security s:mustUnderstand="true" xmlns:wsse="${WSSE}" xmlns:wsu="${WSU}"><wsse:UsernameToken>` +
    `<wsse:Username>${escapeXml(username)}</wsse:Username>` +
    `<wsse:Password Type="${DIGEST}">${passwordDigest(nonce, created, password)}</wsse:Password>` +
    `<wsse:Nonce EncodingType="${BASE64}">${nonce.toString('base64')}</wsse:Nonce>` +
    `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`
  )
}

/**
 * @param body one element with its namespaces declared.
 * @param token null sends no credentials (GetSystemDateAndTime).
 * @param header further header elements.
 */
export const soapEnvelope = (body: string, token: UsernameToken | null, header = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">` +
  `${token || header ? `<s:Header>${token ? securityHeader(token) : ''}${header}</s:Header>` : ''}<s:Body>${body}</s:Body></s:Envelope>`
