import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withPicture } from '../../server/camera/framing/framing-run.ts'
import {
  type Grey,
  MATCH_SIZE,
  blindness,
  judgeMatch,
  matchPictures,
} from '../../server/camera/framing/picture-match.ts'
import { FRAME, createCameraPicture } from '../../server/simulator/picture/camera-picture.ts'
import type { Pose } from '../../server/simulator/motors.ts'
import { populate } from '../../server/simulator/picture/picture-figures.ts'
import { drawGlyphs } from '../../server/simulator/picture/picture-text.ts'
import { loadStreet } from '../../server/simulator/picture/street-picture.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-match-'))
let lens: ReturnType<typeof createCameraPicture>
let other: ReturnType<typeof createCameraPicture>
beforeAll(async () => {
  const glyphs = await drawGlyphs()
  const make = async (seed: number) =>
    createCameraPicture({
      street: await loadStreet(folder, seed, []),
      figures: populate(seed, [5]),
      glyphs,
      name: 'Camera',
    })
  ;[lens, other] = await Promise.all([make(3), make(9)])
})
afterAll(() => rmSync(folder, { recursive: true }))

const POSE: Pose = { pan: 20, tilt: -14, zoom: 1.6 }
async function shot(
  pose: Pose,
  seconds: number,
  {
    by = lens,
    light = 1,
    fault = 'none',
  }: { by?: typeof lens; light?: number; fault?: Parameters<typeof lens.draw>[2] } = {},
): Promise<Grey> {
  const frame = by.draw(pose, seconds * 1000, fault)
  const grey = Buffer.from(Uint8Array.from(frame.subarray(0, FRAME.width * FRAME.height), (value) => value * light))
  const pixels = await sharp(grey, { raw: { width: FRAME.width, height: FRAME.height, channels: 1 } })
    .greyscale()
    .resize(MATCH_SIZE.width, MATCH_SIZE.height, { fit: 'fill' })
    .raw()
    .toBuffer()
  return { ...MATCH_SIZE, pixels: new Uint8Array(pixels) }
}
const verdict = async (picture: Promise<Grey>) => judgeMatch(matchPictures(await shot(POSE, 0), await picture))

describe('a picture beside the preset’s reference', () => {
  test('of the same place with other people in it proves the place', async () => {
    for (const seconds of [9, 31, 77]) expect(await verdict(shot(POSE, seconds))).toEqual({ proves: true, words: null })
  })
  test('in a third of the light proves it all the same', async () => {
    expect((await verdict(shot(POSE, 40, { light: 0.33 }))).proves).toBe(true)
  })
  test('of another street does not', async () => {
    expect(await verdict(shot(POSE, 0, { by: other }))).toMatchObject({
      proves: false,
      words: expect.stringMatching(/does not show the preset’s place: \d+ % of it agrees/),
    })
  })
  test.each([
    ['90 degrees away', { pan: 110 }],
    ['15 degrees away', { pan: 35 }],
    ['at another zoom', { zoom: 3.2 }],
  ])('%s does not', async (_, change) => {
    expect((await verdict(shot({ ...POSE, ...change }, 0))).proves).toBe(false)
  })
  test('a little off is told by how much', async () => {
    // 3 degrees of about 37 that the picture is wide.
    expect((await verdict(shot({ ...POSE, pan: POSE.pan + 3 }, 0))).words).toMatch(/is [78] % of its width away/)
  })
  test('is compared only outside its masks', async () => {
    const [reference, picture] = await Promise.all([shot(POSE, 0), shot(POSE, 0, { by: other })])
    const masked = matchPictures(reference, picture, [{ x: 0, y: 0, width: 1, height: 1 }])
    expect(judgeMatch(masked)).toMatchObject({ proves: false, words: expect.stringMatching(/too little in it/) })
    expect(masked.tiles).toBe(0)
  })
})

describe('a picture by itself', () => {
  test('of a street is no blind one', async () => expect(blindness(await shot(POSE, 0))).toBeNull())
  test('without light is dark', async () => expect(blindness(await shot(POSE, 0, { fault: 'dark' }))).toBe('dark'))
  test('behind a bag is covered', async () =>
    expect(blindness(await shot(POSE, 0, { fault: 'covered' }))).toBe('covered'))
})

describe('what the picture adds to what the camera says', () => {
  const framed = {
    state: 'framed' as const,
    proofs: ['accepted' as const, 'stopped' as const, 'position' as const],
    reason: null,
  }
  const unproven = { state: 'unproven' as const, proofs: ['accepted' as const], reason: 'It does not say.' }
  test('nothing, when there is no reference', () => expect(withPicture(framed, null)).toBe(framed))
  test('a proof, when it agrees', () => {
    expect(withPicture(framed, { proves: true, words: null })).toEqual({
      state: 'framed',
      proofs: ['accepted', 'stopped', 'position', 'picture'],
      reason: null,
    })
    expect(withPicture(unproven, { proves: true, words: null })).toEqual({
      state: 'framed',
      proofs: ['accepted', 'picture'],
      reason: null,
    })
  })
  test('doubt, when it does not, whatever the camera says', () =>
    expect(withPicture(framed, { proves: false, words: 'Another street.' })).toEqual({
      ...framed,
      state: 'unproven',
      reason: 'Another street.',
    }))
})
