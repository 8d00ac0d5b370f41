/** The timeline of a cut: what was recorded, and where its small pictures are taken. */
import { describe, expect, test } from 'vitest'
import { recordedSpans, thumbnailTimes } from '../../web-components/lamppost-evidence/cut-marks.ts'

const START = Date.parse('2026-11-28T22:00:00.000Z')
const iso = (seconds: number): string => new Date(START + seconds * 1000).toISOString()
const span = (from: number, to: number) => ({ from: START + from * 1000, to: START + to * 1000 })
const clip = (from: number, to: number | null, gaps: [number, number][]) => ({
  from: iso(from),
  to: to === null ? null : iso(to),
  gaps: gaps.map(([a, b]) => ({ from: iso(a), to: iso(b) })),
})
const seconds = (times: (number | null)[]) => times.map((at) => (at === null ? null : (at - START) / 1000))

describe('what of a clip was recorded', () => {
  test('is all of it but its gaps, in whatever order they are told', () =>
    expect(
      recordedSpans(
        clip(0, 100, [
          [60, 70],
          [10, 20],
        ]),
        0,
      ),
    ).toEqual([span(0, 10), span(20, 60), span(70, 100)]))
  test('ends now while it grows', () => expect(recordedSpans(clip(0, null, []), START + 30_000)).toEqual([span(0, 30)]))
  test('is no piece before a gap at its start, none after one at its end, one gap where two overlap', () =>
    expect(
      recordedSpans(
        clip(0, 100, [
          [0, 10],
          [20, 50],
          [40, 60],
          [90, 100],
        ]),
        0,
      ),
    ).toEqual([span(10, 20), span(60, 90)]))
  test('is nothing of a clip that is one gap', () => expect(recordedSpans(clip(0, 100, [[0, 100]]), 0)).toEqual([]))
})

describe('the small pictures of a timeline', () => {
  test('stand in the middle of each piece where all of it was recorded', () =>
    expect(seconds(thumbnailTimes(span(0, 100), 5, [span(0, 100)]))).toEqual([10, 30, 50, 70, 90]))
  test('show ten recorded seconds in an hour of gap', () =>
    expect(seconds(thumbnailTimes(span(0, 3600), 4, [span(0, 10), span(3500, 3600)]))).toEqual([5, null, null, 3550]))
  test('take the longest part of a piece whose middle was not recorded', () =>
    expect(seconds(thumbnailTimes(span(0, 100), 1, [span(0, 5), span(60, 90), span(95, 100)]))).toEqual([75]))
  test('are none where nothing was recorded', () =>
    expect(thumbnailTimes(span(0, 100), 3, [])).toEqual([null, null, null]))
})
