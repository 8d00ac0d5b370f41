/** Text burnt into the picture: the camera's name and a wall clock with milliseconds. */
import sharp from 'sharp'
import type { Planes } from './street-picture.ts'

export type Glyphs = {
  width: number
  height: number
  /** Coverage 0..255 of each character's cell. */ cells: Map<string, Uint8Array>
}

const CELL = { width: 13, height: 24 }
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCodePoint(32 + i))

/** Draws each character once. */
export async function drawGlyphs(): Promise<Glyphs> {
  const { width, height } = CELL
  const entity = (character: string): string => `&#${character.codePointAt(0)};`
  const texts = PRINTABLE.map(
    (character, i) =>
      `<text x="${i * width}" y="18" font-family="DejaVu Sans Mono" font-weight="bold" font-size="20" ` +
      `fill="#fff">${character === ' ' ? '' : entity(character)}</text>`,
  )
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * PRINTABLE.length}" height="${height}">` +
    `<rect width="100%" height="100%" fill="#000"/>${texts.join('')}</svg>`
  const { data, info } = await sharp(Buffer.from(svg)).greyscale().raw().toBuffer({ resolveWithObject: true })
  const cells = PRINTABLE.map((character, i): [string, Uint8Array] => {
    const cell = new Uint8Array(width * height)
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1)
        cell[y * width + x] = data[(y * info.width + i * width + x) * info.channels] ?? 0
    return [character, cell]
  })
  return { ...CELL, cells: new Map(cells) }
}

/** White on a darkened strip; colour goes, so that it reads on anything. */
export function drawText(
  frame: Planes,
  { width, height, cells }: Glyphs,
  text: string,
  left: number,
  top: number,
): void {
  const across = Math.ceil((text.length * width + 12) / 4) * 4
  for (let row = top; row < top + height; row += 1) {
    const start = row * frame.width + left
    for (let at = start; at < start + across; at += 1) frame.y[at] = ((frame.y[at] ?? 0) - 16) / 4 + 16
    if (row % 2 === 0) {
      const half = (row / 2) * (frame.width / 2) + left / 2
      frame.u.fill(128, half, half + across / 2)
      frame.v.fill(128, half, half + across / 2)
    }
  }
  ;[...text].forEach((character, i) => {
    const cell = cells.get(character) ?? cells.get('?')
    if (!cell) return
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        const cover = cell[y * width + x] ?? 0
        if (cover > 40) frame.y[(top + y) * frame.width + left + 6 + i * width + x] = 16 + (cover * 219) / 255
      }
  })
}
