import type { ClosureCode } from '../wall-client/api-shapes.ts'

/** Components ask, the wall acts: what a tile can ask for. Events bubble out of the shadow tree. */
export type IncidentRequest =
  | { ask: 'acknowledge'; incident: string; /** Taken over from this person. */ from?: string }
  | { ask: 'offer'; incident: string; /** Null: whoever comes. */ to: string | null }
  | { ask: 'withdraw-offer'; incident: string }
  | { ask: 'hold'; incident: string; reason: string; minutes: number | null }
  | { ask: 'take-up'; incident: string }
  | {
      ask: 'close'
      incident: string
      reason: string
      /** What the figures count. */
      code: ClosureCode
      /** The newest entry of its log when it was asked why: a press after that is not closed away unseen. */ seen?: number
    }
  | { ask: 'reopen'; incident: string; reason: string }
  | { ask: 'contact'; incident: string; contact: string; outcome: string }
  | { ask: 'call'; incident: string; /** A contact, by the trunk. */ contact: string }
  | { ask: 'speak'; incident: string; /** Through whose loudspeaker. */ camera: string }
  | { ask: 'tick'; incident: string; step: number }
  | {
      ask: 'bring'
      incident: string
      camera: string
      /** Left out: the one that shows the help point. */ preset?: string
    }
  | { ask: 'snapshot'; incident: string; camera: string }
  | { ask: 'answer-camera'; incident: string; camera: string; by: string; answer: 'give' | 'keep' }
  | { ask: 'revoke-link'; incident: string; link: string }
  | { ask: 'share-note'; incident: string; note: number; shared: boolean }

/** Asked of the page first: one that handles it itself calls `preventDefault()`. */
export class IncidentRequestEvent extends CustomEvent<IncidentRequest> {
  constructor(detail: IncidentRequest) {
    super('lamppost-incident-request', { detail, bubbles: true, composed: true, cancelable: true })
  }
}
export type IncidentNews = { incident: string; helpPoint: string }
/** `refusal`: in the server's words, when it is reached and does not let this page in. */
export type LinkNews = { link: 'connecting' | 'live' | 'lost'; refusal: string | null }
export type SoundNews = { blocked: boolean }
/** Presses that nobody has accepted, the longest waiting first; drills are none. `name`: the help point's. */
export type WaitingNews = { waiting: { incident: string; helpPoint: string; name: string; since: string }[] }

declare global {
  interface HTMLElementEventMap {
    'lamppost-incident-request': IncidentRequestEvent
    'lamppost-incident-opened': CustomEvent<IncidentNews>
    'lamppost-link-changed': CustomEvent<LinkNews>
    'lamppost-sound-changed': CustomEvent<SoundNews>
    'lamppost-waiting-changed': CustomEvent<WaitingNews>
    'lamppost-incident-acknowledged': CustomEvent<IncidentNews>
    'lamppost-incident-escalated': CustomEvent<IncidentNews>
    'lamppost-incident-closed': CustomEvent<IncidentNews>
  }
}
