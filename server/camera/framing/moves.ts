/** How a camera comes to a help point: which way, the move itself, and its judgement by picture. */
import type { CameraId, FramingWay, PresetToken } from '../../glossary/camera.ts'
import type { HelpPointId, Place } from '../../glossary/press.ts'
import type { SiteCamera } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import type { Judgement } from './framing-proof.ts'
import { type FramingHead, type FramingNews, type Move, runFraming } from './framing-run.ts'
import type { Aim } from './geometric-aim.ts'
import type { PictureProof } from './picture-proof.ts'

export type Way = { camera: CameraId; preset: PresetToken | null; way: FramingWay }
export type MovesPort = {
  clock: Clock
  head(camera: CameraId): FramingHead
  /** @throws camera/unknown */
  siteCamera(camera: string): SiteCamera
  ptz(camera: CameraId): boolean
  /** How it turns to a place; null where it cannot be turned by coordinates. */
  aimAt(camera: CameraId, place: Place | null): Aim | null
  /** Where its head stands is kept, so that it can be sent back. */
  rememberPosition(camera: CameraId): void
  lookAt: PictureProof
  /** Null when the help point has left the site file. */
  placeOf(helpPoint: HelpPointId): Place | null
}

export function createMoves(port: MovesPort) {
  const masksOf = (camera: CameraId, token: PresetToken) =>
    [...port.siteCamera(camera).presets.values()].find((preset) => preset.token === token)?.mask ?? []

  function moveOf({ camera, preset, way }: Way, place: Place | null): Move {
    if (preset !== null) return { way: 'preset', token: preset }
    return way === 'aim' ? { way: 'aim', aim: () => port.aimAt(camera, place) } : { way: 'home' }
  }

  /** @param onSeen is given the picture that was compared */
  async function frame(
    camera: CameraId,
    move: Move,
    signal: AbortSignal,
    onJudgement: (news: FramingNews) => void,
    onSeen: (picture: Uint8Array) => void = () => {},
  ): Promise<Judgement> {
    port.rememberPosition(camera)
    const run = { head: port.head(camera), move, clock: port.clock, signal, onJudgement }
    if (move.way !== 'preset') return runFraming(run)
    const masks = masksOf(camera, move.token)
    return runFraming({ ...run, look: (stop: AbortSignal) => port.lookAt(camera, move.token, masks, stop, onSeen) })
  }

  return {
    frame,
    /** Sends a camera to a help point. The command leaves before this returns. */
    frameAt: (chosen: Way, helpPoint: HelpPointId, signal: AbortSignal, onJudgement: (news: FramingNews) => void) =>
      frame(chosen.camera, moveOf(chosen, port.placeOf(helpPoint)), signal, onJudgement),
    /**
     * By hand: the preset that is named, else its own for the place, else by coordinates, else as it looks now.
     */
    wayTo(camera: CameraId, asked: PresetToken | null, helpPoint: HelpPointId): Way {
      const preset = asked ?? port.siteCamera(camera).presets.get(helpPoint)?.token ?? null
      if (preset !== null) return { camera, preset, way: 'preset' }
      if (!port.ptz(camera)) return { camera, preset, way: 'fixed' }
      if (port.aimAt(camera, port.placeOf(helpPoint))) return { camera, preset, way: 'aim' }
      // It is shown as it looks now. The operator steers it from there, or sends it to another of its presets.
      return { camera, preset, way: 'as-is' }
    },
  }
}
