/** What a picture shows where a mask must be: pixels, and nothing that the server says of them. */
import { spawnSync } from 'node:child_process'
import { readMark } from '../../server/simulator/picture/picture-mark.ts'
import { FRAME } from '../../server/simulator/picture/camera-picture.ts'
import { PIXELS_PER_DEGREE } from '../../server/simulator/picture/street-drawing.ts'

/** Of a mask, as H.264 and JPEG give it back. */
const MASK_LUMA = 70
const NOISE = 12
export type Luma = { width: number; height: number; at(x: number, y: number): number }

/** Every picture of a film or a JPEG, as levels of grey. */
export function picturesOf(bytes: Buffer, format: 'mp4' | 'mjpeg', { width, height } = FRAME): Luma[] {
  const { stdout } = spawnSync(
    'ffmpeg',
    ['-v', 'error', '-f', format, '-i', 'pipe:0', '-vf', `scale=${width}:${height}`, '-fps_mode', 'passthrough'].concat(
      [...['-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1']],
    ),
    { input: bytes, maxBuffer: 2_000_000_000 },
  )
  const size = width * height
  return Array.from({ length: Math.floor(stdout.length / size) }, (_, i) => ({
    width,
    height,
    at: (x: number, y: number): number => stdout[i * size + y * width + x] ?? 0,
  }))
}

type Area = { left: number; top: number; right: number; bottom: number }
/** The share of an area that has the colour of a mask. */
export function maskedShare(picture: Luma, { left, top, right, bottom }: Area): number {
  let [all, masked] = [0, 0]
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(picture.height, bottom); y += 1)
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(picture.width, right); x += 1) {
      all += 1
      if (Math.abs(picture.at(x, y) - MASK_LUMA) <= NOISE) masked += 1
    }
  return all === 0 ? 1 : masked / all
}
export const whole = ({ width, height }: Luma): Area => ({ left: 0, top: 0, right: width, bottom: height })

export type PrivatePlace = { pan: readonly [number, number]; tilt: readonly [number, number] }
/** Degrees to where it lies in that picture, by the mark that the camera drew into it; null: the mark is covered, too. */
export function placeIn(picture: Luma, { pan, tilt }: PrivatePlace): Area | null {
  const mark = readMark(picture.at, picture.height)
  if (!mark) return null
  const scale = PIXELS_PER_DEGREE * mark.zoom
  const x = (degrees: number): number => picture.width / 2 + (((degrees - mark.pan + 540) % 360) - 180) * scale
  const y = (degrees: number): number => picture.height / 2 - (degrees - mark.tilt) * scale
  // A pixel at each edge is half of what lies beside it.
  return { left: x(pan[0]) + 1, right: x(pan[1]) - 1, top: y(tilt[1]) + 1, bottom: y(tilt[0]) - 1 }
}
