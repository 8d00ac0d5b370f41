/** What a live video that waits is believed to lack, with a video that plays what it is told to. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSpareWish } from '../../web-components/lamppost-player/edge-governor.ts'
import { createEdgeKeeper } from '../../web-components/lamppost-player/edge-keeper.ts'

type OnFrame = (now: number, metadata: { mediaTime: number }) => void
const LEAST = 0.05

function playing({ moved = true } = {}) {
  let onFrame: OnFrame | null = null
  const video = Object.assign(new EventTarget(), {
    currentTime: 10,
    playbackRate: 1,
    seeking: false,
    buffered: { length: 1, start: () => 5, end: (): number => 10.2 },
    requestVideoFrameCallback: (wish: OnFrame) => ((onFrame = wish), 1),
    cancelVideoFrameCallback: () => {},
  })
  const wish = createSpareWish(LEAST)
  const keeper = createEdgeKeeper({ video: video as unknown as HTMLVideoElement, startS: 0.14, wish, hasMoved: () => moved })
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
  test('after it was let go of is no longer listened to', () => {
    const { waits, keeper, more } = playing()
    keeper.close()
    waits(9.967, 10)
    expect(more()).toBe(0)
  })
})
