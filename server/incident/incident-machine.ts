/** An incident is the fold of its ledger entries. Pure: the same entries always give the same incident. */
import type { Framing } from '../glossary/camera.ts'
import type { Clip } from '../glossary/clip.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { IncidentEntries } from '../glossary/entries.ts'
import type { EntryBodies, Recorded } from '../glossary/ledger.ts'
import { HANDLERS } from '../glossary/people.ts'
import { codeOfWords } from './closure-codes.ts'
import { lendingEnds, withLending, withVersion } from './responder-lines.ts'
import { withVms } from './vms-lines.ts'

/** Whether the camera is sent anywhere. */
export const turns = (way: Framing['way']): boolean => way !== 'fixed' && way !== 'as-is'
/**
 * Its camera's head should stay where it is for this incident: a fixed camera has none, one that was brought as it looks
 * was sent nowhere, and one that failed is elsewhere.
 */
export const usesHead = ({ way, state }: Pick<Framing, 'way' | 'state'>): boolean => turns(way) && state !== 'failed'

/** Every body that names an incident belongs to it. */
export function incidentOf(entry: Recorded): IncidentId | null {
  return 'incident' in entry.body ? (entry.body.incident ?? null) : null
}

export function foldIncident(incident: Incident | null, entry: Recorded): Incident | null {
  if (entry.kind === 'incident.opened') return logged(opened(entry.body, entry.at), entry)
  if (!incident) return null
  return logged(changed(incident, entry), entry)
}

const NOT_ESCALATED: Incident['escalation'] = { step: 0, at: null }

const opened = ({ incident, helpPoint, kind }: EntryBodies['incident.opened'], at: string): Incident => ({
  id: incident,
  helpPoint,
  kind,
  state: 'open',
  openedAt: at,
  owner: null,
  handover: null,
  onHold: null,
  recalledAt: null,
  calledAt: null,
  escalation: NOT_ESCALATED,
  closedAt: null,
  closureReason: null,
  closureCode: null,
  presses: [],
  repeats: 0,
  framings: [],
  clips: [],
  requests: [],
  steps: [],
  vms: [],
  responders: [],
  sharedNotes: [],
  log: [],
})

/**
 * Short lists are copied. A button that is stuck for hours makes long ones: they grow in place, or each entry would
 * copy all before it.
 */
const SHORT = 100
function grown<T>(list: T[], item: T): T[] {
  if (list.length < SHORT) return [...list, item]
  list.push(item)
  return list
}

function logged(incident: Incident, entry: Recorded): Incident {
  const { seq, at, kind, actor } = entry
  // Which presses were counted is the desk's to know, and no news to a person.
  const body = entry.kind === 'press.coalesced' ? { ...entry.body, keys: undefined } : entry.body
  return { ...incident, log: grown(incident.log, { seq, at, kind, actor, body }) }
}

/** The entries that change an incident: all of its own room, and those of others that its tile shows. */
type Change = Extract<
  Recorded,
  {
    kind:
      | keyof IncidentEntries
      | 'press.received'
      | 'press.coalesced'
      | 'clip.held'
      | 'clip.released'
      | 'clip.deleted'
      | 'camera.moved'
      | 'connector.told'
      | 'connector.not-told'
      | 'connector.lost'
      | 'responder.lent'
      | 'responder.revoked'
      | 'responder.ended'
      | 'responder.fetched'
      | 'responder.opened'
      | 'responder.answered'
      | 'responder.note-shared'
  }
>
const CHANGES = {
  'press.received': true,
  'press.coalesced': true,
  'incident.opened': true,
  'incident.acknowledged': true,
  'incident.offered': true,
  'incident.offer-withdrawn': true,
  'incident.put-on-hold': true,
  'incident.taken-up': true,
  'incident.escalated': true,
  'incident.reopened': true,
  'incident.noted': true,
  'incident.contacted': true,
  'incident.step-ticked': true,
  'incident.closed': true,
  'framing.changed': true,
  'camera.passed-over': true,
  'camera.wanted': true,
  'camera.request-answered': true,
  'clip.held': true,
  'clip.released': true,
  'clip.deleted': true,
  'camera.moved': true,
  'connector.told': true,
  'connector.not-told': true,
  'connector.lost': true,
  'responder.lent': true,
  'responder.revoked': true,
  'responder.ended': true,
  'responder.fetched': true,
  'responder.opened': true,
  'responder.answered': true,
  'responder.note-shared': true,
} satisfies Record<Change['kind'], true>
/** What other rooms write about an incident is a line of its log, and nothing more. */
const isChange = (entry: Recorded): entry is Change => Object.hasOwn(CHANGES, entry.kind)

function changed(incident: Incident, entry: Recorded): Incident {
  if (!isChange(entry)) return incident
  switch (entry.kind) {
    case 'press.received':
      // A person who presses during a drill is no drill.
      return {
        ...withCall(incident, entry.body.press.kind, entry.at, entry.body.press.late ?? false),
        kind: entry.body.press.kind === 'press' ? 'press' : incident.kind,
        presses: grown(incident.presses, entry.body.press),
      }
    case 'press.coalesced':
      return {
        ...withCall(incident, entry.body.kind, entry.at, entry.body.late ?? false),
        kind: entry.body.kind === 'press' ? 'press' : incident.kind,
        repeats: incident.repeats + entry.body.count,
      }
    case 'incident.acknowledged':
      return {
        ...incident,
        state: 'acknowledged',
        owner: entry.body.owner,
        handover: null,
        onHold: null,
        recalledAt: null,
        escalation: NOT_ESCALATED,
      }
    case 'incident.offered':
      return {
        ...incident,
        handover: { from: entry.body.from, to: entry.body.to, at: entry.at },
        escalation: NOT_ESCALATED,
      }
    case 'incident.offer-withdrawn':
      return { ...incident, handover: null, escalation: NOT_ESCALATED }
    case 'incident.put-on-hold':
      return {
        ...incident,
        onHold: { by: entry.body.by, reason: entry.body.reason, at: entry.at, until: entry.body.until },
        recalledAt: null,
        escalation: NOT_ESCALATED,
      }
    case 'incident.taken-up':
      return { ...incident, onHold: null, recalledAt: null, escalation: NOT_ESCALATED }
    case 'incident.escalated':
      return { ...incident, escalation: { step: entry.body.step, at: entry.at } }
    case 'incident.closed':
      return {
        ...incident,
        state: 'closed',
        closedAt: entry.at,
        closureReason: entry.body.reason,
        closureCode: entry.body.code ?? codeOfWords(entry.body.reason),
        responders: lendingEnds(incident.responders, entry.at),
        handover: null,
        onHold: null,
        recalledAt: null,
        escalation: NOT_ESCALATED,
      }
    case 'incident.reopened':
      return {
        ...incident,
        state: 'acknowledged',
        owner: entry.body.owner,
        closedAt: null,
        closureReason: null,
        closureCode: null,
      }
    case 'incident.step-ticked':
      return {
        ...attended(incident),
        steps: [...incident.steps, { step: entry.body.step, at: entry.at, by: entry.actor }],
      }
    case 'framing.changed':
      return {
        ...(isHandler(entry.actor) ? attended(incident) : incident),
        framings: withFraming(incident.framings, withWay(entry.body.framing)),
      }
    case 'camera.wanted': {
      const { camera, by, helpPoint } = entry.body
      return {
        ...incident,
        requests: [
          ...incident.requests.filter((request) => request.by !== by || request.camera !== camera),
          { camera, by, helpPoint, at: entry.at, answer: null },
        ],
      }
    }
    case 'camera.request-answered': {
      const { camera, by, answer } = entry.body
      return {
        ...incident,
        requests: incident.requests.map((request) =>
          request.camera === camera && request.by === by ? { ...request, answer } : request,
        ),
      }
    }
    case 'clip.held':
      return { ...incident, clips: withClip(incident.clips, entry.body) }
    case 'clip.released':
    case 'clip.deleted':
      return { ...incident, clips: incident.clips.filter(({ camera }) => camera !== entry.body.camera) }
    case 'incident.noted':
      return {
        ...attended(incident),
        sharedNotes: withVersion(incident.sharedNotes, entry.seq, entry.body.replaces),
      }
    case 'incident.contacted':
      return attended(incident)
    case 'camera.moved':
      return isHandler(entry.actor) ? attended(incident) : incident
    case 'connector.told':
    case 'connector.not-told':
    case 'connector.lost':
      return { ...incident, vms: withVms(incident.vms, entry) }
    case 'responder.lent':
    case 'responder.revoked':
    case 'responder.note-shared':
      return { ...attended(incident), ...withLending(incident, entry) }
    case 'responder.ended':
    case 'responder.fetched':
    case 'responder.opened':
    case 'responder.answered':
      return { ...incident, ...withLending(incident, entry) }
    case 'incident.opened':
    case 'camera.passed-over':
      return incident
    default:
      return entry satisfies never
  }
}

/**
 * After so long without anybody's doing anything about it, a further press is not what they are at anyway: the room
 * is called again.
 */
const QUIET_MS = 5 * 60_000
/** Whether somebody who presses now must be heard anew, though somebody has taken the incident. */
export function needsRecall({ state, onHold, recalledAt, log }: Incident, at: string): boolean {
  if (onHold) return true
  // Already called: whoever presses on must not put off what comes next.
  if (recalledAt !== null) return false
  const last = log.findLast(({ actor }) => isHandler(actor))
  return state === 'acknowledged' && (!last || Date.parse(at) - Date.parse(last.at) > QUIET_MS)
}
function withCall(incident: Incident, kind: Incident['kind'], at: string, late: boolean): Incident {
  const heard = { ...incident, calledAt: late ? incident.calledAt : calledSince(incident, kind, at) }
  return kind === 'press' && (incident.onHold !== null || !late) && needsRecall(incident, at)
    ? { ...heard, onHold: null, recalledAt: at, escalation: NOT_ESCALATED }
    : heard
}
/** A drill that is made where a person waits is no call; a person where a drill was is one of their own. */
function calledSince({ kind: before, state, calledAt, log }: Incident, kind: Incident['kind'], at: string): string {
  if (calledAt === null || (kind === 'press' && before === 'drill')) return at
  // While nobody has come, it is still the first call that waits.
  if (state === 'open' || (kind === 'drill' && before === 'press')) return calledAt
  const last = log.findLast((line) => line.kind === 'press.received' || line.kind === 'press.coalesced')
  return Date.parse(at) - Date.parse(last?.at ?? at) > QUIET_MS ? at : calledAt
}
/** A person of the room, and neither a machine nor somebody who only looks after cameras or recordings. */
const isHandler = (actor: string): boolean => HANDLERS.some((role) => actor.startsWith(`${role}:`))
/** Somebody does something about it. */
const attended = (incident: Incident): Incident =>
  incident.recalledAt === null ? incident : { ...incident, recalledAt: null, escalation: NOT_ESCALATED }

/** Entries of earlier versions do not say how a camera was brought. */
const withWay = (framing: Omit<Framing, 'way'> & Partial<Pick<Framing, 'way'>>): Framing => ({
  ...framing,
  way: framing.way ?? (framing.preset === null ? 'fixed' : 'preset'),
})

const withFraming = (framings: readonly Framing[], framing: Framing): Framing[] =>
  framings.some(({ camera }) => camera === framing.camera)
    ? framings.map((each) => (each.camera === framing.camera ? framing : each))
    : [...framings, framing]

const withClip = (clips: readonly Clip[], { camera, from, to }: Clip): Clip[] =>
  clips.some((clip) => clip.camera === camera)
    ? clips.map((clip) => (clip.camera === camera ? { camera, from, to } : clip))
    : [...clips, { camera, from, to }]
