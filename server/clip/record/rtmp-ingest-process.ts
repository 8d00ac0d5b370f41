/**
 * Receives cameras that push, with node-media-server, in a process of its own: it is a singleton, ends its process when
 * a port is taken, and prints stream keys. RTMP only: no HTTP, no admin pages, no recording of its own.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import NodeMediaServer from 'node-media-server'
import { createHandleShare } from '../../tools/process/handle-share.ts'
import { type Parser, guardParser, refuse } from './rtmp-guard.ts'

export type IngestStart = { port: number; host: string; scratch: string; keys: string[]; silentMs: number }
export type IngestChange = { keys: string[] }

type Session = Parameters<Parameters<NodeMediaServer['on']>[1]>[0]

guardParser(createRequire(import.meta.url)('node-media-server/src/protocol/rtmp.js') as { prototype: Parser })

let keys = new Set<string>()
const allowed = ({ streamPath }: Session): boolean =>
  streamPath.startsWith('/live/') && keys.has(streamPath.slice('/live/'.length))

/** A camera that pushes says its stream's name within a second; a stranger that does not must not fill the place. */
const MOST_BEFORE_MS = 10_000
const share = createHandleShare()
/** Connections whose stream was let in. */
const letIn = new WeakSet<Socket>()
function receive(socket: Socket): void {
  const late = setTimeout(() => letIn.has(socket) || socket.destroy(), MOST_BEFORE_MS)
  socket.once('close', () => clearTimeout(late))
  // The package only ends its own half of a connection that it refuses: the other half would stay for as long as its
  // peer likes.
  socket.once('finish', () => socket.destroy())
}
function welcome(socket: Socket): void {
  letIn.add(socket)
  share.prove(socket)
}

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {})
process.on('message', (message: IngestStart | IngestChange) => {
  keys = new Set(message.keys)
  if (!('port' in message)) return
  const { port, host, scratch, silentMs } = message
  const server = new NodeMediaServer({
    bind: host,
    rtmp: { port },
    record: { auto: false, path: scratch },
    store: { path: scratch },
    webadmin: { enable: false },
    notify: {},
  })
  const { tcpServer } = server.rtmpServer
  share.watch(tcpServer)
  tcpServer.on('connection', receive)
  server.on('prePublish', (session) => {
    if (!allowed(session)) {
      refuse(session.rtmp)
      session.socket.destroy()
      return
    }
    welcome(session.socket)
    // A link that breaks without a message (4G, a power cut) leaves its socket open: the camera that reconnects would
    // find its stream key in use.
    session.socket.setTimeout(silentMs, () => session.socket.destroy())
  })
  // Only our own recorder plays: it is on this machine and knows the key.
  server.on('prePlay', (session) => {
    const ours = ['127.', '::ffff:127.', `${host}:`, `::ffff:${host}:`].some((start) => session.ip.startsWith(start))
    if (ours && allowed(session)) return welcome(session.socket)
    refuse(session.rtmp)
    session.socket.destroy()
  })
  server.run().then(
    () => process.send?.({ ready: true }),
    () => process.exit(1),
  )
})
