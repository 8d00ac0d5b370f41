/** Gives an element the wall client for its `server` and `token`; one client serves all elements of a page. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { type WallClient, createWallClient } from './wall-client.ts'

const clients = new Map<string, WallClient>()

function clientFor(server: string, token: string): WallClient {
  const key = `${server}\n${token}`
  const known = clients.get(key)
  if (known) return known
  const made = createWallClient({ server, token })
  clients.set(key, made)
  return made
}

export type ClientHost = ReactiveControllerHost & { readonly isConnected: boolean; server: string; token: string; client: WallClient | null }

export class ClientController implements ReactiveController {
  #host: ClientHost
  #using: WallClient | null = null
  #leave: (() => void)[] = []
  /** The page the host's other work hangs on: called when the client's state changes. */
  #onState: () => void

  constructor(host: ClientHost, onState: () => void = () => {}) {
    this.#host = host
    this.#onState = onState
    host.addController(this)
  }
  hostConnected(): void {
    this.#settle()
  }
  hostUpdate(): void {
    // An update that was queued before the element left the page must not bring its connection back.
    if (this.#host.isConnected) this.#settle()
  }
  hostDisconnected(): void {
    this.#release()
  }
  #settle(): void {
    const wanted = this.#host.client ?? clientFor(this.#host.server, this.#host.token)
    if (wanted === this.#using) return
    this.#release()
    this.#using = wanted
    this.#leave = [
      wanted.use(),
      wanted.subscribe(() => {
        this.#onState()
        this.#host.requestUpdate()
      }),
    ]
  }
  #release(): void {
    for (const leave of this.#leave) leave()
    this.#leave = []
    this.#using = null
  }
  get client(): WallClient {
    return this.#using ?? this.#host.client ?? clientFor(this.#host.server, this.#host.token)
  }
}
