/** What is known of a device when it is asked once more: what it answers now, and what it answered before. Pure. */
import type { Inventory } from './onvif-inventory.ts'

/**
 * A device that is busy leaves questions open, at its set-up or now. What is known and used stays as it is, whatever it
 * answers now.
 * @returns null: it says no more than before
 */
export function moreOf(before: Inventory, now: Inventory): Inventory | null {
  const gained = (known: string | null, found: string | null): boolean => known === null && found !== null
  const isMore =
    now.unanswered.length < before.unanswered.length ||
    gained(before.ptzPath, now.ptzPath) ||
    gained(before.streamUri, now.streamUri)
  if (!isMore) return null
  const head = before.ptzPath === null ? now : before
  const picture = before.streamUri === null ? now : before
  // A fault of before may be over, and one of now may be of what is known already.
  const isSo = ({ kind }: NonNullable<Inventory['fault']>): boolean =>
    kind === 'ptz' ? head.ptzPath === null : picture.streamUri === null
  const faults = [now.fault, before.fault].filter((fault) => fault !== null)
  const identity = now.unanswered.includes('GetDeviceInformation') ? before : now
  return {
    ...now,
    manufacturer: identity.manufacturer,
    model: identity.model,
    serial: identity.serial,
    firmware: identity.firmware,
    profile: picture.profile,
    source: picture.source,
    streamUri: picture.streamUri,
    smallUri: picture.smallUri,
    ptzProfile: head.ptzProfile,
    head: head.head,
    ptzPath: head.ptzPath,
    eventsPath: before.eventsPath ?? now.eventsPath,
    fault: faults.find(isSo) ?? null,
  }
}
