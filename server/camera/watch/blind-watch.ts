/**
 * Looks at every camera's newest picture twice a minute: is there light, is the lens free, does it still change? A
 * camera that answers and sends may show nothing all the same. Some cameras at a time, evenly over the round: a whole
 * town at once would be a second's work.
 */
import type { Blindness, CameraId } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'

/** A camera that is frozen is told by two looks: it is noticed within a minute. */
const ROUND_MS = 25_000
/** As many at a time as keep a decoder busy for a moment only. */
const AT_ONCE = 16
/** Two pictures of one camera that are this far apart and the same to the last pixel come from a frozen encoder. */
const FROZEN_AFTER_MS = 15_000

export type Look = {
  /** Of the picture by itself. */ blind: 'dark' | 'covered' | null
  /** The same for the same pixels. */ print: string
}
/** `at`: milliseconds since 1970. */
export type Glimpse = { pixels: Uint8Array; at: number }

/** @param glimpse newest pictures of these, in their order; null where there is none. @param look at each of them */
export function startBlindWatch({
  cameras,
  glimpse,
  look,
  onSeen,
  onError,
  clock,
  roundMs = ROUND_MS,
}: {
  cameras(): CameraId[]
  glimpse(cameras: CameraId[]): Promise<(Glimpse | null)[]>
  look(pictures: Uint8Array[]): Promise<Look[]>
  onSeen(camera: CameraId, blind: Blindness | null): void
  onError(error: unknown): void
  clock: Clock
  roundMs?: number
}): { close(): Promise<void> } {
  const stopped = new AbortController()
  const ended = new Promise<void>((resolve) =>
    stopped.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  const prints = new Map<CameraId, { print: string; at: number }>()

  function judge(camera: CameraId, { blind, print }: Look, at: number): void {
    const before = prints.get(camera)
    if (before?.print !== print) prints.set(camera, { print, at })
    const frozen = before?.print === print && at - before.at >= FROZEN_AFTER_MS
    onSeen(camera, blind ?? (frozen ? 'frozen' : null))
  }
  async function visit(some: CameraId[]): Promise<void> {
    const glimpses = await glimpse(some)
    // No picture at all is the recorder's news, not ours.
    const seen = some.flatMap((camera, i) => (glimpses[i] ? [{ camera, ...glimpses[i] }] : []))
    const looks = seen.length === 0 ? [] : await look(seen.map(({ pixels }) => pixels))
    seen.forEach(({ camera, at }, i) => looks[i] && judge(camera, looks[i], at))
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const all = cameras()
      const parts = Math.max(1, Math.ceil(all.length / AT_ONCE))
      for (let part = 0; part < parts && !stopped.signal.aborted; part += 1) {
        const begun = clock.monotonic()
        // A look that hangs must not keep a closing server waiting.
        await Promise.race([visit(all.slice(part * AT_ONCE, (part + 1) * AT_ONCE)).catch(onError), ended])
        await clock.sleep(Math.max(0, roundMs / parts - (clock.monotonic() - begun)), stopped.signal)
      }
      for (const camera of prints.keys()) if (!all.includes(camera)) prints.delete(camera)
    }
  }
  const running = run()
  return {
    async close() {
      stopped.abort()
      await running
    },
  }
}
