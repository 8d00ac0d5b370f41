import { describe, expect, test } from 'vitest'
import { gapsIn } from '../../server/clip/ring/clip-gaps.ts'
import { type LiveState, clipPlaylist, livePlaylist, mediaTimeOf } from '../../server/clip/ring/hls-playlist.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { areManyFollowed, partLength } from '../../server/clip/live/part-length.ts'
import type { Segment } from '../../server/glossary/clip.ts'

const T0 = Date.parse('2026-11-20T22:30:00.000Z')
const segment = (number: number, change: Partial<Segment> = {}): Segment => ({
  number,
  run: 0,
  start: T0 + number * 1000,
  duration: 1,
  bytes: 1000,
  sha256: 'x',
  ...change,
})
const part = { duration: 0.13333, independent: false, at: 0 }

describe('the live playlist', () => {
  const state: LiveState = {
    segments: [
      { ...segment(10), parts: null },
      { ...segment(11), parts: [{ ...part, independent: true }, part] },
    ],
    open: { ...segment(12, { duration: 0.13333 }), parts: [{ ...part, independent: true }] },
    partTarget: 0.147,
    targetDuration: 1,
  }
  test('names its parts, the next one, and how long a client may wait', () => {
    expect(livePlaylist(state, false)).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.441,CAN-SKIP-UNTIL=6.0
#EXT-X-PART-INF:PART-TARGET=0.147
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="init/0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T22:30:10.000Z
#EXTINF:1.0,
segment/10.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T22:30:11.000Z
#EXT-X-PART:DURATION=0.13333,URI="part/11.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.13333,URI="part/11.1.m4s"
#EXTINF:1.0,
segment/11.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T22:30:12.000Z
#EXT-X-PART:DURATION=0.13333,URI="part/12.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part/12.1.m4s"
`)
  })
  test('a restart of the recorder is a discontinuity with its own initialisation section', () => {
    const text = livePlaylist(
      {
        ...state,
        segments: [
          { ...segment(10), parts: null },
          { ...segment(11, { run: 1 }), parts: null },
        ],
        open: null,
      },
      false,
    )
    expect(text).toMatch(/segment\/10\.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init\/1\.mp4"\n/)
    expect(text).toMatch(/PRELOAD-HINT:TYPE=PART,URI="part\/12\.0\.m4s"/)
  })
  test('a plain one lists whole segments and offers nothing to wait for', () => {
    const text = livePlaylist(state, false, true)
    expect(text).toContain('segment/11.m4s')
    expect(text).not.toMatch(/EXT-X-PART|SERVER-CONTROL|PRELOAD-HINT/)
    expect(text).not.toContain('12.')
  })
  test('a delta update leaves out what is older than six target durations', () => {
    const long = {
      ...state,
      segments: Array.from({ length: 20 }, (_, i) => ({ ...segment(i), parts: null })),
      open: { ...segment(20), duration: 0.5, parts: [part] },
    }
    const text = livePlaylist(long, true)
    expect(text).toMatch(/#EXT-X-SKIP:SKIPPED-SEGMENTS=14\n/)
    expect(text).not.toContain('segment/13.m4s')
    expect(text).toContain('segment/14.m4s')
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:0')
  })
})

describe('the live window', () => {
  const open = (parts: number) => ({
    start: T0,
    duration: parts * 0.13,
    parts: Array.from({ length: parts }, (_, i) => ({
      bytes: Buffer.from(`p${i}`),
      duration: 0.13,
      independent: i === 0,
      at: 0,
    })),
  })
  const query = (msn: number | null, part: number | null = null) => ({ msn, part, skip: false })

  test('a blocking reload answers as soon as its part is here', async () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(1), 0.14)
    const waiting = window.playlist(query(5, 1))
    window.onPart(5, 0, open(2), 0.14)
    expect(await waiting).toContain('part/5.1.m4s')
  })
  test('a part that was announced is waited for; one that was not is refused', async () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(1), 0.14)
    const waiting = window.part(5, 1)
    expect(await window.part(5, 3)).toBeNull()
    expect(await window.part(9, 0)).toBeNull()
    window.onPart(5, 0, open(2), 0.14)
    expect((await waiting)?.toString()).toBe('p1')
  })
  test('knows whether a player asks for it part by part: until a whole segment has come without that, or the camera stops', async () => {
    const window = createLiveWindow()
    const next = (number: number) => {
      window.onSegment(segment(number))
      window.onPart(number + 1, 0, open(1), 0.14)
      return window.isAsked()
    }
    window.onPart(5, 0, open(1), 0.14)
    await window.playlist(query(null))
    await window.playlist({ ...query(4), plain: true })
    expect(window.isAsked()).toBe(false)
    await window.playlist(query(5, 0))
    expect([window.isAsked(), next(5), next(6), next(7)]).toEqual([true, true, false, false])
    await window.playlist(query(8, 0))
    window.stopped()
    await expect(window.playlist(query(8, 0))).rejects.toMatchObject({ code: 'live/none' })
    expect(window.isAsked()).toBe(false)
  })
  test('has longer parts only while it is asked for itself', async () => {
    const window = createLiveWindow({ wantedPart: (isAsked) => (isAsked ? 0.24 : 0.08) })
    window.onPart(5, 0, open(1), 0.14)
    expect(window.wantedPart()).toBe(0.08)
    await window.playlist(query(5, 0))
    expect(window.wantedPart()).toBe(0.24)
  })
  test('a segment too far ahead is refused at once', async () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(1), 0.14)
    await expect(window.playlist(query(99))).rejects.toMatchObject({ code: 'live/ahead' })
  })
  test('a part too far ahead is refused at once; one that comes within moments is waited for', async () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(2), 0.14)
    await expect(window.playlist(query(5, 999))).rejects.toMatchObject({
      code: 'live/ahead',
      message: expect.stringMatching(/has 2 so far/),
    })
    await expect(window.playlist(query(6, 40))).rejects.toMatchObject({ code: 'live/ahead' })
    const soon = window.playlist(query(5, 3))
    window.onPart(5, 0, open(4), 0.14)
    expect(await soon).toContain('part/5.3.m4s')
  })
  test('no part that is listed is longer than the part target, also when the newest ones are short', async () => {
    const window = createLiveWindow()
    const slow = open(2)
    window.onPart(5, 0, { ...slow, parts: slow.parts.map((each) => ({ ...each, duration: 0.8 })) }, 0.14)
    window.onSegment(segment(5))
    window.onPart(6, 0, open(1), 0.14)
    expect(await window.playlist(query(null))).toContain('PART-TARGET=0.8\n')
    for (let number = 6; number < 9; number += 1) {
      window.onPart(number, 0, open(1), 0.14)
      window.onSegment(segment(number))
    }
    expect(await window.playlist(query(null))).toContain('PART-TARGET=0.14\n')
  })
  test('is not the whole recording: what has long left it is not handed out as live', () => {
    const window = createLiveWindow({ listed: 10 })
    expect([window.isLiveRun(0), window.isLive(0)]).toEqual([false, false])
    for (let number = 100; number < 150; number += 1) {
      window.onPart(number, number < 145 ? 7 : 8, open(1), 0.14)
      window.onSegment(segment(number, { run: number < 145 ? 7 : 8 }))
    }
    expect([0, 129, 130, 149].map(window.isLive)).toEqual([false, false, true, true])
    expect([0, 5, 6, 7, 8].map(window.isLiveRun)).toEqual([false, false, true, true, true])
  })
  test('a camera that stops answers those who wait instead of leaving them hanging', async () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(1), 0.14)
    const [playlist, bytes] = [window.playlist(query(6)), window.part(5, 1)]
    window.stopped()
    await expect(playlist).rejects.toMatchObject({ code: 'live/none' })
    await expect(bytes).rejects.toMatchObject({ code: 'live/none' })
  })
  test('a new viewer begins at the newest keyframe that is here, not at the next', () => {
    const window = createLiveWindow()
    expect(window.newest()).toBeNull()
    window.onPart(5, 0, open(4), 0.14)
    expect(window.newest()).toMatchObject({
      number: 5,
      index: 3,
      start: T0,
      parts: [{ independent: true }, {}, {}, {}],
    })
  })
  test('when that keyframe has only just come, a viewer begins at the one before it, and misses and repeats nothing', () => {
    const window = createLiveWindow()
    window.onPart(5, 0, open(7), 0.14)
    window.onSegment(segment(5))
    window.onPart(6, 0, { ...open(1), start: T0 + 1000 }, 0.14)
    const start = window.newest()
    expect(start).toMatchObject({ number: 6, index: 0, start: T0 + 5000 })
    expect(start?.parts).toHaveLength(8)
  })
  test('who follows hears every part once, and the end', () => {
    const window = createLiveWindow()
    const heard: (string | null)[] = []
    const leave = window.follow((news) => heard.push(news && `${news.number}.${news.index}`))
    window.onPart(5, 0, open(1), 0.14)
    window.onPart(5, 0, open(2), 0.14)
    window.stopped()
    leave()
    window.onPart(6, 0, open(1), 0.14)
    expect(heard).toEqual(['5.0', '5.1', null])
  })
  test('parts of a segment that is no longer young are given up', async () => {
    const window = createLiveWindow()
    for (let number = 0; number < 6; number += 1) {
      window.onPart(number, 0, open(2), 0.14)
      window.onSegment(segment(number))
    }
    expect(await window.part(0, 0)).toBeNull()
    expect((await window.part(5, 0))?.toString()).toBe('p0')
  })
})

describe('how long a part should last', () => {
  test.each([
    ['nobody looks', 0, 0, 0.08],
    ['a room looks at an incident over its WebSocket', 9, 0, 0.08],
    ['many pictures are followed', 10, 0, 0.12],
    ['three are asked for over HTTP', 0, 3, 0.08],
    ['four are', 0, 4, 0.16],
    ['nine are: as many requests as three would make of the shortest', 0, 9, 0.24],
    ['both, and the longer of the two counts', 10, 4, 0.16],
    ['it is followed among many, and asked for by nobody', 10, 0, 0.12],
    ['a whole town is asked for over HTTP: it stays a live picture', 0, 250, 0.4],
  ])('%s', (_, followed, asked, seconds) => expect(partLength(followed, asked)).toBeCloseTo(seconds, 9))
  test('only beyond a room’s number are parts told several at a time', () =>
    expect([areManyFollowed(9), areManyFollowed(10)]).toEqual([false, true]))
})

describe('the playlist of a held clip', () => {
  const segments = [segment(0), segment(1), segment(2)]
  test('grows as an EVENT and starts at the press', () => {
    const text = clipPlaylist({ segments, pressedAt: T0 + 1500, ended: false })
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
    expect(text).toContain('#EXT-X-START:TIME-OFFSET=1.5,PRECISE=YES')
    expect(text).not.toContain('ENDLIST')
  })
  test('is a VOD with an end when the incident is closed', () => {
    const text = clipPlaylist({ segments, pressedAt: T0, ended: true })
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(text.trimEnd().endsWith('#EXT-X-ENDLIST')).toBe(true)
  })
  test('a hole in the recording takes wall-clock time, but no media time', () => {
    expect(mediaTimeOf([segment(0), segment(1), segment(10, { run: 1 })], T0 + 10_500)).toBeCloseTo(2.5)
  })
  test('every segment has its wall-clock time', () => {
    expect(clipPlaylist({ segments, pressedAt: T0, ended: true }).match(/PROGRAM-DATE-TIME/g)).toHaveLength(3)
  })
})

describe('gaps', () => {
  test('are declared before, between and after what there is', () => {
    expect(gapsIn([segment(10), segment(11), segment(20)], T0, T0 + 60_000)).toEqual([
      { from: T0, to: T0 + 10_000 },
      { from: T0 + 12_000, to: T0 + 20_000 },
      { from: T0 + 21_000, to: T0 + 60_000 },
    ])
  })
  test('a segment that was not kept is a gap, however short it is and whatever the clock says', () => {
    const at = (number: number, start: number) => ({ ...segment(number), start, duration: 1 })
    expect(gapsIn([at(40, T0), at(41, T0 + 1000), at(43, T0 + 3000)], T0, null)).toEqual([
      { from: T0 + 2000, to: T0 + 3000 },
    ])
    expect(gapsIn([at(41, T0), at(43, T0 + 990)], T0, null)).toEqual([{ from: T0 + 989, to: T0 + 990 }])
  })
  test('a new run that begins a second later is a gap; one that begins at once is none', () => {
    const next = (start: number) => [segment(0), segment(1, { start, run: 1 })]
    expect(gapsIn(next(T0 + 2000), T0, null)).toEqual([{ from: T0 + 1000, to: T0 + 2000 }])
    expect(gapsIn(next(T0 + 1200), T0, null)).toEqual([])
  })
  test('jitter is no gap', () => expect(gapsIn([segment(0), segment(1, { start: T0 + 1700 })], T0, null)).toEqual([]))
  test('a range without any picture is one gap', () =>
    expect(gapsIn([], T0, T0 + 5000)).toEqual([{ from: T0, to: T0 + 5000 }]))
})
