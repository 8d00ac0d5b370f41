/** Which cameras answer a press. Pure: the same town and health always give the same answer. */
import type { Blindness, CameraId, PresetToken, Reachability } from '../glossary/camera.ts'
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
  /** Milliseconds since somebody moved it by hand; null when nobody did. */
  handMovedMs: number | null
  /** What is wrong with its picture, as far as anybody looked. */
  blind: Blindness | null
}

export type Chosen = { camera: CameraId; preset: PresetToken | null; metres: number | null }
export type PassedOver = { camera: CameraId; reason: string }
export type Choice = { primary: Chosen | null; secondary: Chosen[]; passedOver: PassedOver[] }

const FIXED_WITHIN_METRES = 60
const MOST_FURTHER = 3
const MOST_FIXED = 2
/** An operator who has just moved a camera is looking at something. */
const BUSY_MS = 120_000

/**
 * The nearest PTZ camera that has a preset for the help point and is free, answers and sees; behind it the further ones,
 * and fixed cameras near. One that was never reached yet, that an operator has just moved, or that sees nothing comes
 * after those, in that order: it is better than none. Ties fall to the lower id. What was nearer and was not sent first
 * keeps the reason.
 */
export function chooseCameras(helpPoint: { id: HelpPointId; location: Place }, cameras: readonly Candidate[], incident: IncidentId): Choice {
  const passedOver: PassedOver[] = []
  const movable: Ranked[] = []
  const fixed: Ranked[] = []
  for (const camera of cameras) {
    const metres = camera.location ? metresBetween(camera.location, helpPoint.location) : null
    const preset = camera.presets.get(helpPoint.id)
    const ranked = { camera: camera.id, metres, ...doubtAbout(camera) }
    if (preset && camera.ptz) {
      const reason = whyNot(camera, preset.token, incident)
      if (reason) passedOver.push({ camera: camera.id, reason })
      else movable.push({ ...ranked, preset: preset.token })
    } else if (!camera.ptz && metres !== null && metres <= FIXED_WITHIN_METRES && camera.onvif !== 'down') fixed.push({ ...ranked, preset: null })
  }
  const [primary = null, ...further] = movable.sort(bestFirst)
  for (const { camera, doubt, metres } of further) if (doubt && primary && distance(metres) < distance(primary.metres)) passedOver.push({ camera, reason: doubt })
  return { primary: primary && chosenOf(primary), secondary: [...further.slice(0, MOST_FURTHER), ...fixed.sort(bestFirst).slice(0, MOST_FIXED)].map(chosenOf), passedOver }
}

function whyNot(camera: Candidate, token: PresetToken, incident: IncidentId): string | null {
  if (camera.onvif === 'down') return 'it does not answer'
  if (camera.heldBy !== null && camera.heldBy !== incident) return 'another incident holds it'
  if (camera.knownTokens && !camera.knownTokens.has(token)) return `its preset ${token} is gone from the camera`
  return null
}

const BLIND = { dark: 'its picture is dark', covered: 'its picture is blank: the lens may be covered', frozen: 'its picture stands still' }

function doubtAbout({ onvif, handMovedMs, blind }: Candidate): { rank: number; doubt: string | null } {
  if (blind !== null) return { rank: 3, doubt: BLIND[blind] }
  if (handMovedMs !== null && handMovedMs < BUSY_MS) return { rank: 2, doubt: `somebody moved it by hand ${Math.round(handMovedMs / 1000)} s ago` }
  return onvif === 'up' ? { rank: 0, doubt: null } : { rank: 1, doubt: 'it was not reached yet' }
}

type Ranked = Chosen & { rank: number; doubt: string | null }
const distance = (metres: number | null): number => metres ?? Number.POSITIVE_INFINITY
const bestFirst = (a: Ranked, b: Ranked): number => a.rank - b.rank || distance(a.metres) - distance(b.metres) || (a.camera < b.camera ? -1 : 1)
const chosenOf = ({ camera, preset, metres }: Ranked): Chosen => ({ camera, preset, metres })
