/**
 * What the room does with calls: each is a press first, rings when the press is on disk, belongs to the one who takes
 * it, and is offered to all again when that person is lost. Not here: SIP and sound (call-thread), state (call-book),
 * who asks (call-routes, call-socket).
 */
import { createHash } from 'node:crypto'
import type { MessagePort } from 'node:worker_threads'
import type { Call, CallEnd, CallId, CallQuality, CallRecording, HelpPointVoice, VoiceSite } from '../glossary/call.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Draft } from '../glossary/ledger.ts'
import type { HelpPointId, Receipt } from '../glossary/press.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import type { CallBook } from './call-book.ts'
import { aboutCall, otherOf } from './call-drafts.ts'
import { createOutgoingCalls } from './call-outgoing.ts'
import { type OutsideTelephone, createCallParties, hasJoined } from './call-parties.ts'
import { type OfferedPhrase, sayName } from './call-phrases.ts'
import type { PbxState } from './sip/pbx-line.ts'
import type { CallNews, CallThreadCalls } from './call-thread.ts'
import type { SpeakerAddress } from './speaker/loudspeaker.ts'

type LineCalls =
  'ring' | 'answer' | 'place' | 'refuse' | 'hangUp' | 'talk' | 'endTalk' | 'play' | 'keys' | 'addParty' | 'dropParty'
/** What the thread of calls does, asked from here. */
type Line = {
  [Name in LineCalls]: (
    ...args: Parameters<CallThreadCalls[Name]>
  ) => Promise<Awaited<ReturnType<CallThreadCalls[Name]>>>
}
export type CallSettings = Pick<VoiceSite, 'answer' | 'desk' | 'noAnswerMs' | 'recorded' | 'announcement' | 'phrases'>
export type CallDeskOptions = {
  clock: Clock
  book: CallBook
  append: Append
  line: Line
  /** Null where the site has no voice any more. */
  settings(): CallSettings | null
  /** Whose calls come from this SIP user. */
  helpPointOf(user: string, byPbx: boolean): HelpPointId | null
  /** By which name a help point is called now; null: it is not registered at the edge. */
  reachOf(helpPoint: string): ({ user: string } & Pick<HelpPointVoice, 'autoAnswer'>) | null
  /** The loudspeaker of a camera; null: the site file names none, or its stream is not known yet. */
  speakerOf(camera: string): SpeakerAddress | null
  /** Keys that the site file names for it, by name. */
  keysOf(helpPoint: string): Readonly<Record<string, string>>
  /** The telephone of a contact, by the site's trunk; null: it has none. */
  telephoneOf(contact: string): OutsideTelephone | null
  /** What an operator may have said; only what can be played. */
  phrases(): OfferedPhrase[]
  /** A simulated town: nobody outside is called. */
  drillsOnly(): boolean
  accept(arrival: {
    helpPoint: string
    key: string
    sameForMs: number
    pressedAt: null
    kind: 'press'
    source: 'sip'
    by: string
  }): Promise<{ receipt: Receipt }>
  incidents: {
    load(id: string): Promise<Incident>
    /** The newest that is open; null: none is. */
    openAt(helpPoint: string): IncidentId | null
    /** @throws incident/taken, incident/closed */
    taking(id: string, owner: string, actor: string, from: string | null): Draft | null
  }
  recordings: {
    fileOf(call: CallId): string
    /** The file is whole. */
    written(call: Call, recording: CallRecording): Promise<void>
  }
  onQuality(call: CallId, quality: CallQuality): void
  onRegistered(registered: boolean): void
  onPbx(state: PbxState): void
  onError(error: unknown): void
}

/**
 * For how long an equal Call-ID means the same press: a retransmission comes within 32 seconds (RFC 3261 timer B), a
 * fork within the ring. Another press of the button is another Call-ID.
 */
export const SAME_CALL_MS = 10 * 60_000
const LONGEST_NAME = 200
/** Status codes that the edge hears: it goes on to the desk. */
const UNAVAILABLE = 480
const UNKNOWN = 404
/** The edge asks nobody else: the person is spoken with in another call. */
const DECLINED = 603
/** So long a page may take from taking a call to talking in it. */
const TALKS_WITHIN_MS = 8000
/** A call on hold whose operator speaks in none: they may write a note before they go on with it. */
const HELD_ALONE_MS = 60_000

/** What is known of a call only while it goes on, beside what the ledger has. */
type Going = {
  /** SIP's own name of it, Call-ID. */
  sip: string
  /** Null until somebody, or the announcement, answers; resolves when the line is up. */
  answering: Promise<void> | null
  quality: CallQuality | null
  /** The owner's page is in its sound. */
  talks: boolean
  /** Runs while the owner's page is expected in its sound. */
  pageDue: AbortController | null
  /** Runs while somebody is expected to take it. */
  takingDue: AbortController | null
  /** Its owner was lost, or gave it back: whoever accepts the call takes over its incident, too. */
  wasLost: boolean
  /** The PBX has brought it, and rings others when it is not taken here. */
  byPbx: boolean
}

const begun = (sip: string, byPbx = false): Going => ({
  byPbx,
  sip,
  answering: null,
  quality: null,
  talks: false,
  pageDue: null,
  takingDue: null,
  wasLost: false,
})
/** Whom the room calls has not answered yet: there is nobody to be offered to anybody. */
const isBeingCalled = ({ direction, line }: Call): boolean => direction === 'out' && line === 'early'
/** Nobody waits at a loudspeaker: without its operator the call is over. */
const isLoudspeaker = ({ camera }: Call): boolean => camera !== null

/** What a caller hears while nobody talks with them. */
const announcementOf = ({ recorded }: Call) => (recorded ? 'waiting' : 'waiting-unrecorded')

export function createCallDesk(options: CallDeskOptions) {
  const { clock, book, append, line, settings, helpPointOf, accept, incidents, recordings, onError } = options
  const stopped = new AbortController()
  /** Invited, and not yet on disk; with what became of them meanwhile. */
  const arriving = new Map<string, { end: CallEnd | null }>()
  /** The call of each of SIP's own names, until its recording is whole. */
  const nameOf = new Map<string, CallId>()
  const goings = new Map<CallId, Going>()

  const view = (call: Call): Call => ({ ...call, quality: goings.get(call.id)?.quality ?? null })
  const quietly = (work: Promise<unknown>): void => void work.catch(onError)
  const write = (drafts: readonly Draft[]): Promise<unknown> => append(drafts).durable
  /** Does `then` after so long, unless it is given up before. */
  function after(ms: number, then: () => Promise<unknown>): AbortController {
    const mine = new AbortController()
    const signal = AbortSignal.any([mine.signal, stopped.signal])
    quietly(clock.sleep(ms, signal).then(() => (signal.aborted ? undefined : then())))
    return mine
  }
  /** @throws call/ended with how */
  function going(id: string): Call {
    const call = book.get(id)
    if (call.state === 'ended')
      throw new Failure('call/ended', 'This call is over.', { extra: { end: call.end, endedAt: call.endedAt } })
    return call
  }
  /** @throws call/ended, call/not-yours with the owner's name */
  function mine(id: string, name: string): Call {
    const call = going(id)
    if (call.owner !== name)
      throw new Failure(
        'call/not-yours',
        call.owner === null
          ? 'Nobody has taken this call yet: take it first.'
          : `${call.owner} has this call, not you.`,
        { extra: { owner: call.owner } },
      )
    return call
  }
  const sipOf = (call: Call): string => goings.get(call.id)?.sip ?? ''
  /** The owner's page is in its sound, or will be: it is not lost. */
  const hasPage = ({ id }: Pick<Call, 'id'>): boolean => {
    const going = goings.get(id)
    const call = book.find(id)
    // While the help point rings, there is nothing to say.
    return going !== undefined && (going.talks || going.pageDue !== null || (call !== null && isBeingCalled(call)))
  }

  /** @param why in words for the operator */
  function end(call: Call, how: CallEnd, why?: string): Promise<unknown> {
    const going = goings.get(call.id)
    const seconds = Math.max(0, Math.round((clock.now() - Date.parse(call.ringingAt)) / 1000))
    const lossPercent = going?.quality?.lossPercent ?? 0
    const written = write([aboutCall(call, 'call.ended', { end: how, seconds, lossPercent, ...(why ? { why } : {}) })])
    going?.pageDue?.abort()
    going?.takingDue?.abort()
    // Nothing was recorded of a call that nobody has answered.
    if (going && !(call.recorded && going.answering)) nameOf.delete(going.sip)
    goings.delete(call.id)
    watchHeld(call.owner)
    return written
  }
  /** Calls that a person holds while they speak in none: no page of theirs is there that would be missed. */
  function watchHeld(owner: string | null): void {
    const theirs = owner === null ? [] : book.going().filter((each) => each.owner === owner)
    if (owner === null || theirs.some(hasPage)) return
    for (const call of theirs) if (call.held) expectPage(call, owner, HELD_ALONE_MS)
  }
  /** The room has it again: everybody's wall rings, and the caller hears the announcement. */
  function offerAgain(call: Call, why: string, owner: string): Promise<unknown> {
    if (isLoudspeaker(call)) return hangUpFor(call)
    const going = goings.get(call.id)
    if (going) {
      going.pageDue?.abort()
      Object.assign(going, { pageDue: null, talks: false, wasLost: true })
    }
    const lost = aboutCall(call, 'call.lost', { owner, why })
    quietly(line.endTalk(sipOf(call)))
    return offer(call, [lost])
  }
  /** Ends the call as one that the operator has hung up. */
  function hangUpFor(call: Call): Promise<unknown> {
    const sip = sipOf(call)
    return Promise.all([end(call, 'operator-hung-up'), line.hangUp(sip)])
  }
  /** Nobody speaks with the caller: everybody is asked. */
  function offer(call: Call, before: readonly Draft[] = []): Promise<unknown> {
    const written = write([...before, aboutCall(call, 'call.offered', {})])
    quietly(line.play(sipOf(call), announcementOf(call)))
    expectTaking(call.id)
    return written
  }
  /** Who has taken it must talk soon; a page that cannot is no operator. */
  function expectPage({ id }: Call, owner: string, withinMs = TALKS_WITHIN_MS): void {
    const going = goings.get(id)
    if (!going) return
    going.pageDue?.abort()
    going.pageDue = after(withinMs, async () => {
      const call = book.get(id)
      if (call.owner === owner) await offerAgain(call, 'the page does not talk', owner)
    })
  }
  /** Answers the call, once. The line stays up from then on, also while nobody speaks. */
  function answer(call: Call): Promise<void> {
    const going = goings.get(call.id)
    if (!going) return Promise.reject(new Error('it has ended'))
    going.answering ??= line
      .answer(going.sip, call.recorded ? recordings.fileOf(call.id) : null)
      .then(() => {
        if (!goings.has(call.id)) return
        quietly(write([aboutCall(call, 'call.answered', {})]))
        // Never silence: the operator's first sound ends it.
        if (!going.talks) quietly(line.play(going.sip, announcementOf(call)))
      })
      .catch((error: unknown) => {
        going.answering = null
        throw error
      })
    return going.answering
  }
  /** The operator leaves; the caller and the third parties speak on, and are recorded. */
  function leave(call: Call, name: string, actor: string): Draft[] {
    const going = goings.get(call.id)
    going?.pageDue?.abort()
    if (going) Object.assign(going, { pageDue: null, talks: false, wasLost: true })
    quietly(line.endTalk(sipOf(call)))
    return [aboutCall(call, 'call.operator-left', { by: name }, actor)]
  }
  /** A person speaks in one call: the others that they have wait, or go back to the room. */
  function holdOthers(name: string, actor: string, but: CallId): Draft[] {
    return book
      .going()
      .filter(({ owner, held, id }) => owner === name && !held && id !== but)
      .flatMap((other) => {
        if (isBeingCalled(other) || isLoudspeaker(other)) {
          quietly(hangUpFor(other))
          return []
        }
        if (other.state !== 'connected') {
          quietly(offerAgain(other, 'another call was taken', name))
          return []
        }
        // The caller speaks with somebody: they are left together, and nobody waits.
        if (hasJoined(other)) return leave(other, name, actor)
        quietly(line.play(sipOf(other), 'hold'))
        return [aboutCall(other, 'call.held', { by: name, on: true }, actor)]
      })
  }

  /**
   * Some devices call eight times for one press. Whoever accepts one of these speaks with the person; what else rings
   * from there is over, and no desk telephone rings for it.
   */
  function endTwins({ id, helpPoint }: Call): void {
    if (helpPoint === null) return
    for (const twin of book.going()) {
      if (twin.helpPoint !== helpPoint || twin.id === id || twin.line !== 'early' || twin.direction === 'out') continue
      const sip = sipOf(twin)
      quietly(end(twin, 'answered-elsewhere'))
      quietly(line.refuse(sip, DECLINED))
    }
  }

  async function invited({
    sip,
    user,
    from,
    secured,
    byPbx,
    noSound,
  }: Extract<CallNews, { news: 'invited' }>): Promise<void> {
    const set = settings()
    const helpPoint = helpPointOf(user, byPbx)
    if (set === null || helpPoint === null) {
      await line.refuse(sip, UNKNOWN)
      return
    }
    const coming: { end: CallEnd | null } = { end: null }
    arriving.set(sip, coming)
    const id = newId<CallId>('cal', clock.now())
    try {
      const name = sip.length > LONGEST_NAME ? createHash('sha256').update(sip).digest('hex') : sip
      const { receipt } = await accept({
        helpPoint,
        key: `sip:${name}`,
        sameForMs: SAME_CALL_MS,
        pressedAt: null,
        kind: 'press',
        source: 'sip',
        by: helpPoint,
      })
      const { incident } = receipt
      // Nobody leads the town: whoever takes over hears the press, and this call cannot be carried on here.
      if (incident === null)
        throw new Failure('town/changing-hands', 'The town is changing hands: the call is not taken.')
      nameOf.set(sip, id)
      goings.set(id, begun(sip, byPbx))
      // Others of the PBX answer; a help point that calls the edge itself has nobody but us.
      const elsewhere = set.answer === 'never' && byPbx
      await write([
        aboutCall(
          { id, incident },
          'call.ringing',
          {
            helpPoint,
            sip: name,
            from,
            secured,
            recorded: set.recorded && !elsewhere,
            ...(elsewhere ? { elsewhere: true as const } : {}),
          },
          `help-point:${helpPoint}`,
        ),
      ])
    } catch (error) {
      onError(error)
      arriving.delete(sip)
      // No 180 was sent: the edge goes on to the desk, and a person answers. What the book has already is over.
      const begun = book.find(id)
      if (begun) quietly(end(begun, unanswered(begun)))
      nameOf.delete(sip)
      goings.delete(id)
      await line.refuse(sip, UNAVAILABLE)
      return
    }
    arriving.delete(sip)
    const call = book.get(id)
    if (coming.end !== null) {
      await end(call, coming.end === 'forwarded' ? unanswered(call) : coming.end)
      return
    }
    if (noSound) {
      await giveAway(call)
      return
    }
    await line.ring(sip)
    // Who answers is at another telephone of the PBX, and so is who is called when nobody does.
    if (call.answeredHere) expectTaking(id)
    if (set.answer === 'at-once') await answer(book.get(id))
  }
  /** Somebody must take it soon, as the site file says. */
  function expectTaking(id: CallId): void {
    const set = settings()
    const going = goings.get(id)
    if (!set || !going) return
    going.takingDue?.abort()
    going.takingDue = after(set.noAnswerMs, () => nobodyTakes(id, set.desk))
  }
  /** One that rings goes where it would have gone without us: to the desk, or to the others of the PBX. */
  function giveAway(call: Call): Promise<unknown> {
    const sip = sipOf(call)
    return Promise.all([end(call, unanswered(call)), line.refuse(sip, UNAVAILABLE)])
  }
  const unanswered = ({ id }: Call): CallEnd => (goings.get(id)?.byPbx ? 'back-to-pbx' : 'forwarded')
  async function nobodyTakes(id: CallId, desk: string): Promise<void> {
    const waits = (): Call | null => {
      const call = book.get(id)
      return call.owner === null && call.state !== 'ended' ? call : null
    }
    const call = waits()
    if (!call) return
    // Whom the room has called, and nobody of the room speaks with: no line stays open for nobody, and no desk is called.
    if (call.contact !== null || call.incident === null) {
      await hangUpFor(call)
      return
    }
    // The PBX rings its others; no desk is called by us.
    const isBack = goings.get(id)?.byPbx === true && call.line === 'early'
    if (!isBack) await write([aboutCall(call, 'call.escalated', { to: desk })])
    const now = waits()
    // One whose line is up stays with the room: its screens ring on, and the caller hears the announcement.
    if (now?.line !== 'early') return
    await giveAway(now)
  }
  /**
   * Somebody's page is lost: the call that they spoke in is the room's again. One that they hold stays theirs while
   * their page is in another of their calls.
   */
  async function lost(call: Call, owner: string, why: string): Promise<void> {
    const going = goings.get(call.id)
    if (going) going.talks = false
    const others = book.going().filter((each) => each.owner === owner && each.id !== call.id)
    if (call.held && others.some(hasPage)) return
    await offerAgain(call, why, owner)
    for (const { id } of others) {
      // It may have ended, or be in another hand, by now.
      const other = book.get(id)
      if (other.owner === owner && other.held && goings.get(id)?.talks === false) await offerAgain(other, why, owner)
    }
  }

  const parties = createCallParties(options, { mine, sipOf, end, offer, quietly })
  const outgoing = createOutgoingCalls(options, {
    begin(id, answering) {
      nameOf.set(id, id)
      const begins = begun(id)
      goings.set(id, begins)
      // Its entry comes first, in the same turn.
      begins.answering = Promise.resolve().then(answering)
      begins.answering.catch(() => {})
      return begins.answering
    },
    forget: (id) => void nameOf.delete(id),
    end,
    answered(call, owner) {
      if (hasPage(call)) return
      if (owner !== null) return expectPage(call, owner)
      quietly(line.play(sipOf(call), announcementOf(call)))
      expectTaking(call.id)
    },
    holdOthers,
    quietly,
  })

  async function heard(news: CallNews): Promise<void> {
    if (news.news === 'error') return onError(new Error(`calls: ${news.words}`))
    if (news.news === 'registered') return options.onRegistered(news.registered)
    if (news.news === 'pbx') return options.onPbx(news.state)
    if (news.news === 'invited') return invited(news)
    const { sip } = news
    const id = nameOf.get(sip)
    const call = id === undefined ? null : book.find(id)
    if (news.news === 'recorded') {
      nameOf.delete(sip)
      if (call) await recordings.written(call, news.recording)
      return undefined
    }
    const coming = arriving.get(sip)
    if (news.news === 'cancelled' || news.news === 'hung-up') {
      const how: CallEnd = news.news === 'cancelled' ? news.by : news.lost ? 'line-lost' : 'caller-hung-up'
      // The lines end because this server does; the next one says so, and calls back.
      if (stopped.signal.aborted && how === 'line-lost') return undefined
      if (coming) coming.end = how
      else if (call && call.state !== 'ended') await end(call, how === 'forwarded' ? unanswered(call) : how)
      return undefined
    }
    if (!call || call.state === 'ended') return undefined
    switch (news.news) {
      case 'both': {
        if (call.owner !== news.owner || call.state === 'connected' || call.held) return undefined
        const afterMs = Math.max(0, clock.now() - Date.parse(call.takenAt ?? call.ringingAt))
        await write([aboutCall(call, 'call.connected', { by: news.owner, afterMs, ...otherOf(call) })])
        return undefined
      }
      case 'lost':
        if (call.owner !== news.owner) return undefined
        await lost(call, news.owner, news.why === 'gone' ? 'the page is gone' : 'the page sends no sound')
        return undefined
      case 'party-gone':
        return parties.gone(call, news.party, news.lost)
      case 'announced':
        if (!call.announced) await write([aboutCall(call, 'call.announced', {})])
        return undefined
      case 'quality': {
        const going = goings.get(call.id)
        const before = going?.quality?.oneWay ?? null
        const { oneWay } = news.quality
        if (going) going.quality = news.quality
        options.onQuality(call.id, news.quality)
        if (oneWay === before) return undefined
        const known = oneWay === null ? {} : { since: isoTime(clock.now()) }
        await write([aboutCall(call, 'call.one-way', { side: oneWay, ...known })])
        return undefined
      }
      default:
        return news satisfies never
    }
  }

  return {
    /** What the thread tells. */
    heard: (news: CallNews): void => quietly(heard(news)),
    view: (id: string): Call => view(book.get(id)),
    ofIncident: (incident: string): Call[] =>
      book
        .ofIncident(incident as IncidentId)
        .sort((a, b) => a.ringingAt.localeCompare(b.ringingAt))
        .map(view),
    list: (): Call[] => [...book.going(), ...book.over(100)].map(view),
    /**
     * Takes the call and its incident in one act. Another call of this person is put on hold.
     * @param takeOver out of another's hand
     * @throws call/taken, incident/taken with the owner's name, call/ended
     */
    async take(id: string, name: string, actor: string, takeOver: boolean): Promise<Call> {
      const about = going(id).incident
      const incident = about === null ? null : await incidents.load(about)
      const call = going(id)
      if (call.owner === name) return view(call)
      if (!call.answeredHere)
        throw new Failure('call/not-here', 'This call is answered at another telephone: take the incident.')
      if (isBeingCalled(call))
        throw new Failure('call/not-answered', `${call.owner ?? 'Lamppost'} is calling there; nobody has answered yet.`)
      if (isLoudspeaker(call))
        throw new Failure('call/taken', `${call.owner ?? 'Somebody'} speaks there: nobody waits at a loudspeaker.`, {
          extra: { owner: call.owner },
        })
      if (call.owner !== null && !takeOver)
        throw new Failure('call/taken', `${call.owner} has this call.`, { extra: { owner: call.owner } })
      // Whoever accepts a call whose operator was lost takes over its incident, too, also from another person.
      const from = takeOver || goings.get(call.id)?.wasLost ? (incident?.owner ?? null) : null
      const taken =
        incident === null || incident.state === 'closed' ? null : incidents.taking(incident.id, name, actor, from)
      const drafts = [
        ...(taken ? [taken] : []),
        aboutCall(call, 'call.taken', { by: name, ...(call.owner === null ? {} : { from: call.owner }) }, actor),
        ...holdOthers(name, actor, call.id),
      ]
      const sip = sipOf(call)
      const held = goings.get(call.id)
      if (call.owner !== null) {
        if (held) held.talks = false
        quietly(line.endTalk(sip))
        quietly(line.play(sip, announcementOf(call)))
      }
      const { durable } = append(drafts)
      durable.catch(() => {})
      held?.takingDue?.abort()
      expectPage(call, name)
      endTwins(call)
      // Whatever the disk does: the caller is answered.
      try {
        await answer(book.get(id))
      } catch (error) {
        const over = book.get(id)
        // What cannot be answered here may be at the desk.
        quietly(line.refuse(sip, UNAVAILABLE))
        if (over.state !== 'ended') await end(over, 'line-lost')
        throw new Failure('call/ended', `This call is over: ${messageOf(error)}.`, { extra: { end: over.end } })
      }
      await durable
      return view(book.get(id))
    },
    /** @throws as call-outgoing's */
    place: async (...wanted: Parameters<typeof outgoing.place>): Promise<Call> =>
      view(book.get(await outgoing.place(...wanted))),
    callBack: outgoing.callBack,
    /**
     * Gives it back: everybody's wall rings again. With a third party in the call, leaves the two together.
     * @throws call/not-yours, call/ended, call/not-answered
     */
    async giveBack(id: string, name: string, actor: string): Promise<Call> {
      const call = mine(id, name)
      if (isBeingCalled(call)) throw new Failure('call/not-answered', 'Nobody has answered there yet: hang up instead.')
      const isLeft = hasJoined(call) && call.state === 'connected'
      const written = isLeft ? write(leave(call, name, actor)) : offerAgain(call, 'given back', name)
      // Who waits for them on hold, and has no page of theirs any more, is the room's again.
      watchHeld(name)
      await written
      return view(book.get(id))
    },
    /** @throws call/not-yours, call/ended, call/not-answered */
    async hold(id: string, name: string, actor: string, on: boolean): Promise<Call> {
      const call = mine(id, name)
      if (call.held === on) return view(call)
      if (isLoudspeaker(call))
        throw new Failure('call/not-answered', 'Nobody waits at a loudspeaker: hang up, and speak there again later.')
      if (on && call.state !== 'connected')
        throw new Failure('call/not-answered', 'No sound has come both ways yet: there is nothing to hold.')
      const others = on ? [] : holdOthers(name, actor, call.id)
      // Its page left it for another call, and comes back.
      if (!on && !goings.get(call.id)?.talks) expectPage(call, name)
      const written = write([...others, aboutCall(call, 'call.held', { by: name, on }, actor)])
      quietly(line.play(sipOf(call), on ? 'hold' : null))
      await written
      return view(book.get(id))
    },
    /**
     * Tells the caller, in the middle of the call, that it is recorded; or says a phrase in a language.
     * @throws call/not-yours, call/ended, call/not-answered, call/no-phrase
     */
    async announce(id: string, name: string, actor: string, phrase: string, language: string | null): Promise<Call> {
      const call = mine(id, name)
      if (call.state !== 'connected')
        throw new Failure('call/not-answered', 'It is said once sound has come both ways, and not on hold.')
      if (phrase === 'recorded') {
        await line.play(sipOf(call), 'notice')
        return view(book.get(id))
      }
      const offered = options.phrases().find((each) => each.id === phrase)
      const spoken = language ?? offered?.languages[0] ?? ''
      if (!offered?.languages.includes(spoken))
        throw new Failure(
          'call/no-phrase',
          offered ? `"${phrase}" is said in ${offered.languages.join(', ')}.` : `There is no phrase "${phrase}".`,
        )
      const written = write([aboutCall(call, 'call.said', { by: name, phrase, language: spoken }, actor)])
      await line.play(sipOf(call), sayName(phrase, spoken))
      await written
      return view(book.get(id))
    },
    /**
     * Keys of a telephone, to open a gate there.
     * @param wanted by the name that the site file gives them, or as they are
     * @throws call/not-yours, call/ended, call/not-answered, call/no-keys
     */
    async keys(id: string, name: string, actor: string, wanted: { name: string } | { digits: string }): Promise<Call> {
      const call = mine(id, name)
      if (call.state !== 'connected')
        throw new Failure('call/not-answered', 'Keys are sent once sound has come both ways, and not on hold.')
      const named = 'name' in wanted ? wanted.name : null
      const at = call.helpPoint ?? call.contact ?? 'a loudspeaker'
      const known = call.helpPoint === null ? {} : options.keysOf(call.helpPoint)
      const keys =
        'digits' in wanted ? wanted.digits : Object.hasOwn(known, wanted.name) ? known[wanted.name] : undefined
      if (keys === undefined)
        throw new Failure(
          'call/no-keys',
          `The site file has no keys "${named}" for ${at}; helpPoints.voice.keys has ` +
            `${Object.keys(known).join(', ') || 'none'}.`,
        )
      // Never which keys: they may be a code. No gate opens without an entry.
      const entry = { by: name, name: named }
      await write([aboutCall(call, 'call.keyed', entry, actor)])
      if (!(await line.keys(sipOf(call), keys))) {
        await write([aboutCall(call, 'call.keyed', { ...entry, taken: false }, actor)])
        throw new Failure('call/no-keys', `${at} did not take the keys, neither beside the sound nor by INFO.`)
      }
      return view(book.get(id))
    },
    /** @throws as call-parties' */
    async addParty(id: string, contact: string, name: string, actor: string): Promise<Call> {
      await parties.add(id, contact, name, actor)
      return view(book.get(id))
    },
    async removeParty(id: string, party: string, name: string, actor: string): Promise<Call> {
      await parties.remove(id, party, name, actor)
      return view(book.get(id))
    },
    /** @throws call/not-yours, call/ended */
    async hangUp(id: string, name: string): Promise<Call> {
      await hangUpFor(mine(id, name))
      return view(book.get(id))
    },
    /**
     * The owner's page talks from now on; a page of the same person that talked before does not any more.
     * @param port frames both ways: the RTP time (4 bytes, little end first), then A-law
     * @throws call/not-yours, call/ended
     */
    async talk(id: string, name: string, port: MessagePort): Promise<void> {
      const call = mine(id, name)
      await answer(call)
      mine(id, name)
      const going = goings.get(call.id)
      going?.pageDue?.abort()
      if (going) Object.assign(going, { pageDue: null, talks: true })
      try {
        await line.talk(sipOf(call), name, port)
      } catch (error) {
        // The page has left while it waited.
        if (going) going.talks = false
        expectPage(call, name)
        throw error
      }
    },
    /** Its incident was closed: nobody's screen shows the call any more. One that rings goes on to the desk. */
    async incidentClosed(incident: IncidentId): Promise<void> {
      for (const call of book.going().filter((each) => each.incident === incident)) {
        // Their operator has left the two together: they end it themselves.
        if (call.owner === null && call.state === 'connected' && hasJoined(call)) continue
        if (call.line === 'early' && call.direction === 'in') {
          await giveAway(call)
          continue
        }
        await hangUpFor(call)
      }
    },
    /** The thread has died, or the edge: no line of before is there any more. */
    async lineLost(how: CallEnd): Promise<void> {
      for (const call of book.going()) await end(call, how)
    },
    close: (): void => stopped.abort(),
  }
}
