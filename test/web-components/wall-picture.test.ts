/** The wall's pictures: one stream for many tiles, a closer look, the size of a screen, cameras by name, keys of cards. */
import { expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import { matching } from '../../web-components/lamppost-incident/cameras/camera-picker.ts'
import { WHOLE, moved, zoomed } from '../../web-components/lamppost-player/digital-zoom.ts'
import { steadied, unitOf } from '../../web-components/theme/screen-scale.ts'
import type { CarriedBegin, CarriedPart } from '../../web-components/wall-client/picture-socket.ts'
import { createSharedPicture } from '../../web-components/wall-client/shared-pictures.ts'

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values)
const begin = (): CarriedBegin => ({
  ...{ run: 1, codec: 'avc1', partTarget: 0.2, number: 7, start: 1000, duration: 0.4 },
  before: [
    { number: 5, start: -3000, duration: 2 },
    { number: 6, start: -1000, duration: 2 },
  ],
  init: bytes(9),
  bytes: bytes(1, 2),
})
const part = (number: number, start: number, ...values: number[]): CarriedPart => ({
  ...{ number, start, duration: 0.2, independent: false },
  bytes: bytes(...values),
})
function hearing() {
  const heard: unknown[] = []
  return {
    heard,
    begin: (told: CarriedBegin) =>
      void heard.push(['begin', told.number, told.duration, [...told.bytes], told.before.map(({ number }) => number)]),
    part: (told: CarriedPart) => void heard.push(['part', told.number, [...told.bytes]]),
    gone: (words: string, code: string | null) => void heard.push(['gone', words, code]),
  }
}

test('who joins a stream that runs begins with all that has come of its segment, and hears what the others hear', () => {
  const picture = createSharedPicture()
  const [first, second] = [hearing(), hearing()]
  picture.join(first)
  picture.begin(begin())
  picture.part(part(7, 1000, 3))
  picture.join(second)
  picture.part(part(7, 1000, 4))
  expect(second.heard[0]).toEqual(['begin', 7, expect.closeTo(0.6), [1, 2, 3], [5, 6]])
  expect(second.heard[1]).toEqual(['part', 7, [4]])
  expect(first.heard.map((each) => (each as string[])[0])).toEqual(['begin', 'part', 'part'])
})
test('after a new segment has begun who joins has that one, and the one before in the list', () => {
  const picture = createSharedPicture()
  picture.begin(begin())
  picture.part(part(7, 1000, 3))
  picture.part(part(8, 1600, 5))
  picture.part(part(8, 1600, 6))
  const late = hearing()
  picture.join(late)
  expect(late.heard).toEqual([['begin', 8, expect.closeTo(0.4), [5, 6], [6, 7]]])
})
test('when it is gone all hear it, and who joins then waits for the next beginning', () => {
  const picture = createSharedPicture()
  const [one, late] = [hearing(), hearing()]
  picture.join(one)
  picture.begin(begin())
  picture.gone('covered', null)
  picture.join(late)
  expect([one.heard.at(-1), late.heard]).toEqual([['gone', 'covered', null], []])
  picture.begin(begin())
  expect(late.heard.length).toBe(1)
  expect([picture.leave(one), picture.leave(late)]).toEqual([true, false])
})

test('what is under the pointer stays under it, and no edge comes into the frame', () => {
  const at = { x: 0.25, y: -0.1 }
  const once = zoomed(WHOLE, 2, at)
  // The point of the picture that is there, before and after.
  expect((at.x - once.x) / once.scale).toBeCloseTo(at.x)
  expect((at.y - once.y) / once.scale).toBeCloseTo(at.y)
  expect(moved(once, { x: 5, y: -5 })).toEqual({ scale: 2, x: 0.5, y: -0.5 })
  expect(zoomed(once, 0.1, at)).toEqual({ scale: 1, x: 0, y: 0 })
  expect(zoomed(WHOLE, 100, at).scale).toBe(8)
})
test.each([
  [1280, 720, 1],
  [1920, 1080, 1],
  [3840, 2160, 2],
  [2560, 1440, 1.33],
  [1280, 2160, 1],
  [3840, 1080, 1],
  [390, 844, 1],
])('on %i by %i a unit is %f pixels', (width, height, unit) => expect(unitOf(width, height)).toBe(unit))
test('a scroll bar that comes and goes does not turn the size back and forth', () => {
  expect(steadied(unitOf(3825, 2160), unitOf(3840, 2160))).toBe(2)
  expect(steadied(unitOf(1920, 1080), 2)).toBe(1)
  expect(steadied(1.5, null)).toBe(1.5)
})
test('a camera is found by parts of its name in any order, at most six, and by nothing none is', () => {
  const cameras = [
    'High Row north',
    'High Row south',
    'Skinnergate',
    ...Array.from({ length: 9 }, (_, i) => `Car park ${i}`),
  ].map((name, i) => ({ id: `cam-${i}` as CameraId, name }))
  expect(matching(cameras, 'row high').map(({ name }) => name)).toEqual(['High Row north', 'High Row south'])
  expect(matching(cameras, 'SOUTH').map(({ id }) => id)).toEqual(['cam-1'])
  expect(matching(cameras, 'cam-2').map(({ name }) => name)).toEqual(['Skinnergate'])
  expect(matching(cameras, 'park').length).toBe(6)
  expect(matching(cameras, '  ')).toEqual([])
})
