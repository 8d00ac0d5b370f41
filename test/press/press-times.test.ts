import { describe, expect, test } from 'vitest'
import { judgeTimes } from '../../server/press/press-times.ts'

const NOW = Date.parse('2026-11-20T22:30:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const said = (change: Partial<Parameters<typeof judgeTimes>[0]>) => ({
  pressedAt: null,
  sentAt: null,
  relayedAt: null,
  ...change,
})

describe('a press', () => {
  test('that says no time was pressed now', () =>
    expect(judgeTimes(said({}), NOW, [])).toEqual({ pressedAt: NOW, late: false, clockOff: false }))
  test('of a minute ago is not late', () =>
    expect(judgeTimes(said({ pressedAt: NOW - MINUTE }), NOW, [])).toMatchObject({ late: false, clockOff: false }))
  test('that a broker held for an hour is late, and keeps its own time', () =>
    expect(judgeTimes(said({ pressedAt: NOW - HOUR }), NOW, [])).toEqual({
      pressedAt: NOW - HOUR,
      late: true,
      clockOff: false,
    }))
  test('from the future has a wrong clock, and moves cameras', () =>
    expect(judgeTimes(said({ pressedAt: NOW + HOUR }), NOW, [])).toEqual({
      pressedAt: NOW + HOUR,
      late: false,
      clockOff: true,
    }))
  test.each([Date.parse('1970-01-01T00:00:05Z'), Date.parse('2000-01-01T00:00:00Z'), NOW - 8 * 24 * HOUR])(
    'from %s has a clock that was reset',
    (pressedAt) => expect(judgeTimes(said({ pressedAt }), NOW, [])).toMatchObject({ late: false, clockOff: true }),
  )
  test('sent at once by a clock an hour slow is not late: the clock is wrong', () =>
    expect(judgeTimes(said({ pressedAt: NOW - HOUR, sentAt: NOW - HOUR + 1000 }), NOW, [])).toMatchObject({
      late: false,
      clockOff: true,
    }))
  test('held by a device whose clock is right is late', () =>
    expect(judgeTimes(said({ pressedAt: NOW - HOUR, sentAt: NOW - 1000 }), NOW, [])).toMatchObject({
      late: true,
      clockOff: false,
    }))
  test('held by a device whose clock is wrong is late, and its clock is wrong', () =>
    expect(judgeTimes(said({ pressedAt: NOW - 3 * HOUR, sentAt: NOW - 2 * HOUR }), NOW, [])).toMatchObject({
      late: true,
      clockOff: true,
    }))
  test('an hour off, as one was hours ago, has a wrong clock: nothing is held equally long twice', () =>
    expect(
      judgeTimes(said({ pressedAt: NOW - HOUR }), NOW, [{ at: NOW - 5 * HOUR, offset: -HOUR - 20_000 }]),
    ).toMatchObject({ late: false, clockOff: true }))
  test('an hour off, as one was a minute ago, was held together with it', () =>
    expect(judgeTimes(said({ pressedAt: NOW - HOUR }), NOW, [{ at: NOW - MINUTE, offset: -HOUR }])).toMatchObject({
      late: true,
    }))
  test('of a clock that was reset, or set, between pressing and sending, has a wrong clock and is not late', () => {
    expect(judgeTimes(said({ pressedAt: Date.parse('2000-01-01T00:00:00Z'), sentAt: NOW }), NOW, [])).toMatchObject({
      late: false,
      clockOff: true,
    })
    expect(judgeTimes(said({ pressedAt: NOW, sentAt: NOW - HOUR }), NOW, [])).toMatchObject({
      late: false,
      clockOff: true,
    })
  })
  test('relayed by a network server is as old as that says, whatever the device’s clock', () => {
    expect(judgeTimes(said({ relayedAt: NOW - 2000, pressedAt: 12 }), NOW, [])).toEqual({
      pressedAt: NOW - 2000,
      late: false,
      clockOff: false,
    })
    expect(judgeTimes(said({ relayedAt: NOW - HOUR }), NOW, [])).toMatchObject({ late: true })
  })
})
