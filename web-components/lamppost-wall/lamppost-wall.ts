/** Nothing until a press; then one tile per incident. Lives inside the wall that the room already has. */
import { LitElement, html, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import '../lamppost-incident/lamppost-incident.ts'
import { look } from '../look/look.ts'
import type { Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import { en as words } from '../words/en.ts'
import type { IncidentNews } from '../lamppost-incident/incident-events.ts'
import { AlarmSound, type Calling } from './alarm-sound.ts'
import { wallStyles } from './wall-styles.ts'

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr muted - this screen makes no sound: another one in the room does
 * @attr watch-sound - says that sound is blocked also while nobody waits, so that it is found out before it matters
 * @fires lamppost-incident-opened
 * @fires lamppost-incident-acknowledged
 * @fires lamppost-incident-closed
 * @csspart banner - the red line when the server is lost
 * @csspart sound - the red line when this browser blocks sound, with its button
 * @csspart storage - the lines when the clip buffers' disk runs full, or the record is broken
 * @csspart tiles - the grid of tiles
 */
@customElement('lamppost-wall')
export class LamppostWall extends LitElement {
  static override styles = [look, wallStyles]

  @property() server = ''
  @property() token = ''
  @property({ type: Boolean }) muted = false
  @property({ type: Boolean, attribute: 'watch-sound' }) watchSound = false
  /** What this screen sounds for now; for the page around. */
  @property({ reflect: true }) sounding: NonNullable<Calling> | '' = ''
  @property({ attribute: false }) client: WallClient | null = null

  #known = new Map<string, Incident>()
  #client = new ClientController(this, () => this.#tellPage())
  #sound = new AlarmSound(this)

  /** Typed events, so that the page around can make room or raise its own alarm. */
  #tellPage(): void {
    const { incidents, link } = this.#client.client.state()
    if (link === 'connecting') return
    const tell = (name: string, { id, helpPoint }: Incident): void => void this.dispatchEvent(new CustomEvent<IncidentNews>(name, { detail: { incident: id, helpPoint }, bubbles: true, composed: true }))
    const now = new Map(incidents.map((incident) => [incident.id as string, incident]))
    const before = this.#known
    this.#known = now
    for (const [id, incident] of now) {
      if (!before.has(id)) tell('lamppost-incident-opened', incident)
      if (incident.state === 'acknowledged' && before.get(id)?.state === 'open') tell('lamppost-incident-acknowledged', incident)
    }
    for (const [id, incident] of before) if (!now.has(id)) tell('lamppost-incident-closed', incident)
  }

  /** A person whom nobody has taken yet sounds until somebody has, on every screen; a drill is told once. */
  protected override willUpdate(): void {
    const open = this.#client.client.state().incidents.filter(({ state }) => state === 'open')
    const calling: Calling = this.muted || open.length === 0 ? null : open.some(({ kind }) => kind === 'press') ? 'press' : 'drill'
    this.#sound.call(calling)
    this.sounding = calling !== null && !this.#sound.blocked ? calling : ''
  }

  /** Sounds once as a press does, and asks the browser to allow it: for signing in. */
  testSound(): Promise<void> {
    return this.#sound.test()
  }

  protected override render() {
    const { link, refusal, incidents, helpPoints, storage, record } = this.#client.client.state()
    const order = [...incidents].sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || (a.openedAt < b.openedAt ? 1 : -1))
    // Tiles keep their place in the document, so that nothing an operator has in hand is lost; only their order on screen changes.
    const arrival = [...incidents].sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
    const spoken = order.filter(({ state }) => state === 'open').map(({ helpPoint, kind }) => `${kind === 'drill' ? words.drill : words.pressed}: ${helpPoints.find(({ id }) => id === helpPoint)?.name ?? helpPoint}`)
    return html`${link === 'lost' ? html`<p part="banner" class="banner" role="alert">${refusal ? `${words.notSignedIn}: ${refusal}` : words.serverLost}</p>` : nothing}
      ${!this.muted && this.#sound.blocked && (this.watchSound || this.#sound.calling !== null) ? html`<p part="sound" class="banner sound" role="alert">${words.soundBlocked} <button @click=${() => this.testSound()}>${words.allowSound}</button></p>` : nothing}
      ${storage?.problem ? html`<p part="storage" class="storage" role="status">${words.storage}: ${storage.problem}</p>` : nothing}
      ${record ? html`<p part="storage" class="storage" role="status">${words.recordBroken}: ${record}</p>` : nothing}
      <p class="visually-hidden" role="alert">${spoken.join('. ')}</p>
      ${order.length > 0 ? html`<div part="tiles" class="tiles n${Math.min(4, order.length)} ${link === 'lost' ? 'old' : ''}">${repeat(arrival, ({ id }) => id, (incident, i) => html`<lamppost-incident .rank=${order.indexOf(incident)} ?crowded=${order.length > 1} ?behind=${i > 0} .client=${this.#client.client} .incident=${incident.id}></lamppost-incident>`)}</div>` : nothing}`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-wall': LamppostWall
  }
}
