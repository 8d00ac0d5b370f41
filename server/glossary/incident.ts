/** Types only: what the room handles. */
import type { CameraId, Framing } from './camera.ts'
import type { Clip } from './clip.ts'
import type { HelpPointId, Press, PressKind } from './press.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type IncidentId = Id<'incident'>

export const INCIDENT_STATES = ['open', 'acknowledged', 'closed'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

export type LogLine = { seq: number; at: string; kind: string; actor: string; body: unknown }

export type Incident = {
  id: IncidentId
  helpPoint: HelpPointId
  kind: PressKind
  state: IncidentState
  openedAt: string
  /** Who acknowledged it, by name. */
  owner: string | null
  closedAt: string | null
  closureReason: string | null
  presses: Press[]
  /** Further presses that came faster than anybody can press; counted, not listed. */
  repeats: number
  framings: Framing[]
  clips: Clip[]
  /** Cameras it holds that presses elsewhere asked for; null until its operator has answered. */
  requests: { camera: CameraId; by: IncidentId; helpPoint: HelpPointId; at: string; answer: 'give' | 'keep' | null }[]
  /** Instruction steps ticked, by their place in the help point's list. */
  steps: { step: number; at: string; by: string }[]
  log: LogLine[]
}
