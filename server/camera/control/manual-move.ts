/** A person's hand on a head: one at a time, and its first move stands in the record. */
import type { CameraId, PtzVelocity } from '../../glossary/camera.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Append } from '../../glossary/ledger.ts'
import type { createManualControl } from './manual-control.ts'

export type ManualMovePort = {
  manual: Pick<ReturnType<typeof createManualControl>, 'take' | 'undo'>
  head(camera: CameraId): {
    move(velocity: PtzVelocity, timeoutMs: number): Promise<void>
    centre(at: { x: number; y: number }): Promise<void>
  }
  heldBy(camera: CameraId): IncidentId | null
  /** The incident whose tile shows it as its first camera or as a further view. */
  neededBy(camera: CameraId): IncidentId | null
  /** It stands where a person wants it. */
  movedByHand(camera: CameraId): void
  onSteered(steered: { camera: CameraId; by: string }): void
  append: Append
}

type Hand = { name: string; takeOver: boolean; actor: string }
const STILL: PtzVelocity = { pan: 0, tilt: 0, zoom: 0 }

export function createManualMove(port: ManualMovePort) {
  /** @param said of the move in the record, for the first of a hand. @throws camera/in-hand, unless it is taken over */
  async function byHand(
    camera: CameraId,
    { name, takeOver, actor }: Hand,
    said: PtzVelocity & { centred?: { x: number; y: number } },
    command: () => Promise<void>,
  ): Promise<void> {
    const { fresh, from } = port.manual.take(camera, name, takeOver, port.heldBy(camera))
    try {
      await command()
    } catch (error) {
      if (fresh) port.manual.undo(camera)
      throw error
    }
    port.movedByHand(camera)
    // Also when it was sent back in between by the same hand.
    port.onSteered({ camera, by: name })
    if (!fresh) return
    const incident = port.neededBy(camera)
    const body = {
      camera,
      ...said,
      by: name,
      ...(from === null ? {} : { from }),
      ...(incident === null ? {} : { incident }),
    }
    port.append([{ kind: 'camera.moved', actor, subject: incident ?? camera, body }])
  }
  return {
    /** @throws camera/in-hand when somebody else steers it, unless it is taken over */
    move(camera: CameraId, velocity: PtzVelocity, timeoutMs: number, hand: Hand): Promise<void> {
      const head = port.head(camera)
      return byHand(camera, hand, velocity, () => head.move(velocity, timeoutMs))
    },
    /** @throws camera/in-hand, camera/no-centring */
    centre(camera: CameraId, at: { x: number; y: number }, hand: Hand): Promise<void> {
      const head = port.head(camera)
      return byHand(camera, hand, { ...STILL, centred: at }, () => head.centre(at))
    },
  }
}
