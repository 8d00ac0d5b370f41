/**
 * Onboarding through the `onvif` package, in a thread of its own: it parses without caps and may never call back,
 * so it must not share an event loop with a press.
 */
import type { EventEmitter } from 'node:events'
import https from 'node:https'
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls'
import onvif from 'onvif'
import type { FoundCamera } from '../glossary/camera.ts'
import type { OnvifAccess } from '../glossary/site.ts'
import { Failure, wordsOf } from '../tools/failure.ts'
import { answerCalls } from '../tools/worker-calls.ts'
import { securityHeader } from './onvif-envelope.ts'
import { anotherCertificate, shownBy } from './onvif-post.ts'

export type Inventory = {
  manufacturer: string
  model: string
  serial: string
  firmware: string
  /** The media profile whose stream we record; for a PTZ camera one with a PTZ configuration. */
  profile: string
  /** Path of the PTZ service on the configured host; null for a fixed camera. */
  ptzPath: string | null
  /** Path of the event service on the configured host; null when it has none. */
  eventsPath: string | null
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
type ProbeAnswer = { probeMatches?: { probeMatch?: { XAddrs?: unknown; scopes?: unknown } } }
type Finder = EventEmitter & { probe(options: { resolve: false; timeout: number; device?: string }, done: () => void): void }
const { Cam, Discovery } = onvif as unknown as { Cam: new (options: Record<string, unknown>) => Library; Discovery: Finder }

const asked = <T>(ask: (done: (error: Error | null | false, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value as T))))

/** Connections are handed over only when the other side has shown this certificate: no byte reaches a stranger. */
function pinnedAgent(fingerprint: string): https.Agent {
  const agent = new https.Agent()
  const open = (options: ConnectionOptions, done: (error: Error | null, socket: TLSSocket) => void): void => {
    const socket = connect({ ...options, rejectUnauthorized: false })
    const failed = (error: Error): void => done(error, socket)
    socket.once('error', failed)
    socket.once('secureConnect', () => {
      const shown = shownBy(socket)
      if (shown !== fingerprint) return void socket.destroy(new Error(anotherCertificate(shown)))
      socket.off('error', failed)
      done(null, socket)
    })
  }
  // The agent waits for the callback when nothing is returned; its types do not say so.
  return Object.assign(agent, { createConnection: open })
}

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
    agent: url.protocol === 'https:' && access.fingerprint !== null ? pinnedAgent(access.fingerprint) : false,
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
    eventsPath: camera.uri?.events?.pathname ?? null,
    streamUri: stream.uri,
    h264Uri: substream?.uri ?? null,
  }
}

/** One look around the local network (WS-Discovery). What answers may name any address: it is only shown, never called. */
async function discover({ device, timeoutMs }: { device: string | null; timeoutMs: number }): Promise<Omit<FoundCamera, 'camera'>[]> {
  const found = new Map<string, Omit<FoundCamera, 'camera'>>()
  const heard = (answer: ProbeAnswer, from: { address: string }): void => {
    const { XAddrs = '', scopes = '' } = answer.probeMatches?.probeMatch ?? {}
    const urls = String(XAddrs).split(/\s+/).filter((url) => URL.canParse(url))
    const url = urls.find((each) => new URL(each).hostname === from.address) ?? urls[0]
    if (url === undefined || found.size >= MOST_FOUND) return
    const scope = (name: string): string => decoded(new RegExp(`onvif://www.onvif.org/${name}/(\\S+)`, 'i').exec(String(scopes))?.[1] ?? '')
    found.set(url, { url, name: scope('name'), hardware: scope('hardware'), elsewhere: new URL(url).hostname !== from.address })
  }
  const ignore = (): void => {}
  Discovery.on('device', heard)
  // An answer that makes no sense is no reason to hear no other.
  Discovery.on('error', ignore)
  try {
    await new Promise<void>((resolve) => Discovery.probe({ resolve: false, timeout: timeoutMs, ...(device === null ? {} : { device }) }, () => resolve()))
  } finally {
    Discovery.off('device', heard)
    Discovery.off('error', ignore)
  }
  return [...found.values()]
}
const MOST_FOUND = 1000
function decoded(text: string): string {
  try {
    return decodeURIComponent(text).slice(0, 120)
  } catch {
    return text.slice(0, 120)
  }
}

const calls = {
  discover,
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
