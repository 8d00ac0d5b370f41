/** Lamppost as an ONVIF device: any VMS hears presses as inputs or motion, and reads the picture of the press. */
import type { Door } from '../door/door.ts'
import type { Incident } from '../glossary/incident.ts'
import type { Append, Draft, Entry } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { type LiveSource, followIn } from './camera-follow.ts'
import { openDevice } from './device.ts'
import type { DoorPort } from './device-door.ts'
import type { DeviceStream } from './device-plan.ts'
import { createDeviceRegistry } from './device-registry.ts'
import { probeListener, sendNotification } from './notify-client.ts'
import { onvifDeviceRoutes } from './onvif-device-routes.ts'
import type { FollowLive } from './stream/camera-source.ts'
import type { Missing } from './stream/stage.ts'
import { createPictureSize, usualCameras } from './picture-size.ts'

export type OnvifDeviceNeeds = {
  clock: Clock
  /** Where the server listens. */ host: string
  handles: DoorPort['handles']
  closing: { add(what: string, close: () => unknown): void }
  news: { publish(news: LiveNews): void }
  onError(error: unknown): void
  town: { site(): Site; nameOf(id: string): string }
  ledger: { append: Append; tail(listener: (entry: Entry) => void): () => void }
  incidents: { book: { unfinished(): Incident[] } }
  clips: LiveSource
}

/** What a client sees where no camera is to be seen. English: it is for recorders, which have one language. */
export function boardWords({ name, helpPoint }: DeviceStream, town: Site, missing: Missing): string[] {
  if (missing === 'any camera') return ['A press is open', 'No camera shows it.']
  if (missing === null) return helpPoint === null ? ['No press is open', town.name] : ['Nobody has pressed here', name]
  const camera = town.cameras.find(({ id }) => id === missing.camera)?.name ?? missing.camera
  return [`No picture from ${camera}`, 'A press is open. The camera does not answer.']
}

export function openOnvifDevice(needs: OnvifDeviceNeeds) {
  const { clock, host, handles, closing, news, onError, town, ledger, incidents, clips } = needs
  const follow = followIn(clips)
  // As they are recorded: what needs a conversion must not begin one to be asked for its size.
  const recorded: FollowLive = (camera, listener) => clips.watchLive(camera, 'unmasked', listener)
  const size = createPictureSize({ clock, follow: recorded, cameras: () => usualCameras(town.site()) })
  const write = (draft: Draft): void => void ledger.append([draft]).durable.catch(onError)
  const registry = createDeviceRegistry({
    clock,
    open: (plan, site) =>
      openDevice({
        plan,
        site,
        host: plan.host ?? host,
        clock,
        handles,
        unfinished: incidents.book.unfinished,
        follow,
        usualSize: size.usual,
        board: (stream, missing) => boardWords(stream, town.site(), missing),
        notify: sendNotification,
        probe: probeListener,
        onRefused: (refused) =>
          write({
            kind: 'onvif-device.refused',
            actor: 'lamppost',
            subject: plan.id,
            body: { device: plan.id, ...refused },
          }),
        onViewed: (viewed) =>
          write({
            kind: 'onvif-device.viewed',
            actor: `onvif:${site.username}`,
            subject: plan.id,
            body: { device: plan.id, ...viewed },
          }),
        onChange: () => registry.changed(plan.id),
        onError,
      }),
    onState: ({ device, name, state, problem }) =>
      news.publish({ event: 'onvif-device.health', data: { device, name, state, problem } }),
    onError,
  })
  closing.add('the ONVIF device', registry.close)
  return {
    onvifDevices: registry.state,
    begin(): void {
      closing.add('the ONVIF device’s tail', ledger.tail(registry.heard))
      registry.begin()
    },
    listen: { 'the ONVIF device': registry.follow },
    routes: ({ app }: Door): void => onvifDeviceRoutes(app, { state: registry.state }),
  }
}
