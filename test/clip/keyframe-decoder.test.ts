import { readFileSync, readdirSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { type KeyframeDecoder, createKeyframeDecoder } from '../../server/clip/live/keyframe-decoder.ts'
import { type LonePicture, lonePicture } from '../../server/clip/live/lone-picture.ts'
import { boxesIn } from '../../server/tools/media/fmp4-boxes.ts'
import { makeStream } from './made-streams.ts'

const SIZE = { width: 160, height: 90 }
const never = new AbortController().signal
function firstOf(stream: Buffer): LonePicture {
  const moof = boxesIn(stream).find(({ type }) => type === 'moof')?.start ?? 0
  const picture = lonePicture(stream.subarray(0, moof), stream.subarray(moof))
  if (!picture) throw new Error('the stream begins with no keyframe')
  return picture
}
/** Every keyframe of a stream, each with what its decoder must know. */
function keyframesOf(stream: Buffer): LonePicture[] {
  const moofs = boxesIn(stream).filter(({ type }) => type === 'moof')
  const init = stream.subarray(0, moofs[0]?.start)
  return moofs.flatMap(({ start }) => lonePicture(init, stream.subarray(start)) ?? [])
}
/** As after a loss in its last packets. */
function withoutLastUnits(sample: Buffer, count: number): Buffer {
  const begins: number[] = []
  for (let at = 0; at < sample.length; at += 4 + sample.readUInt32BE(at)) begins.push(at)
  return sample.subarray(0, begins.at(-count))
}
const H265 = ['-c:v', 'libx265', '-x265-params', 'log-level=none']
const of = (colour: string, more: string[] = [], size = '640x360'): LonePicture =>
  firstOf(makeStream({ source: `color=${colour}:s=${size}:r=10`, seconds: 1, extra: more }))
const mean = (pixels: Buffer | null): number | null =>
  pixels && Math.round(pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length)
const damaged = (picture: LonePicture): LonePicture => ({
  ...picture,
  sample: Buffer.concat([picture.sample.subarray(0, 40), Buffer.alloc(300, 0xee)]),
})
const children = (): string[] =>
  readdirSync(`/proc/${process.pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )

let decoder: KeyframeDecoder | null = null
function open(options = {}): KeyframeDecoder {
  decoder = createKeyframeDecoder(SIZE, options)
  return decoder
}
afterEach(() => decoder?.close())

describe('keyframes of many cameras in one decoder', () => {
  test('come in their order, black as 0 and white as 255, whatever codec, size, and B pictures', async () => {
    const pictures = [
      of('black'),
      of('white'),
      of('gray', [], '1280x720'),
      of('white', H265),
      of('black', ['-bf', '3', '-preset', 'fast']),
      of('white', ['-bf', '3', '-preset', 'fast'], '704x576'),
      of('black', H265, '704x576'),
      of('white', ['-pix_fmt', 'yuvj420p']),
    ]
    const { decode } = open()
    for (let round = 0; round < 3; round += 1) {
      const found = await decode(pictures, never)
      expect(found.map((pixels) => pixels?.length)).toEqual(pictures.map(() => 14_400))
      found
        .map(mean)
        .forEach((level, i) =>
          expect(Math.abs((level ?? -100) - ([0, 255, 128, 255, 0, 255, 0, 255][i] ?? 0)), `picture ${i}`).toBeLessThan(
            5,
          ),
        )
    }
  })
  test('the same ffmpeg decodes the next ones, too, and another codec has its own', async () => {
    const { decode } = open()
    const before = children()
    await decode([of('black')], never)
    const first = children().filter((pid) => !before.includes(pid))
    await decode([of('white'), of('black')], never)
    expect(children().filter((pid) => !before.includes(pid))).toEqual(first)
    await decode([of('white', H265)], never)
    expect(children().filter((pid) => !before.includes(pid)).length).toBe(first.length + 1)
  })
  test('one that is damaged costs the others nothing, and none is taken for another', async () => {
    // A busy machine is silent for longer than a decoder that has nothing to say.
    const { decode } = open({ silenceMs: 30_000 })
    const pictures = Array.from({ length: 20 }, (_, i) =>
      i % 7 === 3 ? damaged(of('gray')) : of(i % 2 === 0 ? 'black' : 'white'),
    )
    const found = (await decode(pictures, never)).map(mean)
    expect(found).toEqual(pictures.map((_, i) => (i % 7 === 3 ? null : i % 2 === 0 ? 0 : 255)))
  })
  test('one that is damaged and the first of all is none, and those after it are', async () => {
    const { decode } = open({ silenceMs: 4000 })
    expect((await decode([damaged(of('black'))], never)).map(mean)).toEqual([null])
    expect((await decode([damaged(of('black')), of('white')], never)).map(mean)).toEqual([null, 255])
    expect((await decode([of('black'), of('white')], never)).map(mean)).toEqual([0, 255])
  })
  test(
    'keyframes of open GOPs, which begin no new sequence, are those of ' +
      'their own cameras, in any order and again and again',
    async () => {
      const open265 = (colour: string) =>
        keyframesOf(
          makeStream({
            source: `color=${colour}:s=640x360:r=10`,
            seconds: 4,
            gop: 10,
            extra: [...H265, '-x265-params', 'log-level=none:open-gop=1:bframes=3:keyint=10:min-keyint=10'],
          }),
        ).slice(1)
      const open264 = (colour: string) =>
        keyframesOf(
          makeStream({
            source: `color=${colour}:s=640x360:r=10`,
            seconds: 4,
            gop: 10,
            extra: ['-preset', 'fast', '-bf', '3', '-x264-params', 'open-gop=1'],
          }),
        ).slice(1)
      const { decode } = open({ silenceMs: 30_000 })
      for (const of of [open265, open264]) {
        const [black, white] = [of('black'), of('white')]
        expect(black.length).toBeGreaterThan(1)
        const mixed = black.flatMap(
          (picture, i) =>
            [
              [picture, 0],
              [white[white.length - 1 - i], 255],
            ] as const,
        )
        for (let round = 0; round < 3; round += 1)
          expect(
            (
              await decode(
                mixed.map(([picture]) => picture ?? null),
                never,
              )
            ).map(mean),
          ).toEqual(mixed.map(([, level]) => level))
      }
    },
  )
  test('H.264 of which a part is missing is none: it would be filled from another camera’s', async () => {
    const { decode } = open()
    const [black, white] = ['black', 'white'].map((colour) => of(colour, ['-x264-params', 'slices=4'])) as [
      LonePicture,
      LonePicture,
    ]
    for (const lost of [1, 2, 3]) {
      const torn = { ...black, sample: withoutLastUnits(black.sample, lost) }
      const found = (await decode([...Array.from({ length: 9 }, () => white), torn, white, torn, black], never)).map(
        mean,
      )
      expect(found).toEqual([...Array.from({ length: 9 }, () => 255), null, 255, null, 0])
    }
  })
  test('when its ffmpeg is killed, those that were in it are decoded by the next', async () => {
    const { decode } = open()
    const before = children()
    await decode([of('black')], never)
    for (const pid of children().filter((each) => !before.includes(each))) process.kill(Number(pid), 'SIGKILL')
    expect((await decode([of('white'), of('black'), of('white')], never)).map(mean)).toEqual([255, 0, 255])
  })
  test('two callers at once do not get each other’s', async () => {
    const { decode } = open()
    const [black, white] = [of('black'), of('white')]
    const found = await Promise.all(
      Array.from({ length: 6 }, (_, i) => decode(i % 2 === 0 ? [black, black] : [white], never)),
    )
    expect(found.map((each) => each.map(mean))).toEqual([[0, 0], [255], [0, 0], [255], [0, 0], [255]])
  })
  test('none are none, what is null stays null, and who is ended gives none', async () => {
    const { decode } = open()
    expect(await decode([], never)).toEqual([])
    expect((await decode([null, of('white'), null], never)).map(mean)).toEqual([null, 255, null])
    expect(await decode([of('black')], AbortSignal.abort())).toEqual([null])
  })
})

describe('a keyframe with all that its decoder must know', () => {
  const stream = makeStream({ seconds: 1 })
  const [head, moofs] = [
    stream.subarray(0, boxesIn(stream).find(({ type }) => type === 'moof')?.start),
    boxesIn(stream).filter(({ type }) => type === 'moof'),
  ]
  test('begins with its parameter sets, which the stream declares once', () => {
    const picture = lonePicture(head, stream.subarray(moofs[0]?.start))
    expect(picture?.codec).toBe('h264')
    expect((picture?.sample[4] ?? 0) & 0x1f).toBe(7)
    expect(picture?.sets.pps).toHaveLength(1)
  })
  test('is nothing where the picture is none, the codec another one, or the bytes are torn', () => {
    expect(lonePicture(head, stream.subarray(moofs[1]?.start))).toBeNull()
    expect(lonePicture(Buffer.alloc(0), stream.subarray(moofs[0]?.start))).toBeNull()
    expect(lonePicture(head, Buffer.alloc(5000, 7))).toBeNull()
    const other = makeStream({ seconds: 1, extra: ['-c:v', 'mpeg4'] })
    const moof = boxesIn(other).find(({ type }) => type === 'moof')?.start
    expect(lonePicture(other.subarray(0, moof), other.subarray(moof))).toBeNull()
    const cut = Buffer.from(stream.subarray(moofs[0]?.start))
    for (let length = 0; length < 400; length += 1) lonePicture(head, cut.subarray(0, length))
    for (let at = 0; at < 400; at += 1)
      lonePicture(head, Buffer.concat([cut.subarray(0, at), Buffer.of(255), cut.subarray(at + 1)]))
  })
})
