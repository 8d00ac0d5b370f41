/** A call is the fold of its ledger entries. Pure: the same entries always give the same call. */
import type { Call, CallParty, PartyEnd } from '../glossary/call.ts'
import type { CallEntries } from '../glossary/entries.ts'
import type { Recorded } from '../glossary/ledger.ts'

export type CallEntry = Extract<Recorded, { kind: keyof CallEntries }>
export const isCallEntry = (entry: Recorded): entry is CallEntry =>
  entry.kind.startsWith('call.') && entry.kind !== 'call.refused'

/**
 * What comes in a state where it means nothing is ignored: a page that was slow, a message that crossed another.
 * @returns null for an entry of a call that is not known here
 */
export function foldCall(call: Call | null, entry: CallEntry): Call | null {
  if (entry.kind === 'call.ringing') return call ?? ringing(entry)
  if (!call) return null
  // An end is an end; what follows it is about the recording only.
  if (call.state === 'ended') return afterTheEnd(call, entry)
  switch (entry.kind) {
    case 'call.answered':
      // Answered by the announcement, or for the operator who has taken it and is not heard yet.
      return {
        ...call,
        line: 'up',
        state: call.state === 'ringing' && call.owner === null ? 'waiting' : call.state,
        secured: entry.body.secured ?? call.secured,
      }
    case 'call.taken':
      return {
        ...call,
        owner: entry.body.by,
        takenAt: call.takenAt ?? entry.at,
        // Another hand begins where its own sound has come both ways.
        state:
          call.line === 'early'
            ? 'ringing'
            : call.state === 'connected' || call.state === 'held'
              ? 'offered'
              : call.state,
        held: false,
      }
    case 'call.connected':
      if (call.owner !== entry.body.by || call.held) return call
      return { ...call, state: 'connected', line: 'up', connectedAt: call.connectedAt ?? entry.at }
    case 'call.held':
      if (call.owner !== entry.body.by || (entry.body.on ? call.state !== 'connected' : !call.held)) return call
      return { ...call, state: entry.body.on ? 'held' : 'connected', held: entry.body.on }
    case 'call.lost':
      return call.owner === entry.body.owner ? offered(call) : call
    case 'call.offered':
      return offered(call)
    case 'call.announced':
      return { ...call, announced: true }
    case 'call.ended':
      return {
        ...call,
        state: 'ended',
        line: 'gone',
        held: false,
        endedAt: entry.at,
        end: entry.body.end,
        parties: call.parties.map((party) => (party.state === 'left' ? party : left(party, entry.at, 'call-ended'))),
      }
    case 'call.party-called': {
      const { party: id, contact, name } = entry.body
      if (call.parties.some((each) => each.id === id)) return call
      return {
        ...call,
        parties: [...call.parties, { id, contact, name, state: 'calling', since: entry.at, end: null }],
      }
    }
    case 'call.party-joined':
      return withParty(call, entry.body.party, (party) =>
        party.state === 'calling' ? { ...party, state: 'joined', since: entry.at } : party,
      )
    case 'call.party-left':
      return withParty(call, entry.body.party, (party) =>
        party.state === 'left' ? party : left(party, entry.at, entry.body.end),
      )
    case 'call.operator-left':
      return call.owner === entry.body.by && call.state === 'connected' ? { ...call, owner: null } : call
    case 'call.recorded':
    case 'call.recording-deleted':
      return afterTheEnd(call, entry)
    case 'call.escalated':
    case 'call.keyed':
    case 'call.said':
    case 'call.one-way':
    case 'call.listened':
      return call
    default:
      return entry satisfies never
  }
}

const left = (party: CallParty, at: string, end: PartyEnd): CallParty => ({ ...party, state: 'left', since: at, end })
const withParty = (call: Call, id: string, change: (party: CallParty) => CallParty): Call => ({
  ...call,
  parties: call.parties.map((party) => (party.id === id ? change(party) : party)),
})

/** Nobody has it; one that was never answered rings on. */
const offered = (call: Call): Call => ({
  ...call,
  owner: null,
  held: false,
  state: call.line === 'early' ? 'ringing' : 'offered',
})

function ringing({ body, at }: Extract<CallEntry, { kind: 'call.ringing' }>): Call {
  const { call: id, incident, helpPoint, secured, recorded, direction = 'in', by = null, elsewhere = false } = body
  return {
    id,
    helpPoint,
    camera: body.camera ?? null,
    contact: body.contact ?? null,
    incident,
    reason: body.reason ?? null,
    direction,
    state: 'ringing',
    line: 'early',
    // Who of the room calls has the call.
    owner: by,
    held: false,
    ringingAt: at,
    takenAt: by === null ? null : at,
    connectedAt: null,
    endedAt: null,
    end: null,
    quality: null,
    recorded,
    recording: null,
    announced: false,
    codec: 'PCMA',
    answeredHere: !elsewhere,
    parties: [],
    secured,
  }
}

function afterTheEnd(call: Call, entry: CallEntry): Call {
  if (entry.kind === 'call.recorded') {
    const { sha256, bytes, from, to, gaps } = entry.body.recording ?? entry.body
    return { ...call, recording: { sha256, bytes, from, to, gaps } }
  }
  if (entry.kind === 'call.recording-deleted') return { ...call, recording: null }
  return call
}
