/** Buttons on a LoRaWAN network. Not here: how the network server writes (lorawan-uplink), who may post (door). */
import type { Accepted, HelpPointId } from '../../glossary/press.ts'
import { Failure } from '../../tools/failure.ts'
import { readLorawan } from './lorawan-uplink.ts'
import type { AcceptPress } from '../press-until-taken.ts'

/**
 * `device`: device id, device EUI or name. `port`, `payload` (bytes it begins with): what makes an uplink a press;
 * null: any.
 */
export type LorawanButton = { helpPoint: HelpPointId; device: string; port: number | null; payload: Buffer | null }

/**
 * For how long an equal key without the network server's time means the same press: a network server posts a message
 * again within seconds when our answer was lost, and a device that counts from the beginning again takes longer to
 * join. A key with that time means the same uplink for ever.
 */
export const SAME_UPLINK_MS = 2 * 60_000

export function createLorawanSource({
  buttons,
  accept,
  heard,
}: {
  buttons(): readonly LorawanButton[]
  accept: AcceptPress
  heard(helpPoint: HelpPointId): void
}) {
  return {
    /**
     * @param maySpeakFor throws when whoever posted may not press for this help point.
     * @returns null when the message is a sign of life only.
     * @throws press/unreadable, help-point/unknown when no help point has this device
     */
    async post(
      body: unknown,
      event: string | null,
      by: string,
      maySpeakFor: (helpPoint: HelpPointId) => void,
    ): Promise<Accepted | null> {
      const { ids, uplink } = readLorawan(body, event)
      const mine = buttons().filter(({ device }) => ids.includes(device.toLowerCase()))
      const [first] = mine
      if (!first)
        throw new Failure(
          'help-point/unknown',
          `No help point of this town's site file has the LoRaWAN device ${ids.join(' or ')}.`,
        )
      for (const { helpPoint } of mine) maySpeakFor(helpPoint)
      for (const { helpPoint } of mine) heard(helpPoint)
      const button =
        uplink &&
        uplink.port > 0 &&
        mine.find(
          ({ port, payload }) =>
            (port === null || port === uplink.port) &&
            (payload === null || uplink.payload.subarray(0, payload.length).equals(payload)),
        )
      if (!button || !uplink) return null
      return accept({
        helpPoint: button.helpPoint,
        key: uplink.key,
        ...(uplink.timed ? {} : { sameForMs: SAME_UPLINK_MS }),
        pressedAt: null,
        relayedAt: uplink.at,
        kind: 'press',
        source: 'lorawan',
        by,
      })
    },
  }
}
