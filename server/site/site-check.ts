/** Reads a site file's text into a town, or into problems that name line and key. Pure. */
import { plainFingerprint } from '../tools/tls-peer.ts'
import { type Document, type LineCounter, isMap, isNode, isScalar } from 'yaml'
import type { CameraId, PresetToken } from '../glossary/camera.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { OnvifAccess, Site, SiteCamera } from '../glossary/site.ts'
import { type Placed, placeOf, sameChannel, sameHead, streamPlaceOf } from './camera-places.ts'
import { safePlaceIds } from './safe-place-ids.ts'
import { areEnough, fewest, readYaml } from './site-yaml.ts'
import { connectorsOf } from './sections/connector-check.ts'
import { destinationsOf } from './sections/destination-check.ts'
import { directoryOf } from './sections/directory-check.ts'
import { townOf } from './sections/town-check.ts'
import { privacyOf } from './sections/privacy-check.ts'
import { onvifDeviceOf } from './sections/onvif-device-check.ts'
import { networkProblem } from '../tools/networks.ts'
import { type Path, shapeProblems } from './schema-words.ts'
import { type Resolve, isPlaceholder } from './site-references.ts'
import { SITE_SCHEMA, type SiteDocument } from './site-schema.ts'
import { timezoneProblem } from './site-timezone.ts'
import { contactsOf } from './sections/contact-check.ts'
import { helpPointVoices, sipIdentities, voiceOf } from './sections/voice-check.ts'

export type SiteProblem = { line: number; key: string; problem: string }
export type SiteReading = { site: Site; problems: [] } | { site: null; problems: SiteProblem[] }

const MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const durationMs = (text: string): number => Number(text.slice(0, -1)) * MS[text.slice(-1) as keyof typeof MS]

const BYTES = { MB: 1e6, GB: 1e9, TB: 1e12 } as const
const bytesOf = (text: string): number => Number(text.slice(0, -2)) * BYTES[text.slice(-2) as keyof typeof BYTES]
/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 16
const DEFAULT_RESERVE = '1GB'
const DEFAULT_KEEP = '31d'
const DEFAULT_WARN = '3d'
export function readSite(text: string, resolve: Resolve): SiteReading {
  const read = readYaml(text)
  if (read.problems) return { site: null, problems: fewest(read.problems) }
  const { document, lines, value } = read
  const problems: SiteProblem[] = []
  const complain = (path: Path, problem: string): void => {
    if (areEnough(problems)) return
    problems.push({ line: lineOf(document, lines, path), key: path.join('.'), problem })
  }
  for (const { path, problem } of shapeProblems(SITE_SCHEMA, value)) complain(path, problem)
  if (problems.length > 0) return { site: null, problems: fewest(problems) }
  const site = build(value as SiteDocument, resolve, complain)
  return problems.length > 0 ? { site: null, problems: fewest(problems) } : { site, problems: [] }
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      : undefined
    const node = pair?.key ?? document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

function build(document: SiteDocument, resolve: Resolve, complain: (path: Path, problem: string) => void): Site {
  const refer = (path: Path, text: string): string => {
    const found = resolve(text)
    if ('value' in found && found.value === '') complain(path, 'what this refers to is empty')
    if ('value' in found) return found.value
    complain(path, found.missing)
    return ''
  }
  const unique = (list: string, ids: readonly { id: string }[]): void => {
    const seen = new Set<string>()
    ids.forEach(({ id }, i) => {
      if (seen.has(id)) complain([list, i, 'id'], `"${id}" is used twice`)
      seen.add(id)
    })
  }
  unique('helpPoints', document.helpPoints)
  unique('cameras', document.cameras)
  unique('contacts', document.contacts ?? [])
  const placeIds = safePlaceIds(document.safePlaces ?? [])
  const placed = new Set<string>()
  for (const [i, { id }] of (document.safePlaces ?? []).entries()) {
    if (id === undefined) continue
    if (placed.has(id)) complain(['safePlaces', i, 'id'], `"${id}" is used twice`)
    placed.add(id)
  }
  const zone = timezoneProblem(document.site.timezone)
  if (zone !== null) complain(['site', 'timezone'], zone)
  document.cameraNetworks?.forEach((network, i) => {
    const wrong = networkProblem(network)
    if (wrong !== null) complain(['cameraNetworks', i], wrong)
  })
  const helpPoints = new Set(document.helpPoints.map(({ id }) => id))

  const withOnvif = new Set(document.cameras.flatMap((camera) => (camera.onvif ? [camera.id] : [])))
  for (const [i, { sources = [] }] of document.helpPoints.entries())
    for (const [j, source] of sources.entries()) {
      if (!('onvifInput' in source) || withOnvif.has(source.onvifInput.camera)) continue
      complain(
        ['helpPoints', i, 'sources', j, 'onvifInput', 'camera'],
        `there is no camera "${source.onvifInput.camera}" with onvif`,
      )
    }

  unique('destinations', document.destinations ?? [])
  unique('connectors', document.connectors ?? [])
  const told = new Set([...(document.destinations ?? []), ...(document.connectors ?? [])].map(({ id }) => id))
  const steps = (document.escalation ?? []).map(({ after, to = [] }, i) => {
    for (const [j, name] of to.entries())
      if (!told.has(name)) complain(['escalation', i, 'to', j], `there is no destination or connector "${name}"`)
    if (durationMs(after) === 0) complain(['escalation', i, 'after'], 'nobody can take an incident in no time')
    return { afterMs: durationMs(after), to }
  })
  for (const [i, { afterMs }] of steps.entries())
    if (i > 0 && afterMs <= (steps[i - 1]?.afterMs ?? 0))
      complain(['escalation', i, 'after'], 'each step must come later than the one before it')
  for (const [i, origin] of (document.embedding ?? []).entries())
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      complain(
        ['embedding', i],
        `browsers call this origin ${URL.canParse(origin) ? new URL(origin).origin : 'nothing'}: write it so`,
      )
  if (document.streets?.split('/').includes('..'))
    complain(['streets'], 'the file must lie beside the site file, or below')
  const secret = (path: Path, text: string): string => {
    const found = refer(path, text)
    if (found !== '' && !isPlaceholder(found) && found.length < SHORTEST_SECRET)
      complain(path, `this secret has ${found.length} characters; it needs at least ${SHORTEST_SECRET}`)
    return found
  }
  const devices = new Map<string, string>()
  if (document.mqtt && !URL.canParse(document.mqtt.url)) complain(['mqtt', 'url'], 'this is no address')
  const optional = (path: Path, text: string | undefined): string | null =>
    text === undefined ? null : refer(path, text)
  const pressers = document.helpPoints.map(({ id, sources = [] }, i) => {
    const at = (j: number, ...path: Path): Path => ['helpPoints', i, 'sources', j, ...path]
    return {
      secret:
        sources.flatMap((source, j) =>
          'http' in source && source.http.secret !== undefined
            ? [secret(at(j, 'http', 'secret'), source.http.secret)]
            : [],
        )[0] ?? null,
      mqtt: sources.flatMap((source) =>
        'mqtt' in source
          ? [
              {
                topic: source.mqtt.topic,
                when: source.mqtt.when ?? null,
                heartbeat: source.mqtt.heartbeat ?? null,
                key: source.mqtt.key ?? null,
              },
            ]
          : [],
      ),
      lorawan: sources.flatMap((source, j) => {
        if (!('lorawan' in source)) return []
        const owner = devices.get(source.lorawan.device.toLowerCase())
        if (owner !== undefined && owner !== id)
          complain(at(j, 'lorawan', 'device'), `the help point "${owner}" has this device, too`)
        devices.set(source.lorawan.device.toLowerCase(), id)
        return [
          { device: source.lorawan.device, port: source.lorawan.port ?? null, payload: source.lorawan.payload ?? null },
        ]
      }),
      sia: sources.flatMap((source, j) => {
        if (!('sia' in source)) return []
        if (!document.sia) complain(at(j, 'sia'), 'there is no receiver: the site file needs sia: { port: … }')
        const key = optional(at(j, 'sia', 'key'), source.sia.key)
        if (key !== null && !isPlaceholder(key) && !/^(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(key))
          complain(at(j, 'sia', 'key'), 'an AES key has 32, 48 or 64 hex digits')
        return [
          {
            account: source.sia.account.toUpperCase(),
            zone: source.sia.zone?.replace(/^0+(?=.)/, '').toUpperCase() ?? null,
            codes: source.sia.codes ?? null,
            key,
          },
        ]
      }),
    }
  })
  const identities = sipIdentities(document, refer, complain)
  const voices = helpPointVoices(document, complain)
  const voice = voiceOf(document, durationMs, refer, complain)
  const destinations = destinationsOf(document, { refer, secret, isPlaceholder, complain })
  const connectors = connectorsOf(document, refer, complain)
  const onvifDevice = onvifDeviceOf(document, refer, complain)
  const directory = directoryOf(document, refer, complain)
  const onMembers = townOf(document, refer, complain)

  const signer = document.evidence?.signer
    ? {
        certificate: refer(['evidence', 'signer', 'certificate'], document.evidence.signer.certificate),
        key: refer(['evidence', 'signer', 'key'], document.evidence.signer.key),
        root: refer(['evidence', 'signer', 'root'], document.evidence.signer.root),
      }
    : null
  if (durationMs(document.evidence?.keep ?? DEFAULT_KEEP) === 0) complain(['evidence', 'keep'], 'nothing would be kept')
  const places: Placed[] = []
  const streams = new Map<string, string>()
  const cameras = document.cameras.map((camera, i): SiteCamera => {
    const at = (...path: Path): Path => ['cameras', i, ...path]
    if (!camera.onvif && !camera.rtmp && !camera.stream) complain(at(), 'a camera needs onvif, stream or rtmp')
    if (camera.rtmp && camera.stream) complain(at('stream'), 'a camera that pushes by rtmp has no stream to be read')
    if (!camera.onvif && camera.presets) complain(at('presets'), 'only a camera with onvif can be sent to a preset')
    if (camera.speaker && !camera.onvif && !camera.stream)
      complain(at('speaker'), 'a loudspeaker is reached by the camera’s stream: it needs onvif or stream')
    if (camera.speaker && !document.voice)
      complain(at('speaker'), 'nobody could speak there: the site file needs voice: { edge: …, desk: … }')
    if (camera.mount && !camera.location)
      complain(at('mount'), 'a camera that is turned by coordinates needs a location of its own')
    for (const helpPoint of Object.keys(camera.presets ?? {}))
      if (!helpPoints.has(helpPoint)) complain(at('presets', helpPoint), `there is no help point "${helpPoint}"`)
    const url = camera.onvif ? refer(at('onvif', 'url'), camera.onvif.url) : null
    if (camera.onvif && url) {
      const placed = { id: camera.id, place: placeOf(camera.onvif.url, url), access: camera.onvif }
      const same = sameChannel(placed, places)
      if (same !== null) complain(at('onvif', 'url'), same)
      const head = sameHead(placed, places)
      if (head !== null) complain(at('onvif', 'ptz'), head)
      places.push(placed)
    }
    if (url && !/^https?:\/\//.test(url))
      complain(at('onvif', 'url'), 'an ONVIF address begins with http:// or https://')
    else if (url && !URL.canParse(url)) complain(at('onvif', 'url'), 'this is no address')
    const rtspAddress = (key: 'url' | 'substream', text: string | undefined): string | null => {
      if (text === undefined) return null
      const found = refer(at('stream', key), text)
      if (isPlaceholder(found) || found === '') return found
      if (!URL.canParse(found) || !/^rtsps?:$/.test(new URL(found).protocol))
        complain(at('stream', key), 'a stream’s address begins with rtsp:// or rtsps://')
      else if (new URL(found).username !== '' || new URL(found).password !== '')
        complain(
          at('stream', key),
          'a name and password do not belong into the address; write username and password beside it',
        )
      return found
    }
    const streamUrl = rtspAddress('url', camera.stream?.url)
    if (streamUrl) {
      const place = isPlaceholder(streamUrl) ? (camera.stream?.url ?? '') : streamPlaceOf(streamUrl)
      const other = streams.get(place)
      if (other !== undefined) complain(at('stream', 'url'), `the camera "${other}" reads the same stream`)
      else streams.set(place, camera.id)
    }
    const snapshot =
      camera.stream?.snapshot === undefined ? null : refer(at('stream', 'snapshot'), camera.stream.snapshot)
    if (snapshot && !isPlaceholder(snapshot) && !/^https?:\/\//.test(snapshot))
      complain(at('stream', 'snapshot'), 'a snapshot’s address begins with http:// or https://')
    const stream =
      camera.stream && streamUrl !== null
        ? {
            url: streamUrl,
            substream: rtspAddress('substream', camera.stream.substream),
            username: camera.stream.username ?? null,
            password: optional(at('stream', 'password'), camera.stream.password),
            snapshot,
            ...(camera.stream.basic ? { basic: true } : {}),
            fingerprint: plainFingerprint(camera.stream.fingerprint),
          }
        : null
    const streamKey = camera.rtmp ? refer(at('rtmp', 'streamKey'), camera.rtmp.streamKey) : null
    if (streamKey && !/^[A-Za-z0-9_-]+$/.test(streamKey))
      complain(at('rtmp', 'streamKey'), 'a stream key has letters, digits, _ and - only')
    const buffer = typeof camera.buffer === 'object' ? camera.buffer : {}
    return {
      id: camera.id as CameraId,
      name: camera.name,
      location: camera.location ?? null,
      onvif:
        camera.onvif && url !== null
          ? {
              url,
              username: camera.onvif.username,
              password: refer(at('onvif', 'password'), camera.onvif.password),
              fingerprint: plainFingerprint(camera.onvif.fingerprint),
              ...channelOf(camera.onvif),
              ...(camera.onvif.basic ? { basic: true } : {}),
            }
          : null,
      stream,
      rtmp: streamKey === null ? null : { streamKey },
      presets: new Map(
        Object.entries(camera.presets ?? {}).map(([helpPoint, { token, name, mask = [] }]) => [
          helpPoint as HelpPointId,
          { token: token as PresetToken, name, mask },
        ]),
      ),
      mount: camera.mount
        ? {
            northOffset: camera.mount.northOffset,
            height: camera.mount.height,
            flipPan: camera.mount.flip?.includes('pan') ?? false,
            flipTilt: camera.mount.flip?.includes('tilt') ?? false,
          }
        : null,
      privacy: privacyOf(camera, at, complain),
      speaker: camera.speaker ?? null,
      bearing: camera.bearing ?? null,
      after: camera.after ?? 'home',
      buffer: {
        mode: camera.buffer === 'on-press' ? 'on-press' : 'always',
        preRollMs: durationMs(buffer.preRoll ?? '60s'),
        keepMs: durationMs(buffer.keep ?? '24h'),
        mostBytes: buffer.most === undefined ? null : bytesOf(buffer.most),
        sound: buffer.sound ?? 'drop',
        reader: buffer.reader ?? 'direct',
      },
    }
  })
  return {
    ...document.site,
    prefix: document.site.prefix ?? 'LP',
    training: document.site.training ?? false,
    quietHours: document.site.quietHours ?? null,
    helpPoints: document.helpPoints.map(
      ({ id, name, address, location, instructions, sources, heartbeat, drill }, i) => ({
        ...(pressers[i] ?? { secret: null, mqtt: [], lorawan: [], sia: [] }),
        sip: identities[i] ?? null,
        voice: voices[i] ?? { gain: 0, autoAnswer: null, pushToTalk: false, keys: {}, drill: 'never' },
        heartbeatMs: heartbeat ? durationMs(heartbeat.every) : null,
        drillAt: drill?.daily ?? null,
        id: id as HelpPointId,
        name,
        address: address ?? '',
        location,
        instructions: instructions ?? [],
        wired: (sources ?? []).flatMap((source) =>
          'onvifInput' in source
            ? [
                {
                  camera: source.onvifInput.camera as CameraId,
                  input: source.onvifInput.input ?? null,
                  pressed: source.onvifInput.pressed ?? true,
                },
              ]
            : [],
        ),
      }),
    ),
    cameras,
    safePlaces: (document.safePlaces ?? []).map((place, i) => ({ ...place, id: placeIds[i] ?? '' })),
    contacts: contactsOf(document, complain),
    mqtt: document.mqtt
      ? {
          url: document.mqtt.url,
          username: document.mqtt.username ?? null,
          password: optional(['mqtt', 'password'], document.mqtt.password),
          ca: optional(['mqtt', 'ca'], document.mqtt.ca),
          version: document.mqtt.version === '3.1.1' ? 4 : 5,
        }
      : null,
    voice,
    sia: document.sia ? { port: document.sia.port, host: document.sia.host ?? null } : null,
    destinations,
    connectors,
    onvifDevice,
    directory,
    factorRequiredFor: document.secondFactor?.requiredFor ?? [],
    escalation: steps,
    viewReason: document.viewing?.reason ?? 'optional',
    cameraNetworks: document.cameraNetworks ?? null,
    embedding: document.embedding ?? [],
    streets: document.streets ?? null,
    onMembers,
    responders: document.responders ? { url: document.responders.url.replace(/\/+$/, '') } : null,
    checkpointsTo: document.checkpoints?.to ?? [],
    evidence: {
      prefix: document.evidence?.prefix ?? prefixOf(document.site.id),
      keepMs: durationMs(document.evidence?.keep ?? DEFAULT_KEEP),
      warnMs: durationMs(document.evidence?.warn ?? DEFAULT_WARN),
      unlockByTwo: document.evidence?.unlockByTwo ?? false,
      signer,
      timeStamp: document.evidence?.timeStamp ?? null,
      clock: document.evidence?.clock ?? null,
    },
    storage: {
      most: document.storage?.most === undefined ? null : bytesOf(document.storage.most),
      reserve: bytesOf(document.storage?.reserve ?? DEFAULT_RESERVE),
    },
  }
}

type DocumentAccess = NonNullable<SiteDocument['cameras'][number]['onvif']>
/** Only what the file says: two accesses that say the same are the same. */
function channelOf({ nat, source, profile, substreamProfile, ptz }: DocumentAccess): Partial<OnvifAccess> {
  return {
    ...(nat ? { nat } : {}),
    ...(source === undefined ? {} : { source }),
    ...(profile === undefined ? {} : { profile }),
    ...(substreamProfile === undefined ? {} : { substreamProfile }),
    ...(ptz === undefined ? {} : { ptz }),
  }
}

/** DARLINGTON of darlington; what names of files cannot have is left out. */
const prefixOf = (id: string): string =>
  id
    .toUpperCase()
    .replaceAll('-', '')
    .replace(/^(?=\d)/, 'S')
    .slice(0, 12)
    .padEnd(2, 'X')
