/**
 * One head behind two cameras: a visible and a thermal picture of one housing, or one device that the site file names
 * twice. What one of them is sent to the other shows, so only the first of the file moves it. Pure.
 */
import type { CameraId } from '../glossary/camera.ts'
import type { SiteCamera } from '../glossary/site.ts'
import type { Inventory } from './onvif/onvif-inventory.ts'

export type Met = { site: Pick<SiteCamera, 'id' | 'name' | 'onvif'>; inventory: Inventory | null }

/** By its serial number; a device that tells none, by where it is. */
const deviceOf = ({ manufacturer, model, serial }: Inventory, url: string): string =>
  serial === '' ? new URL(url).host : [manufacturer, model, serial].join(' / ')

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
  const device = deviceOf(inventory, own.url)
  const other = all
    .slice(0, at)
    .find(
      ({ site: { onvif }, inventory: theirs }) =>
        onvif && !onvif.ptz && theirs?.head === inventory.head && deviceOf(theirs, onvif.url) === device,
    )
  return other ? { id: other.site.id, name: other.site.name } : null
}

/** What the engineer reads. */
export const sharedHeadText = ({ id }: Pick<SiteCamera, 'id'>): string =>
  `Its head is the one that the camera "${id}" moves: it shows what that one is sent to. Where it has a head of its ` +
  'own, say which one: onvif: { ptz: { profile: … } }.'
