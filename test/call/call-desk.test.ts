/** What the room does with calls: who has one, who hears it ring, and that a person answers whatever fails. */
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { createCallReturn } from '../../server/call/call-return.ts'
import type { PlacedCall } from '../../server/call/sip/sip-agent.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Call } from '../../server/glossary/call.ts'
import { Failure } from '../../server/tools/failure.ts'
import { INVITE, createCallRoom } from './call-room.ts'

const ring = async (room: ReturnType<typeof createCallRoom>, sip = INVITE.sip, user = INVITE.user as string) => {
  await room.tell({ ...INVITE, sip, user })
  return room.call().id
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Failure ? [error.code, error.extra] : error),
  )
const QUALITY = { lossPercent: 0, jitterMs: 1, levelIn: -20, levelOut: -20, oneWay: null, silentLine: false }

describe('a call', () => {
  test('is a press first, by its Call-ID, and rings once that is on disk', async () => {
    const room = createCallRoom()
    let onDisk = (): void => {}
    room.whenPressed(() => new Promise((resolve) => (onDisk = resolve)))
    await room.tell(INVITE)
    expect(room.asked).toEqual([])
    onDisk()
    await room.settle()
    await room.settle()
    expect([room.presses, room.asked, room.kinds()]).toEqual([
      [`sip:${INVITE.sip}`],
      [`ring ${INVITE.sip}`],
      ['call.ringing'],
    ])
    expect(room.call()).toMatchObject({ state: 'ringing', line: 'early', owner: null, helpPoint: 'point-hp01' })
  })
  test('does not ring while the disk takes nothing: the edge goes on to the desk', async () => {
    const room = createCallRoom()
    room.whenPressed(() => Promise.reject(new Failure('ledger/unavailable', 'The disk is full.')))
    await room.tell(INVITE)
    expect([room.asked, room.kinds(), room.errors.length]).toEqual([[`refuse ${INVITE.sip} 480`], [], 1])
  })
  test('does not ring when its own entry is not durable, either', async () => {
    const room = createCallRoom()
    room.ledger.breakDisk(true)
    await room.tell(INVITE)
    expect(room.asked).toEqual([`refuse ${INVITE.sip} 480`])
    // It rings on nobody's wall.
    expect(room.book.going()).toEqual([])
  })
  test('for which the media engine has no port is a press, and the desk’s', async () => {
    const room = createCallRoom()
    await room.tell({ ...INVITE, noSound: true })
    expect([room.presses.length, room.asked, room.call().end]).toEqual([1, [`refuse ${INVITE.sip} 480`], 'forwarded'])
  })
  test('of a user that no help point has is refused', async () => {
    const room = createCallRoom()
    await room.tell({ ...INVITE, user: 'somebody' })
    expect([room.asked, room.presses]).toEqual([[`refuse ${INVITE.sip} 404`], []])
  })
  test('is refused where the site has no voice any more', async () => {
    const room = createCallRoom(null)
    await room.tell(INVITE)
    expect(room.asked).toEqual([`refuse ${INVITE.sip} 404`])
  })
  test('with a name of eight thousand bytes is a press like any other', async () => {
    const room = createCallRoom()
    await ring(room, 'x'.repeat(8000))
    expect(room.presses[0]).toMatch(/^sip:[0-9a-f]{64}$/)
    expect(room.asked).toEqual([`ring ${'x'.repeat(8000)}`])
  })
  test('that was given up before its press was on disk counts, and does not ring', async () => {
    const room = createCallRoom()
    let onDisk = (): void => {}
    room.whenPressed(() => new Promise((resolve) => (onDisk = resolve)))
    await room.tell(INVITE)
    await room.tell({ news: 'cancelled', sip: INVITE.sip, by: 'forwarded' })
    onDisk()
    await room.settle()
    await room.settle()
    expect([room.presses.length, room.asked]).toEqual([1, []])
    expect(room.call()).toMatchObject({ state: 'ended', end: 'forwarded' })
  })
  test.each([
    [{ news: 'cancelled', by: 'gave-up' }, 'gave-up'],
    [{ news: 'cancelled', by: 'answered-elsewhere' }, 'answered-elsewhere'],
    [{ news: 'hung-up', lost: false }, 'caller-hung-up'],
    [{ news: 'hung-up', lost: true }, 'line-lost'],
  ] as const)('that ends with %j is over, and says how', async (news, end) => {
    const room = createCallRoom()
    await ring(room)
    await room.tell({ ...news, sip: INVITE.sip })
    expect(room.call()).toMatchObject({ state: 'ended', end, line: 'gone' })
    await room.tell({ ...news, sip: INVITE.sip })
    expect(room.kinds().filter((kind) => kind === 'call.ended')).toHaveLength(1)
  })
  test('that nobody takes goes on to the desk after its time, and says so', async () => {
    const room = createCallRoom()
    await ring(room)
    await room.clock.advance(30_000)
    await room.settle()
    expect(room.asked).toEqual([`ring ${INVITE.sip}`, `refuse ${INVITE.sip} 480`])
    expect(room.kinds()).toEqual(['call.ringing', 'call.escalated', 'call.ended'])
    expect(room.call()).toMatchObject({ end: 'forwarded' })
  })
  test('that the announcement has answered stays with the room when nobody takes it', async () => {
    const room = createCallRoom({ answer: 'at-once' })
    await ring(room)
    expect(room.asked).toEqual([`ring ${INVITE.sip}`, `answer ${INVITE.sip}`, `play ${INVITE.sip} waiting`])
    expect(room.call()).toMatchObject({ state: 'waiting', line: 'up' })
    await room.clock.advance(30_000)
    expect(room.call()).toMatchObject({ state: 'waiting' })
    expect(room.kinds()).toEqual(['call.ringing', 'call.answered', 'call.escalated'])
  })
  test('of a site that records none says nothing of recording, and has no file', async () => {
    const room = createCallRoom({ answer: 'at-once', recorded: false })
    await ring(room)
    expect(room.asked.slice(1)).toEqual([`answer ${INVITE.sip} unrecorded`, `play ${INVITE.sip} waiting-unrecorded`])
    expect(room.call().recorded).toBe(false)
  })
})

describe('taking a call', () => {
  test('takes its incident in the same act, and answers', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    expect(room.incidentOwner()).toBe('Asha')
    expect(room.ledger.entries.slice(1).map(({ kind, actor }) => [kind, actor])).toEqual([
      ['incident.acknowledged', 'operator:Asha'],
      ['call.taken', 'operator:Asha'],
      ['call.answered', 'lamppost'],
    ])
    expect(room.asked).toContain(`answer ${INVITE.sip}`)
    // Nothing is called connected before sound has come both ways.
    expect(room.call()).toMatchObject({ state: 'ringing', owner: 'Asha' })
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    expect(room.call()).toMatchObject({ state: 'connected', line: 'up' })
  })
  test('is first come, first served: fifty races of six have one owner each', async () => {
    for (let race = 0; race < 50; race += 1) {
      const room = createCallRoom()
      const id = await ring(room)
      const people = ['Asha', 'Ben', 'Cai', 'Dee', 'Eli', 'Fay']
      const outcomes = await Promise.all(
        people.map((name) => codeOf(room.desk.take(id, name, `operator:${name}`, false))),
      )
      const { owner } = room.call()
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1)
      expect(people[outcomes.indexOf('done')]).toBe(owner)
      for (const outcome of outcomes) if (outcome !== 'done') expect(outcome).toEqual(['call/taken', { owner }])
      expect(room.asked.filter((each) => each.startsWith('answer'))).toHaveLength(1)
    }
  })
  test('twice by the same person is once', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    expect(room.kinds().filter((kind) => kind === 'call.taken')).toHaveLength(1)
  })
  test('of an incident that somebody else has needs to be said', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    room.ownedBy('Ben')
    expect(await codeOf(room.desk.take(id, 'Asha', 'operator:Asha', false))).toEqual([
      'incident/taken',
      { owner: 'Ben' },
    ])
    await room.desk.take(id, 'Asha', 'operator:Asha', true)
    expect(room.call().owner).toBe('Asha')
  })
  test('over takes the sound out of the other’s page', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    await room.desk.take(id, 'Ben', 'operator:Ben', true)
    expect(room.asked).toContain(`end talk ${INVITE.sip}`)
    expect(room.ledger.entries.at(-1)?.body).toMatchObject({ by: 'Ben', from: 'Asha' })
    // Until Ben is heard and hears, nobody says that he is connected.
    expect(room.call()).toMatchObject({ owner: 'Ben', state: 'offered' })
    // What was still on its way of the page before is nobody's loss.
    await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' })
    expect(room.call().owner).toBe('Ben')
  })
  test('of one that is over says how it ended', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.tell({ news: 'cancelled', sip: INVITE.sip, by: 'gave-up' })
    expect(await codeOf(room.desk.take(id, 'Asha', 'operator:Asha', false))).toMatchObject([
      'call/ended',
      { end: 'gave-up' },
    ])
  })
  test('of a second call puts the first on hold', async () => {
    const room = createCallRoom()
    const first = await ring(room)
    await room.desk.take(first, 'Asha', 'operator:Asha', false)
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    await room.clock.advance(1000)
    const second = await ring(room, 'second', 'hp02')
    await room.desk.take(second, 'Asha', 'operator:Asha', false)
    expect(room.desk.view(first)).toMatchObject({ state: 'held', held: true, owner: 'Asha' })
    expect(room.asked).toContain(`play ${INVITE.sip} hold`)
  })
  test('of a line that cannot be answered ends it here, and the desk rings', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    room.whenAnswering(() => Promise.reject(new Error('no sound was offered')))
    expect(await codeOf(room.desk.take(id, 'Asha', 'operator:Asha', false))).toMatchObject(['call/ended', {}])
    expect(room.asked).toContain(`refuse ${INVITE.sip} 480`)
    expect(room.call()).toMatchObject({ state: 'ended', end: 'line-lost' })
  })
})

describe('a call that somebody has', () => {
  const connected = async (room = createCallRoom()) => {
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    return { room, id }
  }
  test.each(['gone', 'silent'] as const)(
    'is offered to all again when its operator is %s, and the caller hears so',
    async (why) => {
      const { room } = await connected()
      await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why })
      expect(room.call()).toMatchObject({ state: 'offered', owner: null, line: 'up' })
      expect(room.kinds().slice(-2)).toEqual(['call.lost', 'call.offered'])
      expect(room.asked.at(-1)).toBe(`play ${INVITE.sip} waiting`)
    },
  )
  test('takes its incident along when it was lost: whoever accepts it has both', async () => {
    const { room, id } = await connected()
    await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' })
    expect(room.incidentOwner()).toBe('Asha')
    await room.desk.take(id, 'Ben', 'operator:Ben', false)
    expect([room.incidentOwner(), room.call().owner]).toEqual(['Ben', 'Ben'])
  })
  test('is offered again when the page that took it never talks', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.clock.advance(8000)
    expect(room.desk.view(id)).toMatchObject({ owner: null })
    expect(room.kinds()).toContain('call.lost')
  })
  test('stays its owner’s when the page talks', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    const { port1, port2 } = new MessageChannel()
    await room.desk.talk(id, 'Asha', port1)
    await room.clock.advance(20_000)
    expect(room.desk.view(id).owner).toBe('Asha')
    expect(await codeOf(room.desk.talk(id, 'Ben', port2))).toEqual(['call/not-yours', { owner: 'Asha' }])
    port1.close()
  })
  test('is given back to the room', async () => {
    const { room, id } = await connected()
    expect(await codeOf(room.desk.giveBack(id, 'Ben', 'user:ben'))).toEqual(['call/not-yours', { owner: 'Asha' }])
    await room.desk.giveBack(id, 'Asha', 'user:asha')
    expect(room.call()).toMatchObject({ state: 'offered', owner: null })
  })
  test('is put on hold and taken up by its owner alone', async () => {
    const { room, id } = await connected()
    expect(await codeOf(room.desk.hold(id, 'Ben', 'operator:Ben', true))).toEqual(['call/not-yours', { owner: 'Asha' }])
    await room.desk.hold(id, 'Asha', 'operator:Asha', true)
    expect(room.call()).toMatchObject({ state: 'held', held: true })
    // Sound on its way does not take it out of the hold.
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    expect(room.call().state).toBe('held')
    await room.desk.hold(id, 'Asha', 'operator:Asha', false)
    expect(room.call()).toMatchObject({ state: 'connected', held: false })
    expect(room.asked.at(-1)).toBe(`play ${INVITE.sip} nothing`)
  })
  test('cannot be held before sound has come both ways', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    expect(await codeOf(room.desk.hold(id, 'Asha', 'operator:Asha', true))).toMatchObject(['call/not-answered', {}])
  })
  test('hears that it is recorded when its operator asks for it, and not before sound has come both ways', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    expect(await codeOf(room.desk.announce(id, 'Asha', 'user:asha', 'recorded', null))).toMatchObject([
      'call/not-answered',
      {},
    ])
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    expect(await codeOf(room.desk.announce(id, 'Ben', 'user:ben', 'recorded', null))).toEqual([
      'call/not-yours',
      { owner: 'Asha' },
    ])
    await room.desk.announce(id, 'Asha', 'user:asha', 'recorded', null)
    expect(room.asked.at(-1)).toBe(`play ${INVITE.sip} notice`)
  })
  test('is hung up by its owner alone', async () => {
    const { room, id } = await connected()
    expect(await codeOf(room.desk.hangUp(id, 'Ben'))).toEqual(['call/not-yours', { owner: 'Asha' }])
    await room.desk.hangUp(id, 'Asha')
    expect(room.call()).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
    expect(room.asked).toContain(`hang up ${INVITE.sip}`)
    // The line's own end comes after ours, and changes nothing.
    await room.tell({ news: 'hung-up', sip: INVITE.sip, lost: true })
    expect(room.call().end).toBe('operator-hung-up')
  })
  test('says once which side is not heard, and once that it is again', async () => {
    const { room } = await connected()
    for (const oneWay of ['in', 'in', null, null] as const)
      await room.tell({ news: 'quality', sip: INVITE.sip, quality: { ...QUALITY, oneWay } })
    expect(room.ledger.entries.filter(({ kind }) => kind === 'call.one-way').map(({ body }) => body)).toMatchObject([
      { side: 'in' },
      { side: null },
    ])
    expect(room.call().quality).toEqual(QUALITY)
  })
  test('says once that the caller has heard that it is recorded', async () => {
    const room = createCallRoom({ answer: 'at-once' })
    await ring(room)
    await room.tell({ news: 'announced', sip: INVITE.sip })
    await room.tell({ news: 'announced', sip: INVITE.sip })
    expect([room.call().announced, room.kinds().filter((kind) => kind === 'call.announced').length]).toEqual([true, 1])
  })
  test('is over when the server was restarted, and its recording follows', async () => {
    const { room, id } = await connected()
    await room.desk.lineLost('server-restarted')
    expect(room.call()).toMatchObject({ state: 'ended', end: 'server-restarted' })
    const recording = {
      sha256: 'ab',
      bytes: 58,
      from: '2026-11-20T22:30:00.000Z',
      to: '2026-11-20T22:30:01.000Z',
      gaps: [],
    }
    await room.recordings.written(room.book.get(id), recording)
    expect(room.call().recording).toEqual(recording)
  })
})

/** Asha speaks in the first call, and has taken a second. */
async function two() {
  const room = createCallRoom()
  const first = await ring(room)
  await room.desk.take(first, 'Asha', 'operator:Asha', false)
  const { port1, port2 } = new MessageChannel()
  await room.desk.talk(first, 'Asha', port1)
  await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
  await room.clock.advance(1000)
  const second = await ring(room, 'second', 'hp02')
  await room.desk.take(second, 'Asha', 'operator:Asha', false)
  port1.close()
  return {
    room,
    first,
    second,
    /** Her page leaves the first. */
    leave: () => room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' }),
    /** And is in the second. */
    async enter(): Promise<void> {
      await room.desk.talk(second, 'Asha', port2)
      await room.tell({ news: 'both', sip: 'second', owner: 'Asha' })
    },
  }
}

describe('a person with two calls', () => {
  test('leaves the first with its sound, and keeps it on hold', async () => {
    const { room, first, second, leave, enter } = await two()
    await enter()
    // The page speaks elsewhere now: that is no loss.
    await leave()
    expect([room.desk.view(first).state, room.desk.view(second).state]).toEqual(['held', 'connected'])
  })
  test('leaves the first before she is in the second: that is no loss, either', async () => {
    const { room, first, second, leave } = await two()
    await leave()
    expect(room.desk.view(first)).toMatchObject({ state: 'held', owner: 'Asha' })
    // The page never comes into the second: it is the room's again.
    await room.clock.advance(8000)
    expect(room.desk.view(second).owner).toBeNull()
  })
  test('goes back to the first, and the second waits', async () => {
    const { room, first, second, enter } = await two()
    await enter()
    await room.desk.hold(first, 'Asha', 'operator:Asha', false)
    expect([room.desk.view(first).state, room.desk.view(second).state]).toEqual(['connected', 'held'])
  })
  test('and a page that dies gives both back to the room', async () => {
    const { room, first, second, leave, enter } = await two()
    await enter()
    await leave()
    await room.tell({ news: 'lost', sip: 'second', owner: 'Asha', why: 'silent' })
    expect([room.desk.view(first), room.desk.view(second)]).toMatchObject([
      { state: 'offered', owner: null },
      { state: 'offered', owner: null },
    ])
  })
  test('who hangs up the second and does not come back is looked for after a minute', async () => {
    const { room, first, second, leave } = await two()
    await leave()
    await room.desk.hangUp(second, 'Asha')
    await room.clock.advance(59_000)
    expect(room.desk.view(first).owner).toBe('Asha')
    await room.clock.advance(1000)
    expect(room.desk.view(first)).toMatchObject({ state: 'offered', owner: null })
  })
})

test('a call on hold that is taken up, and whose page does not come, is the room’s again', async () => {
  const room = createCallRoom()
  const id = await ring(room)
  await room.desk.take(id, 'Asha', 'operator:Asha', false)
  await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
  await room.desk.hold(id, 'Asha', 'operator:Asha', true)
  await room.desk.hold(id, 'Asha', 'operator:Asha', false)
  await room.clock.advance(8000)
  expect(room.desk.view(id)).toMatchObject({ state: 'offered', owner: null })
})

describe('an incident that is closed', () => {
  test('takes its calls along: one that was answered is hung up, one that rings goes on to the desk', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.clock.advance(1000)
    await ring(room, 'second', 'hp02')
    await room.desk.incidentClosed(room.call().incident as IncidentId)
    expect(room.desk.list().map(({ end }) => end)).toEqual(['forwarded', 'operator-hung-up'])
    expect(room.asked.slice(-2).sort()).toEqual([`hang up ${INVITE.sip}`, 'refuse second 480'])
  })
})

describe('a call that waits again', () => {
  test('is told anew when nobody takes it, and is not given to the desk: its line is up', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.tell({ news: 'lost', sip: INVITE.sip, owner: 'Asha', why: 'gone' })
    await room.clock.advance(30_000)
    expect(room.kinds().filter((kind) => kind === 'call.escalated')).toHaveLength(1)
    expect(room.desk.view(id)).toMatchObject({ state: 'offered', line: 'up' })
    expect(room.asked.some((each) => each.startsWith('refuse'))).toBe(false)
  })
  test('is answered even when the disk does not take that it was taken', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    room.ledger.breakDisk(true)
    expect(await codeOf(room.desk.take(id, 'Asha', 'operator:Asha', false))).toMatchObject(['ledger/unavailable', {}])
    expect(room.asked).toContain(`answer ${INVITE.sip}`)
  })
})

describe('a call from the room', () => {
  const place = (room: ReturnType<typeof createCallRoom>, name = 'Asha') =>
    room.desk.place({ helpPoint: 'point-hp01', incident: null, reason: null }, name, `operator:${name}`)
  const answered = async () => ({ status: 200, from: 'tls:10.1.2.3:5061', rang: false })

  test('is of the open incident, of whoever calls, and no press', async () => {
    const room = createCallRoom()
    expect(await place(room)).toMatchObject({
      direction: 'out',
      state: 'ringing',
      line: 'early',
      owner: 'Asha',
      incident: 'inc-1',
    })
    expect([room.asked, room.presses, room.incidentOwner()]).toEqual([['place hp01'], [], 'Asha'])
    expect(room.kinds()).toEqual(['incident.acknowledged', 'call.ringing'])
  })
  test('asks the help point to answer by itself, unless the site file says that it does not', async () => {
    const room = createCallRoom()
    room.answersByItself(false)
    await place(room)
    expect(room.asked).toEqual(['place hp01, not asked'])
  })
  test('is connected when sound has come both ways, and says whether the line is encrypted', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    const { id } = await place(room)
    await room.settle()
    expect(room.call()).toMatchObject({ state: 'ringing', line: 'up', secured: true })
    await room.desk.talk(id, 'Asha', new MessageChannel().port1)
    await room.tell({ news: 'both', sip: id, owner: 'Asha' })
    expect(room.call()).toMatchObject({ state: 'connected', owner: 'Asha' })
    await room.tell({ news: 'hung-up', sip: id, lost: false })
    expect(room.call()).toMatchObject({ state: 'ended', end: 'caller-hung-up' })
  })
  test('goes to all when its page says nothing after the help point has answered', async () => {
    const room = createCallRoom()
    room.whenPlaced(answered)
    await place(room)
    await room.clock.advance(8000)
    await room.settle()
    expect(room.call()).toMatchObject({ state: 'offered', owner: null })
  })
  test.each([
    [480, 'nobody-answered'],
    [408, 'nobody-answered'],
    [486, 'refused'],
    [603, 'refused'],
  ])('that the help point answers with %i is over: %s', async (status, end) => {
    const room = createCallRoom()
    room.whenPlaced(async () => ({ status, from: '', rang: false }))
    const { id } = await place(room)
    await room.settle()
    await room.settle()
    expect(room.call()).toMatchObject({ state: 'ended', end })
    expect(await codeOf(room.desk.talk(id, 'Asha', new MessageChannel().port1))).toMatchObject(['call/ended', {}])
  })
  test('is over where the edge is gone', async () => {
    const room = createCallRoom()
    room.whenPlaced(() => Promise.reject(new Error('the edge is gone')))
    await place(room)
    await room.settle()
    await room.settle()
    expect(room.call()).toMatchObject({ state: 'ended', end: 'line-lost' })
  })
  test('is hung up before anybody answers, and is not given to others', async () => {
    const room = createCallRoom()
    const { id } = await place(room)
    expect(await codeOf(room.desk.giveBack(id, 'Asha', 'user:asha'))).toMatchObject(['call/not-answered', {}])
    await room.desk.hangUp(id, 'Asha')
    expect(room.asked).toContain(`hang up ${id}`)
    expect(room.call()).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
  })
  test('ends when its operator accepts another call, or its incident is closed, before anybody answers', async () => {
    const room = createCallRoom()
    const { id } = await place(room)
    const other = await ring(room, 'other', 'hp02')
    await room.desk.take(other, 'Asha', 'operator:Asha', false)
    expect(room.desk.view(id)).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
    expect(room.asked).toContain(`hang up ${id}`)
    const again = await place(room)
    await room.desk.incidentClosed(again.incident as IncidentId)
    expect(room.desk.view(again.id)).toMatchObject({ state: 'ended', end: 'operator-hung-up' })
  })
  test('that is answered while it is hung up is hung up again: no microphone stays open that nobody has', async () => {
    const room = createCallRoom()
    let pickUp: (answer: PlacedCall) => void = () => {}
    room.whenPlaced(() => new Promise((resolve) => (pickUp = resolve)))
    const { id } = await place(room)
    await room.desk.hangUp(id, 'Asha')
    pickUp({ status: 200, from: '', rang: false })
    await room.settle()
    await room.settle()
    expect(room.asked.filter((each) => each === `hang up ${id}`)).toHaveLength(2)
  })
  test('leaves a caller who is on hold with their operator while it rings, and nobody takes it over', async () => {
    const room = createCallRoom()
    const held = await ring(room, 'first', 'hp02')
    await room.desk.take(held, 'Asha', 'operator:Asha', false)
    await room.desk.talk(held, 'Asha', new MessageChannel().port1)
    await room.tell({ news: 'both', sip: 'first', owner: 'Asha' })
    const { id } = await place(room)
    await room.tell({ news: 'lost', sip: 'first', owner: 'Asha', why: 'gone' })
    expect(room.desk.view(held)).toMatchObject({ state: 'held', owner: 'Asha' })
    expect(await codeOf(room.desk.take(id, 'Ben', 'operator:Ben', true))).toMatchObject(['call/not-answered', {}])
  })
  test('is refused while there is a call, with the name of who has it; of two who call at once one has it', async () => {
    const room = createCallRoom()
    const both = await Promise.all([codeOf(place(room)), codeOf(place(room, 'Ben'))])
    expect(both).toEqual(['done', ['call/busy', expect.objectContaining({ owner: 'Asha' })]])
  })
  test.each([
    ['a help point that is not the incident’s', 'point-elsewhere', 'inc-1', null, 'request/invalid'],
    ['a help point without an open incident, and without a reason', 'point-hp02', null, null, 'request/invalid'],
    ['a help point without an open incident, for no reason but blanks', 'point-hp02', null, '  ', 'request/invalid'],
    ['a help point that is not registered', 'point-elsewhere', null, 'The lamp is out', 'call/unreachable'],
  ])('to %s is refused', async (_, helpPoint, incident, reason, code) => {
    const room = createCallRoom()
    expect(await codeOf(room.desk.place({ helpPoint, incident, reason }, 'Asha', 'operator:Asha'))).toMatchObject([
      code,
      {},
    ])
    expect(room.asked).toEqual([])
  })
  test('where the site has no voice any more is refused', async () => {
    const room = createCallRoom(null)
    expect(await codeOf(place(room))).toMatchObject(['call/unreachable', {}])
  })
})

describe('the recording', () => {
  test('follows the end of its call, by whatever order the thread tells', async () => {
    const room = createCallRoom()
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.tell({ news: 'hung-up', sip: INVITE.sip, lost: false })
    const recording = {
      sha256: 'ab',
      bytes: 58,
      from: '2026-11-20T22:30:00.000Z',
      to: '2026-11-20T22:30:01.000Z',
      gaps: [],
    }
    await room.tell({ news: 'recorded', sip: INVITE.sip, recording })
    expect(room.recordings.recording(id)).toMatchObject({ recording, file: `/data/calls/${id}.wav` })
    await room.recordings.listened(id, 'evidence:Eve', 0, 58)
    expect(room.ledger.entries.at(-1)).toMatchObject({
      kind: 'call.listened',
      actor: 'evidence:Eve',
      body: { from: 0, bytes: 58, sha256: 'ab' },
    })
    await room.recordings.drop(room.call().incident as IncidentId, 'retention')
    expect(() => room.recordings.recording(id)).toThrow('no recording')
  })
  test('of a site that records none is none, and says why', async () => {
    const room = createCallRoom({ recorded: false })
    const id = await ring(room)
    expect(() => room.recordings.recording(id)).toThrow('does not record calls')
  })
})

describe('a device that calls eight times for one press', () => {
  test('is one incident, and whoever accepts one call ends what else rings from there, without the desk', async () => {
    const room = createCallRoom()
    for (let i = 0; i < 8; i += 1) await ring(room, `twin ${i}`)
    const other = await ring(room, 'somebody else', 'hp02')
    expect(new Set(room.desk.list().map(({ incident }) => incident)).size).toBe(1)
    room.asked.length = 0
    const first = room.desk.list().find(({ helpPoint }) => helpPoint === 'point-hp01')
    await room.desk.take(first?.id ?? '', 'Asha', 'operator:Asha', false)
    await room.settle()
    const ended = room.desk.list().filter(({ state }) => state === 'ended')
    expect(ended.map(({ end }) => end)).toEqual(Array(7).fill('answered-elsewhere'))
    expect(room.asked.filter((each) => /^refuse twin \d 603$/.test(each))).toHaveLength(7)
    expect(room.desk.view(other).state).toBe('ringing')
    // Nothing of them is escalated later.
    await room.clock.advance(60_000)
    const twins = new Set(ended.map(({ id }) => id))
    const escalated = room.ledger.entries.flatMap((each) => (each.kind === 'call.escalated' ? [each.body.call] : []))
    expect(escalated.filter((id) => twins.has(id))).toEqual([])
  })
  test('but one that the announcement has answered already hears it on, whichever of two is accepted', async () => {
    const room = createCallRoom({ answer: 'at-once' })
    const first = await ring(room, 'first')
    await ring(room, 'second')
    await room.settle()
    const second = room.desk.list().find(({ id }) => id !== first)?.id ?? ''
    await room.desk.take(second, 'Asha', 'operator:Asha', false)
    await room.settle()
    expect([room.desk.view(first).state, room.desk.view(first).line]).toEqual(['waiting', 'up'])
    expect(room.asked.filter((each) => /^(?:refuse|hang up) first/.test(each))).toEqual([])
  })
})

describe('keys', () => {
  const connected = async (change: (room: ReturnType<typeof createCallRoom>) => void = () => {}) => {
    const room = createCallRoom()
    change(room)
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'operator:Asha', false)
    await room.desk.talk(id, 'Asha', new MessageChannel().port1)
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    room.asked.length = 0
    return { room, id }
  }
  test('are sent by the name that the site file gives them, and the record has the name and no digit', async () => {
    const { room, id } = await connected()
    await room.desk.keys(id, 'Asha', 'operator:Asha', { name: 'gate' })
    expect(room.asked).toEqual([`keys ${INVITE.sip} 1#`])
    expect(room.ledger.entries.at(-1)).toMatchObject({ kind: 'call.keyed', body: { by: 'Asha', name: 'gate' } })
    await room.desk.keys(id, 'Asha', 'operator:Asha', { digits: '4711' })
    expect(room.ledger.entries.at(-1)).toMatchObject({ kind: 'call.keyed', body: { name: null } })
    expect(JSON.stringify(room.ledger.entries.at(-1)?.body)).not.toContain('4711')
  })
  test.each<[string, string, { name: string }, string]>([
    ['of a name that the site file does not have', 'Asha', { name: 'door' }, 'call/no-keys'],
    ['of a name that every object has', 'Asha', { name: 'constructor' }, 'call/no-keys'],
    ['of another person', 'Ben', { name: 'gate' }, 'call/not-yours'],
  ])('%s are refused', async (_, who, wanted, code) => {
    const { room, id } = await connected()
    expect(await codeOf(room.desk.keys(id, who, `operator:${who}`, wanted))).toMatchObject([code, {}])
    expect(room.asked).toEqual([])
  })
  test('on hold are refused; what the help point does not take is said, and entered', async () => {
    const { room, id } = await connected((each) => each.takesNoKeys())
    expect(await codeOf(room.desk.keys(id, 'Asha', 'operator:Asha', { name: 'gate' }))).toMatchObject([
      'call/no-keys',
      {},
    ])
    expect(room.ledger.entries.at(-1)).toMatchObject({ kind: 'call.keyed', body: { name: 'gate', taken: false } })
    await room.desk.hold(id, 'Asha', 'operator:Asha', true)
    expect(await codeOf(room.desk.keys(id, 'Asha', 'operator:Asha', { name: 'gate' }))).toMatchObject([
      'call/not-answered',
      {},
    ])
  })
})

describe('a call that the end of the server has cut off', () => {
  const following = (room: ReturnType<typeof createCallRoom>) =>
    createCallReturn({
      clock: room.clock,
      callBack: room.desk.callBack,
      now: ({ id }) => room.book.get(id),
      onError: () => {},
    })
  /** A call that was up when the server died, as the one after it finds it. */
  async function cutOff() {
    const room = createCallRoom()
    room.answersByItself(true)
    await room.tell({ ...INVITE })
    await room.desk.take(room.call().id, 'Asha', 'operator:Asha', false)
    await room.settle()
    const cut = room.book.going()
    await room.desk.lineLost('server-restarted')
    await room.clock.advance(1000)
    room.asked.length = 0
    return { room, cut: cut[0] as Call }
  }
  const answered = async () => ({ status: 200, from: 'udp:10.1.2.3:5060', rang: false })

  test('is called back for everybody: the caller hears the announcement, and whoever accepts has both', async () => {
    const { room, cut } = await cutOff()
    room.whenPlaced(answered)
    expect(await room.desk.callBack(cut)).toBe('done')
    await room.settle()
    expect(room.call()).toMatchObject({
      direction: 'out',
      state: 'waiting',
      line: 'up',
      owner: null,
      incident: 'inc-1',
    })
    expect(room.asked).toEqual(['place hp01', expect.stringMatching(/^play cal.* waiting$/)])
    await room.desk.take(room.call().id, 'Asha', 'operator:Asha', false)
    expect(room.call()).toMatchObject({ owner: 'Asha' })
  })
  test('belongs to nobody while it rings there: it cannot be accepted before somebody is heard', async () => {
    const { room, cut } = await cutOff()
    void room.desk.callBack(cut)
    await room.settle()
    expect(room.call()).toMatchObject({ state: 'ringing', line: 'early', owner: null })
    await expect(room.desk.take(room.call().id, 'Ben', 'operator:Ben', false)).rejects.toMatchObject({
      code: 'call/not-answered',
    })
  })
  test('waits until its help point can be reached again', async () => {
    const { room, cut } = await cutOff()
    room.isReachable(false)
    const back = following(room)
    back.follow([cut])
    await room.clock.advance(20_000)
    expect(room.asked).toEqual([])
    room.isReachable(true)
    await room.clock.advance(2000)
    expect(room.asked).toEqual(['place hp01'])
    await room.clock.advance(60_000)
    expect(room.asked).toEqual(['place hp01'])
    back.close()
  })
  test('is given up after three minutes: the person has gone on', async () => {
    const { room, cut } = await cutOff()
    room.isReachable(false)
    const back = following(room)
    back.follow([cut])
    for (let i = 0; i < 200; i += 1) await room.clock.advance(1000)
    room.isReachable(true)
    await room.clock.advance(5000)
    expect(room.asked).toEqual([])
  })
  test.each<[string, (room: ReturnType<typeof createCallRoom>) => void | Promise<void>]>([
    ['whose incident is closed', (room) => room.isClosed()],
    ['whose help point does not answer by itself', (room) => room.answersByItself(false)],
    ['whose caller has called again', (room) => room.tell({ ...INVITE, sip: 'another' })],
  ])('%s is not called back', async (_, change) => {
    const { room, cut } = await cutOff()
    await change(room)
    expect(await room.desk.callBack(cut)).toBe('done')
    expect(room.asked.filter((each) => each.startsWith('place'))).toEqual([])
  })
  test('is called three times, eight seconds apart, where it does not answer; then an operator decides', async () => {
    const { room, cut } = await cutOff()
    room.whenPlaced(async () => ({ status: 486, from: '', rang: false }))
    following(room).follow([cut])
    for (let i = 0; i < 60; i += 1) await room.clock.advance(1000)
    expect(room.asked.filter((each) => each === 'place hp01')).toHaveLength(3)
  })
  test('long ago is not called back: nobody is there, and the street would be heard', async () => {
    const { room, cut } = await cutOff()
    await room.clock.advance(3_600_000)
    room.asked.length = 0
    following(room).follow([cut])
    await room.clock.advance(5000)
    expect(room.asked).toEqual([])
  })
  test('by a stop that was asked for is not ended by this server: the next one says so, and calls back', async () => {
    const room = createCallRoom()
    await ring(room)
    await room.desk.take(room.call().id, 'Asha', 'operator:Asha', false)
    await room.settle()
    room.desk.close()
    await room.tell({ news: 'hung-up', sip: INVITE.sip, lost: true })
    expect(room.call()).toMatchObject({ line: 'up', end: null })
  })
  test('that nobody had answered yet is not called back: the desk telephone rings', () => {
    const called: string[] = []
    const room = createCallRoom()
    const at = new Date(room.clock.now()).toISOString()
    const back = createCallReturn({
      clock: room.clock,
      callBack: async ({ id }) => (called.push(id), 'done'),
      now: (call) => call,
      onError: () => {},
    })
    back.follow([
      { id: 'early', line: 'early', ringingAt: at },
      { id: 'up', line: 'up', ringingAt: at },
    ] as unknown as Call[])
    expect(called).toEqual(['up'])
  })
})

describe('a call that the PBX brings', () => {
  const BROUGHT = { ...INVITE, byPbx: true }
  test('with answer: never rings, is nobody’s here, is not recorded, and calls no desk', async () => {
    const room = createCallRoom({ answer: 'never' })
    await room.tell(BROUGHT)
    const { id } = room.call()
    expect(room.call()).toMatchObject({ state: 'ringing', answeredHere: false, recorded: false })
    expect(await codeOf(room.desk.take(id, 'Asha', 'user:asha', false))).toMatchObject(['call/not-here', {}])
    await room.clock.advance(600_000)
    expect([room.asked, room.kinds()]).toEqual([[`ring ${INVITE.sip}`], ['call.ringing']])
    await room.tell({ news: 'cancelled', sip: INVITE.sip, by: 'answered-elsewhere' })
    expect(room.call()).toMatchObject({ state: 'ended', end: 'answered-elsewhere' })
  })
  test('that nobody takes goes back to the PBX: no desk is said to ring', async () => {
    const room = createCallRoom()
    await room.tell(BROUGHT)
    await room.clock.advance(31_000)
    expect([room.kinds(), room.call().end, room.asked.at(-1)]).toEqual([
      ['call.ringing', 'call.ended'],
      'back-to-pbx',
      `refuse ${INVITE.sip} 480`,
    ])
  })
  test('and one that comes to the edge itself is answered here, whatever the site says of the PBX’s', async () => {
    const room = createCallRoom({ answer: 'never' })
    const id = await ring(room)
    await room.desk.take(id, 'Asha', 'user:asha', false)
    expect(room.call()).toMatchObject({ answeredHere: true, owner: 'Asha' })
  })
})
