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
/** It rang, and nobody came (RFC 3261 21.4.9, 21.4.18, 21.4.26). */
const RANG: ReadonlySet<number> = new Set([408, 480, 487])

export const isThere = ({ state }: CallParty): boolean => state !== 'left'
export const hasJoined = ({ parties }: Call): boolean => parties.some(({ state }) => state === 'joined')

/** Why it does not speak with us, by SIP's status. Pure. */
export const endOf = (status: number): PartyEnd =>
  BUSY.has(status) ? 'busy' : RANG.has(status) ? 'no-answer' : 'unreachable'

export type PartiesDesk = {
  /** The call of this person. @throws call/not-yours, call/ended */
  mine(id: string, name: string): Call
  /** SIP's own name of it. */
  sipOf(call: Call): string
  end(call: Call, how: CallEnd): Promise<unknown>
  quietly(work: Promise<unknown>): void
}

export function createCallParties(
  { clock, book, append, line, incidents, telephoneOf, drillsOnly, onError }: CallDeskOptions,
  { mine, sipOf, end, quietly }: PartiesDesk,
) {
  const write = (drafts: readonly Draft[]): Promise<unknown> => append(drafts).durable
  const partyOf = (call: Call, party: string): CallParty | undefined => call.parties.find(({ id }) => id === party)

  async function left(call: Call, { id: party, contact }: CallParty, how: PartyEnd): Promise<void> {
    await write([aboutCall(call, 'call.party-left', { party, contact, end: how })])
    const now = book.get(call.id)
    // The operator has gone, and so has the one whom the caller spoke with.
    if (now.state !== 'connected' || now.owner !== null || hasJoined(now)) return
    const sip = sipOf(now)
    await Promise.all([end(now, 'party-hung-up'), line.hangUp(sip)])
  }
  async function called(call: Call, party: PartyId, telephone: OutsideTelephone, drill: boolean): Promise<void> {
    const { number, trunk } = telephone
    const { status } = await line
      .addParty(sipOf(call), party, { number, trunk }, drill ? 'drill' : 'person')
      .catch((error: unknown): PlacedCall => {
        onError(error)
        return { status: 0, from: '' }
      })
    const now = book.get(call.id)
    const found = partyOf(now, party)
    if (!found || !isThere(found)) return
    if (status === ANSWERED) await write([aboutCall(now, 'call.party-joined', { party, contact: telephone.id })])
    else await left(now, found, endOf(status))
  }

  return {
    /**
     * Calls a contact about this call. It joins when it answers.
     * @throws call/not-yours, call/ended, call/not-answered, call/no-trunk, call/busy
     */
    async add(id: string, contact: string, name: string, actor: string): Promise<void> {
      const about = await incidents.load(mine(id, name).incident)
      const call = mine(id, name)
      if (call.line !== 'up' || (call.state !== 'connected' && call.state !== 'held'))
        throw new Failure('call/not-answered', 'A third party is called once sound has come both ways.')
      const telephone = telephoneOf(contact)
      if (telephone === null)
        throw new Failure(
          'call/no-trunk',
          `The contact "${contact}" cannot be called from here: it needs sip: "sip:NUMBER@trunk" in the site file, and ` +
            'voice needs a trunk. Use the desk telephone.',
        )
      const drill = about.kind === 'drill' || drillsOnly()
      if (drill)
        throw new Failure('call/no-trunk', 'This is a drill or a simulated town: nobody outside is called for it.')
      const there = call.parties.filter(isThere)
      if (there.some((party) => party.contact === contact))
        throw new Failure('call/busy', `${telephone.name} is being called, or speaks, already.`)
      if (there.length >= MOST_PARTIES)
        throw new Failure('call/busy', `${MOST_PARTIES} others are in this call already: hang up on one first.`)
      const party = newId<PartyId>('pty', clock.now())
      // Nobody outside is called without an entry.
      const body = { party, contact, name: telephone.name, by: name }
      await write([aboutCall(call, 'call.party-called', body, actor)])
      quietly(called(call, party, telephone, drill))
    },
    /** Hangs up on a party. @throws call/not-yours, call/ended, call/no-such-party */
    async remove(id: string, party: string, name: string): Promise<void> {
      const call = mine(id, name)
      const found = partyOf(call, party)
      if (!found) throw new Failure('call/no-such-party', `There is no party "${party}" in this call.`)
      if (!isThere(found)) return
      quietly(line.dropParty(party))
      await left(call, found, 'sent-away')
    },
    /** Its line is gone: it has hung up, or was lost. */
    async gone(call: Call, party: string, lost: boolean): Promise<void> {
      const found = partyOf(call, party)
      if (found && isThere(found)) await left(call, found, lost ? 'line-lost' : 'hung-up')
    },
  }
}
