/** Whether any VMS listens to the ONVIF device, and who. */
import { type App, personOf } from '../door/door.ts'
import { readingRoles } from '../door/rights.ts'
import { ONVIF_DEVICE, listOf } from '../door/shapes.ts'
import type { OnvifDeviceState } from '../glossary/onvif-device.ts'
import { ANY_WALL, READERS } from '../glossary/people.ts'

export function onvifDeviceRoutes(app: App, { state }: { state(): OnvifDeviceState[] }): void {
  app.get(
    '/api/v1/onvif-devices',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'Lamppost as an ONVIF device: whether any VMS listens to it, and who reads its pictures',
        description:
          'Who the clients are is for engineers and supervisors; for others `clients` and `refused` are null.',
        tags: ['connectors'],
        response: { 200: listOf(ONVIF_DEVICE) },
      },
    },
    (request) => {
      const mayKnow = readingRoles(personOf(request)).some((role) => role === 'engineer' || role === 'supervisor')
      const items = state().map((each) => (mayKnow ? each : { ...each, clients: null, refused: null }))
      return { items, next: null }
    },
  )
}
