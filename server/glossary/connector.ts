/** Types only: video management systems (VMS) that are told of incidents, and what proves that they heard it. */
import type { CameraId } from './camera.ts'
import type { IncidentId } from './incident.ts'

/**
 * What a VMS can be told. `raise`: an alarm with the camera of the press. `mark`: a further camera, or a press of long
 * ago, without an alarm. `protect`: the footage is not deleted. `note`: a line of what happens. `ended`: the alarm is
 * over. `release`: the footage may be deleted again.
 */
export const VERBS = ['raise', 'mark', 'protect', 'note', 'ended', 'release'] as const
export type Verb = (typeof VERBS)[number]
/** `read-back`: found in the VMS afterwards. `said`: its answer names an id. `sent`: nothing says that it was heard. */
export const RECEIPT_KINDS = ['read-back', 'said', 'sent'] as const
export type ReceiptKind = (typeof RECEIPT_KINDS)[number]

/** One thing that a VMS was told of an incident, and what proves it. */
export type VmsReceipt = {
  connector: string
  product: string
  incident: IncidentId
  verb: Verb
  /** What makes this act another one than all others of its incident: a camera, an event of theirs, a line. */
  part: string
  how: ReceiptKind
  /** The VMS's own id of its alarm, event or mark; null: it gave none. */
  id: string | null
  link: string | null
  camera: CameraId | null
  /** Their camera; null: it has to do with none. */
  theirs: string | null
  /** `ended`: the event goes on all the same, because another incident needs it. */
  goesOn: boolean
  /** Footage of the past was marked: there is no alarm that goes on. */
  late: boolean
  /** What was found beside it that somebody should know, such as footage that is not there; null: nothing. */
  finding: string | null
}
/** One thing that this VMS was not told, and why. `lasting`: it is not tried again. */
export type VmsRefusal = {
  connector: string
  product: string
  incident: IncidentId
  verb: Verb
  part: string
  camera: CameraId | null
  problem: string
  lasting: boolean
}

/** `lost`: it was deleted there, or is not found any more. */
export const FOOTAGE = ['lost', 'unknown', 'kept', 'released'] as const
export type Footage = (typeof FOOTAGE)[number]

/** What an incident shows of one VMS. */
export type VmsLine = {
  connector: string
  product: string
  /** The newest alarm or event there; null: it has none. */
  alarm: { id: string | null; how: ReceiptKind; link: string | null; camera: CameraId | null; at: string } | null
  /** The worst of its events. */
  footage: Footage
  events: { id: string; camera: CameraId | null; footage: Footage }[]
  /** What the VMS could not be told, or what was found there; the newest last. */
  findings: { verb: Verb; part: string; words: string }[]
  receipts: number
}

/** Whether one VMS would hear a press now. */
export type ConnectorState = {
  connector: string
  product: string
  /** `untested`: it has not proven anything since this start. */
  state: 'well' | 'failing' | 'untested'
  since: string
  problem: string | null
  verbs: Verb[]
  version: string | null
  /** A version that this connector was never tried with: it works on, and an engineer should know. */
  versionKnown: boolean | null
  /** The VMS's clock against ours. */
  clockOffsetMs: number | null
  lastReadBack: string | null
  /** Acts that have not been told yet, and since when the oldest of them waits. */
  waiting: number
  oldestWaiting: string | null
  cameras: { matched: number; unmatched: number } | null
  /** Faults that stand for as long as the site file is as it is, such as a connection that is not encrypted. */
  standing: string[]
}

/** `how`: what says that both are the same camera; null: nothing does, or too little. */
export type CameraMatch = {
  camera: CameraId
  name: string
  theirs: string | null
  theirName: string | null
  how: 'site-file' | 'stream' | 'address' | null
  /** Why it is not matched, or what is wrong with the camera that it is matched with. */
  problem: string | null
  /** Theirs that it could be: an engineer says which. */
  candidates: { id: string; name: string; why: string }[]
}

export type TrialStep = { step: string; ok: boolean; words: string; ms: number }
/** A dry run; `pressed`: with an alarm that was raised and taken away again. */
export type ConnectorTrial = {
  connector: string
  product: string
  ok: boolean
  pressed: boolean
  steps: TrialStep[]
  cameras: CameraMatch[]
}
