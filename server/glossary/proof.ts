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

/**
 * What proves that a person there is heard and hears. `both-ways`: a tone went to its loudspeaker and came back through
 * its microphone. `registration`: it is known at the edge; nothing was heard.
 */
export const VOICE_PROOFS = ['both-ways', 'registration'] as const
export type VoiceProof = (typeof VOICE_PROOFS)[number]
/** What a tone that was sent to a help point showed. */
export type VoiceResult = {
  helpPoint: HelpPointId
  how: VoiceProof
  at: string
  /** Share of the tone that came back, 0..1; null: nothing was sent. */
  heardShare: number | null
  /** Milliseconds until it came back; to 20. */
  loopMs: number | null
  /** How loud it came back, dBFS. */
  levelDb: number | null
  /** `schedule`, or who asked for it. */
  by: string
  /** An engineer has said that this loudness is right. */
  taught?: true
}
export type VoiceDrill = VoiceResult & { /** Null: it is proved. */ problem: string | null }

export const OVERDUE = ['drill', 'heartbeat', 'voice'] as const
/** A chain's last proofs; times are UTC ISO 8601. */
export type HelpPointProof = {
  lastPress: string | null
  lastDrill: string | null
  lastHeartbeat: string | null
  /** Of the last press or drill whose way ended. */ lastChain: ChainResult | null
  lastDrillResult: DrillResult | null
  /** When its voice was proved for the last time, and how. */
  lastVoiceProof: Pick<VoiceResult, 'at' | 'how'> | null
  lastVoiceDrill: VoiceDrill | null
  nextDrill: string | null
  overdue: (typeof OVERDUE)[number][]
}
