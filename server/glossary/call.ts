/**
 * Types only: a call is a help point's telephone call to the room, and is a press as well; or the room's own call to a help
 * point, to a contact's telephone, or to a camera's loudspeaker.
 */
import type { CameraId } from './camera.ts'
import type { HelpPointId } from './press.ts'
import type { IncidentId } from './incident.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type CallId = Id<'call'>
export type PartyId = Id<'party'>

/**
 * `ringing`: nobody has answered it. `waiting`: answered by the announcement. `connected`: sound has come both ways
 * with an operator. `held`: its operator has put it on hold. `offered`: its operator is lost or gave it back.
 */
export const CALL_STATES = ['ringing', 'waiting', 'connected', 'held', 'offered', 'ended'] as const
export type CallState = (typeof CALL_STATES)[number]

/** `in`: the help point has called the room. `out`: the room calls. */
export const CALL_DIRECTIONS = ['in', 'out'] as const
export type CallDirection = (typeof CALL_DIRECTIONS)[number]

/**
 * How a call ended. `forwarded`: the edge went on to the desk telephone. `nobody-answered`, `refused`: the help point
 * that the room has called. `party-hung-up`: the operator had left the caller and a third party together, and the third
 * party has hung up. `back-to-pbx`: nobody took it here, and the PBX that brought it rings the others.
 */
export const CALL_ENDS = [
  'caller-hung-up',
  'operator-hung-up',
  'gave-up',
  'answered-elsewhere',
  'forwarded',
  'nobody-answered',
  'refused',
  'line-lost',
  'server-restarted',
  'party-hung-up',
  'back-to-pbx',
] as const
export type CallEnd = (typeof CALL_ENDS)[number]

/** The line to the help point: not answered yet, up, or gone. */
export const CALL_LINES = ['early', 'up', 'gone'] as const
export type CallLine = (typeof CALL_LINES)[number]

/** `in`: no sound of the help point arrives. `out`: it may not hear the room. */
export const ONE_WAYS = ['in', 'out'] as const
export type OneWay = (typeof ONE_WAYS)[number]

/** Of the last second. Levels are dBFS, null where no packet came; jitter is RFC 3550's, milliseconds. */
export type CallQuality = {
  lossPercent: number
  jitterMs: number
  levelIn: number | null
  levelOut: number | null
  oneWay: OneWay | null
  /** Packets of the help point come, and have been silent for long. */
  silentLine: boolean
}

/** `calling`: it has not answered. `joined`: it hears the caller and the operator, and they hear it. `left`: see its end. */
export const PARTY_STATES = ['calling', 'joined', 'left'] as const
export type PartyState = (typeof PARTY_STATES)[number]
/** How a party left. `sent-away`: an operator has ended it. `unreachable`: the trunk did not let the call through. */
export const PARTY_ENDS = [
  'hung-up',
  'sent-away',
  'busy',
  'no-answer',
  'unreachable',
  'line-lost',
  'call-ended',
] as const
export type PartyEnd = (typeof PARTY_ENDS)[number]
/** A third party of a call: a contact of the site file, reached by the trunk. */
export type CallParty = {
  id: PartyId
  contact: string
  name: string
  state: PartyState
  /** When it came into this state. */
  since: string
  end: PartyEnd | null
}

export type Call = {
  id: CallId
  /** At the other end is this help point; or the loudspeaker of a camera, from which nothing is heard; or a contact. */
  helpPoint: HelpPointId | null
  camera: CameraId | null
  contact: string | null
  /** Null: the room has called without one; `reason` says why. */
  incident: IncidentId | null
  /** Why the room has called, in the operator's words; null: nobody said. */
  reason: string | null
  direction: CallDirection
  state: CallState
  line: CallLine
  /** Who has taken it, by name. */
  owner: string | null
  held: boolean
  ringingAt: string
  takenAt: string | null
  connectedAt: string | null
  endedAt: string | null
  end: CallEnd | null
  /** Null until there was sound. */
  quality: CallQuality | null
  /** Whether the site records calls. */
  recorded: boolean
  /** The file of the recording, once it is whole; null before, and when it was deleted. */
  recording: CallRecording | null
  /** Whether the caller has heard the announcement, which says that the call is recorded. */
  announced: boolean
  codec: string
  /** Whether an operator here may answer it; else somebody at another telephone of the PBX does. */
  answeredHere: boolean
  /** Third parties, in the order in which they were called. */
  parties: CallParty[]
  /** The help point's signalling came over TLS. */
  secured: boolean
}

/** `gaps`: where nothing of a side arrived for over a second. Times are UTC ISO 8601. */
export type CallRecording = {
  sha256: string
  bytes: number
  from: string
  to: string
  gaps: { side: OneWay; from: string; to: string }[]
}

/** One address and transport that the edge listens on. `address`: host and port. */
export type EdgeListen = {
  transport: 'udp' | 'tcp' | 'tls'
  address: string
  /** Files of the certificate and its key, PEM. */
  certificate?: string
  key?: string
  /** File of the authorities that vouch for help points' own certificates, PEM; without it none is asked for. */
  clients?: string
}

/**
 * The way to telephones outside: the provider's host, and its port where that is not the usual one. `callerId`: the
 * number that is shown there;
 * `address`: the postal address that the provider has for that number, which an emergency service sees.
 */
export type Trunk = {
  host: string
  port: number | null
  transport: EdgeListen['transport']
  username: string | null
  password: string | null
  /** The file of the authority that vouches for it over TLS, PEM. */
  ca: string | null
  callerId: string | null
  address: string | null
}

/** The council's PBX, of which Lamppost is an extension. `ca`: the file of the authority that vouches for it over TLS. */
export type Pbx = {
  host: string
  port: number | null
  transport: EdgeListen['transport']
  user: string
  password: string | null
  ca: string | null
}

/** A recording (WAV, mono, 8,000 samples a second) and its language (ISO 639-1). */
export type SpokenFile = { language: string; file: string }

/** What a site file says of voice. */
export type VoiceSite = {
  edge: {
    listen: EdgeListen[]
    /** First and last port; null: a free range that the system gives. */
    mediaPorts: { from: number; to: number } | null
    trusted: string[]
  }
  /** When the call is answered; `never`: somebody at another telephone of the PBX answers. */
  answer: 'operator' | 'at-once' | 'never'
  /** SIP address of the desk telephone. */
  desk: string
  noAnswerMs: number
  recorded: boolean
  /** What callers hear while nobody answers, one after the other; empty: Lamppost’s own words. */
  announcement: SpokenFile[]
  /** What operators have said by one key, beside Lamppost’s own phrases. */
  phrases: { id: string; name: string; say: SpokenFile[] }[]
  /** Null: no telephone outside is called. */
  trunk: Trunk | null
  /** Null: help points call the edge themselves. */
  pbx: Pbx | null
}
/**
 * How a help point proves who it is: all that is not null must be right. `certificate`: the name in its own certificate;
 * `from`: addresses that it may call from.
 */
export type SipIdentity = {
  user: string
  password: string | null
  certificate: string | null
  from: string[] | null
  /** The PBX brings its calls, and vouches for its number: `user`. */
  byPbx: boolean
}
/** Of a help point at the edge. `lastHeard`: when it was known there for the last time since this start. */
export type Registration = { registered: boolean; since: string | null; lastHeard: string | null }
/** How the room speaks with a help point. */
export type HelpPointVoice = {
  /** Decibels by which operators hear it louder than it sends. */
  gain: number
  /** Whether it answers a call of the room by itself; null: not said, and it is asked to. */
  autoAnswer: boolean | null
  /** The room is heard there only while somebody wants it: its loudspeaker and microphone are near each other. */
  pushToTalk: boolean
  /** Keys of a telephone that do something there, by name: what opens a gate. */
  keys: Record<string, string>
  /** Whether a tone tries its loudspeaker and microphone after its daily drill; the street hears it. */
  drill: 'never' | 'at-night' | 'at-any-hour'
}
/**
 * `ready`: calls reach this server. `apart`: the edge goes on while this server is stopped. `pbx`: whether the PBX knows this
 * server as its extension, and why not; null: the site has none.
 */
export type VoiceHealth = { ready: boolean; apart: boolean; pbx: { registered: boolean; why: string | null } | null }
