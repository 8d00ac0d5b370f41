/**
 * The server's events over a WebSocket: over plain HTTP/1.1 all windows of a browser share six connections, and a
 * wall needs one for ever.
 */
import { type Listening, parseBlock } from './event-stream.ts'

const OPEN_WITHIN_MS = 3000

/**
 * Resolves when the server listens; `ended` then resolves when it is over, for whatever reason.
 * @param address ws://.
 * @param token '' uses the session cookie.
 * @param after the newest sequence number heard.
 * @throws when no socket opens, or the server refuses it: fetching tells why
 */
export function openEventSocket({
  address,
  token,
  after,
  silenceMs,
  signal,
  onEvent,
}: Listening & { address: string; token: string; after: string | null }): Promise<{ ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    let over = (): void => {}
    const ended = new Promise<void>((done) => (over = done))
    let listening = false
    let silent: ReturnType<typeof setTimeout>
    const end = (why: string): void => {
      clearTimeout(silent)
      signal.removeEventListener('abort', leave)
      socket.removeEventListener('message', onMessage)
      socket.close()
      reject(new Error(why))
      over()
    }
    const leave = (): void => end('nobody listens any more')
    const hear = (): void => {
      clearTimeout(silent)
      silent = setTimeout(() => end('the event socket fell silent'), listening ? silenceMs : OPEN_WITHIN_MS)
    }
    function onMessage({ data }: MessageEvent): void {
      const text = String(data)
      // What is not a block of an event stream is why there is none.
      if (text.startsWith('{')) return end(text)
      listening = true
      hear()
      resolve({ ended })
      try {
        const event = parseBlock(text.trimEnd())
        if (event) onEvent(event)
      } catch (error) {
        // What was said and not understood must not be taken for heard.
        end(String(error))
      }
    }
    hear()
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ ...(token ? { token } : {}), ...(after === null ? {} : { after: Number(after) }) })),
    )
    socket.addEventListener('error', () => end('no event socket can be opened'))
    socket.addEventListener('close', () => end('the event socket was closed'))
    socket.addEventListener('message', onMessage)
  })
}
