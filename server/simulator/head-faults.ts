/**
 * What heads do that are worn, blocked, wrongly built or steered by somebody else, each on purpose: for trying
 * whether a framing is told truly. The motors know where the head really is. Pure, but for the timers of what happens
 * later.
 */
import { type Pose, toGeneric } from './motors.ts'

export const HEAD_FAULTS = [
  // What the motors do.
  'stuck',
  'stops-short',
  'overshoots',
  'another-preset',
  'starts-late',
  'slow',
  'interrupted',
  // What it says of where it is, and of whether it moves.
  'position-constant',
  'position-frozen',
  'position-late',
  'position-as-asked',
  'no-position',
  'no-move-status',
  'always-moving',
  'always-idle',
  'idle-at-first',
  'nothing-told',
  'zoom-alone',
  // Both: motors that do nothing, and a place that it was only sent to.
  'stuck-as-asked',
  'stuck-as-asked-idle',
  // When it answers.
  'status-slow',
  'yes-late',
  'no-yes',
] as const
export type HeadFault = (typeof HEAD_FAULTS)[number]

/** Motors that do not do what they were told, so far as the share or the time says. */
export const SHORT_SHARE = 0.85
export const OVERSHOOT_DEGREES = 9
export const START_LATE_MS = 1500
export const SLOW_SPEED = 0.2
export const INTERRUPTED_MS = 250
const IDLE_AT_FIRST_MS = 700
const POSITION_LATE_MS = 700
const SLOW_STATUS_MS = 2000
const LATE_YES_MS = 3000

/** How long an answer waits, milliseconds; null: it never comes. */
export function delayOf(fault: HeadFault | null, operation: string): number | null {
  if (fault === 'status-slow' && operation === 'GetStatus') return SLOW_STATUS_MS
  if (fault === 'yes-late' && operation === 'GotoPreset') return LATE_YES_MS
  return fault === 'no-yes' && operation === 'GotoPreset' ? null : 0
}

/** What a status says: left out where the head says nothing of it. */
export type Told = { pose: Pose | null; moving: boolean | null; zoomAlone?: boolean }

/** One head's way of telling, which remembers what it told. @param now milliseconds of any clock that only grows */
export function createHeadTelling(now: () => number) {
  let asked: { at: number; target: Pose } | null = null
  let frozen: Pose | null = null
  const seen: { at: number; pose: Pose }[] = []
  const CONSTANT: Pose = { pan: 0, tilt: 0, zoom: 1 }
  return {
    /** A preset was asked for. @param here where the head stood */
    onGoto(target: Pose, here: Pose): void {
      asked = { at: now(), target }
      frozen = here
    },
    told(fault: HeadFault | null, { pose, moving }: { pose: Pose; moving: boolean }): Told {
      seen.push({ at: now(), pose })
      if (seen.length > 100) seen.shift()
      const since = asked === null ? Number.POSITIVE_INFINITY : now() - asked.at
      switch (fault) {
        case 'position-constant':
          return { pose: CONSTANT, moving }
        case 'position-frozen':
          return { pose: frozen ?? pose, moving }
        case 'position-late':
          return { pose: seen.findLast(({ at }) => at <= now() - POSITION_LATE_MS)?.pose ?? frozen ?? pose, moving }
        case 'position-as-asked':
          return { pose: asked?.target ?? pose, moving }
        case 'stuck-as-asked':
          return { pose: asked?.target ?? pose, moving: null }
        case 'stuck-as-asked-idle':
          return { pose: asked?.target ?? pose, moving: false }
        case 'zoom-alone':
          return { pose, moving: null, zoomAlone: true }
        case 'no-position':
          return { pose: null, moving }
        case 'no-move-status':
          return { pose, moving: null }
        case 'nothing-told':
          return { pose: null, moving: null }
        case 'always-moving':
          return { pose, moving: true }
        case 'always-idle':
          return { pose, moving: false }
        case 'idle-at-first':
          return { pose, moving: moving && since > IDLE_AT_FIRST_MS }
        default:
          return { pose, moving }
      }
    },
    /**
     * Where the head says that a preset is; null: it does not.
     * @param fault what the head is for life: presets are read once
     */
    ofPreset: (fault: HeadFault | null, pose: Pose): Pose | null =>
      fault === 'position-constant' ? CONSTANT : fault === 'no-position' || fault === 'nothing-told' ? null : pose,
  }
}

/** Part of the way from one pose to another. @param turn pan degrees the short way */
export const partOfWay = (from: Pose, to: Pose, turn: number, share: number): Pose => ({
  pan: from.pan + turn * share,
  tilt: from.tilt + (to.tilt - from.tilt) * share,
  zoom: from.zoom + (to.zoom - from.zoom) * share,
})
/** How far two poses are from each other, as shares of the whole range; the largest of the three. */
export function shareBetween(one: Pose, other: Pose): number {
  const [a, b] = [toGeneric(one), toGeneric(other)]
  const pan = Math.abs(a.pan - b.pan) / 2
  return Math.max(Math.min(pan, 1 - pan), Math.abs(a.tilt - b.tilt) / 2, Math.abs(a.zoom - b.zoom))
}
