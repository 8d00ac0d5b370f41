/** What the kernel holds of a connection and its peer has not acknowledged: Linux tells it, in `/proc/net/tcp`. */
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

type Ends = Pick<Socket, 'localPort' | 'remotePort'>
const portOf = (end: string): number => Number.parseInt(end.slice(end.indexOf(':') + 1), 16)

/** Bytes by the lines of `/proc/net/tcp`; 0: this connection is not there. Pure. */
export function queuedIn(table: string, { localPort, remotePort }: Ends): number {
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/)
    if (portOf(local) === localPort && portOf(remote) === remotePort)
      return Number.parseInt(queues.split(':')[0] ?? '', 16)
  }
  return 0
}

/** Bytes that were handed to the kernel and not acknowledged by the other side; 0 where nobody tells. */
export async function unacknowledged(socket: Ends): Promise<number> {
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const found = queuedIn(await readFile(file, 'utf8').catch(() => ''), socket)
    if (found > 0) return found
  }
  return 0
}
