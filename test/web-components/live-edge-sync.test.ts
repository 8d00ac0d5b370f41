/** What a live video that waits is believed to lack, with a video that plays what it is told to. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSpareWish } from '../../web-components/lamppost-player/live-edge-rate.ts'
import { createEdgeKeeper } from '../../web-components/lamppost-player/live-edge-sync.ts'

type OnFrame = (now: number, metadata: { mediaTime: number }) => void
const LEAST = 0.05

function playing({
  moved = true,
  startS = (): number => 0.14,
}: { moved?: boolean; startS?(part: number): number } = {}) {
  let seen = true
  let onFrame: OnFrame | null = null
  const video = Object.assign(new EventTarget(), {
    currentTime: 10,
    playbackRate: 1,
    seeking: false,
    paused: false,
    buffered: { length: 1, start: () => 5, end: (): number => 10.2 },
    requestVideoFrameCallback: (wish: OnFrame) => ((onFrame = wish), 1),
    cancelVideoFrameCallback: () => {},
  })
  const wish = createSpareWish(LEAST)
  const keeper = createEdgeKeeper({
    video: video as unknown as HTMLVideoElement,
    startS,
    wish,
    hasMoved: () => moved,
    isSeen: () => seen,
  })
  return {
    keeper,
    /** Shows a picture, then has nothing more to show, with so much in the buffer; seconds of media. */
    waits(shown: number, end: number): void {
      video.currentTime = Math.max(10, shown)
      onFrame?.(0, { mediaTime: shown })
      video.buffered.end = () => end
      video.dispatchEvent(new Event('waiting'))
    },
    video,
    /** The page is hidden, or shown again. */
    see(now: boolean): void {
      seen = now
      keeper.look()
    },
    more: () => Math.round((wish.wanted(performance.now()) - LEAST) * 1000) / 1000,
  }
}

/** Has nothing after each of its pictures, and then waits so many milliseconds. */
function waitsAtEach(waits: (shown: number, end: number) => void, pictures: number, everyMs: number): void {
  for (let i = 0; i < pictures; i += 1) {
    waits(9.967 + i * 0.067, 10.034 + i * 0.067)
    vi.advanceTimersByTime(everyMs)
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('a live video that waits', () => {
  test('and has no next picture is left more to play from now on', () => {
    const { waits, more } = playing()
    waits(9.9, 10.1)
    vi.advanceTimersByTime(5000)
    waits(9.967, 10.034)
    expect(more()).toBe(0.04)
  })
  test('although its next picture is here waits for its decoder: nothing is changed', () => {
    const { waits, more } = playing()
    waits(9.9, 10.1)
    const before = more()
    vi.advanceTimersByTime(5000)
    waits(9.967, 10.15)
    expect(more()).toBe(before)
  })
  test('with each picture after that has one ill, not many', () => {
    const { waits, more } = playing()
    waits(9.9, 10.1)
    vi.advanceTimersByTime(5000)
    waitsAtEach(waits, 20, 67)
    expect(more()).toBe(0.04)
  })
  test('again and again is left more each time, however short the pauses between', () => {
    const { waits, more } = playing()
    waits(9.9, 10.1)
    vi.advanceTimersByTime(5000)
    waitsAtEach(waits, 30, 500)
    expect(more()).toBe(0.12)
  })
  test('because it was told to go elsewhere, or has not begun, lacks nothing', () => {
    const { waits, video, more } = playing()
    video.seeking = true
    waits(9.967, 10)
    expect(more()).toBe(0)
    const other = playing({ moved: false })
    other.waits(9.967, 10)
    expect(other.more()).toBe(0)
  })
  test('while nobody sees it lacks nothing', () => {
    const { waits, see, more } = playing()
    see(false)
    waits(9.967, 10)
    expect(more()).toBe(0)
  })
  test('after it was let go of is no longer listened to', () => {
    const { waits, keeper, more } = playing()
    keeper.close()
    waits(9.967, 10)
    expect(more()).toBe(0)
  })
})

describe('a live video that begins', () => {
  const buffered = (video: { buffered: object }, start: number, end: number): void =>
    void (video.buffered = { length: 1, start: () => start, end: () => end })
  test('nearer to the end of a long part than the next is away goes back in it, once', () => {
    const { video, keeper } = playing({ startS: (part) => Math.max(1.2, part + 0.5) })
    buffered(video, 4, 14)
    video.currentTime = 12.8
    keeper.appended(10)
    video.seeking = true
    keeper.look()
    expect(video.currentTime).toBe(12.8)
    video.seeking = false
    keeper.look()
    expect(video.currentTime).toBe(4)
    // Later it is where it has come to by playing.
    video.currentTime = 13.5
    keeper.look()
    expect(video.currentTime).toBe(13.5)
  })
  test('near enough stays where it is', () => {
    const { video, keeper } = playing({ startS: () => 1.2 })
    buffered(video, 4, 6)
    video.currentTime = 4.9
    keeper.appended(1)
    keeper.look()
    expect(video.currentTime).toBe(4.9)
  })
  test('or was sent elsewhere forgets what was left to play there', () => {
    const { video, keeper } = playing()
    buffered(video, 5, 11)
    video.currentTime = 5
    keeper.appended(6)
    video.currentTime = 10.86
    video.dispatchEvent(new Event('seeking'))
    keeper.look()
    expect(video.playbackRate).toBe(1)
  })
  test('and is seen again after a while is at its end at once', () => {
    const { video, keeper, see } = playing()
    buffered(video, 5, 10.2)
    keeper.appended(0.08)
    see(false)
    buffered(video, 5, 12.2)
    keeper.appended(0.08)
    expect(video.currentTime).toBe(10)
    see(true)
    expect(video.currentTime).toBeCloseTo(12.06)
  })
})
