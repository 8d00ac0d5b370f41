/** How far the shown picture of a live stream is ahead of the playhead, with a video that shows what it is told to. */
import { describe, expect, test } from 'vitest'
import { watchShown } from '../../web-components/lamppost-player/shown-picture.ts'

type OnFrame = (now: number, metadata: { mediaTime: number }) => void

function liveVideo() {
  const wishes = new Map<number, OnFrame>()
  let wished = 0
  const video = Object.assign(new EventTarget(), {
    currentTime: 10,
    requestVideoFrameCallback: (onFrame: OnFrame) => (wishes.set((wished += 1), onFrame), wished),
    cancelVideoFrameCallback: (wish: number) => wishes.delete(wish),
  })
  const show = (mediaTime: number): void => {
    const asked = [...wishes.values()]
    wishes.clear()
    for (const onFrame of asked) onFrame(0, { mediaTime })
  }
  return { video, element: video as unknown as HTMLVideoElement, show, wishes }
}

describe('the picture that is shown', () => {
  test('is told with how far it is ahead, and falls back as the playhead moves', () => {
    const { video, element, show } = liveVideo()
    const heard: number[] = []
    const shown = watchShown(element, (ahead) => heard.push(ahead))
    expect(shown.ahead()).toBe(0)
    show(10.5)
    expect(heard).toEqual([0.5])
    video.currentTime = 10.4
    expect(shown.ahead()).toBeCloseTo(0.1)
    show(10.6)
    expect(heard).toHaveLength(2)
  })
  test.each(['seeking', 'emptied'])('says nothing after %s', (event) => {
    const { video, element, show } = liveVideo()
    const shown = watchShown(element, () => {})
    show(12)
    video.dispatchEvent(new Event(event))
    expect(shown.ahead()).toBe(0)
    show(10.1)
    expect(shown.ahead()).toBeCloseTo(0.1)
  })
  test('is not listened to once it is closed', () => {
    const { video, element, show, wishes } = liveVideo()
    const heard: number[] = []
    const shown = watchShown(element, (ahead) => heard.push(ahead))
    show(10.1)
    shown.close()
    expect(wishes.size).toBe(0)
    video.dispatchEvent(new Event('seeking'))
    expect(heard).toHaveLength(1)
    expect(shown.ahead()).toBeCloseTo(0.1)
  })
  test('is believed to be on time where the browser does not tell', () => {
    const shown = watchShown(new EventTarget() as HTMLVideoElement, () => {})
    expect(shown.ahead()).toBe(0)
    shown.close()
  })
})
