import { describe, expect, test } from 'vitest'
import type { Entry } from '../../server/glossary/ledger.ts'
import { periodOf } from '../../server/incident/register/press-report.ts'
import { createRegisterFeed } from '../../server/incident/register/register-feed.ts'
import { momentOf } from '../../server/tools/local-time.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { entryMaker } from './register-entries.ts'

/** @param has where the register is at the start */
function feedOf({
  before = [],
  has = { seq: 0, hash: '' },
}: {
  before?: Entry[]
  has?: { seq: number; hash: string }
}) {
  const entries = [...before]
  const applied: number[] = []
  const places: number[] = []
  const errors: unknown[] = []
  const clock = createFakeClock()
  let place = has
  let cleared = 0
  let fails = 0
  let pages = 0
  let isLost = false
  let gate: Promise<void> = Promise.resolve()
  const feed = createRegisterFeed({
    clock,
    ledger: {
      page: async (after, limit) => {
        pages += 1
        return isLost ? [] : entries.filter(({ seq }) => seq > after).slice(0, limit)
      },
      hashAt: async (seq) => entries.find((each) => each.seq === seq)?.hash ?? null,
      head: () => (entries.at(-1)?.seq ?? 0) + (isLost ? 1 : 0),
    },
    register: {
      place: async () => place,
      clear: async () => {
        cleared += 1
        place = { seq: 0, hash: '' }
        applied.length = 0
      },
      async apply(given, now) {
        await gate
        if (fails > 0) {
          fails -= 1
          throw new Error('the disk is full')
        }
        applied.push(...given.map(({ seq }) => seq))
        places.push(now.seq)
        place = now
        return 0
      },
    },
    onError: (error) => errors.push(error),
  })
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    feed,
    clock,
    applied,
    places,
    errors,
    turns,
    cleared: () => cleared,
    place: () => place,
    pages: () => pages,
    loseEntries: () => {
      isLost = true
      pages = 0
    },
    async damage(): Promise<void> {
      place = { seq: 0, hash: '' }
      applied.length = 0
    },
    fail: (times: number) => void (fails = times),
    hold(): () => void {
      let open = (): void => {}
      gate = new Promise((resolve) => (open = resolve))
      return open
    },
    durable(entry: Entry): void {
      entries.push(entry)
      feed.heard(entry)
    },
    /** It became durable, and nobody told. */
    silently: (entry: Entry) => void entries.push(entry),
  }
}

describe('the register is brought up to the ledger', () => {
  test('with what was written before, and then with each entry once', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    town.feed.begin()
    await town.turns()
    town.durable(make.take('inc-1'))
    await town.turns()
    expect(town.applied).toEqual([1, 2, 3])
    expect(town.place().seq).toBe(3)
  })
  test('from where it was, when that is in this ledger', async () => {
    const make = entryMaker()
    const before = make.open('inc-1')
    const town = feedOf({ before, has: { seq: 1, hash: before[0]?.hash ?? '' } })
    town.feed.begin()
    await town.turns()
    expect([town.applied, town.cleared()]).toEqual([[2], 0])
  })
  test.each([
    ['of another ledger', { seq: 1, hash: 'other' }],
    ['ahead of the ledger', { seq: 9, hash: '9'.padStart(64, '0') }],
  ])('anew, when it is %s', async (_, has) => {
    const town = feedOf({ before: entryMaker().open('inc-1'), has })
    town.feed.begin()
    await town.turns()
    expect([town.applied, town.cleared()]).toEqual([[1, 2], 1])
  })
  test('entries of other rooms are passed over, and not read again', async () => {
    const make = entryMaker()
    const town = feedOf({ before: [...make.open('inc-1'), make.entry('house.started', { version: 'x', site: 'x' })] })
    town.feed.begin()
    await town.turns()
    expect(town.applied).toEqual([1, 2])
    expect(town.place().seq).toBe(3)
  })
  test('an entry whose body was damaged is passed over', async () => {
    const make = entryMaker()
    const damaged = { ...make.take('inc-0'), body: null } as unknown as Entry
    const town = feedOf({ before: [damaged, ...make.open('inc-1')] })
    town.feed.begin()
    await town.turns()
    expect(town.applied).toEqual([2, 3])
  })
  test('an entry that nobody told of is read from the ledger before the next', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    town.feed.begin()
    await town.turns()
    town.silently(make.note('inc-1', 'unheard'))
    town.durable(make.note('inc-1', 'heard'))
    await town.turns()
    expect(town.applied).toEqual([1, 2, 3, 4])
  })
  test('what fails is tried again, with nothing left out and nothing twice', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    town.fail(2)
    town.feed.begin()
    await town.turns()
    town.durable(make.take('inc-1'))
    await town.turns()
    expect(town.applied).toEqual([])
    await town.clock.advance(10_000)
    await town.turns()
    await town.clock.advance(10_000)
    await town.turns()
    expect(town.applied).toEqual([1, 2, 3])
    expect(town.errors).toHaveLength(2)
  })

  test('more than it keeps while nothing can be written are read from the ledger, without a gap', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    town.fail(1)
    town.feed.begin()
    await town.turns()
    for (let i = 0; i < 6000; i += 1) town.durable(make.note('inc-1', 'x'))
    await town.clock.advance(10_000)
    for (let i = 0; i < 1500; i += 1) {
      town.durable(make.note('inc-1', 'y'))
      if (i % 100 === 0) await town.turns()
    }
    await town.turns()
    expect(town.applied).toEqual(Array.from({ length: 7502 }, (_, i) => i + 1))
  })
  test('a ledger that gives nothing is asked with pauses', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    town.feed.begin()
    await town.turns()
    town.loseEntries()
    town.feed.again()
    await town.turns()
    expect(town.pages()).toBeLessThan(4)
    expect(String(town.errors[0])).toContain('gives no entry')
  })
  test('what was found damaged is brought whole again', async () => {
    const town = feedOf({ before: entryMaker().open('inc-1') })
    town.feed.begin()
    await town.turns()
    await town.damage()
    town.feed.again()
    await town.turns()
    expect(town.applied).toEqual([1, 2])
  })
})

describe('who looks for something', () => {
  test('waits for what was durable when they asked', async () => {
    const make = entryMaker()
    const town = feedOf({ before: make.open('inc-1') })
    const open = town.hold()
    town.feed.begin()
    let there = false
    const asked = town.feed.upToDate(1000).then(() => (there = true))
    await town.turns()
    expect(there).toBe(false)
    open()
    await asked
    expect(town.applied).toEqual([1, 2])
  })
  test('is told how far it is when years of entries are being read', async () => {
    const town = feedOf({ before: entryMaker().open('inc-1') })
    town.hold()
    town.feed.begin()
    const asked = expect(town.feed.upToDate(1000)).rejects.toMatchObject({
      code: 'register/reading',
      message: expect.stringContaining('0 %'),
    })
    await town.turns()
    await town.clock.advance(1001)
    await asked
  })
  test('is not kept when the town closes, and is not told that it is there', async () => {
    const town = feedOf({ before: entryMaker().open('inc-1') })
    const open = town.hold()
    town.feed.begin()
    const asked = expect(town.feed.upToDate(1000)).rejects.toMatchObject({ code: 'register/reading' })
    const closed = town.feed.close()
    open()
    await asked
    await closed
  })
  test('with less patience does not take others with them', async () => {
    const town = feedOf({ before: entryMaker().open('inc-1') })
    const open = town.hold()
    town.feed.begin()
    const [hasty, patient] = [town.feed.upToDate(10), town.feed.upToDate(60_000)]
    const refused = expect(hasty).rejects.toMatchObject({ code: 'register/reading' })
    await town.turns()
    await town.clock.advance(11)
    await refused
    open()
    await patient
  })
})

describe('a period that somebody asks for', () => {
  const period = (from?: string, to?: string) => {
    const read = periodOf(from, to, 'Europe/London', momentOf)
    return [read.from, read.to].map((moment) => (moment === null ? null : new Date(moment).toISOString()))
  }
  test('a date is the site’s whole day, also when clocks change', () => {
    expect(period('2026-07-01', '2026-07-01')).toEqual(['2026-06-30T23:00:00.000Z', '2026-07-01T23:00:00.000Z'])
    expect(period('2026-10-25', '2026-10-25')).toEqual(['2026-10-24T23:00:00.000Z', '2026-10-26T00:00:00.000Z'])
    expect(period('2026-12-31', '2026-12-31')).toEqual(['2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'])
  })
  test('a moment is that moment', () => {
    expect(period('2026-07-01T21:00:00Z', '2026-07-02T03:00:00+01:00')).toEqual([
      '2026-07-01T21:00:00.000Z',
      '2026-07-02T02:00:00.000Z',
    ])
  })
  test('what is left out is open', () => {
    expect(period()).toEqual([null, null])
    expect(period('2026-07-01')[1]).toBe(null)
  })
  test.each(['2026-02-30', '2026-13-01', 'yesterday', '2026-07-01T21:00:00', '2026-7-1', '', '1', '20260701'])(
    '%j is neither a date nor a moment',
    (text) => {
      expect(() => period(text)).toThrow(/neither a date/)
      expect(() => period(undefined, text)).toThrow(/^to:/)
    },
  )
  test('one that ends before it begins is refused', () => {
    expect(() => period('2026-07-02', '2026-07-01')).toThrow(/ends .* before it begins/)
    expect(() => period('2026-07-01T21:00:00Z', '2026-07-01T21:00:00Z')).toThrow(/before it begins/)
  })
})
