/**
 * What an incident goes through after it was taken: handed over, put on hold, closed too soon; and what happens when
 * nobody takes it.
 */
import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import { createIncidentBook } from '../../server/incident/incident-book.ts'
import { dueStep, startEscalation, waitingSince } from '../../server/incident/escalation.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { chosen, room } from './incident-room.ts'

const asha = ['Asha', 'operator:Asha'] as const
const ben = ['Ben', 'operator:Ben'] as const

async function taken() {
  const made = room()
  const { incident } = made.press('bar')
  await made.desk.acknowledge(incident, ...asha)
  return { ...made, id: incident }
}

describe('handing over', () => {
  test('an incident stays its owner’s until the other has taken it', async () => {
    const { desk, id } = await taken()
    expect(await desk.offer(id, 'Asha', 'Ben', asha[1])).toMatchObject({
      state: 'acknowledged',
      owner: 'Asha',
      handover: { from: 'Asha', to: 'Ben' },
    })
    expect(await desk.acknowledge(id, ...ben)).toMatchObject({ owner: 'Ben', handover: null })
  })
  test('to one person is nobody else’s to take', async () => {
    const { desk, id } = await taken()
    await desk.offer(id, 'Asha', 'Ben', asha[1])
    await expect(desk.acknowledge(id, 'Cai', 'operator:Cai')).rejects.toMatchObject({
      code: 'incident/taken',
      extra: { owner: 'Asha' },
    })
  })
  test('to nobody in particular is for whoever comes first, and the second is told who', async () => {
    const { desk, id } = await taken()
    await desk.offer(id, 'Asha', null, asha[1])
    expect(await desk.acknowledge(id, ...ben)).toMatchObject({ owner: 'Ben' })
    await expect(desk.acknowledge(id, 'Cai', 'operator:Cai')).rejects.toMatchObject({ extra: { owner: 'Ben' } })
  })
  test('can be taken back, by its owner only', async () => {
    const { desk, id } = await taken()
    await desk.offer(id, 'Asha', null, asha[1])
    await expect(desk.withdrawOffer(id, 'Ben', ben[1])).rejects.toMatchObject({ code: 'incident/not-yours' })
    expect(await desk.withdrawOffer(id, 'Asha', asha[1])).toMatchObject({ handover: null, owner: 'Asha' })
    await expect(desk.acknowledge(id, ...ben)).rejects.toMatchObject({ code: 'incident/taken' })
  })
  test('is for what one has: not another’s, not to oneself, not before it is taken', async () => {
    const { desk, id, press } = await taken()
    await expect(desk.offer(id, 'Ben', null, ben[1])).rejects.toMatchObject({ code: 'incident/not-yours' })
    await expect(desk.offer(id, 'Asha', 'Asha', asha[1])).rejects.toMatchObject({ code: 'request/invalid' })
    await expect(desk.offer(press('row').incident, 'Asha', null, asha[1])).rejects.toMatchObject({
      code: 'incident/not-yours',
    })
  })
})

describe('taking over', () => {
  test('from who has it, by name; the record says from whom', async () => {
    const { desk, id, ledger } = await taken()
    expect(await desk.acknowledge(id, ...ben, 'Asha')).toMatchObject({ owner: 'Ben' })
    expect(ledger.entries.at(-1)).toMatchObject({ kind: 'incident.acknowledged', body: { owner: 'Ben', from: 'Asha' } })
  })
  test('from somebody who does not have it any more is refused: the third would not know', async () => {
    const { desk, id } = await taken()
    await desk.acknowledge(id, ...ben, 'Asha')
    await expect(desk.acknowledge(id, 'Cai', 'operator:Cai', 'Asha')).rejects.toMatchObject({
      code: 'incident/taken',
      extra: { owner: 'Ben' },
    })
  })
})

describe('on hold', () => {
  test('it says why and until when, and anybody may go on with it', async () => {
    const { desk, id, clock } = await taken()
    const held = await desk.putOnHold(id, 'Asha', { reason: 'Taxi comes at 23:10', minutes: 20 }, asha[1])
    expect(held.onHold).toMatchObject({
      by: 'Asha',
      reason: 'Taxi comes at 23:10',
      until: isoTime(clock.now() + 20 * 60_000),
    })
    expect(await desk.takeUp(id, 'Ben', ben[1])).toMatchObject({ onHold: null, owner: 'Asha' })
  })
  test('it is not any more when somebody presses again', async () => {
    const { desk, id, book, press } = await taken()
    await desk.putOnHold(id, 'Asha', { reason: 'waiting', minutes: null }, asha[1])
    press('bar')
    expect(book.get(id)).toMatchObject({ onHold: null, state: 'acknowledged', recalledAt: expect.any(String) })
  })
  test('and pressed again waits until somebody does something about it, whoever that is', async () => {
    const { desk, id, press } = await taken()
    await desk.putOnHold(id, 'Asha', { reason: 'waiting', minutes: null }, asha[1])
    press('bar')
    expect(await desk.note(id, 'On the phone with her', ben[1])).toMatchObject({ recalledAt: null })
  })
  test('brings its camera again, which may have been steered away meanwhile', async () => {
    const { desk, id, press, moves } = await taken()
    const asked = moves.length
    await desk.putOnHold(id, 'Asha', { reason: 'waiting', minutes: null }, asha[1])
    moves[0]?.judge({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    press('bar')
    expect(moves.slice(asked).map(({ camera }) => camera)).toEqual(['cam-a'])
  })
  test('is over for who takes it over: their colleague’s reason is not theirs', async () => {
    const { desk, id } = await taken()
    await desk.putOnHold(id, 'Asha', { reason: 'waiting', minutes: null }, asha[1])
    expect(await desk.acknowledge(id, ...ben, 'Asha')).toMatchObject({ owner: 'Ben', onHold: null })
  })
  test('needs an owner', async () => {
    const { desk, press } = room()
    await expect(
      desk.putOnHold(press('bar').incident, 'Asha', { reason: 'x', minutes: 1 }, asha[1]),
    ).rejects.toMatchObject({ code: 'incident/not-yours' })
  })
})

describe('a further press on what somebody has taken', () => {
  async function quietFor(minutes: number) {
    const made = await taken()
    made.moves[0]?.judge({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    await made.clock.advance(minutes * 60_000)
    return { ...made, asked: made.moves.length }
  }
  test('while somebody is at it changes nothing but the count', async () => {
    const { book, id, press, moves, asked } = await quietFor(4)
    press('bar')
    expect(book.get(id)).toMatchObject({ recalledAt: null, presses: [{}, {}] })
    expect(moves.length).toBe(asked)
  })
  test('long after anybody did anything about it calls the room again, and its camera', async () => {
    const { book, id, press, moves, asked, clock } = await quietFor(6)
    press('bar')
    const now = isoTime(clock.now())
    expect(book.get(id)).toMatchObject({ state: 'acknowledged', owner: 'Asha', recalledAt: now, calledAt: now })
    expect(moves.slice(asked).map(({ camera }) => camera)).toEqual(['cam-a'])
    // It waits like one that nobody has: the site's steps are taken anew.
    expect(dueStep(book.get(id), [{ afterMs: 30_000, to: [] }], clock.now() + 30_000)?.number).toBe(1)
  })
  test.each([
    ['a colleague brings another camera', 'supervisor:Ben', null],
    ['an engineer does, who looks after cameras and not after callers', 'engineer:Eve', expect.any(String)],
  ])('somebody is at it while %s', async (_, actor, recalledAt) => {
    const { desk, book, id, press, clock } = await quietFor(4)
    await desk.bring(id, chosen('cam-b'), actor)
    await clock.advance(2 * 60_000)
    press('bar')
    expect(book.get(id).recalledAt).toEqual(recalledAt)
  })
  test('a camera that arrives late is nobody’s doing', async () => {
    const { moves, book, id, press, clock } = await quietFor(4)
    expect(moves[1]).toMatchObject({ camera: 'cam-b' })
    moves[1]?.judge({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
    await clock.advance(2 * 60_000)
    press('bar')
    expect(book.get(id).recalledAt).not.toBeNull()
  })
  test('who gives another incident a camera has not looked at it: it goes on calling', async () => {
    const { desk, book, choose, press, id, clock } = await quietFor(0)
    choose({ primary: chosen('cam-c'), secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: id } })
    const other = press('row').incident
    await desk.acknowledge(other, ...ben)
    await clock.advance(6 * 60_000)
    press('row')
    expect(book.get(other).recalledAt).not.toBeNull()
    await desk.answerRequest(id, { camera: 'cam-a' as CameraId, by: other, answer: 'give' }, asha[1], () =>
      chosen('cam-a'),
    )
    expect(book.get(other).recalledAt).not.toBeNull()
    expect(book.get(other).framings.map(({ camera, role }) => `${camera} ${role}`)).toEqual([
      'cam-c secondary',
      'cam-a primary',
    ])
  })
  test.each([
    [
      'brings a camera',
      (made: Awaited<ReturnType<typeof quietFor>>) => made.desk.bring(made.id, chosen('cam-b'), 'operator:Ben'),
    ],
    [
      'steers one',
      ({ ledger, id }: Awaited<ReturnType<typeof quietFor>>) =>
        ledger.append([
          {
            kind: 'camera.moved',
            actor: 'operator:Ben',
            subject: id,
            body: { camera: 'cam-a' as CameraId, pan: 1, tilt: 0, zoom: 0, by: 'Ben', incident: id },
          },
        ]).durable,
    ],
  ])('who then %s has heard it', async (_, act) => {
    const made = await quietFor(6)
    made.press('bar')
    expect(made.book.get(made.id).recalledAt).not.toBeNull()
    await act(made)
    expect(made.book.get(made.id).recalledAt).toBeNull()
  })
  test('does not put off what is due by going on pressing, and undoes no step that was taken', async () => {
    const { book, id, press, clock, ledger } = await quietFor(6)
    press('bar')
    const since = book.get(id).recalledAt
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(20_000)
      press('bar')
    }
    expect(book.get(id).recalledAt).toBe(since)
    expect(dueStep(book.get(id), [{ afterMs: 30_000, to: [] }], clock.now())?.number).toBe(1)
    await ledger.append([
      {
        kind: 'incident.escalated',
        actor: 'lamppost',
        subject: id,
        body: { incident: id, step: 1, waitedMs: 60_000, to: [] },
      },
    ]).durable
    press('bar')
    expect(book.get(id).escalation.step).toBe(1)
  })
  test('takes no camera out of the hand of who steers it', async () => {
    const { desk, press, moves, asked } = await quietFor(6)
    desk.steered('cam-a' as CameraId, 'Asha')
    press('bar')
    expect(moves.length).toBe(asked)
  })
  test('goes to whoever answers first; the second is told who, and the owner who answers keeps it', async () => {
    const { desk, id, press } = await quietFor(6)
    press('bar')
    expect(await desk.acknowledge(id, ...ben)).toMatchObject({ owner: 'Ben', recalledAt: null })
    await expect(desk.acknowledge(id, ...asha)).rejects.toMatchObject({
      code: 'incident/taken',
      extra: { owner: 'Ben' },
    })
    const other = await quietFor(6)
    other.press('bar')
    const answered = await other.desk.acknowledge(other.id, ...asha)
    expect(answered).toMatchObject({ owner: 'Asha', recalledAt: null })
    expect(answered.log.at(-1)?.body).not.toHaveProperty('from')
  })
  test('a drill, or a press that came late, calls nobody again', async () => {
    const { book, id, press } = await quietFor(6)
    press('bar', 'drill')
    press('bar', 'press', { late: true })
    expect(book.get(id)).toMatchObject({ recalledAt: null, kind: 'press' })
  })
  test('taking twice by the same hand is once, and no entry', async () => {
    const { desk, id, ledger } = await quietFor(0)
    const before = ledger.entries.length
    expect(await desk.acknowledge(id, ...asha)).toMatchObject({ owner: 'Asha' })
    expect(ledger.entries.length).toBe(before)
  })
})

describe('since when somebody calls', () => {
  test('is the first press, while presses follow each other; after a pause it is the next', async () => {
    const { book, press, clock, desk } = room()
    const first = isoTime(clock.now())
    const { incident } = press('bar')
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(4 * 60_000)
      press('bar')
    }
    expect(book.get(incident).calledAt).toBe(first)
    // While nobody has come, it is still the first call that waits.
    await clock.advance(6 * 60_000)
    press('bar')
    expect(book.get(incident).calledAt).toBe(first)
    await desk.acknowledge(incident, ...asha)
    await clock.advance(6 * 60_000)
    press('bar')
    expect(book.get(incident).calledAt).toBe(isoTime(clock.now()))
  })
  test('is the person’s press where a drill was or only a late one; never a drill’s where a person waits', async () => {
    const { book, press, clock } = room()
    const { incident } = press('bar', 'drill')
    await clock.advance(60_000)
    press('bar')
    const person = isoTime(clock.now())
    expect(book.get(incident)).toMatchObject({ kind: 'press', calledAt: person })
    await clock.advance(20 * 60_000)
    press('bar', 'drill')
    expect(book.get(incident).calledAt).toBe(person)
    const late = press('square', 'press', { late: true })
    expect(book.get(late.incident).calledAt).toBeNull()
    press('square')
    expect(book.get(late.incident).calledAt).toBe(isoTime(clock.now()))
  })
})

describe('closing', () => {
  test('is refused when somebody has pressed after what was seen', async () => {
    const { desk, book, id, press } = await taken()
    const seen = book.get(id).log.at(-1)?.seq ?? 0
    press('bar')
    await expect(desk.close(id, 'Helped', asha[1], { seen })).rejects.toMatchObject({
      code: 'incident/pressed-again',
      message: expect.stringMatching(/pressed again meanwhile, at 2/),
    })
    expect(await desk.close(id, 'Helped', asha[1], { seen: book.get(id).log.at(-1)?.seq ?? 0 })).toMatchObject({
      state: 'closed',
    })
  })
  test('is not refused for what others wrote, nor for who says nothing of what they saw', async () => {
    const { desk, book, id, press } = await taken()
    const seen = book.get(id).log.at(-1)?.seq ?? 0
    await desk.note(id, 'Taxi came', ben[1])
    expect(await desk.close(id, 'Helped', asha[1], { seen })).toMatchObject({ state: 'closed' })
    const other = press('square').incident
    expect(await desk.close(other, 'Helped', asha[1])).toMatchObject({ state: 'closed' })
  })
})

describe('opening again', () => {
  test('makes it the one’s who does it, its clips go on from where they began, and cameras are sent as for a press', async () => {
    const { desk, id, held, moves, holders, book } = await taken()
    const [{ from } = { from: '' }] = held
    await desk.close(id, 'Pressed by mistake', asha[1])
    const before = moves.length
    expect(await desk.reopen(id, 'Ben', 'She pressed again on the phone', ben[1])).toMatchObject({
      state: 'acknowledged',
      owner: 'Ben',
      closedAt: null,
      closureReason: null,
    })
    expect(held.findLast(({ to }) => to === null)).toMatchObject({ from })
    expect(moves.slice(before).map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
    expect(
      book
        .get(id)
        .framings.filter(({ way }) => way !== 'fixed')
        .every(({ state, proofs }) => state === 'asked' && proofs.length === 0),
    ).toBe(true)
    expect(holders.get('cam-a' as never)).toBe(id)
  })
  test('claims nothing of a camera that went home meanwhile and does not come back', async () => {
    const { desk, id, moves, book, choose } = await taken()
    for (const { judge } of moves) judge({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    await desk.close(id, 'over', asha[1])
    choose({ primary: null, secondary: [] })
    await desk.reopen(id, 'Asha', 'not over', asha[1])
    expect(
      book
        .get(id)
        .framings.filter(({ way }) => way !== 'fixed')
        .map(({ state, proofs, reason }) => [state, proofs, reason]),
    ).toEqual([
      ['unproven', [], 'It went back when the incident was closed.'],
      ['unproven', [], 'It went back when the incident was closed.'],
    ])
  })
  test('is refused for a drill, and long after: what was recorded in between is other people’s', async () => {
    const { desk, id, press, clock } = await taken()
    const drill = press('row', 'drill').incident
    await desk.close(drill, 'over', asha[1])
    await expect(desk.reopen(drill, 'Asha', 'x', asha[1])).rejects.toMatchObject({ code: 'incident/closed' })
    await desk.close(id, 'over', asha[1])
    await clock.advance(61 * 60_000)
    await expect(desk.reopen(id, 'Asha', 'x', asha[1])).rejects.toMatchObject({ code: 'incident/closed' })
  })
  test('a further press joins it again', async () => {
    const { desk, id, press } = await taken()
    await desk.close(id, 'over', asha[1])
    await desk.reopen(id, 'Asha', 'not over', asha[1])
    expect(press('bar').incident).toBe(id)
  })
  test('is refused while it is open, and when its help point was pressed since', async () => {
    const { desk, id, press } = await taken()
    await expect(desk.reopen(id, 'Asha', 'x', asha[1])).rejects.toMatchObject({ code: 'incident/not-closed' })
    await desk.close(id, 'over', asha[1])
    const { incident } = press('bar')
    await expect(desk.reopen(id, 'Asha', 'x', asha[1])).rejects.toMatchObject({
      code: 'incident/other-open',
      extra: { incident },
    })
  })
  test('is known after a start, also of one that was closed so long ago that nobody has it in memory', async () => {
    const { desk, ledger, press } = room()
    const { incident } = press('bar')
    await desk.acknowledge(incident, ...asha)
    await desk.close(incident, 'over', asha[1])
    for (let i = 0; i < 250; i += 1) await desk.close(press(`other-${i}`).incident, 'over', asha[1])
    await desk.reopen(incident, 'Asha', 'not over', asha[1])
    const again = createIncidentBook({
      about: async (id) => ledger.entries.filter(({ subject }) => subject === id),
      openedBefore: async () => [],
    })
    for (const entry of ledger.entries) again.apply(entry)
    await again.settle()
    expect(again.get(incident)).toMatchObject({ state: 'acknowledged', owner: 'Asha' })
    expect(again.openAt('bar' as never)?.id).toBe(incident)
    expect(
      again
        .heldClips()
        .find(({ incident: id }) => id === incident)
        ?.clips.every(({ to }) => to === null),
    ).toBe(true)
  })
})

describe('a note that is still being written', () => {
  test('is a later version of one’s own, and both stay in the record', async () => {
    const { desk, id } = await taken()
    const first = (await desk.note(id, 'Caller is', asha[1])).log.at(-1)?.seq ?? 0
    const { log } = await desk.note(id, 'Caller is safe', asha[1], first)
    expect(log.filter(({ kind }) => kind === 'incident.noted').map(({ body }) => body)).toEqual([
      { incident: id, text: 'Caller is' },
      { incident: id, text: 'Caller is safe', replaces: first },
    ])
  })
  test('never replaces another person’s, nor what is no note', async () => {
    const { desk, id } = await taken()
    const { log } = await desk.note(id, 'mine', asha[1])
    await expect(desk.note(id, 'yours', ben[1], log.at(-1)?.seq)).rejects.toMatchObject({ code: 'request/invalid' })
    await expect(desk.note(id, 'x', asha[1], log[0]?.seq)).rejects.toMatchObject({ code: 'request/invalid' })
  })
})

describe('a camera that somebody steers', () => {
  test('is not proven any more, whatever was proven before, and the tile says who', async () => {
    const { desk, id, book, moves } = await taken()
    moves[0]?.judge({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    desk.steered('cam-a' as never, 'Ben')
    expect(book.get(id).framings[0]).toMatchObject({
      camera: 'cam-a',
      state: 'unproven',
      proofs: [],
      reason: 'Ben has steered it by hand.',
    })
  })
  test('is not judged any more by the move that was asked before', async () => {
    const { desk, moves } = await taken()
    desk.steered('cam-a' as never, 'Ben')
    expect(moves[0]?.signal.aborted).toBe(true)
  })
})

describe('when nobody takes it', () => {
  const steps = [
    { afterMs: 30_000, to: [] },
    { afterMs: 120_000, to: ['duty'] },
  ]
  const at = 1_000_000
  const incident = (change: Partial<Incident>): Incident => ({
    id: 'i' as IncidentId,
    helpPoint: 'bar' as never,
    kind: 'press',
    state: 'open',
    openedAt: isoTime(at),
    owner: null,
    handover: null,
    onHold: null,
    recalledAt: null,
    calledAt: null,
    escalation: { step: 0, at: null },
    closedAt: null,
    closureReason: null,
    closureCode: null,

    presses: [],
    repeats: 0,
    framings: [],
    clips: [],
    requests: [],
    steps: [],
    vms: [],
    responders: [],
    sharedNotes: [],
    log: [],
    ...change,
  })
  test.each([
    ['an open one waits since its press', {}, at],
    ['a drill waits for nobody', { kind: 'drill' as const }, null],
    ['a taken one waits for nobody', { state: 'acknowledged' as const, owner: 'Asha' }, null],
    [
      'an offered one waits since it was offered',
      { state: 'acknowledged' as const, handover: { from: 'Asha', to: null, at: isoTime(at + 5) } },
      at + 5,
    ],
    [
      'one on hold waits since its time is over',
      { state: 'acknowledged' as const, onHold: { by: 'Asha', reason: '', at: isoTime(at), until: isoTime(at + 9) } },
      at + 9,
    ],
    [
      'one that was pressed again while it was on hold waits since then',
      { state: 'acknowledged' as const, owner: 'Asha', recalledAt: isoTime(at + 11) },
      at + 11,
    ],
    [
      'one on hold without a time waits for nobody',
      { state: 'acknowledged' as const, onHold: { by: 'Asha', reason: '', at: isoTime(at), until: null } },
      null,
    ],
    [
      'a drill that a person joined waits since that person pressed',
      {
        presses: [
          { kind: 'drill', receivedAt: isoTime(at) },
          { kind: 'press', receivedAt: isoTime(at + 7) },
        ] as never,
      },
      at + 7,
    ],
  ])('%s', (_, change, since) => expect(waitingSince(incident(change), at + 100_000)).toBe(since))
  test('each step comes at its time, once', () => {
    expect(dueStep(incident({}), steps, at + 29_999)).toBeNull()
    expect(dueStep(incident({}), steps, at + 30_000)).toMatchObject({ number: 1 })
    expect(dueStep(incident({ escalation: { step: 1, at: '' } }), steps, at + 30_000)).toBeNull()
    expect(dueStep(incident({ escalation: { step: 1, at: '' } }), steps, at + 120_000)).toMatchObject({
      number: 2,
      step: { to: ['duty'] },
    })
    expect(dueStep(incident({ escalation: { step: 2, at: '' } }), steps, at + 999_000)).toBeNull()
  })
  test('the watch writes them into the record until somebody takes it', async () => {
    const made = room()
    const { incident: id } = made.press('bar')
    const watch = startEscalation({
      clock: made.clock,
      unfinished: made.book.unfinished,
      steps: () => steps,
      append: made.ledger.append,
      onError: () => {},
    })
    await made.clock.advance(31_000)
    expect(made.book.get(id).escalation).toMatchObject({ step: 1 })
    await made.clock.advance(100_000)
    expect(
      made.ledger.entries.filter(({ kind }) => kind === 'incident.escalated').map(({ body }) => body),
    ).toMatchObject([
      { step: 1, to: [] },
      { step: 2, to: ['duty'] },
    ])
    await made.desk.acknowledge(id, ...asha)
    expect(made.book.get(id).escalation).toEqual({ step: 0, at: null })
    await made.clock.advance(300_000)
    expect(made.ledger.entries.filter(({ kind }) => kind === 'incident.escalated')).toHaveLength(2)
    await watch.close()
  })
})
