/**
 * Calls from the room: to a help point, to a contact by the trunk, or to the loudspeaker of a camera; about an incident, or
 * without one. A help point's call that was cut off when the server ended is called back; any operator may accept it. Not
 * here: whom the site file lets us call (call-site), what becomes of a call that is answered (call-desk).
 */
import type { Call, CallEnd, CallId } from '../glossary/call.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { CallEntries } from '../glossary/entries.ts'
import type { Incident } from '../glossary/incident.ts'
import type { Draft } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { aboutCall, otherOf } from './call-drafts.ts'
import type { CallDeskOptions } from './call-desk.ts'
import type { Called } from './call-thread.ts'
import type { Return } from './call-return.ts'
import type { PlacedCall } from './sip/sip-agent.ts'

const ANSWERED = 200
/** Somebody there, or the device, does not want it: busy, or declined (RFC 3261 21). */
const UNWANTED: ReadonlySet<number> = new Set([486, 600, 603])
const BUSY = 486

/** Who or what is at the other end. */
type Other = Pick<Call, 'helpPoint' | 'camera' | 'contact'>
/** Whom an operator wants to call, and why. */
export type CallWish = ({ helpPoint: string } | { camera: string } | { contact: string }) & {
  /** Null: for a help point, the newest that is open there; else none. */
  incident: string | null
  /** Needed where there is no incident. */
  reason: string | null
}
/** How it is reached, and what the record says of it beside its name. */
type Reach = { other: Other; whom: Called; said: Pick<CallEntries['call.ringing'], 'number' | 'shown'> }
type Placed = PlacedCall & { why?: string }

const overFailure = ({ end, endedAt }: Call): Failure =>
  new Failure('call/ended', 'This call is over: it was ended before it was answered.', { extra: { end, endedAt } })

/** What the desk does for a call that it did not begin. */
export type OutgoingDesk = {
  /** From here on the desk knows it. Resolves `answering` when the other side answers. */
  begin(id: CallId, answering: () => Promise<void>): Promise<void>
  /** Nothing will be recorded of it. */
  forget(id: CallId): void
  end(call: Call, how: CallEnd, why?: string): Promise<unknown>
  /** It is answered: `owner`'s page is expected, or for null everybody is asked to accept. */
  answered(call: Call, owner: string | null): void
  /** The other calls of that person wait, or go back to the room. */
  holdOthers(name: string, actor: string, but: CallId): Draft[]
  quietly(work: Promise<unknown>): void
}

export function createOutgoingCalls(
  { clock, book, append, line, settings, reachOf, speakerOf, telephoneOf, drillsOnly, ...rest }: CallDeskOptions,
  desk: OutgoingDesk,
) {
  const { incidents, recordings, onError } = rest
  const { quietly } = desk
  const thereAt = ({ helpPoint, camera, contact }: Other): Call | undefined =>
    contact === null
      ? book.going().find((each) => each.helpPoint === helpPoint && each.camera === camera && each.contact === null)
      : book.withContact(contact)

  /** Waits until the other side answers. @throws when nobody answers there, in words where there are any */
  async function placed({ id }: Call, owner: string | null, whom: Called, file: string | null) {
    const { status, from, why } = await line.place(id, whom, 'person', file).catch((error: unknown): Placed => {
      onError(error)
      return { status: 0, from: '', rang: false }
    })
    const now = book.get(id)
    if (status !== ANSWERED) desk.forget(id)
    if (now.state === 'ended') {
      // Answered while we were hanging up.
      if (status === ANSWERED) quietly(line.hangUp(id))
      throw overFailure(now)
    }
    if (status !== ANSWERED) {
      await desk.end(now, status === 0 ? 'line-lost' : UNWANTED.has(status) ? 'refused' : 'nobody-answered', why)
      throw new Failure(status === BUSY ? 'call/busy' : 'call/unreachable', why ?? 'Nobody has answered.')
    }
    quietly(append([aboutCall(now, 'call.answered', { secured: from.startsWith('tls:') })]).durable)
    desk.answered(now, owner)
  }
  type Dialled = Reach & { incident: Call['incident']; reason: string | null } & {
    owner: string | null
    actor: string
    before: readonly Draft[]
  }
  /** @returns when it is on disk, and when it is answered */
  function dial({ other, whom, said, incident, reason, owner, actor, before }: Dialled, recorded: boolean) {
    // Our name of it is SIP's, too.
    const id = newId<CallId>('cal', clock.now())
    const body = {
      helpPoint: other.helpPoint,
      ...otherOf(other),
      ...said,
      ...(reason === null ? {} : { reason }),
      sip: id,
      from: '',
      secured: false,
      recorded,
      direction: 'out',
      ...(owner === null ? {} : { by: owner }),
    } as const
    let durable: Promise<unknown> = Promise.resolve()
    const answering = desk.begin(id, async () => {
      // Nobody outside is called, and no street is spoken into, without an entry.
      if (other.helpPoint === null)
        await durable.catch(async (error: unknown) => {
          desk.forget(id)
          await desk.end(book.get(id), 'line-lost').catch(() => {})
          throw error
        })
      // Hung up while it was written: nobody is called any more.
      if (book.get(id).state === 'ended') throw overFailure(book.get(id))
      await placed(book.get(id), owner, whom, recorded ? recordings.fileOf(id) : null)
    })
    durable = append([
      ...before,
      aboutCall({ id, incident }, 'call.ringing', body, actor),
      ...(owner === null ? [] : desk.holdOthers(owner, actor, id)),
    ]).durable
    durable.catch(() => {})
    return { id, durable, answering }
  }
  const nobody: Other = { helpPoint: null, camera: null, contact: null }
  function helpPointAt(helpPoint: string): Reach {
    const reach = reachOf(helpPoint)
    if (reach === null)
      throw new Failure('call/unreachable', `${helpPoint} cannot be called now: it is not registered at the edge.`)
    return {
      other: { ...nobody, helpPoint: helpPoint as HelpPointId },
      whom: { user: reach.user, asked: reach.autoAnswer !== false },
      said: {},
    }
  }
  /** @param about the incident, or null. @throws call/unreachable, call/no-speaker, call/no-trunk */
  function reached(wish: CallWish, about: Incident | null): Reach {
    if (settings() === null)
      throw new Failure('call/unreachable', 'This town has no voice: the site file needs voice: { edge: …, desk: … }.')
    if ('helpPoint' in wish) return helpPointAt(wish.helpPoint)
    if ('camera' in wish) {
      const speaker = speakerOf(wish.camera)
      if (speaker === null)
        throw new Failure(
          'call/no-speaker',
          `"${wish.camera}" has no loudspeaker that is known here: the site file says speaker: onvif of a camera that has ` +
            'one, and its stream must have been reached once.',
        )
      return { other: { ...nobody, camera: wish.camera as CameraId }, whom: speaker, said: {} }
    }
    const telephone = telephoneOf(wish.contact)
    if (telephone === null)
      throw new Failure(
        'call/no-trunk',
        `The contact "${wish.contact}" cannot be called from here. Use the desk telephone. In the site file it needs sip: ` +
          '"sip:NUMBER@trunk" and voice.trunk, which for an emergency number needs callerId and address.',
      )
    if (about?.kind === 'drill' || drillsOnly())
      throw new Failure('call/no-trunk', 'This is a drill or a simulated town: nobody outside is called for it.')
    const { number, trunk } = telephone
    return {
      other: { ...nobody, contact: wish.contact },
      whom: { number, trunk },
      said: { number, shown: trunk.callerId },
    }
  }
  /** Who calls a help point has its incident. Who speaks to others about one takes it where nobody has it. */
  function takes(wish: CallWish, about: Incident | null, name: string, actor: string): Draft[] {
    if (about === null) return []
    if (!('helpPoint' in wish) && about.owner !== null && about.state !== 'closed') return []
    const taken = incidents.taking(about.id, name, actor, null)
    return taken ? [taken] : []
  }

  return {
    /**
     * Calls for a person, who has the call from then on.
     * @throws call/unreachable, call/no-speaker, call/no-trunk, call/busy with who talks there, incident/unknown,
     * incident/taken, incident/closed, request/invalid without an incident and a reason
     */
    async place(wish: CallWish, name: string, actor: string): Promise<CallId> {
      const id = wish.incident ?? ('helpPoint' in wish ? incidents.openAt(wish.helpPoint) : null)
      const about = id === null ? null : await incidents.load(id)
      if (about === null && (wish.reason ?? '').trim() === '')
        throw new Failure('request/invalid', 'This call is about no incident: say why in reason.')
      if (about !== null && 'helpPoint' in wish && about.helpPoint !== wish.helpPoint)
        throw new Failure(
          'request/invalid',
          `The incident ${about.id} is of ${about.helpPoint}, not of ${wish.helpPoint}.`,
        )
      const reach = reached(wish, about)
      const there = thereAt(reach.other)
      if (there)
        throw new Failure('call/busy', `Somebody speaks there already${there.owner ? `: ${there.owner}` : ''}.`, {
          extra: { owner: there.owner, call: there.id },
        })
      const before = takes(wish, about, name, actor)
      const { reason } = wish
      const wanted = { ...reach, incident: about?.id ?? null, reason, owner: name, actor, before }
      const { id: call, durable, answering } = dial(wanted, settings()?.recorded ?? false)
      await durable
      // A loudspeaker takes sound at once, or says why not; a telephone rings.
      if (reach.other.camera !== null) await answering
      return call
    },
    /**
     * This call was cut off when the server ended. Its help point is called back; any operator may accept. Resolves
     * when the help point has answered, or has not.
     */
    async callBack({ id, helpPoint, incident }: Call): Promise<Return> {
      // Whom the room had called is called by the room again, where somebody wants it.
      if (helpPoint === null || incident === null) return 'done'
      const { state } = await incidents.load(incident)
      const [set, known] = [settings(), reachOf(helpPoint)]
      const there = thereAt({ ...nobody, helpPoint })
      // Its end is on its way here.
      if (there?.id === id) return 'unreachable'
      // Somebody there, or here, was quicker; or the incident is over.
      if (set === null || state === 'closed' || there) return 'done'
      if (known === null) return 'unreachable'
      // One that rings in the street with nobody before it helps nobody.
      if (known.autoAnswer !== true) return 'done'
      const reach = helpPointAt(helpPoint)
      const wanted = { ...reach, incident, reason: null, owner: null, actor: 'lamppost', before: [] }
      const { durable, answering } = dial(wanted, set.recorded)
      await durable
      return answering.then(
        () => 'done',
        () => 'not-answered',
      )
    },
  }
}
