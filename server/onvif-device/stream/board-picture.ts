/**
 * What a stream shows while there is no picture to show: a still board that says so, in the size of the cameras, so that
 * whoever reads it goes on reading when a camera comes. Encoded once; nothing is encoded while it is shown.
 */
import { Readable } from 'node:stream'
import sharp from 'sharp'
import { escaped } from '../../tools/html.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { type PictureFormat, annexB, picturesIn, setsIn } from './access-units.ts'

/** Pictures in a second, and from one key picture to the next. */
export const BOARD_RATE = 5
const GROUP = 5
/** Two groups: key pictures that follow each other must be told apart (idr_pic_id). */
const PICTURES = 2 * GROUP
/** Brighter than the ground. */
const LETTERS = 120
/** `legible`: its words can be read; not where the machine has no font. */
export type Board = {
  legible: boolean
  format: PictureFormat
  pictures: { units: Buffer[]; isKey: boolean }[]
}
type Size = { width: number; height: number }

/** Grey, so that nobody takes it for a street, with the words in the middle. */
async function drawn({ width, height }: Size, [title = '', ...lines]: readonly string[]): Promise<Buffer> {
  const size = Math.max(14, Math.round(height / 14))
  const line = (text: string, i: number, scale: number, fill: string): string =>
    `<text x="50%" y="${height / 2 + size * 1.5 * i}" text-anchor="middle" font-family="DejaVu Sans, sans-serif" ` +
    `font-size="${Math.min(size * scale, (width * 1.7) / Math.max(8, text.length))}" fill="${fill}">${escaped(text)}</text>`
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#26292e"/>` +
    `${line(title, -0.4, 1, '#e8eaed')}${lines.map((text, i) => line(text, i + 0.6, 0.6, '#aab0b8')).join('')}</svg>`
  return sharp(Buffer.from(svg)).greyscale().extractChannel(0).raw().toBuffer()
}

/**
 * @param size even numbers, as video wants them
 * @param words the first is the title
 * @throws with ffmpeg's words when it cannot be made
 */
export async function makeBoard(size: Size, words: readonly string[], signal: AbortSignal): Promise<Board> {
  const { width, height } = size
  const pixels = await drawn(size, words)
  const run = runFfmpeg({
    input: Readable.from(Array.from({ length: PICTURES }, () => pixels)),
    inputOptions: [
      ...['-protocol_whitelist', 'pipe', '-f', 'rawvideo'],
      ...['-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', String(BOARD_RATE)],
    ],
    outputOptions: [
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-threads', '1'],
      ...['-g', String(GROUP), '-keyint_min', String(GROUP), '-sc_threshold', '0', '-bf', '0', '-crf', '20'],
      ...['-x264-params', 'slices=1:scenecut=0', '-f', 'h264'],
    ],
    signal,
  })
  const chunks: Buffer[] = []
  for await (const chunk of run.stdout as AsyncIterable<Buffer>) chunks.push(chunk)
  const problem = await run.ended
  const stream = Buffer.concat(chunks)
  const pictures = picturesIn(stream)
  if (problem !== null || pictures.length === 0)
    throw new Error(`the board cannot be drawn: ${problem ?? 'nothing came'}`)
  return { legible: pixels.some((pixel) => pixel > LETTERS), format: { ...size, ...setsIn(annexB(stream)) }, pictures }
}
