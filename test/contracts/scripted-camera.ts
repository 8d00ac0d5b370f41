/**
 * A scripted ONVIF device, for answers that the simulated camera is too well made to give: a fake, of faults that
 * were seen in the field.
 */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

const MEDIA = 'http://www.onvif.org/ver10/media/wsdl'
const PTZ = 'http://www.onvif.org/ver20/ptz/wsdl'
export type Asked = { action: string; path: string; body: string; request: IncomingMessage }
/** `null`: HTTP 204 without a body. A status and a text are sent as they are. */
export type Said = string | null | { status: number; text: string | Buffer; headers?: Record<string, string> }
export type Script = Partial<Record<string, (asked: Asked, base: string) => Said | Promise<Said>>>

export const fault = (code: string, reason: string): Said => ({
  status: 400,
  text: envelope(
    `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:${code}</s:Value></s:Subcode>` +
      `</s:Code><s:Reason><s:Text>${reason}</s:Text></s:Reason></s:Fault>`,
  ),
})
export const notSupported = (): Said => fault('ActionNotSupported', 'Optional Action Not Implemented')
const envelope = (body: string): string =>
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" ' +
  `xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>${body}</s:Body></s:Envelope>`

export const profile = (
  token: string,
  options: { source?: string | null; codec?: string; size?: [number, number]; ptz?: boolean } = {},
): string => {
  const { source = 'src-1', codec = 'H264', size = [1920, 1080], ptz = false } = options
  return (
    `<Profiles token="${token}">` +
    `<Name>${token}</Name>${
      source === null
        ? ''
        : `<VideoSourceConfiguration token="v-${source}"><SourceToken>${source}</SourceToken></VideoSourceConfiguration>`
    }<VideoEncoderConfiguration ` +
    `token="e-${token}"><Encoding>${codec}</Encoding><Resolution><Width>${size[0]}</Width><Height>${size[1]}</Height>` +
    `</Resolution></VideoEncoderConfiguration>${
      ptz ? `<PTZConfiguration token="ptz-c"><NodeToken>node-1</NodeToken></PTZConfiguration>` : ''
    }</Profiles>`
  )
}
type Position = [pan: number, tilt: number, zoom: number]
const placeIn = (element: string, position: Position | null, space: string): string =>
  position === null
    ? ''
    : `<tt:${element}><tt:PanTilt x="${position[0]}" y="${position[1]}"${space}/><tt:Zoom x="${position[2]}"/></tt:${element}>`
export const preset = (token: string, name: string, position: Position | null, space = ''): string =>
  `<Preset token="${token}"><tt:Name>${name}</tt:Name>${placeIn('PTZPosition', position, space)}</Preset>`
export const status = (position: Position | null, moving: 'IDLE' | 'MOVING' | null, space = ''): string => {
  const move = moving ? `<tt:MoveStatus><tt:PanTilt>${moving}</tt:PanTilt></tt:MoveStatus>` : ''
  return `<PTZStatus>${placeIn('Position', position, space)}${move}</PTZStatus>`
}
export const clockAt = (now: number, kind = 'UTCDateTime', zone = ''): string => {
  const at = new Date(now)
  return (
    `<SystemDateAndTime>${zone ? `<tt:TimeZone><tt:TZ>${zone}</tt:TZ></tt:TimeZone>` : ''}<tt:${kind}>` +
    `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year>` +
    `<tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date></tt:${kind}></SystemDateAndTime>`
  )
}

/** What a plain PTZ camera of one channel says. */
const PLAIN: Required<Pick<Script, string>> = {
  GetSystemDateAndTime: () => clockAt(Date.now()),
  GetServices: (_, base) =>
    [
      [MEDIA, 'media'],
      [PTZ, 'ptz'],
    ]
      .map(
        ([namespace, path]) =>
          `<Service><Namespace>${namespace}</Namespace><XAddr>${base}/onvif/${path}</XAddr></Service>`,
      )
      .join(''),
  GetCapabilities: (_, base) =>
    `<Capabilities><tt:Media><tt:XAddr>${base}/onvif/media</tt:XAddr></tt:Media><tt:PTZ>` +
    `<tt:XAddr>${base}/onvif/ptz</tt:XAddr></tt:PTZ></Capabilities>`,
  GetDeviceInformation: () =>
    '<Manufacturer>Maker</Manufacturer><Model>M1</Model><FirmwareVersion>1</FirmwareVersion><SerialNumber>S1</SerialNumber>',
  GetProfiles: () => profile('main', { ptz: true }),
  GetStreamUri: ({ body }) =>
    `<MediaUri><tt:Uri>rtsp://127.0.0.1:8554/${/ProfileToken>([^<]*)</.exec(body)?.[1] ?? ''}</tt:Uri></MediaUri>`,
  GetPresets: () => preset('1', 'Help point', [0.5, -0.1, 0.2]) + preset('2', 'Car park', [-0.5, 0.1, 0]),
  GetStatus: () => status([0, 0, 0], 'IDLE'),
  GotoPreset: () => '',
  ContinuousMove: () => '',
  Stop: () => '',
}

export async function startScriptedCamera(script: Script = {}, tls: { cert: Buffer; key: Buffer } | null = null) {
  const asked: Asked[] = []
  let base = ''
  const listener = (request: IncomingMessage, response: import('node:http').ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const action = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? ''
      const found: Asked = { action, path: request.url ?? '', body, request }
      asked.push(found)
      const answer = script[action] ?? script['*'] ?? PLAIN[action]
      const said = await (answer ? answer(found, base) : notSupported())
      if (response.destroyed) return
      if (said === null) return void response.writeHead(204).end()
      if (typeof said === 'object') return void response.writeHead(said.status, said.headers ?? {}).end(said.text)
      response
        .writeHead(200, { 'content-type': 'application/soap+xml' })
        .end(envelope(`<${action}Response>${said}</${action}Response>`))
    })
  }
  const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  base = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return {
    url: `${base}/onvif/device_service`,
    base,
    port,
    asked,
    actions: () => asked.map(({ action }) => action),
    async close(): Promise<void> {
      // Nobody comes any more before those who are here go: one between the two would keep it open.
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
