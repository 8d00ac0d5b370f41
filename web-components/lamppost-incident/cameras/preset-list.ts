/** Every preset of the large camera, on demand: to look where no help point stands. */
import { type ReactiveController, type ReactiveControllerHost, html, nothing } from 'lit'
import type { PresetView } from '../../wall-client/api-shapes.ts'
import { refusalText } from '../../words/refusal-words.ts'
import { keyHint } from '../incident-actions.ts'
import { type Tile, cameraName } from '../tile-context.ts'

export class PresetList implements ReactiveController {
  #host: ReactiveControllerHost
  /** Whose are shown; null: none are. */
  #camera: string | null = null
  #found: readonly PresetView[] | null = null
  #problem: string | null = null

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {}
  /** Shows them, or no more. */
  toggle({ client, words }: Pick<Tile, 'client' | 'words'>, camera: string): void {
    const isShown = this.#camera === camera
    ;[this.#camera, this.#found, this.#problem] = [isShown ? null : camera, null, null]
    this.#host.requestUpdate()
    if (isShown) return
    const say = (found: readonly PresetView[] | null, problem: string | null): void => {
      if (this.#camera !== camera) return
      ;[this.#found, this.#problem] = [found, problem]
      this.#host.requestUpdate()
    }
    client.presets(camera).then(
      (found) => say(found, null),
      (error: unknown) => say(null, refusalText(error, words)),
    )
  }
  /** @param camera the large one; @param toggle as the key does */
  render(tile: Tile, camera: string | null, toggle: () => void) {
    const { words, town, incident, key, request } = tile
    if (camera === null || incident.state === 'closed' || !town.cameras.find(({ id }) => id === camera)?.ptz)
      return nothing
    const isShown = this.#camera === camera
    return html`<section class="presets">
      <h3>
        <button aria-expanded=${isShown} @click=${toggle}>${words.tile.presets}${keyHint(key('presets'))}</button>
      </h3>
      ${
        isShown
          ? html`<p class="quiet" role="status">
                ${this.#problem ?? (this.#found === null ? words.tile.loading : this.#found.length === 0 ? words.tile.noPresets : nothing)}
              </p>
              <ul aria-label=${words.tile.presetsOf(cameraName(town, camera))}>
                ${(this.#found ?? []).map(
                  ({ token, name }) =>
                    html`<li>
                      <button @click=${() => request({ ask: 'bring', camera, preset: token })}>${name || token}</button>
                    </li>`,
                )}
              </ul>`
          : nothing
      }
    </section>`
  }
}
