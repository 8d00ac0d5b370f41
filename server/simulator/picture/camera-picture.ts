/**
 * One camera's frames: the street through its lens, people, clock and mark. Costs a copy while the head stands still.
 */
import { isoTime } from '../../tools/clock.ts'
import type { Pose } from '../motors.ts'
import { type Figure, drawFigures } from './picture-figures.ts'
import { BLOCK, COLUMNS, ROWS, drawMark } from './picture-mark.ts'
import { type Glyphs, drawText } from './picture-text.ts'
import { lookAt } from './picture-window.ts'
import { type Planes, planesOver } from './street-picture.ts'

/** What a camera sends. */
export type Frame = {
  width: number
  height: number
  /** A second. */ rate: number
  /** Seconds between keyframes. */ gop: number
  codec: 'h264' | 'h265'
  sound: 'none' | 'aac' | 'pcma'
}
export const FRAME: Frame = { width: 960, height: 540, rate: 15, gop: 1, codec: 'h264', sound: 'none' }

/** What may be wrong with a picture; for trying what an operator and a proof make of it. */
export type PictureFault = 'none' | 'dark' | 'frozen' | 'covered'

export function createCameraPicture({
  street,
  figures,
  glyphs,
  name,
  frame: size = FRAME,
}: {
  street: Planes
  figures: readonly Figure[]
  glyphs: Glyphs
  name: string
  frame?: Frame
}) {
  const still = Buffer.alloc((size.width * size.height * 3) / 2)
  const background = planesOver(still, size.width, size.height)
  let seen: Pose | null = null
  let frozen: Buffer | null = null

  return {
    /**
     * @param now wall clock, milliseconds. Returns a frame of its own: it may be written out while the next is drawn.
     */
    draw(pose: Pose, now: number, fault: PictureFault): Buffer {
      if (fault === 'frozen' && frozen) return frozen
      if (!seen || seen.pan !== pose.pan || seen.tilt !== pose.tilt || seen.zoom !== pose.zoom) {
        lookAt(street, background, pose)
        seen = { ...pose }
      }
      const bytes = Buffer.from(still)
      const frame = planesOver(bytes, size.width, size.height)
      if (fault === 'none') drawFigures(frame, figures, pose, now / 1000)
      else if (fault !== 'frozen') {
        frame.y.fill(fault === 'dark' ? 17 : 90)
        bytes.fill(128, size.width * size.height)
      }
      if (fault === 'none' || fault === 'frozen')
        drawText(frame, glyphs, `${name}  ${isoTime(now).replace('T', ' ')}`, 8, 8)
      // A lens without light or behind a bag shows no clock either: what a camera writes over its picture is no
      // picture.
      if (fault === 'none' || fault === 'frozen') stamp(frame, pose, now)
      frozen = bytes
      return bytes
    },
  }
}

function stamp(frame: Planes, { pan, tilt, zoom }: Pose, time: number): void {
  const top = frame.height - ROWS * BLOCK
  drawMark({ pan, tilt, zoom, time }).forEach((row, r) => {
    for (let y = top + r * BLOCK; y < top + (r + 1) * BLOCK; y += 1)
      row.forEach((white, c) =>
        frame.y.fill(white ? 235 : 16, y * frame.width + c * BLOCK, y * frame.width + (c + 1) * BLOCK),
      )
  })
  const half = frame.width / 2
  for (let y = top / 2; y < frame.height / 2; y += 1) {
    frame.u.fill(128, y * half, y * half + (COLUMNS * BLOCK) / 2)
    frame.v.fill(128, y * half, y * half + (COLUMNS * BLOCK) / 2)
  }
}
