/** What the camera routes are answered with. */
import type { CameraPort } from './camera-routes.ts'
import type { CameraId, CameraView, HeadLook, PresetToken } from '../glossary/camera.ts'
import type { createCameraDesk } from './camera-desk.ts'
import type { createManualControl } from './control/manual-control.ts'
import type { startDriftWatch } from './watch/drift-watch.ts'
import { wholePosition } from './watch/privacy-watch.ts'
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
  covered(camera: CameraId, jpeg: Uint8Array, position: HeadLook['position']): Promise<Uint8Array>
}

export const cameraRoutesPort = ({ desk, presets, drift, manual, ...parts }: Parts): CameraPort => {
  /** It was taken with the head at the preset’s place. */
  const shown = async (id: CameraId, token: PresetToken, picture: Uint8Array): Promise<Uint8Array> =>
    desk.siteCamera(id).privacy
      ? parts.covered(id, picture, wholePosition(desk.head(id).presetPosition(token)))
      : picture
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
    reference: async (id, token) => shown(id, token, await presets.reference(id, token)),
    checkPicture: async (id, token) => shown(id, token, await presets.checkPicture(id, token)),
    check: (camera, token) => drift.check({ camera, token }),
    move: parts.move,
    stop: (id) => desk.head(id).stop(),
    recorder: parts.recorder,
    admit: parts.admit,
  }
}
