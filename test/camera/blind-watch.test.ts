import { describe, expect, test } from 'vitest'
import { type Look, startBlindWatch } from '../../server/camera/blind-watch.ts'
import type { Blindness, CameraId } from '../../server/glossary/camera.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const [A, B] = ['a', 'b'] as [CameraId, CameraId]
function watch(looks: Record<string, () => Look>) {
  const clock = createFakeClock()
  const seen: [string, Blindness | null][] = []
  const visited: string[] = []
  const watching = startBlindWatch({
    cameras: () => [A, B],
    still: async (camera) => {
      visited.push(camera)
      if (!looks[camera]) throw new Error('no picture')
      return { picture: Buffer.from(camera), at: clock.now() }
    },
    look: async (picture) => looks[Buffer.from(picture).toString()]?.() ?? { blind: null, print: '' },
    onSeen: (camera, blind) => seen.push([camera, blind]),
    clock,
  })
  return { clock, seen, visited, watching }
}

describe('looking at every camera now and then', () => {
  test('goes round, and says what it sees', async () => {
    const { clock, seen, watching } = watch({ a: () => ({ blind: null, print: String(Math.random()) }), b: () => ({ blind: 'covered', print: 'x' }) })
    for (let i = 0; i < 3; i += 1) await clock.advance(3000)
    expect(seen.slice(0, 3)).toEqual([['a', null], ['b', 'covered'], ['a', null]])
    const closing = watching.close()
    await clock.advance(3000)
    await closing
  })
  test('a picture that stays the same to the last pixel is frozen, but not at once', async () => {
    const { clock, seen, watching } = watch({ a: () => ({ blind: null, print: 'same' }) })
    for (let i = 0; i < 10; i += 1) await clock.advance(3000)
    const mine = seen.filter(([camera]) => camera === 'a').map(([, blind]) => blind)
    expect(mine[0]).toBeNull()
    expect(mine.at(-1)).toBe('frozen')
    const closing = watching.close()
    await clock.advance(3000)
    await closing
  })
  test('a camera without a picture costs the others nothing', async () => {
    const { clock, visited, seen, watching } = watch({ b: () => ({ blind: null, print: 'b' }) })
    for (let i = 0; i < 4; i += 1) await clock.advance(3000)
    expect(visited.slice(0, 4)).toEqual(['a', 'b', 'a', 'b'])
    expect(seen.every(([camera]) => camera === 'b')).toBe(true)
    const closing = watching.close()
    await clock.advance(3000)
    await closing
  })
})
