/** A head that takes time to move. Pure: its place is a function of its last command and the time since. */
import { wrap180 } from '../tools/geography.ts'

export type Pose = {
  /** Degrees, -180..180. */ pan: number
  /** Degrees, down is negative. */ tilt: number
  /** Times wide angle. */ zoom: number
}
export type Limits = { tilt: readonly [number, number]; zoom: readonly [number, number] }
export const LIMITS: Limits = { tilt: [-45, 10], zoom: [1, 8] }

const SPEED = { pan: 100, tilt: 60, zoom: 5 }

const clamp = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, value))

type Motion = { from: Pose; at: number } & (
  { kind: 'still' } | { kind: 'to'; to: Pose; speed: number } | { kind: 'turning'; velocity: Pose; until: number }
)

const toward = (from: number, to: number, most: number): number => from + clamp(to - from, [-most, most])

function placeOf(motion: Motion, now: number): { pose: Pose; moving: boolean } {
  const { from } = motion
  if (motion.kind === 'still') return { pose: from, moving: false }
  if (motion.kind === 'to') {
    const seconds = (Math.max(0, now - motion.at) / 1000) * motion.speed
    const turn = wrap180(motion.to.pan - from.pan)
    const pose = {
      pan: wrap180(from.pan + toward(0, turn, SPEED.pan * seconds)),
      tilt: toward(from.tilt, motion.to.tilt, SPEED.tilt * seconds),
      zoom: toward(from.zoom, motion.to.zoom, SPEED.zoom * seconds),
    }
    return {
      pose,
      moving:
        pose.tilt !== motion.to.tilt ||
        pose.zoom !== motion.to.zoom ||
        Math.abs(wrap180(pose.pan - motion.to.pan)) > 1e-9,
    }
  }
  const seconds = Math.max(0, (Math.min(now, motion.until) - motion.at) / 1000)
  const { velocity } = motion
  const pose = {
    pan: wrap180(from.pan + velocity.pan * SPEED.pan * seconds),
    tilt: clamp(from.tilt + velocity.tilt * SPEED.tilt * seconds, LIMITS.tilt),
    zoom: clamp(from.zoom + velocity.zoom * SPEED.zoom * seconds, LIMITS.zoom),
  }
  return { pose, moving: now < motion.until }
}

/** @param now milliseconds of any clock that only grows. */
export function createMotors(start: Pose, now: () => number) {
  let motion: Motion = { kind: 'still', from: start, at: now() }
  const begin = (
    next:
      { kind: 'still' } | { kind: 'to'; to: Pose; speed: number } | { kind: 'turning'; velocity: Pose; until: number },
  ): void => {
    motion = { from: placeOf(motion, now()).pose, at: now(), ...next }
  }
  return {
    place: () => placeOf(motion, now()),
    /** @param speed a share of the head's own. */
    goTo: (to: Pose, speed = 1): void =>
      begin({
        kind: 'to',
        speed,
        to: { pan: wrap180(to.pan), tilt: clamp(to.tilt, LIMITS.tilt), zoom: clamp(to.zoom, LIMITS.zoom) },
      }),
    /** Shares of full speed, -1..1, for `ms` milliseconds. */
    turn: (velocity: Pose, ms: number): void => begin({ kind: 'turning', velocity, until: now() + ms }),
    stop: (): void => begin({ kind: 'still' }),
  }
}

/** ONVIF's generic spaces: pan and tilt -1..1, zoom 0..1. */
export const toGeneric = ({ pan, tilt, zoom }: Pose): Pose => ({
  pan: pan / 180,
  tilt: tilt / 90,
  zoom: (zoom - LIMITS.zoom[0]) / (LIMITS.zoom[1] - LIMITS.zoom[0]),
})
export const fromGeneric = ({ pan, tilt, zoom }: Pose): Pose => ({
  pan: pan * 180,
  tilt: tilt * 90,
  zoom: LIMITS.zoom[0] + zoom * (LIMITS.zoom[1] - LIMITS.zoom[0]),
})
