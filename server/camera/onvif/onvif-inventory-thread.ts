/**
 * Looking for devices (WS-Discovery, by the `onvif` package) and getting to know one, in a thread of its own: a
 * recorder's answers are long, and neither may share an event loop with a press.
 */
import type { EventEmitter } from 'node:events'
import onvif from 'onvif'
import type { FoundCamera } from '../../glossary/camera.ts'
import type { OnvifAccess } from '../../glossary/site.ts'
import { realClock } from '../../tools/clock.ts'
import { answerCalls } from '../../tools/process/worker-calls.ts'
import { type DeviceInquiry, type MaskedCameras, inquireDevice } from './device-inquiry.ts'
import { type OnvifClient, createOnvifClient } from './onvif-client.ts'
import { gaveNoAnswer } from './onvif-failures.ts'
import { type DeviceAnswers, type Inventory, askDevice, takeInventory } from './onvif-inventory.ts'

// The package's types describe a newer shape than its 0.8 code.
type ProbeAnswer = { probeMatches?: { probeMatch?: { XAddrs?: unknown; scopes?: unknown } } }
type Finder = EventEmitter & {
  probe(options: { resolve: false; timeout: number; device?: string }, done: () => void): void
}
const { Discovery } = onvif as unknown as { Discovery: Finder }

/**
 * One look around the local network (WS-Discovery). What answers may name any address: it is only shown, never
 * called.
 */
async function discover({
  device,
  timeoutMs,
}: {
  device: string | null
  timeoutMs: number
}): Promise<Omit<FoundCamera, 'camera'>[]> {
  const found = new Map<string, Omit<FoundCamera, 'camera'>>()
  const heard = (answer: ProbeAnswer, from: { address: string }): void => {
    const { XAddrs = '', scopes = '' } = answer.probeMatches?.probeMatch ?? {}
    const urls = String(XAddrs)
      .split(/\s+/)
      .filter((url) => URL.canParse(url))
    const url = urls.find((each) => new URL(each).hostname === from.address) ?? urls[0]
    if (url === undefined || found.size >= MOST_FOUND) return
    const scope = (name: string): string =>
      decoded(new RegExp(`onvif://www.onvif.org/${name}/(\\S+)`, 'i').exec(String(scopes))?.[1] ?? '')
    found.set(url, {
      url,
      name: scope('name'),
      hardware: scope('hardware'),
      elsewhere: new URL(url).hostname !== from.address,
    })
  }
  const ignore = (): void => {}
  Discovery.on('device', heard)
  // An answer that makes no sense is no reason to hear no other.
  Discovery.on('error', ignore)
  try {
    await new Promise<void>((resolve) =>
      Discovery.probe({ resolve: false, timeout: timeoutMs, ...(device === null ? {} : { device }) }, () => resolve()),
    )
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

/** Longer than any single answer of a press: a recorder of a hundred channels lists three hundred profiles. */
const MOST_BYTES = 8_000_000
const MOST_ELEMENTS = 400_000

/** Channels of one recorder are set up in the same moment: it is asked once for what is the same for all. */
const ANSWERS_KEPT_MS = 10_000
const devices = new Map<string, Promise<DeviceAnswers>>()
function answersOf(
  client: OnvifClient,
  { url, username, password, fingerprint }: OnvifAccess,
  timeoutMs: number,
): Promise<DeviceAnswers> {
  const key = JSON.stringify([url, username, password, fingerprint])
  const known = devices.get(key)
  if (known) return known
  const asked = askDevice(client, timeoutMs)
  devices.set(key, asked)
  const forget = (): void => void (devices.get(key) === asked && devices.delete(key))
  asked.then(() => setTimeout(forget, ANSWERS_KEPT_MS).unref(), forget)
  return asked
}

async function withClient<T>(access: OnvifAccess, ask: (client: OnvifClient) => Promise<T>): Promise<T> {
  const client = createOnvifClient({ access, clock: realClock, most: { bytes: MOST_BYTES, elements: MOST_ELEMENTS } })
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}

/** A camera may do without telling its time: nobody waits longer for it. */
const CLOCK_MS = 2000
/** @throws where nobody is there at all */
function unlessThere(error: unknown): void {
  if (!gaveNoAnswer(error)) throw error
}

const calls = {
  discover,
  /** @throws camera/unreachable, camera/refused */
  take: (access: OnvifAccess, timeoutMs: number): Promise<Inventory> =>
    withClient(access, async (client) => {
      // One that tells no time, or not to us, goes by ours.
      await client.measureClock(Math.min(CLOCK_MS, timeoutMs)).catch(unlessThere)
      return takeInventory(client, access, timeoutMs, await answersOf(client, access, timeoutMs))
    }),
  /** @throws camera/unreachable, camera/refused */
  inquire: (access: OnvifAccess, timeoutMs: number, masked: MaskedCameras): Promise<DeviceInquiry> =>
    withClient(access, (client) =>
      inquireDevice(client, {
        masked,
        takeInventory: async () =>
          takeInventory(client, access, timeoutMs, await answersOf(client, access, timeoutMs), true),
      }),
    ),
}
export type InventoryThread = typeof calls

answerCalls(calls)
