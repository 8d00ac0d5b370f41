/** The picture's own proof over time: which keyframe is believed, and when. */
import { describe, expect, test } from 'vitest'
import { type Still, createFreshStill, createPictureProof } from '../../server/camera/framing/picture-proof.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const CAMERA = 'cam-1' as CameraId
const PRESET = 'bar' as PresetToken
const PLACE = { agreement: 0.9, shift: { x: 0, y: 0 }, tiles: 40 }
const MOVING = { agreement: 0.9, shift: { x: 0.06, y: 0 }, tiles: 40 }

/**
 * @param everyMs between keyframes; null when none comes.
 * @param shows the match of the keyframe that arrived so long after the look began.
 */
function watch({
  everyMs,
  shows,
  taught = 1,
  frozen = null,
  until = Number.POSITIVE_INFINITY,
}: {
  everyMs: number | null
  shows: (afterMs: number) => typeof PLACE
  taught?: number
  /** Told to be; and whether it is so still. */ frozen?: 'still' | 'before' | null
  /** The camera falls silent then. */ until?: number
}) {
  const clock = createFakeClock()
  const begun = clock.now()
  const still: Still = async () => {
    if (everyMs === null) throw new Failure('live/none', 'none')
    const at = begun + Math.floor(Math.min(clock.now() - begun, until) / everyMs) * everyMs - 1
    return { picture: new TextEncoder().encode(String(frozen === 'still' ? 0 : at - begun)), at }
  }
  const seen: number[] = []
  const look = createPictureProof({
    references: { all: async () => Array.from({ length: taught }, () => Buffer.alloc(1)) },
    freshStill: createFreshStill({ still, clock }),
    compare: async (picture) => ({ match: shows(Number(new TextDecoder().decode(picture))), blind: null }),
    isFrozen: () => frozen !== null,
    clock,
  })
  const stop = new AbortController()
  const verdict = look(CAMERA, PRESET, [], stop.signal, (picture) =>
    seen.push(Number(new TextDecoder().decode(picture))),
  )
  return { clock, verdict, seen, stop }
}

describe('the picture of a preset', () => {
  test('proves it with the first keyframe that arrived after the head stood still', async () => {
    const { clock, verdict, seen } = watch({ everyMs: 500, shows: () => PLACE })
    await clock.advance(800)
    expect(await verdict).toEqual({ proves: true, words: null })
    expect(seen).toEqual([499])
  })
  test('of an encoder that is frozen proves nothing, however well it agrees', async () => {
    const { clock, verdict } = watch({ everyMs: 500, shows: () => PLACE, frozen: 'still' })
    await clock.advance(3000)
    expect(await verdict).toMatchObject({ proves: false, compared: false, words: expect.stringMatching(/frozen/) })
  })
  test('of an encoder that was frozen and changes again proves as any other', async () => {
    const { clock, verdict } = watch({ everyMs: 500, shows: () => PLACE, frozen: 'before' })
    await clock.advance(3000)
    expect(await verdict).toEqual({ proves: true, words: null })
  })
  test('that still shows the move, since a camera takes its time to the wire, is looked at again', async () => {
    const { clock, verdict, seen } = watch({ everyMs: 500, shows: (afterMs) => (afterMs < 700 ? MOVING : PLACE) })
    await clock.advance(2500)
    expect(await verdict).toEqual({ proves: true, words: null })
    expect(seen).toEqual([499, 1999])
  })
  test('that goes on disagreeing when the head has settled is believed', async () => {
    const { clock, verdict, seen } = watch({ everyMs: 500, shows: () => MOVING })
    await clock.advance(2500)
    expect(await verdict).toEqual({
      proves: false,
      words: 'The picture is 6 % of its width away from the preset’s reference.',
    })
    expect(seen).toHaveLength(2)
  })
  test('that disagrees and arrived late enough is not looked at twice', async () => {
    const { clock, verdict, seen } = watch({ everyMs: 3000, shows: () => MOVING })
    await clock.advance(3500)
    expect(await verdict).toMatchObject({ proves: false })
    expect(seen).toEqual([2999])
  })
  test('that disagreed so early that it may show the move, and is followed by none, is no verdict', async () => {
    const { clock, verdict, seen } = watch({ everyMs: 500, shows: () => MOVING, until: 600 })
    await clock.advance(9000)
    expect(await verdict).toEqual({
      proves: false,
      compared: false,
      words: 'No new picture came to compare with the reference.',
    })
    expect(seen).toEqual([499])
  })
  test('that does not come says so', async () => {
    const none = watch({ everyMs: null, shows: () => PLACE })
    await none.clock.advance(7000)
    expect(await none.verdict).toEqual({
      proves: false,
      compared: false,
      words: 'No new picture came to compare with the reference.',
    })
  })
  test('is no longer wanted when somebody else has the head', async () => {
    const { verdict, stop, seen } = watch({ everyMs: 500, shows: () => PLACE })
    stop.abort()
    expect(await verdict).toMatchObject({ proves: false })
    expect(seen).toEqual([])
  })
  test('of which nothing was taught claims nothing', async () =>
    expect(await watch({ everyMs: 500, shows: () => PLACE, taught: 0 }).verdict).toBeNull())
})
