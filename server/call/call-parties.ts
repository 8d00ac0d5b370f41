/**
 * Third parties: a contact of the site file, the police above all, is called by the trunk and speaks with the caller and
 * the operator. The operator may leave the two together. Not here: SIP and sound (call-thread), the call itself
 * (call-desk).
 */
import type { Call, CallEnd, CallParty, PartyEnd, PartyId, Trunk } from '../glossary/call.ts'
import type { Draft } from '../glossary/ledger.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { aboutCall } from './call-drafts.ts'
import type { CallDeskOptions } from './call-desk.ts'
import type { PlacedCall } from './sip/sip-agent.ts'

/** A contact that can be called: its number, and the way there. */
export type OutsideTelephone = { id: string; name: string; number: string; trunk: Trunk }

/** One help point, one operator: more voices than these nobody tells apart. */
const MOST_PARTIES = 3
const ANSWERED = 200
const BUSY: ReadonlySet<number> = new Set([486, 600, 603])
/** Nobody came (RFC 3261 21.4.18, 21.4.26); and where it was heard to ring, 408. */
const NOT_THERE: ReadonlySet<number> = new Set([480, 487])
const TIMED_OUT = 408
/** A call in which somebody is added and sent away again and again. */
const MOST_ADDED = 20

export const isThere = ({ state }: CallParty): boolean => state !== 'left'
export const hasJoined = ({ parties }: Call): boolean => parties.some(({ state }) => state === 'joined')

/**
 * Why it does not speak with us, by SIP's status. A trunk that says nothing at all is a trunk that is not there, and no
 * telephone that rang. Pure.
 */
export const endOf = ({ status, rang }: Pick<PlacedCall, 'status' | 'rang'>): PartyEnd =>
  BUSY.has(status) ? 'busy' : NOT_THERE.has(status) || (status === TIMED_OUT && rang) ? 'no-answer' : 'unreachable'

export type PartiesDesk = {
  /** The call of this person. @throws call/not-yours, call/ended */
  mine(id: string, name: string): Call
  /** SIP's own name of it. */
  sipOf(call: Call): string
  end(call: Call, how: CallEnd): Promise<unknown>
  /** Nobody speaks with the caller now: the room is asked, and they hear the announcement. */
  offer(call: Call): Promise<unknown>
  quietly(work: Promise<unknown>): void
}

export function createCallParties(
  { clock, book, append, line, incidents, telephoneOf, drillsOnly, onError }: CallDeskOptions,
  { mine, sipOf, end, offer, quietly }: PartiesDesk,
) {
  const write = (drafts: readonly Draft[]): Promise<unknown> => append(drafts).durable
  const partyOf = (call: Call, party: string): CallParty | undefined => call.parties.find(({ id }) => id === party)

  /** @param by the operator who has hung up on it */
  async function left(
    call: Call,
    { id: party, contact }: CallParty,
    how: PartyEnd,
    by: { name: string; actor: string } | null = null,
  ): Promise<void> {
    const body = { party, contact, end: how, ...(by ? { by: by.name } : {}) }
    const { durable } = append([aboutCall(call, 'call.party-left', body, by?.actor)])
    const now = book.get(call.id)
    const sip = sipOf(now)
    // The operator has gone, and so has the one whom the caller spoke with. Whatever the disk does: nobody is left alone.
    if (now.state === 'connected' && now.owner === null && !hasJoined(now)) {
      // A line to the outside that broke is no goodbye: the caller is the room's again.
      if (how === 'line-lost' || now.parties.some(isThere)) quietly(offer(now))
      else {
        quietly(end(now, 'party-hung-up'))
        quietly(line.hangUp(sip))
      }
    }
    await durable
  }
  async function called(call: Call, party: PartyId, telephone: OutsideTelephone, drill: boolean): Promise<void> {
    const { number, trunk } = telephone
    const placed = await line
      .addParty(sipOf(call), party, { number, trunk }, drill ? 'drill' : 'person')
      .catch((error: unknown): PlacedCall => {
        onError(error)
        return { status: 0, from: '', rang: false }
      })
    const now = book.get(call.id)
    const found = partyOf(now, party)
    if (!found || !isThere(found)) {
      // Sent away, or the call has ended, while it answered.
      if (placed.status === ANSWERED) await line.dropParty(party)
    } else if (placed.status === ANSWERED)
      await write([aboutCall(now, 'call.party-joined', { party, contact: telephone.id })])
    else await left(now, found, endOf(placed))
  }

  return {
    /**
     * Calls a contact about this call. It joins when it answers.
     * @throws call/not-yours, call/ended, call/not-answered, call/no-trunk, call/busy
     */
    async add(id: string, contact: string, name: string, actor: string): Promise<void> {
      const about = mine(id, name).incident
      const isDrill = about !== null && (await incidents.load(about)).kind === 'drill'
      const call = mine(id, name)
      if (call.camera !== null)
        throw new Failure('call/not-answered', 'Nothing is heard from a loudspeaker: call the contact beside it.')
      if (call.line !== 'up' || (call.state !== 'connected' && call.state !== 'held'))
        throw new Failure('call/not-answered', 'A third party is called once sound has come both ways.')
      const telephone = telephoneOf(contact)
      if (telephone === null)
        throw new Failure(
          'call/no-trunk',
          `The contact "${contact}" cannot be called from here. Use the desk telephone. In the site file it needs sip: ` +
            '"sip:NUMBER@trunk" and voice.trunk, which for an emergency number needs callerId and address.',
        )
      const drill = isDrill || drillsOnly()
      if (drill)
        throw new Failure('call/no-trunk', 'This is a drill or a simulated town: nobody outside is called for it.')
      const there = call.parties.filter(isThere)
      if (book.withContact(contact))
        throw new Failure('call/busy', `${telephone.name} is being called, or speaks, already.`)
      if (call.parties.length >= MOST_ADDED)
        throw new Failure('call/busy', `${MOST_ADDED} were called from this call already: use the desk telephone.`)
      if (there.length >= MOST_PARTIES)
        throw new Failure('call/busy', `${MOST_PARTIES} others are in this call already: hang up on one first.`)
      const party = newId<PartyId>('pty', clock.now())
      // Nobody outside is called without an entry.
      const { number, trunk } = telephone
      const body = { party, contact, name: telephone.name, by: name, number, shown: trunk.callerId }
      try {
        await write([aboutCall(call, 'call.party-called', body, actor)])
      } catch (error) {
        const found = partyOf(book.get(id), party)
        if (found) quietly(left(book.get(id), found, 'unreachable'))
        throw error
      }
      // It may have been sent away, or the call have ended, while that was written.
      const found = partyOf(book.get(id), party)
      if (found && isThere(found)) quietly(called(call, party, telephone, drill))
    },
    /** Hangs up on a party. @throws call/not-yours, call/ended, call/no-such-party */
    async remove(id: string, party: string, name: string, actor: string): Promise<void> {
      const call = mine(id, name)
      const found = partyOf(call, party)
      if (!found) throw new Failure('call/no-such-party', `There is no party "${party}" in this call.`)
      if (!isThere(found)) return
      quietly(line.dropParty(party))
      await left(call, found, 'sent-away', { name, actor })
    },
    /** Its line is gone: it has hung up, or was lost. */
    async gone(call: Call, party: string, lost: boolean): Promise<void> {
      const found = partyOf(call, party)
      if (found && isThere(found)) await left(call, found, lost ? 'line-lost' : 'hung-up')
    },
  }
}
