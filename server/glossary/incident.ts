/** Types only: what the room handles. */
import type { CameraId, Framing } from './camera.ts'
import type { Clip } from './clip.ts'
import type { VmsLine } from './connector.ts'
import type { HelpPointId, Press, PressKind } from './press.ts'
import type { ResponderLine } from './responder.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type IncidentId = Id<'incident'>

export const INCIDENT_STATES = ['open', 'acknowledged', 'closed'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** Why it was closed. `other`: see the words. */
export const CLOSURE_CODES = ['helped', 'police', 'hub', 'mistake', 'malicious', 'nobody', 'drill', 'other'] as const
export type ClosureCode = (typeof CLOSURE_CODES)[number]

/** `to`: null is whoever takes it. */
export type Handover = { from: string; to: string | null; at: string }
/** `until`: when it must be looked at again; null when nobody said. */
export type Hold = { by: string; reason: string; at: string; until: string | null }
/** How far help was called while nobody took it. `step` counts from 1; 0: nobody was called yet. */
export type Escalation = { step: number; at: string | null }

export type LogLine = { seq: number; at: string; kind: string; actor: string; body: unknown }

export type Incident = {
  id: IncidentId
  helpPoint: HelpPointId
  kind: PressKind
  state: IncidentState
  openedAt: string
  /** Who acknowledged it, by name. */
  owner: string | null
  /** Offered by its owner, and not taken yet. */
  handover: Handover | null
  onHold: Hold | null
  /**
   * Pressed again while it was on hold, or long after anybody did something about it: somebody waits until anybody
   * does.
   */
  recalledAt: string | null
  /**
   * Since when somebody calls: the first press of the newest burst of presses, a person's before a drill's. Null when
   * all came late.
   */
  calledAt: string | null
  escalation: Escalation
  closedAt: string | null
  closureReason: string | null
  /** Null while it is not closed. */
  closureCode: ClosureCode | null
  presses: Press[]
  /** Further presses that came faster than anybody can press; counted, not listed. */
  repeats: number
  framings: Framing[]
  clips: Clip[]
  /** Cameras it holds that presses elsewhere asked for; null until its operator has answered. */
  requests: { camera: CameraId; by: IncidentId; helpPoint: HelpPointId; at: string; answer: 'give' | 'keep' | null }[]
  /** Instruction steps ticked, by their place in the help point's list. */
  steps: { step: number; at: string; by: string }[]
  /** What each VMS has of it. */
  vms: VmsLine[]
  /** Links by which it is lent, or was. */
  responders: ResponderLine[]
  /** Notes that these links show, by the number of each one's newest version. */
  sharedNotes: number[]
  log: LogLine[]
}

/** `number`: what people say on the telephone, as LP-2026-0042; null: a drill. */
export type NumberedIncident = Incident & { number: string | null }

/** A still picture that an operator keeps with an incident. */
export type SnapshotId = string & { readonly __is: 'snapshot' }
/**
 * `at`: when the picture was made; `takenAt`: when it was kept. Both UTC ISO 8601. `sha256`: of the JPEG, which has the
 * camera's privacy masks.
 */
export type Snapshot = {
  id: SnapshotId
  incident: IncidentId
  camera: CameraId
  at: string
  takenAt: string
  by: string
  bytes: number
  sha256: string
}
