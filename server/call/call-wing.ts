/** Calls: help points that telephone, the operators who take their calls, and the edge that the network touches. */
import type { Door } from '../door/door.ts'
import type { Call, CallId, CallQuality, EdgeListen, Registration, VoiceSite } from '../glossary/call.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Recorded } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { Site } from '../glossary/site.ts'
import { createTopic } from '../tools/topic.ts'
import { type CallBook, createCallBook } from './call-book.ts'
import { type CallDeskOptions, createCallDesk } from './call-desk.ts'
import { type CallRecordings, createCallRecordings } from './call-recordings.ts'
import type { OutsideTelephone } from './call-parties.ts'
import { type Phrases, offeredPhrases, phrasesOf } from './call-phrases.ts'
import { callRoutes } from './call-routes.ts'
import { CALL_SOCKET_PATH, callSocket } from './call-socket.ts'
import { createCallReturn } from './call-return.ts'
import { createCallSounds } from './call-sounds.ts'
import { createToneDrill } from './tone/tone-drill.ts'
import { createVoiceHealth } from './voice-health.ts'
import { type EdgeCareOptions, createEdgeCare, refuseWithoutEngines } from './edge/edge-care.ts'

export type CallNeeds = Pick<
  EdgeCareOptions,
  'clock' | 'logger' | 'dataFolder' | 'file' | 'environment' | 'engines'
> & {
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site }
  ledger: { append: Append; recorded(listener: (entry: Recorded) => void): () => void }
  incidents: Omit<CallDeskOptions['incidents'], 'openAt'> & {
    clipsOf(id: IncidentId): number
    /** The oldest first. */
    book: { unfinished(): Incident[] }
  }
  presses: {
    accept: CallDeskOptions['accept']
    alive(helpPoint: string): void
    refused(source: string, from: string, reason: string): void
  }
}
const SWEEP_EVERY_MS = 3_600_000

function reachAt({ helpPoints }: Site, helpPoint: string): ReturnType<CallDeskOptions['reachOf']> {
  const found = helpPoints.find(({ id }) => id === helpPoint)
  return found?.sip ? { user: found.sip.user, autoAnswer: found.voice.autoAnswer } : null
}
/** An emergency number that would show a wrong place there is not called from here. */
function telephoneAt({ contacts, voice }: Site, contact: string): OutsideTelephone | null {
  const found = contacts.find(({ id }) => id === contact)
  if (!voice?.trunk || found?.telephone?.by !== 'trunk') return null
  return { id: found.id, name: found.name, number: found.telephone.number, trunk: voice.trunk }
}
const outside = ({ town, engines }: CallNeeds): Pick<CallDeskOptions, 'telephoneOf' | 'drillsOnly'> => ({
  telephoneOf: (contact) => telephoneAt(town.site(), contact),
  // Only a simulated town starts without its engines.
  drillsOnly: () => engines !== 'required',
})
const newestAt = (helpPoint: string, incidents: readonly Incident[]): IncidentId | null =>
  incidents.findLast((each) => each.helpPoint === helpPoint)?.id ?? null

/** What callers are played; what cannot be is said in the log. */
function spoken(voice: VoiceSite, logger: CallNeeds['logger']): Phrases {
  const { phrases, problems } = phrasesOf(voice)
  for (const problem of problems) logger.warn({}, `calls: ${problem}`)
  return phrases
}

/** The desk, the thread and the edge, and what each tells the other. */
function openRoom(needs: CallNeeds, book: CallBook, recordings: CallRecordings) {
  const { clock, news, closing, onError, town, ledger, incidents, presses } = needs
  const reached = createTopic<readonly EdgeListen[]>(onError)
  const heardNow = createTopic<{ call: CallId; quality: CallQuality }>(onError)
  heardNow.subscribe((data) => news.publish({ event: 'call.quality', data }))
  const helpPointOf = (user: string): HelpPointId | null =>
    town.site().helpPoints.find(({ sip }) => sip?.user === user)?.id ?? null
  const sounds = createCallSounds({
    clock,
    onNews: (message) => desk.heard(message),
    async onDeath() {
      care.endCalls()
      const before = book.going()
      await desk.lineLost('line-lost')
      await recordings.recover(before.map(({ id }) => id))
      cutOff.follow(before)
    },
    onError,
  })
  const reachOf: CallDeskOptions['reachOf'] = (helpPoint) =>
    care.registrationOf(helpPoint as HelpPointId).registered ? reachAt(town.site(), helpPoint) : null
  const desk = createCallDesk({
    clock,
    book,
    append: ledger.append,
    line: sounds.line,
    settings: () => town.site().voice,
    helpPointOf,
    reachOf,
    keysOf: (helpPoint) => town.site().helpPoints.find(({ id }) => id === helpPoint)?.voice.keys ?? {},
    ...outside(needs),
    accept: presses.accept,
    incidents: { ...incidents, openAt: (helpPoint) => newestAt(helpPoint, incidents.book.unfinished()) },
    recordings,
    onQuality: (call, quality) => heardNow.publish({ call, quality }),
    onRegistered: (registered) => health.become(registered),
    onError,
  })
  const health = createVoiceHealth(news, () => care.state())
  const cutOff = createCallReturn({ clock, callBack: desk.callBack, now: ({ id }) => book.get(id), onError })
  const isInCall = (helpPoint: string): boolean => book.going().some((each) => each.helpPoint === helpPoint)
  const tones = createToneDrill({ clock, line: sounds.line, reachOf, isInCall, onError })
  const care = createEdgeCare({
    ...needs,
    helpPointOf,
    onDoor(door, listen) {
      if (door === null) health.become(false)
      else reached.publish(listen)
      sounds.reach(door)
    },
    onRefused: ({ from, why }) => presses.refused('sip', from, why),
    onHeard: presses.alive,
  })
  closing.add('the calling back', cutOff.close)
  closing.add('the voice edge', care.stop)
  closing.add('the calls', sounds.stop)
  // Closed first: what ends from here on ends because this server does.
  closing.add('the call desk', desk.close)
  return { desk, care, sounds, voice: health.now, reached, heardNow, cutOff, tones }
}

/** Recordings are deleted when their time is over, for as long as the town runs. */
function startSweeping({ clock, town, onError, closing }: CallNeeds, recordings: CallRecordings): void {
  const sweeping = new AbortController()
  closing.add('the recordings’ retention', () => sweeping.abort())
  async function sweepNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, signal)
      if (!signal.aborted) await recordings.sweep(town.site().evidence.keepMs).catch(onError)
    }
  }
  void sweepNowAndThen(sweeping.signal)
}

export function openCalls(needs: CallNeeds) {
  const { clock, logger, onError, engines, town, ledger, incidents } = needs
  const book = createCallBook()
  const recordings = createCallRecordings({ ...needs, book, append: ledger.append })
  const { desk, care, sounds, voice, reached, heardNow, cutOff, tones } = openRoom(needs, book, recordings)
  let cut: Call[] = []
  return {
    voice,
    phrases: () => offeredPhrases(town.site().voice),
    voiceOf: (helpPoint: HelpPointId): Registration | null =>
      reachAt(town.site(), helpPoint) && care.registrationOf(helpPoint),
    tryTone: tones.tryTone,
    /** Where help points reach the edge, with the ports that the system gave. */
    reached: reached.subscribe,
    /** What evidence is made of. */
    recordings: {
      of: book.ofIncident,
      find: book.find,
      fileOf: recordings.fileOf,
      hold: recordings.keep,
      release: recordings.letGo,
    },
    folds: { calls: book },
    /** Calls that were going on when the server died: nobody hears anybody in them any more. */
    async resume(): Promise<void> {
      cut = book.going()
      await desk.lineLost('server-restarted')
      await recordings.recover(cut.map(({ id }) => id))
    },
    /** @throws in words when the site has voice and this machine has no engines for it */
    begin(): void {
      refuseWithoutEngines(town.site(), engines)
      cutOff.follow(cut)
      ledger.recorded(tones.heard)
      ledger.recorded((entry) => {
        if (entry.kind === 'incident.closed') desk.incidentClosed(entry.body.incident).catch(onError)
        if (entry.kind !== 'clip.deleted' || incidents.clipsOf(entry.body.incident) > 0) return
        recordings.drop(entry.body.incident, entry.body.why).catch(onError)
      })
      startSweeping(needs, recordings)
    },
    listen: {
      async 'the voice edge'(site: Site): Promise<void> {
        if (site.voice !== null && engines !== 'never') sounds.start(spoken(site.voice, logger))
        if (!(await care.follow(site))) await sounds.stop()
      },
    },
    routes({ app, whoHas, socket }: Door): void {
      callRoutes(app, { ...desk, ...recordings })
      socket(CALL_SOCKET_PATH, callSocket({ whoHas, talk: desk.talk, quality: heardNow.subscribe, now: clock.now }))
    },
  }
}
