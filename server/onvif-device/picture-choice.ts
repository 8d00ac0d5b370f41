/** Which camera a stream of the device shows. Pure. */
import type { CameraId, Framing } from '../glossary/camera.ts'
import type { Incident } from '../glossary/incident.ts'
import { calls, isCall } from './press-inputs.ts'
import type { DeviceStream } from './device-plan.ts'

/** What is best to look at first; one that failed is nothing to look at. */
const BY_PROOF: Record<Framing['state'], number> = { framed: 0, unproven: 1, moving: 2, asked: 2, failed: 9 }

/**
 * Who waits for somebody comes before who has somebody, and the newest call before an older one. A drill is nobody, and
 * so is a press that was held on its way.
 * @returns `camera` null: no camera shows it; `isOpen`: somebody has pressed
 */
export function pictureFor(
  stream: DeviceStream,
  incidents: readonly Incident[],
): { camera: CameraId | null; isOpen: boolean } {
  const [first] = incidents
    .filter(
      ({ presses, helpPoint }) => presses.some(isCall) && (stream.helpPoint === null || helpPoint === stream.helpPoint),
    )
    .toSorted((one, other) => Number(calls(other)) - Number(calls(one)) || calledAt(other).localeCompare(calledAt(one)))
  const usable = (first?.framings ?? []).filter(({ state }) => state !== 'failed')
  // The camera that was chosen first stays the picture, unless another has been proven and it has not.
  const [best] = usable.toSorted(
    (one, other) =>
      BY_PROOF[one.state] - BY_PROOF[other.state] || Number(other.role === 'primary') - Number(one.role === 'primary'),
  )
  const primary = usable.find(({ role }) => role === 'primary')
  const shown = best?.state === 'framed' && primary?.state !== 'framed' ? best : (primary ?? best)
  return { camera: shown?.camera ?? null, isOpen: first !== undefined }
}

const calledAt = ({ calledAt: at, openedAt }: Incident): string => at ?? openedAt
