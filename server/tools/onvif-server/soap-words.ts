/** Envelopes, faults and namespaces of an ONVIF device, in SOAP 1.2 and 1.1. Pure. */
import type { SoapVersion } from './soap-requests.ts'

export const NS = {
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tmd: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
} as const

const ENVELOPE_NS = {
  ...NS,
  tt: 'http://www.onvif.org/ver10/schema',
  ter: 'http://www.onvif.org/ver10/error',
  tns1: 'http://www.onvif.org/ver10/topics',
  wsa5: 'http://www.w3.org/2005/08/addressing',
}
const DECLARATIONS = Object.entries(ENVELOPE_NS)
  .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
  .join('')

export const SPACE = 'http://www.onvif.org/ver10/tptz'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const xml = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)

const ENVELOPES: Record<SoapVersion, string> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}
/** As an HTTP header. */
export const CONTENT_TYPES: Record<SoapVersion, string> = {
  '1.1': 'text/xml; charset=utf-8',
  '1.2': 'application/soap+xml; charset=utf-8',
}

/** @param header XML of the header's elements; none when left out */
export const envelope = (body: string, version: SoapVersion = '1.2', header = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="${ENVELOPES[version]}"${DECLARATIONS}>` +
  `${header === '' ? '' : `<SOAP-ENV:Header>${header}</SOAP-ENV:Header>`}<SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`

/** A refusal as the specification spells it (ONVIF Core 5.8.2). */
export class SoapFault extends Error {
  readonly codes: readonly [string, ...string[]]
  constructor(codes: readonly [string, ...string[]], reason: string) {
    super(reason)
    this.codes = codes
  }
}

export function faultBody({ codes: [code, ...subcodes], message }: SoapFault, version: SoapVersion = '1.2'): string {
  if (version === '1.1')
    return (
      `<SOAP-ENV:Fault><faultcode>SOAP-ENV:${code === 'Sender' ? 'Client' : 'Server'}</faultcode>` +
      `<faultstring>${xml(message)}</faultstring>` +
      `${subcodes.length === 0 ? '' : `<detail><Text>${subcodes.join(' ')}</Text></detail>`}</SOAP-ENV:Fault>`
    )
  const nested = subcodes.reduceRight(
    (inner, subcode) => `<SOAP-ENV:Subcode><SOAP-ENV:Value>${subcode}</SOAP-ENV:Value>${inner}</SOAP-ENV:Subcode>`,
    '',
  )
  return (
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:${code}</SOAP-ENV:Value>${nested}</SOAP-ENV:Code>` +
    `<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${xml(message)}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`
  )
}

export const notAuthorized = (): SoapFault => new SoapFault(['Sender', 'ter:NotAuthorized'], 'Sender not authorized')
export const noSuchAction = (operation: string): SoapFault =>
  new SoapFault(['Receiver', 'ter:ActionNotSupported'], `${operation} is not implemented`)
