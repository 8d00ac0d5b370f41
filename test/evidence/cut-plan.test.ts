/** How segments of one camera become files of a package: which belong together, what they are called, what is said of them. */
import { describe, expect, test } from 'vitest'
import {
  incompleteIn,
  initNames,
  nativePlaylist,
  segmentName,
  stamp,
  stretchesOf,
  timedByArrivalIn,
} from '../../server/evidence/cut/cut-plan.ts'
import { clockStatement } from '../../server/evidence/package/clock-statement.ts'
import type { StoredSegment } from '../../server/glossary/evidence.ts'

const BEGIN = Date.parse('2026-11-28T21:00:00.000Z')
const segment = (number: number, change: Partial<StoredSegment> = {}): StoredSegment =>
  ({ run: 1, number, start: BEGIN + number * 2000, duration: 2, ...change }) as StoredSegment
const at = (seconds: number): string => new Date(BEGIN + seconds * 1000).toISOString()

describe('one viewing copy', () => {
  const lengths = (segments: StoredSegment[]): string[] =>
    stretchesOf(segments).map(({ run, segments: own, seconds }) => `${run}: ${own.length} of ${seconds} s`)
  test('is of segments that follow each other without a break, in one run', () => {
    expect(lengths([segment(0), segment(1), segment(3), segment(4, { run: 2 }), segment(5, { run: 2 })])).toEqual([
      '1: 2 of 4 s',
      '1: 1 of 2 s',
      '2: 2 of 4 s',
    ])
    expect(lengths([])).toEqual([])
  })
  test('is never longer than six hours, and no segment is left out between two', () => {
    const hours = Array.from({ length: 13 }, (_, i) => segment(i, { duration: 3600 }))
    expect(lengths(hours)).toEqual(['1: 6 of 21600 s', '1: 6 of 21600 s', '1: 1 of 3600 s'])
  })
})

describe('what is said of segments', () => {
  const arrival = { timedByArrival: true } as Partial<StoredSegment>
  test('ranges of times by arrival go to where the next segment begins, by the wall’s clock', () => {
    expect(
      timedByArrivalIn([segment(0), segment(1, arrival), segment(2, { ...arrival, start: BEGIN + 4500 }), segment(3)]),
    ).toEqual([{ from: at(2), to: at(6) }])
    expect(timedByArrivalIn([segment(0, { start: BEGIN, ...arrival }), segment(1, { start: BEGIN + 2500 })])).toEqual([
      { from: at(0), to: at(2.5) },
    ])
  })
  test('the last one, and one before a break or another run, ends after its own seconds', () => {
    expect(timedByArrivalIn([segment(1, arrival)])).toEqual([{ from: at(2), to: at(4) }])
    expect(timedByArrivalIn([segment(1, arrival), segment(5)])).toEqual([{ from: at(2), to: at(4) }])
    expect(timedByArrivalIn([segment(1, arrival), segment(2, { run: 2 })])).toEqual([{ from: at(2), to: at(4) }])
  })
  test('a break or another run makes two ranges of it', () => {
    expect(timedByArrivalIn([segment(0, arrival), segment(1), segment(2, arrival)])).toHaveLength(2)
    expect(timedByArrivalIn([segment(0, arrival), segment(1, { ...arrival, run: 2 })])).toHaveLength(2)
  })
  test('lost packets are added up by range, and nothing is said where none was lost', () => {
    const lost = (lostPackets: number) => ({ lostPackets })
    expect(
      incompleteIn([segment(0), segment(1, lost(3)), segment(2, lost(4)), segment(3, lost(0)), segment(4, lost(1))]),
    ).toEqual([
      { from: at(2), to: at(6), lostPackets: 7 },
      { from: at(8), to: at(10), lostPackets: 1 },
    ])
    expect(incompleteIn([segment(0)])).toEqual([])
  })
})

describe('files', () => {
  test('have names that every system can store, and that sort', () => {
    expect([segmentName(0), segmentName(99_998)]).toEqual(['s00001.m4s', 's99999.m4s'])
    expect(stamp(BEGIN + 250)).toBe('20261128T210000250Z')
    expect([...initNames([segment(0, { run: 7 }), segment(1, { run: 7 }), segment(2, { run: 9 })])]).toEqual([
      [7, 'init.mp4'],
      [9, 'init-2.mp4'],
    ])
  })
  test('of a camera play as one HLS playlist, with a discontinuity at each break and the true time at each segment', () => {
    const lines = nativePlaylist([
      segment(0),
      segment(1, { duration: 2.04 }),
      segment(3),
      segment(4, { run: 2 }),
    ]).split('\n')
    expect(lines).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:3',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-MAP:URI="init.mp4"',
      ...[`#EXT-X-PROGRAM-DATE-TIME:${at(0)}`, '#EXTINF:2.00000,', 's00001.m4s'],
      ...[`#EXT-X-PROGRAM-DATE-TIME:${at(2)}`, '#EXTINF:2.04000,', 's00002.m4s'],
      '#EXT-X-DISCONTINUITY',
      ...[`#EXT-X-PROGRAM-DATE-TIME:${at(6)}`, '#EXTINF:2.00000,', 's00003.m4s'],
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-2.mp4"',
      ...[`#EXT-X-PROGRAM-DATE-TIME:${at(8)}`, '#EXTINF:2.00000,', 's00004.m4s'],
      '#EXT-X-ENDLIST',
      '',
    ])
  })
})

describe('what a package says of its clock', () => {
  const of = (clock: unknown, steps: { at: string; ms: number }[] = []) => clockStatement({ clock } as never, steps)
  test('is what the site vouches for, or that nobody does', () => {
    expect(of({ source: 'ntp.example', errorBoundMs: 50 })).toMatchObject({ source: 'ntp.example', errorBoundMs: 50 })
    expect(of({ source: 'ntp.example', errorBoundMs: 50 }).statement).toContain(
      'set by ntp.example, within 50 ms of UTC',
    )
    expect(of(null)).toMatchObject({ source: 'the recorder’s system clock', errorBoundMs: null, offsetMs: null })
    expect(of(null).statement).toContain('its difference from UTC is not known here')
  })
  test('and each time that it was set', () => {
    expect(of(null).statement).toContain('It was not seen to be set')
    const steps = [
      { at: at(1), ms: -3_600_000 },
      { at: at(2), ms: 12 },
    ]
    expect(of(null, steps).statement).toContain(
      `It was set 2 times between the first picture and this export: by -3600000 ms at ${at(1)}; by 12 ms at ${at(2)}.`,
    )
    expect(of(null, steps).steps).toBe(steps)
  })
})
