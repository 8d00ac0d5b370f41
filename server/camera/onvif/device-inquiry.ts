/**
 * What a device says of itself to an engineer who typed its address: what it is, its presets, and a still of each
 * channel. Runs in the thread of the inventory (onvif-inventory-thread): what a stranger's device sends is read there,
 * where its memory has a limit.
 */
import type { Preset } from '../../glossary/camera.ts'
import { addressesOf } from '../camera-networks.ts'
import type { OnvifClient } from './onvif-client.ts'
import type { Inventory } from './onvif-inventory.ts'
import { createOnvifPtz } from './onvif-ptz.ts'

/** Cameras with privacy masks: of a device that may be one of them no picture is shown. */
export type MaskedCameras = readonly { addresses: string[]; serial: string | null }[]
/** `stills`: one for each channel, as a data address; null where there is none, or where none may be shown. */
export type DeviceInquiry = Inventory & {
  clockOffsetMs: number | null
  presets: Pick<Preset, 'token' | 'name'>[]
  fingerprint: string | null
  stills: (string | null)[]
}

const CALL_MS = 3000
/** All channels of an encoder, a few at a time, while the engineer waits; so much of a picture as a page can show. */
const MOST_STILLS = 160
const STILLS_AT_ONCE = 5
const STILLS_MS = 12_000
const MOST_STILL_BYTES = 16_000_000

/** @throws camera/unreachable, camera/refused */
export async function inquireDevice(
  client: OnvifClient,
  { takeInventory, masked }: { takeInventory(): Promise<Inventory>; masked: MaskedCameras },
): Promise<DeviceInquiry> {
  const clockOffsetMs = await client.measureClock(CALL_MS).catch(() => null)
  const inventory = await takeInventory()
  const { ptzPath, ptzProfile, channels, snapshots, serial } = inventory
  const presets =
    ptzPath === null || ptzProfile === null
      ? []
      : await createOnvifPtz({ client, path: ptzPath, profile: ptzProfile })
          .getPresets(CALL_MS)
          .catch(() => [])
  const fingerprint = client.certificate()
  // One that does not say what it is may be any of them.
  const isMasked = (serial === '' && masked.length > 0) || (await mayBe(masked, { url: client.base.href, serial }))
  const stills = await stillsOf(
    client,
    channels.map(({ source }) => (Object.hasOwn(snapshots, source) && !isMasked ? (snapshots[source] ?? null) : null)),
  )
  return {
    ...inventory,
    clockOffsetMs,
    presets: presets.map(({ token, name }) => ({ token, name })),
    fingerprint,
    stills,
  }
}

/** By its address, however it is written, or by its serial number. */
async function mayBe(masked: MaskedCameras, { url, serial }: { url: string; serial: string }): Promise<boolean> {
  const own = await addressesOf(url)
  for (const each of masked) {
    if (serial !== '' && each.serial === serial) return true
    for (const address of each.addresses.filter((written) => URL.canParse(written)))
      if ((await addressesOf(address)).some((found) => own.includes(found))) return true
  }
  return false
}

async function stillsOf(client: OnvifClient, uris: readonly (string | null)[]): Promise<(string | null)[]> {
  const stills: (string | null)[] = uris.map(() => null)
  const until = performance.now() + STILLS_MS
  let next = 0
  let bytes = 0
  const turn = async (): Promise<void> => {
    for (
      let i = next;
      i < Math.min(uris.length, MOST_STILLS) && bytes < MOST_STILL_BYTES && performance.now() < until;
      i = next
    ) {
      next += 1
      const uri = uris[i]
      const picture = uri ? await client.picture(uri, CALL_MS).catch(() => null) : null
      bytes += picture?.length ?? 0
      stills[i] = picture && `data:image/jpeg;base64,${picture.toString('base64')}`
    }
  }
  await Promise.all(Array.from({ length: STILLS_AT_ONCE }, turn))
  return stills
}
