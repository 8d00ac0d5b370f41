import { describe, expect, test } from 'vitest'
import { greyPictures } from '../../server/clip/grey-pictures.ts'
import { makeStream } from './made-streams.ts'

const SIZE = { width: 160, height: 90 }
const of = (colour: string, more: string[] = []): Buffer => makeStream({ source: `color=${colour}:s=640x360:r=10`, extra: more })
const mean = (pixels: Buffer | null): number | null => pixels && pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length

describe('small grey pictures of many cameras', () => {
  test('come in their order, black as 0 and white as 255, whatever the codecs', async () => {
    const found = await greyPictures([of('black'), of('white'), of('gray'), of('white', ['-c:v', 'libx265', '-x265-params', 'log-level=none'])], SIZE, new AbortController().signal)
    expect(found.map((pixels) => pixels?.length)).toEqual([14_400, 14_400, 14_400, 14_400])
    const [black, white, grey, other] = found.map(mean)
    expect(black).toBeLessThan(3)
    expect(white).toBeGreaterThan(252)
    expect(grey).toBeGreaterThan(100)
    expect(grey).toBeLessThan(160)
    expect(other).toBeGreaterThan(252)
  })
  test('one that cannot be read costs the others nothing, and none is taken for another', async () => {
    const fragments = Array.from({ length: 20 }, (_, i) => (i % 7 === 3 ? Buffer.alloc(5000, i) : of(i % 2 === 0 ? 'black' : 'white')))
    const found = await greyPictures(fragments, SIZE, new AbortController().signal)
    found.forEach((pixels, i) => {
      if (i % 7 === 3) expect(pixels).toBeNull()
      else if (i % 2 === 0) expect(mean(pixels)).toBeLessThan(3)
      else expect(mean(pixels)).toBeGreaterThan(252)
    })
  })
  test('none are none, and who is ended gives none', async () => {
    expect(await greyPictures([], SIZE, new AbortController().signal)).toEqual([])
    expect(await greyPictures([of('black')], SIZE, AbortSignal.abort())).toEqual([null])
  })
})
