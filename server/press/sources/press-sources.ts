/**
 * Every source that help points press by, opened and changed as the site file says; all into the same desk. Not here:
 * HTTP (the door's), how a source speaks (one file each).
 */
import { join } from 'node:path'
import type { CameraId } from '../../glossary/camera.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import type { Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { openInputMemory } from './input-memory.ts'
import { type LorawanButton, createLorawanSource } from './lorawan-source.ts'
import { createMqttSource } from './mqtt-source.ts'
import { createOnvifInput } from './onvif-input.ts'
import type { AcceptPress } from '../press-until-taken.ts'
import { type SiaReceiver, startSiaReceiver } from './sia-receiver.ts'

const bytesOf = (hex: string | null): Buffer | null => (hex === null ? null : Buffer.from(hex, 'hex'))

export const lorawanButtons = ({ helpPoints }: Site): LorawanButton[] =>
  helpPoints.flatMap(({ id, lorawan: devices }) =>
    devices.map(({ device, port, payload }) => ({ helpPoint: id, device, port, payload: bytesOf(payload) })),
  )

export function createPressSources(options: {
  site(): Site
  /** Where a receiver listens when the site file does not say. */
  host: string
  dataFolder: string
  clock: Clock
  accept: AcceptPress
  /** Whether it is not closed yet. */
  isOpen(incident: IncidentId): boolean
  heard(helpPoint: HelpPointId): void
  clockOffsetMs(camera: CameraId): number | null
  onRefused(source: string, from: string, reason: string): void
  /** Whether a help point's broker is heard; null when it is. */
  onLink(helpPoint: HelpPointId, problem: string | null): void
  onError(error: unknown): void
}) {
  const { site, host, dataFolder, clock, accept, isOpen, heard, clockOffsetMs, onRefused, onLink, onError } = options
  const wiredButtons = () =>
    site().helpPoints.flatMap(({ id, wired }) => wired.map((input) => ({ helpPoint: id, ...input })))
  const memory = openInputMemory({ file: join(dataFolder, 'inputs.json'), onError })
  const wired = createOnvifInput({ buttons: wiredButtons, accept, clockOffsetMs, memory, clock, onError })
  const lorawan = createLorawanSource({
    buttons: () => lorawanButtons(site()),
    accept,
    heard,
  })
  const overMqtt = createMqttSource({ accept, isOpen, heard, clock, onLink, onError })
  let receiver: { at: string; receiver: SiaReceiver } | null = null

  return {
    heardInput: wired.heard,
    lorawan: lorawan.post,
    followBroker({ id: town, mqtt: broker, helpPoints }: Site): Promise<void> {
      const pressing = broker === null ? [] : helpPoints.filter(({ mqtt }) => mqtt.length > 0)
      return overMqtt.follow(
        new Map(
          pressing.flatMap(({ id, mqtt }) =>
            broker === null ? [] : [[id, { broker, clientId: `lamppost-${town}-${id}`, topics: mqtt }] as const],
          ),
        ),
      )
    },
    /** @throws when the port is in use; the receiver of before goes on. */
    async followReceiver({ sia }: Site): Promise<void> {
      const wanted = sia && { host: sia.host ?? host, port: sia.port }
      const at = JSON.stringify(wanted)
      if (at === (receiver?.at ?? 'null')) return
      const buttons = () =>
        site().helpPoints.flatMap(({ id, sia: buttonsHere }) =>
          buttonsHere.map(({ account, zone, codes, key }) => ({
            helpPoint: id,
            account,
            zone,
            codes,
            key: bytesOf(key),
          })),
        )
      const started =
        wanted &&
        (await startSiaReceiver({
          ...wanted,
          buttons,
          accept,
          heard,
          clock,
          onRefused: (reason, from) => onRefused('sia', from, reason),
          onError,
        }))
      await receiver?.receiver.close()
      receiver = started && { at, receiver: started }
    },
    async close(): Promise<void> {
      await Promise.all([wired.close(), overMqtt.close(), receiver?.receiver.close()])
    },
  }
}
