/**
 * For the engineer who adds cameras: who is there, what one is, and the lines for the site file. Passwords are never
 * written into them.
 */
import type { FoundCamera, CameraInquiry, Preset } from '../glossary/camera.ts'
import type { OnvifAccess } from '../glossary/site.ts'
import { Failure } from '../tools/failure.ts'
import type { DeviceInquiry, MaskedCameras } from './onvif/device-inquiry.ts'

const LOOK_MS = 3000
const ASK_MS = 10_000

export type FinderPort = {
  discover(options: { device: string | null; timeoutMs: number }): Promise<Omit<FoundCamera, 'camera'>[]>
  inquire(access: OnvifAccess, timeoutMs: number, masked: MaskedCameras): Promise<DeviceInquiry>
  /** @throws camera/outside-networks */
  mayAsk(url: string): Promise<void>
  /** Network interfaces of this machine. */
  devices(): string[]
  /** The camera of the site file with this ONVIF address. */
  cameraAt(url: string): string | null
  masked(): MaskedCameras
}

export function createCameraFinding(port: FinderPort) {
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
      const { manufacturer, model, serial, firmware, clockOffsetMs, presets, fingerprint, stills, ...told } =
        await port.inquire(access, ASK_MS, port.masked())
      const { ptzPath, channels, fault } = told
      const lines = { url, username, fingerprint, name: `${manufacturer} ${model}`.trim(), presets }
      return {
        manufacturer,
        model,
        serial,
        firmware,
        ptz: ptzPath !== null,
        clockOffsetMs,
        presets,
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
    },
  }
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
