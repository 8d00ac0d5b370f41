import type { CameraHealth } from '../../server/glossary/camera.ts'

/** The health of a camera of which nothing is wrong. */
export const WELL: CameraHealth = {
  onvif: 'up',
  video: 'up',
  buffer: 'up',
  blind: null,
  clockOffsetMs: 0,
  clock: 'right',
  since: '',
  reason: null,
}
