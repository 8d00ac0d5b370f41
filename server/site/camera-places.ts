/**
 * Whether two cameras of a site file are one device, one head, one channel or one stream, as far as the file says.
 * Pure.
 */
import { streamAddress } from '../tools/rtsp/stream-address.ts'
import type { SiteDocument } from './site-schema.ts'

type DocumentAccess = NonNullable<SiteDocument['cameras'][number]['onvif']>
export type Placed = { id: string; place: string; access: DocumentAccess }

/**
 * Where a camera is, to be compared: its address as one writes it shortest. Of a reference that a check of the file
 * alone does not resolve, its text.
 */
export function placeOf(written: string, resolved: string): string {
  if (written !== resolved && resolved === written.replaceAll(/\$\{\w+\}/g, '1')) return written
  if (!URL.canParse(resolved)) return resolved
  const { hostname, port, pathname, search } = new URL(resolved)
  // A device answers http and https alike, and its services whatever the case of their names.
  return `${hostname}:${port}${pathname.replace(/\/+$/, '').toLowerCase()}${search}`
}
/** Where a stream is read, to be compared; what is no RTSP address, as it is written. */
export const streamPlaceOf = (resolved: string): string => `stream ${streamAddress(resolved) ?? resolved}`
/**
 * Why this camera may move the same head as one before it in the file; null when it does not, or when that is not
 * written.
 */
export function sameHead({ place, access: { ptz } }: Placed, before: readonly Placed[]): string | null {
  const other =
    ptz &&
    before.find(
      (each) =>
        each.place === place &&
        each.access.ptz &&
        ((ptz.node !== undefined && each.access.ptz.node === ptz.node) ||
          (ptz.profile !== undefined && each.access.ptz.profile === ptz.profile)),
    )
  return other ? `the camera "${other.id}" moves the same head: one of them shows what the other is sent to` : null
}
/** Why this camera may be the same head or channel as one before it in the file; null when it is not. */
export function sameChannel({ place, access }: Placed, before: readonly Placed[]): string | null {
  const other = before.find((each) => each.place === place && isOneChannel(each.access, access))
  if (!other) return null
  const named = [access, other.access].every(({ source, profile }) => source !== undefined || profile !== undefined)
  return named
    ? `the camera "${other.id}" is the same channel of the same device`
    : `the camera "${other.id}" has the same address: say which channel each of them is (onvif: { source: … }), or take one of them away`
}
/** Who names no channel may mean any; a source and a profile may be the same one: only the device can tell. */
function isOneChannel(one: DocumentAccess, other: DocumentAccess): boolean {
  if (one.source !== undefined && other.source !== undefined && one.source !== other.source) return false
  if (one.profile !== undefined && other.profile !== undefined) return one.profile === other.profile
  const unnamed = (access: DocumentAccess): boolean => access.source === undefined && access.profile === undefined
  return unnamed(one) || unnamed(other) || one.source === other.source
}
