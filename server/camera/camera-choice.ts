/** Which cameras answer a press. Pure: the same town and health always give the same answer. */
import type { CameraId, PresetToken, Reachability } from '../glossary/camera.ts'
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
}

export type Chosen = { camera: CameraId; preset: PresetToken | null; metres: number | null }
export type PassedOver = { camera: CameraId; reason: string }
export type Choice = { primary: Chosen | null; secondary: Chosen[]; passedOver: PassedOver[] }

const FIXED_WITHIN_METRES = 60
const MOST_FURTHER = 3
const MOST_FIXED = 2

/**
 * The nearest PTZ camera that has a preset for the help point and answers; behind it the further ones, and fixed
 * cameras near. A camera that was never reached yet comes after those that answer; ties fall to the lower id.
 */
export function chooseCameras(helpPoint: { id: HelpPointId; location: Place }, cameras: readonly Candidate[], incident: IncidentId): Choice {
  const passedOver: PassedOver[] = []
  const movable: (Chosen & { rank: number })[] = []
  const fixed: (Chosen & { rank: number })[] = []
  for (const camera of cameras) {
    const metres = camera.location ? metresBetween(camera.location, helpPoint.location) : null
    const preset = camera.presets.get(helpPoint.id)
    const rank = camera.onvif === 'up' ? 0 : 1
    if (preset && camera.ptz) {
      const reason = whyNot(camera, preset.token, incident)
      if (reason) passedOver.push({ camera: camera.id, reason })
      else movable.push({ camera: camera.id, preset: preset.token, metres, rank })
    } else if (!camera.ptz && metres !== null && metres <= FIXED_WITHIN_METRES && camera.onvif !== 'down') fixed.push({ camera: camera.id, preset: null, metres, rank })
  }
  const [primary = null, ...further] = movable.sort(nearestFirst).map(withoutRank)
  return { primary, secondary: [...further.slice(0, MOST_FURTHER), ...fixed.sort(nearestFirst).map(withoutRank).slice(0, MOST_FIXED)], passedOver }
}

function whyNot(camera: Candidate, token: PresetToken, incident: IncidentId): string | null {
  if (camera.onvif === 'down') return 'it does not answer'
  if (camera.heldBy !== null && camera.heldBy !== incident) return 'another incident holds it'
  if (camera.knownTokens && !camera.knownTokens.has(token)) return `its preset ${token} is gone from the camera`
  return null
}

type Ranked = Chosen & { rank: number }
const nearestFirst = (a: Ranked, b: Ranked): number =>
  a.rank - b.rank || (a.metres ?? Number.POSITIVE_INFINITY) - (b.metres ?? Number.POSITIVE_INFINITY) || (a.camera < b.camera ? -1 : 1)
const withoutRank = ({ camera, preset, metres }: Ranked): Chosen => ({ camera, preset, metres })
