/**
 * The town: a map of its own streets with help points, cameras and where they look, and safe places; and what is
 * wrong with cameras.
 */
import { LitElement, html, nothing } from 'lit'
import { property, query, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { townMarks } from './town-geometry.ts'
import { type TownMap, createTownMap } from './town-map.ts'
import { leafletStyles, townStyles } from './town-styles.ts'

const MOST_IDLE_MS = 1500
/** Returns the undo. Safari has no idle callback. */
function whenIdle(act: () => void): () => void {
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(act, MOST_IDLE_MS / 3)
    return () => clearTimeout(timer)
  }
  const asked = requestIdleCallback(act, { timeout: MOST_IDLE_MS })
  return () => cancelIdleCallback(asked)
}

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr incident - its id: the map around that help point; without it the whole town, and its cameras' health
 * @attr theme - dark (left out), light or auto
 * @attr pick - a camera on the map can be chosen with a mouse
 * @fires lamppost-camera-chosen - which camera, by its id
 * @csspart map - the map
 */
@element('lamppost-town')
export class LamppostTown extends LitElement {
  static override styles = [look, leafletStyles, townStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property() incident = ''
  @property({ reflect: true }) theme = ''
  @property({ type: Boolean }) pick = false
  @query('.map') private place!: HTMLElement
  @state() private empty = false

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #map: TownMap | null = null
  #streetsOf: unknown = null

  override disconnectedCallback(): void {
    this.#waiting?.()
    this.#waiting = null
    this.#map?.close()
    this.#map = null
    this.#streetsOf = null
    super.disconnectedCallback()
  }

  /** A map can wait a moment: words and pictures of a press come first. */
  #waiting: (() => void) | null = null
  protected override updated(): void {
    if (this.#map) return this.#draw()
    this.#waiting ??= whenIdle(() => {
      this.#waiting = null
      if (this.isConnected) this.#draw()
    })
  }
  #chosen = (camera: string): void => {
    const detail = { camera }
    this.dispatchEvent(new CustomEvent('lamppost-camera-chosen', { detail, bubbles: true, composed: true }))
  }
  #draw(): void {
    const { client } = this.#client
    const { site, helpPoints, cameras, incidents } = client.state()
    if (!site || !this.place) return
    this.#map ??= createTownMap(this.place, this.pick ? this.#chosen : null)
    const incident = incidents.find(({ id }) => id === this.incident) ?? null
    this.#map.draw(
      townMarks({ helpPoints, cameras, safePlaces: site.safePlaces, incidents, incident, now: client.now() }),
    )
    // The site file may have changed, and its streets with it.
    if (this.#streetsOf === site) return
    this.#streetsOf = site
    void client.streets().then(
      (streets) => {
        this.#map?.streets(streets)
        this.empty = streets.features.length === 0
      },
      () => (this.#streetsOf = null),
    )
  }

  protected override render() {
    const { words } = this.#language
    const { helpPoints, incidents, cameras, link } = this.#client.client.state()
    const at = incidents.find(({ id }) => id === this.incident)?.helpPoint
    const title =
      at === undefined ? words.map.town : words.map.title(helpPoints.find(({ id }) => id === at)?.name ?? at)
    const wrong = cameras.filter(
      ({ health }) => health.video === 'down' || health.onvif === 'down' || health.blind !== null,
    )
    return html`<div part="map" class="map" role="img" aria-label=${title}></div>
      ${this.empty ? html`<p class="quiet">${words.map.noStreets}</p>` : nothing}
      ${
        this.incident === '' && link === 'live'
          ? html`<section>
              <h3>${words.map.health}</h3>
              <p class=${wrong.length > 0 ? 'bad' : 'good'} role="status">
                ${wrong.length > 0 ? words.map.down(wrong.length, cameras.length) : words.map.allUp(cameras.length)}
              </p>
              <ul>
                ${wrong.map(
                  ({ name, health }) =>
                    html`<li>
                      <strong>${name}</strong>
                      ${
                        health.blind
                          ? words.blind[health.blind]
                          : `${words.onvif} ${words.health[health.onvif]}, ${words.video} ${words.health[health.video]}`
                      }${health.reason ? html` · <span class="quiet">${health.reason}</span>` : nothing}
                    </li>`,
                )}
              </ul>
            </section>`
          : nothing
      }`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-town': LamppostTown
  }
  interface HTMLElementEventMap {
    'lamppost-camera-chosen': CustomEvent<{ camera: string }>
  }
}
