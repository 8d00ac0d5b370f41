/** A simulated camera on a mobile link: it has no door of its own and pushes its picture by RTMP, again and again. */
import { realClock } from '../../tools/clock.ts'
import { startEncoder } from '../picture/camera-encoder.ts'
import { createCameraPicture } from '../picture/camera-picture.ts'
import { populate } from '../picture/picture-figures.ts'
import type { Glyphs } from '../picture/picture-text.ts'
import type { CameraPlan } from '../simulated-camera.ts'
import { loadStreet } from '../picture/street-picture.ts'

const TRY_AGAIN_MS = 1000

export function startPushingCamera({
  plan,
  folder,
  glyphs,
  publishTo,
}: {
  plan: CameraPlan
  folder: string
  glyphs: Glyphs
  publishTo: string
}): { close(): Promise<void> } {
  const stopped = new AbortController()
  async function run(): Promise<void> {
    const street = await loadStreet(folder, plan.seed, plan.landmarks)
    const lens = createCameraPicture({ street, figures: populate(plan.seed, []), glyphs, name: plan.name })
    while (!stopped.signal.aborted) {
      await new Promise<void>((resolve) => {
        const stop = startEncoder(
          publishTo,
          () => lens.draw(plan.home, Date.now(), 'none'),
          () => {},
          resolve,
        )
        stopped.signal.addEventListener('abort', () => void stop(), { once: true })
      })
      await realClock.sleep(TRY_AGAIN_MS, stopped.signal)
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
