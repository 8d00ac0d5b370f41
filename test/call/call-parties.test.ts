/** Third parties: whom an operator adds to a call, who is never called, and who is left with whom. */
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { endOf } from '../../server/call/call-parties.ts'
import { wayTo } from '../../server/call/sip/sip-agent.ts'
import type { PlacedCall } from '../../server/call/sip/sip-agent.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import { Failure } from '../../server/tools/failure.ts'
import { INVITE, createCallRoom } from './call-room.ts'

type Room = ReturnType<typeof createCallRoom>
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Failure ? error.code : error),
  )
/** A call in which Asha and the caller have heard each other. */
async function connected(): Promise<{ room: Room; id: string }> {
  const room = createCallRoom()
  await room.tell(INVITE)
  const { id } = room.call()
  await room.desk.take(id, 'Asha', 'user:asha', false)
  await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
  return { room, id }
}
/** Adds a contact, and lets it answer when `answer` is called. */
async function add(room: Room, id: string, contact = 'police') {
  let answer: (placed: PlacedCall) => void = () => {}
  room.whenAdded(() => new Promise((resolve) => (answer = resolve)))
  await room.desk.addParty(id, contact, 'Asha', 'user:asha')
  await room.settle()
  const party = room.call().parties.at(-1)?.id ?? ''
  return {
    party,
    async answers(status = 200, rang = true): Promise<void> {
      answer({ status, from: '', rang })
      await room.settle()
      await room.settle()
    },
  }
}
const partiesOf = (room: Room): unknown[] => room.call().parties.map(({ contact, state, end }) => [contact, state, end])

describe('a third party', () => {
  test('is not called while the disk does not take its entry', async () => {
    const { room, id } = await connected()
    room.ledger.breakDisk(true)
    await expect(room.desk.addParty(id, 'police', 'Asha', 'user:asha')).rejects.toThrow()
    expect(room.asked.filter((each) => each.startsWith('add'))).toEqual([])
  })
  test('joins when it answers; the operator and the caller speak on', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    expect(room.asked).toContain(`add 101 to ${INVITE.sip} for a person`)
    expect(partiesOf(room)).toEqual([['police', 'calling', null]])
    await police.answers()
    expect(partiesOf(room)).toEqual([['police', 'joined', null]])
    expect(room.call()).toMatchObject({ state: 'connected', owner: 'Asha' })
    expect(room.ledger.entries.find(({ kind }) => kind === 'call.party-called')).toMatchObject({
      actor: 'user:asha',
      body: { contact: 'police', name: 'The police', by: 'Asha' },
    })
  })
  test.each([
    [486, 'busy'],
    [603, 'busy'],
    [480, 'no-answer'],
    [408, 'no-answer'],
    [302, 'unreachable'],
    [488, 'unreachable'],
    [403, 'unreachable'],
    [503, 'unreachable'],
    [0, 'unreachable'],
  ])('that answers %d is said to be %s', async (status, end) => {
    const { room, id } = await connected()
    await (await add(room, id)).answers(status)
    expect(partiesOf(room)).toEqual([['police', 'left', end]])
    expect([endOf({ status, rang: true }), room.call().state]).toEqual([end, 'connected'])
  })
  test('whose thread has failed is not left being called', async () => {
    const { room, id } = await connected()
    room.whenAdded(() => Promise.reject(new Error('the edge is gone')))
    await room.desk.addParty(id, 'police', 'Asha', 'user:asha')
    await room.settle()
    await room.settle()
    expect([partiesOf(room), room.errors.length]).toEqual([[['police', 'left', 'unreachable']], 1])
  })
  test('is hung up on; who had been called and answers then does not join', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await room.desk.removeParty(id, police.party, 'Asha', 'user:asha')
    expect(room.asked).toContain(`drop ${police.party}`)
    await police.answers()
    expect(partiesOf(room)).toEqual([['police', 'left', 'sent-away']])
    // Twice is once.
    await room.desk.removeParty(id, police.party, 'Asha', 'user:asha')
    expect(room.kinds().filter((kind) => kind === 'call.party-left')).toHaveLength(1)
    expect(await codeOf(room.desk.removeParty(id, 'pty-other', 'Asha', 'user:asha'))).toBe('call/no-such-party')
  })
  test('that hangs up, or is lost, has left; the call goes on', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: police.party, lost: false })
    const wardens = await add(room, id, 'wardens')
    await wardens.answers()
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: wardens.party, lost: true })
    expect(partiesOf(room)).toEqual([
      ['police', 'left', 'hung-up'],
      ['wardens', 'left', 'line-lost'],
    ])
    expect(room.call()).toMatchObject({ state: 'connected', owner: 'Asha' })
  })
  test('is out of the call when the caller hangs up', async () => {
    const { room, id } = await connected()
    await (await add(room, id)).answers()
    await room.tell({ news: 'hung-up', sip: INVITE.sip, lost: false })
    expect(partiesOf(room)).toEqual([['police', 'left', 'call-ended']])
    expect(await codeOf(room.desk.addParty(id, 'police', 'Asha', 'user:asha'))).toBe('call/ended')
  })
  test('is added by the operator of the call alone, once, and at most three of them', async () => {
    const { room, id } = await connected()
    expect(await codeOf(room.desk.addParty(id, 'police', 'Ben', 'user:ben'))).toBe('call/not-yours')
    await add(room, id)
    expect(await codeOf(room.desk.addParty(id, 'police', 'Asha', 'user:asha'))).toBe('call/busy')
    await add(room, id, 'wardens')
    await add(room, id, 'hub')
    expect(await codeOf(room.desk.addParty(id, 'gallery', 'Asha', 'user:asha'))).toBe('call/busy')
  })
  test('is not called before sound has come both ways; on hold it is, and speaks with the operator alone', async () => {
    const room = createCallRoom()
    await room.tell(INVITE)
    const { id } = room.call()
    await room.desk.take(id, 'Asha', 'user:asha', false)
    expect(await codeOf(room.desk.addParty(id, 'police', 'Asha', 'user:asha'))).toBe('call/not-answered')
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    await room.desk.hold(id, 'Asha', 'user:asha', true)
    await (await add(room, id)).answers()
    expect(room.call()).toMatchObject({ state: 'held', parties: [{ state: 'joined' }] })
  })
})

describe('an operator who leaves', () => {
  test('leaves the caller and the party together; the end of either ends the call', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    expect(room.call()).toMatchObject({ state: 'connected', owner: null, parties: [{ state: 'joined' }] })
    expect(room.asked).toContain(`end talk ${INVITE.sip}`)
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: police.party, lost: false })
    expect(room.asked).toContain(`hang up ${INVITE.sip}`)
    expect(room.call()).toMatchObject({ state: 'ended', end: 'party-hung-up' })
  })
  test('may be followed by another, and no announcement is played over the two', async () => {
    const { room, id } = await connected()
    await (await add(room, id)).answers()
    const before = room.asked.length
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    await room.clock.advance(60_000)
    expect(room.asked.slice(before).filter((each) => each.startsWith('play'))).toEqual([])
    expect(room.call()).toMatchObject({ state: 'connected', owner: null })
    await room.desk.take(id, 'Ben', 'user:ben', false)
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Ben' })
    expect(room.call()).toMatchObject({ state: 'connected', owner: 'Ben', parties: [{ state: 'joined' }] })
  })
  test('by taking another call leaves the two together; nobody is put on hold', async () => {
    const { room, id } = await connected()
    await (await add(room, id)).answers()
    await room.tell({ ...INVITE, sip: 'another', user: 'hp02' })
    const other = room.desk.list().find(({ state }) => state === 'ringing')?.id ?? ''
    await room.desk.take(other, 'Asha', 'user:asha', false)
    expect(room.desk.view(id)).toMatchObject({ state: 'connected', owner: null, held: false })
  })
  test('whose page is lost: the room is asked, and the caller speaks on with the party', async () => {
    const { room, id } = await connected()
    await (await add(room, id)).answers()
    await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' })
    expect(room.desk.view(id)).toMatchObject({ state: 'offered', owner: null, parties: [{ state: 'joined' }] })
  })
})

describe('what may go wrong meanwhile', () => {
  test('sent away before its entry is on disk, it is not called at all', async () => {
    const { room, id } = await connected()
    const adding = room.desk.addParty(id, 'police', 'Asha', 'user:asha')
    while (room.call().parties.length === 0) await Promise.resolve()
    await room.desk.removeParty(id, room.call().parties[0]?.id ?? '', 'Asha', 'user:asha')
    await adding
    await room.settle()
    expect(room.asked.filter((each) => each.startsWith('add'))).toEqual([])
    expect(partiesOf(room)).toEqual([['police', 'left', 'sent-away']])
  })
  test('answering as it is sent away, it is hung up on', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await room.desk.removeParty(id, police.party, 'Asha', 'user:asha')
    await police.answers()
    expect(room.asked.filter((each) => each === `drop ${police.party}`)).toHaveLength(2)
  })
  test('a disk that does not take its entry leaves nobody "being called" for ever', async () => {
    const { room, id } = await connected()
    room.ledger.breakDisk(true)
    await expect(room.desk.addParty(id, 'police', 'Asha', 'user:asha')).rejects.toThrow()
    room.ledger.breakDisk(false)
    await room.settle()
    expect(room.call().parties.filter(({ state }) => state !== 'left')).toEqual([])
  })
  test('a disk that does not take the end leaves no caller alone in a call that goes on', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    room.ledger.breakDisk(true)
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: police.party, lost: false })
    expect(room.asked).toContain(`hang up ${INVITE.sip}`)
    expect(room.desk.view(id).state).toBe('ended')
  })
  test('whose line breaks when the operator has left gives the caller back to the room', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: police.party, lost: true })
    expect(room.desk.view(id)).toMatchObject({ state: 'offered', owner: null })
    expect(room.asked).not.toContain(`hang up ${INVITE.sip}`)
  })
  test('with another still ringing, the caller hears the announcement and the room is asked', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    const wardens = await add(room, id, 'wardens')
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    await room.tell({ news: 'party-gone', sip: INVITE.sip, party: police.party, lost: false })
    expect(room.desk.view(id)).toMatchObject({ state: 'offered', owner: null })
    expect(room.asked.at(-1)).toBe(`play ${INVITE.sip} waiting`)
    await wardens.answers()
    expect(room.desk.view(id)).toMatchObject({ parties: [{ state: 'left' }, { state: 'joined' }] })
  })
  test('whom the operator had on hold is the room’s again when they leave their last call', async () => {
    const { room, id: first } = await connected()
    await room.tell({ ...INVITE, sip: 'another', user: 'hp02' })
    const other = room.desk.list().find(({ state }) => state === 'ringing')?.id ?? ''
    await room.desk.take(other, 'Asha', 'user:asha', false)
    await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' })
    const { port1, port2 } = new MessageChannel()
    await room.desk.talk(other, 'Asha', port2)
    await room.tell({ news: 'both', sip: 'another', owner: 'Asha' })
    room.whenAdded(() => Promise.resolve({ status: 200, from: '', rang: true }))
    await room.desk.addParty(other, 'police', 'Asha', 'user:asha')
    await room.settle()
    await room.settle()
    await room.desk.giveBack(other, 'Asha', 'user:asha')
    await room.clock.advance(120_000)
    expect(room.desk.view(first)).toMatchObject({ state: 'offered', owner: null })
    port1.close()
  })
  test('who has hung up on it stands in the record, and so does what was dialled and shown', async () => {
    const { room, id } = await connected()
    const police = await add(room, id)
    await police.answers()
    await room.desk.removeParty(id, police.party, 'Asha', 'user:asha')
    const entry = (kind: string): unknown => room.ledger.entries.find((each) => each.kind === kind)
    expect(entry('call.party-left')).toMatchObject({ actor: 'user:asha', body: { by: 'Asha', end: 'sent-away' } })
    expect(entry('call.party-called')).toMatchObject({ body: { number: '101', shown: '01325000000' } })
  })
  test('an incident that is closed does not cut off the two whom the operator has left together', async () => {
    const { room, id } = await connected()
    await (await add(room, id)).answers()
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    await room.desk.incidentClosed('inc-1' as IncidentId)
    expect(room.desk.view(id).state).toBe('connected')
  })
  test('nobody is called again and again from one call', async () => {
    const { room, id } = await connected()
    for (let i = 0; i < 20; i += 1) {
      const police = await add(room, id)
      await room.desk.removeParty(id, police.party, 'Asha', 'user:asha')
    }
    expect(await codeOf(room.desk.addParty(id, 'police', 'Asha', 'user:asha'))).toBe('call/busy')
  })
  test('a trunk that says nothing is not "no answer": nobody has heard it ring', () =>
    expect([408, 480].map((status) => endOf({ status, rang: false }))).toEqual(['unreachable', 'no-answer']))
})

describe('nobody outside is called', () => {
  test('for a drill, in a simulated town, or for a contact without a number by the trunk', async () => {
    for (const set of ['isDrill', 'isSimulated'] as const) {
      const { room, id } = await connected()
      room[set]()
      expect(await codeOf(room.desk.addParty(id, 'police', 'Asha', 'user:asha'))).toBe('call/no-trunk')
      expect(room.asked.filter((each) => each.startsWith('add'))).toEqual([])
    }
    const { room, id } = await connected()
    expect(await codeOf(room.desk.addParty(id, 'desk-only', 'Asha', 'user:asha'))).toBe('call/no-trunk')
  })
})

test('a call outside goes to the trunk’s host, and shows the number that the site file names', () => {
  const trunk = {
    host: 'trunk.example',
    port: 5080,
    transport: 'udp',
    username: 'council',
    password: 'x',
    ca: null,
    callerId: null,
    address: null,
  } as const
  expect(wayTo({ number: '101', trunk })).toEqual({
    host: 'trunk.example',
    user: '101',
    headers: ['X-Lamppost-Out: trunk'],
    shown: 'council',
  })
  expect(wayTo({ number: '101', trunk: { ...trunk, callerId: '01325' } }).shown).toBe('01325')
  expect(wayTo({ number: '101', trunk: { ...trunk, username: null } }).shown).toBe('lamppost')
  expect(wayTo({ user: 'hp01', asked: false })).toEqual({ host: '127.0.0.1', user: 'hp01', headers: [], shown: null })
})
