/**
 * A hand on the large picture: dragged from where it was put down, it turns the camera; a click brings that place into the
 * middle; the wheel is the lens.
 */
import type { LamppostSteer } from '../lamppost-steer/lamppost-steer.ts'
import type { PictureHand } from './incident-pictures.ts'

/** So far from where it was put down, as a share of the picture's height, is full speed. */
const FULL_SPEED = 0.4
/** A hand that is put down and lifted trembles so far, pixels, and for so long, milliseconds. */
const TREMBLES = 6
const CLICK_MS = 400

/** @param steer the element that tells the camera; null while nobody steers */
export function pictureHand(
  steer: () => Pick<LamppostSteer, 'want' | 'nudgeZoom' | 'letGo' | 'centre'> | null,
): PictureHand {
  let from: { x: number; y: number; at: number; dragged: boolean } | null = null
  /** Where in the picture, shares from its middle to an edge. */
  const placeIn = ({ clientX, clientY, currentTarget }: PointerEvent): { x: number; y: number } => {
    const { left, top, width, height } = (currentTarget as HTMLElement).getBoundingClientRect()
    return { x: ((clientX - left) / width) * 2 - 1, y: ((clientY - top) / height) * 2 - 1 }
  }
  return {
    down(event) {
      if (!event.isPrimary || event.button !== 0) return
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      from = { x: event.clientX, y: event.clientY, at: event.timeStamp, dragged: false }
    },
    move(event) {
      if (!from) return
      // Let go where nobody told us of it, as over a menu.
      if (event.buttons === 0) return this.up()
      const [right, down] = [event.clientX - from.x, event.clientY - from.y]
      from.dragged ||= Math.hypot(right, down) > TREMBLES
      if (!from.dragged) return
      const reach = (event.currentTarget as HTMLElement).clientHeight * FULL_SPEED
      steer()?.want(right / reach, down / reach)
    },
    up(event) {
      if (!from) return
      const { dragged, at } = from
      from = null
      if (dragged) return steer()?.letGo()
      // A second finger, or a menu, ends it without a click.
      if (event?.type !== 'pointerup' || event.timeStamp - at > CLICK_MS) return
      const { x, y } = placeIn(event)
      void steer()?.centre(x, y)
    },
    wheel(event) {
      if (event.ctrlKey || event.deltaY === 0) return
      event.preventDefault()
      steer()?.nudgeZoom(event.deltaY < 0 ? 1 : -1)
    },
  }
}
