/** Where a range of the clip buffer has pictures, and where it has none. */
import { describe, expect, test } from 'vitest'
import { gapsIn, recordedIn } from '../../server/clip/ring/clip-gaps.ts'
import type { Segment } from '../../server/glossary/clip.ts'

const segment = (number: number, start: number, change: Partial<Segment> = {}): Segment =>
  ({ run: 1, number, start, duration: 2, ...change }) as Segment

test('what is recorded is one range while pictures follow each other within three seconds', () => {
  expect(recordedIn([segment(0, 0), segment(1, 5000), segment(2, 10_001)])).toEqual([
    { from: 0, to: 7000 },
    { from: 10_001, to: 12_001 },
  ])
  // One that ends before the last did makes nothing shorter.
  expect(recordedIn([segment(0, 0, { duration: 9 }), segment(1, 2000)])).toEqual([{ from: 0, to: 9000 }])
  expect(recordedIn([])).toEqual([])
})

describe('a gap', () => {
  test.each<[string, Segment[], number | null, [number, number][]]>([
    ['is none between segments that follow each other, however slowly', [segment(0, 0), segment(1, 6000)], null, []],
    ['is a stall of more than four seconds between them', [segment(0, 0), segment(1, 6001)], null, [[2000, 6001]]],
    ['is none in half of a long segment', [segment(0, 0, { duration: 10 }), segment(1, 15_000)], null, []],
    ['is more than half of it', [segment(0, 0, { duration: 10 }), segment(1, 15_001)], null, [[10_000, 15_001]]],
    ['is none between two runs within half a second', [segment(0, 0), segment(1, 2500, { run: 2 })], null, []],
    ['is more than that between two runs', [segment(0, 0), segment(1, 2501, { run: 2 })], null, [[2000, 2501]]],
    ['is a number that is missing, however short', [segment(0, 0), segment(2, 2000)], null, [[1999, 2000]]],
    ['is before the first picture', [segment(5, 501)], null, [[0, 501]]],
    ['is none there within half a second', [segment(5, 500)], null, []],
    ['is at the end, where the last picture cannot be on its way', [segment(0, 0)], 3501, [[2000, 3501]]],
    ['is none there while it can', [segment(0, 0)], 3500, []],
    ['is all of it where there is nothing', [], 9000, [[0, 9000]]],
    ['is none of what still grows', [], null, []],
  ])('%s', (_, segments, to, gaps) =>
    expect(gapsIn(segments, 0, to)).toEqual(gaps.map(([from, until]) => ({ from, to: until }))),
  )
})
