import { describe, expect, test } from 'vitest'
import type { LiveStartBytes } from '../../server/clip/live/live-pictures.ts'
import { createLiveWatchers } from '../../server/clip/live/live-watchers.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import { Failure } from '../../server/tools/failure.ts'

const CAM = 'cam' as CameraId
const part = (index: number, run = 0) => ({
  run,
  number: 5,
  index,
  start: 0,
  part: { bytes: Buffer.from(String(index)), duration: 0.08, independent: index === 0, at: 0 },
})
const start = (index: number, run = 0): LiveStartBytes => ({
  run,
  partTarget: 0.09,
  number: 5,
  index,
  start: 0,
  parts: [],
  before: [],
  init: Buffer.alloc(0),
  codec: 'avc1',
})
const settle = () => new Promise((resolve) => setImmediate(resolve))

function room() {
  const asked: ((found: LiveStartBytes | null) => void)[] = []
  const heard: string[] = []
  const watchers = createLiveWatchers({
    watch: () => new Promise((resolve) => asked.push(resolve)),
    unwatch: async () => void heard.push('unwatched'),
    onError: () => {},
  })
  const viewer = watchers.watch(CAM, 'copy', {
    begin: ({ index }) => heard.push(`begin ${index}`),
    part: ({ index }) => heard.push(`part ${index}`),
    gone: () => heard.push('gone'),
  })
  return { asked, heard, watchers, viewer }
}

describe('who follows a camera', () => {
  test('hears what was told while the beginning was on its way, once and in order', async () => {
    const { asked, heard, watchers } = room()
    watchers.news(CAM, 'copy', part(3))
    watchers.news(CAM, 'copy', part(4))
    asked[0]?.(start(3))
    await settle()
    watchers.news(CAM, 'copy', part(5))
    expect(heard).toEqual(['begin 3', 'part 4', 'part 5'])
  })
  test('begins once when the video thread dies while a beginning is on its way', async () => {
    const { asked, heard, watchers } = room()
    watchers.restart()
    asked[0]?.(null)
    await settle()
    watchers.news(CAM, 'copy', part(1))
    asked[1]?.(start(0))
    await settle()
    expect(heard).toEqual(['begin 0', 'part 1'])
  })
  test('begins again when the recorder does, and is told of the time between', async () => {
    const { asked, heard, watchers } = room()
    asked[0]?.(start(0))
    await settle()
    watchers.news(CAM, 'copy', null)
    watchers.news(CAM, 'copy', part(0, 1))
    asked[1]?.(start(0, 1))
    await settle()
    expect(heard).toEqual(['begin 0', 'gone', 'begin 0'])
  })
  test('hears why it is refused; what is broken in here is not its business', async () => {
    const told: (string | undefined)[] = []
    const errors: unknown[] = []
    const answers = [new Failure('live/none', 'Four are converted already.'), new Error('the thread is gone')]
    const watchers = createLiveWatchers({
      watch: () => Promise.reject(answers.shift()),
      unwatch: async () => {},
      onError: (error) => errors.push(error),
    })
    for (const camera of ['one', 'two'])
      watchers.watch(camera as CameraId, 'h264', {
        begin: () => {},
        part: () => {},
        gone: (why) => told.push(why?.message),
      })
    await settle()
    expect(told).toEqual(['Four are converted already.', undefined])
    expect(errors).toEqual([new Error('the thread is gone')])
  })
  test('that leaves hears nothing more, and the last one lets the camera go', async () => {
    const { asked, heard, watchers, viewer } = room()
    viewer.leave()
    asked[0]?.(start(0))
    await settle()
    watchers.news(CAM, 'copy', part(1))
    expect(heard).toEqual(['unwatched'])
  })
})
