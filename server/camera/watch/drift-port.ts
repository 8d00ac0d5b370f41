/** What the drift watch asks of the town, of the heads and of the reference pictures. */
import type { CameraId, HeadLook, PresetToken } from '../../glossary/camera.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Append } from '../../glossary/ledger.ts'
import type { Site } from '../../glossary/site.ts'
import type { createCameraDesk } from '../camera-desk.ts'
import { type DriftPort, type Mapped, isQuiet } from './drift-watch.ts'
import type { createMoves } from '../framing/moves.ts'
import type { createPictureReferences } from '../framing/picture-references.ts'

type Needs = {
  site(): Site
  now(): number
  desk: ReturnType<typeof createCameraDesk>
  references: ReturnType<typeof createPictureReferences>
  /** Where its head stands now; null where nobody knows. */
  standing(camera: CameraId): HeadLook['position']
  frame: ReturnType<typeof createMoves>['frame']
  /** An unfinished incident that needs the camera where it is. */
  usedBy(camera: CameraId): IncidentId | null
  append: Append
  onError(error: unknown): void
}

/** Every preset that shows a help point, once each, in the site file's order. */
const mappedIn = ({ cameras }: Site): Mapped[] =>
  cameras.flatMap(({ id, presets }) =>
    [...new Set([...presets.values()].map(({ token }) => token))].map((token) => ({ camera: id, token })),
  )

export function createDriftPort({
  site,
  now,
  desk,
  references,
  standing,
  frame,
  usedBy,
  append,
  onError,
}: Needs): DriftPort {
  const keepSeen = (camera: CameraId, token: PresetToken) => (picture: Uint8Array) =>
    void references.noteCheck(camera, token, { jpeg: picture, position: standing(camera) }).catch(onError)
  return {
    mapped: () => mappedIn(site()),
    busy: (camera) => (usedBy(camera) === null ? desk.busy(camera) : 'an open incident looks by it'),
    lists: (camera, token) => desk.head(camera).knownTokens()?.has(token) ?? true,
    taught: async (camera, token) => (await references.count(camera, token)) > 0,
    async frame(camera, token, signal) {
      // Somebody may have saved another view over it since it was last read: that is what a check should find.
      await references.forgetCheck(camera, token)
      await desk.head(camera).presets()
      return frame(camera, { way: 'preset', token }, signal, () => {}, keepSeen(camera, token))
    },
    sendBack(camera) {
      const { after } = desk.siteCamera(camera)
      return desk.sendBack(camera, typeof after === 'object' ? after : 'before')
    },
    quiet() {
      const { quietHours, timezone } = site()
      return quietHours !== null && isQuiet(now(), timezone, quietHours)
    },
    onChecked: (check) =>
      void append([{ kind: 'preset.checked', actor: 'lamppost', subject: check.camera, body: check }]),
  }
}
