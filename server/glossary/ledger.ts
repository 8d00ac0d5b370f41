/** Types only: the one append-only record of everything that happened. */
import type { CameraId, Framing, PresetCheck, PresetToken } from './camera.ts'
import type { IncidentId } from './incident.ts'
import type { HelpPointId, Press, PressKind } from './press.ts'

/** What may be written, by kind: the body of each. `subject` is the thing the entry is about. */
export type EntryBodies = {
  'house.started': { version: string; site: string }
  'site.changed': { file: string; sha256: string }
  'press.received': { press: Press; incident: IncidentId }
  'press.refused': { helpPoint: string; reason: string; source: string }
  'incident.opened': { incident: IncidentId; helpPoint: HelpPointId; kind: PressKind }
  'incident.acknowledged': { incident: IncidentId; owner: string }
  'incident.noted': { incident: IncidentId; text: string }
  'incident.contacted': { incident: IncidentId; contact: string; outcome: string }
  'incident.step-ticked': { incident: IncidentId; step: number; text: string }
  'incident.closed': { incident: IncidentId; reason: string }
  'framing.changed': { incident: IncidentId; framing: Framing }
  'camera.passed-over': { incident: IncidentId; camera: CameraId; reason: string }
  /** Another incident's press needs a camera that this one holds. */
  'camera.wanted': { incident: IncidentId; camera: CameraId; by: IncidentId; helpPoint: HelpPointId }
  'camera.request-answered': { incident: IncidentId; camera: CameraId; by: IncidentId; answer: 'give' | 'keep' }
  'clip.held': { incident: IncidentId; camera: CameraId; from: string; to: string | null }
  'clip.released': { incident: IncidentId; camera: CameraId }
  'clip.downloaded': { incident: IncidentId; camera: CameraId; from: string; to: string; bytes: number; sha256: string }
  'preset.saved': { camera: CameraId; token: PresetToken; name: string; helpPoint: HelpPointId | null }
  'preset.taught': { camera: CameraId; token: PresetToken }
  'preset.checked': PresetCheck
  'preset.removed': { camera: CameraId; token: PresetToken }
  'preset.recalled': { camera: CameraId; token: PresetToken }
  'camera.moved': { camera: CameraId; pan: number; tilt: number; zoom: number }
  'session.opened': { name: string; role: string }
  'session.closed': { name: string }
}
export type EntryKind = keyof EntryBodies

/** What a room hands to the ledger. */
export type Draft = { [K in EntryKind]: { kind: K; actor: string; subject: string; body: EntryBodies[K] } }[EntryKind]

/** A draft with its place in the record; its hash comes when it is durable. */
export type Recorded = Draft & { seq: number; at: string }
/** Hex SHA-256 over the previous hash and the exact stored bytes. */
export type Entry = Recorded & { hash: string }

export type Verification = { ok: boolean; entries: number; head: string; problem: string | null }

/** `recorded` at once, in order; `durable` after the fsync, rejected with ledger/unavailable. */
export type Append = (drafts: readonly Draft[]) => { recorded: Recorded[]; durable: Promise<Entry[]> }
