import { describe, expect, test } from 'vitest'
import { createStepDown, isBehind } from '../../web-components/lamppost-player/quality-downgrade.ts'

const TICK_MS = 100
type Judge = (live: number, view: number | 'large', now: number) => boolean | null
/**
 * Views that are looked at ten times a second, each time in another order.
 * @param isBehind by how many of the small ones come part by part now
 */
function page({
  small,
  large = false,
  live = true,
  isBehind,
}: {
  small: number
  large?: boolean
  live?: boolean
  isBehind: Judge
}) {
  const downgrade = createStepDown()
  const keys: object[] = Array.from({ length: small }, () => ({}))
  const main = {}
  let now = 1000
  const down = keys.map(() => false)
  let mainDown = false
  const history: { at: number; down: number }[] = []
  return {
    downgrade,
    keys,
    run(seconds: number) {
      for (const end = now + seconds * 1000; now < end; now += TICK_MS) {
        const many = down.filter((each) => !each).length
        const before = down.filter(Boolean).length
        if (large)
          mainDown = downgrade.look(
            main,
            { small: false, live: true, behind: !mainDown && isBehind(many, 'large', now) },
            now,
          )
        for (let turn = 0; turn < keys.length; turn += 1) {
          const i = (turn * 7 + now / TICK_MS) % keys.length
          down[i] = downgrade.look(
            keys[i] ?? {},
            { small: true, live, behind: !down[i] && isBehind(many, i, now) },
            now,
          )
        }
        const after = down.filter(Boolean).length
        if (after !== before) history.push({ at: (now - 1000) / 1000, down: after })
      }
      return { down: down.filter(Boolean).length, large: mainDown, history }
    },
  }
}

describe('a picture is behind', () => {
  test.each([
    ['not while it plays what has just come', { listed: 0.3, left: 0.2 }, false],
    ['when the list names much more than is here', { listed: 3, left: 0.1 }, true],
    ['not when that is here and only has to be played: it catches up by itself', { listed: 3, left: 2.8 }, false],
    ['not when its camera has stopped: the list names no more either', { listed: 0, left: 0 }, false],
    ['not when whole segments would leave it further behind', { listed: 3, left: 0.1, longest: 4 }, false],
    ['not when one part of a slow camera is as long as that', { listed: 1.9, left: 0.9, part: 1 }, false],
  ])('%s', (_, change, behind) => expect(isBehind({ longest: 1, part: 0.08, ...change })).toBe(behind))
})

describe('pictures that a browser cannot all keep live over HTTP', () => {
  test('give way one by one, until the others are in time, and no further', () => {
    const { down, history } = page({ small: 9, isBehind: (live) => live > 6 }).run(30)
    expect(down).toBe(3)
    expect(history.map((each) => each.down)).toEqual([1, 2, 3])
    history.slice(1).forEach(({ at }, i) => expect(at - (history[i]?.at ?? 0)).toBeGreaterThan(3.8))
  })
  test('stay as live as they are where they are in time', () =>
    expect(page({ small: 9, isBehind: () => false }).run(600).history).toEqual([]))
  test('do not give way for a moment’s trouble, not for one again and again, and not for what is not known', () => {
    expect(page({ small: 9, isBehind: (_, _view, now) => now % 6000 < 2900 }).run(120).history).toEqual([])
    expect(
      page({ small: 9, isBehind: (_, _view, now) => (now % 60_000 < 3500 ? true : null) }).run(30).history,
    ).toEqual([])
  })
  test('do when it stands and moves by turns, most of the time behind', () => {
    expect(page({ small: 1, isBehind: (_, _view, now) => now % 5000 >= 300 }).run(30).down).toBe(1)
  })
  test('small ones give way for a large one, which stays as live as it is', () => {
    const { down, large, history } = page({
      small: 3,
      large: true,
      isBehind: (live, view) => view === 'large' && live > 1,
    }).run(40)
    expect([down, large]).toEqual([2, false])
    expect(history.map((each) => each.down)).toEqual([1, 2])
  })
  test('where none is left to give way the large one does: a picture that moves is worth more than a young one', () => {
    const room = page({ small: 2, large: true, isBehind: (_, view) => view === 'large' })
    expect(room.run(10)).toMatchObject({ down: 2, large: false })
    expect(room.run(4)).toMatchObject({ down: 2, large: true })
    expect(page({ small: 0, large: true, isBehind: () => true }).run(10).large).toBe(true)
  })
  test('those that come by whole segments anyway, or do not play, cannot give way: the large one is not kept waiting for them', () => {
    expect(page({ small: 9, large: true, live: false, isBehind: (_, view) => view === 'large' }).run(6)).toMatchObject({
      down: 0,
      large: true,
    })
  })
  test('come back one by one when the trouble is over', () => {
    let slow = true
    const room = page({ small: 9, isBehind: (live) => slow && live > 6 })
    expect(room.run(30).down).toBe(3)
    slow = false
    const { down, history } = room.run(120)
    expect(down).toBe(0)
    const back = history.slice(3)
    expect(back.map((each) => each.down)).toEqual([2, 1, 0])
    back.slice(1).forEach(({ at }, i) => expect(at - (back[i]?.at ?? 0)).toBeGreaterThanOrEqual(15))
  })
  test('who came back too early goes again, and for longer each time: the others are not disturbed for ever', () => {
    const { history } = page({ small: 9, isBehind: (live) => live > 6 }).run(3600)
    const inHour = (from: number, to: number) =>
      history.filter(({ at, down }, i) => at >= from && at < to && down > (history[i - 1]?.down ?? 0)).length
    expect(inHour(0, 300)).toBeGreaterThan(3)
    // Three views, each of them tried again once in ten minutes.
    expect(inHour(3000, 3600)).toBeLessThanOrEqual(3)
  })
  test('stay away for ten minutes at most', () => {
    const { history } = page({ small: 1, isBehind: () => true }).run(4 * 3600)
    const away = history.filter((_, i) => i % 2 === 1).map(({ at }, i) => Math.round(at - (history[2 * i]?.at ?? 0)))
    expect(away.slice(0, 6)).toEqual([60, 120, 240, 480, 600, 600])
  })
  test('what another camera’s picture did counts no more once the view shows another, or is gone', () => {
    const room = page({ small: 1, isBehind: () => true })
    room.run(3.5)
    room.downgrade.leave(room.keys[0] ?? {})
    expect(room.run(3.5).down).toBe(0)
    expect(room.run(2).down).toBe(1)
    room.downgrade.leave(room.keys[0] ?? {})
    expect(room.downgrade.look(room.keys[0] ?? {}, { small: true, live: true, behind: true }, 20_000)).toBe(false)
  })
})
