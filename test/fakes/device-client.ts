/** A client of the ONVIF device that speaks as it is told: SOAP 1.1 or 1.2, one way to sign in or another, or none. */
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { answerChallenge, readChallenge } from '../../server/tools/http-digest.ts'

export type Access = { username: string; password: string }
export type Asked = { status: number; text: string; headers: IncomingMessage['headers'] }
type Options = {
  access?: Access | null
  by?: 'wsse' | 'digest'
  version?: '1.1' | '1.2'
  /** Of the client's clock, milliseconds. */ clockOff?: number
  header?: string
  /** The very same token again. */ token?: string
  localAddress?: string
}

const NAMESPACES =
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" ' +
  'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tmd="http://www.onvif.org/ver10/deviceIO/wsdl" ' +
  'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:a="http://www.w3.org/2005/08/addressing" ' +
  'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics"'
const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'

export function securityHeader({ username, password }: Access, at: number, nonce = randomBytes(16)): string {
  const created = new Date(at).toISOString()
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64')
  return (
    `<w:Security xmlns:w="${WSSE}-wssecurity-secext-1.0.xsd" xmlns:u="${WSSE}-wssecurity-utility-1.0.xsd"><w:UsernameToken>` +
    `<w:Username>${username}</w:Username><w:Password Type="${WSSE}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>` +
    `<w:Nonce>${nonce.toString('base64')}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  )
}

function send(url: string, body: string, headers: Record<string, string>, localAddress?: string): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const go = url.startsWith('https:') ? secureRequest : request
    const asked = go(
      url,
      {
        method: 'POST',
        rejectUnauthorized: false,
        agent: false,
        ...(localAddress ? { localAddress } : {}),
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
        response.on('error', reject)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

export async function askDevice(url: string, body: string, options: Options = {}): Promise<Asked> {
  const { access = null, by = 'wsse', version = '1.2', clockOff = 0, header = '', token, localAddress } = options
  const security = token ?? (access && by === 'wsse' ? securityHeader(access, Date.now() + clockOff) : '')
  const xml =
    `<?xml version="1.0"?><e:Envelope xmlns:e="${ENVELOPES[version]}" ${NAMESPACES}>` +
    `<e:Header>${security}${header}</e:Header><e:Body>${body}</e:Body></e:Envelope>`
  const headers = {
    'content-type': version === '1.2' ? 'application/soap+xml' : 'text/xml',
    'user-agent': 'Test VMS',
  }
  const first = await send(url, xml, headers, localAddress)
  const challenge = readChallenge([first.headers['www-authenticate'] ?? ''])
  if (by !== 'digest' || !access || first.status !== 401 || !challenge) return first
  const { pathname: path } = new URL(url)
  const authorization = answerChallenge(challenge, { ...access, method: 'POST', path })
  return send(url, xml, { ...headers, authorization }, localAddress)
}

/** The first element's text, whatever its prefix. */
export const textOf = (xml: string, name: string): string | null =>
  new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(xml)?.[1] ?? null
/** Each notification as `topic operation name=value …`. */
export const messagesIn = (xml: string): string[] =>
  [...xml.matchAll(/<wsnt:NotificationMessage>([\s\S]*?)<\/wsnt:NotificationMessage>/g)].map(([, one = '']) => {
    const items = [...one.matchAll(/Name="([^"]*)" Value="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`)
    return [/tns1:([\w/]+)</.exec(one)?.[1], /PropertyOperation="(\w+)"/.exec(one)?.[1], ...items].join(' ')
  })
