/**
 * Where a head must look to see a place, from where it hangs: for help points that it has no preset for. ONVIF's
 * SphericalPositionSpaceDegrees (PTZ 5.7.1.2): pan grows clockwise from the mount's own north, tilt grows upwards.
 * Pure.
 */
import type { Mount } from '../../glossary/site.ts'
import type { Place } from '../../glossary/press.ts'
import { bearingBetween, metresBetween, wrap180 } from '../../tools/geography.ts'

export type Limits = { min: number; max: number }
/** Degrees, as the camera advertises them. `zoom`: whether it has one, in the generic space. */
export type AimRange = { pan: Limits; tilt: Limits; zoom: boolean }
/** Degrees. */
export type Aim = { pan: number; tilt: number }

/** A person's chest. */
const TARGET_HEIGHT_M = 1.4
/** A place this far outside what a head can turn to is not in its picture, even at its widest. */
const EDGE_DEGREES = 10

const clamp = (value: number, { min, max }: Limits): number => Math.min(max, Math.max(min, value))

/** Null when the head cannot turn there. */
export function aimAt(
  camera: Place,
  { northOffset, height, flipPan, flipTilt }: Mount,
  target: Place,
  { pan, tilt }: AimRange,
): Aim | null {
  const turn = wrap180(bearingBetween(camera, target) - northOffset) * (flipPan ? -1 : 1)
  const down = (-Math.atan2(height - TARGET_HEIGHT_M, metresBetween(camera, target)) * 180) / Math.PI
  // Some heads count 0..360.
  const wanted = turn < pan.min - EDGE_DEGREES ? turn + 360 : turn
  const lean = down * (flipTilt ? -1 : 1)
  const aim = { pan: clamp(wanted, pan), tilt: clamp(lean, tilt) }
  return Math.abs(aim.pan - wanted) > EDGE_DEGREES || Math.abs(aim.tilt - lean) > EDGE_DEGREES ? null : aim
}
