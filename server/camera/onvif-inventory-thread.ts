/**
 * Onboarding through the `onvif` package, in a thread of its own: it parses without caps and may never call back,
 * so it must not share an event loop with a press.
 */
import onvif from 'onvif'
import type { OnvifAccess } from '../glossary/site.ts'
import { Failure, wordsOf } from '../tools/failure.ts'
import { answerCalls } from '../tools/worker-calls.ts'
import { securityHeader } from './onvif-envelope.ts'

export type Inventory = {
  manufacturer: string
  model: string
  serial: string
  firmware: string
  /** The media profile whose stream we record; for a PTZ camera one with a PTZ configuration. */
  profile: string
  /** Path of the PTZ service on the configured host; null for a fixed camera. */
  ptzPath: string | null
  streamUri: string
  /** Another profile's stream that is H.264, where the recorded one is not. */
  h264Uri: string | null
}

type Profile = { $: { token: string }; PTZConfiguration?: unknown; videoEncoderConfiguration?: { encoding?: string }; configurations?: { videoEncoder?: { encoding?: string } } }
const encodingOf = ({ videoEncoderConfiguration, configurations }: Profile): string => configurations?.videoEncoder?.encoding ?? videoEncoderConfiguration?.encoding ?? ''
type Library = {
  timeShift?: number
  _envelopeHeader(open?: boolean): string
  profiles?: Profile[]
  uri?: Record<string, { pathname?: string | null } | undefined>
  activeSource?: { profileToken?: string }
  defaultProfile?: { $?: { token?: string } }
  connect(callback: (error: Error | null | false) => void): void
  getDeviceInformation(callback: (error: Error | null, information: Record<string, string>) => void): void
  getStreamUri(options: { protocol: string; profileToken: string }, callback: (error: Error | null, stream: { uri: string }) => void): void
}
// The package's types describe a newer shape than its 0.8 code.
const { Cam } = onvif as unknown as { Cam: new (options: Record<string, unknown>) => Library }

const asked = <T>(ask: (done: (error: Error | null | false, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value as T))))

async function takeInventory(access: OnvifAccess, timeoutMs: number): Promise<Inventory> {
  const url = new URL(access.url)
  const camera = new Cam({
    hostname: url.hostname,
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    path: url.pathname,
    username: access.username,
    password: access.password,
    useSecure: url.protocol === 'https:',
    secureOpts: { rejectUnauthorized: false },
    timeout: timeoutMs,
    preserveAddress: true,
    autoconnect: false,
  })
  // Its own header hashes the password as ASCII and does not escape the name: "£" and "&" would be refused.
  camera._envelopeHeader = (open = false) => {
    const token = securityHeader({ username: access.username, password: access.password, cameraNow: process.uptime() * 1000 + (camera.timeShift ?? 0) })
    return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>${token}${open ? '' : '</s:Header><s:Body>'}`
  }
  await asked((done) => camera.connect(done))
  const information = await asked<Record<string, string>>((done) => camera.getDeviceInformation(done))
  const profiles = (camera.profiles ?? []).flat()
  const profile = profiles.find((each) => 'PTZConfiguration' in each) ?? profiles[0]
  const token = profile?.$.token ?? camera.activeSource?.profileToken
  if (!token) throw new Error('it has no media profile')
  const stream = await asked<{ uri: string }>((done) => camera.getStreamUri({ protocol: 'RTSP', profileToken: token }, done))
  const other = profile && encodingOf(profile).toUpperCase() !== 'H264' ? profiles.find((each) => each !== profile && encodingOf(each).toUpperCase() === 'H264') : undefined
  const substream = other ? await asked<{ uri: string }>((done) => camera.getStreamUri({ protocol: 'RTSP', profileToken: other.$.token }, done)).catch(() => null) : null
  const moves = profile !== undefined && 'PTZConfiguration' in profile
  return {
    manufacturer: information.manufacturer ?? '',
    model: information.model ?? '',
    serial: information.serialNumber ?? '',
    firmware: information.firmwareVersion ?? '',
    profile: token,
    ptzPath: moves ? (camera.uri?.ptz?.pathname ?? null) : null,
    streamUri: stream.uri,
    h264Uri: substream?.uri ?? null,
  }
}

const calls = {
  async take(access: OnvifAccess, timeoutMs: number): Promise<Inventory> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    })
    try {
      return await Promise.race([takeInventory(access, timeoutMs), late])
    } catch (error) {
      const words = wordsOf(error)
      const credentials = /not authorized|401|Authentication failed|NotAuthorized/i.test(words)
      throw new Failure(credentials ? 'camera/refused' : 'camera/unreachable', credentials ? 'The camera refused our user name and password.' : `The camera could not be set up: ${words}`, {
        extra: { credentials },
      })
    } finally {
      clearTimeout(timer)
    }
  },
}
export type InventoryThread = typeof calls

answerCalls(calls)
