/** What an export is told of its cameras and of the places that were pressed. Pure. */
import type { CameraHealth, CameraId } from '../../glossary/camera.ts'
import type { Incident } from '../../glossary/incident.ts'
import type { HelpPoint } from '../../glossary/site.ts'
import type { ExportPort } from './export-desk.ts'

type Device = Record<'manufacturer' | 'model' | 'serial' | 'firmware', string> & { mac: string | null }
type Cameras = {
  ids(): CameraId[]
  siteCamera(id: string): { name: string }
  device(id: string): Device | null
  health(id: string): Pick<CameraHealth, 'clockOffsetMs'>
}

export function exportCamera(id: CameraId, cameras: Cameras): ReturnType<ExportPort['camera']> {
  // One that has left the town still has what was recorded of it.
  if (!cameras.ids().includes(id))
    return { id, name: id, serial: null, mac: null, model: null, firmware: null, clockOffsetMs: null }
  const device = cameras.device(id)
  return {
    id,
    name: cameras.siteCamera(id).name,
    serial: device?.serial || null,
    mac: device?.mac ?? null,
    model: device ? `${device.manufacturer} ${device.model}`.trim() : null,
    firmware: device?.firmware || null,
    clockOffsetMs: cameras.health(id).clockOffsetMs,
  }
}

export const exportPresses = (
  { presses }: Incident,
  helpPoint: (id: string) => HelpPoint | undefined,
): ReturnType<ExportPort['presses']> =>
  presses.map(({ id, receivedAt, helpPoint: at }) => {
    const found = helpPoint(at)
    const { lat, lon } = found?.location ?? { lat: null, lon: null }
    return { id, receivedAt, helpPoint: found?.name ?? at, address: found?.address ?? null, lat, lon }
  })
