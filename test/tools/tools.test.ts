import { describe, expect, test } from 'vitest'
import { createFollowers } from '../../server/tools/process/followers.ts'
import { createKeySieve } from '../../server/tools/key-sieve.ts'
import { lastLocal, localDate, momentOf, nextLocal } from '../../server/tools/local-time.ts'
import { createTokenBuckets } from '../../server/tools/pace/token-bucket.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const LONDON = 'Europe/London'
const iso = (ms: number): string => new Date(ms).toISOString()

describe('a local time of day', () => {
  test.each([
    ['2026-11-24T12:00:00Z', '04:30', '2026-11-25T04:30:00.000Z'],
    ['2026-07-01T12:00:00Z', '04:30', '2026-07-02T03:30:00.000Z'],
    ['2026-11-24T04:29:59Z', '04:30', '2026-11-24T04:30:00.000Z'],
    ['2026-11-24T04:30:00Z', '04:30', '2026-11-25T04:30:00.000Z'],
    // Clocks go forward on 29 March 2026 at 01:00 UTC, back on 25 October at 01:00 UTC.
    ['2026-03-28T12:00:00Z', '04:30', '2026-03-29T03:30:00.000Z'],
    ['2026-10-24T12:00:00Z', '04:30', '2026-10-25T04:30:00.000Z'],
    ['2026-03-28T23:30:00Z', '04:30', '2026-03-29T03:30:00.000Z'],
  ])('comes next after %s for %s at %s', (now, time, expected) =>
    expect(iso(nextLocal(Date.parse(now), LONDON, time))).toBe(expected),
  )
  test('that clocks skip comes once all the same', () => {
    const first = nextLocal(Date.parse('2026-03-28T12:00:00Z'), LONDON, '01:30')
    expect(iso(first)).toBe('2026-03-29T01:30:00.000Z')
    expect(iso(nextLocal(first, LONDON, '01:30'))).toBe('2026-03-30T00:30:00.000Z')
  })
  test('that comes twice is the first of them', () =>
    expect(iso(momentOf('2026-10-25', '01:30', LONDON))).toBe('2026-10-25T00:30:00.000Z'))
  test('was last there no more than a day and an hour ago', () => {
    for (let hour = 0; hour < 24 * 400; hour += 7) {
      const now = Date.parse('2026-01-01T00:10:00Z') + hour * 3_600_000
      const last = lastLocal(now, LONDON, '02:15')
      expect(last).toBeLessThanOrEqual(now)
      expect(now - last).toBeLessThanOrEqual(25 * 3_600_000)
      expect(nextLocal(last, LONDON, '02:15')).toBeGreaterThan(now)
    }
  })
  test('late on the day on which clocks went forward was that day’s', () =>
    expect(iso(lastLocal(Date.parse('2026-03-29T22:59:00Z'), LONDON, '04:30'))).toBe('2026-03-29T03:30:00.000Z'))
  test('is on the place’s own date', () =>
    expect([
      localDate(Date.parse('2026-07-01T23:30:00Z'), LONDON),
      localDate(Date.parse('2026-07-01T02:00:00Z'), 'America/New_York'),
    ]).toEqual(['2026-07-02', '2026-06-30']))
})

describe('a key sieve', () => {
  test('never forgets a key, and says yes wrongly in less than one of fifty', () => {
    const sieve = createKeySieve(2 ** 17)
    const keys = Array.from({ length: 10_000 }, (_, i) => `here\nkey ${i}`)
    keys.forEach(sieve.add)
    expect(keys.every(sieve.mayHave)).toBe(true)
    expect(
      Array.from({ length: 10_000 }, (_, i) => sieve.mayHave(`there\nkey ${i}`)).filter(Boolean).length,
    ).toBeLessThan(200)
  })
  test('is the same after it was saved; what does not fit makes everything worth a look', () => {
    const sieve = createKeySieve(2 ** 12)
    sieve.add('one')
    const again = createKeySieve(2 ** 12)
    again.restore(sieve.save())
    expect([again.mayHave('one'), again.mayHave('two')]).toEqual([true, false])
    again.restore('AAAA')
    expect(again.mayHave('two')).toBe(true)
  })
})

describe('token buckets', () => {
  test('let a burst pass, then so many a second, each on its own', async () => {
    const clock = createFakeClock()
    const buckets = createTokenBuckets({ burst: 3, perSecond: 2, clock })
    const taken = (who: string, count: number) =>
      Array.from({ length: count }, () => buckets.take(who)).filter(Boolean).length
    expect([taken('a', 10), taken('b', 10)]).toEqual([3, 3])
    await clock.advance(1000)
    expect(taken('a', 10)).toBe(2)
    await clock.advance(60_000)
    expect(taken('a', 10)).toBe(3)
  })
  test('forget who has been quiet longest, not who is busy', async () => {
    const clock = createFakeClock()
    const buckets = createTokenBuckets({ burst: 1, perSecond: 0.001, clock })
    buckets.take('busy')
    for (let i = 0; i < 20_000; i += 1) {
      buckets.take(`one of many ${i}`)
      if (i % 100 === 0) buckets.take('busy')
    }
    expect(buckets.take('busy')).toBe(false)
  })
})

describe('what follows the site file', () => {
  test('is tried again when it cannot, and keeps nobody else from following', async () => {
    const clock = createFakeClock()
    const told: string[] = []
    const followers = createFollowers({ clock, onError: (what) => told.push(what) })
    let free = false
    let done = 0
    await followers.follow('the receiver', async () => {
      if (!free) throw new Error('the port is in use')
      done += 1
    })
    await followers.follow('the outbox', async () => void (done += 10))
    expect([told, done]).toEqual([['the receiver'], 10])
    await clock.advance(5000)
    free = true
    await clock.advance(120_000)
    expect(done).toBe(11)
  })
  test('is not tried any more once the site file says something else', async () => {
    const clock = createFakeClock()
    const followers = createFollowers({ clock, onError: () => {} })
    let tries = 0
    await followers.follow('the receiver', async () => {
      tries += 1
      throw new Error('the port is in use')
    })
    await followers.follow('the receiver', async () => {})
    await clock.advance(120_000)
    expect(tries).toBe(1)
  })
})
