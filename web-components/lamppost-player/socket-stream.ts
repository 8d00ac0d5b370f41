/**
 * One camera's picture from the page's WebSocket, handed to hls.js as if it had loaded it: playlists, parts,
 * initialisation.
 */
import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from 'hls.js'
import type { PictureForm } from '../wall-client/api-shapes.ts'
import type { PictureCarrier } from '../wall-client/picture-socket.ts'
import { type CarriedState, began, carriedPlaylist, grown } from './socket-playlist.ts'

export type CarriedStream = { url: string; loader: HlsConfig['loader']; close(): void }
type Answer = (data: string | ArrayBuffer | null) => void

const BASE = 'https://carried.invalid/'

/** @param onRefused hears the code, and why in the server's words, when it will not show it as things are. */
export function createCarriedStream(
  carrier: PictureCarrier,
  camera: string,
  form: PictureForm,
  onRefused: (code: string, words: string) => void,
): CarriedStream {
  const pieces = new Map<string, Uint8Array<ArrayBuffer>>()
  const waiting = new Set<Answer>()
  let state: CarriedState | null = null
  let openNumber = 0
  let version = 0
  let answered = 0

  function advance(next: CarriedState, key: string, bytes: Uint8Array<ArrayBuffer>): void {
    state = next
    version += 1
    pieces.set(key, bytes)
    const oldest = next.segments[0]
    for (const name of pieces.keys()) if (oldest && isOlder(name, oldest)) pieces.delete(name)
    if (waiting.size === 0) return
    answered = version
    const text = carriedPlaylist(next)
    const asked = [...waiting]
    // An answer brings the next question at once.
    waiting.clear()
    for (const answer of asked) answer(text)
  }
  const newest = (next: CarriedState): string => {
    const open = next.segments.at(-1)
    return `part/${open?.number ?? 0}.${(open?.parts.length ?? 1) - 1}`
  }

  const leave = carrier.watch(camera, form, {
    begin({ init, bytes, ...begin }) {
      const next = began(state, begin)
      openNumber = begin.number
      pieces.set(`init/${next.beginning}`, init)
      advance(next, newest(next), bytes)
    },
    part({ bytes, ...part }) {
      if (!state) return
      const next = grown(state, part, openNumber)
      openNumber = part.number
      advance(next, newest(next), bytes)
    },
    // Whoever waits goes on waiting: the next beginning answers, or the player gives up on its own.
    gone: (words, code) => code !== null && onRefused(code, words),
  })

  /** A playlist is worth an answer when it has something new; a piece is here or it is not. */
  function load(path: string, answer: Answer): () => void {
    if (path.startsWith('index')) {
      if (state && version > answered) {
        answered = version
        const text = carriedPlaylist(state)
        queueMicrotask(() => answer(text))
      } else waiting.add(answer)
      return () => waiting.delete(answer)
    }
    const bytes = pieces.get(path) ?? null
    queueMicrotask(() => answer(bytes && bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)))
    return () => {}
  }

  return { url: `${BASE}index.m3u8`, loader: carriedLoader(load), close: leave }
}

function isOlder(name: string, oldest: { number: number; beginning: number }): boolean {
  const number = Number(/^\w+\/(\d+)/.exec(name)?.[1])
  return number < (name.startsWith('init') ? oldest.beginning : oldest.number)
}

function carriedLoader(load: (path: string, answer: Answer) => () => void): HlsConfig['loader'] {
  return class implements Loader<LoaderContext> {
    context: LoaderContext | null = null
    stats: LoaderStats = {
      aborted: false,
      loaded: 0,
      retry: 0,
      total: 0,
      chunkCount: 0,
      bwEstimate: 0,
      loading: { start: 0, first: 0, end: 0 },
      parsing: { start: 0, end: 0 },
      buffering: { start: 0, first: 0, end: 0 },
    }
    #callbacks: LoaderCallbacks<LoaderContext> | null = null
    #leave: (() => void) | null = null

    load(context: LoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      this.context = context
      this.#callbacks = callbacks
      this.stats.loading.start = performance.now()
      const { pathname } = new URL(context.url)
      this.#leave = load(pathname.slice(1), (data) => this.#answer(context, data))
    }
    #answer(context: LoaderContext, data: string | ArrayBuffer | null): void {
      const [callbacks, { stats }] = [this.#callbacks, this]
      if (!callbacks || stats.aborted) return
      if (data === null) return callbacks.onError({ code: 404, text: 'not carried' }, context, null, stats)
      const size = typeof data === 'string' ? data.length : data.byteLength
      // One moment for all of it: it was here before it was asked for, and hls.js must not take waiting for slowness.
      const now = performance.now()
      Object.assign(stats, { loaded: size, total: size, loading: { start: now, first: now, end: now } })
      callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null)
    }
    abort(): void {
      if (this.stats.aborted) return
      this.stats.aborted = true
      this.#leave?.()
      if (this.context) this.#callbacks?.onAbort?.(this.stats, this.context, null)
    }
    destroy(): void {
      this.stats.aborted = true
      this.#leave?.()
      this.#callbacks = null
      this.context = null
    }
  }
}
