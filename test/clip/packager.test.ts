import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type ClosedSegment, type OpenSegment, createPackager } from '../../server/clip/ring/clip-packager.ts'
import { type Fragment, type Init, createFragmentReader } from '../../server/clip/record/fragment-reader.ts'
import { seeded } from '../../server/simulator/picture/street-drawing.ts'
import { makeStream } from './made-streams.ts'

function readAll(bytes: Buffer, cuts: number[] = []): { init: Init | null; fragments: Fragment[] } {
  let init: Init | null = null
  const fragments: Fragment[] = []
  const reader = createFragmentReader({
    onInit: (found) => (init = found),
    onFragment: (fragment) => fragments.push(fragment),
  })
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.subarray(from, cut))
    from = cut
  }
  return { init, fragments }
}
function packAll(fragments: Fragment[], frameMs = 1000 / 15) {
  const segments: ClosedSegment[] = []
  const parts: number[] = []
  let open: OpenSegment | null = null
  const packager = createPackager({
    onPart: (segment) => {
      open = segment
      parts.push(segment.parts.at(-1)?.duration ?? 0)
    },
    onSegment: (segment) => segments.push(segment),
  })
  fragments.forEach((fragment, i) => packager.push(fragment, 1_000_000 + Math.round(i * frameMs)))
  return { segments, parts, target: packager.partTarget(), open: () => open, finish: packager.finish }
}

function packOpen() {
  const segments: ClosedSegment[] = []
  return { segments, packager: createPackager({ onPart: () => {}, onSegment: (segment) => segments.push(segment) }) }
}

describe('reading ffmpeg’s bytes', () => {
  const bytes = makeStream()
  test('every frame is a fragment, keyframes are known, durations are the camera’s', () => {
    const { init, fragments } = readAll(bytes)
    expect(init?.video).toMatchObject({ kind: 'video', width: 320, height: 180 })
    expect(init?.video.codec).toMatch(/^avc1\.[0-9a-f]{6}$/)
    expect(fragments).toHaveLength(45)
    expect(fragments.flatMap(({ keyframe }, i) => (keyframe ? [i] : []))).toEqual([0, 15, 30])
    expect(fragments[3]?.duration).toBeCloseTo(1 / 15, 3)
    expect(fragments[30]?.decodeTime).toBeCloseTo(2, 2)
  })
  test('any split of the bytes yields the same fragments (200 random splits)', () => {
    const whole = readAll(bytes).fragments
    const random = seeded(7)
    for (let round = 0; round < 200; round += 1) {
      const cuts = Array.from({ length: 1 + Math.floor(random() * 60) }, () =>
        Math.floor(random() * bytes.length),
      ).sort((a, b) => a - b)
      const { fragments } = readAll(bytes, cuts)
      expect(fragments.length).toBe(whole.length)
      expect(
        fragments.every(
          (fragment, i) => whole[i]?.bytes.equals(fragment.bytes) && whole[i]?.keyframe === fragment.keyframe,
        ),
      ).toBe(true)
    }
  })
  test('one byte at a time is enough', () => {
    const short = makeStream({ seconds: 0.4 })
    expect(
      readAll(
        short,
        Array.from({ length: short.length }, (_, i) => i),
      ).fragments,
    ).toHaveLength(6)
  })
  test('bytes that are no video are refused at once, not collected', () => {
    const reader = createFragmentReader({ onInit: () => {}, onFragment: () => {} })
    expect(() => reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow(/no part of a video stream/)
  })
})

describe('packaging', () => {
  test('segments begin at keyframes and are exactly the bytes of their fragments', () => {
    const { fragments } = readAll(makeStream())
    const { segments, finish } = packAll(fragments)
    expect(segments).toHaveLength(2)
    finish()
    expect(segments).toHaveLength(3)
    expect(segments.map(({ duration }) => Math.round(duration * 100) / 100)).toEqual([1, 1, 1])
    expect(
      Buffer.concat(segments.flatMap(({ chunks }) => chunks)).equals(
        Buffer.concat(fragments.map(({ bytes }) => bytes)),
      ),
    ).toBe(true)
  })
  test('a segment’s time is the wall clock at its arrival, never a sum of durations', () => {
    const slow = packAll(readAll(makeStream()).fragments, 1000 / 12)
    slow.finish()
    expect(slow.segments.map(({ start }) => start)).toEqual([1_000_000, 1_001_250, 1_002_500])
  })
  test('parts are no longer than the target, and all but a segment’s last at least 85 % of it', () => {
    const { fragments } = readAll(makeStream({ seconds: 4, rate: 25, gop: 50 }))
    const { parts, target, segments, finish } = packAll(fragments, 40)
    finish()
    expect(segments).toHaveLength(2)
    expect(Math.max(...parts)).toBeLessThanOrEqual(target)
    expect(parts.filter((duration) => duration < target * 0.85).length).toBeLessThanOrEqual(segments.length)
  })
  test('parts get longer from the next segment on when so many are watched that messages count', () => {
    const { fragments } = readAll(makeStream({ rate: 25, gop: 25 }))
    let wanted = 0.08
    const parts: number[][] = []
    const packager = createPackager({
      wantedPart: () => wanted,
      onPart: () => (wanted = 0.12),
      onSegment: ({ chunks }) => parts.push(chunks.map(({ length }) => length)),
    })
    const targets = fragments.map((fragment, i) => (packager.push(fragment, i * 40), packager.partTarget()))
    packager.finish()
    expect(parts.map(({ length }) => length)).toEqual([13, 9, 9])
    expect([targets[0], targets[24], targets[25]]).toEqual([0.089, 0.089, 0.132])
  })
  test('packets that never came are told with the segment they belong to, and with both where two meet', () => {
    const lose = (at: number, lost: Partial<Fragment>) => {
      const { fragments } = readAll(makeStream())
      const packed = packAll(
        fragments.map((fragment, i) => ({ ...fragment, lostBefore: 0, ...(i === at ? lost : {}) })),
      )
      packed.finish()
      return packed.segments.map(({ lostPackets }) => lostPackets)
    }
    expect(lose(20, { lostBefore: 2, lostWithin: 1 })).toEqual([0, 3, 0])
    expect(lose(15, { lostBefore: 2, lostWithin: 1 })).toEqual([2, 3, 0])
    expect(lose(0, { lostWithin: 4 })).toEqual([4, 0, 0])
    // Nobody counts: nothing is said.
    expect(lose(20, { lostBefore: undefined as unknown as number })).toEqual([0, undefined, 0])
  })
  test(
    'how long the newest picture lasted may be corrected until the next one ' +
      'comes: bytes, hash and length are those that are kept',
    () => {
      const { fragments } = readAll(makeStream({ rate: 25, gop: 25 }))
      const mine = fragments.map((fragment) => ({ ...fragment, bytes: Buffer.from(fragment.bytes) }))
      const { segments, packager } = packOpen()
      for (const [i, fragment] of mine.entries()) {
        packager.push(fragment, i * 40)
        if (i < mine.length - 1)
          packager.lasted(0.004, (bytes) => bytes.writeUInt32BE(0xabcd0000 + i, bytes.length - 4))
      }
      packager.finish()
      expect(segments).toHaveLength(3)
      for (const { chunks, sha256 } of segments)
        expect(createHash('sha256').update(Buffer.concat(chunks)).digest('hex')).toBe(sha256)
      const all = Buffer.concat(segments.flatMap(({ chunks }) => chunks))
      let end = 0
      for (const [i, { bytes }] of mine.slice(0, -1).entries()) {
        end += bytes.length
        expect(all.readUInt32BE(end - 4)).toBe(0xabcd0000 + i)
      }
      expect(segments[0]?.duration).toBeCloseTo(1 + 25 * 0.004, 3)
    },
  )
  test('keyframes that come quickly share a segment', () => {
    const { segments, finish } = packAll(readAll(makeStream({ gop: 5 })).fragments)
    finish()
    expect(segments.every(({ duration }) => duration >= 0.9)).toBe(true)
  })
  test('nothing is kept before the first keyframe', () => {
    const { fragments } = readAll(makeStream())
    const { segments, finish } = packAll(fragments.slice(4))
    finish()
    expect(segments).toHaveLength(2)
  })
  test('a stream without keyframes is given up with the reason, before it fills the memory', () => {
    const { fragments } = readAll(makeStream())
    const [first, second] = fragments
    if (!first || !second) throw new Error('the stream is empty')
    const endless = [first, ...Array.from({ length: 2600 }, () => second)]
    expect(() => packAll(endless)).toThrow(/no keyframe for 150 s/)
  })
  test('a stream with B-frames and a long GOP is one segment for each keyframe', () => {
    const { fragments } = readAll(makeStream({ seconds: 6, gop: 45, extra: ['-bf', '2'] }))
    const { segments, finish } = packAll(fragments)
    finish()
    expect(segments.map(({ duration }) => Math.round(duration))).toEqual([3, 3])
  })
})
