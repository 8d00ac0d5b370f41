/** Where the head of a camera with privacy masks is said to look: never sooner than it is known. */
import { describe, expect, test } from 'vitest'
import { wholePosition } from '../../server/camera/head/head-memory.ts'
import { type WatchedHead, createPrivacyWatch } from '../../server/camera/watch/privacy-watch.ts'
import type { CameraId, HeadLook, PtzStatus } from '../../server/glossary/camera.ts'
import type { Privacy, SiteCamera } from '../../server/glossary/site.ts'
import { shiftBetween } from '../../server/tools/masks/head-projection.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const id = 'head' as CameraId
const LENS = { pan: 360, tilt: 180, wide: 60, tele: 6, level: 0, flipPan: false, flipTilt: false }
const BOX: Privacy = {
  masks: [{ name: 'Windows', box: { pan: [0, 0.1], tilt: [0, 0.1], zoom: null } }],
  lens: LENS,
}
const site = (privacy: Privacy | null = BOX): SiteCamera => ({ id, privacy }) as SiteCamera
const at = (pan: number) => ({ pan, tilt: 0, zoom: 0 })

function open({ trusted = true, saysMoving = true } = {}) {
  const clock = createFakeClock(0)
  const looks: HeadLook[] = []
  const errors: unknown[] = []
  const state: { status: PtzStatus | null; delay: number } = { status: { position: at(0), moving: false }, delay: 0 }
  const head: WatchedHead = {
    async status() {
      const said = state.status
      if (state.delay > 0) await clock.sleep(state.delay)
      if (!said) throw new Error('no answer')
      return said
    },
    positionTrusted: () => trusted,
    moveStatusTrusted: () => saysMoving,
    deadlineMs: () => 6000,
  }
  const watch = createPrivacyWatch({
    clock,
    headOf: () => head,
    shift: shiftBetween,
    look: (_, look) => looks.push(look),
    onError: (error) => errors.push(error),
  })
  return { clock, looks, errors, state, watch, last: () => looks.at(-1) }
}
const standing = async (here: ReturnType<typeof open>): Promise<void> => {
  here.watch.follow([site()])
  await here.clock.advance(1000)
  expect(here.last()).toMatchObject({ position: at(0), still: true })
}

describe('a head with masks', () => {
  test('is unknown at first, and stands only when it has said the same for a while', async () => {
    const here = open()
    here.watch.follow([site()])
    expect(here.looks).toEqual([{ at: 0, position: null, still: false }])
    await here.clock.advance(200)
    expect(here.last()?.still).toBe(false)
    await here.clock.advance(500)
    expect(here.last()).toEqual({ at: 0, position: at(0), still: true })
  })
  test('turns from the moment it is told to, before anything was sent, and an answer of before counts for nothing', async () => {
    const here = open()
    await standing(here)
    here.state.delay = 300
    await here.clock.advance(550)
    here.watch.turned(id)
    expect(here.last()).toEqual({ at: here.clock.now(), position: at(0), still: false, begins: true })
    const told = here.looks.length
    await here.clock.advance(250)
    expect(here.looks).toHaveLength(told)
  })
  test.each([
    [true, 1200],
    [false, 6000],
  ])('that does not begin at once (says that it moves: %s) is waited for', async (saysMoving, ms) => {
    const here = open({ saysMoving })
    await standing(here)
    here.watch.turned(id)
    await here.clock.advance(ms - 100)
    expect(here.last()?.still).toBe(false)
    await here.clock.advance(1000)
    expect(here.last()?.still).toBe(true)
  })
  test('that was told to turn, and may have been away and back between two looks, stands only since afterwards', async () => {
    const here = open()
    await standing(here)
    await here.clock.advance(4000)
    here.watch.turned(id)
    const turnedAt = here.clock.now()
    await here.clock.advance(4000)
    expect(here.last()).toMatchObject({ position: at(0), still: true })
    expect((here.last()?.at ?? 0) - turnedAt).toBeGreaterThanOrEqual(1000)
  })
  test('that has moved stands as soon as it says the same again', async () => {
    const here = open()
    await standing(here)
    here.watch.turned(id)
    here.state.status = { position: at(0.3), moving: true }
    await here.clock.advance(1000)
    expect(here.last()).toMatchObject({ still: false })
    here.state.status = { position: at(0.5), moving: false }
    await here.clock.advance(800)
    expect(here.last()).toMatchObject({ position: at(0.5), still: true })
  })
  test('that somebody else turns is seen at the next look, and was turning since the look before', async () => {
    const here = open()
    await standing(here)
    await here.clock.advance(5000)
    here.state.status = { position: at(0.2), moving: null }
    await here.clock.advance(510)
    const turned = here.looks.find(({ at: when, still }) => when > 1000 && !still)
    expect(turned?.position).toEqual(at(0.2))
    expect(here.clock.now() - (turned?.at ?? 0)).toBeGreaterThanOrEqual(500)
  })
  test('that creeps, each step too small to see, is not taken to stand for ever', async () => {
    const here = open()
    await standing(here)
    for (let step = 1; step < 30; step += 1) {
      here.state.status = { position: at(step * 0.0005), moving: false }
      await here.clock.advance(500)
    }
    expect(here.looks.some(({ still, at: when }) => !still && when > 1000)).toBe(true)
  })
  test('that does not answer is unknown since it last did', async () => {
    const here = open()
    await standing(here)
    here.state.status = null
    await here.clock.advance(1200)
    expect(here.last()).toMatchObject({ position: null, still: false })
  })
  test('that never says that it moves may say where it was sent: it is given the time of a whole move', async () => {
    const here = open({ saysMoving: false })
    await standing(here)
    here.watch.turned(id)
    here.state.status = { position: at(0.5), moving: null }
    await here.clock.advance(5500)
    expect(here.last()?.still).toBe(false)
    await here.clock.advance(1500)
    expect(here.last()).toMatchObject({ position: at(0.5), still: true })
  })
  test('that is told twice is not known to follow the second by its moving for the first', async () => {
    const here = open()
    await standing(here)
    here.watch.turned(id)
    here.state.status = { position: at(0.3), moving: true }
    await here.clock.advance(300)
    here.watch.turned(id)
    here.state.status = { position: at(0.4), moving: false }
    await here.clock.advance(1000)
    expect(here.last()?.still).toBe(false)
    await here.clock.advance(1000)
    expect(here.last()).toMatchObject({ position: at(0.4), still: true })
  })
  test('whose answer takes long stands since it was given, not since it was asked; one that is silent is unknown', async () => {
    const here = open()
    here.state.delay = 800
    here.watch.follow([site()])
    await here.clock.advance(4000)
    expect(here.last()).toMatchObject({ still: true })
    expect(here.last()?.at).toBeGreaterThanOrEqual(800)
    here.state.delay = 60_000
    await here.clock.advance(3000)
    expect(here.last()).toMatchObject({ position: null })
  })
  test('whose position was never more than a constant is never known', async () => {
    const here = open({ trusted: false })
    here.watch.follow([site()])
    await here.clock.advance(20_000)
    expect(here.looks).toEqual([{ at: 0, position: null, still: false }])
  })
  test('leaves it when its masks do, and begins anew with others', async () => {
    const here = open()
    await standing(here)
    here.watch.follow([site(null)])
    const told = here.looks.length
    here.state.status = { position: at(0.9), moving: true }
    await here.clock.advance(5000)
    expect(here.looks).toHaveLength(told)
    here.watch.follow([site()])
    expect(here.last()).toMatchObject({ position: null })
    here.watch.close()
  })
})

test('polygons of a camera that is found to turn cover all of it, and the log says why', () => {
  const here = open()
  const polygons: Privacy = { masks: [{ name: 'Door', polygon: [[0, 0], [1, 0], [1, 1]] }], lens: null } // prettier-ignore
  // Also where the masks are written while it is known already.
  here.watch.follow([site(polygons)])
  expect(here.last()).toMatchObject({ position: null })
  expect(String(here.errors[0])).toContain('turns, and its privacy masks are polygons')
})
test('a position counts only whole, and in the generic spaces', () => {
  expect(wholePosition({ pan: 0.1, tilt: 0.2, zoom: 0 })).toEqual({ pan: 0.1, tilt: 0.2, zoom: 0 })
  expect(wholePosition({ pan: 0.1, tilt: 0.2 })).toBeNull()
  expect(wholePosition(null)).toBeNull()
  expect(wholePosition({ pan: 123.4, tilt: 0.2, zoom: 0 })).toBeNull()
  expect(wholePosition({ pan: 1.003, tilt: -1, zoom: 1 })).not.toBeNull()
  const degrees = 'http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees'
  expect(wholePosition({ pan: 1, tilt: 2, zoom: 0, panTiltSpace: degrees })).toBeNull()
})
