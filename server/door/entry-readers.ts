/** Who may read which entries: the same by GET, by events, over the socket and when the past is read again. Pure. */
import type { Entry, EntryKind } from '../glossary/ledger.ts'
import { READERS, type Person, type Role } from '../glossary/people.ts'
import { readingRoles } from './rights.ts'

/** Who may read the record itself; what one of them may not read in it comes as number and hash. */
export const KEEPERS = ['engineer', 'evidence', 'supervisor'] as const
/** What people did, searched, and handed out is not the engineer's to know. */
const OF_PEOPLE = ['evidence', 'supervisor'] as const

/** The roles that may read each kind of entry. A new kind that is not listed here does not compile. */
export const READERS_OF = {
  'press.received': READERS,
  'press.coalesced': READERS,
  'press.refused': KEEPERS,
  'incident.opened': READERS,
  'incident.acknowledged': READERS,
  'incident.offered': READERS,
  'incident.offer-withdrawn': READERS,
  'incident.put-on-hold': READERS,
  'incident.taken-up': READERS,
  'incident.escalated': READERS,
  'incident.reopened': READERS,
  'incident.noted': READERS,
  'incident.contacted': READERS,
  'incident.step-ticked': READERS,
  'incident.closed': READERS,
  'framing.changed': READERS,
  'camera.passed-over': READERS,
  'camera.wanted': READERS,
  'camera.request-answered': READERS,
  'call.ringing': READERS,
  'call.answered': READERS,
  'call.taken': READERS,
  'call.connected': READERS,
  'call.held': READERS,
  'call.lost': READERS,
  'call.offered': READERS,
  'call.escalated': READERS,
  'call.one-way': READERS,
  'call.announced': READERS,
  'call.keyed': READERS,
  'call.party-called': READERS,
  'call.party-joined': READERS,
  'call.party-left': READERS,
  'call.operator-left': READERS,
  'call.ended': READERS,
  'call.recorded': READERS,
  'call.listened': OF_PEOPLE,
  'call.recording-deleted': READERS,
  'clip.held': READERS,
  'clip.released': READERS,
  'clip.deleted': READERS,
  'clip.downloaded': OF_PEOPLE,
  'clip.locked': OF_PEOPLE,
  'clip.unlock-asked': OF_PEOPLE,
  'clip.unlocked': OF_PEOPLE,
  'clip.expiring': OF_PEOPLE,
  'preset.saved': READERS,
  'preset.learned': READERS,
  'preset.confirmed': READERS,
  'preset.taught': READERS,
  'preset.checked': READERS,
  'preset.removed': READERS,
  'preset.recalled': READERS,
  'camera.moved': READERS,
  'camera.viewed': OF_PEOPLE,
  'ledger.broken': READERS,
  'ledger.restored': READERS,
  'chain.finished': READERS,
  'drill.finished': READERS,
  'drill.put-off': READERS,
  'voice.proved': READERS,
  'voice.failed': READERS,
  'help-point.silent': READERS,
  'help-point.heard': READERS,
  'house.started': READERS,
  'site.changed': READERS,
  'outbox.opened': KEEPERS,
  'outbox.closed': KEEPERS,
  'outbox.delivered': KEEPERS,
  'outbox.dead': KEEPERS,
  'outbox.retried': KEEPERS,
  'connector.opened': KEEPERS,
  'connector.closed': KEEPERS,
  'connector.told': READERS,
  'connector.not-told': READERS,
  'connector.lost': READERS,
  'connector.finished': READERS,
  'connector.failing': READERS,
  'connector.recovered': READERS,
  'connector.tested': KEEPERS,
  'onvif-device.refused': KEEPERS,
  'onvif-device.viewed': KEEPERS,
  'session.opened': OF_PEOPLE,
  'session.closed': OF_PEOPLE,
  'session.refused': OF_PEOPLE,
  'session.revoked': OF_PEOPLE,
  'access.refused': OF_PEOPLE,
  'token.issued': OF_PEOPLE,
  'token.made': OF_PEOPLE,
  'token.changed': OF_PEOPLE,
  'token.revoked': OF_PEOPLE,
  'user.added': OF_PEOPLE,
  'user.changed': OF_PEOPLE,
  'factor.added': OF_PEOPLE,
  'factor.removed': OF_PEOPLE,
  'factors.reset': OF_PEOPLE,
  'user.removed': OF_PEOPLE,
  'export.requested': OF_PEOPLE,
  'export.sealed': OF_PEOPLE,
  'export.changed': OF_PEOPLE,
  'export.downloaded': OF_PEOPLE,
  'export.expiring': OF_PEOPLE,
  'export.deleted': OF_PEOPLE,
  'disclosure.made': OF_PEOPLE,
  'disclosure.opened': OF_PEOPLE,
  'disclosure.sent': OF_PEOPLE,
  'disclosure.revoked': OF_PEOPLE,
  'evidence.searched': OF_PEOPLE,
  'evidence.signer-changed': KEEPERS,
  'clock.stepped': KEEPERS,
  'shift.offered': READERS,
  'shift.accepted': READERS,
} satisfies Record<EntryKind, readonly Role[]>

/** A kind of a later version is for those who keep people's record. */
export function mayRead(person: Person | null, kind: string): boolean {
  const readers = (Object.hasOwn(READERS_OF, kind) && READERS_OF[kind as EntryKind]) || OF_PEOPLE
  return readingRoles(person).some((role) => (readers as readonly Role[]).includes(role))
}

/**
 * In the place of an entry that is not for this person: its number leaves no gap, and its hash keeps chain and tree
 * checkable.
 */
export type Withheld = Pick<Entry, 'seq' | 'hash'>
export const shownTo = (person: Person | null, entry: Entry): Entry | Withheld =>
  mayRead(person, entry.kind) ? entry : { seq: entry.seq, hash: entry.hash }
