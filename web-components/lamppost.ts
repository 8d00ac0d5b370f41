/** The one ES module: importing it defines the elements. */
export { LamppostCall, type CallNews } from './lamppost-call/lamppost-call.ts'
export { LamppostEvidence } from './lamppost-evidence/lamppost-evidence.ts'
export { LamppostIncident } from './lamppost-incident/lamppost-incident.ts'
export {
  type IncidentNews,
  type IncidentRequest,
  IncidentRequestEvent,
  type LinkNews,
  type SoundNews,
  type WaitingNews,
} from './lamppost-incident/incident-events.ts'
export { LamppostPlayer } from './lamppost-player/lamppost-player.ts'
export { LamppostPresets } from './lamppost-presets/lamppost-presets.ts'
export { LamppostPeople } from './lamppost-people/lamppost-people.ts'
export { LamppostConnectors } from './lamppost-connectors/lamppost-connectors.ts'
export { LamppostProofs } from './lamppost-proofs/lamppost-proofs.ts'
export { LamppostShift } from './lamppost-shift/lamppost-shift.ts'
export { LamppostSteer } from './lamppost-steer/lamppost-steer.ts'
export { LamppostTown } from './lamppost-town/lamppost-town.ts'
export { LamppostWall } from './lamppost-wall/lamppost-wall.ts'
export type { Action } from './lamppost-wall/wall-keys.ts'
export type { FreshToken, RenewToken } from './wall-client/wall-token.ts'
