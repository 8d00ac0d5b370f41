/**
 * One head behind two cameras: a visible and a thermal picture of one housing, or one device that the site file names
 * twice. What one of them is sent to the other shows, so only the first of the file moves it. Pure.
 */
import { isIP } from 'node:net'
import type { CameraId } from '../../glossary/camera.ts'
import type { SiteCamera } from '../../glossary/site.ts'
import type { Inventory } from '../onvif/onvif-inventory.ts'

export type Met = { site: Pick<SiteCamera, 'id' | 'name' | 'onvif'>; inventory: Inventory | null }

/**
 * Whether two addresses are one device's. Makers give one serial number to many: two addresses of numbers are two
 * devices, and a name is the device of its serial number.
 */
function isOneDevice(one: Inventory, oneUrl: string, other: Inventory, otherUrl: string): boolean {
  if (one.serial !== '' && other.serial !== '' && one.serial !== other.serial) return false
  const [a, b] = [new URL(oneUrl), new URL(otherUrl)]
  if (a.hostname === b.hostname) return a.port === b.port || (one.serial !== '' && one.serial === other.serial)
  const isNumbers = (url: URL): boolean => isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0
  if (isNumbers(a) && isNumbers(b)) return false
  const name = ({ manufacturer, model, serial }: Inventory): string => [manufacturer, model, serial].join(' / ')
  return one.serial !== '' && name(one) === name(other)
}

/**
 * @param all cameras in the order of the site file.
 * @param inventory what this one has just said of itself.
 * @returns the camera before it in the file that moves the same head; null when it has one of its own, or none, or when
 * an engineer has written for either which head is its
 */
export function movedBy(
  id: CameraId,
  inventory: Inventory,
  all: readonly Met[],
): Pick<SiteCamera, 'id' | 'name'> | null {
  const at = all.findIndex(({ site }) => site.id === id)
  const own = all[at]?.site.onvif
  if (!own || own.ptz || inventory.head === null) return null
  const other = all
    .slice(0, at)
    .find(
      ({ site: { onvif }, inventory: theirs }) =>
        onvif && !onvif.ptz && theirs?.head === inventory.head && isOneDevice(theirs, onvif.url, inventory, own.url),
    )
  return other ? { id: other.site.id, name: other.site.name } : null
}

/** What the engineer reads. */
export const sharedHeadText = ({ id }: Pick<SiteCamera, 'id'>): string =>
  `Its head is the one that the camera "${id}" moves: it shows what that one is sent to. Where it has a head of its ` +
  'own, say which one: onvif: { ptz: { profile: … } }.'
