/** What a lens sees of the street: a window that pans, tilts and zooms over the drawing. Pure. */
import type { Pose } from '../motors.ts'
import { PIXELS_PER_DEGREE, STREET_TOP } from './street-drawing.ts'
import type { Planes } from './street-picture.ts'

/** Fills `frame` with the street as seen in `pose`. At zoom 1 a pixel of the street is a pixel of the picture. */
export function lookAt(street: Planes, frame: Planes, { pan, tilt, zoom }: Pose): void {
  const centreX = ((pan + 360) % 360) * PIXELS_PER_DEGREE
  const centreY = (STREET_TOP - tilt) * PIXELS_PER_DEGREE
  const left = centreX - frame.width / 2 / zoom
  const top = centreY - frame.height / 2 / zoom
  copyScaled(street.y, street.width, street.height, frame.y, frame.width, frame.height, left, top, 1 / zoom)
  copyScaled(
    street.u,
    street.width / 2,
    street.height / 2,
    frame.u,
    frame.width / 2,
    frame.height / 2,
    left / 2,
    top / 2,
    1 / zoom,
  )
  copyScaled(
    street.v,
    street.width / 2,
    street.height / 2,
    frame.v,
    frame.width / 2,
    frame.height / 2,
    left / 2,
    top / 2,
    1 / zoom,
  )
}

/** Bilinear between rows and columns; wraps around sideways, stands still at the upper and lower edge. */
function copyScaled(
  from: Uint8Array,
  fromWidth: number,
  fromHeight: number,
  to: Uint8Array,
  toWidth: number,
  toHeight: number,
  left: number,
  top: number,
  step: number,
): void {
  const columns = new Int32Array(toWidth)
  const nexts = new Int32Array(toWidth)
  const shares = new Int32Array(toWidth)
  for (let x = 0; x < toWidth; x += 1) {
    const at = left + x * step
    const whole = Math.floor(at)
    columns[x] = ((whole % fromWidth) + fromWidth) % fromWidth
    nexts[x] = (((whole + 1) % fromWidth) + fromWidth) % fromWidth
    shares[x] = Math.round((at - whole) * 256)
  }
  for (let y = 0; y < toHeight; y += 1) {
    const at = Math.min(fromHeight - 1, Math.max(0, top + y * step))
    const upper = Math.floor(at) * fromWidth
    const lower = Math.min(fromHeight - 1, Math.floor(at) + 1) * fromWidth
    const down = Math.round((at - Math.floor(at)) * 256)
    const row = y * toWidth
    for (let x = 0; x < toWidth; x += 1) {
      const a = columns[x] as number
      const b = nexts[x] as number
      const share = shares[x] as number
      const above = (from[upper + a] as number) * (256 - share) + (from[upper + b] as number) * share
      const below = (from[lower + a] as number) * (256 - share) + (from[lower + b] as number) * share
      to[row + x] = (above * (256 - down) + below * down) >> 16
    }
  }
}
