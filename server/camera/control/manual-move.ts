/** A person's hand on a head: one at a time, and its first move stands in the record. */
import type { CameraId, PtzVelocity } from '../../glossary/camera.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Append } from '../../glossary/ledger.ts'
import type { createManualControl } from './manual-control.ts'

export type ManualMovePort = {
  manual: Pick<ReturnType<typeof createManualControl>, 'take' | 'undo'>
  head(camera: CameraId): { move(velocity: PtzVelocity, timeoutMs: number): Promise<void> }
  heldBy(camera: CameraId): IncidentId | null
  /** The incident whose tile shows it as its first camera or as a further view. */
  neededBy(camera: CameraId): IncidentId | null
  /** It stands where a person wants it. */
  movedByHand(camera: CameraId): void
  onSteered(steered: { camera: CameraId; by: string }): void
  append: Append
}

export function createManualMove(port: ManualMovePort) {
  /** @throws camera/in-hand when somebody else steers it, unless it is taken over */
  return async function move(
    camera: CameraId,
    velocity: PtzVelocity,
    timeoutMs: number,
    { name, takeOver, actor }: { name: string; takeOver: boolean; actor: string },
  ): Promise<void> {
    const head = port.head(camera)
    const { fresh, from } = port.manual.take(camera, name, takeOver, port.heldBy(camera))
    try {
      await head.move(velocity, timeoutMs)
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
      ...velocity,
      by: name,
      ...(from === null ? {} : { from }),
      ...(incident === null ? {} : { incident }),
    }
    port.append([{ kind: 'camera.moved', actor, subject: incident ?? camera, body }])
  }
}
