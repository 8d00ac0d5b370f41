/** The one ES module: importing it defines the elements. */
export { LamppostEvidence } from './lamppost-evidence/lamppost-evidence.ts'
export { LamppostIncident } from './lamppost-incident/lamppost-incident.ts'
export { type IncidentNews, type IncidentRequest, IncidentRequestEvent } from './lamppost-incident/incident-events.ts'
export { LamppostPlayer } from './lamppost-player/lamppost-player.ts'
export { LamppostPresets } from './lamppost-presets/lamppost-presets.ts'
export { LamppostProofs } from './lamppost-proofs/lamppost-proofs.ts'
export { LamppostWall } from './lamppost-wall/lamppost-wall.ts'
