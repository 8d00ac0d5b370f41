/**
 * Decodes pictures and compares them, in a thread of its own: fifty milliseconds are long for an event loop that
 * takes presses.
 */
import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { Look } from '../watch/blind-watch.ts'
import { lowerPriority } from '../../tools/process/thread-priority.ts'
import { answerCalls } from '../../tools/process/worker-calls.ts'
import { type Grey, MATCH_SIZE, type Mask, type Match, blindness, matchPictures } from './picture-match.ts'

async function greyOf(jpeg: Uint8Array): Promise<Grey> {
  const pixels = await sharp(jpeg, { limitInputPixels: 40_000_000 })
    .greyscale()
    .resize(MATCH_SIZE.width, MATCH_SIZE.height, { fit: 'fill' })
    .raw()
    .toBuffer()
  return { ...MATCH_SIZE, pixels: new Uint8Array(pixels) }
}

export type Comparison = { /** The best match of all references. */ match: Match; blind: 'dark' | 'covered' | null }

const calls = {
  /** @param references JPEGs of the same place: by day, by night, in snow. At least one. */
  async compare(picture: Uint8Array, references: Uint8Array[], masks: Mask[]): Promise<Comparison> {
    const grey = await greyOf(picture)
    let match: Match = { agreement: 0, shift: { x: 0, y: 0 }, tiles: 0 }
    for (const reference of references) {
      const found = matchPictures(await greyOf(reference), grey, masks)
      if (found.agreement > match.agreement || match.tiles === 0) match = found
    }
    return { match, blind: blindness(grey) }
  },
  /** @param pictures grey, of MATCH_SIZE */
  look: (pictures: Uint8Array[]): Look[] =>
    pictures.map((pixels) => ({
      blind: blindness({ ...MATCH_SIZE, pixels }),
      print: createHash('sha256').update(pixels).digest('hex'),
    })),
}
export type PictureThread = typeof calls

/** Presses come first, then video. */
lowerPriority(10)
answerCalls(calls)
