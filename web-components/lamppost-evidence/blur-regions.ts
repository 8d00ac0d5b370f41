/** Places that a redacted copy blurs: drawn on a picture, or given by numbers. */
import { html, svg } from 'lit'
import { clockTime } from '../look/times.ts'
import type { Words } from '../words/en.ts'
import type { Span } from './cut-marks.ts'

/** Shares of the picture, from the upper left; times are milliseconds. */
export type Region = Span & { camera: string; x: number; y: number; width: number; height: number }
const LEAST = 0.02
const clamp = (value: number): number => Math.min(1, Math.max(0, value))

/** From two corners; null when it is too small to have been meant. Pure. */
export function regionBetween(a: { x: number; y: number }, b: { x: number; y: number }): Pick<Region, 'x' | 'y' | 'width' | 'height'> | null {
  const [x, y] = [clamp(Math.min(a.x, b.x)), clamp(Math.min(a.y, b.y))]
  const [width, height] = [clamp(Math.max(a.x, b.x)) - x, clamp(Math.max(a.y, b.y)) - y]
  return width < LEAST || height < LEAST ? null : { x, y, width, height }
}

/** What is drawn over one camera's picture. @param onDrawn hears the corners when a place was drawn */
export function drawing({ regions, at, onDrawn }: { regions: readonly Region[]; at: number; onDrawn(region: Pick<Region, 'x' | 'y' | 'width' | 'height'>): void }) {
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
    surface.addEventListener('pointermove', move)
    surface.addEventListener(
      'pointerup',
      (ended) => {
        surface.removeEventListener('pointermove', move)
        const region = regionBetween(begin, shareOf(ended))
        for (const name of ['width', 'height']) outline?.setAttribute(name, '0')
        if (region) onDrawn(region)
      },
      { once: true },
    )
  }
  return html`<svg class="drawing" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" @pointerdown=${down}>
    ${regions.map(({ x, y, width, height, from, to }) => svg`<rect class=${at >= from && at <= to ? 'blur' : 'blur later'} x=${x * 100} y=${y * 100} width=${width * 100} height=${height * 100} />`)}
    <rect class="drawn" />
  </svg>`
}

export function regionList({ words, regions, cameras, at, whole, timezone, onChange }: { words: Words; regions: readonly Region[]; cameras: readonly { id: string; name: string }[]; at: number; whole: Span; timezone: string; onChange(regions: Region[]): void }) {
  const { blur } = words.officer
  const change = (i: number, to: Partial<Region>): void => onChange(regions.map((region, j) => (j === i ? { ...region, ...to } : region)))
  const percent = (i: number, name: 'x' | 'y' | 'width' | 'height', label: string, region: Region) =>
    html`<label>${label}<input type="number" min="0" max="100" step="1" .value=${String(Math.round(region[name] * 100))} @change=${(event: Event) => change(i, { [name]: clamp(Number((event.target as HTMLInputElement).value) / 100) })} /></label>`
  const time = (moment: number): string => clockTime(new Date(moment).toISOString(), timezone, false)
  return html`<section class="regions" aria-label=${blur.title}>
    <h4>${blur.title}</h4>
    <p class="quiet">${regions.length === 0 ? blur.none : blur.hint}</p>
    <ol>
      ${regions.map(
        (region, i) => html`<li>
          <label>${blur.camera}<select @change=${(event: Event) => change(i, { camera: (event.target as HTMLSelectElement).value })}>${cameras.map(({ id, name }) => html`<option value=${id} ?selected=${id === region.camera}>${name}</option>`)}</select></label>
          ${percent(i, 'x', blur.left, region)} ${percent(i, 'y', blur.top, region)} ${percent(i, 'width', blur.width, region)} ${percent(i, 'height', blur.height, region)}
          <p class="times">${region.from <= whole.from && region.to >= whole.to ? blur.whole : `${time(region.from)} – ${time(region.to)}`}</p>
          <button type="button" @click=${() => change(i, { from: Math.min(at, region.to - 100) })}>${blur.fromHere}</button>
          <button type="button" @click=${() => change(i, { to: Math.max(at, region.from + 100) })}>${blur.toHere}</button>
          <button type="button" @click=${() => onChange(regions.filter((_each, j) => j !== i))}>${blur.remove}</button>
        </li>`,
      )}
    </ol>
    <button type="button" class="add" @click=${() => onChange([...regions, { camera: cameras[0]?.id ?? '', x: 0.4, y: 0.4, width: 0.2, height: 0.2, ...whole }])}>${blur.add}</button>
  </section>`
}
