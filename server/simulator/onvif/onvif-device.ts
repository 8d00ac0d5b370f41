/** One simulated camera's ONVIF door: HTTP, SOAP, credentials, and the four services behind it. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { PRE_AUTH } from '../../tools/onvif-server/device-answers.ts'
import { answerDevice } from './onvif-device-service.ts'
import type { EventService } from '../../tools/onvif-server/event-service.ts'
import { delayOf } from '../head-faults.ts'
import { answerMedia } from './onvif-media-service.ts'
import { type SimulatedHead, answerPtz } from './onvif-ptz-service.ts'
import { type SoapRequest, createTokenCheck, readRequest } from '../../tools/onvif-server/soap-requests.ts'
import { type Trap, springTrap } from './onvif-traps.ts'
import { NS, SoapFault, envelope, faultBody, noSuchAction, notAuthorized } from '../../tools/onvif-server/soap-words.ts'
import { listenOnOwnPort } from '../own-port.ts'

export type OnvifDeviceOptions = {
  port: number
  name: string
  serial: string
  credentials: { username: string; password: string }
  head: SimulatedHead | null
  events: Pick<EventService, 'answer'>
  streamUri(): string
  /** A second, smaller stream; null or left out: it has one only. */
  substreamUri?(): string | null
  substreamSize?: { width: number; height: number } | undefined
  /** Of a recorder or an encoder: how many channels, and where each is. Left out: it is one camera. */
  channels?: { count: number; streamUri(channel: number): Promise<string> } | null
  /** Of the main stream. */
  codec?(): 'h264' | 'h265'
  deviceNow(): number
  /** Hears every operation when its request has arrived whole, with wall-clock milliseconds. */
  onOperation(operation: string, at: number): void
  /** What is wrong with this device now; null while it is honest. */
  trap?(): Trap | null
}
/** After so many wrong passwords a device that locks does not even look at the right one. */
const LOCKS_AFTER = 5

const MOST_REQUEST = 200_000

export async function startOnvifDevice({
  port,
  name,
  serial,
  credentials,
  head,
  events,
  streamUri,
  substreamUri = () => null,
  substreamSize,
  channels = null,
  codec = () => 'h264',
  deviceNow,
  onOperation,
  trap = () => null,
}: OnvifDeviceOptions) {
  let wrong = 0
  const authentic = createTokenCheck({ ...credentials, deviceNow })

  async function answer(request: SoapRequest, path: string, base: string, signal: AbortSignal): Promise<string> {
    const open = request.namespace === NS.tds && PRE_AUTH.has(request.operation)
    const trapped = trap()
    if (trapped !== 'locked-out') wrong = 0
    if (
      !open &&
      (trapped === 'wrong-password' ||
        (trapped === 'locked-out' && wrong >= LOCKS_AFTER) ||
        authentic(request.header) !== 'right')
    ) {
      wrong += 1
      throw notAuthorized()
    }
    if (trapped === 'unknown-token-ok' && request.operation === 'GotoPreset') return '<tptz:GotoPresetResponse/>'
    if (path.startsWith('/onvif/pull/') || request.namespace === NS.tev || request.namespace === NS.wsnt)
      return events.answer(request, { path, base, signal })
    if (request.namespace === NS.tds)
      return answerDevice(request, { name, serial, ptz: head !== null, base, deviceNow: deviceNow() })
    if (request.namespace === NS.trt)
      return answerMedia(request, {
        ptz: head !== null,
        streamUri: streamUri(),
        substreamUri: substreamUri(),
        substreamSize,
        codec: codec(),
        channels,
      })
    if (request.namespace === NS.tptz && head) {
      const said = answerPtz(request, head)
      const delay = delayOf(head.faults?.now() ?? null, request.operation)
      // Never: until whoever asked has gone.
      if (delay === null)
        await new Promise<void>((resolve) =>
          signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
        )
      else if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      return said
    }
    throw noSuchAction(request.operation)
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_REQUEST) return void request.destroy()
      chunks.push(chunk)
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const send = (status: number, body: string): void =>
      void response
        .writeHead(status, {
          'content-type': 'application/soap+xml; charset=utf-8',
          'content-length': Buffer.byteLength(body),
        })
        .end(body)
    const soap = request.method === 'POST' ? readRequest(Buffer.concat(chunks).toString('utf8')) : null
    if (!soap)
      return send(400, envelope(faultBody(new SoapFault(['Sender', 'ter:WellFormed'], 'This is no SOAP request'))))
    onOperation(soap.operation, Date.now())
    try {
      const trapped = trap()
      const good = trapped
        ? envelope(
            await answer(
              soap,
              request.url ?? '/',
              `http://${request.headers.host ?? `127.0.0.1:${port}`}`,
              gone.signal,
            ),
          )
        : ''
      if (trapped && springTrap(trapped, response, soap.operation, good)) return
      if (trapped) return send(200, good)
      send(
        200,
        envelope(
          await answer(soap, request.url ?? '/', `http://${request.headers.host ?? `127.0.0.1:${port}`}`, gone.signal),
        ),
      )
    } catch (error) {
      const fault = error instanceof SoapFault ? error : new SoapFault(['Receiver', 'ter:Action'], String(error))
      send(fault.codes[0] === 'Sender' ? 400 : 500, envelope(faultBody(fault)))
    }
  }

  const server = createServer((request, response) => {
    onRequest(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 30_000
  const own = await listenOnOwnPort(server, port)
  return {
    port: own,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
