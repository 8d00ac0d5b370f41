/**
 * How large type and controls are: one unit for all elements of a screen, which grows with the screen that a wall fills.
 * A wall of 4K in a control room is read from three metres away.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

/** On a screen of this size a unit is one pixel; on a smaller one it is, too. */
const USUAL = { width: 1920, height: 1080 }
const UNIT = '--_u'

/** Pixels that one unit is. @param width of the element; @param height of the window */
export const unitOf = (width: number, height: number): number =>
  Math.round(Math.max(1, Math.min(width / USUAL.width, height / USUAL.height)) * 100) / 100

/** A scroll bar that comes with one size and goes with the other must not turn it back and forth. */
const STEADY = 0.03
/** The unit from now on. Pure. @param now the one in use; null: none yet */
export const steadied = (unit: number, now: number | null): number =>
  now !== null && Math.abs(unit - now) <= STEADY ? now : unit

/** Sets the unit on its element, and so on all that stands inside. One inside another leaves it to that. */
class ScreenScale implements ReactiveController {
  #host: ReactiveControllerHost & HTMLElement
  #watch: ResizeObserver | null = null
  #unit: number | null = null

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host
  }
  hostConnected(): void {
    this.#host.style.removeProperty(UNIT)
    this.#unit = null
    if (getComputedStyle(this.#host).getPropertyValue(UNIT) !== '') return
    this.#watch = new ResizeObserver(this.#measure)
    this.#watch.observe(this.#host)
    addEventListener('resize', this.#measure)
    this.#measure()
  }
  hostDisconnected(): void {
    this.#watch?.disconnect()
    this.#watch = null
    removeEventListener('resize', this.#measure)
  }
  #measure = (): void => {
    const unit = steadied(unitOf(this.#host.clientWidth, innerHeight), this.#unit)
    if (unit === this.#unit) return
    this.#unit = unit
    this.#host.style.setProperty(UNIT, `${unit}px`)
  }
}

/** In an element's constructor. */
export function scaleWithScreen(host: ReactiveControllerHost & HTMLElement): void {
  host.addController(new ScreenScale(host))
}
