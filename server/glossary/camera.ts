/** Types only: cameras, presets, framings and what proves them. */
import type { IncidentId } from './incident.ts'
import type { Place } from './press.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type CameraId = Id<'camera'>
/** ONVIF preset tokens are strings: "1.0" is not 1, and twenty digits fit no number. */
export type PresetToken = Id<'preset token'>

/**
 * Pan and tilt -1..1, zoom 0..1 (ONVIF generic space), unless the space that the camera names beside them is another.
 */
export type PtzPosition = { pan: number; tilt: number; zoom: number; panTiltSpace?: string; zoomSpace?: string }
export type PtzVelocity = Pick<PtzPosition, 'pan' | 'tilt' | 'zoom'>

export type Preset = { token: PresetToken; name: string; position: Partial<PtzPosition> | null }

/**
 * What became of a look at one preset. `gone`: the camera has it no more; `lost-after-reboot`: since it was away;
 * `unreached`: the head did not get there. `not-compared`: no picture came that could be compared; `changed`: the
 * camera has another name or place for it than was confirmed.
 */
export const CHECK_RESULTS = [
  'agrees',
  'drifted',
  'gone',
  'lost-after-reboot',
  'unreached',
  'not-taught',
  'not-compared',
  'changed',
] as const
export type PresetCheck = {
  camera: CameraId
  token: PresetToken
  at: string
  result: (typeof CHECK_RESULTS)[number]
  words: string | null
}

/**
 * Where a head looks, since `at` (milliseconds since 1970). `position`: null when nobody knows; `still`: it stands
 * there; `begins`: it was just told to turn, and may be anywhere in a moment.
 */
export type HeadLook = {
  at: number
  position: Pick<PtzPosition, 'pan' | 'tilt' | 'zoom'> | null
  still: boolean
  begins?: true
}

/** What GetStatus said, and nothing it did not say. */
export type PtzStatus = { position: Partial<PtzPosition> | null; moving: boolean | null }

export const FRAMING_STATES = ['asked', 'moving', 'framed', 'unproven', 'failed'] as const
export type FramingState = (typeof FRAMING_STATES)[number]

export const PROOFS = ['accepted', 'stopped', 'position', 'picture'] as const
export type Proof = (typeof PROOFS)[number]

/**
 * How a camera is brought: to its preset, by coordinates, to its home, or not at all: it is fixed, or was brought by hand
 * as it looks now. Only the first can be proven.
 */
export const FRAMING_WAYS = ['preset', 'aim', 'home', 'fixed', 'as-is'] as const
export type FramingWay = (typeof FRAMING_WAYS)[number]

export type FramingRole = 'primary' | 'secondary'

/** One camera's answer to one incident, with the proofs it has. */
export type Framing = {
  camera: CameraId
  preset: PresetToken | null
  way: FramingWay
  role: FramingRole
  state: FramingState
  proofs: Proof[]
  askedAt: string
  settledAt: string | null
  /** A sentence that a person understands; null while all is well. */
  reason: string | null
}

/** A device that answered a look around the network. `camera`: the one of the site file with its address. */
export type FoundCamera = {
  url: string
  name: string
  hardware: string
  /** It names an address that is not where its answer came from. */ elsewhere: boolean
  camera: string | null
}
/** What a camera says of itself, and lines for the site file. */
export type CameraInquiry = {
  manufacturer: string
  model: string
  serial: string
  firmware: string
  ptz: boolean
  clockOffsetMs: number | null
  presets: Pick<Preset, 'token' | 'name'>[]
  /** SHA-256 of its certificate; null over plain HTTP. */ fingerprint: string | null
  /** Every picture that it has: a recorder has many. */ channels: InquiredChannel[]
  /** Why it cannot be recorded or moved as it was asked for; null when it can. */ problem: string | null
  siteFile: string
}
/** `still`: a JPEG as a data address; null when it gave none. */
export type InquiredChannel = {
  source: string
  profiles: { token: string; name: string; codec: string; width: number; height: number; ptz: boolean }[]
  still: string | null
}

/** Why a picture shows nothing though it arrives. */
export type Blindness = 'dark' | 'covered' | 'frozen'
export type Reachability = 'up' | 'down' | 'unknown'
/** `buffer`: whether what is recorded reaches the disk. */
export type CameraHealth = {
  onvif: Reachability
  video: Reachability
  buffer: Reachability
  /** What is wrong with what the picture shows, as far as anybody looked. */ blind: Blindness | null
  /** The camera's clock minus ours, milliseconds; null until it was asked. */ clockOffsetMs: number | null
  /** Whether that is near enough. */ clock: 'right' | 'off' | 'unknown'
  since: string
  reason: string | null
}

/** Who steers it by hand now. */
export type CameraHand = { name: string; since: string }

export type CameraView = {
  id: CameraId
  name: string
  ptz: boolean
  location: Place | null
  onvifUrl: string | null
  /** The camera's own words about what is wrong; the engineer's only. */
  detail: string | null
  health: CameraHealth
  heldBy: IncidentId | null
  steeredBy: CameraHand | null
  /** Compass bearing in degrees of a fixed camera, as the site file says. */
  bearing: number | null
  live: string
  /** As in an HLS CODECS attribute; null until the first picture. */
  codec: string | null
  /** What a browser gets that cannot show the codec. */
  converted: 'sub-stream' | 'transcoded'
  /** The names of its privacy masks: what they cover is covered in every picture of it. */
  masks: string[]
  /** By which the room speaks through its loudspeaker; null: it has none. */
  speaker: 'onvif' | null
}
