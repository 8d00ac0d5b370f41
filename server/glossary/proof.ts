/** Types only: what proves that a help point works. */
import type { CameraId, Framing, Proof } from './camera.ts'
import type { IncidentId } from './incident.ts'
import type { HelpPointId, PressKind } from './press.ts'

/** The stages of the way from a press to a picture, in their order. */
export const STAGES = ['durable', 'asked', 'accepted', 'settled', 'picture'] as const
export type Stage = (typeof STAGES)[number]
/** Milliseconds from the press's arrival; a stage that was not reached is missing. */
export type StageTimes = Partial<Record<Stage, number>>

/** What became of one press's way to a moving picture. */
export type ChainResult = {
  incident: IncidentId
  helpPoint: HelpPointId
  kind: PressKind
  at: string
  stages: StageTimes
  camera: CameraId | null
  framing: Framing['state'] | null
  proofs: Proof[]
  /** Null: a moving picture was reached. */ problem: string | null
}
export type DrillResult = ChainResult & { passed: boolean; /** `schedule`, or who asked for it. */ by: string }

export const OVERDUE = ['drill', 'heartbeat'] as const
/** A chain's last proofs; times are UTC ISO 8601. */
export type HelpPointProof = {
  lastPress: string | null
  lastDrill: string | null
  lastHeartbeat: string | null
  /** Of the last press or drill whose way ended. */ lastChain: ChainResult | null
  lastDrillResult: DrillResult | null
  nextDrill: string | null
  overdue: (typeof OVERDUE)[number][]
}
