import { describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, Press } from '../../server/glossary/press.ts'
import { createPressDesk } from '../../server/press/press-desk.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

function desk() {
  const clock = createFakeClock()
  const ledger = createFakeLedger(clock.now)
  const pressed: Press[] = []
  const make = () =>
    createPressDesk({
      clock,
      knows: (id) => id === 'here' || id === 'there',
      pressed: (press) => {
        pressed.push(press)
        const incident = `inc-${press.helpPoint}` as IncidentId
        const { recorded, durable } = ledger.append([{ kind: 'press.received', actor: 'help-point:here', subject: incident, body: { press, incident } }])
        return { incident, last: recorded[0]?.seq ?? 0, durable }
      },
      whenDurable: ledger.whenDurable,
    })
  return { clock, ledger, pressed, make, presses: make() }
}
const arrival = (change = {}) => ({ helpPoint: 'here', key: 'k1', pressedAt: null, kind: 'press' as const, source: 'http', ...change })

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
    for (const entry of ledger.entries) restarted.follow(entry)
    expect(await restarted.accept(arrival())).toEqual({ receipt: first.receipt, repeated: true })
    expect(pressed).toHaveLength(1)
  })
  test('an unknown help point is refused by name', async () => {
    await expect(desk().presses.accept(arrival({ helpPoint: 'nowhere' }))).rejects.toMatchObject({ code: 'help-point/unknown', message: expect.stringContaining('nowhere') })
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
  test.each(['2026-11-20T23:59:60Z', '2026-01-01T00:00:00+01', 'nonsense'])('a device time that cannot be read (%s) never costs the press', async (pressedAt) => {
    const { presses, pressed } = desk()
    await presses.accept(arrival({ pressedAt }))
    expect(pressed[0]?.pressedAt).toBe('2026-11-20T22:30:00.000Z')
  })
  test('the device’s own time is kept beside ours', async () => {
    const { presses, pressed } = desk()
    await presses.accept(arrival({ pressedAt: '2026-11-20T23:29:58+01:00' }))
    expect(pressed[0]).toMatchObject({ pressedAt: '2026-11-20T22:29:58.000Z', receivedAt: '2026-11-20T22:30:00.000Z', helpPoint: 'here' as HelpPointId })
  })
})
