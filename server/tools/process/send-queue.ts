/** What the kernel holds of a connection and its peer has not acknowledged: Linux tells it, in `/proc/net/tcp`. */
import { readFile } from 'node:fs/promises'
import { isIPv4, isIPv6, type Socket } from 'node:net'

type Ends = Pick<Socket, 'localPort' | 'remotePort' | 'remoteAddress'>
const portOf = (end: string): number => Number.parseInt(end.slice(end.indexOf(':') + 1), 16)

/** The 16 bytes of an IPv6 address; an IPv4 one at its end is understood. */
function bytesOf6(address: string): number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((each) => Number.parseInt(each, 16))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const all =
    tail === undefined
      ? before
      : [...before, ...Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
  return all.flatMap((group) => [group >> 8, group & 255])
}
/** As the kernel writes it: words of four bytes, each turned round. */
export function kernelAddress(address: string): string {
  const bytes = isIPv4(address)
    ? address.split('.').map(Number)
    : isIPv6(address)
      ? bytesOf6(address.split('%')[0] ?? '')
      : []
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(i * 4, i * 4 + 4).toReversed())
  return words
    .flat()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

/** Bytes by the lines of `/proc/net/tcp`; 0: this connection is not there. Pure. */
export function queuedIn(table: string, { localPort, remotePort, remoteAddress = '' }: Ends): number {
  const address = kernelAddress(remoteAddress)
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/)
    if (portOf(local) === localPort && portOf(remote) === remotePort && remote.startsWith(`${address}:`))
      return Number.parseInt(queues.split(':')[0] ?? '', 16)
  }
  return 0
}

/** Many look at once: the table is read once for all of them. */
const FRESH_MS = 3
let read: { at: number; tables: Promise<string[]> } | null = null
function tables(): Promise<string[]> {
  if (!read || performance.now() - read.at > FRESH_MS)
    read = {
      at: performance.now(),
      tables: Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => ''))),
    }
  return read.tables
}

/** Bytes that were handed to the kernel and not acknowledged by the other side; 0 where nobody tells. */
export async function unacknowledged(socket: Ends): Promise<number> {
  return Math.max(...(await tables()).map((table) => queuedIn(table, socket)))
}
