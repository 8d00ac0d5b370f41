/**
 * What broken and hostile devices answer, each on purpose: for trying what becomes of the others, and of an
 * operator's patience.
 */
import type { ServerResponse } from 'node:http'
import { NS, envelope } from '../../tools/onvif-server/soap-words.ts'

export const TRAPS = [
  'wrong-password',
  'locked-out',
  'slow-drip',
  'fin-mid-body',
  'endless',
  'hundred-megabytes',
  'xml-bomb',
  'xmlns-flood',
  'deep-nesting',
  'empty-200',
  'good-500',
  'wrong-element',
  'no-position',
  'move-status-stuck',
  'unknown-token-ok',
  'never-answers',
  'reset',
  'redirect',
  'pull-point-elsewhere',
  'other-input-words',
] as const
export type Trap = (typeof TRAPS)[number]

const MEGABYTE = Buffer.alloc(1_000_000, 0x20)
const soap = { 'content-type': 'application/soap+xml; charset=utf-8' }

/**
 * Answers in the trap's way. False when this trap changes something else than the answer's form, or leaves this one
 * alone.
 * @param good what an honest device would have said. @param operation GotoPreset and so on.
 */
export function springTrap(trap: Trap, response: ServerResponse, operation: string, good: string): boolean {
  const send = (status: number, body: string): true => {
    response.writeHead(status, { ...soap, 'content-length': Buffer.byteLength(body) }).end(body)
    return true
  }
  switch (trap) {
    case 'slow-drip': {
      response.writeHead(200, soap)
      const timer = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(timer))
      return true
    }
    case 'fin-mid-body':
      response.writeHead(200, { ...soap, 'content-length': Buffer.byteLength(good) })
      response.write(good.slice(0, good.length / 2))
      response.socket?.end()
      return true
    case 'endless':
      response.writeHead(200, soap)
      pour(response, Number.POSITIVE_INFINITY)
      return true
    case 'hundred-megabytes':
      response.writeHead(200, soap)
      pour(response, 100)
      return true
    case 'xml-bomb':
      return send(
        200,
        '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a ' +
          `"aaaaaaaaaa">` +
          `${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i} "${`&a${i === 0 ? '' : i - 1};`.repeat(10)}">`).join('')}]><b>&a8;</b>`,
      )
    case 'xmlns-flood':
      return send(
        200,
        good.replace(
          '<SOAP-ENV:Envelope',
          `<SOAP-ENV:Envelope ${Array.from({ length: 30_000 }, (_, i) => `xmlns:n${i}="u"`).join(' ')}`,
        ),
      )
    case 'deep-nesting':
      return send(200, envelope(`${'<x>'.repeat(5000)}${'</x>'.repeat(5000)}`))
    case 'empty-200':
      return send(200, '')
    case 'good-500':
      return send(500, good)
    case 'wrong-element':
      return send(200, envelope(`<tds:SomethingElseResponse xmlns:tds="${NS.tds}"/>`))
    case 'no-position':
      return operation === 'GetStatus'
        ? send(200, good.replace(/<tt:Position>.*?<\/tt:Position>/s, ''))
        : operation === 'GetPresets'
          ? send(200, good.replaceAll(/<tt:PTZPosition>.*?<\/tt:PTZPosition>/gs, ''))
          : false
    case 'move-status-stuck':
      return operation === 'GetStatus'
        ? send(200, good.replaceAll('MOVING', 'IDLE').replace(/<tt:Position>.*?<\/tt:Position>/s, ''))
        : false
    case 'pull-point-elsewhere':
      return operation === 'CreatePullPointSubscription'
        ? send(200, good.replace(/(<wsa5:Address>)[^<]*?(\/onvif\/)/, '$1http://169.254.169.254:81$2'))
        : false
    case 'other-input-words':
      return operation === 'PullMessages'
        ? send(200, good.replaceAll('LogicalState', 'State').replaceAll(/(UtcTime="[^"]*)Z"/g, '$1+00:00"'))
        : false
    case 'never-answers':
      return true
    case 'reset':
      response.socket?.destroy()
      return true
    case 'redirect':
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
      return true
    case 'wrong-password':
    case 'locked-out':
    case 'unknown-token-ok':
      return false
  }
}

function pour(response: ServerResponse, megabytes: number): void {
  let sent = 0
  const more = (): void => {
    while (sent < megabytes) {
      if (response.destroyed) return
      sent += 1
      if (!response.write(MEGABYTE)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}
