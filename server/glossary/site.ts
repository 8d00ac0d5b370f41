/** Types only: a town as its site file says it, references resolved. */
import type { Role } from './people.ts'
import type { HelpPointVoice, SipIdentity, VoiceSite } from './call.ts'
import type { CameraId, PresetToken } from './camera.ts'
import type { Dialect } from './onvif-device.ts'
import type { TownOnMembers } from './member.ts'
import type { HelpPointId, Place } from './press.ts'

export type HelpPoint = {
  id: HelpPointId
  name: string
  address: string
  location: Place
  instructions: string[]
  /** Digital inputs that its button is wired to. */
  wired: { camera: CameraId; input: string | null; pressed: boolean }[]
  /** By which it may sign its presses over HTTP; null: by token only. */
  secret: string | null
  mqtt: {
    topic: string
    when: Record<string, string | number | boolean> | null
    heartbeat: string | null
    key: string | null
  }[]
  lorawan: { device: string; port: number | null; /** Hex. */ payload: string | null }[]
  sia: { account: string; zone: string | null; codes: string[] | null; /** Hex. */ key: string | null }[]
  /** By which it telephones; null: it does not. */
  sip: SipIdentity | null
  voice: HelpPointVoice
  /** How often it says that it lives; null: it never does. */
  heartbeatMs: number | null
  /** Local time of its daily drill; null: none. */
  drillAt: string | null
}

/** `version`: 5 for MQTT 5, 4 for 3.1.1. */
export type Broker = {
  url: string
  username: string | null
  password: string | null
  ca: string | null
  version: 4 | 5
}
/**
 * `events`: kinds of entries; `incident.*` is all of a room's. `syslog`: a log server, with PEM of its authority or the
 * system's own; null: a webhook, signed by the secret.
 */
export type Destination = {
  id: string
  url: string
  secret: string
  events: string[]
  syslog: { ca: string | null } | null
}

/** One VMS. `cameras`: ours to theirs, as the engineer says; `fallback`: where a press without a matched camera goes. */
export type ConnectorSite = {
  id: string
  cameras: ReadonlyMap<CameraId, string>
  fallback: string | null
  drills: boolean
  late: 'mark' | 'alarm'
  notes: boolean
  zoneminder: ZoneMinderAccess
}
/** `url`: without a slash at its end. `fingerprint` as for cameras; `ca`: PEM; both null: the system's own authorities. */
export type ZoneMinderAccess = {
  url: string
  trigger: { host: string; port: number }
  username: string
  password: string
  fingerprint: string | null
  ca: string | null
}

/**
 * Lamppost as an ONVIF device. `host` null: as the server itself listens. `tls`: PEM texts; null: not encrypted.
 * `activeMs`: how long a press is told to last; null: until somebody has taken it. `addresses`: of help points that
 * are devices of their own.
 */
export type OnvifDeviceSite = {
  host: string | null
  port: number
  username: string
  password: string
  tls: { certificate: string; key: string } | null
  dialects: Dialect[]
  devices: 'one' | 'each'
  addresses: ReadonlyMap<HelpPointId, string>
  activeMs: number | null
}

/**
 * The council's directory. `claim`: which one of the ID token has groups; `roles`: the groups that give each role.
 * `secondFactor`: how it is known that one was asked for there; null: it is not.
 */
export type DirectorySite = {
  name: string
  issuer: string
  client: string
  secret: string
  scope: string
  claim: string
  roles: Partial<Record<Exclude<Role, 'press'>, string[]>>
  secondFactor: 'always' | { claim: string; values: string[] } | null
}

/** `fingerprint`: SHA-256 of the camera's certificate, hex without colons; null trusts any certificate of that host. */
export type OnvifAccess = {
  url: string
  username: string
  password: string
  fingerprint: string | null
  /** The password of its stream may go in the clear. */
  basic?: boolean
  /** Addresses that it names are its own network's: the configured host is put into each. */
  nat?: boolean | undefined
  /**
   * The channel of a recorder or an encoder that this camera is: its video source, or the media profile that is
   * recorded.
   */
  source?: string | undefined
  profile?: string | undefined
  /** The profile of its small stream. */
  substreamProfile?: string | undefined
  /** What moves its head, where that is another profile's. */
  ptz?: { profile?: string | undefined; node?: string | undefined } | undefined
}
/** Where a camera's picture is read: instead of what ONVIF says, or without ONVIF. Null: as ONVIF says. */
export type StreamAccess = {
  url: string
  substream: string | null
  username: string | null
  password: string | null
  /** A still over HTTP. */ snapshot: string | null
  /** SHA-256 of the certificate that it must show over TLS, hex; null: ONVIF's, or any. */ fingerprint?: string | null
  /** The password may go to the camera in the clear. */ basic?: boolean
}

/** How a camera hangs, so that it can be turned to coordinates. */
export type Mount = {
  /** Compass bearing, degrees, at which its pan is 0. */ northOffset: number
  /** Metres above the ground. */ height: number
  /** Its pan grows anticlockwise, its tilt downwards. */ flipPan: boolean
  flipTilt: boolean
}

/**
 * Where a place lies that is nobody’s business, in the coordinates of a camera’s head (pan and tilt -1 to 1, least
 * first). `zoom`: from which zoom on it is covered; null: always.
 */
export type HeadBox = { pan: [number, number]; tilt: [number, number]; zoom: number | null }
/**
 * Degrees, as in a camera’s data sheet: `pan` and `tilt` from one end of the coordinates to the other, `wide` and `tele`
 * the picture’s width without zoom and with all of it. `level`: the tilt coordinate at which it looks level.
 */
export type Lens = {
  pan: number
  tilt: number
  wide: number
  tele: number
  level: number
  /** Its pan grows anticlockwise, its tilt downwards. */ flipPan: boolean
  flipTilt: boolean
}
/** Covered in every picture that leaves the server. `polygon`: shares of width and height, of a camera that stands still. */
export type PrivacyMask = { name: string; polygon: [number, number][] } | { name: string; box: HeadBox }
/** `lens`: what the boxes need. */
export type Privacy = { masks: PrivacyMask[]; lens: Lens | null }

/** `tour`: the camera's own preset tour of this token goes on. */
export type AfterIncident = 'home' | 'before' | 'stay' | { tour: string }

export type SiteCamera = {
  id: CameraId
  name: string
  location: Place | null
  onvif: OnvifAccess | null
  /** Null or left out: as ONVIF says. */
  stream?: StreamAccess | null
  rtmp: { streamKey: string } | null
  /** Which preset shows which help point. */
  presets: ReadonlyMap<
    HelpPointId,
    {
      token: PresetToken
      name: string
      /** What of its picture says nothing about the place; shares of width and height. */ mask: {
        x: number
        y: number
        width: number
        height: number
      }[]
    }
  >
  mount: Mount | null
  /** Null or left out: nothing of its picture is covered. */
  privacy?: Privacy | null
  /** By which its loudspeaker is reached; null or left out: it has none. */
  speaker?: 'onvif' | null
  /** Compass bearing in degrees that a fixed camera looks at; null: nobody said. */
  bearing: number | null
  /** Where the head goes when an incident that sent it is closed. */
  after: AfterIncident
  buffer: {
    mode: 'always' | 'on-press'
    preRollMs: number
    keepMs: number
    /** Bytes, held ones not counted; null for no limit. */ mostBytes: number | null
    /** Recorded only where the site says so. */ sound: 'drop' | 'keep'
    /** Who reads the stream: this process where it can, or always an ffmpeg. */ reader: 'direct' | 'ffmpeg'
  }
}

export type SafePlace = {
  /** As the site file says, or made of its name. */
  id: string
  name: string
  address: string
  location: Place
  open: { days: string[]; from: string; to: string }[]
}
/**
 * `telephone`: how an operator adds it to a call. Null: the site file names no number for that. `by: 'desk'`: it is an
 * emergency number, and the trunk does not say which number and address the emergency service will see; `shows`: what it
 * will see.
 */
export type Contact = {
  id: string
  name: string
  phone: string
  urgent: string | null
  telephone: { number: string; by: 'trunk' | 'desk'; shows: { number: string; address: string } | null } | null
  /** Where a responder’s link is sent by text message, without blanks, or by e-mail. */
  mobile: string | null
  email: string | null
}

/** `to`: destinations and connectors that this step calls by name. Every step shows on screens that wait for it. */
export type EscalationStep = { afterMs: number; to: string[] }
/** Lines and areas, WGS 84: what a map draws, and where people walk unless `walk` is false. */
export type StreetMap = {
  type: 'FeatureCollection'
  features: {
    type: 'Feature'
    properties: { name?: string; walk?: boolean; kind?: string }
    geometry:
      { type: 'LineString'; coordinates: [number, number][] } | { type: 'Polygon'; coordinates: [number, number][][] }
  }[]
}
/** `along`: by the map's streets, or as the crow flies and a third more. */
export type Walk = { metres: number; minutes: number; along: 'streets' | 'line' }

export type Site = {
  id: string
  name: string
  timezone: string
  /** What the numbers of its incidents begin with. */
  prefix: string
  /** Nothing in this town is real: it is for practice. */
  training: boolean
  /** When presets are checked by themselves; null: never. Local times of day. */
  quietHours: { from: string; to: string } | null
  helpPoints: HelpPoint[]
  cameras: SiteCamera[]
  safePlaces: SafePlace[]
  contacts: Contact[]
  /** Bytes: all clip buffers together (null: no limit), and what stays free for the ledger. */
  mqtt: Broker | null
  sia: { port: number; host: string | null } | null
  /** Null: help points do not telephone. */
  voice: VoiceSite | null
  destinations: Destination[]
  connectors: ConnectorSite[]
  /** Null: Lamppost is no ONVIF device. */
  onvifDevice: OnvifDeviceSite | null
  /** Null: only accounts made here sign in. */
  directory: DirectorySite | null
  /** Roles that nobody has without a second factor. */
  factorRequiredFor: Role[]
  escalation: EscalationStep[]
  /** Of whoever looks at a camera that no incident holds. */
  viewReason: 'required' | 'optional'
  /** Where an engineer may ask addresses what they are, as 10.0.4.0/24; null: private networks. */
  cameraNetworks: string[] | null
  /** Origins of pages that may have Lamppost in them. */
  embedding: string[]
  /** GeoJSON beside the site file; null: the map has no streets. */
  streets: string | null
  /** Where responders’ links lead, without a slash at its end; here: to this server. Null: nobody said. */
  responders: { url: 'here' | (string & {}) } | null
  /** The servers of the town; null: one machine. */
  onMembers: TownOnMembers | null
  /** Addresses that get each checkpoint of the ledger, too. */
  checkpointsTo: string[]
  storage: { most: number | null; reserve: number }
  evidence: SiteEvidence
}

/** `signer`: PEM texts, the certificate first, then those between it and the root; null: Lamppost's own. */
export type SiteEvidence = {
  prefix: string
  keepMs: number
  warnMs: number
  /** A lock of recordings is undone by two people. */
  unlockByTwo: boolean
  signer: { certificate: string; key: string; root: string } | null
  timeStamp: { url: string } | null
  clock: { source: string; errorBoundMs: number } | null
}
