import { describe, expect, test } from 'vitest'
import { type AimRange, aimAt } from '../../server/camera/framing/geometric-aim.ts'
import type { Mount } from '../../server/glossary/site.ts'
import type { Place } from '../../server/glossary/press.ts'

const CAMERA: Place = { lat: 54.52363, lon: -1.5561 }
const FULL: AimRange = { pan: { min: -180, max: 180 }, tilt: { min: -90, max: 20 }, zoom: true }
const MOUNT: Mount = { northOffset: 0, height: 4.4, flipPan: false, flipTilt: false }
/** Metres to degrees, at Darlington. */
const place = (north: number, east: number): Place => ({
  lat: CAMERA.lat + north / 111_195,
  lon: CAMERA.lon + east / (111_195 * Math.cos((CAMERA.lat * Math.PI) / 180)),
})
const aim = (target: Place, mount: Partial<Mount> = {}, range: AimRange = FULL) =>
  aimAt(CAMERA, { ...MOUNT, ...mount }, target, range)

describe('turning a head by coordinates', () => {
  test.each([
    ['north', 30, 0, 0],
    ['east', 0, 30, 90],
    ['south-west', -30, -30, -135],
  ])('a place to the %s is at its bearing from the mount’s north', (_, north, east, bearing) => {
    expect(aim(place(north, east))?.pan).toBeCloseTo(bearing, 1)
    expect(aim(place(north, east), { northOffset: 100 })?.pan).toBeCloseTo(
      bearing - 100 < -180 ? bearing + 260 : bearing - 100,
      1,
    )
  })
  test('it leans down to a person’s chest, the more the nearer', () => {
    expect(aim(place(3, 0))?.tilt).toBeCloseTo(-45, 1)
    expect(aim(place(30, 0))?.tilt).toBeCloseTo(-5.71, 1)
  })
  test('the difference of bearings is taken the short way round', () =>
    expect(aim(place(30, 1), { northOffset: 359 })?.pan).toBeCloseTo(2.9, 1))
  test('heads that count the other way round are turned the other way round', () => {
    const found = aim(place(3, 3), { flipPan: true, flipTilt: true }, { ...FULL, tilt: { min: -20, max: 90 } })
    expect(found?.pan).toBeCloseTo(-45, 1)
    expect(found?.tilt).toBeGreaterThan(0)
  })
  test('a head that counts 0 to 360 gets such a number', () =>
    expect(aim(place(0, -30), {}, { ...FULL, pan: { min: 0, max: 360 } })?.pan).toBeCloseTo(270, 1))
  test('a little beyond what it can do is as far as it can do; far beyond is no way at all', () => {
    const narrow: AimRange = { ...FULL, pan: { min: -85, max: 85 } }
    expect(aim(place(0, 30), {}, narrow)?.pan).toBe(85)
    expect(aim(place(-30, 0), {}, narrow)).toBeNull()
    expect(aim(place(0.5, 0), {}, { ...FULL, tilt: { min: -30, max: 0 } })).toBeNull()
  })
})
