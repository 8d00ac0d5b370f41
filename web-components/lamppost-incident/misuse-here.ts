/**
 * What was found at this help point lately: said quietly, once for each incident. It lowers nothing: urgency, sound and
 * cameras are the same for everybody who presses.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { Incident } from '../wall-client/api-shapes.ts'
import type { WallClient } from '../wall-client/wall-client.ts'

/** A night, and the evening before it. */
const LATELY_MS = 12 * 3_600_000
const MOST = 20

export class MisuseHere implements ReactiveController {
  #host: ReactiveControllerHost
  #asked = ''
  #found: { count: number; since: string } | null = null

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {
    this.#asked = ''
  }
  /** Null: nothing was found, or it is not known. */
  of(incident: Incident, client: WallClient): { count: number; since: string } | null {
    if (incident.kind !== 'press') return null
    if (this.#asked !== incident.id) void this.#ask(incident, client)
    return this.#found
  }
  async #ask({ id, helpPoint, openedAt }: Incident, client: WallClient): Promise<void> {
    this.#asked = id
    this.#found = null
    const from = new Date(Date.parse(openedAt) - LATELY_MS).toISOString()
    // It is never in the way of anything: without an answer nothing is said.
    const answer = await client.findIncidents({ helpPoint, outcome: 'malicious', from }, '', MOST).catch(() => null)
    const others = (answer?.items ?? []).filter((each) => each.id !== id)
    const first = others.at(-1)
    if (this.#asked !== id || !first) return
    this.#found = { count: others.length, since: first.openedAt }
    this.#host.requestUpdate()
  }
}
