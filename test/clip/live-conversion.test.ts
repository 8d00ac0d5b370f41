/** A live picture that is made anew: fed with what was received, told by the time at which it was. */
import { afterEach, describe, expect, test } from 'vitest'
import { createArrivals } from '../../server/clip/record/arrivals.ts'
import { createConvertedView, createMemoryStore } from '../../server/clip/live/converted-view.ts'
import { type Fragment, type Init, createFragmentReader } from '../../server/clip/record/fragment-reader.ts'
import { createLiveConversion } from '../../server/clip/live/live-conversion.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { createStreamFollower } from '../../server/clip/record/stream-follower.ts'
import type { Segment } from '../../server/glossary/clip.ts'
import { readMoof } from '../../server/tools/media/fmp4-samples.ts'
import { realClock } from '../../server/tools/clock.ts'
import { until } from '../contracts/test-town.ts'
import { makeStream } from './made-streams.ts'

const FRAME_MS = 1000 / 15
const h265 = (bframes = 0): string[] => [
  '-c:v',
  'libx265',
  '-x265-params',
  `log-level=error:keyint=15:min-keyint=15:open-gop=0:bframes=${bframes}`,
]

function piecesOf(stream: Buffer): { init: Init; fragments: Fragment[] } {
  const fragments: Fragment[] = []
  let init: Init | null = null
  createFragmentReader({
    onInit: (found) => (init = found),
    onFragment: (fragment) => fragments.push({ ...fragment, bytes: Buffer.from(fragment.bytes) }),
  }).push(stream)
  if (!init) throw new Error('no initialisation section')
  return { init, fragments }
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => void (await Promise.all(open.splice(0).map((each) => each.close()))))

/** A recorder's side with a clock of its own, and the conversion of it. */
function town() {
  const time = { wall: Date.parse('2026-11-26T22:00:00Z'), passed: 0 }
  const clock = { now: () => time.wall, monotonic: () => time.passed, sleep: realClock.sleep }
  const recorded = createMemoryStore(100)
  const source = createLiveWindow()
  const follow = () =>
    createStreamFollower({
      store: recorded.store,
      window: source,
      now: clock.now,
      onPicture: () => {},
      onUnfit: (reason) => {
        throw new Error(reason)
      },
    })
  const made = createMemoryStore(100)
  const segments: Segment[] = []
  const window = createLiveWindow()
  const errors: unknown[] = []
  const conversion = createLiveConversion({
    source: { window: source, init: async (run) => recorded.init(run) },
    store: {
      ...made.store,
      append: (closed) => {
        const kept = made.store.append(closed)
        segments.push(kept.segment)
        return kept
      },
    },
    window,
    clock,
    onError: (error) => errors.push(error),
  })
  open.push(conversion)
  return { time, source, window, segments, errors, conversion, made, follow }
}
type Town = ReturnType<typeof town>
/** Pictures arrive one by one, as a camera sends them; a turn of the event loop after each. */
async function send(
  { time, follow }: Town,
  follower: ReturnType<typeof follow>,
  fragments: readonly Fragment[],
): Promise<void> {
  for (const fragment of fragments) {
    time.wall += FRAME_MS
    follower.take(fragment, time.wall)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
const converted = ({ window, segments }: Town): number =>
  segments.reduce((sum, { duration }) => sum + duration, 0) +
  (window.newest()?.parts.reduce((sum, { duration }) => sum + duration, 0) ?? 0)

describe('a live picture as H.264', () => {
  test('begins at the newest keyframe that is here, and each segment has the time at which its original arrived', async () => {
    const here = town()
    const { init, fragments } = piecesOf(makeStream({ seconds: 8, extra: h265() }))
    const follower = here.follow()
    const starts = new Map<number, number>()
    here.window.follow((news) => news && starts.set(news.number, news.start))
    follower.begin(init)
    const begun = here.time.wall
    await send(here, follower, fragments.slice(0, 25))
    // What was before the newest keyframe is not made anew.
    await until(
      () => converted(here),
      (seconds) => seconds > 0,
    )
    await send(here, follower, fragments.slice(25, 40))
    // The network holds the pictures up for two seconds.
    here.time.wall += 2000
    await send(here, follower, fragments.slice(40))
    await until(
      () => starts.get(1),
      (start) => start !== undefined,
    )
    expect(here.conversion.codec()).toMatch(/^avc1\./)
    const [first] = here.segments
    const whole = Math.round((first?.duration ?? 0) * 15)
    const arrival = (index: number): number => begun + (index + 1) * FRAME_MS + (index >= 40 ? 2000 : 0)
    expect(whole).toBe(50)
    expect(Math.abs((first?.start ?? 0) - arrival(15))).toBeLessThan(2)
    expect(Math.abs((starts.get(1) ?? 0) - arrival(15 + whole))).toBeLessThan(2)
    expect(here.errors).toEqual([])
  })
  test('follows the recorder into another run', async () => {
    const here = town()
    const small = piecesOf(makeStream({ seconds: 3, extra: h265() }))
    const large = piecesOf(makeStream({ seconds: 3, source: 'testsrc2=s=640x360:r=15', extra: h265() }))
    const follower = here.follow()
    follower.begin(small.init)
    await send(here, follower, small.fragments)
    await until(
      () => converted(here),
      (seconds) => seconds > 0,
    )
    follower.begin(large.init)
    await send(here, follower, large.fragments)
    await until(
      () => here.made.init(1)?.length ?? 0,
      (bytes) => bytes > 0,
    )
    await until(
      () => here.window.newest()?.run,
      (run) => run === 1,
    )
    expect(here.errors).toEqual([])
  })
  test('that falls behind begins again at the newest keyframe instead of showing the past', async () => {
    const here = town()
    const { init, fragments } = piecesOf(makeStream({ seconds: 12, extra: h265() }))
    const follower = here.follow()
    follower.begin(init)
    await send(here, follower, fragments.slice(0, 30))
    await until(
      () => converted(here),
      (seconds) => seconds > 0,
    )
    // As long as it has only just begun, it is given time to come up.
    here.time.passed += 4000
    await send(here, follower, fragments.slice(30, 45))
    await until(
      () => converted(here),
      (seconds) => seconds > 1.5,
    )
    expect(here.made.init(1)).toBeNull()
    // Then three seconds in which this machine had no time for it, not one turn of the event loop, and a keyframe came.
    here.time.passed += 10_000
    for (const fragment of fragments.slice(45, 55)) follower.take(fragment, (here.time.wall += FRAME_MS))
    here.time.passed += 3000
    for (const fragment of fragments.slice(55, 70)) follower.take(fragment, (here.time.wall += FRAME_MS))
    await send(here, follower, fragments.slice(70, 90))
    await until(
      () => here.made.init(1)?.length ?? 0,
      (bytes) => bytes > 0,
    )
    const newest = await until(
      () => here.window.newest(),
      (found) => found?.run === 1,
    )
    expect(here.time.wall - (newest?.start ?? 0)).toBeLessThan(2500)
    expect(here.errors).toEqual([])
  })
  test('is not behind when its camera paused: the picture that waits for the next one is no backlog', async () => {
    const here = town()
    const { init, fragments } = piecesOf(makeStream({ seconds: 8, extra: h265() }))
    const follower = here.follow()
    follower.begin(init)
    await send(here, follower, fragments.slice(0, 30))
    await until(
      () => converted(here),
      (seconds) => seconds > 0.8,
    )
    here.time.passed += 10_000
    here.time.wall += 3500
    // All that the network held comes at once.
    for (const fragment of fragments.slice(30, 75)) follower.take(fragment, (here.time.wall += 1))
    await until(
      () => converted(here),
      (seconds) => seconds > 3.5,
    )
    expect(here.made.init(1)).toBeNull()
  })
  test('counts as work for this machine as soon as there is something to convert, and no longer', async () => {
    const here = town()
    const view = createConvertedView({
      substream: null,
      source: { window: here.source, init: async () => null },
      covered: null,
      wantedPart: () => 0.08,
      clock: realClock,
      onError: (error) => here.errors.push(error),
    })
    open.push(view)
    view.use()
    expect(view.converting()).toBe(false)
    const { init, fragments } = piecesOf(makeStream({ seconds: 2, extra: h265() }))
    const follower = here.follow()
    follower.begin(init)
    for (const fragment of fragments) follower.take(fragment, (here.time.wall += FRAME_MS))
    // Nine tiles ask in one turn.
    expect(view.converting()).toBe(true)
    await until(
      () => converted(here),
      (seconds) => seconds > 0,
    )
    here.source.stopped()
    expect(view.converting()).toBe(false)
    await view.close()
    expect(here.errors).toEqual([])
  })
  test('comes to an end with the recorder, and says so to who watches', async () => {
    const here = town()
    const { init, fragments } = piecesOf(makeStream({ seconds: 3, extra: h265() }))
    const follower = here.follow()
    follower.begin(init)
    await send(here, follower, fragments)
    await until(
      () => converted(here),
      (seconds) => seconds > 0,
    )
    const gone = new Promise((resolve) => here.window.follow((news) => news === null && resolve(true)))
    here.source.stopped()
    expect(await gone).toBe(true)
    expect(here.window.newest()).toBeNull()
  })
})

describe('arrivals', () => {
  /** Each picture arrives at a moment that no sum of durations would give. */
  const arrival = (i: number): number => 100_000 + i * 100 + ((i * 7) % 5) * 3

  test('are each picture’s own, found by what is shown, whatever the order the pictures came in', () => {
    const { init, fragments } = piecesOf(makeStream({ seconds: 2, extra: h265(3) }))
    const arrivals = createArrivals(init.bytes)
    fragments.forEach(({ bytes }, i) => arrivals.note(bytes, arrival(i), i))
    const [track] = init.tracks
    const shown = fragments
      .map(({ bytes }, i) => {
        const sample = readMoof(bytes, init.tracks)[0]?.samples[0]
        return {
          time: ((sample?.decodeTime ?? 0) + (sample?.composition ?? 0)) / (track?.timescale ?? 1),
          at: arrival(i),
        }
      })
      .sort((a, b) => a.time - b.time)
    let newest = 0
    const wanted = shown.map(({ at }) => (newest = Math.max(newest, at)))
    // ffmpeg gives them back from nought, in the order they are shown.
    expect(shown.map(({ time }) => arrivals.of({ decodeTime: time - (shown[0]?.time ?? 0) }))).toEqual(wanted)
    expect(arrivals.oldestBut(0)).toBeNull()
  })
  test('begin with the keyframe, also where pictures that are shown before it cannot be decoded', () => {
    const { init, fragments } = piecesOf(
      makeStream({
        seconds: 4,
        extra: ['-c:v', 'libx265', '-x265-params', 'log-level=error:keyint=15:min-keyint=15:open-gop=1:bframes=3'],
      }),
    )
    const second = fragments.findIndex(({ keyframe }, i) => keyframe && i > 0)
    const arrivals = createArrivals(init.bytes)
    fragments.slice(second).forEach(({ bytes }, i) => arrivals.note(bytes, arrival(i), i))
    expect(arrivals.of({ decodeTime: 0 })).toBe(arrival(0))
  })
  test('tell what waits: how much, and since when', () => {
    const { init, fragments } = piecesOf(makeStream({ seconds: 1 }))
    const arrivals = createArrivals(init.bytes)
    fragments.slice(0, 5).forEach(({ bytes }, i) => arrivals.note(bytes, arrival(i), 1000 + i))
    expect(arrivals.oldestBut(0)).toMatchObject({ at: arrival(0), fedAt: 1000 })
    expect(arrivals.oldestBut(4)).toMatchObject({ at: arrival(4), fedAt: 1004 })
    expect(arrivals.oldestBut(5)).toBeNull()
    arrivals.of({ decodeTime: 0 })
    arrivals.of({ decodeTime: 1 / 15 })
    expect(arrivals.oldestBut(0)).toMatchObject({ at: arrival(2), fedAt: 1002 })
  })
})
