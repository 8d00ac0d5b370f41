/** Third parties: whom an operator adds to a call, who is never called, and who is left with whom. */
import { describe, expect, test } from 'vitest'
import { endOf } from '../../server/call/call-parties.ts'
import { wayTo } from '../../server/call/sip/sip-agent.ts'
import type { PlacedCall } from '../../server/call/sip/sip-agent.ts'
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
    async answers(status = 200): Promise<void> {
      answer({ status, from: '' })
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
    [403, 'unreachable'],
    [503, 'unreachable'],
    [0, 'unreachable'],
  ])('that answers %d is said to be %s', async (status, end) => {
    const { room, id } = await connected()
    await (await add(room, id)).answers(status)
    expect(partiesOf(room)).toEqual([['police', 'left', end]])
    expect([endOf(status), room.call().state]).toEqual([end, 'connected'])
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
    await room.desk.removeParty(id, police.party, 'Asha')
    expect(room.asked).toContain(`drop ${police.party}`)
    await police.answers()
    expect(partiesOf(room)).toEqual([['police', 'left', 'sent-away']])
    // Twice is once.
    await room.desk.removeParty(id, police.party, 'Asha')
    expect(room.kinds().filter((kind) => kind === 'call.party-left')).toHaveLength(1)
    expect(await codeOf(room.desk.removeParty(id, 'pty-other', 'Asha'))).toBe('call/no-such-party')
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
