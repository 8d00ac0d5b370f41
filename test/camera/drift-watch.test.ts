import { describe, expect, test } from 'vitest'
import { type DriftPort, isQuiet, startDriftWatch } from '../../server/camera/watch/drift-watch.ts'
import type { Judgement } from '../../server/camera/framing/framing-proof.ts'
import type { CameraId, PresetCheck, PresetToken } from '../../server/glossary/camera.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const A = { camera: 'a' as CameraId, token: '1' as PresetToken }
const B = { camera: 'b' as CameraId, token: '2' as PresetToken }
const AGREES: Judgement = { state: 'framed', proofs: ['accepted', 'stopped', 'position', 'picture'], reason: null }

function watch(change: Partial<DriftPort> = {}) {
  const clock = createFakeClock()
  const framed: string[] = []
  const back: string[] = []
  const told: PresetCheck[] = []
  const drift = startDriftWatch({
    clock,
    port: {
      mapped: () => [A, B],
      busy: () => null,
      taught: async () => true,
      lists: () => true,
      frame: async (camera) => (framed.push(camera), AGREES),
      sendBack: async (camera) => void back.push(camera),
      quiet: () => true,
      onChecked: (check) => told.push(check),
      ...change,
    },
  })
  const end = async () => {
    const closing = drift.close()
    await clock.advance(60_000)
    await closing
  }
  return { clock, drift, framed, back, told, end }
}

describe('checking a preset', () => {
  test.each<[PresetCheck['result'], Judgement, boolean]>([
    ['agrees', AGREES, true],
    [
      'drifted',
      {
        state: 'unproven',
        proofs: ['accepted', 'stopped', 'position'],
        reason: 'The picture does not show the place.',
      },
      true,
    ],
    [
      'not-compared',
      {
        state: 'unproven',
        proofs: ['accepted', 'stopped', 'position'],
        reason: 'No new picture came.',
        compared: false,
      },
      true,
    ],
    ['not-taught', { state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null }, false],
    ['gone', { state: 'failed', proofs: [], reason: 'cam has no preset 1 any more.' }, true],
    ['unreached', { state: 'failed', proofs: ['accepted'], reason: 'It stands 12 % away.' }, true],
  ])('%s is told, kept, and the head is sent back', async (result, judgement, taught) => {
    const { drift, told, back, end } = watch({
      frame: async () => judgement,
      taught: async () => taught,
      lists: () => result !== 'gone',
    })
    expect(await drift.check(A)).toMatchObject({ ...A, result })
    expect(drift.last(A.camera, A.token)?.result).toBe(result)
    expect(told).toHaveLength(1)
    expect(back).toEqual(['a'])
    await end()
  })
  test('that got no picture is tried again long before one that agreed', async () => {
    const picture = { now: false }
    const { clock, framed, told, end } = watch({
      mapped: () => [A],
      frame: async (camera) => {
        framed.push(camera)
        return picture.now ? AGREES : { ...AGREES, state: 'unproven', proofs: ['accepted'], compared: false }
      },
    })
    const checksIn = async (hours: number): Promise<number> => {
      const before = framed.length
      for (let minute = 0; minute < hours * 60; minute += 1) await clock.advance(60_000)
      return framed.length - before
    }
    expect(await checksIn(3)).toBeGreaterThan(1)
    expect(new Set(told.map(({ result }) => result))).toEqual(new Set(['not-compared']))
    picture.now = true
    await checksIn(3)
    expect(told.at(-1)?.result).toBe('agrees')
    expect(await checksIn(3)).toBe(0)
    await end()
  })
  test('of a camera that somebody needs is refused with the reason', async () => {
    const { drift, framed, end } = watch({ busy: () => 'an incident holds it' })
    await expect(drift.check(A)).rejects.toMatchObject({
      code: 'camera/held',
      message: expect.stringMatching(/an incident holds it/),
    })
    expect(framed).toEqual([])
    await end()
  })
  test('ends at once when a press needs the camera, says nothing, and leaves the head to the press', async () => {
    const { drift, told, back, end } = watch({
      frame: (_, __, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(AGREES))),
    })
    const checking = drift.check(A)
    const refused = expect(checking).rejects.toMatchObject({ code: 'camera/held' })
    await Promise.resolve()
    drift.yieldTo(A.camera)
    await refused
    expect({ told, back }).toEqual({ told: [], back: [] })
    await end()
  })
})

describe('in quiet hours', () => {
  test('every mapped preset is checked once a day, one after the other', async () => {
    const { clock, framed, end } = watch()
    await clock.advance(10 * 60_000)
    expect(framed).toEqual(['a', 'b'])
    await clock.advance(24 * 3_600_000)
    expect(framed).toEqual(['a', 'b', 'a', 'b'])
    await end()
  })
  test('a busy camera is left for later', async () => {
    let busy: string | null = 'an incident holds it'
    const { clock, framed, end } = watch({ mapped: () => [A], busy: () => busy })
    await clock.advance(10 * 60_000)
    expect(framed).toEqual([])
    busy = null
    await clock.advance(2 * 60_000)
    expect(framed).toEqual(['a'])
    await end()
  })
  test('and at no other time', async () => {
    const { clock, framed, end } = watch({ quiet: () => false })
    await clock.advance(24 * 3_600_000)
    expect(framed).toEqual([])
    await end()
  })
  test.each([
    ['2026-07-01T02:59:00Z', false],
    ['2026-07-01T03:00:00Z', true],
    ['2026-07-01T03:59:00Z', true],
    ['2026-07-01T04:00:00Z', false],
    ['2026-12-01T04:30:00Z', true],
  ])('which are the town’s own: %s is %s for 04:00 to 05:00 in London', (time, quiet) =>
    expect(isQuiet(Date.parse(time), 'Europe/London', { from: '04:00', to: '05:00' })).toBe(quiet),
  )
  test('which may cross midnight', () => {
    expect(isQuiet(Date.parse('2026-12-01T23:30:00Z'), 'Europe/London', { from: '23:00', to: '02:00' })).toBe(true)
    expect(isQuiet(Date.parse('2026-12-01T12:00:00Z'), 'Europe/London', { from: '23:00', to: '02:00' })).toBe(false)
  })
})
