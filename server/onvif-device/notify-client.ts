/** Notifications to clients (WS-BaseNotification Notify): one message each, because some look at the first only. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, isIP } from 'node:net'
import { type Notify, Untaken, written } from '../tools/onvif-server/event-service.ts'
import { plainAddress } from './plain-address.ts'
import { CONTENT_TYPES, envelope } from '../tools/onvif-server/soap-words.ts'

const ACTION = 'http://docs.oasis-open.org/wsn/bw-2/NotificationConsumer/Notify'
const WITHIN_MS = 5000
/** An answer says nothing that we need; what is longer is not read. */
const MOST_ANSWER = 64 * 1024

/** An answer of 200 to 299 is enough. @throws with words for an engineer; `Untaken` where it was sent whole */
export const sendNotification: Notify = (to, message, version) => {
  const header = `<wsa5:Action>${ACTION}</wsa5:Action>`
  const body = Buffer.from(envelope(`<wsnt:Notify>${written(message)}</wsnt:Notify>`, version, header))
  const url = new URL(to)
  const type = version === '1.2' ? `${CONTENT_TYPES['1.2']}; action="${ACTION}"` : CONTENT_TYPES['1.1']
  return new Promise((resolve, reject) => {
    // A client’s certificate proves nothing here: it is told what it asked for, at the address that it asked from.
    const asked = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: false,
      rejectUnauthorized: false,
      headers: { 'content-type': type, soapaction: `"${ACTION}"`, 'content-length': body.length },
    })
    let hasLeft = false
    asked.on('finish', () => (hasLeft = true))
    const late = setTimeout(
      () => asked.destroy(hasLeft ? new Untaken('it does not answer') : new Error('it does not answer')),
      WITHIN_MS,
    )
    asked.on('response', (response) => {
      const status = response.statusCode ?? 0
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MOST_ANSWER) asked.destroy()
      })
      if (status >= 200 && status < 300) resolve()
      else reject(new Untaken(`it answers ${status}`))
    })
    asked.on('close', () => clearTimeout(late))
    asked.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error instanceof Untaken
          ? error
          : hasLeft
            ? new Untaken('it hangs up')
            : new Error(error.code ?? error.message),
      ),
    )
    asked.end(body)
  })
}

/** Whether anything takes a connection there. @throws with the reason */
export const probeListener = (to: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(to)
    const socket = connect(Number(port || (protocol === 'https:' ? 443 : 80)), plainAddress(hostname))
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error('it does not answer')))
    socket.once('connect', () => {
      socket.end()
      resolve()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)))
  })

/**
 * Whether somebody at this address may have notifications sent there: to itself alone, and by number, because a name can
 * become another machine's. Lamppost is no way into other machines.
 * @returns why not; null: it may
 */
export function mayBeNotified(to: string, from: string): string | null {
  const host = plainAddress(new URL(to).hostname)
  if (isIP(host) === 0) return `Notifications go to an IP address, not to a name (${host})`
  if (host === plainAddress(from)) return null
  return `Notifications go to the client that asks for them (${plainAddress(from)}), not to ${host}`
}
