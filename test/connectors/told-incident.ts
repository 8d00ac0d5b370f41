/** Incidents made of entries, for tests of what a VMS is told. */
import type { CameraId, Framing } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { foldIncident } from '../../server/incident/incident-machine.ts'

export const ID = 'inc-1' as IncidentId
export const START = Date.parse('2026-11-20T22:30:00Z')

export const opened = (kind: 'press' | 'drill' = 'press', incident = ID): Draft => ({
  kind: 'incident.opened',
  actor: 'lamppost',
  subject: incident,
  body: { incident, helpPoint: 'blackwellgate' as never, kind },
})
export const pressed = (at = START, kind: 'press' | 'drill' = 'press', late = false, incident = ID): Draft => ({
  kind: 'press.received',
  actor: 'source:http',
  subject: incident,
  body: {
    press: {
      id: `press-${at}` as never,
      key: String(at),
      helpPoint: 'blackwellgate' as never,
      kind,
      pressedAt: isoTime(at),
      receivedAt: isoTime(at),
      source: 'http',
      late,
    },
    incident,
  },
})
export const framing = (
  camera: string,
  state: Framing['state'] = 'moving',
  role: Framing['role'] = 'primary',
  incident = ID,
): Draft => ({
  kind: 'framing.changed',
  actor: 'lamppost',
  subject: incident,
  body: {
    incident,
    framing: {
      camera: camera as CameraId,
      preset: '3' as never,
      way: 'preset',
      role,
      state,
      proofs: state === 'framed' ? ['stopped', 'position'] : [],
      askedAt: isoTime(START),
      settledAt: null,
      reason: null,
    },
  },
})
export const taken = (owner = 'Sam', incident = ID): Draft => ({
  kind: 'incident.acknowledged',
  actor: `operator:${owner}`,
  subject: incident,
  body: { incident, owner },
})
export const closed = (incident = ID): Draft => ({
  kind: 'incident.closed',
  actor: 'operator:Sam',
  subject: incident,
  body: { incident, reason: 'over' },
})
export const reopened = (incident = ID): Draft => ({
  kind: 'incident.reopened',
  actor: 'operator:Sam',
  subject: incident,
  body: { incident, owner: 'Sam', reason: 'too soon' },
})

/** @param at milliseconds after the start of each */
export const recorded = (drafts: readonly Draft[], at = 0): Recorded[] =>
  drafts.map((draft, i) => ({ ...draft, seq: i + 1, at: isoTime(START + at) }))
export function incidentOf(...drafts: Draft[]): Incident {
  const incident = recorded(drafts).reduce<Incident | null>(foldIncident, null)
  if (!incident) throw new Error('there is no incident.opened')
  return incident
}
