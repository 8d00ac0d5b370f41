/** A camera as the API tells it. Pure. */
import type { CameraHand, CameraHealth, CameraId, CameraView } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { SiteCamera } from '../glossary/site.ts'

export type CameraViewPort = {
  siteCamera(id: CameraId): SiteCamera
  ptz(id: CameraId): boolean
  detail(id: CameraId): string | null
  health(id: CameraId): CameraHealth
  codec(id: CameraId): string | null
  hasSubstream(id: CameraId): boolean
  neededBy(id: CameraId): IncidentId | null
  steeredBy(id: CameraId): CameraHand | null
}

/** @param basePath before each path that an answer names */
export function cameraView(id: CameraId, port: CameraViewPort, basePath: string): CameraView {
  const { name, location, onvif, bearing, privacy, speaker = null } = port.siteCamera(id)
  return {
    id,
    name,
    ptz: port.ptz(id),
    location,
    onvifUrl: onvif?.url ?? null,
    detail: port.detail(id),
    health: port.health(id),
    heldBy: port.neededBy(id),
    steeredBy: port.steeredBy(id),
    bearing,
    live: `${basePath}/api/v1/cameras/${encodeURIComponent(id)}/live/index.m3u8`,
    codec: port.codec(id),
    converted: port.hasSubstream(id) ? 'sub-stream' : 'transcoded',
    masks: privacy?.masks.map((mask) => mask.name) ?? [],
    speaker,
  }
}
