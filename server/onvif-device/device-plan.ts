/** Which devices a town is, and what each has: inputs, pictures, names and addresses of its own. Pure. */
import type { HelpPointId } from '../glossary/press.ts'
import type { HelpPoint, OnvifDeviceSite, Site } from '../glossary/site.ts'

/** The picture of the newest press, wherever it is. */
export const PRESS_NOW = 'press-now'

/** `helpPoint` null: whichever was pressed last. */
export type DeviceStream = { token: string; name: string; helpPoint: HelpPointId | null }
export type DevicePlan = {
  id: string
  name: string
  /** Stays the same for ever: clients know a device by it, and by the MAC address that is made of it. */
  serial: string
  /** Null: as the server itself listens. */ host: string | null
  /** 0: one that the system gives. */ port: number
  /** Each has the id of its help point as its token. */
  inputs: HelpPointId[]
  streams: DeviceStream[]
}

const streamOf = ({ id, name }: HelpPoint): DeviceStream => ({ token: id, name, helpPoint: id })

export function devicePlans({ id, name, helpPoints }: Site, device: OnvifDeviceSite): DevicePlan[] {
  const { host, port } = device
  if (device.devices === 'one')
    return [
      {
        id,
        name,
        serial: `lamppost-${id}`,
        host,
        port,
        inputs: helpPoints.map((helpPoint) => helpPoint.id),
        streams: [{ token: PRESS_NOW, name: 'The press now', helpPoint: null }, ...helpPoints.map(streamOf)],
      },
    ]
  let next = port
  return helpPoints.map((helpPoint) => {
    const own = device.addresses.get(helpPoint.id)
    return {
      id: helpPoint.id,
      name: helpPoint.name,
      serial: `lamppost-${id}-${helpPoint.id}`,
      host: own ?? host,
      // An address of its own needs no port of its own.
      port: own !== undefined || port === 0 ? port : next++,
      inputs: [helpPoint.id],
      streams: [streamOf(helpPoint)],
    }
  })
}
