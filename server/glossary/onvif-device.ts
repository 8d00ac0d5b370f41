/** Types only: Lamppost as an ONVIF device, which any VMS can hear without a connector. */

/** How a press is said: as an input that closes, as a rule that sees motion, or as an alarm of a video source. */
export const DIALECTS = ['input', 'motion-rule', 'motion-alarm'] as const
export type Dialect = (typeof DIALECTS)[number]

/** `pull`: it asks for events. `notify`: it is sent them. `stream`: it reads a picture. */
export type DeviceClient = {
  address: string
  /** What it calls itself; empty: it does not say. */ agent: string
  how: 'pull' | 'notify' | 'stream'
  /** Of a stream: which. Null: events. */ stream: string | null
  since: string
  /** When it last asked for events, took a notification, or was sent a picture. */ lastHeard: string
  problem: string | null
}
export type RefusedClient = { address: string; at: string; why: string }

/**
 * `well`: somebody listens for presses. `unheard`: nobody does, so that a press would be told to nobody. `failing`: it
 * cannot be reached by anybody.
 */
export type OnvifDeviceState = {
  /** The help point that is a device of its own, or the town's id. */ device: string
  name: string
  state: 'well' | 'unheard' | 'failing'
  since: string
  problem: string | null
  /** Where it listens; null: nowhere. */ address: string | null
  encrypted: boolean
  helpPoints: string[]
  /** Of those, whose press is active now. */ active: string[]
  clients: DeviceClient[]
  /** Who could not sign in lately. */ refused: RefusedClient[]
}
/** As the API has it: who the clients are is not for everybody. */
export type OnvifDeviceView = Omit<OnvifDeviceState, 'clients' | 'refused'> & {
  clients: DeviceClient[] | null
  refused: RefusedClient[] | null
}
