/** A page that did not run tells no press. */
import type { ReactiveControllerHost } from 'lit'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SleepWatch, sleptSince } from '../../web-components/lamppost-wall/sleep-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open() {
  let updates = 0
  const host = { addController() {}, requestUpdate: () => void (updates += 1) } as unknown as ReactiveControllerHost
  const watch = new SleepWatch(host)
  watch.hostConnected()
  return { watch, updates: (): number => updates }
}
/** The clock goes on, and the page does not. */
const sleep = (ms: number): void => void vi.setSystemTime(Date.now() + ms)

test('a second late is a busy machine, half a minute is a sleep', () => {
  expect([sleptSince(1000, 2000), sleptSince(1000, 10_900)]).toEqual([null, null])
  expect(sleptSince(1000, 31_000)).toEqual({ from: 1000, to: 31_000 })
})
test('it is said from the page’s last moment to its next one, and not for ever', () => {
  const { watch, updates } = open()
  vi.advanceTimersByTime(3000)
  expect([watch.last, updates()]).toEqual([null, 0])
  const from = Date.now()
  sleep(60_000)
  vi.advanceTimersByTime(1000)
  expect(watch.last).toEqual({ from, to: from + 61_000 })
  expect(updates()).toBe(1)
  vi.advanceTimersByTime(120_000)
  expect(watch.last).toBe(null)
})
test('a tab that is woken once a minute has slept since the first time', () => {
  const { watch } = open()
  const from = Date.now()
  for (let minute = 0; minute < 5; minute += 1) {
    sleep(59_000)
    vi.advanceTimersByTime(1000)
  }
  expect(watch.last).toEqual({ from, to: from + 300_000 })
})
test('who has read it does not read it again, and the next sleep is said anew', () => {
  const { watch } = open()
  sleep(60_000)
  vi.advanceTimersByTime(1000)
  watch.forget()
  expect(watch.last).toBe(null)
  const from = Date.now()
  sleep(60_000)
  vi.advanceTimersByTime(1000)
  expect(watch.last?.from).toBe(from)
})
test('a wall that is taken out of its page and put back has not slept', () => {
  const { watch } = open()
  watch.hostDisconnected()
  sleep(600_000)
  watch.hostConnected()
  vi.advanceTimersByTime(5000)
  expect(watch.last).toBe(null)
})
