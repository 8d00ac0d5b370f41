/** Several speakers in one call: each hears the others, and never themselves. */
import { describe, expect, test } from 'vitest'
import { createSoundMix } from '../../server/call/sound/sound-mix.ts'
import { SILENCE, toALaw, toLinear } from '../../server/tools/media/g711.ts'

const frame = (sample: number): Uint8Array => new Uint8Array(160).fill(toALaw(sample))
const everybody = (): boolean => true
/** The first sample that each hears. */
const heard = (sounds: Map<string, Uint8Array>): Record<string, number> =>
  Object.fromEntries([...sounds].map(([name, [first = SILENCE]]) => [name, first === SILENCE ? 0 : toLinear(first)]))
function mixOf(...names: string[]) {
  const mix = createSoundMix()
  for (const name of names) mix.join(name)
  return mix
}
const say = (mix: ReturnType<typeof createSoundMix>, name: string, sample: number, frames: number): void => {
  for (let i = 0; i < frames; i += 1) mix.put(name, frame(sample))
}
/** A-law is exact to 3 %. */
const about = (value: number): unknown =>
  expect.closeTo(value, value === 0 ? 1 : Math.ceil(-Math.log10(0.03 * Math.abs(value)) - 0.4))

describe('the mix', () => {
  test('is for each the sum of the others', () => {
    const mix = mixOf('caller', 'operator', 'police')
    say(mix, 'caller', 1000, 3)
    say(mix, 'operator', 2000, 3)
    say(mix, 'police', 4000, 3)
    expect(heard(mix.next(everybody))).toEqual({ caller: about(6000), operator: about(5000), police: about(3000) })
  })
  test('leaves out whom one does not hear: the caller on hold', () => {
    const mix = mixOf('caller', 'operator', 'police')
    for (const [name, sample] of [
      ['caller', 1000],
      ['operator', 2000],
      ['police', 4000],
    ] as const)
      say(mix, name, sample, 3)
    const apart = (listener: string, speaker: string): boolean => listener !== 'caller' && speaker !== 'caller'
    expect(heard(mix.next(apart))).toEqual({ caller: 0, operator: about(4000), police: about(2000) })
  })
  test('does not overflow when all shout', () => {
    const mix = mixOf('a', 'b', 'c', 'd')
    for (const name of ['a', 'b', 'c', 'd']) say(mix, name, 30_000, 3)
    expect(Object.values(heard(mix.next(everybody))).every((sample) => sample > 29_000)).toBe(true)
  })
  test('begins with a speaker once 60 ms lie ready, and is silent when they run dry', () => {
    const mix = mixOf('caller', 'operator')
    say(mix, 'caller', 1000, 2)
    expect(heard(mix.next(everybody)).operator).toBe(0)
    say(mix, 'caller', 1000, 1)
    expect([1, 2, 3, 4].map(() => heard(mix.next(everybody)).operator !== 0)).toEqual([true, true, true, false])
    say(mix, 'caller', 1000, 1)
    // Dry once: it collects again, or each packet that is late would be a click.
    expect(heard(mix.next(everybody)).operator).toBe(0)
  })
  test('does not fall behind a speaker whose clock is fast: never more than 200 ms wait', () => {
    const mix = mixOf('caller', 'operator')
    for (let i = 0; i < 5000; i += 1) {
      // 1 in 50 too many: 20,000 ppm, a hundred times what a bad clock has.
      say(mix, 'caller', 1000, i % 50 === 0 ? 2 : 1)
      mix.next(everybody)
    }
    let left = 0
    while (heard(mix.next(everybody)).operator !== 0) left += 1
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(10)
  })
  test('of packets of any length is 20 ms long', () => {
    const mix = mixOf('caller', 'operator')
    for (let i = 0; i < 12; i += 1) mix.put('caller', frame(1000).subarray(0, 80))
    expect(mix.next(everybody).get('operator')).toHaveLength(160)
  })
  test('keeps nothing of who has left, or was never in it', () => {
    const mix = mixOf('caller', 'operator', 'police')
    say(mix, 'police', 4000, 3)
    mix.leave('police')
    say(mix, 'stranger', 4000, 3)
    expect(heard(mix.next(everybody))).toEqual({ caller: 0, operator: 0 })
  })
  test('says nothing twice, and nothing of a packet that a newer one has overtaken; a source may begin anew', () => {
    const mix = mixOf('caller', 'operator')
    for (const sequence of [1, 2, 2, 4, 3, 30_000, 30_001]) mix.put('caller', frame(1000), sequence)
    let said = 0
    while (heard(mix.next(everybody)).operator !== 0) said += 1
    expect(said).toBe(5)
  })
})
