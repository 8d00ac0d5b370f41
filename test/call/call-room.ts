/** A call desk with a book, a ledger in memory and lines that only write down what they were asked. */
import { createCallBook } from '../../server/call/call-book.ts'
import { createCallRecordings } from '../../server/call/call-recordings.ts'
import { type CallDeskOptions, type CallSettings, createCallDesk } from '../../server/call/call-desk.ts'
import type { PlacedCall } from '../../server/call/sip/sip-agent.ts'
import type { CallNews } from '../../server/call/call-thread.ts'
import type { Call, Trunk } from '../../server/glossary/call.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, PressId } from '../../server/glossary/press.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

export const INVITE = {
  news: 'invited',
  sip: 'a84b4c76e66710' as string,
  user: 'hp01',
  from: 'udp:10.1.2.3:5060',
  secured: false,
  byPbx: false,
  noSound: false,
} as const
const TRUNK: Trunk = {
  host: 'trunk.example',
  port: null,
  transport: 'udp',
  username: 'council',
  password: 'secret',
  ca: null,
  callerId: '01325000000',
  address: null,
}
const SETTINGS: CallSettings = {
  answer: 'operator',
  desk: 'sip:desk@10.0.0.9',
  noAnswerMs: 30_000,
  recorded: true,
  announcement: [],
  phrases: [],
}

/** @param change of what the site file says; null: it has no voice */
export function createCallRoom(change: Partial<CallSettings> | null = {}) {
  const clock = createFakeClock()
  const book = createCallBook()
  const ledger = createFakeLedger(clock.now, book.apply)
  const asked: string[] = []
  const errors: unknown[] = []
  const presses: string[] = []
  let owner: string | null = null
  let reachable = true
  let autoAnswer: boolean | null = null
  let closed = false
  let takesKeys = true
  let simulated = false
  let kind: Incident['kind'] = 'press'
  let partyAnswers: (party: string) => Promise<PlacedCall> = () => new Promise(() => {})
  let answers: () => Promise<void> = () => Promise.resolve()
  let places: (sip: string) => Promise<PlacedCall & { why?: string }> = () => new Promise(() => {})
  let accepts: (id: string) => Promise<void> = () => Promise.resolve()
  const incident = 'inc-1' as IncidentId
  const write = (what: string): Promise<void> => {
    asked.push(what)
    return Promise.resolve()
  }
  const load = async (): Promise<Incident> =>
    ({
      id: incident,
      helpPoint: 'point-hp01',
      kind,
      owner,
      state: closed ? 'closed' : owner === null ? 'open' : 'acknowledged',
    }) as Incident
  const recordings = createCallRecordings({
    clock,
    book,
    append: ledger.append,
    dataFolder: '/data',
    incidents: { load, clipsOf: () => 1 },
    onError: (error) => errors.push(error),
  })
  const options: CallDeskOptions = {
    clock,
    book,
    append: ledger.append,
    line: {
      place(sip, whom, why, file) {
        const whose =
          'user' in whom ? `${whom.user}${whom.asked ? '' : ', not asked'}` : 'url' in whom ? whom.url : whom.number
        const recorded = file === null ? ' unrecorded' : ''
        return write(`place ${whose}${recorded}${why === 'person' ? '' : ` for a ${why}`}`).then(() => places(sip))
      },
      ring: (sip) => write(`ring ${sip}`),
      answer: (sip, file) => write(`answer ${sip}${file === null ? ' unrecorded' : ''}`).then(() => answers()),
      refuse: (sip, status) => write(`refuse ${sip} ${status}`),
      hangUp: (sip) => write(`hang up ${sip}`),
      talk: (sip, who) => write(`talk ${sip} ${who}`),
      endTalk: (sip) => write(`end talk ${sip}`),
      keys: (sip, text) => write(`keys ${sip} ${text}`).then(() => takesKeys),
      addParty: (sip, party, callee, why) =>
        write(`add ${'number' in callee ? callee.number : callee.user} to ${sip} for a ${why}`).then(() =>
          partyAnswers(party),
        ),
      dropParty: (party) => write(`drop ${party}`),
      play: (sip, phrase) => write(`play ${sip} ${phrase ?? 'nothing'}`),
    },
    keysOf: (): Record<string, string> => ({ gate: '1#' }),
    telephoneOf: (contact) =>
      contact === 'desk-only' ? null : { id: contact, name: `The ${contact}`, number: '101', trunk: TRUNK },
    speakerOf: (camera) => (camera === 'cam-31' ? { url: 'rtsp://10.0.4.31/stream', basic: false } : null),
    drillsOnly: () => simulated,
    phrases: () => [{ id: 'help-coming', name: null, languages: ['en', 'pl'] }],
    settings: () => change && { ...SETTINGS, ...change },
    reachOf: (helpPoint) => {
      const user = /^point-(hp0\d)$/.exec(helpPoint)?.[1]
      return user === undefined || !reachable ? null : { user, autoAnswer }
    },
    helpPointOf: (user) => (/^hp0\d$/.test(user) ? (`point-${user}` as HelpPointId) : null),
    async accept({ key }) {
      await accepts(key)
      presses.push(key)
      const receipt = { press: `prs-${presses.length}` as PressId, incident, receivedAt: '2026-11-20T22:30:00.000Z' }
      return { receipt }
    },
    incidents: {
      load,
      openAt: (helpPoint) => (helpPoint === 'point-hp01' ? incident : null),
      taking(id, name, actor, from) {
        if (owner !== null && owner !== name && from !== owner)
          throw new Failure('incident/taken', `${owner} has it`, { extra: { owner } })
        if (owner === name) return null
        owner = name
        return { kind: 'incident.acknowledged', actor, subject: id, body: { incident: id as IncidentId, owner: name } }
      },
    },
    recordings,
    onQuality: () => {},
    onRegistered: () => {},
    onPbx: () => {},
    onError: (error) => errors.push(error),
  }
  const desk = createCallDesk(options)
  const settle = (): Promise<void> => clock.advance(0)
  return {
    clock,
    book,
    ledger,
    desk,
    recordings,
    asked,
    errors,
    presses,
    settle,
    kinds: (): string[] => ledger.entries.map(({ kind }) => kind),
    isSimulated: (): void => void (simulated = true),
    isDrill: (): void => void (kind = 'drill'),
    whenAdded: (then: typeof partyAnswers): void => void (partyAnswers = then),
    isReachable: (so: boolean): void => void (reachable = so),
    answersByItself: (so: boolean): void => void (autoAnswer = so),
    takesNoKeys: (): void => void (takesKeys = false),
    isClosed: (): void => void (closed = true),
    ownedBy: (name: string | null): void => void (owner = name),
    incidentOwner: (): string | null => owner,
    whenPlaced: (then: typeof places): void => void (places = then),
    whenAnswering: (then: () => Promise<void>): void => void (answers = then),
    whenPressed: (then: (key: string) => Promise<void>): void => void (accepts = then),
    async tell(news: CallNews): Promise<void> {
      desk.heard(news)
      await settle()
      await settle()
    },
    /** The newest call, as the API shows it. */
    call(): Call {
      const [newest] = desk
        .list()
        .toReversed()
        .sort((a, b) => b.ringingAt.localeCompare(a.ringingAt))
      if (!newest) throw new Error('there is no call')
      return desk.view(newest.id)
    },
  }
}
