/** Types only: what one shift hands to the next. Times are UTC ISO 8601. */
import type { IncidentId } from './incident.ts'

/** What is broken; `subject` is the thing, `detail` the words of who found it. */
export type ShiftFault = {
  what:
    | 'camera'
    | 'picture'
    | 'buffer'
    | 'help-point'
    | 'storage'
    | 'record'
    | 'destination'
    | 'calls'
    | 'vms'
    | 'token'
    | 'certificate'
    | 'clock'
    | 'directory'
  subject: string
  detail: string | null
}

/** What the leaving person saw when signing. */
export type ShiftSummary = {
  incidents: {
    incident: IncidentId
    helpPoint: string
    state: string
    owner: string | null
    openedAt: string
    onHold: string | null
  }[]
  faults: ShiftFault[]
}
export type ShiftOffer = ShiftSummary & { shift: string; from: string; notes: string }
/** `acceptedBy`: null until the arriving person has signed, too. */
export type Shift = ShiftOffer & { offeredAt: string; acceptedBy: string | null; acceptedAt: string | null }
