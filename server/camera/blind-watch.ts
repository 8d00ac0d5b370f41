/**
 * Looks at every camera's newest picture now and then, one after the other: is there light, is the lens free, does it
 * still change? A camera that answers and sends may show nothing all the same. Costs one still picture every few seconds.
 */
import type { Blindness, CameraId } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import type { Still } from './picture-proof.ts'

const EVERY_MS = 3000
/** Two pictures of one camera that are this far apart and the same to the last pixel come from a frozen encoder. */
const FROZEN_AFTER_MS = 15_000

export type Look = { /** Of the picture by itself. */ blind: 'dark' | 'covered' | null; /** The same for the same pixels. */ print: string }

export function startBlindWatch({ cameras, still, look, onSeen, clock, everyMs = EVERY_MS }: { cameras(): CameraId[]; still: Still; look(picture: Uint8Array): Promise<Look>; onSeen(camera: CameraId, blind: Blindness | null): void; clock: Clock; everyMs?: number }): { close(): Promise<void> } {
  const stopped = new AbortController()
  const prints = new Map<CameraId, { print: string; at: number }>()

  async function visit(camera: CameraId): Promise<void> {
    const { picture, at } = await still(camera)
    const { blind, print } = await look(picture)
    const before = prints.get(camera)
    if (before?.print !== print) prints.set(camera, { print, at })
    const frozen = before?.print === print && at - before.at >= FROZEN_AFTER_MS
    onSeen(camera, blind ?? (frozen ? 'frozen' : null))
  }
  async function run(): Promise<void> {
    for (let turn = 0; !stopped.signal.aborted; turn += 1) {
      const all = cameras()
      const camera = all[turn % Math.max(1, all.length)]
      // No picture at all is the recorder's news, not ours.
      if (camera) await visit(camera).catch(() => {})
      await clock.sleep(everyMs, stopped.signal)
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
