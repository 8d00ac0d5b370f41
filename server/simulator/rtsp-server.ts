/**
 * One camera's RTSP server: an encoder publishes (ANNOUNCE, RECORD), several clients watch (digest, TCP or UDP).
 * The encoder is started by the first client and stopped when the last one has gone.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Socket as UdpSocket, createSocket } from 'node:dgram'
import { type Socket, createServer } from 'node:net'
import { type RtspRequest, beginsKeyframe, createRtspReader, rtspAnswer } from './rtsp-messages.ts'

export type RtspCredentials = { username: string; password: string }
type Reader = { send(channel: number, bytes: Buffer): void; started: boolean; close(): void }

const REALM = 'lamppost simulator'
const LINGER_MS = 3000
const MOST_UNSENT = 4_000_000
const PUBLISH_DEADLINE_MS = 8000

export async function startRtspServer({ port, credentials, startEncoder }: { port: number; credentials: RtspCredentials; startEncoder(publishTo: string): () => Promise<void> }) {
  const publishPath = `/publish-${randomBytes(8).toString('hex')}`
  const sockets = new Set<Socket>()
  const readers = new Set<Reader>()
  let sdp: string | null = null
  let stopEncoder: (() => Promise<void>) | null = null
  let sdpWaiters: ((sdp: string | null) => void)[] = []
  let linger: NodeJS.Timeout | null = null

  const described = (text: string | null): void => {
    sdp = text
    for (const waiter of sdpWaiters.splice(0)) waiter(text)
  }
  function wanted(): Promise<string | null> {
    if (linger) clearTimeout(linger)
    linger = null
    stopEncoder ??= startEncoder(`rtsp://127.0.0.1:${address()}${publishPath}`)
    if (sdp) return Promise.resolve(sdp)
    return new Promise((resolve) => {
      sdpWaiters.push(resolve)
      setTimeout(() => resolve(sdp), PUBLISH_DEADLINE_MS).unref()
    })
  }
  function perhapsStop(): void {
    if (readers.size > 0 || linger) return
    linger = setTimeout(() => {
      linger = null
      if (readers.size > 0) return
      void stopEncoder?.()
      stopEncoder = null
      described(null)
    }, LINGER_MS)
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    const nonce = randomBytes(16).toString('hex')
    const session = randomBytes(8).toString('hex')
    let reader: Reader | null = null
    let publisher = false
    const answer = (request: RtspRequest, status: string, headers: Record<string, string> = {}, body = ''): void => void socket.write(rtspAnswer(status, request.headers.get('cseq') ?? '0', headers, body))

    async function handle(request: RtspRequest): Promise<void> {
      const path = new URL(request.url === '*' ? 'rtsp://x/' : request.url).pathname
      if (path.startsWith(publishPath)) return publish(request)
      if (request.method === 'OPTIONS') return answer(request, '200 OK', { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER' })
      if (!authorised(request, nonce, credentials)) return answer(request, '401 Unauthorized', { 'WWW-Authenticate': `Digest realm="${REALM}", nonce="${nonce}"` })
      if (!path.startsWith('/stream')) return answer(request, '404 Not Found')
      if (request.method === 'DESCRIBE') {
        const text = await wanted()
        perhapsStop()
        return text ? answer(request, '200 OK', { 'Content-Type': 'application/sdp', 'Content-Base': `${request.url.replace(/\/$/, '')}/` }, text) : answer(request, '503 Service Unavailable')
      }
      if (request.method === 'SETUP') {
        const asked = request.headers.get('transport') ?? ''
        const made = await transportFor(socket, asked)
        if (!made) return answer(request, '461 Unsupported Transport')
        reader = made.reader
        return answer(request, '200 OK', { Transport: made.transport, Session: `${session};timeout=60` })
      }
      if (request.method === 'PLAY' && reader) {
        readers.add(reader)
        await wanted()
        return answer(request, '200 OK', { Session: session, Range: 'npt=0.000-' })
      }
      if (request.method === 'GET_PARAMETER' || request.method === 'SET_PARAMETER') return answer(request, '200 OK', { Session: session })
      if (request.method === 'TEARDOWN') {
        answer(request, '200 OK', { Session: session })
        return void socket.end()
      }
      return answer(request, '405 Method Not Allowed')
    }

    function publish(request: RtspRequest): void {
      const setUp = request.method === 'SETUP' ? { Transport: request.headers.get('transport') ?? '', Session: session } : { Session: session }
      if (request.method === 'ANNOUNCE') {
        publisher = true
        described(request.body.replaceAll(/^a=control:.*$/gm, (line) => (line.includes('streamid') ? 'a=control:streamid=0' : line)))
      }
      answer(request, '200 OK', setUp)
    }

    const read = createRtspReader({
      onRequest: (request) => {
        handle(request).catch(() => socket.destroy())
      },
      onPacket: ({ channel, bytes }) => {
        if (!publisher) return
        const key = channel === 0 && beginsKeyframe(bytes)
        for (const each of readers) {
          each.started ||= key
          if (each.started) each.send(channel, bytes)
        }
      },
    })
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (publisher && stopEncoder) {
        void stopEncoder()
        stopEncoder = null
        described(null)
        // Its encoder died: clients must notice too.
        for (const other of sockets) other.destroy()
      }
      if (reader) {
        readers.delete(reader)
        reader.close()
        perhapsStop()
      }
    })
  })

  const address = (): number => (server.address() as { port: number }).port
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))

  return {
    port: address(),
    watching: () => readers.size,
    async close(): Promise<void> {
      if (linger) clearTimeout(linger)
      const encoderGone = stopEncoder?.()
      stopEncoder = null
      described(null)
      for (const socket of sockets) socket.destroy()
      await encoderGone
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function transportFor(socket: Socket, asked: string): Promise<{ reader: Reader; transport: string } | null> {
  if (/RTP\/AVP\/TCP/i.test(asked)) {
    const [, rtp = '0', rtcp = '1'] = /interleaved=(\d+)-(\d+)/.exec(asked) ?? []
    const channels = [Number(rtp), Number(rtcp)]
    let corked = false
    const uncork = (): void => {
      corked = false
      socket.uncork()
    }
    const send = (channel: number, bytes: Buffer): void => {
      // A client that does not read loses its connection, not our memory.
      if (socket.writableLength > MOST_UNSENT) return void socket.destroy()
      const packet = channels[channel] === channel ? bytes : Buffer.from(bytes)
      packet[1] = channels[channel] ?? channel
      // The packets of one picture leave together: one wake-up for the client, not one for each.
      if (!corked) {
        corked = true
        socket.cork()
        setImmediate(uncork)
      }
      socket.write(packet)
    }
    return { reader: { send, started: false, close: () => {} }, transport: `RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp}` }
  }
  const [, rtp, rtcp] = /client_port=(\d+)-(\d+)/.exec(asked) ?? []
  if (!rtp || !rtcp) return null
  const udp: UdpSocket = createSocket(socket.remoteFamily === 'IPv6' ? 'udp6' : 'udp4')
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  const ports = [Number(rtp), Number(rtcp)]
  const send = (channel: number, bytes: Buffer): void => udp.send(bytes, 4, bytes.length - 4, ports[channel] ?? 0, socket.remoteAddress)
  const own = udp.address().port
  return { reader: { send, started: false, close: () => udp.close() }, transport: `RTP/AVP;unicast;client_port=${rtp}-${rtcp};server_port=${own}-${own}` }
}

/** RFC 2617 digest without qop, as RTSP clients speak it. */
function authorised(request: RtspRequest, nonce: string, { username, password }: RtspCredentials): boolean {
  const header = request.headers.get('authorization') ?? ''
  if (!/^digest /i.test(header)) return false
  const field = (name: string): string => new RegExp(`(?:^|[\\s,])${name}="([^"]*)"`, 'i').exec(header)?.[1] ?? ''
  const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex')
  const expected = md5(`${md5(`${username}:${REALM}:${password}`)}:${nonce}:${md5(`${request.method}:${field('uri')}`)}`)
  const given = field('response')
  return field('username') === username && field('nonce') === nonce && given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}
