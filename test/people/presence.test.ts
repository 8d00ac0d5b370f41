/** Who is in the room, whose hand is on a camera, and tokens that run out. */
import { describe, expect, test } from 'vitest'
import { createManualControl } from '../../server/camera/control/manual-control.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Present } from '../../server/glossary/people.ts'
import { createPresence } from '../../server/people/presence.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const ASHA = { name: 'Asha', role: 'operator', helpPoints: null } as const
const BEN = { name: 'Ben', role: 'supervisor', helpPoints: null } as const

describe('who has a wall open', () => {
  test('is one line per person, however many screens, and of what a page makes up nothing', async () => {
    const told: Present[][] = []
    const clock = createFakeClock()
    const presence = createPresence({
      clock,
      known: (id) => id.startsWith('inc-'),
      onChange: (present) => told.push(present),
    })
    const [one, two] = [presence.enter(ASHA), presence.enter(ASHA)]
    presence.enter(BEN)
    one.looking(['inc-1'])
    two.looking(['inc-1', 'inc-2', '<b>nonsense'])
    expect(presence.view()).toEqual([
      { name: 'Asha', role: 'operator', screens: 2, looking: ['inc-1', 'inc-2'] },
      { name: 'Ben', role: 'supervisor', screens: 1, looking: [] },
    ])
    two.leave()
    two.leave()
    expect(presence.view()[0]).toMatchObject({ screens: 1, looking: ['inc-1'] })
    await clock.advance(300)
    expect(told).toEqual([presence.view()])
  })
  test('is told a few times a second at the most, and only when something has changed', async () => {
    let told = 0
    const clock = createFakeClock()
    const visit = createPresence({ clock, known: () => true, onChange: () => (told += 1) }).enter(ASHA)
    for (let i = 0; i < 100; i += 1) visit.looking([`inc-${i}`])
    await clock.advance(1000)
    expect(told).toBe(1)
    visit.looking(['inc-99'])
    await clock.advance(1000)
    expect(told).toBe(1)
  })
})

describe('a hand on a camera', () => {
  const CAM = 'cam-1' as CameraId
  function hands() {
    const clock = createFakeClock()
    const told: (string | null)[] = []
    return { clock, told, ...createManualControl({ clock, onChange: (_, hand) => told.push(hand?.name ?? null) }) }
  }
  test('is told once for a whole movement', () => {
    const { take, told } = hands()
    expect([take(CAM, 'Asha', false).fresh, take(CAM, 'Asha', false).fresh]).toEqual([true, false])
    expect(told).toEqual(['Asha'])
  })
  test('is told anew when the camera is needed for something else', () => {
    const { take } = hands()
    expect([
      take(CAM, 'Asha', false, 'inc-1').fresh,
      take(CAM, 'Asha', false, 'inc-1').fresh,
      take(CAM, 'Asha', false, null).fresh,
    ]).toEqual([true, false, true])
  })
  test('that holds the stick when a press calls the camera must let go once, and may then steer again', async () => {
    const { take, clock } = hands()
    take(CAM, 'Asha', false)
    await clock.advance(300)
    expect(() => take(CAM, 'Asha', false, 'inc-1')).toThrow(expect.objectContaining({ code: 'camera/held' }))
    await clock.advance(300)
    expect(take(CAM, 'Asha', false, 'inc-1')).toEqual({ fresh: true, from: null })
  })
  test('that the camera did not follow is nobody’s', () => {
    const { take, undo, who } = hands()
    take(CAM, 'Asha', false)
    undo(CAM)
    expect([who(CAM), take(CAM, 'Ben', false).fresh]).toEqual([null, true])
  })
  test('keeps others off, who are told whose it is', () => {
    const { take } = hands()
    take(CAM, 'Asha', false)
    expect(() => take(CAM, 'Ben', false)).toThrow(
      expect.objectContaining({ code: 'camera/in-hand', extra: { owner: 'Asha' } }),
    )
  })
  test('may be taken over by somebody who says so', () => {
    const { take, who, told } = hands()
    take(CAM, 'Asha', false)
    expect(take(CAM, 'Ben', true)).toEqual({ fresh: true, from: 'Asha' })
    expect(who(CAM)?.name).toBe('Ben')
    expect(told).toEqual(['Asha', 'Ben'])
  })
  test('lets go when it has not moved for five seconds, and not before', async () => {
    const { take, who, told, clock } = hands()
    take(CAM, 'Asha', false)
    await clock.advance(4000)
    take(CAM, 'Asha', false)
    await clock.advance(4000)
    expect(who(CAM)?.name).toBe('Asha')
    await clock.advance(1500)
    expect(who(CAM)).toBeNull()
    expect(told).toEqual(['Asha', null])
  })
})
