/** For the engineer who adds cameras: who is there, what one is, and the lines for the site file. Passwords are never written into them. */
import type { FoundCamera, CameraInquiry, Preset } from '../glossary/camera.ts'
import type { OnvifAccess } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { createOnvifClient } from './onvif-client.ts'
import type { Inventory } from './onvif-inventory-thread.ts'
import { createOnvifPtz } from './onvif-ptz.ts'

const LOOK_MS = 3000
const ASK_MS = 10_000
const CALL_MS = 3000

export type FinderPort = {
  discover(options: { device: string | null; timeoutMs: number }): Promise<Omit<FoundCamera, 'camera'>[]>
  take(access: OnvifAccess, timeoutMs: number): Promise<Inventory>
  /** The camera of the site file with this ONVIF address. */
  cameraAt(url: string): string | null
}

export function createCameraFinding({ port, clock }: { port: FinderPort; clock: Clock }) {
  let looking: Promise<FoundCamera[]> | null = null

  return {
    /** Asks the local network once (WS-Discovery); who asks meanwhile gets the same answer. @param device a network interface, or null for the machine's own choice. */
    discover(device: string | null): Promise<FoundCamera[]> {
      looking ??= port
        .discover({ device, timeoutMs: LOOK_MS })
        .then((found) => found.map((each) => ({ ...each, camera: port.cameraAt(each.url) })))
        .finally(() => (looking = null))
      return looking
    },
    /** What the camera at this address says of itself. @throws camera/unreachable, camera/refused, request/invalid */
    async inquire({ url, username, password }: Pick<OnvifAccess, 'url' | 'username' | 'password'>): Promise<CameraInquiry> {
      if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Failure('request/invalid', 'An ONVIF address begins with http:// or https://, as in http://10.0.4.12/onvif/device_service.')
      const access = { url, username, password, fingerprint: null }
      const client = createOnvifClient({ access, clock })
      try {
        const clockOffsetMs = await client.measureClock(CALL_MS).catch(() => null)
        const { manufacturer, model, serial, firmware, ptzPath, profile } = await port.take(access, ASK_MS)
        const presets = ptzPath === null ? [] : await createOnvifPtz({ client, path: ptzPath, profile }).getPresets(CALL_MS)
        const fingerprint = client.certificate()
        const named = presets.map(({ token, name }) => ({ token, name }))
        return { manufacturer, model, serial, firmware, ptz: ptzPath !== null, clockOffsetMs, presets: named, fingerprint, siteFile: siteLines({ url, username, fingerprint, name: `${manufacturer} ${model}`.trim(), presets: named }) }
      } finally {
        client.close()
      }
    },
  }
}

/** YAML for the site file's list of cameras. Pure. */
export function siteLines({ url, username, fingerprint, name, presets }: { url: string; username: string; fingerprint: string | null; name: string; presets: readonly Pick<Preset, 'token' | 'name'>[] }): string {
  const quoted = (text: string): string => JSON.stringify(text)
  const id = `cam-${new URL(url).hostname.replaceAll(/[^a-zA-Z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').toLowerCase()}`
  const secret = `${id.toUpperCase().replaceAll('-', '_')}_PASSWORD`
  const known = presets.map((preset) => `#   <help point>: { token: ${quoted(preset.token)}, name: ${quoted(preset.name || preset.token)} }`)
  return [
    `  - id: ${id}`,
    `    name: ${quoted(name || id)}`,
    '    # location: { lat: …, lon: … }   where it hangs, WGS 84',
    `    onvif: { url: ${quoted(url)}, username: ${quoted(username)}, password: "\${${secret}}"${fingerprint === null ? '' : `, fingerprint: ${quoted(fingerprint)}`} }`,
    ...(known.length > 0 ? ['    # presets:   which of its own shows which help point', ...known.map((line) => `    ${line}`)] : []),
    '',
  ].join('\n')
}
