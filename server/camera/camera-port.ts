/** What the camera routes are answered with. */
import type { CameraPort } from './camera-routes.ts'
import type { CameraId, CameraView } from '../glossary/camera.ts'
import type { createCameraDesk } from './camera-desk.ts'
import type { createManualControl } from './control/manual-control.ts'
import type { startDriftWatch } from './watch/drift-watch.ts'
import type { createPresetKeeping } from './presets/preset-keeping.ts'

type Parts = {
  desk: Pick<ReturnType<typeof createCameraDesk>, 'ids' | 'siteCamera' | 'head'>
  presets: ReturnType<typeof createPresetKeeping>
  drift: Pick<ReturnType<typeof startDriftWatch>, 'check'>
  manual: Pick<ReturnType<typeof createManualControl>, 'check'>
  move: CameraPort['move']
  view(id: CameraId): CameraView
  admit: CameraPort['admit']
  recorder: CameraPort['recorder']
}

export const cameraRoutesPort = ({ desk, presets, drift, manual, ...parts }: Parts): CameraPort => ({
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
  reference: presets.reference,
  checkPicture: presets.checkPicture,
  check: (camera, token) => drift.check({ camera, token }),
  move: parts.move,
  stop: (id) => desk.head(id).stop(),
  recorder: parts.recorder,
  admit: parts.admit,
})
