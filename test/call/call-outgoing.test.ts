/** Calls from the room that are about no press: to a help point, a contact, a camera's loudspeaker. */
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../server/glossary/call.ts'
import { Failure } from '../../server/tools/failure.ts'
import { INVITE, createCallRoom } from './call-room.ts'

type Room = ReturnType<typeof createCallRoom>
type Wish = Parameters<Room['desk']['place']>[0]
type About = Partial<Pick<Wish, 'incident' | 'reason'>>
const place = (room: Room, wish: ({ helpPoint: string } | { camera: string } | { contact: string }) & About) =>
  room.desk.place({ incident: null, reason: null, ...wish }, 'Asha', 'operator:Asha')
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Failure ? [error.code, error.message] : error),
  )
const answered = async () => ({ status: 200, from: '', rang: true })
async function spoken(room: Room, { id }: Call): Promise<void> {
  await room.settle()
  await room.desk.talk(id, 'Asha', new MessageChannel().port1)
  await room.tell({ news: 'both', sip: id, owner: 'Asha' })
}
const CAMERA = { camera: 'cam-31', incident: 'inc-1' }

describe('a call about no incident', () => {
  test('to a help point wants a reason, and has it in the record', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, { helpPoint: 'point-hp02', reason: 'The lamp post is hit by a lorry' })
    expect(call).toMatchObject({
      helpPoint: 'point-hp02',
      camera: null,
      contact: null,
      incident: null,
      reason: 'The lamp post is hit by a lorry',
      direction: 'out',
      owner: 'Asha',
    })
    expect([room.kinds(), room.ledger.entries[0]?.subject]).toEqual([['call.ringing'], call.id])
    await spoken(room, call)
    expect(room.call()).toMatchObject({ state: 'connected' })
  })
  test('is offered to all when its operator is lost, taken by another, and hung up', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, { helpPoint: 'point-hp02', reason: 'Smoke' })
    await spoken(room, call)
    await room.tell({ news: 'lost', sip: call.id, owner: 'Asha', why: 'gone' })
    expect(room.call()).toMatchObject({ state: 'offered', owner: null })
    expect(await room.desk.take(call.id, 'Ben', 'operator:Ben', false)).toMatchObject({ owner: 'Ben' })
    expect(room.incidentOwner()).toBe(null)
    expect(await room.desk.hangUp(call.id, 'Ben')).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
  })
  test('that no operator goes on with ends after noAnswer: no line stays open, and no desk telephone rings', async () => {
    for (const wish of [
      { helpPoint: 'point-hp02', reason: 'Smoke' },
      { contact: 'police', reason: 'Smoke' },
    ]) {
      const room = createCallRoom()
      room.whenPlaced(answered)
      const call = await place(room, wish)
      await spoken(room, call)
      await room.tell({ news: 'lost', sip: call.id, owner: 'Asha', why: 'gone' })
      await room.clock.advance(30_000)
      await room.settle()
      expect(room.call()).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
      expect(room.kinds()).not.toContain('call.escalated')
    }
  })
  test('rings nobody else’s call out: another press of the street is no twin of it', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    await place(room, { contact: 'police', reason: 'A drunk driver' })
    await room.tell({ ...INVITE, sip: 'press' })
    const press = room.desk.list().find(({ direction }) => direction === 'in')
    await room.desk.take(press?.id ?? '', 'Ben', 'operator:Ben', false)
    expect(room.desk.list().filter(({ state }) => state === 'ended')).toEqual([])
  })
  test('keeps its recording as long as the town keeps clips, and not longer', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, { contact: 'police', reason: 'A drunk driver' })
    await room.settle()
    await room.desk.hangUp(call.id, 'Asha')
    const [from, to] = ['2026-11-20T22:30:00.000Z', '2026-11-20T22:30:01.000Z']
    const recording = { sha256: 'ab', bytes: 58, from, to, gaps: [] }
    await room.tell({ news: 'recorded', sip: call.id, recording })
    await room.recordings.sweep(60_000)
    expect(room.call().recording).not.toBe(null)
    await room.clock.advance(61_000)
    await room.recordings.sweep(60_000)
    expect([room.call().recording, room.kinds().at(-1)]).toEqual([null, 'call.recording-deleted'])
  })
  test('is not called back after a restart: nobody waits there', async () => {
    const room = createCallRoom()
    room.answersByItself(true)
    room.whenPlaced(answered)
    const call = await place(room, { helpPoint: 'point-hp02', reason: 'Smoke' })
    await room.settle()
    await room.desk.lineLost('server-restarted')
    expect(await room.desk.callBack(room.desk.view(call.id))).toBe('done')
  })
})

describe('a call to a contact', () => {
  test('goes by the trunk, and the record has the number and what is shown there', async () => {
    const room = createCallRoom()
    const call = await place(room, { contact: 'police', incident: 'inc-1' })
    expect([room.asked, call.contact, call.helpPoint]).toEqual([['place 101'], 'police', null])
    expect(room.ledger.entries.find(({ kind }) => kind === 'call.ringing')?.body).toMatchObject({
      contact: 'police',
      number: '101',
      shown: '01325000000',
      incident: 'inc-1',
      by: 'Asha',
    })
  })
  test('dials nobody where the disk does not take its entry, and neither does a loudspeaker', async () => {
    for (const wish of [{ contact: 'police', reason: 'Smoke' }, CAMERA]) {
      const room = createCallRoom()
      room.ledger.breakDisk(true)
      expect(await refusal(place(room, wish))).toEqual(['ledger/unavailable', expect.any(String)])
      await room.settle()
      await room.settle()
      expect([room.asked, room.book.going()]).toEqual([[], []])
    }
  })
  test('is one with them, wherever they are called already: as a third party, too', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, { contact: 'police', reason: 'Smoke' })
    await spoken(room, call)
    const add = (contact: string) => room.desk.addParty(call.id, contact, 'Asha', 'operator:Asha')
    expect(await refusal(add('police'))).toEqual(['call/busy', expect.any(String)])
    await add('enforcement')
    expect(await refusal(place(room, { contact: 'enforcement', reason: 'Smoke' }))).toEqual([
      'call/busy',
      'Somebody speaks there already: Asha.',
    ])
  })
  test('takes the incident that nobody has, and leaves one in the hand that has it', async () => {
    const room = createCallRoom()
    const call = await place(room, { contact: 'police', incident: 'inc-1' })
    expect(room.incidentOwner()).toBe('Asha')
    await room.desk.hangUp(call.id, 'Asha')
    room.ownedBy('Ben')
    await place(room, { contact: 'police', incident: 'inc-1' })
    expect(room.incidentOwner()).toBe('Ben')
  })
  test.each([
    ['a drill', (room: Room) => room.isDrill()],
    ['a simulated town', (room: Room) => room.isSimulated()],
  ])('is refused in %s: nothing is dialled, and nothing is written', async (_, make) => {
    const room = createCallRoom()
    make(room)
    expect(await refusal(place(room, { contact: 'police', incident: 'inc-1' }))).toEqual([
      'call/no-trunk',
      expect.any(String),
    ])
    expect([room.asked, room.kinds()]).toEqual([[], []])
  })
  test('that the site file has no number for is refused', async () => {
    const room = createCallRoom()
    expect(await refusal(place(room, { contact: 'desk-only', reason: 'Smoke' }))).toEqual([
      'call/no-trunk',
      expect.any(String),
    ])
  })
  test('one at a time: who calls a second time reads who speaks there', async () => {
    const room = createCallRoom()
    await place(room, { contact: 'police', reason: 'Smoke' })
    expect(await refusal(place(room, { contact: 'police', reason: 'Smoke' }))).toEqual([
      'call/busy',
      'Somebody speaks there already: Asha.',
    ])
    expect(await place(room, { contact: 'enforcement', reason: 'Smoke' })).toMatchObject({ contact: 'enforcement' })
  })
  test('may be kept on the line while another contact joins', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, { contact: 'police', reason: 'Smoke' })
    await spoken(room, call)
    await room.desk.addParty(call.id, 'enforcement', 'Asha', 'operator:Asha')
    expect(room.asked).toContain(`add 101 to ${call.id} for a person`)
  })
})

describe('speaking through a camera', () => {
  test('is said once the camera takes sound, and connected with the operator’s first sound', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, CAMERA)
    expect(room.asked).toEqual(['place rtsp://10.0.4.31/stream'])
    expect(call).toMatchObject({ camera: 'cam-31', helpPoint: null, incident: 'inc-1', owner: 'Asha' })
    await spoken(room, call)
    expect(room.call()).toMatchObject({ state: 'connected', line: 'up' })
  })
  test.each([
    [486, 'Somebody else speaks through this camera now.', 'call/busy', 'refused'],
    [480, 'The camera offers no loudspeaker by ONVIF.', 'call/unreachable', 'nobody-answered'],
  ])('that the camera answers with %i is refused in its words, and they stand in the record', async (...row) => {
    const [status, why, code, end] = row
    const room = createCallRoom()
    room.whenPlaced(async () => ({ status, from: '', rang: false, why }))
    expect(await refusal(place(room, CAMERA))).toEqual([code, why])
    expect(room.ledger.entries.at(-1)).toMatchObject({ kind: 'call.ended', body: { end, why } })
  })
  test('of a camera without a loudspeaker is refused', async () => {
    const room = createCallRoom()
    const work = place(room, { camera: 'cam-12', incident: 'inc-1' })
    expect(await refusal(work)).toEqual(['call/no-speaker', expect.stringContaining('speaker: onvif')])
    expect(room.kinds()).toEqual([])
  })
  test('is over when its operator is lost, gives it back or takes another call: nobody waits there', async () => {
    const ways: ((room: Room, call: Call) => Promise<unknown>)[] = [
      (room, call) => room.tell({ news: 'lost', sip: call.id, owner: 'Asha', why: 'silent' }),
      (room, call) => room.desk.giveBack(call.id, 'Asha', 'operator:Asha'),
      async (room) => {
        await room.tell({ ...INVITE, sip: 'press' })
        const press = room.desk.list().find(({ direction }) => direction === 'in')
        await room.desk.take(press?.id ?? '', 'Asha', 'operator:Asha', false)
      },
      (room, call) => room.tell({ news: 'hung-up', sip: call.id, lost: true }),
    ]
    for (const way of ways) {
      const room = createCallRoom()
      room.whenPlaced(answered)
      const call = await place(room, CAMERA)
      await spoken(room, call)
      await way(room, call)
      expect(room.desk.view(call.id)).toMatchObject({ state: 'ended' })
      expect(room.kinds()).not.toContain('call.offered')
    }
  })
  test('is not put on hold, given to another, joined by a contact, or sent keys', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const call = await place(room, CAMERA)
    await spoken(room, call)
    const { desk } = room
    expect(await refusal(desk.hold(call.id, 'Asha', 'operator:Asha', true))).toEqual([
      'call/not-answered',
      expect.any(String),
    ])
    expect(await refusal(desk.take(call.id, 'Ben', 'operator:Ben', true))).toEqual(['call/taken', expect.any(String)])
    const added = desk.addParty(call.id, 'police', 'Asha', 'operator:Asha')
    expect(await refusal(added)).toEqual(['call/not-answered', expect.any(String)])
    const keys = desk.keys(call.id, 'Asha', 'operator:Asha', { name: 'gate' })
    expect(await refusal(keys)).toEqual(['call/no-keys', expect.any(String)])
    expect(room.desk.view(call.id)).toMatchObject({ state: 'connected', owner: 'Asha' })
  })
  test('that is hung up while it opens is over, and says so to who asked', async () => {
    const room = createCallRoom()
    let opens: (placed: { status: number; from: string; rang: boolean }) => void = () => {}
    room.whenPlaced(() => new Promise((resolve) => (opens = resolve)))
    const asked = refusal(place(room, CAMERA))
    await room.settle()
    await room.desk.hangUp(room.call().id, 'Asha')
    opens({ status: 487, from: '', rang: false })
    expect(await asked).toEqual(['call/ended', expect.any(String)])
  })
  test('is one person’s at a time, also while the camera has not answered, and in a drill', async () => {
    const room = createCallRoom()
    room.isDrill()
    void place(room, CAMERA)
    await room.settle()
    expect(await refusal(room.desk.place({ ...CAMERA, reason: null }, 'Ben', 'operator:Ben'))).toEqual([
      'call/busy',
      'Somebody speaks there already: Asha.',
    ])
  })
})
