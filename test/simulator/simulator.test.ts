import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createMotors, fromGeneric, toGeneric } from '../../server/simulator/motors.ts'
import { wrap180 } from '../../server/tools/geography.ts'
import { BLOCK, COLUMNS, ROWS, drawMark, readMark } from '../../server/simulator/picture/picture-mark.ts'
import { lookAt } from '../../server/simulator/picture/picture-window.ts'
import { durationMs } from '../../server/tools/onvif-server/soap-requests.ts'
import { planesOver } from '../../server/simulator/picture/street-picture.ts'
import { planTown } from '../../server/simulator/town-plan.ts'
import { readSite } from '../../server/site/site-check.ts'

describe('the motors', () => {
  const at = { pan: 0, tilt: -10, zoom: 1 }
  test('take time: a hundred degrees a second, and report moving until they are there', () => {
    let now = 0
    const motors = createMotors(at, () => now)
    motors.goTo({ pan: 90, tilt: -10, zoom: 1 })
    expect(motors.place()).toMatchObject({ pose: { pan: 0 }, moving: true })
    now = 500
    expect(motors.place()).toMatchObject({ pose: { pan: 50 }, moving: true })
    now = 900
    expect(motors.place()).toEqual({ pose: { pan: 90, tilt: -10, zoom: 1 }, moving: false })
  })
  test('turn the short way round', () => {
    let now = 0
    const motors = createMotors({ ...at, pan: 170 }, () => now)
    motors.goTo({ ...at, pan: -170 })
    now = 100
    expect(motors.place().pose.pan).toBeCloseTo(-180, 5)
    now = 300
    expect(motors.place().pose.pan).toBeCloseTo(-170, 5)
  })
  test('a continuous move ends by itself: the dead man’s handle', () => {
    let now = 0
    const motors = createMotors(at, () => now)
    motors.turn({ pan: 1, tilt: 0, zoom: 0 }, 300)
    now = 5000
    expect(motors.place()).toMatchObject({ pose: { pan: 30 }, moving: false })
  })
  test('stop stands still where it is, in the middle of a move', () => {
    let now = 0
    const motors = createMotors(at, () => now)
    motors.goTo({ ...at, pan: 90 })
    now = 400
    motors.stop()
    now = 9000
    expect(motors.place()).toMatchObject({ pose: { pan: 40 }, moving: false })
  })
  test('never leave their range', () => {
    let now = 0
    const motors = createMotors(at, () => now)
    motors.goTo({ pan: 0, tilt: -89, zoom: 99 })
    now = 60_000
    expect(motors.place().pose).toEqual({ pan: 0, tilt: -45, zoom: 8 })
  })
  test('generic space and degrees are each other’s inverse', () => {
    const pose = { pan: -133.5, tilt: -15, zoom: 2.25 }
    const back = fromGeneric(toGeneric(pose))
    expect(back.pan).toBeCloseTo(pose.pan)
    expect(back.tilt).toBeCloseTo(pose.tilt)
    expect(back.zoom).toBeCloseTo(pose.zoom)
    expect(wrap180(540)).toBe(-180)
  })
})

describe('the mark in the picture', () => {
  const mark = { pan: -133.21, tilt: -15.5, zoom: 2.25, time: Date.parse('2026-11-20T22:30:00.123Z') }
  const drawn = drawMark(mark)
  const height = 540
  const lumaAt = (x: number, y: number): number =>
    drawn[Math.floor((y - (height - ROWS * BLOCK)) / BLOCK)]?.[Math.floor(x / BLOCK)] ? 235 : 16

  test('says where the camera looks and when', () => {
    const read = readMark(lumaAt, height)
    expect(read?.time).toBe(mark.time)
    expect(read?.pan).toBeCloseTo(mark.pan, 2)
    expect(read?.tilt).toBeCloseTo(mark.tilt, 2)
    expect(read?.zoom).toBeCloseTo(mark.zoom, 2)
  })
  test.each([0, 16, 128, 255])('a picture that is all %i says nothing', (luma) => {
    expect(readMark(() => luma, height)).toBeNull()
  })
  test('one wrong block is noticed', () => {
    for (let column = 2; column < COLUMNS; column += 7) {
      const wrong = (x: number, y: number): number =>
        Math.floor(x / BLOCK) === column && y < height - BLOCK ? 251 - lumaAt(x, y) : lumaAt(x, y)
      expect(readMark(wrong, height)).toBeNull()
    }
  })
})

describe('the lens', () => {
  /** A street whose brightness is its column. */
  const street = planesOver(new Uint8Array((5760 * 960 * 3) / 2), 5760, 960)
  for (let y = 0; y < 960; y += 1) for (let x = 0; x < 5760; x += 1) street.y[y * 5760 + x] = (x / 5760) * 250
  const look = (pan: number, zoom: number): Uint8Array => {
    const frame = planesOver(new Uint8Array((960 * 540 * 3) / 2), 960, 540)
    lookAt(street, frame, { pan, tilt: -15, zoom })
    return frame.y
  }
  test('shows sixty degrees around where it looks', () => {
    const seen = look(90, 1)
    expect(seen[270 * 960 + 480]).toBeCloseTo((90 / 360) * 250, -1)
    expect((seen[959] ?? 0) - (seen[0] ?? 0)).toBeCloseTo((60 / 360) * 250, -1)
  })
  test('shows half as much at twice the zoom', () => {
    const seen = look(90, 2)
    expect((seen[959] ?? 0) - (seen[0] ?? 0)).toBeCloseTo((30 / 360) * 250, -1)
  })
  test('goes on past north', () => {
    const seen = look(0, 1)
    expect(seen[0]).toBeGreaterThan(200)
    expect(seen[959]).toBeLessThan(50)
  })
})

describe('the plan of a simulated town', () => {
  const { site } = readSite(
    readFileSync(new URL('../../camera-presets/darlington.yaml', import.meta.url), 'utf8'),
    (text) => ({ value: text.replaceAll(/\$\{\w+\}/g, '1') }),
  )
  if (!site) throw new Error('Darlington is not valid')
  const plans = planTown(site)

  test('every camera waits looking away, so that a press visibly moves it', () => {
    for (const { ptz, home, presets } of plans)
      for (const { pose } of presets)
        if (ptz && pose === presets[0]?.pose) expect(Math.abs(wrap180(pose.pan - home.pan))).toBeGreaterThan(60)
  })
  test('a preset looks toward its help point, where the lamp post is drawn', () => {
    const camera = plans.find(({ id }) => id === 'cam-12')
    const post = camera?.landmarks.find(({ sign }) => sign === 'Number One Bar')
    expect(wrap180((camera?.presets[0]?.pose.pan ?? 0) - (post?.bearing ?? 999))).toBeCloseTo(0, 5)
  })
  test('ISO durations of moves are understood', () => {
    expect(['PT0.7S', 'PT1M', 'P1DT1H', ' PT0S '].map(durationMs)).toEqual([700, 60_000, 90_000_000, 0])
    expect(['', 'P', 'PT', '5', 'P1Y', 'PT-5S', null].map(durationMs)).toEqual(Array.from({ length: 7 }, () => null))
  })
})
