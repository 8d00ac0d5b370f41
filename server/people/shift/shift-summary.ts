/** What is open when a shift ends, as the summary has it. Pure. */
import type { Incident } from '../../glossary/incident.ts'
import type { ShiftSummary } from '../../glossary/shift.ts'

export const openIncidents = (unfinished: readonly Incident[]): ShiftSummary['incidents'] =>
  unfinished.map(({ id, helpPoint, state, owner, openedAt, onHold }) => ({
    incident: id,
    helpPoint,
    state,
    owner,
    openedAt,
    onHold: onHold?.reason ?? null,
  }))
