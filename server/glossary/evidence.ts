/** Types only: evidence packages, who asked for them, and what becomes of recordings. Times are UTC ISO 8601. */
import type { CameraId, Framing } from './camera.ts'
import type { CallId, CallRecording } from './call.ts'
import type { Clip, Segment } from './clip.ts'
import type { IncidentId } from './incident.ts'
import type { HelpPointId, Place, PressId, PressKind } from './press.ts'

type Id<Name extends string> = string & { readonly __is: Name }
/** Such as DBC-2026-000123-K7Q4: it names the package and its folder. */
export type ExportId = Id<'export'>

export const EXPORT_STATES = ['queued', 'cutting', 'ready', 'failed'] as const
export type ExportState = (typeof EXPORT_STATES)[number]
/** `master`: the recorded bytes. `redacted`: made anew from a master's, with places blurred. */
export const EXPORT_KINDS = ['master', 'redacted'] as const
export type ExportKind = (typeof EXPORT_KINDS)[number]

export type Requester = { name: string; organisation: string | null; reference: string | null }
/** One camera's part of an export. */
export type Cut = { camera: CameraId; from: string; to: string }
/** A place in a camera's picture that is blurred for a time; shares of width and height, from the upper left. */
export type Redaction = {
  camera: CameraId
  from: string
  to: string
  x: number
  y: number
  width: number
  height: number
}

/** A stretch of a call that a redacted copy does not let be heard, on both sides. */
export type Silence = { call: CallId; from: string; to: string }

/**
 * An export as somebody orders it. Left out: `cameras` are all that the incident holds, `from` and `to` what it holds
 * of each; `calls` are all of the incident whose sound lies within that time, and of a redacted copy those with a
 * silence only.
 */
export type ExportOrder = {
  kind?: ExportKind
  incident?: string
  parentExport?: string
  cameras?: string[]
  from?: string
  to?: string
  redactions?: (Omit<Redaction, 'camera'> & { camera: string })[]
  calls?: string[]
  silences?: (Omit<Silence, 'call'> & { call: string })[]
  reason?: string
  lawfulBasis?: string
  exhibitRef?: string
  requestedBy?: { name?: string; organisation?: string; reference?: string }
}

/** What was asked for, and by whom it is answered for. */
export type ExportRequest = {
  kind: ExportKind
  parentExport: ExportId | null
  incident: IncidentId | null
  cuts: Cut[]
  redactions: Redaction[]
  /** Whose sound goes with it, as a whole. */
  calls: CallId[]
  silences: Silence[]
  requestedBy: Requester
  reason: string
  lawfulBasis: string | null
  exhibitRef: string | null
  exportedBy: { name: string; role: string }
}

/**
 * `contents`: SHA-256 of the lines of the files in data/native and data/audio, as manifest-sha256.txt has them; what the
 * ledger vouches for.
 */
export type Seal = { segments: number; bytes: number; contents: string }
/** The finished package: bytes and SHA-256 of the ZIP, and of what the signature covers. */
export type PackageFacts = {
  bytes: number
  sha256: string
  tagManifestSha256: string
  signer: string
  root: string
  timeStamped: string | null
  /** Why there is no time stamp, though the site names an authority. */ stampProblem: string | null
}

export type Export = ExportRequest & {
  id: ExportId
  state: ExportState
  requestedAt: string
  changedAt: string
  seal: Seal | null
  facts: PackageFacts | null
  problem: string | null
  /** The end of its package that was told already, and when that was. */
  warnedOf: string | null
  warnedAt: string | null
  /** Its package was deleted, and when. */
  deletedAt: string | null
  downloads: number
}

/** One whose package is there. */
export type MadeExport = Export & { facts: PackageFacts }

/** Keeps an incident's recordings whatever the site's rule says; `until` null: for ever. */
/** Somebody asks for a lock to be undone, and another person must agree. */
export type UnlockRequest = { by: string; user: string; reason: string; at: string }
export type Lock = { by: string; reason: string; until: string | null; at: string; unlock?: UnlockRequest | null }

/** What is kept for one incident. `warnedOf`: the end that was told already. */
export type Kept = {
  incident: IncidentId
  helpPoint: HelpPointId
  kind: PressKind
  openedAt: string
  closedAt: string | null
  clips: Clip[]
  lock: Lock | null
  warnedOf: string | null
  warnedAt: string | null
}
/** `endsAt`: null while nothing ends it. */
export type Keeping = Kept & { endsAt: string | null; expiring: boolean }

export type RecordingSearch = { from: string; to: string; place: Place; metres: number }
export type FoundRecordings = {
  incidents: {
    id: IncidentId
    helpPoint: HelpPointId
    kind: PressKind
    openedAt: string
    closedAt: string | null
    clips: Clip[]
  }[]
  cameras: { camera: CameraId; name: string; metres: number; recorded: { from: string; to: string }[] }[]
}

/** A hand-over to somebody outside; `used`: how often the package was fetched. */
export type Disclosure = {
  id: string
  export: ExportId
  recipient: string
  organisation: string
  purpose: string
  until: string
  most: number
  madeAt: string
  madeBy: string
  used: number
  lastUsedAt: string | null
  refused: number
  revokedAt: string | null
  revokedBy: string | null
}

/** Where a segment lies: the bytes exactly as the recorder closed them. */
export type StoredSegment = Segment & { file: string; offset: number }
/**
 * `inits`: the initialisation section of each run, as a file, the codec that it says (as in an HLS CODECS attribute;
 * '' when it cannot be read), and whether it has sound.
 */
export type StoredRange = {
  segments: StoredSegment[]
  inits: Record<number, { file: string; codec: string; sound: boolean }>
  gaps: { from: number; to: number }[]
}

/** `address`, `lat` and `lon` are null when the help point has left the site file: a false place is worse than none. */
export type ExportPress = {
  id: PressId
  receivedAt: string
  helpPoint: string
  address: string | null
  lat: number | null
  lon: number | null
}
export type ExportCamera = {
  id: CameraId
  name: string
  serial: string | null
  mac: string | null
  model: string | null
  firmware: string | null
  clockOffsetMs: number | null
  framings: Framing[]
}
/** A call whose sound is exported. */
/** `helpPoint`: its id; of the room's own call to somebody else, `contact police` or `camera cam-12`. */
export type ExportCall = { id: CallId; helpPoint: string; ringingAt: string; recording: CallRecording }
/** A call of the incident whose sound is not in the package, and why. */
export type CallWithoutSound = { id: CallId; ringingAt: string; endedAt: string | null; why: string }
/** What the site vouches for of its clock; nothing that was not said is claimed. */
export type ClockStatement = {
  source: string
  offsetMs: number | null
  errorBoundMs: number | null
  method: string
  statement: string
  /** Steps of the recorder's clock that were noticed in the range. */ steps: { at: string; ms: number }[]
}

/** One line of the chain of custody: an entry of the ledger, in words. */
export type CustodyLine = {
  seq: number
  at: string
  kind: string
  actor: string
  subject: string
  what: string
  hash: string
}
/** Proves that one entry stands in the ledger without disclosing another: RFC 6962 2.1.1. Hashes are hex. */
export type InclusionProof = {
  checkpoint: string
  verifierKey: string
  leafIndex: number
  treeSize: number
  inclusionProof: string[]
  entry: {
    seq: number
    at: string
    kind: string
    actor: string
    subject: string
    body: string
    prev: string
    hash: string
  }
}
