/** A hand on the large picture: dragged from where it was put down, it turns the camera; the wheel is its lens. */
import type { LamppostSteer } from '../lamppost-steer/lamppost-steer.ts'
import type { PictureHand } from './incident-pictures.ts'

/** So far from where it was put down, as a share of the picture's height, is full speed. */
const FULL_SPEED = 0.4

/** @param steer the element that tells the camera; null while nobody steers */
export function pictureHand(steer: () => Pick<LamppostSteer, 'want' | 'nudgeZoom' | 'letGo'> | null): PictureHand {
  let from: { x: number; y: number } | null = null
  return {
    down(event) {
      if (!event.isPrimary || event.button !== 0) return
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      from = { x: event.clientX, y: event.clientY }
    },
    move(event) {
      if (!from) return
      // Let go where nobody told us of it, as over a menu.
      if (event.buttons === 0) return this.up()
      const reach = (event.currentTarget as HTMLElement).clientHeight * FULL_SPEED
      steer()?.want((event.clientX - from.x) / reach, (event.clientY - from.y) / reach)
    },
    up() {
      if (!from) return
      from = null
      steer()?.letGo()
    },
    wheel(event) {
      if (event.ctrlKey || event.deltaY === 0) return
      event.preventDefault()
      steer()?.nudgeZoom(event.deltaY < 0 ? 1 : -1)
    },
  }
}
