import { describe, expect, test } from 'vitest'
import { type Look, startBlindWatch } from '../../server/camera/watch/blind-watch.ts'
import type { Blindness, CameraId } from '../../server/glossary/camera.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const [A, B] = ['a', 'b'] as [CameraId, CameraId]
function watch(looks: Record<string, () => Look>, all: CameraId[] = [A, B]) {
  const clock = createFakeClock()
  const seen: [string, Blindness | null][] = []
  const visited: string[][] = []
  const errors: unknown[] = []
  const watching = startBlindWatch({
    cameras: () => all,
    async glimpse(cameras) {
      visited.push(cameras)
      return cameras.map((camera) => (looks[camera] ? { pixels: Buffer.from(camera), at: clock.now() } : null))
    },
    look: async (pictures) =>
      pictures.map((picture) => looks[Buffer.from(picture).toString()]?.() ?? { blind: null, print: '' }),
    onSeen: (camera, blind) => seen.push([camera, blind]),
    onError: (error) => errors.push(error),
    clock,
  })
  const close = async (): Promise<void> => {
    const closing = watching.close()
    await clock.advance(30_000)
    await closing
    expect(errors).toEqual([])
  }
  return { clock, seen, visited, close }
}
const pass = async (clock: ReturnType<typeof createFakeClock>, seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i += 1) await clock.advance(1000)
}

describe('looking at every camera now and then', () => {
  test('says what it sees of each', async () => {
    const { clock, seen, close } = watch({
      a: () => ({ blind: null, print: String(Math.random()) }),
      b: () => ({ blind: 'covered', print: 'x' }),
    })
    await pass(clock, 26)
    expect(seen).toEqual([
      ['a', null],
      ['b', 'covered'],
      ['a', null],
      ['b', 'covered'],
    ])
    await close()
  })
  test('a picture that stays the same to the last pixel is frozen, but not at once; within a minute', async () => {
    const { clock, seen, close } = watch({ a: () => ({ blind: null, print: 'same' }) })
    await pass(clock, 60)
    const mine = seen.filter(([camera]) => camera === 'a').map(([, blind]) => blind)
    expect(mine[0]).toBeNull()
    expect(mine.at(-1)).toBe('frozen')
    await close()
  })
  test('a camera without a picture costs the others nothing', async () => {
    const { clock, seen, close } = watch({ b: () => ({ blind: null, print: 'b' }) })
    await pass(clock, 26)
    expect(seen).toEqual([
      ['b', null],
      ['b', expect.anything()],
    ])
    await close()
  })
  test('two hundred and fifty are all seen twice in a minute, sixteen at a time, spread over it', async () => {
    const all = Array.from({ length: 250 }, (_, i) => `cam-${i}` as CameraId)
    const { clock, visited, seen, close } = watch(
      Object.fromEntries(all.map((id) => [id, () => ({ blind: 'dark' as const, print: id })])),
      all,
    )
    await pass(clock, 2)
    expect(visited.length).toBeLessThan(4)
    await pass(clock, 52)
    expect(Math.max(...visited.map(({ length }) => length))).toBe(16)
    for (const id of all) expect(seen.filter(([camera]) => camera === id).length).toBeGreaterThanOrEqual(2)
    await close()
  })
})
