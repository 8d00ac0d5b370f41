/**
 * Calls in a thread of their own: SIP's dialogs, RTP, and the recording. A throw in a callback of a socket must not end
 * the house, and a busy house must not make voices stutter. Events of calls go to the house; sound goes over a port of
 * its own, one for each operator who talks. Not here: what a call means (call-desk).
 */
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { CallQuality, CallRecording, OneWay, Pbx } from '../glossary/call.ts'
import { realClock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { answerCalls, publishToMain, workerInput } from '../tools/process/worker-calls.ts'
import { type CallLine, type Phrase, type SoundLeg, createCallLine } from './call-line.ts'
import type { Phrases } from './call-phrases.ts'
import { openCallRecorder, settleCallRecording } from './call-recording.ts'
import {
  type Callee,
  type CancelledBy,
  type Invite,
  type PlacedCall,
  type PlacedFor,
  type SipAgent,
  type SipEvents,
  type SoundPort,
  createSipAgent,
} from './sip/sip-agent.ts'
import { type PbxLine, type PbxState, openPbxLine } from './sip/pbx-line.ts'
import { type RtpLeg, openRtpLeg } from './sip/rtp-leg.ts'
import { type SpeakerAddress, SpeakerRefused, openLoudspeaker } from './speaker/loudspeaker.ts'
import { type TrialOutcome, createToneTrials } from './tone/tone-trials.ts'

export type CallNews =
  | ({ news: 'invited' } & Invite)
  | { news: 'registered'; registered: boolean }
  | { news: 'pbx'; state: PbxState }
  | { news: 'cancelled'; sip: string; by: CancelledBy }
  | { news: 'hung-up'; sip: string; lost: boolean }
  | { news: 'both'; sip: string; owner: string }
  | { news: 'lost'; sip: string; owner: string; why: 'silent' | 'gone' }
  | { news: 'announced'; sip: string }
  /** A third party has hung up, or its line is gone. */
  | { news: 'party-gone'; sip: string; party: string; lost: boolean }
  | { news: 'quality'; sip: string; quality: CallQuality }
  | { news: 'recorded'; sip: string; recording: CallRecording }
  | { news: 'error'; words: string }
/** Whom the room calls. */
export type Called = Callee | SpeakerAddress
export type CallThreadInput = { phrases: Phrases }

const TICK_MS = 10
const ANSWERED = 200
const GAVE_WAY = 487
const BUSY_THERE = 486
const NOT_THERE = 480
const WRITE_EVERY_MS = 1000

let { phrases } = workerInput<CallThreadInput>()
const say = (news: CallNews): void => publishToMain(news)
const onError = (words: string): void => say({ news: 'error', words })
// A promise of the SIP library that nobody holds must not end everybody's calls.
process.on('unhandledRejection', (error) => onError(messageOf(error)))
const lines = new Map<string, CallLine>()
/** Third parties, each with its own dialog: the call that it is of, and its sound once there is one. */
const parties = new Map<string, { of: string; leg: RtpLeg | null }>()
let agent: SipAgent | null = null
const trials = createToneTrials(() => agent)
let wroteAt = 0
/** Runs while there is a call. */
let ticking: ReturnType<typeof setInterval> | undefined

let running = 0
const tickOn = (): void => void (ticking ??= setInterval(tick, TICK_MS))
function tickOff(): void {
  if (lines.size + running > 0) return
  clearInterval(ticking)
  ticking = undefined
}
function lineOver(sip: string, leg: SoundLeg, hears = true): CallLine {
  const line = createCallLine({
    leg,
    hears,
    phrases: () => phrases,
    now: realClock.now,
    tell(news) {
      if ('both' in news) say({ news: 'both', sip, owner: news.both })
      else if ('lost' in news) say({ news: 'lost', sip, owner: news.lost, why: news.why })
      else if ('quality' in news) say({ news: 'quality', sip, quality: news.quality })
      else if ('gone' in news) void probe(sip)
      else if ('partyGone' in news) void probeParty(news.partyGone)
      else say({ news: 'announced', sip })
    },
  })
  lines.set(sip, line)
  tickOn()
  return line
}
const ownSound = ({ port, reportPort }: RtpLeg) => ({ address: '127.0.0.1', port, reportPort })
/** A call's sound; opened with its first description, before it is answered. */
async function openLine(sip: string): Promise<{ line: CallLine; leg: RtpLeg }> {
  let onPacket: CallLine['toRoom'] = () => {}
  let onReport: CallLine['heardThere'] = () => {}
  const leg = await openRtpLeg(
    '127.0.0.1',
    (packet) => onPacket(packet),
    (report) => onReport(report),
  )
  const line = lineOver(sip, leg)
  onPacket = line.toRoom
  onReport = line.heardThere
  return { line, leg }
}
/** Calls that are spoken through a camera. */
const speakers = new Set<string>()
/** Loudspeakers that are asked for, and not there yet. */
const opening = new Map<string, AbortController>()
/** The line to a camera's loudspeaker. Resolves once the camera takes sound, or does not. */
async function openSpeakerLine(sip: string, at: SpeakerAddress): Promise<PlacedCall & { why?: string }> {
  const asked = new AbortController()
  opening.set(sip, asked)
  try {
    const leg = await openLoudspeaker(at, asked.signal, () => speakerGone(sip))
    if (asked.signal.aborted) {
      leg.close()
      return { status: GAVE_WAY, from: '', rang: false }
    }
    speakers.add(sip)
    lineOver(sip, leg, false)
    return { status: ANSWERED, from: '', rang: false }
  } catch (error) {
    if (!(error instanceof SpeakerRefused)) throw error
    const status = asked.signal.aborted ? GAVE_WAY : error.busy ? BUSY_THERE : NOT_THERE
    return { status, from: '', rang: false, why: error.message }
  } finally {
    opening.delete(sip)
  }
}
function speakerGone(sip: string): void {
  say({ news: 'hung-up', sip, lost: true })
  void closeLine(sip)
}
/** One that lost its power says no goodbye: asked, and not there, its call is over. */
async function probe(sip: string): Promise<void> {
  if ((await agent?.probe(sip)) !== false) return
  await agent?.hangUp(sip)
  say({ news: 'hung-up', sip, lost: true })
  await closeLine(sip)
}
async function probeParty(party: string): Promise<void> {
  if ((await agent?.probe(party)) !== false) return
  // Told first: hanging up closes its sound, and then it is nobody's.
  partyGone(party, true)
  await agent?.hangUp(party)
}
function partyGone(party: string, lost: boolean): void {
  const of = closeParty(party)
  if (of !== null) say({ news: 'party-gone', sip: of, party, lost })
}
/** @returns the call that it was of; null: it is none, or was closed before */
function closeParty(party: string): string | null {
  const mine = parties.get(party)
  if (!mine) return null
  parties.delete(party)
  lines.get(mine.of)?.part(party)
  mine.leg?.close()
  return mine.of
}
/** The sound of a third party; its dialog has asked for it. */
async function openParty(party: string): Promise<SoundPort> {
  const leg = await openRtpLeg('127.0.0.1', (packet) => {
    const mine = parties.get(party)
    if (mine) lines.get(mine.of)?.fromParty(party, packet)
  })
  const mine = parties.get(party)
  if (mine) mine.leg = leg
  else leg.close()
  return { ...ownSound(leg), remote: leg.sendTo, close: () => void closeParty(party) }
}
async function closeLine(sip: string): Promise<void> {
  const line = lines.get(sip)
  lines.delete(sip)
  speakers.delete(sip)
  for (const [party, { of }] of parties) {
    if (of !== sip) continue
    closeParty(party)
    void agent?.hangUp(party)
  }
  tickOff()
  try {
    const recording = await line?.close()
    if (recording) say({ news: 'recorded', sip, recording })
  } catch (error) {
    onError(`the recording of a call could not be finished: ${messageOf(error)}`)
  }
}
function tick(): void {
  const now = performance.now()
  for (const line of lines.values()) line.tick(now)
  trials.tick(now)
  if (now - wroteAt < WRITE_EVERY_MS) return
  wroteAt = now
  for (const line of lines.values())
    line.write().catch((error: unknown) => onError(`a call is not recorded: ${messageOf(error)}`))
}

let doors: Promise<void> = Promise.resolve()
/** The edge has another door than before, or none: calls through the old door are over, and the house is told. */
async function reach(door: Door | null): Promise<void> {
  // Nobody's calls wait for a PBX that does not answer.
  leavePbx()
  await agent?.close()
  doorNow = door
  agent = door && createSipAgent(door, sipEvents)
  register()
}
type Door = { port: number; secret: string }
let doorNow: Door | null = null
/** The PBX that the site has; null: none. */
let pbx: Pbx | null = null
let atPbx: { line: PbxLine; as: string } | null = null
function leavePbx(): void {
  const old = atPbx?.line
  atPbx = null
  if (!old) return
  say({ news: 'pbx', state: { registered: false, why: null } })
  old.close().catch((error: unknown) => onError(messageOf(error)))
}
/** As the extension that the site file names, at the door that is there now. */
function register(): void {
  const as = JSON.stringify(pbx)
  if (atPbx?.as === as) return
  leavePbx()
  if (doorNow && pbx)
    atPbx = { line: openPbxLine(doorNow, pbx, (state) => atPbx?.as === as && say({ news: 'pbx', state })), as }
}
const sipEvents: SipEvents = {
  onRegistered: (registered) => say({ news: 'registered', registered }),
  onInvite: (invite) => say({ news: 'invited', ...invite }),
  onCancelled(sip, by) {
    say({ news: 'cancelled', sip, by })
    void closeLine(sip)
  },
  onHungUp(sip, lost) {
    if (trials.has(sip)) trials.hungUp(sip, lost)
    else if (parties.has(sip)) partyGone(sip, lost)
    else {
      say({ news: 'hung-up', sip, lost })
      void closeLine(sip)
    }
  },
  async openSound(sip) {
    if (trials.has(sip)) return trials.openSound(sip)
    if (parties.has(sip)) return openParty(sip)
    const { line, leg } = await openLine(sip)
    return { ...ownSound(leg), remote: line.remote, close: () => void closeLine(sip) }
  },
  onError,
}

async function record(
  sip: string,
  line: CallLine,
  file: string,
  startedAt: number,
  sides: readonly OneWay[] = ['in', 'out'],
): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const recorder = await openCallRecorder(file, startedAt, sides)
    if (lines.get(sip) !== line) {
      // Over before there was a file.
      await recorder.close(startedAt)
      await settleCallRecording(file)
      return void (await rm(file, { force: true }))
    }
    line.record(recorder)
  } catch (error) {
    onError(`a call is not recorded: ${messageOf(error)}`)
  }
  return undefined
}

/** @throws when it is gone */
function atTheEdge(): SipAgent {
  if (!agent) throw new Error('the edge is gone')
  return agent
}

const calls = {
  /** Where the edge is; null: there is none now. */
  door(door: Door | null): Promise<void> {
    doors = doors.then(() => reach(door)).catch((error: unknown) => onError(messageOf(error)))
    return doors
  },
  /** Whose extension this is; null: nobody's. */
  extension(of: Pbx | null): void {
    pbx = of
    register()
  },
  /** The site says other ones. */
  setPhrases: (now: Phrases): void => void (phrases = now),
  ring: async (sip: string): Promise<void> => agent?.ring(sip),
  /** @param file of the recording; null: it is not recorded. @throws when the call has ended meanwhile */
  async answer(sip: string, file: string | null): Promise<void> {
    if (!agent) throw new Error('the edge is gone')
    await agent.answer(sip)
    const line = lines.get(sip)
    if (!line) throw new Error('this call has ended')
    const startedAt = line.up()
    // A disk that is slow or full must not cost the conversation.
    if (file !== null) void record(sip, line, file, startedAt)
  },
  /**
   * Calls a help point, a telephone outside, or a camera's loudspeaker. Resolves when it is answered, or is not.
   * @param file of the recording; null: it is not recorded
   */
  async place(sip: string, whom: Called, why: PlacedFor, file: string | null): Promise<PlacedCall & { why?: string }> {
    const placed = await ('url' in whom ? openSpeakerLine(sip, whom) : atTheEdge().place(sip, whom, why))
    const line = lines.get(sip)
    if (placed.status !== ANSWERED) await closeLine(sip)
    else if (!line) throw new Error('this call has ended')
    else {
      const startedAt = line.up()
      // Nothing comes from a loudspeaker, and so nothing of it is missing.
      if (file !== null) void record(sip, line, file, startedAt, 'url' in whom ? ['out'] : ['in', 'out'])
    }
    return placed
  },
  /**
   * Calls a telephone outside, to speak with the caller and the operator. Resolves when it is answered, or is not.
   * @param party the Call-ID that it will have
   */
  async addParty(sip: string, party: string, callee: Callee, why: PlacedFor): Promise<PlacedCall> {
    if (!agent) throw new Error('the edge is gone')
    if (!lines.has(sip)) throw new Error('this call has ended')
    parties.set(party, { of: sip, leg: null })
    let status = 0
    try {
      const placed = await agent.place(party, callee, why)
      const leg = parties.get(party)?.leg
      if (placed.status === ANSWERED && !leg) {
        // Sent away, or the call has ended, while it was answered.
        await agent.hangUp(party)
        return { ...placed, status: GAVE_WAY }
      }
      status = placed.status
      if (status === ANSWERED && leg) lines.get(sip)?.join(party, leg)
      return placed
    } finally {
      if (status !== ANSWERED) closeParty(party)
    }
  },
  /** It is called no more, or hung up on. */
  async dropParty(party: string): Promise<void> {
    closeParty(party)
    await agent?.hangUp(party)
  },
  /** Tries a help point's loudspeaker and microphone by a tone. @param sip the Call-ID that it will have */
  async tryTone(sip: string, user: string): Promise<TrialOutcome> {
    running += 1
    tickOn()
    try {
      return await trials.run(sip, user)
    } finally {
      running -= 1
      tickOff()
    }
  },
  /** Somebody needs that help point: the trial ends. */
  giveUpTone: (sip: string): Promise<void> => trials.giveUp(sip),
  /** Keys of a telephone: beside the sound where the help point takes them, else by SIP's INFO. */
  async keys(sip: string, text: string): Promise<boolean> {
    if (lines.get(sip)?.sendKeys(text)) return true
    return (await agent?.keys(sip, text)) ?? false
  },
  refuse: async (sip: string, status: number): Promise<void> => {
    await agent?.refuse(sip, status)
    await closeLine(sip)
  },
  hangUp: async (sip: string): Promise<void> => {
    opening.get(sip)?.abort()
    await agent?.hangUp(sip)
    await closeLine(sip)
  },
  talk(sip: string, owner: string, port: MessagePort): void {
    const line = lines.get(sip)
    if (line) line.talk(owner, port)
    else port.close()
  },
  endTalk: (sip: string): void => lines.get(sip)?.endTalk(),
  play: (sip: string, phrase: Phrase | null): void => lines.get(sip)?.play(phrase),
  async close(): Promise<void> {
    trials.close()
    for (const asked of opening.values()) asked.abort()
    // Nobody else says that these are over: the edge knows nothing of them.
    for (const sip of speakers) say({ news: 'hung-up', sip, lost: true })
    await Promise.all([agent?.close(), atPbx?.line.close()])
    agent = null
    await Promise.all([...lines.keys()].map(closeLine))
  },
}
export type CallThreadCalls = typeof calls
answerCalls(calls)
