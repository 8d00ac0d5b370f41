/** Places that a redacted copy blurs: drawn on a picture, or given by numbers. */
import { html, svg } from 'lit'
import { live } from 'lit/directives/live.js'
import { repeat } from 'lit/directives/repeat.js'
import { clockTime } from '../theme/times.ts'
import type { Words } from '../words/en.ts'
import type { Span } from './cut-marks.ts'

/** Shares of the picture, from the upper left. `span` null: all the time that is exported, however it is set. */
export type Region = {
  id: number
  camera: string
  x: number
  y: number
  width: number
  height: number
  span: Span | null
}
const LEAST = 0.02
const clamp = (value: number): number => Math.min(1, Math.max(0, value))

/** From two corners; null when it is too small to have been meant. Pure. */
export function regionBetween(
  a: { x: number; y: number },
  b: { x: number; y: number },
): Pick<Region, 'x' | 'y' | 'width' | 'height'> | null {
  const [x, y] = [clamp(Math.min(a.x, b.x)), clamp(Math.min(a.y, b.y))]
  const [width, height] = [clamp(Math.max(a.x, b.x)) - x, clamp(Math.max(a.y, b.y)) - y]
  return width < LEAST || height < LEAST ? null : { x, y, width, height }
}

export const newRegion = (
  regions: readonly Region[],
  camera: string,
  place: Pick<Region, 'x' | 'y' | 'width' | 'height'>,
): Region => ({ id: Math.max(0, ...regions.map(({ id }) => id)) + 1, camera, ...place, span: null })

/** What is drawn over one camera's picture. @param onDrawn hears the corners when a place was drawn */
export function drawing({
  regions,
  at,
  onDrawn,
}: {
  regions: readonly Region[]
  at: number
  onDrawn(region: Pick<Region, 'x' | 'y' | 'width' | 'height'>): void
}) {
  const shareOf = (event: PointerEvent): { x: number; y: number } => {
    const { left, top, width, height } = (event.currentTarget as Element).getBoundingClientRect()
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height }
  }
  const down = (event: PointerEvent): void => {
    const surface = event.currentTarget as SVGSVGElement
    const begin = shareOf(event)
    surface.setPointerCapture(event.pointerId)
    const outline = surface.querySelector('.drawn')
    const move = (moved: PointerEvent): void => {
      const region = regionBetween(begin, shareOf(moved)) ?? { x: 0, y: 0, width: 0, height: 0 }
      for (const name of ['x', 'y', 'width', 'height'] as const) outline?.setAttribute(name, String(region[name] * 100))
    }
    const over = new AbortController()
    const end = (ended: PointerEvent): void => {
      over.abort()
      for (const name of ['width', 'height']) outline?.setAttribute(name, '0')
      const region = ended.type === 'pointerup' ? regionBetween(begin, shareOf(ended)) : null
      if (region) onDrawn(region)
    }
    surface.addEventListener('pointermove', move, { signal: over.signal })
    surface.addEventListener('pointerup', end, { signal: over.signal })
    surface.addEventListener('pointercancel', end, { signal: over.signal })
  }
  return html`<svg
    class="drawing"
    viewBox="0 0 100 100"
    preserveAspectRatio="none"
    aria-hidden="true"
    @pointerdown=${down}
  >
    ${regions.map(
      ({ x, y, width, height, span }) =>
        svg`<rect class=${
          span === null || (at >= span.from && at <= span.to) ? 'blur' : 'blur later'
        } x=${x * 100} y=${y * 100} width=${width * 100} height=${height * 100} />`,
    )}
    <rect class="drawn" />
  </svg>`
}

export function regionList({
  words,
  regions,
  cameras,
  at,
  whole,
  timezone,
  onChange,
}: {
  words: Words
  regions: readonly Region[]
  cameras: readonly { id: string; name: string }[]
  at: number
  whole: Span
  timezone: string
  onChange(regions: Region[]): void
}) {
  const { blur } = words.officer
  const change = (id: number, to: Partial<Region>): void =>
    onChange(regions.map((region) => (region.id === id ? { ...region, ...to } : region)))
  const percent = (name: 'x' | 'y' | 'width' | 'height', label: string, region: Region) =>
    html`<label
      >${label}<input
        type="number"
        min="0"
        max="100"
        step="1"
        .value=${live(String(Math.round(region[name] * 100)))}
        @change=${(event: Event) => change(region.id, { [name]: clamp(Number((event.target as HTMLInputElement).value) / 100) })}
    /></label>`
  const time = (moment: number): string => clockTime(new Date(moment).toISOString(), timezone, false)
  return html`<section class="regions" aria-label=${blur.title}>
    <h4>${blur.title}</h4>
    <p class="quiet">${regions.length === 0 ? blur.none : blur.hint}</p>
    <ol>
      ${repeat(
        regions,
        ({ id }) => id,
        (region) => {
          const { from, to } = region.span ?? whole
          return html`<li>
            <label
              >${blur.camera}<select
                .value=${live(region.camera)}
                @change=${(event: Event) => change(region.id, { camera: (event.target as HTMLSelectElement).value })}
              >
                ${cameras.map(({ id, name }) => html`<option value=${id} ?selected=${id === region.camera}>${name}</option>`)}
              </select></label
            >
            ${percent('x', blur.left, region)} ${percent('y', blur.top, region)} ${percent('width', blur.width, region)}
            ${percent('height', blur.height, region)}
            <p class="times">${region.span === null ? blur.whole : `${time(from)} – ${time(to)}`}</p>
            <button type="button" @click=${() => change(region.id, { span: { from: Math.min(at, to - 100), to } })}>
              ${blur.fromHere}
            </button>
            <button type="button" @click=${() => change(region.id, { span: { from, to: Math.max(at, from + 100) } })}>
              ${blur.toHere}
            </button>
            <button type="button" @click=${() => onChange(regions.filter(({ id }) => id !== region.id))}>
              ${blur.remove}
            </button>
          </li>`
        },
      )}
    </ol>
    <button
      type="button"
      class="add"
      @click=${() => onChange([...regions, newRegion(regions, cameras[0]?.id ?? '', { x: 0.4, y: 0.4, width: 0.2, height: 0.2 })])}
    >
      ${blur.add}
    </button>
  </section>`
}
