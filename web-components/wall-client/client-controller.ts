/** Gives an element the wall client for its `server` and `token`; one client serves all elements of a page. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { type WallClient, createWallClient } from './wall-client.ts'
import type { RenewToken } from './wall-token.ts'

const clients = new Map<string, WallClient>()
/** Where a page renews tokens itself, its callback says which elements belong together. */
const renewing = new WeakMap<RenewToken, Map<string, WallClient>>()

/**
 * An element that is moved within its page, or taken out and put back by the page's own script, finds its client
 * again.
 */
const KEPT_MS = 5000

function clientFor(server: string, token: string, renew: RenewToken | null): WallClient {
  const shelf = renew ? (renewing.get(renew) ?? new Map<string, WallClient>()) : clients
  if (renew) renewing.set(renew, shelf)
  const key = `${server}\n${token}`
  const known = shelf.get(key)
  if (known) return known
  // Tokens change, and their clients must not pile up. Only this client goes from its place: another may stand there
  // by then.
  const made = createWallClient({
    server,
    token,
    renew,
    onUnused: () => setTimeout(() => !made.isUsed() && shelf.get(key) === made && shelf.delete(key), KEPT_MS),
  })
  shelf.set(key, made)
  return made
}

export type ClientHost = ReactiveControllerHost & {
  readonly isConnected: boolean
  readonly hasUpdated: boolean
  server: string
  token: string
  client: WallClient | null
  renewToken?: RenewToken | null
}

export class ClientController implements ReactiveController {
  #host: ClientHost
  #using: WallClient | null = null
  /** The one before: what is still drawn of an element that has left its page must not make another. */
  #last: WallClient | null = null
  #madeFor = ''
  #leave: (() => void)[] = []
  /** The page the host's other work hangs on: called when the client's state changes. */
  #onState: () => void

  constructor(host: ClientHost, onState: () => void = () => {}) {
    this.#host = host
    this.#onState = onState
    host.addController(this)
  }
  hostConnected(): void {
    // Before its first update an element does not know yet what the page has set on it before it was defined.
    if (this.#host.hasUpdated) this.#settle()
  }
  hostUpdate(): void {
    // An update that was queued before the element left the page must not bring its connection back.
    if (this.#host.isConnected) this.#settle()
  }
  hostDisconnected(): void {
    this.#release()
  }
  #settle(): void {
    const wanted = this.#wanted()
    if (wanted === this.#using) return
    this.#release()
    this.#using = wanted
    this.#last = wanted
    this.#madeFor = `${this.#host.server}\n${this.#host.token}\n${this.#host.renewToken ? 'renewed' : ''}`
    this.#leave = [
      wanted.use(),
      wanted.subscribe(() => {
        this.#onState()
        this.#host.requestUpdate()
      }),
    ]
  }
  #wanted(): WallClient {
    if (this.#host.client) return this.#host.client
    // A page that gives another callback with each drawing means the same one: the client keeps the first.
    const same =
      this.#madeFor === `${this.#host.server}\n${this.#host.token}\n${this.#host.renewToken ? 'renewed' : ''}`
    if (same && this.#last && this.#host.renewToken) {
      this.#last.renewBy(this.#host.renewToken)
      return this.#last
    }
    return clientFor(this.#host.server, this.#host.token, this.#host.renewToken ?? null)
  }
  #release(): void {
    for (const leave of this.#leave) leave()
    this.#leave = []
    this.#using = null
  }
  get client(): WallClient {
    return this.#using ?? this.#last ?? this.#wanted()
  }
}
