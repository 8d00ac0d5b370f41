/**
 * Getting to know a device: which services, channels and streams it has. Profiles and one stream address are enough;
 * whatever else it does not answer is left out. ONVIF Media (ver10) and Media2 (ver20), Core 26.06. Runs in a thread
 * of its own (onvif-inventory-thread): a recorder's list of profiles is long. Not here: which profile is taken
 * (profile-choice).
 */
import type { OnvifAccess } from '../../glossary/site.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { pinService } from './onvif-address.ts'
import type { OnvifClient } from './onvif-client.ts'
import { escapeXml } from './onvif-envelope.ts'
import { type XmlElement, attributeIn, elementIn, elementsIn, textIn } from './onvif-reply.ts'
import { type Channel, type MediaProfile, channelsOf, chooseProfiles } from './profile-choice.ts'

export type Inventory = {
  manufacturer: string
  model: string
  serial: string
  firmware: string
  /** The profile that is recorded; '' when none could be chosen. */
  profile: string
  /** Its video source; '' when it names none. */
  source: string
  /** The profile that moves the head; null for a fixed camera. */
  ptzProfile: string | null
  /** Where its PTZ service is: a path, or a whole address on the configured host; null for a fixed camera. */
  ptzPath: string | null
  /** The same of its event service; null when it has none. */
  eventsPath: string | null
  streamUri: string | null
  /** A smaller stream of the same channel, H.264; null when there is none. */
  smallUri: string | null
  /** Where each channel's still is, by its source; only asked for in an inquiry. */
  snapshots: Record<string, string | null>
  /** Why it is not recorded or moved though it answers: a sentence for the operator. */
  fault: { kind: 'channel' | 'stream' | 'ptz'; words: string } | null
  channels: Channel[]
}

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl'
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl'
const MEDIA2 = 'http://www.onvif.org/ver20/media/wsdl'
const PTZ = 'http://www.onvif.org/ver20/ptz/wsdl'
const EVENTS = 'http://www.onvif.org/ver10/events/wsdl'
const SCHEMA = 'http://www.onvif.org/ver10/schema'

type Services = { media: string | null; media2: string | null; ptz: string | null; events: string | null }
type Call = (path: string, namespace: string, action: string, inner?: string, long?: true) => Promise<XmlElement>

/** What could not be asked for is left out; a refused password or a device that is not there ends everything. */
async function bonus<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Failure && error.code === 'camera/refused' && error.extra.credentials !== true) return null
    throw error
  }
}

const callBy =
  (client: OnvifClient, deadlineMs: number): Call =>
  (path, namespace, action, inner = '', long) =>
    client.call({
      path,
      namespace,
      action,
      body: `<${action} xmlns="${namespace}">${inner}</${action}>`,
      deadlineMs,
      ...(long ? { long } : {}),
    })

/** What is the same for every channel of a device. */
export type DeviceAnswers = { services: Services; information: XmlElement; media: MediaAnswers }
/**
 * @param client one that has measured the device's clock.
 * @param deadlineMs of each question, milliseconds.
 * @throws camera/unreachable, camera/refused with `extra.trouble`
 */
export async function askDevice(client: OnvifClient, deadlineMs: number): Promise<DeviceAnswers> {
  const call = callBy(client, deadlineMs)
  const services = await servicesOf(client, call)
  const information = (await bonus(call(client.devicePath, DEVICE, 'GetDeviceInformation'))) ?? {}
  return { services, information, media: await profilesOf(services, client, call) }
}

/** @throws camera/unreachable, camera/refused with `extra.trouble` */
export async function takeInventory(
  client: OnvifClient,
  access: OnvifAccess,
  deadlineMs: number,
  { services, information, media: answers }: DeviceAnswers,
  everyStill = false,
): Promise<Inventory> {
  const call = callBy(client, deadlineMs)
  const media = urisOf(answers, call)
  const chosen = chooseProfiles(answers.profiles, access)
  const told = {
    manufacturer: textIn(information, 'Manufacturer') || 'unknown',
    model: textIn(information, 'Model') ?? '',
    serial: textIn(information, 'SerialNumber') ?? '',
    firmware: textIn(information, 'FirmwareVersion') ?? '',
    eventsPath: services.events,
    channels: channelsOf(answers.profiles),
    snapshots: everyStill ? await snapshotsOf(channelsOf(answers.profiles), media) : {},
  }
  if ('fault' in chosen)
    return {
      ...told,
      profile: '',
      source: '',
      ptzProfile: null,
      ptzPath: null,
      streamUri: null,
      smallUri: null,
      fault: { kind: 'channel', words: chosen.fault },
    }
  const { record, small, ptz } = chosen
  const streamUri = await bonus(media.streamUri(record.token))
  const smallUri = small && (await bonus(media.streamUri(small.token)))
  const fault: Inventory['fault'] = streamUri
    ? ptz && !services.ptz
      ? {
          kind: 'ptz',
          words: 'Its media profile has a PTZ configuration, and it names no PTZ service: it cannot be moved.',
        }
      : await ptzFault(ptz, services, call)
    : { kind: 'stream', words: `It names no stream address for its profile "${record.token}".` }
  return {
    ...told,
    profile: record.token,
    source: record.source ?? '',
    ptzProfile: services.ptz && ptz ? ptz.token : null,
    ptzPath: ptz ? services.ptz : null,
    streamUri,
    smallUri,
    fault,
  }
}

const MOST_STILLS = 32
async function snapshotsOf(channels: readonly Channel[], media: Media): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {}
  for (const { source, profiles } of channels.slice(0, MOST_STILLS))
    found[source] = profiles[0] ? await bonus(media.snapshotUri(profiles[0].token)) : null
  return found
}

/** A head that no profile moves is silently a fixed camera otherwise. */
async function ptzFault(ptz: MediaProfile | null, services: Services, call: Call): Promise<Inventory['fault']> {
  if (ptz || !services.ptz) return null
  const configurations = await bonus(call(services.ptz, PTZ, 'GetConfigurations'))
  const tokens = configurations
    ? elementsIn(configurations, 'PTZConfiguration').flatMap((each) => attributeIn(each, 'token') ?? [])
    : []
  return tokens.length === 0
    ? null
    : {
        kind: 'ptz',
        words:
          `It has a PTZ head, and none of this channel's media profiles has its PTZ configuration ` +
          `(${tokens.slice(0, 4).join(', ')}): add it to the profile in the camera's own pages ` +
          '(ONVIF AddPTZConfiguration), or name onvif: { ptz: { profile: … } }.',
      }
}

/** GetServices and GetCapabilities: devices answer one, the other, or each in part. */
async function servicesOf(client: OnvifClient, call: Call): Promise<Services> {
  const pin = (address: string | null | undefined): string | null => (address ? pinService(address, client.base) : null)
  const listed = await bonus(
    call(client.devicePath, DEVICE, 'GetServices', '<IncludeCapability>false</IncludeCapability>'),
  )
  const at = (namespace: string): string | null =>
    pin(
      listed &&
        elementsIn(listed, 'Service').flatMap((each) =>
          textIn(each, 'Namespace')?.trim() === namespace ? [textIn(each, 'XAddr')?.trim()] : [],
        )[0],
    )
  const services = { media: at(MEDIA), media2: at(MEDIA2), ptz: at(PTZ), events: at(EVENTS) }
  if (services.media && services.ptz && services.events) return services
  const told = await bonus(call(client.devicePath, DEVICE, 'GetCapabilities', '<Category>All</Category>'))
  const capabilities = elementIn(told ?? {}, 'Capabilities') ?? {}
  const able = (name: string): string | null => pin(textIn(elementIn(capabilities, name) ?? {}, 'XAddr')?.trim())
  return {
    ...services,
    media: services.media ?? able('Media'),
    ptz: services.ptz ?? able('PTZ'),
    events: services.events ?? able('Events'),
  }
}

type MediaAnswers = { profiles: MediaProfile[]; path: string; second: boolean }
type Media = {
  streamUri(profile: string): Promise<string | null>
  snapshotUri(profile: string): Promise<string | null>
}

/**
 * By Media2 where it answers: only there H.265 has a name. Else by Media; a device that names no media service is
 * asked at its own address.
 */
async function profilesOf({ media, media2 }: Services, client: OnvifClient, call: Call): Promise<MediaAnswers> {
  const second = media2 === null ? null : await bonus(call(media2, MEDIA2, 'GetProfiles', '<Type>All</Type>', true))
  const bySecond = second
    ? elementsIn(second, 'Profiles').flatMap((each) =>
        profileOf(each, elementIn(each, 'Configurations') ?? {}, {
          source: 'VideoSource',
          encoder: 'VideoEncoder',
          ptz: 'PTZ',
        }),
      )
    : []
  if (media2 !== null && bySecond.some(({ source }) => source !== null))
    return { profiles: bySecond, path: media2, second: true }
  const path = media ?? client.devicePath
  let first: XmlElement
  try {
    first = await call(path, MEDIA, 'GetProfiles', '', true)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'camera/refused' || error.extra.credentials === true) throw error
    throw new Failure(
      'camera/refused',
      'It does not say which media profiles it has: it cannot be recorded by ONVIF. ' +
        'Name its stream in the site file: stream: { url: rtsp://… }.',
      { cause: error, extra: { trouble: 'missing-answer', detail: messageOf(error) } },
    )
  }
  return {
    profiles: elementsIn(first, 'Profiles').flatMap((each) =>
      profileOf(each, each, {
        source: 'VideoSourceConfiguration',
        encoder: 'VideoEncoderConfiguration',
        ptz: 'PTZConfiguration',
      }),
    ),
    path,
    second: false,
  }
}

function urisOf({ path, second }: MediaAnswers, call: Call): Media {
  const tokenIn = (profile: string): string => `<ProfileToken>${escapeXml(profile)}</ProfileToken>`
  if (second)
    return {
      streamUri: async (profile) =>
        uriIn(await call(path, MEDIA2, 'GetStreamUri', `<Protocol>RTSP</Protocol>${tokenIn(profile)}`)),
      snapshotUri: async (profile) => uriIn(await call(path, MEDIA2, 'GetSnapshotUri', tokenIn(profile))),
    }
  return {
    streamUri: async (profile) =>
      uriIn(
        elementIn(
          await call(
            path,
            MEDIA,
            'GetStreamUri',
            `<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream><Transport xmlns="${SCHEMA}">` +
              `<Protocol>RTSP</Protocol></Transport></StreamSetup>${tokenIn(profile)}`,
          ),
          'MediaUri',
        ),
      ),
    snapshotUri: async (profile) =>
      uriIn(elementIn(await call(path, MEDIA, 'GetSnapshotUri', tokenIn(profile)), 'MediaUri')),
  }
}
const uriIn = (element: XmlElement | null): string | null => (element && textIn(element, 'Uri')?.trim()) || null

function profileOf(
  profile: XmlElement,
  configurations: XmlElement,
  names: { source: string; encoder: string; ptz: string },
): MediaProfile[] {
  const token = attributeIn(profile, 'token')
  if (token === null) return []
  const source = elementIn(configurations, names.source)
  const encoder = elementIn(configurations, names.encoder)
  const ptz = elementIn(configurations, names.ptz)
  const resolution = elementIn(encoder ?? {}, 'Resolution') ?? {}
  return [
    {
      token,
      name: textIn(profile, 'Name') ?? '',
      source: source ? (textIn(source, 'SourceToken') ?? '') : null,
      codec: encoder ? (textIn(encoder, 'Encoding') ?? '') : '',
      width: Number(textIn(resolution, 'Width')) || 0,
      height: Number(textIn(resolution, 'Height')) || 0,
      ptzNode: ptz ? (textIn(ptz, 'NodeToken') ?? '') : null,
    },
  ]
}
