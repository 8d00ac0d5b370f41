/** One TCP connection to the edge's door, as sip.js wants its transport: whole messages in, text out (RFC 3261 18.3). */
import { type Socket, connect } from 'node:net'
import { EmitterImpl, type Transport, TransportState } from 'sip.js'

/** More without an end is no message of an edge that we started. */
const MOST_BYTES = 256 * 1024
const HEADERS_END = '\r\n\r\n'

/** The whole messages at the beginning of what has arrived, and what is left of the next one. Pure. */
export function splitMessages(bytes: Buffer): { messages: string[]; rest: Buffer } {
  const messages: string[] = []
  let rest = bytes
  for (;;) {
    // Line ends between two messages keep the connection open, and mean nothing.
    let from = 0
    while (rest[from] === 13 || rest[from] === 10) from += 1
    rest = rest.subarray(from)
    const end = rest.indexOf(HEADERS_END)
    if (end < 0) return { messages, rest }
    const headers = rest.toString('latin1', 0, end)
    const length = Number(/(?:^|\r\n)(?:content-length|l)[ \t]*:[ \t]*(\d+)/i.exec(headers)?.[1] ?? 0)
    const whole = end + HEADERS_END.length + length
    if (rest.length < whole) return { messages, rest }
    messages.push(rest.toString('utf8', 0, whole))
    rest = rest.subarray(whole)
  }
}

/** @param port of the edge's door, on loopback */
export function createSipConnection(port: number): Transport {
  const stateChange = new EmitterImpl<TransportState>()
  let state = TransportState.Disconnected
  let socket: Socket | null = null
  let rest: Buffer = Buffer.alloc(0)
  function become(next: TransportState): void {
    if (next === state) return
    state = next
    stateChange.emit(next)
  }
  const connection: Transport = {
    protocol: 'TCP',
    get state() {
      return state
    },
    stateChange,
    onConnect: undefined,
    onDisconnect: undefined,
    onMessage: undefined,
    isConnected: () => state === TransportState.Connected,
    connect() {
      if (state === TransportState.Connected) return Promise.resolve()
      become(TransportState.Connecting)
      return new Promise((resolve, reject) => {
        const mine = connect({ host: '127.0.0.1', port, noDelay: true })
        socket = mine
        rest = Buffer.alloc(0)
        let wasConnected = false
        mine.once('connect', () => {
          wasConnected = true
          become(TransportState.Connected)
          connection.onConnect?.()
          resolve()
        })
        mine.once('error', reject)
        mine.on('error', () => mine.destroy())
        mine.on('data', (bytes) => {
          const { messages, rest: left } = splitMessages(Buffer.concat([rest, bytes]))
          rest = left
          if (rest.length > MOST_BYTES) return void mine.destroy()
          for (const message of messages) connection.onMessage?.(message)
        })
        mine.once('close', () => {
          become(TransportState.Disconnected)
          if (wasConnected) connection.onDisconnect?.(new Error('the edge has closed its door'))
        })
      })
    },
    disconnect() {
      socket?.end()
      return Promise.resolve()
    },
    dispose() {
      socket?.destroy()
      return Promise.resolve()
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        // A hang-up may have closed it: what is sent then must not end the thread.
        if (!socket || socket.destroyed || !socket.writable) return reject(new Error('the edge is not connected'))
        socket.write(message, (error) => (error ? reject(error) : resolve()))
      }),
  }
  return connection
}
