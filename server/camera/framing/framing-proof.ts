/** What the camera's own words prove about a move. Pure; never claims what the camera did not say. */
import type { FramingState, Proof, PtzPosition, PtzStatus } from '../../glossary/camera.ts'

/**
 * One GetStatus answer, `at` milliseconds after the move was asked for. `afterYes`: it was asked when the camera had said
 * yes to the move.
 */
export type Sample = PtzStatus & { at: number; afterYes?: boolean }

export type Evidence = {
  /**
   * Whether the camera has said yes to the move; one that is slow to answer may move before it does. Left out: it
   * has.
   */
  accepted?: boolean
  /**
   * Where the preset is, as far as the camera said; null when it never said, or when nobody has confirmed what it
   * says now.
   */
  expected: Partial<PtzPosition> | null
  samples: readonly Sample[]
  /** This camera was seen both MOVING and IDLE at some time: its MoveStatus is more than decoration. */
  moveStatusTrusted: boolean
  /**
   * It was seen at two different places, and its presets are not all one: its position is more than a constant. Left
   * out: it was.
   */
  positionTrusted?: boolean
  /** Where it looked before the move, as it said lately; null: nobody knows. Left out: that is not asked. */
  from?: Partial<PtzPosition> | null | undefined
  /**
   * Whether what it tells follows its motors. True: it was seen on its way to a place. False: it told that it had come
   * to a place without having been seen on its way, and was not seen on one since. Null, or left out: nobody knows.
   */
  follows?: boolean | null
  deadlineMs: number
}

export type Judgement = {
  state: Exclude<FramingState, 'asked'>
  proofs: Proof[]
  reason: string | null
  /** Its picture could not be compared with the preset's. */ compared?: false
}

/** Generic space is -1..1: 0.01 of pan is 1.8 degrees. */
const PAN_TILT_TOLERANCE = 0.01
const ZOOM_TOLERANCE = 0.02
const DEGREES_TOLERANCE = 1.8
/** A head that stands still this long after it should have started is not going to move. */
const STILL_MS = 1200
/** A step so short that no place between can be seen is no contradiction. */
const TURNED_MS = 300

export function judge({
  accepted = true,
  expected,
  samples,
  moveStatusTrusted,
  positionTrusted = true,
  from,
  follows = null,
  deadlineMs,
}: Evidence): Judgement {
  const said: Proof[] = accepted ? ['accepted'] : []
  const last = samples.at(-1)
  const settling: Judgement = { state: 'moving', proofs: said, reason: null }
  if (!last) return settling
  const sawMoving = samples.some(({ moving }) => moving === true)
  const sawElsewhere = samples.some(({ position }) => isAway(position, last.position))
  // A zoom that changed says nothing about a direction that did not.
  const sawTurned = samples.some(({ position }) => hasTurned(position, last.position))
  const away = awayFrom(expected, last.position, sawMoving || sawElsewhere)
  const stopped = last.moving === false && (sawMoving || moveStatusTrusted)
  // Some heads say MOVING for ever: a head whose position stays the same for so long stands. Other heads tell the
  // place that they were sent to instead of the place where they are: such a position is the preset's at once, while
  // the head still turns. So a head whose MoveStatus can be believed must have been seen on its way before its MOVING
  // is passed over.
  const moving = last.moving === true && (stillFor(samples) < STILL_MS || (moveStatusTrusted && !sawElsewhere))
  // The head says that it turned, and its position stayed the same: one of the two is untrue, and nobody can say which.
  const contradicts = !sawElsewhere && turnedFor(samples) >= TURNED_MS && last.position !== null
  // Zero on all axes, from a head that was not seen elsewhere: heads tell it that do not know where they are, and one
  // that was at its preset already tells no move. A head that is really parked there is unproven, too: which of the
  // two it is, nobody can say from here.
  const zero = !sawElsewhere && away?.there === false && isZero(last.position)
  // It may tell where it was sent: it was not seen on its way, or has been doubted before. Unless its MoveStatus tells
  // the same move: elsewhere, moving, stopped, there.
  const way = wayTo(expected, samples, from)
  const agrees = way === 'unseen' && sawMoving && stopped
  const echo = follows !== true && way !== 'seen' && !agrees && (way !== null || follows === false)
  const believed = (positionTrusted || sawTurned) && !zero && !(contradicts && !away?.there) && !(echo && away?.there)
  const withinMs = timeFor(samples, deadlineMs)
  const late = last.at >= withinMs

  // Position agrees and nothing says it still moves: the preset is where it looks.
  if (away?.there && believed && !moving)
    return { state: 'framed', proofs: stopped ? [...said, 'stopped', 'position'] : [...said, 'position'], reason: null }
  // It moved and stopped, and it does not say where.
  if ((away === null || (echo && away.there)) && sawMoving && stopped)
    return { state: 'framed', proofs: [...said, 'stopped'], reason: null }
  if (away && !away.there && believed && standsFor(samples) >= STILL_MS)
    return { state: 'failed', proofs: said, reason: `The camera says it stands ${away.words} away from the preset.` }
  if (contradicts && !away?.there && away !== null && standsFor(samples) >= STILL_MS)
    return { state: 'unproven', proofs: said, reason: CONTRADICTS }
  if (echo && away?.there && standsFor(samples) >= STILL_MS)
    return { state: 'unproven', proofs: said, reason: echoText(way) }
  // One that nobody has seen elsewhere yet may turn late, and is given its time.
  if (zero && positionTrusted && standsFor(samples) >= STILL_MS)
    return { state: 'unproven', proofs: said, reason: ZERO }
  if (!late) return settling
  if (away && !away.there && believed)
    return {
      state: 'failed',
      proofs: said,
      reason:
        `The camera did not reach the preset within ${Math.round(withinMs / 1000)} s; it is ${away.words} ` +
        `away${last.moving === true ? ' and says that it is still moving' : ''}.`,
    }
  return {
    state: 'unproven',
    proofs: said,
    reason: unprovenText(last, {
      away,
      believed,
      echo: echo ? echoText(way) : null,
      contradicts,
      accepted,
      moveStatusTrusted: moveStatusTrusted || sawMoving,
      withinMs,
    }),
  }
}

const ZERO =
  'The position that the camera tells is zero on every axis and did not change: a head that does not know where it is tells that, too.'
const echoText = (way: Way | null): string =>
  'The camera said that it looks there' +
  `${way === 'too-soon' ? ' sooner than any head turns' : ', and was not seen on its way'}: ` +
  'it may tell where it was sent, not where it looks.'
const CONTRADICTS =
  'The camera says that it turned, but the position that it tells stayed the same: neither can be believed.'

function unprovenText(
  last: Sample,
  {
    away,
    believed,
    echo,
    contradicts,
    accepted,
    moveStatusTrusted,
    withinMs,
  }: {
    away: Away | null
    believed: boolean
    echo: string | null
    contradicts: boolean
    accepted: boolean
    moveStatusTrusted: boolean
    withinMs: number
  },
): string {
  const took = accepted ? 'The camera accepted the move' : 'The camera did not answer the move'
  if (last.moving === true) return `${took}; after ${Math.round(withinMs / 1000)} s it says that it is still moving.`
  if (away && contradicts) return CONTRADICTS
  if (away?.there && echo) return echo
  if (away && !believed) return `${took}; the position that it tells has never changed, so it proves nothing.`
  if (away === null && last.position) return `${took}; its position and its preset cannot be compared.`
  return moveStatusTrusted && last.moving === false
    ? `${took} and has stopped; it does not say where.`
    : `${took} but tells neither where it looks nor whether it has stopped.`
}

const isZero = (position: Partial<PtzPosition> | null): boolean =>
  position?.pan === 0 && position.tilt === 0 && (position.zoom ?? 0) === 0

/**
 * How a head came to the preset, by its own words. `seen`: it told a place between, or had said yes and still told
 * another place, as one does whose position comes when it has stopped. The others tell a head that turned
 * from one that only says where it was sent by nothing. `too-soon`: it was elsewhere, and said that it is there before
 * it can have turned. `unseen`: it was elsewhere and then there, with nothing between, as one looks that answers slowly
 * or is asked by a busy machine. `from-nowhere`: nobody knows where it was.
 */
export type Way = 'seen' | 'too-soon' | 'unseen' | 'from-nowhere'
/** Null: it was there before, or so near that it is the same place to an operator; or it is not there. */
export function wayTo(
  expected: Partial<PtzPosition> | null,
  samples: readonly Sample[],
  from: Partial<PtzPosition> | null | undefined,
): Way | null {
  const first = samples.findIndex(({ position }) => isThere(expected, position))
  if (first === -1) return null
  const before = samples.slice(0, first)
  const start = from ?? before.find(({ position }) => position)?.position ?? null
  const isSeen = ({ position, afterYes = false }: Sample): boolean =>
    isBetween(start, position, expected) || (afterYes && hasTurned(position, expected))
  if (before.some(isSeen)) return 'seen'
  if (start === null) return from === null ? 'from-nowhere' : null
  // It is told to be there a little before it is.
  const far = (turnBetween(start, expected) ?? 0) - NEAR_DEGREES
  if (far > 0) return (samples[first]?.at ?? 0) < quickestMs(far) ? 'too-soon' : 'unseen'
  return (differences(start, expected, true)?.zoom ?? 0) > 2 * ZOOM_TOLERANCE ? 'unseen' : null
}
/** On the way from one place to another, and at neither: not where somebody else has sent the head meanwhile. */
function isBetween(
  start: Partial<PtzPosition> | null,
  position: Partial<PtzPosition> | null,
  end: Partial<PtzPosition> | null,
): boolean {
  if (!hasTurned(start, position) || !hasTurned(position, end)) return false
  const whole = differences(start, end, true)
  const parts = [differences(start, position, true), differences(position, end, true)]
  if (!whole) return false
  return (['pan', 'tilt'] as const).every(
    (axis) => parts.reduce((sum, part) => sum + (part?.[axis] ?? 0), 0) <= (whole[axis] ?? 0) + 2 * toleranceOf(whole),
  )
}

/** What a position may be off on both sides and still count as the preset's. */
const NEAR_DEGREES = 2 * DEGREES_TOLERANCE
/** No head that is sold turns faster, or comes up to that sooner. Degrees and seconds. */
const FASTEST = 700
const QUICKEST = 4000
function quickestMs(degrees: number): number {
  const seconds =
    degrees < FASTEST ** 2 / QUICKEST ? 2 * Math.sqrt(degrees / QUICKEST) : degrees / FASTEST + FASTEST / QUICKEST
  return seconds * 1000
}
/** A share of the range as degrees, the least that it can be: heads that turn by half a circle are seldom sold. */
const PAN_DEGREES = 90
const TILT_DEGREES = 45
/** How far it is between two places, degrees at least; null where they are one, or cannot be compared. */
function turnBetween(a: Partial<PtzPosition> | null, b: Partial<PtzPosition> | null): number | null {
  if (!hasTurned(a, b)) return null
  const { pan, tilt, degrees } = differences(a, b, true) ?? { pan: null, tilt: null, degrees: false }
  return Math.max((pan ?? 0) * (degrees ? 1 : PAN_DEGREES), (tilt ?? 0) * (degrees ? 1 : TILT_DEGREES))
}

/** Whether a head has come nearer to a place, by its own words; null: they cannot be compared. */
export function hasComeNearer(
  expected: Partial<PtzPosition> | null,
  before: Partial<PtzPosition> | null,
  now: Partial<PtzPosition> | null,
): boolean | null {
  const [first, last] = [differences(expected, before, true), differences(expected, now, true)]
  if (!first || !last) return null
  const far = ({ pan, tilt, zoom }: Differences): number => Math.max(pan ?? 0, tilt ?? 0, zoom ?? 0)
  return far(last) < far(first) - toleranceOf(last)
}

/** Whether a head looked in another direction: pan or tilt, never its zoom alone. */
export function hasTurned(before: Partial<PtzPosition> | null, after: Partial<PtzPosition> | null): boolean {
  const found = differences(before, after, true)
  return found !== null && Math.max(found.pan ?? 0, found.tilt ?? 0) > toleranceOf(found)
}

/** Whether two places that a camera named are certainly not the same one. */
export const isAway = (expected: Partial<PtzPosition> | null, actual: Partial<PtzPosition> | null): boolean =>
  awayFrom(expected, actual, true)?.there === false

/** Whether a camera gives two positions in different units, so that they cannot be compared. */
export const areOtherUnits = (a: Partial<PtzPosition> | null, b: Partial<PtzPosition> | null): boolean =>
  a?.pan !== undefined && b?.pan !== undefined && differences(a, b, true) === null

/** Whether two places that a camera named are certainly the same one. */
export const isThere = (expected: Partial<PtzPosition> | null, actual: Partial<PtzPosition> | null): boolean =>
  awayFrom(expected, actual, true)?.there === true

type Away = { there: boolean; words: string }

type Differences = {
  pan: number | null
  tilt: number | null
  zoom: number | null
  degrees: boolean
  /** Each axis that one of the two names is named by the other, in the same space; a direction among them. */
  whole: boolean
}
/**
 * @param wraps whether the ends of its pan may be one place: only of a head that has moved, since one with end stops
 * stands at one of them. Null: they cannot be compared.
 */
function differences(
  expected: Partial<PtzPosition> | null,
  actual: Partial<PtzPosition> | null,
  wraps: boolean,
): Differences | null {
  if (!expected || !actual) return null
  const panTilt =
    sameSpace(expected.panTiltSpace, actual.panTiltSpace) &&
    (isNamedUnit(expected.panTiltSpace, actual.panTiltSpace) ||
      sameUnits([expected.pan, actual.pan], [expected.tilt, actual.tilt]))
  // A zoom that agrees is no proof of a direction that cannot be compared.
  if (!panTilt && expected.pan !== undefined && actual.pan !== undefined) return null
  const degrees = inDegrees(expected.panTiltSpace, [expected.pan, actual.pan, expected.tilt, actual.tilt])
  const pan = panTilt ? panDifference(expected.pan, actual.pan, degrees ? 360 : 2, wraps) : null
  const tilt = panTilt ? difference(expected.tilt, actual.tilt) : null
  const zoom =
    sameSpace(expected.zoomSpace, actual.zoomSpace) && sameUnits([expected.zoom, actual.zoom])
      ? difference(expected.zoom, actual.zoom)
      : null
  if (pan === null && tilt === null && zoom === null) return null
  const told = (axis: 'pan' | 'tilt' | 'zoom', found: number | null): boolean =>
    found !== null || (expected[axis] === undefined && actual[axis] === undefined)
  return { pan, tilt, zoom, degrees, whole: pan !== null && told('tilt', tilt) && told('zoom', zoom) }
}
const toleranceOf = ({ degrees }: Differences): number => (degrees ? DEGREES_TOLERANCE : PAN_TILT_TOLERANCE)
const agree = (found: Differences): boolean =>
  Math.max(found.pan ?? 0, found.tilt ?? 0) <= toleranceOf(found) && (found.zoom ?? 0) <= ZOOM_TOLERANCE

/** Null: they cannot be compared, or they agree in what both name, and one of them names more. */
function awayFrom(
  expected: Partial<PtzPosition> | null,
  actual: Partial<PtzPosition> | null,
  wraps: boolean,
): Away | null {
  const found = differences(expected, actual, wraps)
  if (!found) return null
  const there = agree(found)
  if (there && !found.whole) return null
  const share = Math.max(found.pan ?? 0, found.tilt ?? 0)
  if (share <= toleranceOf(found)) return { there, words: 'a zoom step' }
  return {
    there,
    words: found.degrees
      ? `${Math.max(1, Math.round(share))} degrees`
      : `${Math.min(100, Math.max(1, Math.round(share * 50)))} % of its range`,
  }
}

const GENERIC = /GenericSpace$/
/** A space that is not named is the device's own default, which is the generic one. */
const sameSpace = (a = '', b = ''): boolean =>
  a === b || (GENERIC.test(a || 'GenericSpace') && GENERIC.test(b || 'GenericSpace'))
/** Both name one space, and it is not the generic one that some write degrees into. */
const isNamedUnit = (a = '', b = ''): boolean => a !== '' && a === b && !GENERIC.test(a)
/**
 * Beyond its range a number is no share of it: some devices write degrees and call them generic, in one answer and
 * not in another.
 */
const sameUnits = (...axes: [number | undefined, number | undefined][]): boolean => {
  const isShare = (side: 0 | 1): boolean => axes.every((axis) => Math.abs(axis[side] ?? 0) <= 1.001)
  return isShare(0) === isShare(1) || axes.every(([a, b]) => (a ?? 0) === 0 || (b ?? 0) === 0)
}
const inDegrees = (space: string | undefined, values: (number | undefined)[]): boolean =>
  /degrees/i.test(space ?? '') || values.some((value) => Math.abs(value ?? 0) > 1.001)

const difference = (a: number | undefined, b: number | undefined): number | null =>
  a === undefined || b === undefined ? null : Math.abs(a - b)
function panDifference(a: number | undefined, b: number | undefined, round: number, wraps: boolean): number | null {
  const straight = difference(a, b)
  return straight === null || !wraps ? straight : Math.min(straight, Math.abs(round - straight))
}

/**
 * A head that is seen turning is given longer than it has taken before; one that never stops (a tour) is not given
 * for ever.
 */
const TURNING_MS = 500
const MOST_TURNING_MS = 12_000
export function timeFor(samples: readonly Sample[], deadlineMs: number): number {
  const last = samples.at(-1)
  const turns =
    last?.position != null &&
    samples.length > 1 &&
    last.at - (samples[0]?.at ?? 0) > TURNING_MS &&
    stillFor(samples) < TURNING_MS
  return turns ? Math.max(deadlineMs, MOST_TURNING_MS) : deadlineMs
}
/** Between the first and the last of them that say it moves, milliseconds. */
function turnedFor(samples: readonly Sample[]): number {
  const moving = samples.filter((sample) => sample.moving === true)
  return (moving.at(-1)?.at ?? 0) - (moving[0]?.at ?? 0)
}
/** The same, and none of them says that it moves: a head whose position comes late turns meanwhile. */
const standsFor = (samples: readonly Sample[]): number =>
  samples.at(-1)?.moving === true
    ? 0
    : stillFor(samples.slice(samples.findLastIndex(({ moving }) => moving === true) + 1))

/** Milliseconds for which the newest samples name one and the same place; whatever they say of moving. */
function stillFor(samples: readonly Sample[]): number {
  const last = samples.at(-1)
  if (!last) return 0
  let since = last.at
  for (let i = samples.length - 1; i >= 0; i -= 1) {
    const sample = samples[i]
    const found = sample && differences(last.position, sample.position, true)
    if (!sample || !found || !agree(found)) break
    since = sample.at
  }
  return last.at - since
}
