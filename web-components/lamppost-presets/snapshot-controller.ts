/** Still pictures of all cameras, renewed one after the other while the element is on a page. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { WallClient } from '../wall-client/wall-client.ts'

const EVERY_MS = 1000
const ASK_AGAIN_MS = 15_000

export class SnapshotController implements ReactiveController {
  #host: ReactiveControllerHost
  #client: () => WallClient
  #pictures = new Map<string, string>()
  #timer: ReturnType<typeof setInterval> | null = null
  #turn = 0
  /** Those that gave none, and when they were asked: others come first. */
  #without = new Map<string, number>()
  #busy = false

  constructor(host: ReactiveControllerHost, client: () => WallClient) {
    this.#host = host
    this.#client = client
    host.addController(this)
  }
  hostConnected(): void {
    this.#timer = setInterval(() => void this.#next(), EVERY_MS)
  }
  hostDisconnected(): void {
    if (this.#timer) clearInterval(this.#timer)
    for (const picture of this.#pictures.values()) URL.revokeObjectURL(picture)
    this.#pictures.clear()
  }
  /** It was asked for, and there was none: it is not just on its way. */
  none(camera: string): boolean {
    return this.#without.has(camera)
  }
  of(camera: string): string | null {
    return this.#pictures.get(camera) ?? null
  }
  async #next(): Promise<void> {
    const { cameras } = this.#client().state()
    // Those without a picture come first, so that the list fills quickly.
    const now = performance.now()
    const camera =
      cameras.find(
        ({ id, health }) =>
          !this.#pictures.has(id) &&
          health.video === 'up' &&
          now - (this.#without.get(id) ?? Number.NEGATIVE_INFINITY) > ASK_AGAIN_MS,
      ) ?? cameras[this.#turn++ % Math.max(1, cameras.length)]
    if (!camera || this.#busy || document.visibilityState !== 'visible') return
    this.#busy = true
    const before = this.#pictures.get(camera.id)
    try {
      this.#pictures.set(camera.id, await this.#client().snapshot(camera.id))
      this.#without.delete(camera.id)
    } catch {
      this.#pictures.delete(camera.id)
      this.#without.set(camera.id, now)
    } finally {
      this.#busy = false
    }
    if (before) URL.revokeObjectURL(before)
    this.#host.requestUpdate()
  }
}
