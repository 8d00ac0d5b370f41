/**
 * ZoneMinder's API (1.36): signing in, monitors, events. What it throws is words for a person: its own error texts
 * repeat the address with the token, and the monitors' list has the cameras' passwords.
 */
import type { ZoneMinderAccess } from '../glossary/site.ts'
import { localDateTime, momentOf } from '../tools/local-time.ts'
import { streamAddress } from '../tools/rtsp/stream-address.ts'
import { hostOf } from './camera-matching.ts'
import type { TheirCamera } from './connector.ts'
import { VmsTrouble, createVmsHttp } from './vms-http.ts'

/** Times are milliseconds since 1970; `endedAt` null: it is still recorded, or was cut off without an end. */
export type ZoneMinderEvent = {
  id: string
  monitor: string
  notes: string
  name: string
  cause: string
  startedAt: number
  endedAt: number | null
  archived: boolean
  lengthS: number
}
export type ZoneMinderMonitor = TheirCamera & {
  /** Monitor and None record nothing, Record and Mocord all the time. */
  mode: string
  connected: boolean
}

/** The account lacks a right: signing in once more does not help. */
export class NotAllowed extends VmsTrouble {}

/** A token lives for two hours; one that is refused earlier is replaced once. */
const TOKEN_MS = 100 * 60_000
/** It writes the length of what it records every five seconds. */
const LENGTH_LAGS_MS = 15_000
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

export function createZoneMinderApi(access: ZoneMinderAccess, monotonic: () => number) {
  const http = createVmsHttp(access)
  let token: { text: string; until: number } | null = null
  let timezone: string | null = null
  /** It has answered as it should since this start. */
  let hasWorked = false

  const addressOf = (path: string, query: Record<string, string>): URL => {
    const address = new URL(`${access.url}/api/${path}`)
    for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value)
    return address
  }
  /** Many that ask at one time sign in once. */
  let signing: Promise<string> | null = null
  function signIn(signal: AbortSignal): Promise<string> {
    signing ??= signInNow(signal).finally(() => (signing = null))
    return signing
  }
  async function signInNow(signal: AbortSignal): Promise<string> {
    const form = { user: access.username, pass: access.password }
    const answer = await http(addressOf('host/login.json', {}), { method: 'POST', form, signal })
    const said = jsonOf(answer.text, hasWorked)
    const given = text(said.access_token)
    if (answer.status === 200 && given !== '') {
      token = { text: given, until: monotonic() + TOKEN_MS }
      return given
    }
    if (answer.status === 200) throw new VmsTrouble('it gives no token: ZM_AUTH_HASH_SECRET must be set there')
    if (answer.status === 401 && /API/i.test(text(dataOf(said).name)))
      throw new NotAllowed(`its account "${access.username}" may not use the API (API Enabled)`)
    if (answer.status === 401) throw new NotAllowed(`it refuses the name "${access.username}" or its password`)
    throw new VmsTrouble(`signing in is answered by ${answer.status}`)
  }

  type Asked = { method?: 'GET' | 'PUT'; form?: Record<string, string>; query?: Record<string, string> }
  /** Null: there is no such thing. */
  async function ask(
    path: string,
    signal: AbortSignal,
    { method, form, query }: Asked = {},
    retried = false,
  ): Promise<Record<string, unknown> | null> {
    const now = token !== null && token.until > monotonic() ? token.text : await signIn(signal)
    const answer = await http(addressOf(path, { ...query, token: now }), {
      ...(method ? { method } : {}),
      ...(form ? { form } : {}),
      signal,
    })
    // Only its own word for an event that is not there means that; a proxy, or an upgrade, has pages of its own.
    if (answer.status === 404 && /^Invalid event$/i.test(nameIn(answer.text))) return null
    if (answer.status === 401) {
      if (/privileges/i.test(text(dataOf(jsonOf(answer.text)).name)))
        throw new NotAllowed(`its account "${access.username}" lacks a right for this`)
      token = null
      if (retried) throw new VmsTrouble('it refuses the token that it has just given')
      return ask(
        path,
        signal,
        { ...(method ? { method } : {}), ...(form ? { form } : {}), ...(query ? { query } : {}) },
        true,
      )
    }
    if (answer.status !== 200) throw new VmsTrouble(`it answers ${answer.status}`)
    const found = jsonOf(answer.text, hasWorked)
    hasWorked = true
    return { ...found, date: answer.headers.date ?? null }
  }

  async function zone(signal: AbortSignal): Promise<string> {
    if (timezone !== null) return timezone
    const said = text((await ask('host/getTimeZone.json', signal))?.tz) || 'UTC'
    try {
      momentOf('2026-01-01', '00:00', said)
    } catch {
      throw new VmsTrouble(`its time zone "${said.slice(0, 40)}" is not known here`)
    }
    timezone = said
    return said
  }
  /** Its times have no zone: they are its own local ones. */
  function timeOf(written: unknown, inZone: string): number | null {
    const found = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}):(\d{2})/.exec(text(written))
    return found ? momentOf(found[1] ?? '', found[2] ?? '', inZone) + Number(found[3]) * 1000 : null
  }
  function eventOf(raw: Record<string, unknown>, inZone: string): ZoneMinderEvent {
    return {
      id: text(raw.Id),
      monitor: text(raw.MonitorId),
      notes: text(raw.Notes),
      name: text(raw.Name),
      cause: text(raw.Cause),
      startedAt: timeOf(raw.StartDateTime, inZone) ?? 0,
      endedAt: timeOf(raw.EndDateTime, inZone),
      archived: Number(raw.Archived) === 1 || raw.Archived === true,
      lengthS: Number(raw.Length ?? 0),
    }
  }
  async function events(filter: string, limit: number, signal: AbortSignal): Promise<ZoneMinderEvent[]> {
    const inZone = await zone(signal)
    const query = { sort: 'StartDateTime', direction: 'desc', limit: String(limit) }
    const said = await ask(`events/index/${filter}.json`, signal, { query })
    return listOf(said?.events, 'events').map((each) => eventOf(partOf(each, 'Event'), inZone))
  }

  return {
    signIn,
    ask,
    zone,
    async event(id: string, signal: AbortSignal): Promise<ZoneMinderEvent | null> {
      const inZone = await zone(signal)
      const said = await ask(`events/${encodeURIComponent(id)}.json`, signal)
      const raw = said && partOf(partOf(said, 'event'), 'Event')
      if (raw === null) return null
      if (text(raw.Id) !== id) throw new VmsTrouble('it answers with another event than the one that was asked for')
      return eventOf(raw, inZone)
    },
    /**
     * Newest first. @param incident letters, digits and hyphens: it is looked for as a regular expression
     * @param since of older ones none is looked at: a recorder has hundreds of thousands
     */
    async marked(incident: string, since: number, signal: AbortSignal): Promise<ZoneMinderEvent[]> {
      const from = encodeURIComponent(localDateTime(since, await zone(signal)))
      return events(`StartDateTime%20%3E=:${from}/Notes%20REGEXP:${encodeURIComponent(incident)}`, 50, signal)
    },
    /** What this monitor recorded at that time; null: nothing. */
    async covering(monitor: string, at: number, signal: AbortSignal): Promise<ZoneMinderEvent | null> {
      const until = encodeURIComponent(localDateTime(at, await zone(signal)))
      const [last] = await events(`MonitorId:${encodeURIComponent(monitor)}/StartDateTime%20%3C=:${until}`, 1, signal)
      if (!last) return null
      // One whose capture was killed never gets an end: it goes as far as it was recorded.
      const end = last.endedAt ?? last.startedAt + last.lengthS * 1000 + LENGTH_LAGS_MS
      return end >= at ? last : null
    },
    /** Whether it says so is no proof: read the event afterwards. */
    async change(id: string, fields: Record<string, string>, signal: AbortSignal): Promise<void> {
      const form = Object.fromEntries(Object.entries(fields).map(([key, value]) => [`Event[${key}]`, value]))
      await ask(`events/${encodeURIComponent(id)}.json`, signal, { method: 'PUT', form })
    },
    async monitors(signal: AbortSignal): Promise<ZoneMinderMonitor[]> {
      const said = await ask('monitors.json', signal)
      return listOf(said?.monitors, 'monitors').map(monitorOf)
    },
  }
}

function monitorOf(each: unknown): ZoneMinderMonitor {
  const raw = partOf(each, 'Monitor')
  const status = partOf(each, 'Monitor_Status')
  const path = text(raw.Path)
  const mode = text(raw.Function)
  const connected = text(status.Status) === 'Connected' && Number(status.CaptureFPS) > 0
  const problem =
    Number(raw.Enabled) !== 1
      ? 'The monitor is switched off there (Enabled).'
      : mode === 'None' || mode === 'Monitor'
        ? `The monitor is in function ${mode}: it records no events. Nodect, Modect, Mocord and Record do.`
        : connected
          ? null
          : 'The monitor has no picture there.'
  return {
    id: text(raw.Id),
    name: text(raw.Name),
    // The address with its password goes no further.
    host: URL.canParse(path) ? hostOf(new URL(path).hostname) || null : text(raw.Host).toLowerCase() || null,
    stream: streamAddress(path),
    mode,
    connected,
    problem,
  }
}

function jsonOf(said: string, hasWorked = false): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(said)
    if (typeof found === 'object' && found !== null) return found as Record<string, unknown>
  } catch {
    // As below.
  }
  throw new VmsTrouble(
    hasWorked
      ? 'its API does not work now: is its database up?'
      : 'it answers with something that is not its API: the address should end in /zm',
  )
}
const partOf = (from: unknown, name: string): Record<string, unknown> => {
  const part = Object.hasOwn(Object(from), name) ? (from as Record<string, unknown>)[name] : null
  return typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : {}
}
const dataOf = (said: Record<string, unknown>): Record<string, unknown> => partOf(said, 'data')
function listOf(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new VmsTrouble(`it answers without its list of ${what}`)
}
/** Its word for what is wrong; empty where it is no answer of its API. */
function nameIn(said: string): string {
  try {
    return text(dataOf(jsonOf(said)).name)
  } catch {
    return ''
  }
}
