/**
 * For the engineer who adds cameras: who is there, what one is, and the lines for the site file. Passwords are never
 * written into them.
 */
import type { FoundCamera, CameraInquiry, Preset } from '../glossary/camera.ts'
import type { OnvifAccess } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { type OnvifClient, createOnvifClient } from './onvif/onvif-client.ts'
import type { Inventory } from './onvif/onvif-inventory.ts'
import { createOnvifPtz } from './onvif/onvif-ptz.ts'
import { addressesOf } from './camera-networks.ts'

const LOOK_MS = 3000
const ASK_MS = 10_000
const CALL_MS = 3000

export type FinderPort = {
  discover(options: { device: string | null; timeoutMs: number }): Promise<Omit<FoundCamera, 'camera'>[]>
  take(access: OnvifAccess, timeoutMs: number, everyStill?: boolean): Promise<Inventory>
  /** @throws camera/outside-networks */
  mayAsk(url: string): Promise<void>
  /** Network interfaces of this machine. */
  devices(): string[]
  /** The camera of the site file with this ONVIF address. */
  cameraAt(url: string): string | null
  /** Cameras with privacy masks: of a device that may be one of them no picture is shown. */
  masked(): { addresses: string[]; serial: string | null }[]
}

export function createCameraFinding({ port, clock }: { port: FinderPort; clock: Clock }) {
  let looking: Promise<FoundCamera[]> | null = null

  return {
    /**
     * Asks the local network once (WS-Discovery); who asks meanwhile gets the same answer.
     * @param device a network interface, or null for the machine's own choice.
     * @throws camera/no-such-device
     */
    async discover(device: string | null): Promise<FoundCamera[]> {
      const devices = port.devices()
      if (device !== null && !devices.includes(device))
        throw new Failure(
          'camera/no-such-device',
          `This machine has no network interface "${device}"; it has ${devices.join(', ')}.`,
        )
      looking ??= port
        .discover({ device, timeoutMs: LOOK_MS })
        .then((found) => found.map((each) => ({ ...each, camera: port.cameraAt(each.url) })))
        .finally(() => (looking = null))
      return looking
    },
    /**
     * What the camera at this address says of itself.
     * @throws camera/unreachable, camera/refused, camera/outside-networks, request/invalid
     */
    async inquire({
      url,
      username,
      password,
    }: Pick<OnvifAccess, 'url' | 'username' | 'password'>): Promise<CameraInquiry> {
      if (!/^https?:\/\//.test(url) || !URL.canParse(url))
        throw new Failure(
          'request/invalid',
          'An ONVIF address begins with http:// or https://, as in http://10.0.4.12/onvif/device_service.',
        )
      await port.mayAsk(url)
      const access = { url, username, password, fingerprint: null }
      const client = createOnvifClient({ access, clock })
      try {
        const clockOffsetMs = await client.measureClock(CALL_MS).catch(() => null)
        const { manufacturer, model, serial, firmware, ptzPath, ptzProfile, channels, snapshots, fault } =
          await port.take(access, ASK_MS, true)
        const presets =
          ptzPath === null || ptzProfile === null
            ? []
            : await createOnvifPtz({ client, path: ptzPath, profile: ptzProfile })
                .getPresets(CALL_MS)
                .catch(() => [])
        const fingerprint = client.certificate()
        const named = presets.map(({ token, name }) => ({ token, name }))
        const isMasked = await mayBe(port.masked(), { url, serial })
        const stills = await stillsOf(
          client,
          channels.map(({ source }) =>
            Object.hasOwn(snapshots, source) && !isMasked ? (snapshots[source] ?? null) : null,
          ),
        )
        const lines = { url, username, fingerprint, name: `${manufacturer} ${model}`.trim(), presets: named }
        return {
          manufacturer,
          model,
          serial,
          firmware,
          ptz: ptzPath !== null,
          clockOffsetMs,
          presets: named,
          fingerprint,
          channels: channels.map(({ source, profiles }, i) => ({
            source,
            profiles: profiles.map(({ token, name, codec, width, height, ptzNode }) => ({
              token,
              name,
              codec,
              width,
              height,
              ptz: ptzNode !== null,
            })),
            still: stills[i] ?? null,
          })),
          problem: fault?.words ?? null,
          siteFile:
            channels.length > 1
              ? channels.map(({ source }) => siteLines({ ...lines, presets: [], source })).join('\n')
              : siteLines(lines),
        }
      } finally {
        client.close()
      }
    },
  }
}

/** By its address, however it is written, or by its serial number. */
async function mayBe(
  masked: readonly { addresses: string[]; serial: string | null }[],
  { url, serial }: { url: string; serial: string },
): Promise<boolean> {
  const own = await addressesOf(url)
  for (const each of masked) {
    if (serial !== '' && each.serial === serial) return true
    for (const address of each.addresses.filter((written) => URL.canParse(written)))
      if ((await addressesOf(address)).some((found) => own.includes(found))) return true
  }
  return false
}

/** At most so many, a few at a time, while the engineer waits. */
const MOST_STILLS = 32
const STILLS_AT_ONCE = 3
const STILLS_MS = 8000
async function stillsOf(client: OnvifClient, uris: readonly (string | null)[]): Promise<(string | null)[]> {
  const stills: (string | null)[] = uris.map(() => null)
  const until = performance.now() + STILLS_MS
  let next = 0
  const turn = async (): Promise<void> => {
    for (let i = next; i < Math.min(uris.length, MOST_STILLS) && performance.now() < until; i = next) {
      next += 1
      const uri = uris[i]
      const picture = uri ? await client.picture(uri, CALL_MS).catch(() => null) : null
      stills[i] = picture && `data:image/jpeg;base64,${picture.toString('base64')}`
    }
  }
  await Promise.all(Array.from({ length: STILLS_AT_ONCE }, turn))
  return stills
}

/** YAML for the site file's list of cameras. Pure. @param source the channel, where the device has several. */
export function siteLines({
  url,
  username,
  fingerprint,
  name,
  presets,
  source,
}: {
  source?: string
  url: string
  username: string
  fingerprint: string | null
  name: string
  presets: readonly Pick<Preset, 'token' | 'name'>[]
}): string {
  const quoted = (text: string): string => JSON.stringify(text)
  const id = `cam-${new URL(url).hostname
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase()}`
  const own =
    source === undefined
      ? id
      : `${id}-${source
          .replaceAll(/[^a-zA-Z0-9]+/g, '-')
          .replaceAll(/^-+|-+$/g, '')
          .toLowerCase()}`
  const secret = `${id.toUpperCase().replaceAll('-', '_')}_PASSWORD`
  const known = presets.map(
    (preset) => `#   <help point>: { token: ${quoted(preset.token)}, name: ${quoted(preset.name || preset.token)} }`,
  )
  return [
    `  - id: ${own}`,
    `    name: ${quoted(source === undefined ? name || id : `${name || id} ${source}`)}`,
    '    # location: { lat: …, lon: … }   where it hangs, WGS 84',
    `    onvif: { url: ${quoted(url)}, username: ${quoted(username)}, password: ` +
      `"\${${secret}}"${fingerprint === null ? '' : `, fingerprint: ${quoted(fingerprint)}`}` +
      `${source === undefined ? '' : `, source: ${quoted(source)}`} }`,
    ...(known.length > 0
      ? ['    # presets:   which of its own shows which help point', ...known.map((line) => `    ${line}`)]
      : []),
    '',
  ].join('\n')
}
