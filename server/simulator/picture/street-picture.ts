/** A drawn street as planes of brightness and colour (YUV 4:2:0), drawn once and kept on disk. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { type Landmark, STREET_HEIGHT, STREET_WIDTH, drawStreet } from './street-drawing.ts'

export type Planes = { width: number; height: number; y: Uint8Array; u: Uint8Array; v: Uint8Array }

const clampByte = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value)

/** BT.601 limited range, as H.264 in cameras mostly is. */
export const yuvOf = (r: number, g: number, b: number): [number, number, number] => [
  clampByte(16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256),
  clampByte(128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256),
  clampByte(128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256),
]

export const planesOver = (bytes: Uint8Array, width: number, height: number): Planes => {
  const luma = width * height
  const chroma = luma / 4
  return {
    width,
    height,
    y: bytes.subarray(0, luma),
    u: bytes.subarray(luma, luma + chroma),
    v: bytes.subarray(luma + chroma, luma + 2 * chroma),
  }
}

function fromRgb(rgb: Uint8Array, planes: Planes): void {
  const { width, height, y, u, v } = planes
  for (let row = 0; row < height; row += 1)
    for (let column = 0, at = row * width; column < width; column += 1, at += 1) {
      const r = rgb[at * 3] ?? 0
      const g = rgb[at * 3 + 1] ?? 0
      const b = rgb[at * 3 + 2] ?? 0
      y[at] = 16 + (66 * r + 129 * g + 25 * b) / 256
      if (row % 2 === 0 && column % 2 === 0) {
        const half = (row / 2) * (width / 2) + column / 2
        u[half] = 128 + (-38 * r - 74 * g + 112 * b) / 256
        v[half] = 128 + (112 * r - 94 * g - 18 * b) / 256
      }
    }
}

/** @param folder where drawn streets are kept; the same seed and landmarks are drawn once. */
export async function loadStreet(folder: string, seed: number, landmarks: readonly Landmark[]): Promise<Planes> {
  const svg = drawStreet(seed, landmarks)
  const file = join(folder, `street-${createHash('sha256').update(svg).digest('hex').slice(0, 16)}.yuv`)
  const size = (STREET_WIDTH * STREET_HEIGHT * 3) / 2
  const kept = await readFile(file).catch(() => null)
  if (kept?.length === size) return planesOver(kept, STREET_WIDTH, STREET_HEIGHT)
  const rgb = await sharp(Buffer.from(svg), { limitInputPixels: false })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer()
  const bytes = new Uint8Array(size)
  const planes = planesOver(bytes, STREET_WIDTH, STREET_HEIGHT)
  fromRgb(rgb, planes)
  await mkdir(folder, { recursive: true })
  await writeFile(file, bytes)
  return planes
}
