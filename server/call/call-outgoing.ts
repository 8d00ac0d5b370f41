/**
 * Calls from the room. An operator calls the help point of an open incident. A call that was cut off when the server
 * ended is called back; any operator may accept it. Not here: what becomes of a call that is answered (call-desk).
 */
import type { Call, CallEnd, CallId } from '../glossary/call.ts'
import type { Draft } from '../glossary/ledger.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { aboutCall } from './call-drafts.ts'
import type { CallDeskOptions } from './call-desk.ts'
import type { Return } from './call-return.ts'
import type { PlacedCall } from './sip/sip-agent.ts'

const ANSWERED = 200
/** Somebody there, or the device, does not want it: busy, or declined (RFC 3261 21). */
const UNWANTED: ReadonlySet<number> = new Set([486, 600, 603])

/** What the desk does for a call that it did not begin. */
export type OutgoingDesk = {
  /** From here on the desk knows it. Resolves `answering` when the help point answers. */
  begin(id: CallId, answering: () => Promise<void>): Promise<void>
  /** Nothing will be recorded of it. */
  forget(id: CallId): void
  end(call: Call, how: CallEnd): Promise<unknown>
  /** It is answered: `owner`'s page is expected, or for null everybody is asked to accept. */
  answered(call: Call, owner: string | null): void
  /** The other calls of that person wait, or go back to the room. */
  holdOthers(name: string, actor: string, but: CallId): Draft[]
  quietly(work: Promise<unknown>): void
}

export function createOutgoingCalls(
  { clock, book, append, line, settings, reachOf, incidents, recordings, onError }: CallDeskOptions,
  desk: OutgoingDesk,
) {
  const { quietly } = desk
  const thereAt = (helpPoint: string): Call | undefined => book.going().find((each) => each.helpPoint === helpPoint)

  /** Waits until the help point answers. @throws when nobody answers there */
  async function placed({ id }: Call, owner: string | null, user: string, asked: boolean, file: string | null) {
    const { status, from } = await line.place(id, user, asked, file).catch((error: unknown): PlacedCall => {
      onError(error)
      return { status: 0, from: '', rang: false }
    })
    const now = book.get(id)
    if (status !== ANSWERED) desk.forget(id)
    if (now.state === 'ended') {
      // Answered while we were hanging up.
      if (status === ANSWERED) quietly(line.hangUp(id))
      throw new Error('it has ended')
    }
    if (status !== ANSWERED) {
      await desk.end(now, status === 0 ? 'line-lost' : UNWANTED.has(status) ? 'refused' : 'nobody-answered')
      throw new Error('nobody has answered')
    }
    quietly(append([aboutCall(now, 'call.answered', { secured: from.startsWith('tls:') })]).durable)
    desk.answered(now, owner)
  }
  type Wanted = Pick<Call, 'helpPoint' | 'incident'> & { owner: string | null; actor: string; before: readonly Draft[] }
  /** @returns when it is on disk */
  function dial(
    { helpPoint, incident, owner, actor, before }: Wanted,
    user: string,
    asked: boolean,
    recorded: boolean,
  ) {
    // Our name of it is SIP's, too.
    const id = newId<CallId>('cal', clock.now())
    const body = { helpPoint, sip: id, from: '', secured: false, recorded, direction: 'out' } as const
    const answering = desk.begin(id, () =>
      placed(book.get(id), owner, user, asked, recorded ? recordings.fileOf(id) : null),
    )
    const { durable } = append([
      ...before,
      aboutCall({ id, incident }, 'call.ringing', owner === null ? body : { ...body, by: owner }, actor),
      ...(owner === null ? [] : desk.holdOthers(owner, actor, id)),
    ])
    durable.catch(() => {})
    return { id, durable, answering }
  }

  return {
    /**
     * Calls a help point about an open incident. The person who calls takes the call and the incident.
     * @param incident null: the newest that is open there
     * @throws call/unreachable, call/busy with who talks there, incident/unknown, incident/taken, incident/closed
     */
    async place(helpPoint: string, incident: string | null, name: string, actor: string): Promise<CallId> {
      const about = incident ?? incidents.openAt(helpPoint)
      if (about === null)
        throw new Failure('incident/unknown', `There is no open incident at ${helpPoint}: a call belongs to one.`)
      const found = await incidents.load(about)
      if (found.helpPoint !== helpPoint)
        throw new Failure('request/invalid', `The incident ${about} is of ${found.helpPoint}, not of ${helpPoint}.`)
      const [set, reach] = [settings(), reachOf(helpPoint)]
      if (set === null || reach === null)
        throw new Failure('call/unreachable', `${helpPoint} cannot be called now: it is not registered at the edge.`)
      const there = thereAt(helpPoint)
      if (there)
        throw new Failure(
          'call/busy',
          `There is a call of ${helpPoint} already${there.owner ? `: ${there.owner} has it` : ''}.`,
          { extra: { owner: there.owner, call: there.id } },
        )
      const taken = incidents.taking(about, name, actor, null)
      const wanted = {
        helpPoint: found.helpPoint,
        incident: found.id,
        owner: name,
        actor,
        before: taken ? [taken] : [],
      }
      const { id, durable } = dial(wanted, reach.user, reach.autoAnswer !== false, set.recorded)
      await durable
      return id
    },
    /**
     * This call was cut off when the server ended. Its help point is called back; any operator may accept. Resolves
     * when the help point has answered, or has not.
     */
    async callBack({ id, helpPoint, incident }: Call): Promise<Return> {
      const { state } = await incidents.load(incident)
      const [set, reach] = [settings(), reachOf(helpPoint)]
      const there = thereAt(helpPoint)
      // Its end is on its way here.
      if (there?.id === id) return 'unreachable'
      // Somebody there, or here, was quicker; or the incident is over.
      if (set === null || state === 'closed' || there) return 'done'
      if (reach === null) return 'unreachable'
      // One that rings in the street with nobody before it helps nobody.
      if (reach.autoAnswer !== true) return 'done'
      const wanted = { helpPoint, incident, owner: null, actor: 'lamppost', before: [] }
      const { durable, answering } = dial(wanted, reach.user, true, set.recorded)
      await durable
      return answering.then(
        () => 'done',
        () => 'not-answered',
      )
    },
  }
}
