/** What the camera's own words prove about a move. Pure; never claims what the camera did not say. */
import type { FramingState, Proof, PtzPosition, PtzStatus } from '../glossary/camera.ts'

/** One GetStatus answer, `at` milliseconds after the move was accepted. */
export type Sample = PtzStatus & { at: number }

export type Evidence = {
  /** Where the preset is, as far as the camera said; null when it never said. */
  expected: Partial<PtzPosition> | null
  samples: readonly Sample[]
  /** This camera was seen MOVING at some time: its MoveStatus is more than decoration. */
  moveStatusTrusted: boolean
  deadlineMs: number
}

export type Judgement = { state: Exclude<FramingState, 'asked'>; proofs: Proof[]; reason: string | null }

/** Generic space is -1..1: 0.01 of pan is 1.8 degrees. */
const PAN_TILT_TOLERANCE = 0.01
const ZOOM_TOLERANCE = 0.02
/** A head that stands still this long after it should have started is not going to move. */
const STILL_MS = 1200

export function judge({ expected, samples, moveStatusTrusted, deadlineMs }: Evidence): Judgement {
  const last = samples.at(-1)
  const settling: Judgement = { state: 'moving', proofs: ['accepted'], reason: null }
  if (!last) return settling
  const sawMoving = samples.some(({ moving }) => moving === true)
  const away = awayFrom(expected, last.position)
  const stopped = last.moving === false && (sawMoving || moveStatusTrusted)
  const arrived = away !== null && away.there
  const late = last.at >= deadlineMs

  // Position agrees and nothing says it still moves: the preset is where it looks.
  if (arrived && last.moving !== true) return { state: 'framed', proofs: stopped ? ['accepted', 'stopped', 'position'] : ['accepted', 'position'], reason: null }
  // It moved and stopped, and it does not say where.
  if (away === null && sawMoving && stopped) return { state: 'framed', proofs: ['accepted', 'stopped'], reason: null }
  if (away !== null && !away.there && last.moving !== true && stillFor(samples) >= STILL_MS)
    return { state: 'failed', proofs: ['accepted'], reason: `The camera says it stands ${away.words} away from the preset.` }
  if (!late) return settling
  if (away !== null && !away.there) return { state: 'failed', proofs: ['accepted'], reason: `The camera did not reach the preset within ${Math.round(deadlineMs / 1000)} s; it is ${away.words} away.` }
  return { state: 'unproven', proofs: ['accepted'], reason: 'The camera accepted the move but tells neither where it looks nor whether it has stopped.' }
}

/** Whether two places that a camera named are certainly not the same one. */
export const isAway = (expected: Partial<PtzPosition> | null, actual: Partial<PtzPosition> | null): boolean => awayFrom(expected, actual)?.there === false

type Away = { there: boolean; words: string }

function awayFrom(expected: Partial<PtzPosition> | null, actual: Partial<PtzPosition> | null): Away | null {
  if (!expected || !actual) return null
  const pan = difference(expected.pan, actual.pan)
  const tilt = difference(expected.tilt, actual.tilt)
  const zoom = difference(expected.zoom, actual.zoom)
  if (pan === null && tilt === null && zoom === null) return null
  const there = (pan ?? 0) <= PAN_TILT_TOLERANCE && (tilt ?? 0) <= PAN_TILT_TOLERANCE && (zoom ?? 0) <= ZOOM_TOLERANCE
  const share = Math.max(pan ?? 0, tilt ?? 0)
  return { there, words: share > PAN_TILT_TOLERANCE ? `${Math.max(1, Math.round(share * 50))} % of its range` : 'a zoom step' }
}

const difference = (a: number | undefined, b: number | undefined): number | null => (a === undefined || b === undefined ? null : Math.abs(a - b))

/** Milliseconds for which the newest samples name one and the same place. */
function stillFor(samples: readonly Sample[]): number {
  const last = samples.at(-1)
  if (!last) return 0
  let since = last.at
  for (let i = samples.length - 1; i >= 0; i -= 1) {
    const sample = samples[i]
    if (!sample || sample.moving === true || !awayFrom(last.position, sample.position)?.there) break
    since = sample.at
  }
  return last.at - since
}
