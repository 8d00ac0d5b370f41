/** What an ONVIF device reads out of a SOAP request: the operation, its arguments, its credentials. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
})

export type Element = { [name: string]: unknown }
export type SoapVersion = '1.1' | '1.2'
export type SoapRequest = {
  version: SoapVersion
  namespace: string
  operation: string
  argument: Element
  header: Element
}
const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/'
/** A name of the specification; whatever else a stranger calls an element is none. */
const NAME = /^[A-Za-z][A-Za-z0-9]{0,99}$/

export const element = (parent: unknown, ...names: string[]): Element | null => {
  let at: unknown = parent
  for (const name of names) at = at !== null && typeof at === 'object' ? (at as Element)[name] : undefined
  if (typeof at === 'string') return { '#text': at }
  return at !== null && typeof at === 'object' ? (at as Element) : null
}
export const text = (parent: unknown, ...names: string[]): string | null => {
  const found = element(parent, ...names)
  return found === null ? null : String(found['#text'] ?? '')
}
export const numberAt = (parent: unknown, name: string, ...names: string[]): number | null => {
  const value = element(parent, ...names)?.[`@${name}`]
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : null
}

/** Null when it is no SOAP. A document type declares entities, which no client of ours needs: it is refused. */
export function readRequest(xml: string): SoapRequest | null {
  if (xml.includes('<!DOCTYPE')) return null
  try {
    const envelope = element(parser.parse(xml), 'Envelope')
    const body = element(envelope, 'Body')
    const operation = Object.keys(body ?? {}).find((name) => !name.startsWith('@') && !name.startsWith('#'))
    if (!operation || !NAME.test(operation)) return null
    return {
      version: xml.includes(SOAP_11) ? '1.1' : '1.2',
      operation,
      namespace: namespaceOf(xml, operation),
      argument: element(body, operation) ?? {},
      header: element(envelope, 'Header') ?? {},
    }
  } catch {
    return null
  }
}

/** The namespace that the operation's element is in: declared on it, or on anything around it. */
function namespaceOf(xml: string, operation: string): string {
  const body = xml.search(/<(?:[\w.-]+:)?Body[\s>]/)
  const [tag = '', prefix = ''] =
    new RegExp(`<(?:([\\w.-]+):)?${operation}(?=[\\s/>])[^>]*>`).exec(xml.slice(body)) ?? []
  const declaration = new RegExp(prefix ? `xmlns:${prefix}\\s*=\\s*["']([^"']*)["']` : `xmlns\\s*=\\s*["']([^"']*)["']`)
  return (declaration.exec(tag) ?? declaration.exec(xml))?.[1] ?? ''
}

/** ISO 8601 duration in milliseconds; null when it is none. Years and months are no exact time, and no client sends them. */
export function durationMs(duration: string | null): number | null {
  const found = /^P(?!$)(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration?.trim() ?? '')
  if (!found) return null
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const CLOCK_TOLERANCE_MS = 5 * 60_000
/** One that signs in again and again with new nonces must not fill the memory. */
const MOST_NONCES = 10_000

/** `clock`: name and password are right, and the time in it is not near the device's. */
export type TokenVerdict = 'right' | 'none' | 'wrong' | 'clock' | 'replayed'

/** WS-Security UsernameToken, really checked: digest, age by the device's clock, and each nonce once. */
export function createTokenCheck({
  username,
  password,
  deviceNow,
}: {
  username: string
  password: string
  deviceNow(): number
}) {
  const seen = new Map<string, number>()
  return (header: Element): TokenVerdict => {
    const token = element(header, 'Security', 'UsernameToken')
    if (!token) return 'none'
    const nonce = text(token, 'Nonce') ?? ''
    const created = text(token, 'Created') ?? ''
    const given = Buffer.from(text(token, 'Password') ?? '')
    const type = String(element(token, 'Password')?.['@Type'] ?? '')
    const expected = Buffer.from(
      createHash('sha1')
        .update(Buffer.from(nonce, 'base64'))
        .update(created, 'utf8')
        .update(password, 'utf8')
        .digest('base64'),
    )
    if (!type.endsWith('#PasswordDigest') || text(token, 'Username') !== username) return 'wrong'
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'wrong'
    const now = deviceNow()
    if (!(Math.abs(Date.parse(created) - now) <= CLOCK_TOLERANCE_MS)) return 'clock'
    // By its digest: a nonce can be spelt in several ways, and ZoneMinder counts its own from one of a thousand numbers.
    const once = expected.toString()
    if (nonce === '' || seen.has(once)) return 'replayed'
    for (const [old, at] of seen) {
      if (now - at <= 2 * CLOCK_TOLERANCE_MS && seen.size < MOST_NONCES) break
      seen.delete(old)
    }
    seen.set(once, now)
    return 'right'
  }
}
