/**
 * A camera's picture as H.264, for browsers that cannot show what it sends: its own H.264 sub-stream where it has one,
 * else made anew here (live-conversion). Runs only while somebody watches, and keeps nothing: the recording stays the
 * camera's own.
 */
import type { Segment } from '../../glossary/clip.ts'
import type { Clock } from '../../tools/clock.ts'
import { createRecorder } from '../record/clip-recorder.ts'
import { type Covered, type LiveConversion, type LiveSource, createLiveConversion } from './live-conversion.ts'
import { type LiveWindow, createLiveWindow } from './live-window.ts'
import type { StreamAddress } from '../record/recording-run.ts'
import type { RunStore } from '../record/stream-follower.ts'

const KEPT_SEGMENTS = 6
const IDLE_MS = 10_000
/** A player over HTTP asks several times a second. */
const YIELDS_MS = 2000

export type ConvertedView = {
  window: LiveWindow
  codec(): string | null
  init(run: number): Buffer | null
  segment(number: number): Buffer | null
  /** Somebody watches: it runs, and for a while longer. */ use(): void
  /** It costs this machine an encoder, now or in a moment. */ converting(): boolean
  /** What must be covered of it is something else from now on. */ coverAgain(): void
  /** Makes room for another one, if nobody has looked at it for a moment. */ yield(): void
  close(): Promise<void>
}

/**
 * @param substream the camera's own H.264; without it the recorder's picture is converted.
 * @param covered what must be covered of it now; null: nothing
 * @param wantedPart seconds that a part should last now
 */
export function createConvertedView({
  substream,
  source,
  covered,
  wantedPart,
  clock,
  onError,
}: {
  substream: StreamAddress | null
  source: LiveSource
  covered: Covered | null
  wantedPart(isAsked: boolean): number
  clock: Clock
  onError(error: unknown): void
}): ConvertedView {
  const { store, init, segment } = createMemoryStore()
  const window = createLiveWindow({ listed: KEPT_SEGMENTS, wantedPart })
  let running: (Pick<LiveConversion, 'codec' | 'close'> & Partial<LiveConversion>) | null = null
  let used = 0
  let watching: ReturnType<typeof setInterval> | null = null

  function stopAfter(idleMs: number): void {
    if (window.followed()) used = clock.monotonic()
    if (clock.monotonic() - used < idleMs) return
    if (watching) clearInterval(watching)
    watching = null
    const old = running
    running = null
    old?.close().catch(onError)
  }
  return {
    window,
    codec: () => running?.codec() ?? null,
    init,
    segment,
    use(): void {
      used = clock.monotonic()
      watching ??= setInterval(() => stopAfter(IDLE_MS), 1000)
      running ??= substream
        ? createRecorder({ address: substream, store, window, clock, onError, onState: () => {} })
        : createLiveConversion({ source, covered, store, window, clock, onError })
    },
    coverAgain: () => running?.again?.(),
    // As soon as there is something to convert: nine tiles ask in one turn.
    converting: () => substream === null && running !== null && source.window.running(),
    yield: () => stopAfter(YIELDS_MS),
    async close(): Promise<void> {
      if (watching) clearInterval(watching)
      await running?.close()
    },
  }
}

/** Whether one more may be converted here. Where there are as many as may be, those that nobody looks at make room. */
export function hasRoom(views: readonly Pick<ConvertedView, 'converting' | 'yield'>[], most: number): boolean {
  const busy = (): number => views.filter((view) => view.converting()).length
  if (busy() >= most) for (const view of views) view.yield()
  return busy() < most
}

/** Like a ring, but small and forgetful. */
export function createMemoryStore(kept = KEPT_SEGMENTS): {
  store: RunStore
  init(run: number): Buffer | null
  segment(number: number): Buffer | null
} {
  const inits = new Map<number, Buffer>()
  const segments = new Map<number, Buffer>()
  let number = 0
  let run = -1
  const forget = (map: Map<number, Buffer>): void => {
    for (const key of map.keys()) if (map.size > kept) map.delete(key)
  }
  const store: RunStore = {
    beginRun(init) {
      run += 1
      inits.set(run, init)
      forget(inits)
      return run
    },
    append({ chunks, ...closed }) {
      const bytes = Buffer.concat(chunks)
      const segment: Segment = { ...closed, number, bytes: bytes.length }
      segments.set(number, bytes)
      forget(segments)
      number += 1
      return { segment, written: Promise.resolve() }
    },
    nextNumber: () => number,
  }
  return { store, init: (of) => inits.get(of) ?? null, segment: (of) => segments.get(of) ?? null }
}
