/** Calls: help points that telephone, the operators who take their calls, and the edge that the network touches. */
import type { Door } from '../door/door.ts'
import type { Call, CallId, CallQuality, EdgeListen, Registration, VoiceSite } from '../glossary/call.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Recorded } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { Site } from '../glossary/site.ts'
import { networkOf } from '../tools/networks.ts'
import { createCountedLines } from '../tools/pace/counted-lines.ts'
import { createTopic } from '../tools/topic.ts'
import { type CallBook, createCallBook } from './call-book.ts'
import { type CallDeskOptions, createCallDesk } from './call-desk.ts'
import { type CallRecordings, createCallRecordings } from './call-recordings.ts'
import { type OfferedPhrase, type Phrases, offeredPhrases, phrasesOf } from './call-phrases.ts'
import { callSite } from './call-site.ts'
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
  /** Where a camera's stream is read, with no password in it; null: it is not known yet. */
  clips: { streamAt(camera: CameraId): string | null }
  ledger: { append: Append; recorded(listener: (entry: Recorded) => void): () => void }
  incidents: Omit<CallDeskOptions['incidents'], 'openAt'> & {
    clipsOf(id: IncidentId): number
    /** The oldest first. */
    book: { unfinished(): Incident[] }
  }
  presses: {
    accept: CallDeskOptions['accept']
    alive(helpPoint: string): void
  }
}
const SWEEP_EVERY_MS = 3_600_000

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
  const { clock, news, closing, onError, town, engines, ledger, incidents, presses } = needs
  const said = callSite(town.site, engines, needs.clips.streamAt)
  const reached = createTopic<readonly EdgeListen[]>(onError)
  const heardNow = createTopic<{ call: CallId; quality: CallQuality }>(onError)
  heardNow.subscribe((data) => news.publish({ event: 'call.quality', data }))
  const sounds = createCallSounds({
    clock,
    onNews: (message) => desk.heard(message),
    async onDeath() {
      health.pbxBecomes({ registered: false, why: null })
      care.endCalls()
      const before = book.going()
      await desk.lineLost('line-lost')
      await recordings.recover(before.map(({ id }) => id))
      cutOff.follow(before)
    },
    onError,
  })
  const phrases = (): OfferedPhrase[] => offeredPhrases(town.site().voice, sounds.phrases())
  const reachOf: CallDeskOptions['reachOf'] = (helpPoint) =>
    care.registrationOf(helpPoint as HelpPointId).registered ? said.reachAt(helpPoint) : null
  const desk = createCallDesk({
    clock,
    book,
    append: ledger.append,
    line: sounds.line,
    ...said,
    reachOf,
    phrases,
    accept: presses.accept,
    incidents: { ...incidents, openAt: (helpPoint) => newestAt(helpPoint, incidents.book.unfinished()) },
    recordings,
    onQuality: (call, quality) => heardNow.publish({ call, quality }),
    onRegistered: (registered) => health.become(registered),
    onPbx: (state) => health.pbxBecomes(state),
    onError,
  })
  const health = createVoiceHealth({ news, edge: () => care.state(), hasPbx: said.hasPbx })
  const cutOff = createCallReturn({ clock, callBack: desk.callBack, now: ({ id }) => book.get(id), onError })
  const tones = createToneDrill({ clock, line: sounds.line, reachOf, isInCall: book.isInCall, onError })
  const care = createEdgeCare({
    ...needs,
    helpPointOf: (user) => said.helpPointOf(user, false),
    onDoor(door, listen) {
      if (door) reached.publish(listen)
      else {
        health.become(false)
        // Every call ends with the engines of the edge: its help point is called back.
        cutOff.follow(book.going())
      }
      sounds.reach(door)
    },
    onRefused: refusals(needs),
    onHeard: presses.alive,
    onRegistration: registrationNews(needs),
  })
  closeInTurn(closing, { cutOff, care, sounds, desk })
  return { said, phrases, desk, care, sounds, health, reached, heardNow, cutOff, tones }
}

const registrationNews =
  ({ news }: CallNeeds): EdgeCareOptions['onRegistration'] =>
  (helpPoint, is) =>
    news.publish({ event: 'help-point.registration', data: { helpPoint, ...is } })
/** Who is refused at the edge stands in the record: one entry a second, with how many there were. */
function refusals({ clock, closing, ledger }: CallNeeds): (refused: { from: string; why: string }) => void {
  const lines = createCountedLines<{ from: string; why: string }>({
    clock,
    write: (body, count) =>
      ledger.append([
        { kind: 'call.refused', actor: `address:${body.from}`, subject: 'calls', body: { ...body, count } },
      ]),
    others: () => ({ from: 'many', why: 'several' }),
  })
  closing.add('the refusals of calls', lines.close)
  return (refused) => lines.add([networkOf(refused.from), refused.why].join('\n'), refused)
}

type Closes = { close(): unknown }
function closeInTurn(
  closing: CallNeeds['closing'],
  { cutOff, care, sounds, desk }: Record<'cutOff' | 'desk', Closes> & Record<'care' | 'sounds', { stop(): unknown }>,
): void {
  closing.add('the voice edge', care.stop)
  closing.add('the calls', sounds.stop)
  // Closed first: what ends from here on ends because this server does, and nobody is called back by it.
  closing.add('the calling back', cutOff.close)
  closing.add('the call desk', desk.close)
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
  const room = openRoom(needs, book, recordings)
  const { said, phrases, desk, care, sounds, health, reached, heardNow, cutOff, tones } = room
  let cut: Call[] = []
  return {
    voice: health.now,
    phrases,
    going: book.going,
    voiceOf: (helpPoint: HelpPointId): Registration | null =>
      said.reachAt(helpPoint) && (said.isByPbx(helpPoint) ? health.registration() : care.registrationOf(helpPoint)),
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
        // A loudspeaker is reached without the edge.
        const speaks = site.voice !== null && site.cameras.some(({ speaker }) => speaker != null)
        if (site.voice !== null && (engines !== 'never' || speaks))
          sounds.start(spoken(site.voice, logger), site.voice.pbx)
        if (!(await care.follow(site)) && !speaks) await sounds.stop()
      },
    },
    routes({ app, whoHas, socket }: Door): void {
      callRoutes(app, { ...desk, ...recordings })
      socket(CALL_SOCKET_PATH, callSocket({ whoHas, talk: desk.talk, quality: heardNow.subscribe, now: clock.now }))
    },
  }
}
