/** Which incident needs a camera. */
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'

export type Users = ReturnType<typeof createUsers>
/** Which incident needs a camera is for the incidents to answer, who stand further down the river. */
export function createUsers(heldBy: (camera: CameraId) => IncidentId | null) {
  let ask: (camera: CameraId) => IncidentId | null = () => null
  const usedBy = (camera: CameraId): IncidentId | null => ask(camera)
  return {
    usedBy,
    /** Only its first camera is an incident's alone; one that others need as a further view is needed as much. */
    neededBy: (camera: CameraId): IncidentId | null => heldBy(camera) ?? usedBy(camera),
    answeredBy(users: (camera: CameraId) => IncidentId | null): void {
      ask = users
    },
  }
}
