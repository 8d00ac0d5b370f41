/** What the camera routes are answered with. */
import type { CameraPort } from './camera-routes.ts'
import type { CameraId, CameraView, HeadLook } from '../glossary/camera.ts'
import type { createCameraDesk } from './camera-desk.ts'
import type { createManualControl } from './control/manual-control.ts'
import type { startDriftWatch } from './watch/drift-watch.ts'
import type { KeptPicture } from './framing/picture-references.ts'
import type { createPresetKeeping } from './presets/preset-keeping.ts'

type Parts = {
  desk: Pick<ReturnType<typeof createCameraDesk>, 'ids' | 'siteCamera' | 'head'>
  presets: ReturnType<typeof createPresetKeeping>
  drift: Pick<ReturnType<typeof startDriftWatch>, 'check'>
  manual: Pick<ReturnType<typeof createManualControl>, 'check'>
  byHand: Pick<CameraPort, 'move' | 'centre'>
  view(id: CameraId): CameraView
  admit: CameraPort['admit']
  recorder: CameraPort['recorder']
  covered(camera: CameraId, jpeg: Uint8Array, position: HeadLook['position']): Promise<Uint8Array>
}

export const cameraRoutesPort = ({ desk, presets, drift, manual, ...parts }: Parts): CameraPort => {
  /** With its masks, where they were when it was taken. */
  const shown = async (id: CameraId, { jpeg, position }: KeptPicture): Promise<Uint8Array> =>
    desk.siteCamera(id).privacy ? parts.covered(id, jpeg, position) : jpeg
  return {
    all: () => desk.ids().map(parts.view),
    get: (id) => parts.view(desk.siteCamera(id).id),
    presets: presets.list,
    savePreset: presets.save,
    removePreset: presets.remove,
    recall: (id, token, { name, actor }) => {
      manual.check(id, name)
      return presets.recall(id, token, actor)
    },
    teach: presets.teach,
    confirmPreset: presets.confirm,
    reference: async (id, token) => shown(id, await presets.reference(id, token)),
    checkPicture: async (id, token) => shown(id, await presets.checkPicture(id, token)),
    check: (camera, token) => drift.check({ camera, token }),
    ...parts.byHand,
    stop: (id) => desk.head(id).stop(),
    recorder: parts.recorder,
    admit: parts.admit,
  }
}
