import { describe, expect, test } from 'vitest'
import { type Sample, judge } from '../../server/camera/framing-proof.ts'

const PRESET = { pan: 0.5, tilt: -0.1, zoom: 0.2 }
const AWAY = { pan: -0.4, tilt: 0, zoom: 0 }
const DEADLINE = 10_000
const sample = (at: number, position: Sample['position'], moving: boolean | null): Sample => ({ at, position, moving })
const judged = (samples: Sample[], change: Partial<Parameters<typeof judge>[0]> = {}) => judge({ expected: PRESET, samples, moveStatusTrusted: true, deadlineMs: DEADLINE, ...change })

describe('what a camera’s words prove', () => {
  test('nothing but acceptance is known before the first status', () => {
    expect(judged([])).toEqual({ state: 'moving', proofs: ['accepted'], reason: null })
  })
  test('it is framed with three proofs when it has stopped where the preset is', () => {
    expect(judged([sample(100, AWAY, true), sample(900, PRESET, false)])).toEqual({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
  })
  test('a picture that still moves is not framed, even where the preset is', () => {
    expect(judged([sample(800, PRESET, true)]).state).toBe('moving')
  })
  test('position alone is a proof for a camera without MoveStatus', () => {
    expect(judged([sample(900, PRESET, null)], { moveStatusTrusted: false })).toMatchObject({ state: 'framed', proofs: ['accepted', 'position'] })
  })
  test('a MoveStatus that never changed proves nothing about stopping', () => {
    expect(judged([sample(900, PRESET, false)], { moveStatusTrusted: false }).proofs).toEqual(['accepted', 'position'])
  })
  test('a camera that tells no position is framed when it was seen moving and then stopped', () => {
    expect(judged([sample(100, null, true), sample(900, null, false)])).toEqual({ state: 'framed', proofs: ['accepted', 'stopped'], reason: null })
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
  test('standing still for a moment before the motors start is no failure', () => {
    expect(judged([sample(50, AWAY, false), sample(170, AWAY, false)]).state).toBe('moving')
  })
  test('still turning at the deadline is a failure', () => {
    expect(judged([sample(DEADLINE, AWAY, true)])).toMatchObject({ state: 'failed' })
  })
  test('only the axes that both sides name are compared', () => {
    expect(judged([sample(900, { pan: 0.5 }, false)]).proofs).toContain('position')
    expect(judged([sample(900, { zoom: 0.9 }, true)]).state).toBe('moving')
  })
  test('a position that stays the same while the head says that it turns proves nothing, neither that it is there nor that it is not', () => {
    const turned = [sample(100, AWAY, true), sample(600, AWAY, true), ...[800, 1400, 2100].map((at) => sample(at, AWAY, false))]
    expect(judged(turned)).toMatchObject({ state: 'unproven', proofs: ['accepted'], reason: expect.stringMatching(/tells the same position before, meanwhile and after/) })
    // A short step may pass between two looks: it is still believed.
    expect(judged([sample(100, AWAY, true), ...[300, 900, 1600].map((at) => sample(at, AWAY, false))])).toMatchObject({ state: 'failed' })
    // And one that was seen elsewhere tells truly that it is not there.
    expect(judged([sample(100, { ...AWAY, pan: -0.6 }, true), sample(600, AWAY, true), ...[800, 1400, 2100].map((at) => sample(at, AWAY, false))])).toMatchObject({ state: 'failed' })
  })
  test('a zoom that does not agree is not at the preset', () => {
    const wrong = { ...PRESET, zoom: 0.6 }
    expect(judged([0, 700, 1300].map((at) => sample(at, wrong, false)))).toMatchObject({ state: 'failed', reason: expect.stringMatching(/zoom/) })
  })
})
