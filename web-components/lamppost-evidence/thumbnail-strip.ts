/** Small pictures along a timeline: fetched one after the other, given up with the element. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

type Fetch = (camera: string, at: number) => Promise<string | null>

export class ThumbnailStrip implements ReactiveController {
  #host: ReactiveControllerHost
  #fetch: Fetch
  #pictures = new Map<string, string | null>()
  #wanted: { camera: string; at: number }[] = []
  #busy = false
  #gone = false

  constructor(host: ReactiveControllerHost, fetch: Fetch) {
    this.#host = host
    this.#fetch = fetch
    host.addController(this)
  }
  hostConnected(): void {
    this.#gone = false
  }
  hostDisconnected(): void {
    this.#gone = true
    this.#wanted = []
    for (const url of this.#pictures.values()) if (url) URL.revokeObjectURL(url)
    this.#pictures.clear()
  }
  /** Undefined while it is on its way, null when there is none. */
  picture(camera: string, at: number): string | null | undefined {
    const key = `${camera} ${at}`
    if (this.#pictures.has(key)) return this.#pictures.get(key)
    if (!this.#wanted.some((each) => each.camera === camera && each.at === at)) this.#wanted.push({ camera, at })
    void this.#work()
    return undefined
  }
  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#wanted[0]; next && !this.#gone; next = this.#wanted[0]) {
      const url = await this.#fetch(next.camera, next.at).catch(() => null)
      this.#wanted = this.#wanted.filter((each) => each !== next)
      if (this.#gone && url) URL.revokeObjectURL(url)
      else this.#pictures.set(`${next.camera} ${next.at}`, url)
      this.#host.requestUpdate()
    }
    this.#busy = false
  }
}
