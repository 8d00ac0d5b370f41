/** Ports that the system gives, for programs that must be told one: it is free now, and nobody keeps it so. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const TRIES = 20

export async function freeTcpPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as { port: number }
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

/** @param wanted this one, or 0 for any. @throws when it is taken */
export async function freeUdpPort(host = '127.0.0.1', wanted = 0): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(wanted, host, resolve)
  })
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

/** A port that is free for UDP and for TCP. */
export async function freePort(host: string): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const port = await freeTcpPort(host)
    try {
      return await freeUdpPort(host, port)
    } catch (error) {
      if (tries > TRIES) throw error
    }
  }
}
