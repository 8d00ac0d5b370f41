/**
 * What changes below a prefix, from a revision on. A watch of etcd ends without a word when its member dies: silence is
 * looked at, and the next endpoint goes on from the last revision that was heard.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { type KeyValue, type Post, type RawKeyValue, base64, endOf, keyValueOf } from './etcd-values.ts'

export type Change = { kv: KeyValue; gone: boolean }
export type WatchPort = {
  endpoints: readonly string[]
  post: Post
  token(): string | null
  signIn(): Promise<void>
}
type Heard = {
  result?: {
    created?: boolean
    canceled?: boolean
    compact_revision?: string
    cancel_reason?: string
    header: { revision: string }
    events?: { type?: 'PUT' | 'DELETE'; kv: RawKeyValue }[]
  }
  error?: unknown
}

/** Each member says every second that it lives: so long nothing is a stream that is dead. A new one tells what was missed. */
const SILENT_MS = 4000
const AGAIN_MS = 100

/** Null: no etcd writes so, something between does. */
function readHeard(line: string): Heard | null {
  try {
    return JSON.parse(line) as Heard
  } catch {
    return null
  }
}

export const createWatch =
  ({ endpoints, post, token, signIn }: WatchPort) =>
  (
    prefix: string,
    from: bigint,
    on: {
      changes(changes: Change[], revision: bigint): void
      /** What was between is not to be had any more: read everything again. The watch has ended. */ compacted(): void
    },
  ): (() => void) => {
    let next = from
    const stopped = new AbortController()
    let asked: ClientRequest | null = null
    let heardAt = performance.now()
    let turn = 0
    let again: ReturnType<typeof setTimeout> | null = null

    function stop(): void {
      stopped.abort()
      clearInterval(silence)
      if (again) clearTimeout(again)
      asked?.destroy()
    }
    function hear({ result, error }: Heard): void {
      if (error !== undefined || result === undefined) return retry()
      if (result.compact_revision !== undefined && result.compact_revision !== '0') {
        stop()
        return on.compacted()
      }
      if (result.canceled) return retry()
      const events = result.events ?? []
      // What is caught up with comes in parts, each under the newest revision: what was told is what the events say.
      const revision = events.reduce(
        (most, { kv }) => (BigInt(kv.mod_revision) > most ? BigInt(kv.mod_revision) : most),
        0n,
      )
      if (events.length > 0) {
        next = revision + 1n
        on.changes(
          events.map(({ type, kv }) => ({ kv: keyValueOf(kv), gone: type === 'DELETE' })),
          revision,
        )
      }
    }
    function retry(): void {
      asked?.destroy()
      if (stopped.signal.aborted || again) return
      again = setTimeout(() => {
        again = null
        void begin()
      }, AGAIN_MS)
    }
    async function begin(): Promise<void> {
      heardAt = performance.now()
      // One's own first: another machine may go without a word.
      const endpoint = endpoints[turn % endpoints.length] ?? ''
      turn += 1
      try {
        if (token() === null) await signIn()
      } catch {
        return retry()
      }
      if (stopped.signal.aborted) return
      const body = {
        create_request: { key: base64(prefix), range_end: base64(endOf(prefix)), start_revision: String(next) },
      }
      const request = post(endpoint, '/v3/watch', body, token())
      asked = request
      const over = (): void => void (asked === request && retry())
      request.on('error', over)
      request.on('response', (response: IncomingMessage) => {
        let rest = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          heardAt = performance.now()
          rest += part
          for (let end = rest.indexOf('\n'); end >= 0 && !stopped.signal.aborted; end = rest.indexOf('\n')) {
            const line = rest.slice(0, end)
            rest = rest.slice(end + 1)
            if (line === '') continue
            const heard = readHeard(line)
            if (heard === null) return retry()
            hear(heard)
          }
        })
        response.on('error', over)
        response.on('close', over)
      })
    }
    const silence = setInterval(() => performance.now() - heardAt > SILENT_MS && retry(), 1000)
    silence.unref()
    void begin()
    return stop
  }
