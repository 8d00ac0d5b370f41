import { describe, expect, test } from 'vitest'
import { createSmallStream } from '../../web-components/lamppost-player/small-stream.ts'

const view = { camera: 'a', wanted: true }
function watch() {
  const stream = createSmallStream()
  let now = 0
  return {
    stream,
    /** Looked at ten times a second. */
    pass(seconds: number, change: { camera?: string; wanted?: boolean; blameless?: boolean } = {}): void {
      for (let i = 0; i < seconds * 10; i += 1) stream.look({ ...view, blameless: false, ...change }, (now += 100))
    },
  }
}

describe('the small stream of a small view', () => {
  test('is taken where it is wanted, and left when it brings nothing for eight seconds', () => {
    const { stream, pass } = watch()
    expect([stream.takes(view), stream.takes({ ...view, wanted: false })]).toEqual([true, false])
    pass(7)
    expect(stream.takes(view)).toBe(true)
    pass(2)
    expect(stream.takes(view)).toBe(false)
  })
  test('is not blamed for a server that is away, a page that nobody sees, or a reason that is asked for', () => {
    const { stream, pass } = watch()
    pass(600, { blameless: true })
    pass(7)
    pass(1, { blameless: true })
    pass(7)
    expect(stream.takes(view)).toBe(true)
  })
  test('is tried again after ten minutes', () => {
    const { stream, pass } = watch()
    pass(9)
    pass(590)
    expect(stream.takes(view)).toBe(false)
    pass(15)
    expect(stream.takes(view)).toBe(true)
  })
  test('of another camera is another one: neither its failure nor its waiting counts', () => {
    const { stream, pass } = watch()
    pass(7)
    pass(7, { camera: 'b' })
    expect(stream.takes({ camera: 'b', wanted: true })).toBe(true)
    pass(2, { camera: 'b' })
    expect(stream.takes({ camera: 'b', wanted: true })).toBe(false)
    pass(1)
    expect(stream.takes(view)).toBe(true)
  })
  test('that the browser refuses is left at once', () => {
    const { stream } = watch()
    stream.fail('a', 0)
    expect(stream.takes(view)).toBe(false)
  })
})
