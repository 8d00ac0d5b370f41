/**
 * Getting to know a device: which services, channels and streams it has. Profiles and one stream address are enough;
 * whatever else it does not answer is left out. ONVIF Media (ver10) and Media2 (ver20), Core 26.06. Runs in a thread
 * of its own (onvif-inventory-thread): a recorder's list of profiles is long. Not here: which profile is taken
 * (profile-choice).
 */
import type { OnvifAccess } from '../../glossary/site.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { bare, isSameHost } from './host-pin.ts'
import { pinService } from './onvif-address.ts'
import type { OnvifClient } from './onvif-client.ts'
import { answeredNo, gaveNoAnswer, refusesUs } from './onvif-failures.ts'
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
  /** Which of the device's heads that is: its PTZ configuration and node; null for a fixed camera. */
  head: string | null
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
  /** What it did not answer though it may know it: worth asking again. */
  unanswered: string[]
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
/** The same of what it need not answer. */
type Ask = (...question: Parameters<Call>) => Promise<XmlElement | null>

/** Of a question that a device need not answer, milliseconds. */
const OPTIONAL_MS = 3000
/** A device that has answered nothing yet, and is silent so often, is not there. */
const MOST_SILENCES = 2
/** Wrong passwords in a row: some cameras lock an account after a few. */
const MOST_REFUSALS = 2

/**
 * Asks what a device need not answer: what it does not know, refuses to us, or does not answer at all is left out, as
 * long as it answers others. A password that is wrong, and a device that is not there, end everything.
 */
export function createOptional() {
  let answered = false
  let knowsUs = false
  let silences = 0
  let refusals = 0
  const unanswered = new Set<string>()
  return {
    /** Actions that it did not answer though it may know them: they are worth asking again. */
    unanswered: (): readonly string[] => [...unanswered],
    /** Silences so far. */
    silences: (): number => silences,
    /** What had to be answered was: our password is right. */
    isKnown(): void {
      answered = true
      knowsUs = true
    },
    async ask<T>(action: string, question: () => Promise<T>): Promise<T | null> {
      try {
        const answer = await question()
        answered = true
        return answer
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        answered ||= error.code === 'camera/refused'
        if (answeredNo(error)) return null
        if (refusesUs(error)) {
          refusals += Number(error.extra.tries ?? 1)
          if (!knowsUs && refusals >= MOST_REFUSALS) throw error
        } else {
          silences += 1
          if (!answered && (!gaveNoAnswer(error) || silences >= MOST_SILENCES)) throw error
        }
        unanswered.add(action)
        return null
      }
    },
  }
}
type Optional = ReturnType<typeof createOptional>

/** What a device that answers may refuse, silence excepted: an answer that comes late is worth waiting for. */
async function refusable<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (answeredNo(error)) return null
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

/** What a device is, and which profiles it has, is waited for as long as what it must answer. */
const PATIENT = new Set(['GetDeviceInformation', 'GetProfiles'])
const askBy = (client: OnvifClient, deadlineMs: number, optional: Optional): Ask => {
  const [soon, patient] = [callBy(client, Math.min(OPTIONAL_MS, deadlineMs)), callBy(client, deadlineMs)]
  return (...question) => optional.ask(question[2], () => (PATIENT.has(question[2]) ? patient : soon)(...question))
}

/** What is the same for every channel of a device. */
export type DeviceAnswers = { services: Services; information: XmlElement; media: MediaAnswers; optional: Optional }
/**
 * @param client one that has measured the device's clock.
 * @param deadlineMs of each question, milliseconds.
 * @throws camera/unreachable, camera/refused with `extra.trouble`
 */
export async function askDevice(client: OnvifClient, deadlineMs: number): Promise<DeviceAnswers> {
  const optional = createOptional()
  const ask = askBy(client, deadlineMs, optional)
  const services = await servicesOf(client, ask)
  const information = await ask(client.devicePath, DEVICE, 'GetDeviceInformation')
  if (information) optional.isKnown()
  const media = await profilesOf(services, client, { ask, call: callBy(client, deadlineMs) })
  optional.isKnown()
  return { services, information: information ?? {}, media, optional }
}

/** @throws camera/unreachable, camera/refused with `extra.trouble` */
export async function takeInventory(
  client: OnvifClient,
  access: OnvifAccess,
  deadlineMs: number,
  { services, information, media: answers, optional }: DeviceAnswers,
  everyStill = false,
): Promise<Inventory> {
  const call = callBy(client, deadlineMs)
  const ask = askBy(client, deadlineMs, optional)
  const media = urisOf(answers, { ask, call })
  const chosen = chooseProfiles(answers.profiles, access)
  const told = {
    manufacturer: textIn(information, 'Manufacturer') || 'unknown',
    model: textIn(information, 'Model') ?? '',
    serial: textIn(information, 'SerialNumber') ?? '',
    firmware: textIn(information, 'FirmwareVersion') ?? '',
    eventsPath: services.events,
    channels: channelsOf(answers.profiles),
    snapshots: everyStill ? await snapshotsOf(channelsOf(answers.profiles), media, optional) : {},
  }
  if ('fault' in chosen)
    return {
      ...told,
      profile: '',
      source: '',
      ptzProfile: null,
      head: null,
      ptzPath: null,
      streamUri: null,
      smallUri: null,
      fault: { kind: 'channel', words: chosen.fault },
      unanswered: [...optional.unanswered()],
    }
  const { record, small, ptz } = chosen
  const streamUri = await refusable(media.streamUri(record.token))
  // Some list their profiles by Media2 and give addresses by Media only.
  if (streamUri === null && answers.second && services.media) {
    const first = await refusable(firstProfiles(services.media, call))
    if (first)
      return takeInventory(client, access, deadlineMs, { services, information, media: first, optional }, everyStill)
  }
  const smallUri = small && (await media.maybeStreamUri(small.token))
  const fault: Inventory['fault'] = streamUri
    ? ptz && !services.ptz
      ? {
          kind: 'ptz',
          words: 'Its media profile has a PTZ configuration, and it names no PTZ service: it cannot be moved.',
        }
      : await ptzFault(ptz, services, ask)
    : { kind: 'stream', words: `It names no stream address for its profile "${record.token}".` }
  return {
    ...told,
    profile: record.token,
    source: record.source ?? '',
    ptzProfile: services.ptz && ptz ? ptz.token : null,
    head: services.ptz && ptz ? headOf(ptz) : null,
    ptzPath: ptz ? services.ptz : null,
    streamUri,
    smallUri,
    fault,
    unanswered: [...optional.unanswered()],
  }
}

/** Null where it names neither: which one it is cannot be told. */
const headOf = ({ ptzConfiguration = '', ptzNode }: MediaProfile): string | null =>
  ptzConfiguration === '' && !ptzNode ? null : `${ptzConfiguration} ${ptzNode ?? ''}`

const MOST_STILLS = 160
/** The engineer waits: a device that is silent to one is not asked for a hundred more. */
const SNAPSHOTS_MS = 15_000
async function snapshotsOf(
  channels: readonly Channel[],
  media: Media,
  optional: Optional,
): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {}
  const until = performance.now() + SNAPSHOTS_MS
  const before = optional.silences()
  for (const { source, profiles } of channels.slice(0, MOST_STILLS)) {
    const isAsked = profiles[0] && performance.now() < until && optional.silences() === before
    found[source] = isAsked ? await media.snapshotUri(profiles[0]?.token ?? '') : null
  }
  return found
}

/** A head that no profile moves is silently a fixed camera otherwise. */
async function ptzFault(ptz: MediaProfile | null, services: Services, ask: Ask): Promise<Inventory['fault']> {
  if (ptz || !services.ptz) return null
  const configurations = await ask(services.ptz, PTZ, 'GetConfigurations')
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
async function servicesOf(client: OnvifClient, ask: Ask): Promise<Services> {
  const ours = new Map<string, boolean>()
  async function pin(address: string | null | undefined): Promise<string | null> {
    if (!address) return null
    const host = URL.canParse(address) ? new URL(address).hostname : client.base.hostname
    if (!ours.has(host)) ours.set(host, await isSameHost(bare(host), bare(client.base.hostname)))
    return pinService(address, client.base, (named) => ours.get(named) === true)
  }
  const listed = await ask(client.devicePath, DEVICE, 'GetServices', '<IncludeCapability>false</IncludeCapability>')
  const at = (namespace: string): Promise<string | null> =>
    pin(
      listed &&
        elementsIn(listed, 'Service').flatMap((each) =>
          textIn(each, 'Namespace')?.trim() === namespace ? [textIn(each, 'XAddr')?.trim()] : [],
        )[0],
    )
  const services = {
    media: await at(MEDIA),
    media2: await at(MEDIA2),
    ptz: await at(PTZ),
    events: await at(EVENTS),
  }
  if (services.media && services.ptz && services.events) return services
  const told = await ask(client.devicePath, DEVICE, 'GetCapabilities', '<Category>All</Category>')
  const capabilities = elementIn(told ?? {}, 'Capabilities') ?? {}
  const able = (name: string): Promise<string | null> =>
    pin(textIn(elementIn(capabilities, name) ?? {}, 'XAddr')?.trim())
  return {
    ...services,
    media: services.media ?? (await able('Media')),
    ptz: services.ptz ?? (await able('PTZ')),
    events: services.events ?? (await able('Events')),
  }
}

type MediaAnswers = { profiles: MediaProfile[]; path: string; second: boolean }
type Media = {
  streamUri(profile: string): Promise<string | null>
  /** Of a stream that is no loss. */ maybeStreamUri(profile: string): Promise<string | null>
  snapshotUri(profile: string): Promise<string | null>
}

/**
 * By Media2 where it answers: only there H.265 has a name. Else by Media; a device that names no media service is
 * asked at its own address.
 */
async function profilesOf(
  { media, media2 }: Services,
  client: OnvifClient,
  { ask, call }: { ask: Ask; call: Call },
): Promise<MediaAnswers> {
  const second = media2 === null ? null : await ask(media2, MEDIA2, 'GetProfiles', '<Type>All</Type>', true)
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
  return firstProfiles(media ?? client.devicePath, call)
}

async function firstProfiles(path: string, call: Call): Promise<MediaAnswers> {
  let first: XmlElement
  try {
    first = await call(path, MEDIA, 'GetProfiles', '', true)
  } catch (error) {
    if (!answeredNo(error) || (error as Failure).extra.trouble === 'web-page') throw error
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

function urisOf({ path, second }: MediaAnswers, { ask, call }: { ask: Ask; call: Call }): Media {
  const tokenIn = (profile: string): string => `<ProfileToken>${escapeXml(profile)}</ProfileToken>`
  const setup =
    `<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream><Transport xmlns="${SCHEMA}">` +
    '<Protocol>RTSP</Protocol></Transport></StreamSetup>'
  const stream = (profile: string): Parameters<Call> =>
    second
      ? [path, MEDIA2, 'GetStreamUri', `<Protocol>RTSP</Protocol>${tokenIn(profile)}`]
      : [path, MEDIA, 'GetStreamUri', `${setup}${tokenIn(profile)}`]
  const addressIn = (answer: XmlElement | null): string | null =>
    uriIn(second ? answer : answer && elementIn(answer, 'MediaUri'))
  return {
    streamUri: async (profile) => addressIn(await call(...stream(profile))),
    maybeStreamUri: async (profile) => addressIn(await ask(...stream(profile))),
    snapshotUri: async (profile) =>
      addressIn(await ask(path, second ? MEDIA2 : MEDIA, 'GetSnapshotUri', tokenIn(profile))),
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
      ...(ptz ? { ptzConfiguration: attributeIn(ptz, 'token') ?? '' } : {}),
    },
  ]
}
