/**
 * What the edge's process and the house say to each other over `<data>/edge.sock`: a JSON object a line. The house sends
 * `{ping}` twice a second; a house that is silent has died or is frozen, and its calls are ended at the help points.
 */
import { createHash } from 'node:crypto'
import { type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EdgeListen } from '../../glossary/call.ts'

export type FromEdge = {
  /** Where the house registers, whenever it is another; null while the engines start anew. */
  door?: { port: number; secret: string } | null
  listen?: readonly EdgeListen[]
  /** Users that are registered now. */
  registered?: string[]
  refused?: { from: string; why: string }
  problem?: string
}
/** `endCalls`: nobody in the house hears them any more. */
export type FromHouse = { ping: number; endCalls?: true }

/** A path of a socket has room for so many bytes (Linux, unix(7)). */
const LONGEST_PATH = 100
const MOST_LINE = 64 * 1024

export function edgeSocketPath(dataFolder: string): string {
  const path = join(dataFolder, 'edge.sock')
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path
  return join(tmpdir(), `lamppost-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 20)}.sock`)
}

/** Null where nobody answers. */
export const openEdgeSocket = (path: string): Promise<Socket | null> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })

/** Hands each whole line to `onMessage`; what is no JSON object ends the connection. */
export function readLines<T>(socket: Socket, onMessage: (message: T) => void): void {
  let rest = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MOST_LINE) return void socket.destroy()
    for (const line of lines) {
      let message: T
      try {
        message = JSON.parse(line) as T
      } catch {
        return void socket.destroy()
      }
      onMessage(message)
    }
    return undefined
  })
}
export const say = (socket: Socket, message: FromEdge | FromHouse): void => {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
}
