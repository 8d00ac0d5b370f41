/**
 * What a LoRaWAN network server tells of a device: The Things Stack's webhook, or ChirpStack v4's HTTP integration.
 * Pure. Both leave out what is 0 or empty. Not here: which device is whose button (lorawan-source).
 */
import { Failure } from '../../tools/failure.ts'

/** `ids`: what the device is called, lower case. `uplink`: null for everything that is a sign of life only. */
export type LorawanNews = {
  ids: string[]
  uplink: {
    key: string
    /** Its key has the network server's time, so that only the same uplink has it again. */ timed: boolean
    port: number
    payload: Buffer
    /** When the network server had it; not the gateways', whose clocks are often wrong. */ at: string | null
  } | null
}

type Json = Record<string, unknown>
const object = (value: unknown): Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {}
const text = (value: unknown): string | null => (typeof value === 'string' && value.length > 0 ? value : null)
/** Some gateways write numbers as text; 0 is left out. */
const count = (value: unknown): number => {
  const said = typeof value === 'string' && /^\s*\d{1,10}\s*$/.test(value) ? Number(value) : value
  return typeof said === 'number' && Number.isSafeInteger(said) ? said : 0
}
const bytes = (value: unknown): Buffer => Buffer.from(text(value) ?? '', 'base64')
const lower = (...values: (string | null)[]): string[] =>
  values.flatMap((value) => (value === null ? [] : [value.toLowerCase()]))

/** @param event ChirpStack's `?event=`; null when there is none. @throws press/unreadable when it is neither's. */
export function readLorawan(body: unknown, event: string | null): LorawanNews {
  const said = object(body)
  if ('end_device_ids' in said) return theThingsStack(said)
  if ('deviceInfo' in said) return chirpStack(said, event)
  throw new Failure(
    'press/unreadable',
    'This is neither The Things Stack’s webhook (end_device_ids) nor ChirpStack v4’s ' +
      '(deviceInfo), as JSON. Set the integration’s format to JSON.',
  )
}

/**
 * The same uplink delivered again has the same counter, session and time of the network server. The counter alone
 * says little: it begins anew with a session, and with a new battery where the device has none (ABP). An address
 * (`dev_addr`) is no session.
 */
function keyOf(
  device: string,
  session: string | null,
  counter: unknown,
  at: string | null,
): { key: string; timed: boolean } {
  return {
    key: ['lorawan', device, session ?? '-', String(count(counter)), ...(at === null ? [] : [at])].join(' '),
    timed: at !== null,
  }
}
function theThingsStack(said: Json): LorawanNews {
  const device = object(said.end_device_ids)
  const ids = lower(text(device.device_id), text(device.dev_eui))
  if (ids.length === 0)
    throw new Failure(
      'press/unreadable',
      'The Things Stack’s message names no device: end_device_ids has neither device_id nor dev_eui.',
    )
  if (!('uplink_message' in said)) return { ids, uplink: null }
  const uplink = object(said.uplink_message)
  const at = text(uplink.received_at) ?? text(said.received_at)
  return {
    ids,
    uplink: {
      ...keyOf(ids.at(-1) ?? '', text(uplink.session_key_id), uplink.f_cnt, at),
      port: count(uplink.f_port),
      payload: bytes(uplink.frm_payload),
      at,
    },
  }
}

function chirpStack(said: Json, event: string | null): LorawanNews {
  const device = object(said.deviceInfo)
  const ids = lower(text(device.devEui), text(device.deviceName))
  if (ids.length === 0)
    throw new Failure(
      'press/unreadable',
      'ChirpStack’s message names no device: deviceInfo has neither devEui nor deviceName.',
    )
  const isUplink = event === null ? 'data' in said || 'fCnt' in said : event === 'up'
  if (!isUplink) return { ids, uplink: null }
  const nsTime = text(object(Array.isArray(said.rxInfo) ? said.rxInfo[0] : null).nsTime)
  return {
    ids,
    uplink: {
      ...keyOf(ids[0] ?? '', null, said.fCnt, text(said.time) ?? nsTime),
      port: count(said.fPort),
      payload: bytes(said.data),
      at: nsTime ?? text(said.time),
    },
  }
}
