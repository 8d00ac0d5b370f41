import { describe, expect, test } from 'vitest'
import { type Sample, judge, wayTo } from '../../server/camera/framing/framing-proof.ts'

const PRESET = { pan: 0.5, tilt: -0.1, zoom: 0.2 }
const AWAY = { pan: -0.4, tilt: 0, zoom: 0 }
const DEADLINE = 10_000
const sample = (at: number, position: Sample['position'], moving: boolean | null): Sample => ({ at, position, moving })
const judged = (samples: Sample[], change: Partial<Parameters<typeof judge>[0]> = {}) =>
  judge({ expected: PRESET, samples, moveStatusTrusted: true, deadlineMs: DEADLINE, ...change })

describe('what a camera’s words prove', () => {
  test('nothing but acceptance is known before the first status', () => {
    expect(judged([])).toEqual({ state: 'moving', proofs: ['accepted'], reason: null })
  })
  test('it is framed with three proofs when it has stopped where the preset is', () => {
    expect(judged([sample(100, AWAY, true), sample(900, PRESET, false)])).toEqual({
      state: 'framed',
      proofs: ['accepted', 'stopped', 'position'],
      reason: null,
    })
  })
  test('a picture that still moves is not framed, even where the preset is', () => {
    expect(judged([sample(800, PRESET, true)]).state).toBe('moving')
  })
  test('position alone is a proof for a camera without MoveStatus', () => {
    expect(judged([sample(900, PRESET, null)], { moveStatusTrusted: false })).toMatchObject({
      state: 'framed',
      proofs: ['accepted', 'position'],
    })
  })
  test('a MoveStatus that never changed proves nothing about stopping', () => {
    expect(judged([sample(900, PRESET, false)], { moveStatusTrusted: false }).proofs).toEqual(['accepted', 'position'])
  })
  test('a camera that tells no position is framed when it was seen moving and then stopped', () => {
    expect(judged([sample(100, null, true), sample(900, null, false)])).toEqual({
      state: 'framed',
      proofs: ['accepted', 'stopped'],
      reason: null,
    })
  })
  test('a camera that tells neither is unproven at the deadline, and never framed', () => {
    expect(judged([sample(100, null, null)]).state).toBe('moving')
    const late = judged([sample(100, null, null), sample(DEADLINE, null, null)])
    expect(late).toMatchObject({ state: 'unproven', proofs: ['accepted'] })
    expect(late.reason).toMatch(/neither where it looks nor whether it has stopped/)
  })
  test('standing still away from the preset is a failure that says how far', () => {
    const stuck = [0, 400, 800, 1300].map((at) => sample(at, AWAY, false))
    expect(judged(stuck)).toMatchObject({ state: 'failed', proofs: ['accepted'] })
    expect(judged(stuck).reason).toMatch(/45 % of its range/)
  })
  test('a position of zero on every axis that did not change is no place: a head that does not know where it is tells that, too', () => {
    const zero = { pan: 0, tilt: 0, zoom: 0 }
    const at = (position: Sample['position'], moving: boolean | null) =>
      [0, 400, 800, 1300].map((ms) => sample(ms, position, moving))
    expect(judged(at(zero, false), { moveStatusTrusted: false })).toMatchObject({
      state: 'unproven',
      proofs: ['accepted'],
      reason: expect.stringMatching(/zero on every axis/),
    })
    expect(
      judged([sample(100, zero, true), ...at(zero, false).map((each) => ({ ...each, at: each.at + 200 }))]),
    ).toMatchObject({ state: 'unproven' })
    expect(judged(at(zero, false))).toMatchObject({ state: 'unproven' })
    expect(
      judged(at({ pan: 0, tilt: 0 }, null), { expected: { pan: 0.5, tilt: -0.1 }, moveStatusTrusted: false }).state,
    ).toBe('unproven')
    // Where the preset is there, it is the preset's; and who was seen elsewhere tells truly.
    expect(judged(at(zero, false), { expected: zero })).toMatchObject({ state: 'framed' })
    expect(
      judged([sample(0, AWAY, false), ...at(zero, false).map((each) => ({ ...each, at: each.at + 200 }))]),
    ).toMatchObject({ state: 'failed' })
    expect(judged(at({ ...zero, tilt: 0.01 }, false)).state).toBe('failed')
    // A head that was never seen at two places may stand at zero and turn late.
    expect(judged(at(zero, null), { positionTrusted: false, moveStatusTrusted: false }).state).toBe('moving')
  })
  test('standing still for a moment before the motors start is no failure', () => {
    expect(judged([sample(50, AWAY, false), sample(170, AWAY, false)]).state).toBe('moving')
  })
  test('still turning at the deadline is a failure', () => {
    expect(judged([sample(DEADLINE, AWAY, true)])).toMatchObject({ state: 'failed' })
  })
  describe('an axis that only one of camera and preset names', () => {
    const still = (position: Sample['position']) => [100, 700, 1500, 2100].map((at) => sample(at, position, null))
    const blind = { moveStatusTrusted: false, deadlineMs: 2000 }
    test.each<[string, Sample['position'], Sample['position']]>([
      ['a status of zoom alone', PRESET, { zoom: 0.2 }],
      ['a preset of zoom alone', { zoom: 0.2 }, PRESET],
      ['zoom alone on both sides', { zoom: 0.2 }, { zoom: 0.2 }],
      ['a status of pan alone', PRESET, { pan: 0.5 }],
      ['a status without tilt', PRESET, { pan: 0.5, zoom: 0.2 }],
      ['a status without zoom', PRESET, { pan: 0.5, tilt: -0.1 }],
      ['a preset without zoom', { pan: 0.5, tilt: -0.1 }, PRESET],
      ['tilt and zoom without pan', { tilt: -0.1, zoom: 0.2 }, { tilt: -0.1, zoom: 0.2 }],
    ])('%s: an agreement of the others proves nothing', (_, expected, position) => {
      expect(judged(still(position), { ...blind, expected })).toMatchObject({
        state: 'unproven',
        reason: expect.stringMatching(/cannot be compared/),
      })
    })
    test('a difference in another is one all the same', () => {
      expect(judged(still({ pan: -0.5 }), blind)).toMatchObject({ state: 'failed' })
      expect(judged(still({ zoom: 0.9 }), blind)).toMatchObject({ state: 'failed' })
    })
    test('an axis that neither names is none: a head that cannot zoom', () => {
      const expected = { pan: 0.5, tilt: -0.1 }
      expect(judged(still(expected), { ...blind, expected }).state).toBe('framed')
    })
  })
  describe('a head that tells the place that it was sent to', () => {
    const quick = [3, 120, 600, 1300].map((at) => sample(at, PRESET, null))
    const blind = { moveStatusTrusted: false }
    test('sooner than any head turns proves nothing by it, and its reason says so', () => {
      expect(judged(quick, { ...blind, from: AWAY })).toMatchObject({
        state: 'unproven',
        proofs: ['accepted'],
        reason: expect.stringMatching(/sooner than any head turns/),
      })
      expect(judged(quick.slice(0, 2), { ...blind, from: AWAY }).state).toBe('moving')
      const idle = quick.map((each) => ({ ...each, moving: false }))
      expect(judged(idle, { from: AWAY }).state).toBe('unproven')
    })
    test('is framed where it was seen moving and has stopped, by that alone', () => {
      const moved = [sample(3, PRESET, true), sample(900, PRESET, true), sample(1300, PRESET, false)]
      expect(judged(moved, { from: AWAY })).toMatchObject({ state: 'framed', proofs: ['accepted', 'stopped'] })
    })
    test('is remembered, until it is seen on its way', () => {
      const there = quick.map(({ at }) => sample(at + 2000, PRESET, null))
      expect(judged(there, { ...blind, from: PRESET, follows: false }).state).toBe('unproven')
      const seen = [sample(100, { ...PRESET, pan: 0 }, null), sample(900, PRESET, null)]
      expect(judged(seen, { ...blind, from: AWAY, follows: false })).toMatchObject({ state: 'framed' })
      expect(wayTo(PRESET, seen, AWAY)).toBe('seen')
      expect(wayTo(PRESET, quick, AWAY)).toBe('too-soon')
    })
    test('is none that was seen on its way before: it was we who did not know where it was', () => {
      for (const from of [AWAY, null])
        expect(judged(quick, { ...blind, from, follows: true })).toMatchObject({ state: 'framed' })
    })
    test.each([
      ['was there before', PRESET],
      ['was next to it', { ...PRESET, pan: PRESET.pan + 0.03, zoom: PRESET.zoom + 0.03 }],
      ['was not asked where it was', undefined],
    ] as const)('is none that %s', (_, from) => {
      expect(judged(quick, { ...blind, from }).state).toBe('framed')
      expect(wayTo(PRESET, quick, from)).toBeNull()
    })
    const UNSEEN = /was not seen on its way: it may tell where it was sent/
    test.each<[string, Sample[], Partial<typeof AWAY>]>([
      ['had the time', quick.map(({ at }) => sample(at + 700, PRESET, null)), AWAY],
      [
        'told where it was once more',
        [sample(3, AWAY, null), ...quick.map(({ at }) => sample(at + 700, PRESET, null))],
        AWAY,
      ],
      ['only zoomed', quick, { ...PRESET, zoom: 0.9 }],
      [
        'was sent elsewhere by somebody else',
        [sample(3, { ...AWAY, pan: -0.8 }, null), ...quick.map(({ at }) => sample(at + 700, PRESET, null))],
        AWAY,
      ],
    ])('may be one that %s, and was seen at no place between', (_, samples, from) => {
      const unproven = { state: 'unproven', proofs: ['accepted'], reason: expect.stringMatching(UNSEEN) }
      expect(judged(samples, { ...blind, from })).toMatchObject(unproven)
      expect(
        judged(
          samples.map((each) => ({ ...each, moving: false })),
          { from },
        ),
      ).toMatchObject(unproven)
      expect(wayTo(PRESET, samples, from)).toBe('unseen')
      // It is known to follow its motors.
      expect(judged(samples, { ...blind, from, follows: true }).state).toBe('framed')
    })
    test('is none that had said yes and still told where it was, as one does whose position comes when it has stopped', () => {
      const late = quick.map(({ at }) => sample(at + 700, PRESET, null))
      const before = sample(120, AWAY, null)
      expect(wayTo(PRESET, [{ ...before, afterYes: true }, ...late], AWAY)).toBe('seen')
      expect(wayTo(PRESET, [{ ...before, afterYes: false }, ...late], AWAY)).toBe('unseen')
      expect(judged([{ ...before, afterYes: true }, ...late], { ...blind, from: AWAY, follows: false }).state).toBe(
        'framed',
      )
    })
    test('is none whose MoveStatus tells the same move', () => {
      const told = [sample(900, AWAY, true), sample(2900, PRESET, false)]
      expect(judged(told, { from: AWAY, follows: false })).toMatchObject({
        state: 'framed',
        proofs: ['accepted', 'stopped', 'position'],
      })
    })
    test('is none of a short move that is told a little before its end', () => {
      const near = { ...PRESET, pan: PRESET.pan + 0.012 }
      expect(wayTo(PRESET, [sample(30, { ...PRESET, pan: PRESET.pan + 0.0099 }, null)], near)).toBeNull()
    })
    test('at once, of a head of which nobody knows where it was, proves nothing by it', () => {
      expect(judged(quick, { ...blind, from: null })).toMatchObject({ state: 'unproven' })
      expect(wayTo(PRESET, quick, null)).toBe('from-nowhere')
      // A busy machine, or a slow answer, makes no proof of it.
      const later = quick.map(({ at }) => sample(at + 4000, PRESET, null))
      expect(judged(later, { ...blind, from: null })).toMatchObject({
        state: 'unproven',
        reason: expect.stringMatching(UNSEEN),
      })
    })
    test.each([
      [10, 70],
      [30, 150],
      [90, 280],
      [180, 420],
    ])('%i degrees take more than %i ms, for a head of 700 degrees a second', (degrees, ms) => {
      const place = (pan: number) => ({ pan, tilt: 0, panTiltSpace: 'SphericalPositionSpaceDegrees' })
      expect(wayTo(place(degrees), [sample(ms, place(degrees), null)], place(0))).toBe('too-soon')
      expect(wayTo(place(degrees), [sample(ms * 2.5, place(degrees), null)], place(0))).toBe('unseen')
    })
  })
  test(
    'a position that stays the same while the head says that it turns proves ' +
      'nothing, neither that it is there nor that it is not',
    () => {
      const turned = [
        sample(100, AWAY, true),
        sample(600, AWAY, true),
        ...[800, 1400, 2100].map((at) => sample(at, AWAY, false)),
      ]
      expect(judged(turned)).toMatchObject({
        state: 'unproven',
        proofs: ['accepted'],
        reason: expect.stringMatching(/position that it tells stayed the same/),
      })
      // A short step may pass between two looks: it is still believed.
      expect(judged([sample(100, AWAY, true), ...[300, 900, 1600].map((at) => sample(at, AWAY, false))])).toMatchObject(
        {
          state: 'failed',
        },
      )
      // And one that was seen elsewhere tells truly that it is not there.
      expect(
        judged([
          sample(100, { ...AWAY, pan: -0.6 }, true),
          sample(600, AWAY, true),
          ...[800, 1400, 2100].map((at) => sample(at, AWAY, false)),
        ]),
      ).toMatchObject({ state: 'failed' })
    },
  )
  test('a position that is at the preset at once, while the head says that it turns, is where it was sent, not where it is', () => {
    const asked = [100, 500, 900, 1300, 1700].map((at) => sample(at, PRESET, true))
    expect(judged(asked).state).toBe('moving')
    expect(judged([...asked, sample(2100, PRESET, false)])).toMatchObject({
      state: 'framed',
      proofs: ['accepted', 'stopped', 'position'],
    })
    // One that was never seen standing says MOVING for ever; one that was seen on its way tells where it is.
    expect(judged(asked, { moveStatusTrusted: false }).state).toBe('framed')
    expect(judged([sample(50, { ...PRESET, pan: 0 }, true), ...asked], { from: AWAY }).state).toBe('framed')
  })
  test('a head that is seen turning when its time is over is given more, and not for ever', () => {
    const turning = (until: number) =>
      Array.from({ length: until / 400 }, (_, i) =>
        sample((i + 1) * 400, { pan: -0.9 + i * 0.02, tilt: 0, zoom: 0 }, true),
      )
    expect(judged(turning(4400), { deadlineMs: 4000 }).state).toBe('moving')
    expect(judged(turning(12_400), { deadlineMs: 4000 })).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/still moving/),
    })
    expect(
      judged(
        [
          ...turning(3200),
          ...[3600, 4000].map((at) => sample(at, { pan: -0.74, tilt: 0, zoom: 0 }, true)),
          sample(4400, { pan: -0.74, tilt: 0, zoom: 0 }, true),
        ],
        { deadlineMs: 4000 },
      ).state,
    ).toBe('failed')
  })
  test('a zoom that does not agree is not at the preset', () => {
    const wrong = { ...PRESET, zoom: 0.6 }
    expect(judged([0, 700, 1300].map((at) => sample(at, wrong, false)))).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/zoom/),
    })
  })
})
