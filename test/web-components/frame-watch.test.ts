/**
 * Steps through a recording, with a video that shows pictures as Chromium does: the one at the place it is sent to,
 * drawn again if need be.
 */
import { describe, expect, test } from 'vitest'
import { FrameWatch } from '../../web-components/lamppost-player/frame-watch.ts'

type OnFrame = (now: number, metadata: { mediaTime: number }) => void

/** @param frames when each picture begins, seconds. `loaded`: from where on the browser has them. */
function recording(frames: readonly number[], { loaded = 0, redraws = true } = {}) {
  const video = Object.assign(new EventTarget(), {
    paused: true,
    seeking: false,
    duration: 10,
    place: 0,
    from: loaded,
    waiting: [] as OnFrame[],
    shown: Number.NaN,
    requestVideoFrameCallback: (onFrame: OnFrame) => void video.waiting.push(onFrame),
    /** Draws what lies at its place, or the first after it that is loaded. */
    draw() {
      const at = Math.max(video.place, video.from)
      const found = frames.findLast((frame) => frame <= at + 1e-9) ?? Number.NaN
      if (found === video.shown && !redraws) return
      video.shown = found
      for (const onFrame of video.waiting.splice(0)) onFrame(0, { mediaTime: found })
    },
    buffered: { length: 1, start: () => video.from, end: () => 10 },
  })
  Object.defineProperty(video, 'currentTime', {
    get: () => video.place,
    set(place: number) {
      video.place = place
      video.dispatchEvent(new Event('seeking'))
      video.draw()
    },
  })
  const watch = new FrameWatch()
  const element = video as unknown as HTMLVideoElement
  watch.watch(element)
  return {
    video: element,
    shown: () => video.shown,
    /** It has played until here, and showed every picture on its way; then it was paused. */
    play(to: number, stands = to) {
      video.paused = false
      for (const frame of frames.filter((each) => each <= to)) {
        video.place = frame
        video.draw()
      }
      video.place = stands
      video.paused = true
    },
    step(by: 1 | -1) {
      element.currentTime = watch.neighbour(element, by)
      watch.watch(element)
    },
    load(from: number) {
      video.from = from
      watch.watch(element)
    },
    open() {
      video.place = 0
      video.dispatchEvent(new Event('emptied'))
    },
  }
}
const even = Array.from({ length: 60 }, (_, i) => i / 15)
const near = (value: number) => expect.closeTo(value, 6) as number

describe('a step through a recording', () => {
  test.each([true, false])('is one picture, on and back (the browser draws the same one again: %s)', (redraws) => {
    const here = recording(even, { redraws })
    here.play(2)
    const seen = ([-1, -1, -1, 1, 1, 1, 1] as const).map((by) => (here.step(by), here.shown()))
    expect(seen).toEqual([29, 28, 27, 28, 29, 30, 31].map((i) => near(i / 15)))
  })
  test('counts from the picture that is shown, not from where the video stands', () => {
    const here = recording(even)
    // Paused just before the next picture was drawn.
    here.play(2, 2 + 1.4 / 15)
    here.step(-1)
    expect(here.shown()).toBeCloseTo(29 / 15)
  })
  test.each([true, false])('leads past a place where pictures were lost, on and back (drawn again: %s)', (redraws) => {
    const here = recording(
      even.filter((_, i) => i < 31 || i > 34),
      { redraws },
    )
    here.play(2)
    for (let i = 0; i < 8; i += 1) here.step(1)
    expect(here.shown()).toBeGreaterThan(34.9 / 15)
    for (let i = 0; i < 12; i += 1) here.step(-1)
    expect(here.shown()).toBeLessThan(29 / 15)
  })
  test('waits for what is not loaded yet, and shows it then', () => {
    const here = recording(even, { loaded: 2 })
    here.play(2)
    here.step(-1)
    expect(here.shown()).toBeCloseTo(2)
    here.load(1)
    expect(here.shown()).toBeCloseTo(29 / 15)
  })
  test('ends at either end, and comes back from there at once', () => {
    const here = recording(even)
    here.play(2 / 15)
    for (let i = 0; i < 5; i += 1) here.step(-1)
    expect(here.shown()).toBe(0)
    for (let i = 0; i < 2; i += 1) here.step(1)
    expect(here.shown()).toBeGreaterThan(0.9 / 15)
  })
  test('through another recording knows nothing of the one before', () => {
    const here = recording(even)
    here.play(3)
    here.open()
    here.step(1)
    expect(here.shown()).toBeCloseTo(1 / 15)
  })
})
