/** Any camera of the town into the incident, by typing a part of its name. */
import { html, nothing } from 'lit'
import type { CameraView } from '../../wall-client/api-shapes.ts'
import { keyHint } from '../incident-actions.ts'
import type { Tile } from '../tile-context.ts'

const SHOWN = 6

/** Those whose name has every word that was typed, in any order; without any: none. Pure. */
export function matching<Camera extends Pick<CameraView, 'id' | 'name'>>(
  cameras: readonly Camera[],
  typed: string,
): Camera[] {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return cameras
    .filter(({ id, name }) => {
      const all = `${name} ${id}`.toLocaleLowerCase()
      return words.every((word) => all.includes(word))
    })
    .slice(0, SHOWN)
}

export function cameraPicker(tile: Tile, typed: string, type: (typed: string) => void) {
  const { words, town, incident, key, request } = tile
  if (incident.state === 'closed') return nothing
  const found = matching(town.cameras, typed)
  const bring = (camera: CameraView | undefined): void => {
    if (!camera) return
    request({ ask: 'bring', camera: camera.id })
    type('')
  }
  return html`<section class="picker">
    <h3>${words.tile.addCamera}${keyHint(key('camera'))}</h3>
    <input
      type="text"
      autocomplete="off"
      maxlength="80"
      aria-label=${words.tile.addCamera}
      placeholder=${words.tile.cameraName}
      .value=${typed}
      @input=${(event: Event) => type((event.target as HTMLInputElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Enter') bring(found[0])
        else if (event.key === 'Escape')
          (event.currentTarget as HTMLElement).closest<HTMLElement>('[tabindex]')?.focus()
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
    />
    ${typed.trim() !== '' && found.length === 0 ? html`<p class="quiet" role="status">${words.tile.noSuchCamera}</p>` : nothing}
    <ul>
      ${found.map((camera) => html`<li><button @click=${() => bring(camera)}>${camera.name}</button></li>`)}
    </ul>
  </section>`
}
