import { describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, Press } from '../../server/glossary/press.ts'
import { createPressDesk } from '../../server/press/press-desk.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

function desk({ live = () => true, lookUpFails = false }: { live?: () => boolean; lookUpFails?: boolean } = {}) {
  const clock = createFakeClock()
  const ledger = createFakeLedger(clock.now)
  const pressed: Press[] = []
  const lookups: string[] = []
  const counted: { helpPoint: string; count: number; late?: true | undefined }[] = []
  const open = new Set<string>()
  const make = () =>
    createPressDesk({
      clock,
      knows: (id) => id === 'here' || id === 'there',
      openAt: (id) => (open.has(id) ? { id: `inc-${id}` as IncidentId, kind: 'press' as const, live: live() } : null),
      onError: () => {},
      coalesced: (id, batch) => {
        if (!open.has(id)) return null
        counted.push({ helpPoint: id, count: batch.count, late: batch.late })
        const incident = `inc-${id}` as IncidentId
        const { recorded, durable } = ledger.append([
          {
            kind: 'press.coalesced',
            actor: 'help-point:here',
            subject: incident,
            body: { ...batch, incident, helpPoint: id },
          },
        ])
        return { incident, last: recorded[0]?.seq ?? 0, durable }
      },
      lookUp: async (id, key) => {
        lookups.push(key)
        if (lookUpFails) throw new Error('disk I/O error')
        return (
          ledger.entries.findLast(
            (entry) =>
              entry.kind === 'press.received' && entry.body.press.helpPoint === id && entry.body.press.key === key,
          ) ?? null
        )
      },
      pressed: (press) => {
        pressed.push(press)
        open.add(press.helpPoint)
        const incident = `inc-${press.helpPoint}` as IncidentId
        const { recorded, durable } = ledger.append([
          { kind: 'press.received', actor: 'help-point:here', subject: incident, body: { press, incident } },
        ])
        return { incident, last: recorded[0]?.seq ?? 0, durable }
      },
      whenDurable: ledger.whenDurable,
    })
  return { clock, ledger, pressed, counted, open, lookups, make, presses: make() }
}
const arrival = (change = {}) => ({
  helpPoint: 'here',
  key: 'k1',
  pressedAt: null,
  kind: 'press' as const,
  source: 'http',
  ...change,
})

describe('the press desk', () => {
  test('gives the receipt only when the press is on disk', async () => {
    const { presses, ledger } = desk()
    const { receipt, repeated } = await presses.accept(arrival())
    expect(repeated).toBe(false)
    expect(receipt).toMatchObject({ incident: 'inc-here', receivedAt: '2026-11-20T22:30:00.000Z' })
    expect(ledger.entries).toHaveLength(1)
  })
  test('a repeated key gets the same receipt and opens nothing', async () => {
    const { presses, pressed } = desk()
    const first = await presses.accept(arrival())
    const again = await presses.accept(arrival())
    expect(again).toEqual({ receipt: first.receipt, repeated: true })
    expect(pressed).toHaveLength(1)
  })
  test('a thousand repeats at once are one press', async () => {
    const { presses, pressed } = desk()
    const all = await Promise.all(Array.from({ length: 1000 }, () => presses.accept(arrival())))
    expect(pressed).toHaveLength(1)
    expect(new Set(all.map(({ receipt }) => receipt.press)).size).toBe(1)
  })
  test('the same key of two help points is two presses', async () => {
    const { presses, pressed } = desk()
    await presses.accept(arrival())
    await presses.accept(arrival({ helpPoint: 'there' }))
    expect(pressed).toHaveLength(2)
  })
  test('presses without a key are all different', async () => {
    const { presses, pressed } = desk()
    await presses.accept(arrival({ key: null }))
    await presses.accept(arrival({ key: null }))
    expect(pressed).toHaveLength(2)
  })
  test('keys are still known after a restart', async () => {
    const { presses, make, ledger, pressed } = desk()
    const first = await presses.accept(arrival())
    const restarted = make()
    for (const entry of ledger.entries) restarted.apply(entry)
    expect(await restarted.accept(arrival())).toEqual({ receipt: first.receipt, repeated: true })
    expect(pressed).toHaveLength(1)
  })
  test('an unknown help point is refused by name', async () => {
    await expect(desk().presses.accept(arrival({ helpPoint: 'nowhere' }))).rejects.toMatchObject({
      code: 'help-point/unknown',
      message: expect.stringContaining('nowhere'),
    })
  })
  test('a press that is not durable is not acknowledged, and its repeat is, once the disk is back', async () => {
    const { presses, ledger, pressed } = desk()
    ledger.breakDisk(true)
    await expect(presses.accept(arrival())).rejects.toMatchObject({ code: 'ledger/unavailable' })
    await expect(presses.accept(arrival())).rejects.toMatchObject({ code: 'ledger/unavailable' })
    ledger.breakDisk(false)
    expect(await presses.accept(arrival())).toMatchObject({ repeated: true })
    expect(pressed).toHaveLength(1)
    expect(ledger.entries).toHaveLength(1)
  })
  test.each(['2026-11-20T23:59:60Z', '2026-01-01T00:00:00+01', 'nonsense'])(
    'a device time that cannot be read (%s) never costs the press',
    async (pressedAt) => {
      const { presses, pressed } = desk()
      await presses.accept(arrival({ pressedAt }))
      expect(pressed[0]?.pressedAt).toBe('2026-11-20T22:30:00.000Z')
    },
  )
  test('the device’s own time is kept beside ours', async () => {
    const { presses, pressed } = desk()
    await presses.accept(arrival({ pressedAt: '2026-11-20T23:29:58+01:00' }))
    expect(pressed[0]).toMatchObject({
      pressedAt: '2026-11-20T22:29:58.000Z',
      receivedAt: '2026-11-20T22:30:00.000Z',
      helpPoint: 'here' as HelpPointId,
    })
  })
})

describe('a flood', () => {
  test('from one help point is counted, each is acknowledged, and none is suppressed', async () => {
    const { presses, pressed, counted, clock } = desk()
    const all = Array.from({ length: 500 }, (_, i) => presses.accept(arrival({ key: `k${i}` })))
    await clock.advance(100)
    const receipts = await Promise.all(all)
    expect(receipts.every(({ receipt }) => receipt.incident === 'inc-here')).toBe(true)
    expect(pressed.length + counted.reduce((sum, { count }) => sum + count, 0)).toBe(500)
    expect(pressed.length).toBeLessThan(20)
  })
  test('does not delay the first press of another', async () => {
    const { presses, pressed } = desk()
    const flood = Array.from({ length: 5000 }, (_, i) => presses.accept(arrival({ key: `k${i}` })))
    await presses.accept(arrival({ helpPoint: 'there', key: 'first' }))
    expect(pressed.at(-1)).toMatchObject({ helpPoint: 'there' })
    flood.forEach((each) => each.catch(() => {}))
  })
  test('that goes on for hours writes one entry a second', async () => {
    const { presses, counted, clock } = desk()
    for (let second = 0; second < 600; second += 1) {
      void presses.accept(arrival({ key: null }))
      void presses.accept(arrival({ key: null }))
      void presses.accept(arrival({ key: null }))
      void presses.accept(arrival({ key: null }))
      await clock.advance(1000)
    }
    expect(counted.length).toBeLessThan(620)
    expect(counted.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(1000)
  })
  test('repeats of a counted press are still one press', async () => {
    const { presses, counted, clock } = desk()
    for (let i = 0; i < 12; i += 1) void presses.accept(arrival({ key: `k${i}` }))
    const twice = [presses.accept(arrival({ key: 'same' })), presses.accept(arrival({ key: 'same' }))]
    await clock.advance(100)
    const [first, second] = await Promise.all(twice)
    expect([first?.repeated, second?.repeated]).toEqual([false, true])
    expect((await presses.accept(arrival({ key: 'same' }))).repeated).toBe(true)
    expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(3)
  })
  test('whose incident is closed meanwhile opens a new one', async () => {
    const { presses, pressed, open, clock } = desk()
    for (let i = 0; i < 10; i += 1) await presses.accept(arrival({ key: `k${i}` }))
    const late = presses.accept(arrival({ key: 'after' }))
    open.delete('here')
    await clock.advance(100)
    expect(await late).toMatchObject({ repeated: false })
    expect(pressed.at(-1)?.key).toBe('after')
  })
  test('from one source is refused beyond what a machine can take, but never a first press', async () => {
    const { presses, pressed, clock } = desk()
    const all = Array.from({ length: 12_000 }, (_, i) =>
      presses.accept(arrival({ key: `k${i}`, by: 'one token' })).then(
        () => 'taken',
        ({ code }: { code: string }) => code,
      ),
    )
    const other = presses.accept(arrival({ helpPoint: 'there', key: 'x', by: 'one token' }))
    await clock.advance(100)
    const results = await Promise.all(all)
    expect(results.filter((each) => each === 'press/too-many').length).toBe(1999)
    expect(await other).toMatchObject({ repeated: false })
    expect(pressed.some(({ helpPoint }) => helpPoint === 'there')).toBe(true)
  })
})

describe('old keys', () => {
  test('that are not in memory any more are looked up in the ledger', async () => {
    const { presses, make, ledger, lookups } = desk()
    const first = await presses.accept(arrival({ key: 'old' }))
    ledger.entries.forEach(presses.apply)
    const saved = JSON.parse(JSON.stringify(presses.save())) as ReturnType<typeof presses.save>
    const restarted = make()
    restarted.restore({ ...saved, keys: [] })
    expect(await restarted.accept(arrival({ key: 'old' }))).toEqual({ receipt: first.receipt, repeated: true })
    expect(lookups).toEqual(['old'])
    expect(ledger.entries).toHaveLength(1)
  })
  test('are not looked for when they cannot have been seen: a new press waits for no disk', async () => {
    const { presses, lookups } = desk()
    await presses.accept(arrival({ key: 'new' }))
    expect(lookups).toEqual([])
  })
})

describe('what the reviewers found', () => {
  test('a person who presses right behind held presses is not counted with them: cameras come', async () => {
    let live = false
    const { presses, pressed, counted, clock } = desk({ live: () => live })
    const held = { pressedAt: '2026-11-20T21:00:00.000Z' }
    const late = Array.from({ length: 30 }, (_, i) => presses.accept(arrival({ key: `held ${i}`, ...held })))
    await presses.accept(arrival({ key: 'a person' }))
    expect(pressed.at(-1)).toMatchObject({ key: 'a person', late: false })
    live = true
    await clock.advance(100)
    await Promise.all(late)
    expect(counted.reduce((sum, { count }) => sum + count, 0) + pressed.length).toBe(31)
    // Counted together they are still late: an old press calls nobody as if it were one of now.
    expect(counted.length).toBeGreaterThan(0)
    expect(counted.every(({ late: wasHeld }) => wasHeld === true)).toBe(true)
  })
  test('a counted press that is sent again while the disk is full is counted once', async () => {
    const { presses, ledger, counted, clock } = desk()
    for (let i = 0; i < 10; i += 1) await presses.accept(arrival({ key: `k${i}` }))
    ledger.breakDisk(true)
    for (let tries = 0; tries < 20; tries += 1) {
      const refused = presses.accept(arrival({ key: 'again and again' })).catch(({ code }: { code: string }) => code)
      await clock.advance(1000)
      expect(await refused).toBe('ledger/unavailable')
    }
    ledger.breakDisk(false)
    expect(await presses.accept(arrival({ key: 'again and again' }))).toMatchObject({ repeated: true })
    expect(counted).toEqual([{ helpPoint: 'here', count: 1 }])
  })
  test('a counted press is known after a restart', async () => {
    const { presses, make, ledger, clock, pressed } = desk()
    for (let i = 0; i < 10; i += 1) await presses.accept(arrival({ key: `k${i}` }))
    const both = [presses.accept(arrival({ key: 'counted 1' })), presses.accept(arrival({ key: 'counted 2' }))]
    await clock.advance(100)
    const [first] = await Promise.all(both)
    const restarted = make()
    for (const entry of ledger.entries) restarted.apply(entry)
    expect(await restarted.accept(arrival({ key: 'counted 1' }))).toMatchObject({
      repeated: true,
      receipt: { press: first?.receipt.press },
    })
    expect(pressed).toHaveLength(10)
  })
  test('a key that the disk cannot look up is a new press: twice is better than lost', async () => {
    const { presses, make, ledger, pressed } = desk({ lookUpFails: true })
    await presses.accept(arrival({ key: 'old' }))
    ledger.entries.forEach(presses.apply)
    const restarted = make()
    restarted.restore({ ...presses.save(), keys: [] })
    expect(await restarted.accept(arrival({ key: 'old' }))).toMatchObject({ repeated: false })
    expect(pressed).toHaveLength(2)
  })
  test('a clock that has been ten minutes slow since yesterday stays known however often it is pressed', async () => {
    const { presses, pressed, clock, ledger } = desk()
    const slow = (): string => new Date(clock.now() - 600_000).toISOString()
    for (let i = 0; i < 12; i += 1) {
      await presses.accept(arrival({ key: `k${i}`, pressedAt: slow() }))
      ledger.entries.slice(-1).forEach(presses.apply)
      await clock.advance(i === 0 ? 20 * 3_600_000 : 300_000)
    }
    expect(pressed.map(({ late }) => late)).toEqual([true, ...Array.from({ length: 11 }, () => false)])
  })
})
