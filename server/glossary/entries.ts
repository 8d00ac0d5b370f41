/** Types only: what each room may write into the record, by kind: the body of each. */
import type { CallEnd, CallId, CallRecording, OneWay, PartyEnd, PartyId } from './call.ts'
import type { VmsReceipt, VmsRefusal } from './connector.ts'
import type { CameraId, Framing, PresetCheck, PresetToken, PtzPosition } from './camera.ts'
import type { ExportId, ExportRequest, ExportState, PackageFacts, Seal } from './evidence.ts'
import type { ClosureCode, IncidentId, SnapshotId } from './incident.ts'
import type { Look } from './people.ts'
import type { HelpPointId, Place, Press, PressId, PressKind } from './press.ts'
import type { ChainResult, DrillResult, VoiceResult } from './proof.ts'
import type { ResponderAnswer, ResponderLinkId } from './responder.ts'
import type { ShiftOffer } from './shift.ts'

/** Of the presses. */
export type PressEntries = {
  'press.received': { press: Press; incident: IncidentId }
  /** Presses beyond what one help point can be pressed for real: counted together, none of them suppressed. */
  'press.coalesced': {
    press: PressId
    incident: IncidentId
    helpPoint: HelpPointId
    kind: PressKind
    /** They were held on their way: they call nobody now. Entries of earlier versions do not say. */ late?: true
    count: number
    from: string
    to: string
    source: string
    /** Six bytes of the SHA-256 of each key, base64url, one after the other. */ keys: string
  }
  /** One a second for each source, address, help point and reason; `count`: how many since the last. Old: one. */
  'press.refused': { helpPoint: string; reason: string; source: string; count?: number }
}
/** Of the incidents. */
export type IncidentEntries = {
  'incident.opened': { incident: IncidentId; helpPoint: HelpPointId; kind: PressKind }
  /** `from`: who had it before. */
  'incident.acknowledged': { incident: IncidentId; owner: string; from?: string }
  'incident.offered': { incident: IncidentId; from: string; to: string | null }
  'incident.offer-withdrawn': { incident: IncidentId; by: string }
  'incident.put-on-hold': { incident: IncidentId; by: string; reason: string; until: string | null }
  'incident.taken-up': { incident: IncidentId; by: string }
  /** Nobody has taken it after `waitedMs`: step counts from 1, `to` are the destinations that this step calls. */
  'incident.escalated': { incident: IncidentId; step: number; waitedMs: number; to: string[] }
  'incident.reopened': { incident: IncidentId; owner: string; reason: string }
  /** `replaces`: the entry of the same note as it was before; both stay. */
  'incident.noted': { incident: IncidentId; text: string; replaces?: number }
  'incident.contacted': { incident: IncidentId; contact: string; outcome: string }
  'incident.step-ticked': { incident: IncidentId; step: number; text: string }
  /** Entries of earlier versions have the words alone. */
  'incident.closed': { incident: IncidentId; reason: string; code?: ClosureCode }
  'framing.changed': { incident: IncidentId; framing: Framing }
  'camera.passed-over': { incident: IncidentId; camera: CameraId; reason: string }
  /** Another incident's press needs a camera that this one holds. */
  'camera.wanted': { incident: IncidentId; camera: CameraId; by: IncidentId; helpPoint: HelpPointId }
  'camera.request-answered': { incident: IncidentId; camera: CameraId; by: IncidentId; answer: 'give' | 'keep' }
}
/** `name`: the contact's. */
type OfLink = { incident: IncidentId; link: ResponderLinkId; name: string }
/** Of the links by which incidents are lent to people outside the room. */
export type ResponderEntries = {
  /** `key`: SHA-256 of the link's token, hex. */
  'responder.lent': OfLink & { contact: string; by: string; until: string; key: string }
  'responder.revoked': OfLink & { by: string }
  /** Its time is over; written so that a clock that is set back opens nothing. */
  'responder.ended': OfLink
  /** Its page was fetched, which shows nothing by itself: by a person, or by a program that previews links. */
  'responder.fetched': OfLink & { count: number }
  /** The page has sent the token: somebody is there. */
  'responder.opened': OfLink & { address: string }
  /** A token was sent that is not the link's. */
  'responder.refused': OfLink & { address: string; count: number }
  /** Written before the first picture of a camera goes out to them. */
  'responder.viewed': OfLink & {
    camera: CameraId
    what: 'live' | 'still'
    /** Which of the pages that are open. */ tab: string
  }
  'responder.answered': OfLink & { answer: ResponderAnswer; words: string }
  /** The links show a note, or do not any more; `note`: its newest version then. */
  'responder.note-shared': { incident: IncidentId; note: number; shared: boolean; by: string }
}
/** Of the calls; each names its incident, whose log has them, too. */
export type CallEntries = {
  'call.ringing': {
    call: CallId
    incident: IncidentId | null
    /** Who or what is at the other end: one of these. */
    helpPoint: HelpPointId | null
    camera?: CameraId
    contact?: string
    /** Why the room calls. */
    reason?: string
    /** What was dialled to reach the contact, and the number of ours that is shown there; null: the provider's own. */
    number?: string
    shown?: string | null
    /** SIP's own name of the call. */
    sip: string
    from: string
    secured: boolean
    recorded: boolean
    /** Left out: the help point has called. `by`: who of the room calls. */
    direction?: 'out'
    by?: string
    /** It is answered at another telephone of the PBX. */
    elsewhere?: true
  }
  /** The line is up: the announcement answers, the operator who has taken the call, or the help point that was called. */
  'call.answered': { call: CallId; incident: IncidentId | null; secured?: boolean }
  /** `from`: who had it before. */
  'call.taken': { call: CallId; incident: IncidentId | null; by: string; from?: string }
  /** Sound has come both ways. `contact`, `camera`: not with a person at a help point; at a loudspeaker, one way. */
  'call.connected': {
    call: CallId
    incident: IncidentId | null
    by: string
    afterMs: number
    contact?: string
    camera?: CameraId
  }
  'call.held': { call: CallId; incident: IncidentId | null; by: string; on: boolean }
  /** Keys were sent; `name`: as the site file has them; null: digits that the operator typed. Never which. */
  'call.keyed': { call: CallId; incident: IncidentId | null; by: string; name: string | null; taken?: false }
  /** A contact is called by the trunk, to speak with the caller and the operator. */
  'call.party-called': {
    call: CallId
    incident: IncidentId | null
    party: PartyId
    contact: string
    name: string
    by: string
    /** What was dialled, and the number of ours that was shown; null: the provider's own. */
    number: string
    shown: string | null
  }
  'call.party-joined': { call: CallId; incident: IncidentId | null; party: PartyId; contact: string }
  /** `by`: the operator who has hung up on it. */
  'call.party-left': {
    call: CallId
    incident: IncidentId | null
    party: PartyId
    contact: string
    end: PartyEnd
    by?: string
  }
  /** The operator has left; the caller and the parties speak on. */
  'call.operator-left': { call: CallId; incident: IncidentId | null; by: string }
  /** The caller was told something by one key. */
  'call.said': { call: CallId; incident: IncidentId | null; by: string; phrase: string; language: string }
  'call.lost': { call: CallId; incident: IncidentId | null; owner: string; why: string }
  'call.offered': { call: CallId; incident: IncidentId | null }
  'call.escalated': { call: CallId; incident: IncidentId | null; to: string }
  /** `side`: where no sound arrives; null: it does again. */
  'call.one-way': { call: CallId; incident: IncidentId | null; side: OneWay | null; /** Known since. */ since?: string }
  /** The caller has heard the announcement to its end. */
  'call.announced': { call: CallId; incident: IncidentId | null }
  'call.ended': {
    call: CallId
    incident: IncidentId | null
    end: CallEnd
    seconds: number
    lossPercent: number
    /** What a camera that takes no sound says; left out: `end` says it. */
    why?: string
  }
  /** `file`: in the data folder. `recording`: of older entries, in the place of the others. */
  'call.recorded': CallRecording & {
    call: CallId
    incident: IncidentId | null
    file: string
    recording?: CallRecording
  }
  /** Somebody fetches the recording, whole or from a byte on. */
  'call.listened': { call: CallId; incident: IncidentId | null; from: number; bytes: number; sha256: string }
  'call.recording-deleted': { call: CallId; incident: IncidentId | null; sha256: string; why: string }
}
/** Of the edge. `count`: how many there were since the last entry of their kind; `from`: the address. */
export type EdgeEntries = { 'call.refused': { why: string; from: string; count: number } }
/** Of the clip buffers. */
export type ClipEntries = {
  'clip.held': { incident: IncidentId; camera: CameraId; from: string; to: string | null }
  'clip.released': { incident: IncidentId; camera: CameraId }
  'clip.downloaded': { incident: IncidentId; camera: CameraId; from: string; to: string; bytes: number; sha256: string }
}
/** Of the cameras. */
export type CameraEntries = {
  'preset.saved': { camera: CameraId; token: PresetToken; name: string; helpPoint: HelpPointId | null }
  /** What the first read showed; it counts as confirmed until an engineer says otherwise. */
  'preset.learned': { camera: CameraId; token: PresetToken; name: string; position: Partial<PtzPosition> | null }
  'preset.confirmed': { camera: CameraId; token: PresetToken; name: string; position: Partial<PtzPosition> | null }
  'preset.taught': { camera: CameraId; token: PresetToken }
  'preset.checked': PresetCheck
  'preset.removed': { camera: CameraId; token: PresetToken }
  'preset.recalled': { camera: CameraId; token: PresetToken }
  /**
   * The first move of a hand; more of the same hand are not told one by one. `from`: whose hand it was taken out of.
   */
  'camera.moved': {
    camera: CameraId
    pan: number
    tilt: number
    zoom: number
    /** It was turned to a place in its picture: shares from the middle to an edge, right and down. */
    centred?: { x: number; y: number }
    by?: string
    from?: string
    incident?: IncidentId
  }
}
/** Of the readiness of help points. */
export type ReadinessEntries = {
  /** How far a person's press came, and when. */
  'chain.finished': ChainResult
  'drill.finished': DrillResult
  'drill.put-off': { helpPoint: HelpPointId; reason: string }
  'voice.proved': VoiceResult
  'voice.failed': VoiceResult & { what: string }
  'help-point.silent': { helpPoint: HelpPointId; lastHeard: string | null }
  'help-point.heard': { helpPoint: HelpPointId }
}
/** Of the outbox. */
export type OutboxEntries = {
  /** A destination that is new in the site file, or wants other events: it is told what comes after this. */
  'outbox.opened': { destination: string; events: string[] }
  'outbox.closed': { destination: string }
  'outbox.delivered': { destination: string; seq: number; event: string; attempts: number; status: number }
  'outbox.dead': { destination: string; seq: number; event: string; attempts: number; problem: string }
  'outbox.retried': { destination: string; seq: number }
}
/** Of the connectors to video management systems. */
export type ConnectorEntries = {
  /** A VMS that is new in the site file: it is told of incidents that are opened after this. */
  'connector.opened': { connector: string; product: string; drills: boolean }
  'connector.closed': { connector: string }
  'connector.told': VmsReceipt
  'connector.not-told': VmsRefusal
  /**
   * Its alarm is over, its event is gone, or its footage is not kept any more, though the incident is open: it is raised or kept
   * again. `id`: theirs.
   */
  'connector.lost': {
    connector: string
    incident: IncidentId
    what: 'alarm' | 'footage' | 'event'
    id: string
    camera: CameraId | null
    why: string
  }
  /** The VMS has been told everything of this incident that it had to be told. */
  'connector.finished': { connector: string; incident: IncidentId }
  'connector.failing': { connector: string; problem: string }
  'connector.recovered': { connector: string }
  /** A dry run; `pressed`: with an alarm that was raised, read back and taken away again. */
  'connector.tested': { connector: string; ok: boolean; pressed: boolean; problem: string | null }
  /** Somebody could not sign in; `more`: of the same kind since the last such entry. */
  'onvif-device.refused': { device: string; from: string; why: string; more: number }
  /** A client began to read a picture. */
  'onvif-device.viewed': { device: string; from: string; stream: string }
}
/** Of people and their shifts. */
/** `token`: its id. `helpPoints`: those that it speaks for; null: all. */
type TokenFacts = {
  token: string
  name: string
  role: string
  scope: string | null
  until: string | null
  helpPoints: string[] | null
}
export type PeopleEntries = {
  /**
   * Somebody looks at it: for an incident that shows it, or for a reason of their own. It is no entry of that
   * incident.
   */
  /** `unmasked`: without its privacy masks; left out: with them, where it has some. */
  'camera.viewed': {
    camera: CameraId
    what: Look
    by: string
    forIncident: IncidentId | null
    reason: string | null
    unmasked?: true
  }
  /**
   * `how`: entries of before do not say. `directory`: whom exactly it named. `directoryAway`: an account made here, while
   * the directory did not answer.
   */
  'session.opened': {
    name: string
    role: string
    how?: string
    /** Roles that they do not have without a second factor. */
    withheld?: string[]
    /** What proved them beside the password, or in its place. */
    factor?: 'totp' | 'passkey'
    directory?: { issuer: string; sub: string }
    directoryAway?: true
  }
  'session.closed': { name: string }
  /** `user`: only where there is such an account: what somebody typed by mistake may be a password. */
  'session.refused': { user: string; reason: string; count: number }
  /** By somebody else, or for all of one's own. */
  'session.revoked': { user: string; sessions: number }
  /** A request that was not let in. `who`: whose token or session it came with. */
  'access.refused': { who: string; route: string; reason: string; count: number }
  /** A short-lived token for a wall; `through`: whose own token asked for it. */
  'token.issued': { name: string; role: string; through: string; until: string; /** Old: none. */ scope?: string }
  /** One that lasts. */
  'token.made': TokenFacts
  /** By hand, in the file. */
  'token.changed': TokenFacts
  'token.revoked': { token: string; name: string }
  'user.added': { user: string; name: string; roles: string[] }
  /** `password`: there is a new one; sessions of before have ended. */
  'user.changed': { user: string; name: string; roles: string[]; password: boolean }
  'user.removed': { user: string; name: string }
  'factor.added': { user: string; factor: string; what: 'totp' | 'passkey'; name: string }
  'factor.removed': { user: string; factor: string; what: 'totp' | 'passkey'; name: string }
  /** All of them, by a supervisor or on the machine: they were lost. */
  'factors.reset': { user: string; factors: number }
  'shift.offered': ShiftOffer
  'shift.accepted': { shift: string; by: string }
}
/** Of evidence. */
export type EvidenceEntries = {
  'export.requested': ExportRequest & { export: ExportId }
  /** What was cut, and the hash of it: from here on the ledger vouches for these very recordings. */
  'export.sealed': Seal & { export: ExportId; incident: IncidentId | null }
  'export.changed': {
    export: ExportId
    incident: IncidentId | null
    state: ExportState
    problem: string | null
    facts: PackageFacts | null
  }
  /**
   * `from`: the first byte of the request; 0 for the whole package. `through`: the disclosure link, when the recipient
   * of the download was not a signed-in person.
   */
  'export.downloaded': {
    export: ExportId
    incident: IncidentId | null
    what: 'package' | 'companion'
    from: number
    bytes: number
    sha256: string
    through: string | null
  }
  /** The site's rule lets the package go then. */
  'export.expiring': { export: ExportId; incident: IncidentId | null; at: string }
  'export.deleted': { export: ExportId; incident: IncidentId | null; sha256: string | null; reason: string }
  /** A link that somebody outside fetches the package by. `link`: SHA-256 of its secret. */
  'disclosure.made': {
    disclosure: string
    export: ExportId
    incident: IncidentId | null
    recipient: string
    organisation: string
    purpose: string
    until: string
    most: number
    link: string
  }
  'disclosure.opened': {
    disclosure: string
    export: ExportId
    incident: IncidentId | null
    what: 'package' | 'companion' | 'page'
    /** It is one of those that the link was made for. */ counted: boolean
    /** Which of the fetchings that the link is for it belongs to. Old: none. */ use?: number
    /** The bytes of the package that were asked for. Old: none. */ range?: { from: number; to: number }
    address: string
    refused: string | null
  }
  /**
   * What of a package left by a link. `handed`: bytes from `from` on that the recipient’s machine acknowledged;
   * `arrived`: of those, what has arrived for certain. That is not sent again in the same fetching.
   */
  'disclosure.sent': {
    disclosure: string
    export: ExportId
    incident: IncidentId | null
    /** Which of the fetchings that the link is for. */ use: number
    from: number
    handed: number
    arrived: number
  }
  'evidence.searched': { from: string; to: string; place: Place; metres: number; reason: string }
  'disclosure.revoked': {
    disclosure: string
    export: ExportId
    incident: IncidentId | null
    by: string
    reason: string
  }
  /** Kept for ever, or until then, whatever the site's rule. */
  'clip.locked': { incident: IncidentId; by: string; reason: string; until: string | null }
  /** The first of two people. `user`: what they sign in as. */
  'clip.unlock-asked': { incident: IncidentId; by: string; user: string; reason: string }
  /** `asked`: by whom before, where the site wants two. */
  'clip.unlocked': { incident: IncidentId; by: string; reason: string; asked?: { by: string; reason: string } }
  /** The site's rule lets it go then. */
  'clip.expiring': { incident: IncidentId; at: string }
  /** What went, with the hash over the hashes of its segments. */
  'clip.deleted': {
    incident: IncidentId
    camera: CameraId
    from: string
    to: string
    segments: number
    bytes: number
    sha256: string
    why: string
  }
  /** The recorder's own clock was set: by so many milliseconds against time that only grows. */
  'clock.stepped': { ms: number }
  'evidence.signer-changed': { fingerprint: string; root: string; from: string; to: string }
}
/** Of still pictures that operators keep with an incident. */
export type SnapshotEntries = {
  /** `at`: when the picture was made. `file`: in the data folder. */
  'snapshot.taken': {
    snapshot: SnapshotId
    incident: IncidentId
    camera: CameraId
    at: string
    by: string
    file: string
    bytes: number
    sha256: string
  }
  'snapshot.deleted': { snapshot: SnapshotId; incident: IncidentId; sha256: string; why: string }
}
/** Of the record itself. */
export type LedgerEntries = {
  'house.started': { version: string; site: string }
  /** In a town on several machines: another member leads from here on. `clockOffsetMs`: its wall clock beside the others'. */
  'town.led': { member: string; term: number; clockOffsetMs: number | null }
  'town.founded': { member: string }
  /** The engine was lost with its majority, and the town begins again from this member's copy. */
  'town.refounded': { member: string }
  'town.member-joined': { member: string; url: string }
  'town.member-left': { member: string }
  'site.changed': { file: string; sha256: string }
  /** By a page or the API. `what`: the whole file, or one thing of it as `cameras/cam-12`. Versions as the API has them. */
  'site.edited': { what: string; before: string; after: string; diff: string }
  /** The chain of before is set aside in `file`; a new one goes on. */
  /** A chain that goes on after a back-up; what was between them is lost. `seq`, `hash`: its newest entry. */
  'ledger.restored': { from: string; seq: number; hash: string }
  'ledger.broken': { problem: string; file: string; chain: number }
}
