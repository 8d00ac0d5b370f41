/** Which cameras answer a press. Pure: the same town and health always give the same answer. */
import type { Blindness, CameraId, FramingWay, PresetToken, Reachability } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { HelpPointId, Place } from '../glossary/press.ts'
import { metresBetween } from '../tools/geography.ts'

export type Candidate = {
  id: CameraId
  name: string
  location: Place | null
  ptz: boolean
  onvif: Reachability
  heldBy: IncidentId | null
  presets: ReadonlyMap<HelpPointId, { token: PresetToken; name: string }>
  /** Tokens the camera says it has; null while it was never asked. */
  knownTokens: ReadonlySet<PresetToken> | null
  /** Whether it can be turned to a place by its coordinates. */
  canAim(place: Place): boolean
  /** Milliseconds since somebody moved it by hand; null when nobody did. */
  handMovedMs: number | null
  /** What is wrong with its picture, as far as anybody looked. */
  blind: Blindness | null
  /** Why it cannot be recorded or moved though it answers; null when it can. */
  fault?: string | null
  /** Why it does not answer, for a person. */
  silence?: string | null
  /** An open press elsewhere has a preset of this head; null: none. */
  neededBy?: IncidentId | null
}

/** Where a person pressed; `location` null: the help point has left the site file, and only presets lead there. */
export type PressedPlace = { id: HelpPointId; location: Place | null }
export type Chosen = { camera: CameraId; preset: PresetToken | null; way: FramingWay; metres: number | null }
export type PassedOver = { camera: CameraId; reason: string }
/** `wanted`: a nearer camera that another incident holds; its operator may be asked for it. */
export type Choice = {
  primary: Chosen | null
  secondary: Chosen[]
  passedOver: PassedOver[]
  wanted: (Chosen & { heldBy: IncidentId }) | null
}

const FIXED_WITHIN_METRES = 60
const AIM_WITHIN_METRES = 150
/** Degrees that are more than those metres, anywhere people live. */
const NEAR_LATITUDE = 0.0014
const NEAR_LONGITUDE = 0.006
const MOST_FURTHER = 3
const MOST_FIXED = 2
/** An operator who has just moved a camera is looking at something. */
const BUSY_MS = 120_000

/**
 * The nearest PTZ camera that has a preset for the help point and is free, answers and sees; behind it the further
 * ones, and fixed cameras near. A camera without a usable preset comes after those with one: turned by coordinates
 * where it can be, else sent home where home is near. One that was never reached yet, that an operator has just
 * moved, or that sees nothing comes last, in that order: it is better than none. Ties fall to the lower id. What was
 * nearer and was not sent first keeps the reason.
 */
export function chooseCameras(helpPoint: PressedPlace, cameras: readonly Candidate[], incident: IncidentId): Choice {
  const passedOver: PassedOver[] = []
  const movable: Ranked[] = []
  const fixed: Ranked[] = []
  let wanted: Choice['wanted'] = null
  for (const camera of cameras) {
    if (!concerns(camera, helpPoint)) continue
    const ranked = rank(camera, helpPoint)
    if (ranked.lost) passedOver.push({ camera: camera.id, reason: ranked.lost })
    if (ranked.way === null) continue
    const sent: Ranked = { ...ranked, way: ranked.way }
    if (camera.onvif === 'down') {
      if (sent.way === 'preset') passedOver.push({ camera: camera.id, reason: camera.silence ?? 'it does not answer' })
    } else if (sent.way === 'fixed') fixed.push(sent)
    else if (camera.heldBy !== null && camera.heldBy !== incident) {
      if (sent.way !== 'preset') continue
      passedOver.push({ camera: camera.id, reason: 'another incident holds it' })
      if (!wanted || distance(sent.metres) < distance(wanted.metres))
        wanted = { ...chosenOf(sent), heldBy: camera.heldBy }
    } else if (sent.way !== 'preset' && camera.neededBy != null && camera.neededBy !== incident)
      passedOver.push({ camera: camera.id, reason: 'another open press has a preset of it' })
    else movable.push(sent)
  }
  const [primary = null, ...further] = movable.sort(bestFirst)
  for (const { camera, doubt, metres } of further)
    if (doubt && primary && distance(metres) < distance(primary.metres)) passedOver.push({ camera, reason: doubt })
  // Nobody's camera is sent home for a second view.
  const views = further.filter(({ way }) => way !== 'home').slice(0, MOST_FURTHER)
  const nearer =
    wanted !== null &&
    (primary === null || primary.way !== 'preset' || distance(wanted.metres) < distance(primary.metres))
  return {
    primary: primary && chosenOf(primary),
    secondary: [...views, ...fixed.sort(bestFirst).slice(0, MOST_FIXED)].map(chosenOf),
    passedOver,
    wanted: nearer ? wanted : null,
  }
}

/** Most cameras of a town have nothing to do with a place: no trigonometry, and no memory, for them. */
export function concerns(
  { presets, location }: Pick<Candidate, 'presets' | 'location'>,
  helpPoint: PressedPlace,
): boolean {
  return (
    presets.has(helpPoint.id) ||
    (location !== null &&
      helpPoint.location !== null &&
      Math.abs(location.lat - helpPoint.location.lat) < NEAR_LATITUDE &&
      Math.abs(location.lon - helpPoint.location.lon) < NEAR_LONGITUDE)
  )
}

type Ranked = Chosen & { rank: number; doubt: string | null }
/** `lost`: why its preset is of no use. */
type Way = Omit<Ranked, 'way'> & { way: FramingWay | null; lost: string | null }

function rank(camera: Candidate, { id, location }: PressedPlace): Way {
  const preset = camera.presets.get(id)
  const metres = camera.location && location ? metresBetween(camera.location, location) : null
  const near = (within: number): boolean => metres !== null && metres <= within
  const base = { camera: camera.id, metres, preset: null, lost: null, ...doubtAbout(camera) }
  if (!camera.ptz)
    return {
      ...base,
      lost: preset && camera.fault ? camera.fault : null,
      way: near(FIXED_WITHIN_METRES) ? 'fixed' : null,
    }
  const gone = preset !== undefined && camera.knownTokens !== null && !camera.knownTokens.has(preset.token)
  if (preset && !gone) return { ...base, preset: preset.token, way: 'preset' }
  const lost = gone ? `its preset ${preset.token} is gone from the camera` : null
  if (near(AIM_WITHIN_METRES) && location && camera.canAim(location)) return { ...base, lost, way: 'aim' }
  return { ...base, lost, way: near(FIXED_WITHIN_METRES) ? 'home' : null }
}

const BLIND = {
  dark: 'its picture is dark',
  covered: 'its picture is blank: the lens may be covered',
  frozen: 'its picture stands still',
}

function doubtAbout({ onvif, handMovedMs, blind }: Candidate): { rank: number; doubt: string | null } {
  if (blind !== null) return { rank: 3, doubt: BLIND[blind] }
  if (handMovedMs !== null && handMovedMs < BUSY_MS)
    return { rank: 2, doubt: `somebody moved it by hand ${Math.round(handMovedMs / 1000)} s ago` }
  return onvif === 'up' ? { rank: 0, doubt: null } : { rank: 1, doubt: 'it was not reached yet' }
}

const WAYS: readonly FramingWay[] = ['preset', 'aim', 'home', 'fixed', 'as-is']
const serious = ({ rank: doubt }: Ranked): number => (doubt > 1 ? doubt : 0)
const distance = (metres: number | null): number => metres ?? Number.POSITIVE_INFINITY
const bestFirst = (a: Ranked, b: Ranked): number =>
  serious(a) - serious(b) ||
  WAYS.indexOf(a.way) - WAYS.indexOf(b.way) ||
  a.rank - b.rank ||
  distance(a.metres) - distance(b.metres) ||
  (a.camera < b.camera ? -1 : 1)
const chosenOf = ({ camera, preset, way, metres }: Ranked): Chosen => ({ camera, preset, way, metres })
