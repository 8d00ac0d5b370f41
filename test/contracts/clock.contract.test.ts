import { describe, expect, test } from 'vitest'
import { type Clock, realClock } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const fake = createFakeClock()
const clocks: [string, Clock, (ms: number) => Promise<void>][] = [
  ['the real clock', realClock, (ms) => new Promise((resolve) => setTimeout(resolve, ms))],
  ['the fake clock', fake, fake.advance],
]

describe.each(clocks)('%s', (_, clock, pass) => {
  test('sleeps as long as it was asked to', async () => {
    const before = clock.monotonic()
    let awake = false
    const sleeping = clock.sleep(60).then(() => (awake = true))
    await pass(5)
    expect(awake).toBe(false)
    await pass(80)
    await sleeping
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(59)
  })
  test('is woken by the signal, without an error', async () => {
    const stop = new AbortController()
    const sleeping = clock.sleep(60_000, stop.signal)
    stop.abort()
    await sleeping
  })
  test('does not fall asleep when the signal has fired already', () => clock.sleep(60_000, AbortSignal.abort()))
  test('moves on', async () => {
    const [wall, monotonic] = [clock.now(), clock.monotonic()]
    await pass(20)
    expect(clock.now()).toBeGreaterThan(wall)
    expect(clock.monotonic()).toBeGreaterThan(monotonic)
  })
})
