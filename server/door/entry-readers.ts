/** Who may read which entries: the same by GET, by events, over the socket and when the past is read again. Pure. */
import type { Entry, EntryKind } from '../glossary/ledger.ts'
import { READERS, type Role } from '../glossary/people.ts'

/** Who may read the record itself. */
export const KEEPERS = ['engineer', 'evidence', 'supervisor'] as const

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
  'call.ended': READERS,
  'call.recorded': READERS,
  'call.listened': KEEPERS,
  'call.recording-deleted': READERS,
  'clip.held': READERS,
  'clip.released': READERS,
  'clip.deleted': READERS,
  'clip.downloaded': KEEPERS,
  'clip.locked': KEEPERS,
  'clip.unlocked': KEEPERS,
  'clip.expiring': KEEPERS,
  'preset.saved': READERS,
  'preset.learned': READERS,
  'preset.confirmed': READERS,
  'preset.taught': READERS,
  'preset.checked': READERS,
  'preset.removed': READERS,
  'preset.recalled': READERS,
  'camera.moved': READERS,
  'camera.viewed': KEEPERS,
  'ledger.broken': READERS,
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
  'session.opened': KEEPERS,
  'session.closed': KEEPERS,
  'token.issued': KEEPERS,
  'export.requested': KEEPERS,
  'export.sealed': KEEPERS,
  'export.changed': KEEPERS,
  'export.downloaded': KEEPERS,
  'export.expiring': KEEPERS,
  'export.deleted': KEEPERS,
  'disclosure.made': KEEPERS,
  'disclosure.opened': KEEPERS,
  'disclosure.revoked': KEEPERS,
  'evidence.searched': KEEPERS,
  'evidence.signer-changed': KEEPERS,
  'clock.stepped': KEEPERS,
  'shift.offered': READERS,
  'shift.accepted': READERS,
} satisfies Record<EntryKind, readonly Role[]>

/** A kind of a later version is for those who keep the record. */
export const mayRead = (role: Role | null, kind: string): boolean =>
  role !== null && ((READERS_OF as Record<string, readonly Role[]>)[kind] ?? KEEPERS).includes(role)

/**
 * In the place of an entry that is not for this role: its number leaves no gap, and its hash keeps chain and tree
 * checkable.
 */
export type Withheld = Pick<Entry, 'seq' | 'hash'>
export const shownTo = (role: Role | null, entry: Entry): Entry | Withheld =>
  mayRead(role, entry.kind) ? entry : { seq: entry.seq, hash: entry.hash }
