/**
 * Messages to syslog servers, over TLS, on one connection each that stays open. The protocol has no answer: a message
 * counts as told when the other machine has acknowledged every byte of it and still holds the connection.
 */
import { type Socket, connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { messageOf } from '../tools/failure.ts'
import { unacknowledged } from '../tools/process/send-queue.ts'
import { tlsNameOf } from '../tools/tls-peer.ts'
import type { PostOutcome } from './webhook-post.ts'

const USUAL_PORT = 6514
const WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50
/** A server that restarts ends its connections first: what it acknowledged a moment before, it has not written. */
const STILL_THERE_MS = 100

export type SyslogAccess = { url: string; ca: string | null }
const failed = (problem: string): PostOutcome => ({
  ...{ outcome: 'failed' as const, problem, lasting: 'no' as const, answered: false, after: null },
})

function open({ url, ca }: SyslogAccess): Socket {
  const { protocol, hostname, port } = new URL(url)
  const at = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || USUAL_PORT }
  if (protocol === 'tcp:') return connectTcp(at)
  const servername = tlsNameOf(at.host)
  return connectTls({
    ...{ ...at, minVersion: 'TLSv1.2' as const },
    ...(servername === undefined ? {} : { servername }),
    ...(ca === null ? {} : { ca }),
  })
}

export function createSyslogSenders() {
  const connections = new Map<string, Socket>()

  /** One that stands, or a new one. */
  function connectionTo(access: SyslogAccess): Promise<Socket> {
    const name = JSON.stringify(access)
    const there = connections.get(name)
    if (there && !there.destroyed) return Promise.resolve(there)
    return new Promise((resolve, reject) => {
      const socket = open(access)
      connections.set(name, socket)
      socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error('it does not answer')))
      socket.once(access.url.startsWith('tls:') ? 'secureConnect' : 'connect', () => {
        socket.setTimeout(0)
        // A town that stops does not wait for it.
        socket.unref()
        resolve(socket)
      })
      socket.on('error', reject)
      // What it says is of no use.
      socket.resume()
      socket.on('end', () => socket.destroy())
      socket.on('close', () => {
        if (connections.get(name) === socket) connections.delete(name)
        reject(new Error('it ended the connection'))
      })
    })
  }
  /** Resolves when its machine has all of it, and it is still there. */
  async function arrived(socket: Socket, signal: AbortSignal): Promise<void> {
    const by = performance.now() + WITHIN_MS
    for (let has = 0; has * LOOK_EVERY_MS < STILL_THERE_MS;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      if (socket.destroyed || signal.aborted) throw new Error('it ended the connection before it had all')
      has = (await unacknowledged(socket)) === 0 ? has + 1 : 0
      if (performance.now() > by) {
        socket.destroy()
        throw new Error(`it did not take it within ${WITHIN_MS / 1000} seconds`)
      }
    }
    if (socket.destroyed) throw new Error('it ended the connection before it had all')
  }

  return {
    /** @param frame with its length before it */
    async send(access: SyslogAccess, frame: string, signal: AbortSignal): Promise<PostOutcome> {
      try {
        const socket = await connectionTo(access)
        await new Promise<void>((resolve, reject) =>
          socket.write(frame, (error) => (error ? reject(error) : resolve())),
        )
        await arrived(socket, signal)
        return { outcome: 'delivered', status: 0 }
      } catch (error) {
        return failed(`It could not be told: ${messageOf(error)}`)
      }
    },
    close(): void {
      for (const socket of connections.values()) socket.destroy()
    },
  }
}
