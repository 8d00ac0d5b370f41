/**
 * ZoneMinder 1.36: an alarm is an event, raised by zmtrigger on a monitor, found again by the incident's id in its notes,
 * kept by its flag `Archived`. Each act is read back from the API; what zmtrigger says is not believed.
 */
import type { ZoneMinderAccess } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import type { Capabilities, Signal, Telling, VmsConnector } from './connector.ts'
import { atMost } from './connector-words.ts'
import { createSlots, createTurns } from './slots.ts'
import { VmsTrouble } from './vms-http.ts'
import { NotAllowed, type ZoneMinderEvent, type ZoneMinderMonitor, createZoneMinderApi } from './zoneminder-api.ts'
import { offLine, onLine, storable, trigger } from './zoneminder-trigger.ts'

const KNOWN_VERSION = /^1\.36\./
const ANSWER_MS = 2000
const NOTES_BYTES = 8000
const NAME_BYTES = 64
const MONITORS_FOR_MS = 30_000
/** It writes an event's length every five seconds: after so long without growth nothing is recorded any more. */
const STANDS_STILL_MS = 13_000
/** As long as an event begins at most so long after the press, what is before it is the pre-roll's loss and no fault. */
const PRE_ROLL_GRACE_MS = 2000
const CLOCK_GRACE_MS = 5000
const DAY_MS = 86_400_000
/** An alarm that stands still again and again is raised again after longer and longer. */
const LONGEST_STAND_MS = 10 * 60_000
const LOOKS_AT_ONE_TIME = 4
const MARK = /\[[a-z0-9-]+\/[a-z0-9-]+\]/g
const NOT_OURS = 'Its event is another one than Lamppost has made: it was left as it is.'

export function createZoneMinder(access: ZoneMinderAccess, clock: Clock): VmsConnector {
  const api = createZoneMinderApi(access, clock.monotonic)
  const link = (id: string): string => `${access.url}/index.php?view=event&eid=${id}`
  let monitors: { at: number; list: ZoneMinderMonitor[] } | null = null
  /** When an event's recorded length was last seen to grow, and when it was last looked at. */
  const growth = new Map<string, { lengthS: number; at: number; lookedAt: number }>()
  /** How long each monitor's events may stand still: twice as long after each that did. */
  const patience = new Map<string, number>()
  const turns = createTurns()

  async function monitorOf(id: string, signal: AbortSignal, fresh = false): Promise<ZoneMinderMonitor | null> {
    if (fresh || monitors === null || clock.monotonic() - monitors.at > MONITORS_FOR_MS)
      monitors = { at: clock.monotonic(), list: await api.monitors(signal) }
    return monitors.list.find((monitor) => monitor.id === id) ?? null
  }
  const told = (event: ZoneMinderEvent, finding: string | null): Extract<Telling, { outcome: 'told' }> => ({
    outcome: 'told',
    how: 'read-back',
    id: event.id,
    link: link(event.id),
    finding,
  })
  const isLiving = ({
    monitor,
    over,
    camera,
  }: Pick<Signal, 'over' | 'camera'> & { monitor: ZoneMinderEvent }): boolean =>
    monitor.monitor === camera && monitor.endedAt === null && !over.includes(monitor.id)

  /** The event that is this incident's alarm on this monitor now. */
  const found = async (signal: Signal, stop: AbortSignal): Promise<ZoneMinderEvent | null> =>
    (await api.marked(signal.incident, signal.pressedAt - DAY_MS, stop)).find((monitor) =>
      isLiving({ ...signal, monitor }),
    ) ?? null
  async function foundWithin(signal: Signal, ms: number, stop: AbortSignal): Promise<ZoneMinderEvent | null> {
    for (const until = clock.monotonic() + ms; ;) {
      const event = await found(signal, stop)
      if (event || clock.monotonic() > until || stop.aborted) return event
      await clock.sleep(250, stop)
    }
  }
  function footage(
    event: ZoneMinderEvent,
    monitor: ZoneMinderMonitor | null,
    { pressedAt, over }: Signal,
  ): string | null {
    if (monitor && !monitor.connected) return 'The monitor had no picture there when the alarm was raised.'
    const missedMs = event.startedAt - pressedAt
    if (over.length > 0 || missedMs <= PRE_ROLL_GRACE_MS) return null
    return `Its recording begins ${Math.round(missedMs / 1000)} s after the press.`
  }

  const noMonitor = (camera: string): Telling => ({
    outcome: 'failed',
    problem: `It has no monitor ${camera} any more.`,
    stale: true,
  })
  const causeOf = ({ title }: Signal): string => (title.startsWith('DRILL') ? 'DRILL help point' : 'Help point')
  const blind = new Set<string>()
  /**
   * The monitor, and the alarm of this incident that goes on already. While the API does not answer the alarm is sent all
   * the same, once: a second line joins the first one's event, so nothing is raised twice by it.
   */
  async function lookBefore(signal: Signal, camera: string, stop: AbortSignal) {
    try {
      const monitor = (await monitorOf(camera, stop)) ?? (await monitorOf(camera, stop, true))
      if (!monitor) return noMonitor(camera)
      return { monitor, before: await found(signal, stop) }
    } catch (error) {
      const key = `${signal.incident} ${camera} ${signal.over.length}`
      if (error instanceof NotAllowed || blind.has(key) || stop.aborted || isDryRun(signal)) throw error
      blind.add(key)
      const line = onLine(camera, causeOf(signal), `${signal.mark} ${signal.text}`, 'HELP POINT')
      await trigger(access.trigger, line, 0, stop)
      throw new VmsTrouble(`the alarm was sent, and its API cannot say whether it came: ${messageOf(error)}`)
    }
  }

  async function raise(signal: Signal, stop: AbortSignal): Promise<Telling> {
    const { camera } = signal
    if (camera === null) return { outcome: 'cannot', problem: 'There is no monitor to raise the alarm on.' }
    const looked = await lookBefore(signal, camera, stop)
    if ('outcome' in looked) return looked
    const { monitor, before } = looked
    if (before) return told(before, footage(before, monitor, signal))
    // It would take the line, and say nothing.
    const records = /^(None|Monitor)$/.test(monitor.mode) ? await monitorOf(camera, stop, true) : monitor
    if (!records || /^(None|Monitor)$/.test(records.mode))
      return records ? { outcome: 'failed', problem: records.problem ?? '' } : noMonitor(camera)
    const say = (text: string): Promise<{ event: number | null }> =>
      trigger(access.trigger, onLine(camera, causeOf(signal), `${signal.mark} ${text}`, 'HELP POINT'), ANSWER_MS, stop)
    let finding: string | null = null
    // An event that was deleted there is still being recorded: a new one begins once its alarm has ended.
    if (signal.over.length > 0 && !signal.shared) await trigger(access.trigger, offLine(camera), ANSWER_MS, stop)
    const saying = say(signal.text)
    // Where it records all the time, or has this alarm already, zmtrigger says nothing: the notes alone show it.
    const looking = foundWithin(signal, 2 * ANSWER_MS, stop)
    const answer = await Promise.race([saying, looking.then((event) => (event ? null : saying))])
    if (answer?.event === 0) {
      // Its database could not take a character: the event was never written. Once more, in plain letters.
      await trigger(access.trigger, offLine(camera), ANSWER_MS, stop)
      const again = await say(plainLetters(signal.text))
      // Without an event its alarm would go on unseen, and take the next press into nothing.
      if (again.event === 0) await trigger(access.trigger, offLine(camera), ANSWER_MS, stop)
      finding = 'Its database cannot hold every letter of the text: it was written in plain ones.'
    }
    const event = (await looking) ?? (finding === null ? null : await foundWithin(signal, ANSWER_MS, stop))
    if (event) return told(event, finding ?? footage(event, monitor, signal))
    // A dry run leaves nothing behind that nobody would end.
    if (isDryRun(signal)) await trigger(access.trigger, offLine(camera), ANSWER_MS, stop)
    const now = await monitorOf(camera, stop, true)
    return {
      outcome: 'failed',
      problem: now?.problem ?? `The alarm was sent to monitor ${camera}, and no event came of it.`,
    }
  }

  async function markPast(signal: Signal, stop: AbortSignal): Promise<Telling> {
    const { camera, pressedAt, mark, title } = signal
    if (camera === null) return { outcome: 'cannot', problem: 'There is no monitor whose footage could be marked.' }
    const event = await api.covering(camera, pressedAt, stop)
    if (!event)
      return { outcome: 'cannot', problem: `It has no footage of monitor ${camera} at the time of the press.` }
    // It was sent while nobody could say whether it came: it goes on, and has to be ended.
    const running = event.endedAt === null && event.notes.includes(signal.incident)
    const marked = await noted({ ...signal, event: event.id, lines: [`${mark} ${title}: ${signal.text}`] }, stop)
    return marked.outcome === 'told' ? { ...marked, running } : marked
  }

  const noted = (signal: Signal, stop: AbortSignal): Promise<Telling> =>
    turns.run(signal.event ?? '', async () => {
      const { lines } = signal
      // A mark of the past is written into an event that is not ours yet.
      const event =
        signal.late && signal.event !== null ? await api.event(signal.event, stop) : await mine(signal, stop)
      if (event === null || event === 'gone') return { outcome: 'cannot', problem: 'Its event is not there any more.' }
      if (event === 'other') return { outcome: 'cannot', problem: NOT_OURS }
      const there = event.notes.split('\n')
      // In their order, from the last one that is there: those before it were dropped because the notes are full.
      const all = lines.map(storable)
      const missing = all.slice(all.findLastIndex((line) => there.includes(line)) + 1)
      if (missing.length === 0) return told(event, null)
      const [first = '', ...rest] = there
      const kept = [...rest, ...missing]
      while (Buffer.byteLength([first, ...kept].join('\n')) > NOTES_BYTES && kept.length > 1) kept.shift()
      await api.change(event.id, { Notes: [first, ...kept].map(storable).join('\n') }, stop)
      const after = await api.event(event.id, stop)
      const last = missing.at(-1) ?? ''
      if (after?.notes.includes(last)) return told(after, null)
      // A database of another character set keeps the words and not the letters.
      if (after && after.notes !== event.notes) return told(after, 'Its database cannot hold every letter of the text.')
      return { outcome: 'failed', problem: 'It said that the note was saved, and the note is not there.' }
    })

  /**
   * The event of an act, once it is known to be this incident's: the VMS may be another one by now, whose events have
   * the same numbers.
   */
  async function mine({ event: id, incident }: Signal, stop: AbortSignal): Promise<ZoneMinderEvent | 'gone' | 'other'> {
    const event = id === null ? null : await api.event(id, stop)
    if (!event) return 'gone'
    return event.notes.includes(incident) || isOurs(event) ? event : 'other'
  }
  const isDryRun = ({ incident }: Pick<Signal, 'incident'>): boolean => incident.startsWith('drill-')
  /** Somebody pressed while a dry run had this event: it is a person's now. */
  const isJoined = ({ notes }: ZoneMinderEvent, { incident, mark }: Pick<Signal, 'incident' | 'mark'>): boolean =>
    isDryRun({ incident }) && (notes.match(MARK) ?? []).some((each) => each !== mark)
  /** By its name it is known who has archived an event: one that a person keeps stays kept. */
  const isOurs = ({ name }: ZoneMinderEvent): boolean => /^(DRILL )?(late: )?Help point( |$)/.test(name)

  async function protect(signal: Signal, stop: AbortSignal): Promise<Telling> {
    const event = await mine(signal, stop)
    if (event === 'gone')
      return { outcome: 'cannot', problem: 'Its event is not there any more: this footage is gone.' }
    if (event === 'other') return { outcome: 'cannot', problem: NOT_OURS }
    if (event.archived && !isOurs(event)) return told(event, 'It was kept there already.')
    // A dry run had it first, or the incident is no drill any more.
    if (event.archived && !event.name.startsWith('DRILL')) return told(event, null)
    await api.change(event.id, { Archived: '1', Name: atMost(storable(signal.title), NAME_BYTES) }, stop)
    const after = await api.event(event.id, stop)
    if (after?.archived) return told(after, null)
    return { outcome: 'failed', problem: 'It said that the event is kept, and it is not.' }
  }
  async function release(signal: Signal, stop: AbortSignal): Promise<Telling> {
    const { event: id, shared } = signal
    const event = await mine(signal, stop)
    if (event === 'gone')
      return { outcome: 'told', how: 'read-back', id, link: null, finding: 'Its event was gone already.' }
    if (event === 'other') return { outcome: 'cannot', problem: NOT_OURS }
    if (shared || isJoined(event, signal)) return told(event, 'It stays kept: another incident needs it.')
    if (event.archived && !isOurs(event)) return told(event, 'It stays kept: somebody there keeps it.')
    await api.change(event.id, { Archived: '0' }, stop)
    const after = await api.event(event.id, stop)
    if (after?.archived === false) return told(after, null)
    return { outcome: 'failed', problem: 'It said that the event may be deleted, and it is still kept.' }
  }

  async function ended(signal: Signal, stop: AbortSignal): Promise<Telling> {
    const event = await mine(signal, stop)
    if (event === 'gone') return { outcome: 'cannot', problem: 'Its event is not there any more.' }
    if (event === 'other') return { outcome: 'cannot', problem: NOT_OURS }
    if (event.endedAt !== null) return told(event, null)
    if (signal.shared || isJoined(event, signal))
      return { ...told(event, 'Its alarm goes on: another incident has this camera, too.'), goesOn: true }
    const answer = await trigger(access.trigger, offLine(event.monitor), ANSWER_MS, stop)
    for (const until = clock.monotonic() + 3000; ;) {
      const after = await api.event(event.id, stop)
      if (after === null || after.endedAt !== null) return told(after ?? event, null)
      if (clock.monotonic() > until || stop.aborted) break
      await clock.sleep(300, stop)
    }
    const continuous = /^(Record|Mocord)$/.test((await monitorOf(event.monitor, stop))?.mode ?? '')
    // Its alarm is over, and its recording goes on all day.
    if (continuous && answer.event !== null)
      return { outcome: 'told', how: 'said', id: event.id, link: link(event.id), finding: null }
    return { outcome: 'failed', problem: 'Its event goes on though the alarm was ended.' }
  }

  const VERB_ACTS = {
    raise,
    mark: (signal: Signal, stop: AbortSignal) => (signal.late ? markPast(signal, stop) : raise(signal, stop)),
    protect,
    note: noted,
    ended,
    release,
  } satisfies Record<Signal['verb'], (signal: Signal, stop: AbortSignal) => Promise<Telling>>

  type Lost = Awaited<ReturnType<VmsConnector['lost']>>[number]
  async function isLost(id: string, kept: boolean, stop: AbortSignal): Promise<Lost | null> {
    const event = await api.event(id, stop)
    if (!event) return { id, what: 'event', why: 'Its event was deleted there.' }
    if (event.endedAt !== null) return { id, what: 'alarm', why: 'Its event was ended there.' }
    if (kept && !event.archived)
      return { id, what: 'footage', why: 'Somebody there had let its footage go: it is kept again.' }
    const now = clock.monotonic()
    const seen = growth.get(id)
    // What was not looked at for a while may have grown and stopped meanwhile: it is watched anew.
    if (seen && seen.lengthS < event.lengthS) patience.delete(event.monitor)
    if (!seen || seen.lengthS !== event.lengthS || now - seen.lookedAt > STANDS_STILL_MS / 2) {
      growth.set(id, { lengthS: event.lengthS, at: now, lookedAt: now })
      return null
    }
    seen.lookedAt = now
    const mostMs = patience.get(event.monitor) ?? STANDS_STILL_MS
    if (now - seen.at < mostMs) return null
    // Without a picture a new alarm would record nothing either: it is raised again once the picture is back.
    const monitor = await monitorOf(event.monitor, stop, true)
    if (!monitor?.connected) return null
    patience.set(event.monitor, Math.min(2 * mostMs, LONGEST_STAND_MS))
    return { id, what: 'alarm', why: 'Its event stands still: it is not recorded.' }
  }

  return {
    product: 'ZoneMinder',
    verbs: ['raise', 'mark', 'protect', 'note', 'ended', 'release'],
    standing: [
      ...(access.url.startsWith('http:') ? ['Its API is reached without encryption (http://).'] : []),
      'zmtrigger knows no password and no encryption: only this server may reach its port.',
    ],
    tell: async (signal, stop) => {
      try {
        return await VERB_ACTS[signal.verb](signal, stop)
      } catch (error) {
        return { outcome: 'failed', problem: sentence(error) }
      }
    },
    async lost(events, stop) {
      for (const id of growth.keys()) if (!events.some((event) => event.id === id)) growth.delete(id)
      const slots = createSlots(LOOKS_AT_ONE_TIME)
      const looks = events.map(({ id, kept }) => slots.run(() => isLost(id, kept, stop)))
      const settled = await Promise.allSettled(looks)
      const failed = settled.find((each) => each.status === 'rejected')
      if (failed && settled.every(({ status }) => status === 'rejected')) throw failed.reason
      return settled.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []))
    },
    async cameras(stop) {
      const list = await api.monitors(stop)
      monitors = { at: clock.monotonic(), list }
      return list
    },
    look: (stop) => lookAt(access, api, clock, stop),
    async isInUse(camera, stop) {
      const now = clock.now()
      const event = await api.covering(camera, now, stop)
      return event?.endedAt === null && (event.archived || event.notes !== '')
    },
    async remove(id, { incident, mark }, stop) {
      const event = await api.event(id, stop)
      if (!event) return
      if (isJoined(event, { incident, mark }))
        throw new VmsTrouble('somebody pressed meanwhile: its event is left as it is')
      // An alarm of the drill's own may go; what is recorded all day is as it was before.
      const isDrills = event.cause.startsWith('DRILL')
      const words = isDrills ? 'DRILL of Lamppost: may be deleted' : ''
      await api.change(id, { Archived: '0', Notes: words, Name: isDrills ? words : `Event-${id}` }, stop)
      const after = await api.event(id, stop)
      if (after && (after.archived || after.notes !== words)) throw new VmsTrouble('the drill is still written there')
    },
  }
}

const sentence = (error: unknown): string =>
  error instanceof VmsTrouble
    ? `${error.message[0]?.toUpperCase() ?? ''}${error.message.slice(1)}.`
    : `The connector failed: ${messageOf(error).split(/https?:/)[0] ?? ''}`

/** ŵ becomes w, an apostrophe nothing; what has no plain letter becomes a question mark. */
const plainLetters = (text: string): string =>
  text
    .replaceAll(/['‘’]/g, '')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7E]/gu, '?')

/** Each thing that it needs, by name. */
async function lookAt(
  { username, trigger: place }: ZoneMinderAccess,
  api: ReturnType<typeof createZoneMinderApi>,
  clock: Clock,
  stop: AbortSignal,
): Promise<Capabilities> {
  const steps: Capabilities['steps'] = []
  let version: string | null = null
  let clockOffsetMs: number | null = null
  /** Whether the next steps make sense. */
  async function step(name: string, work: () => Promise<string>): Promise<boolean> {
    try {
      steps.push({ step: name, ok: true, words: await work() })
      return true
    } catch (error) {
      steps.push({ step: name, ok: false, words: sentence(error) })
      return false
    }
  }
  const isIn = await step('signs in', async () => {
    await api.signIn(stop)
    return `as ${username}`
  })
  if (!isIn) return { version, versionKnown: true, clockOffsetMs, steps }
  await step('version', async () => {
    const said = await api.ask('host/getVersion.json', stop)
    version = typeof said?.version === 'string' ? said.version.slice(0, 40) : null
    const at = Date.parse(typeof said?.date === 'string' ? said.date : '')
    if (!Number.isNaN(at)) clockOffsetMs = Math.round((at + 500 - clock.now()) / 1000) * 1000
    return version ?? 'it does not say'
  })
  await step('clock', async () => {
    await api.zone(stop)
    if (clockOffsetMs !== null && Math.abs(clockOffsetMs) > CLOCK_GRACE_MS)
      throw new VmsTrouble(`its clock is ${Math.abs(clockOffsetMs) / 1000} s ${clockOffsetMs > 0 ? 'ahead' : 'behind'}`)
    return 'agrees with ours'
  })
  const isOn = (said: Record<string, unknown> | null): boolean => Number(said?.result) === 1
  await step('daemons', async () => {
    if (!isOn(await api.ask('host/daemonCheck.json', stop))) throw new VmsTrouble('its daemons do not run')
    if (!isOn(await api.ask('host/daemonCheck/zmtrigger.pl.json', stop)))
      throw new VmsTrouble('zmtrigger does not run there: switch OPT_TRIGGERS on, or start it')
    return 'zmtrigger runs'
  })
  await step('trigger port', async () => {
    // No monitor has this number, and zmtrigger says nothing to it.
    await trigger(place, '0|show||\n', 50, stop)
    return `port ${place.port} takes a connection`
  })
  await step('right: Events Edit', async () => {
    try {
      // There is no event 0: who may edit is told so, who may not is refused first.
      await api.change('0', { Archived: '0' }, stop)
    } catch (error) {
      if (error instanceof NotAllowed)
        throw new VmsTrouble(`the account "${username}" needs Events: Edit, or nothing is kept there`)
      throw error
    }
    return 'granted'
  })
  await step('right: Monitors View', async () => `${(await api.monitors(stop)).length} monitors`)
  return { version, versionKnown: version === null || KNOWN_VERSION.test(version), clockOffsetMs, steps }
}
