import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, PressId } from '../../server/glossary/press.ts'
import { chosen, room } from './incident-room.ts'

describe('a press', () => {
  test('sends the cameras before anything is on disk', () => {
    const { press, moves, ledger } = room()
    press('here')
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
    expect(ledger.entries).toEqual([])
  })
  test('opens an incident whose framings and clips are all in the ledger', async () => {
    const { press, ledger, book, held } = room()
    const { incident, durable } = press('here')
    await durable
    expect(ledger.entries.map(({ kind }) => kind)).toEqual([
      'incident.opened',
      'press.received',
      'framing.changed',
      'framing.changed',
      'framing.changed',
      'clip.held',
      'clip.held',
      'clip.held',
    ])
    expect(book.get(incident).framings.map(({ camera, role, state }) => `${camera} ${role} ${state}`)).toEqual([
      'cam-a primary asked',
      'cam-b secondary asked',
      'cam-fixed secondary unproven',
    ])
    expect(held[0]).toEqual({ camera: 'cam-a', from: '2026-11-20T22:29:00.000Z', to: null })
  })
  test('of the same help point joins the open incident, and is counted', () => {
    const { press, book } = room()
    const first = press('here')
    const second = press('here')
    expect(second.incident).toBe(first.incident)
    expect(book.get(first.incident).presses).toHaveLength(2)
  })
  test('of another help point opens another incident', () => {
    const { press, book } = room()
    expect(press('there').incident).not.toBe(press('here').incident)
    expect(book.unfinished()).toHaveLength(2)
  })
  test('after closure opens a new incident', async () => {
    const { press, desk } = room()
    const first = press('here')
    await desk.close(first.incident, 'Helped by staff', 'operator:Sam')
    expect(press('here').incident).not.toBe(first.incident)
  })
  test('repeated sends a framed first camera again until somebody has taken the incident', async () => {
    const { press, moves, desk } = room()
    const { incident } = press('here')
    moves[0]?.judge({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
    press('here')
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b', 'cam-a'])
    await desk.acknowledge(incident, 'Sam', 'operator:Sam')
    moves[2]?.judge({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
    press('here')
    expect(moves).toHaveLength(3)
  })
  test('without any camera still opens an incident', () => {
    const { press, book, choose } = room()
    choose({ primary: null, secondary: [] })
    expect(book.get(press('here').incident)).toMatchObject({ state: 'open', framings: [], clips: [] })
  })
})

describe('framing', () => {
  test('is recorded with every change, and settled with its time', async () => {
    const { press, moves, book, clock } = room()
    const { incident } = press('here')
    await clock.advance(1300)
    moves[0]?.judge({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    expect(book.get(incident).framings[0]).toMatchObject({
      camera: 'cam-a',
      state: 'framed',
      proofs: ['accepted', 'stopped', 'position'],
      settledAt: '2026-11-20T22:30:01.300Z',
    })
  })
  test('that fails falls to the next camera by itself, and lets the first go: there is one first camera', () => {
    const { press, moves, book, holders } = room()
    const { incident } = press('here')
    moves[0]?.judge({ state: 'failed', proofs: [], reason: 'no answer within 2 s' })
    expect(book.get(incident).framings.map(({ camera, role, state }) => `${camera} ${role} ${state}`)).toEqual([
      'cam-a secondary failed',
      'cam-b primary asked',
      'cam-fixed secondary unproven',
    ])
    expect([...holders]).toEqual([['cam-b', incident]])
  })
  test('a further view is lent: a press that needs the camera gets it, and the first incident is told', () => {
    const { press, moves, book, choose } = room()
    const first = press('here')
    moves[1]?.judge({ state: 'framed', proofs: ['accepted', 'position'], reason: null })
    choose({ primary: chosen('cam-b'), secondary: [] })
    press('there')
    expect(book.get(first.incident).framings[1]).toMatchObject({
      camera: 'cam-b',
      state: 'failed',
      reason: 'This camera now shows the there: a press there needed it.',
    })
  })
  test('a move that was taken away says nothing more to the incident that lost it', () => {
    const { press, moves, choose } = room()
    press('here')
    choose({ primary: chosen('cam-b'), secondary: [] })
    press('there')
    expect(moves[1]?.signal.aborted).toBe(true)
  })
  test('that throws is a failed framing; the press is not lost', async () => {
    const { press, surpriseAll, book } = room()
    surpriseAll()
    const { incident, durable } = press('here')
    await durable
    await new Promise((resolve) => setImmediate(resolve))
    expect(book.get(incident).framings[0]).toMatchObject({ state: 'failed', reason: 'no such head' })
    expect(book.get(incident).presses).toHaveLength(1)
  })
  test('that failed does not hold its camera again after a restart', async () => {
    const before = room([])
    const { durable } = before.press('here')
    before.moves[0]?.judge({ state: 'failed', proofs: [], reason: 'no answer' })
    await durable
    const after = room()
    for (const entry of before.ledger.entries) after.book.apply(entry)
    after.desk.resume()
    expect(after.holders.size).toBe(0)
  })
  test('cannot be asked of a camera that another incident holds', async () => {
    const { press, desk, choose } = room()
    press('here')
    choose({ primary: chosen('cam-z'), secondary: [] })
    const other = press('there')
    await expect(desk.bring(other.incident, chosen('cam-a'), 'operator:Sam')).rejects.toMatchObject({
      code: 'camera/held',
    })
  })
  test('that is sent again after every other has failed is the first again, and held', async () => {
    const { press, desk, moves, book, holders } = room([chosen('cam-b')])
    const { incident } = press('here')
    moves[0]?.judge({ state: 'failed', proofs: [], reason: 'no answer' })
    moves[1]?.judge({ state: 'failed', proofs: [], reason: 'no answer' })
    expect(holders.size).toBe(0)
    await desk.bring(incident, chosen('cam-a'), 'operator:Sam')
    expect(book.get(incident).framings.map(({ camera, role, state }) => `${camera} ${role} ${state}`)).toEqual([
      'cam-a primary asked',
      'cam-b secondary failed',
    ])
    expect([...holders]).toEqual([['cam-a', incident]])
  })
  test('can be asked of another camera, whose clip is then held too', async () => {
    const { press, desk, held, ledger } = room()
    const { incident } = press('here')
    const after = await desk.bring(incident, chosen('cam-new'), 'operator:Sam')
    expect(after.framings.at(-1)).toMatchObject({ camera: 'cam-new', state: 'asked' })
    expect(ledger.entries.findLast(({ kind }) => kind === 'framing.changed')).toMatchObject({ actor: 'operator:Sam' })
    expect(held.at(-1)).toMatchObject({ camera: 'cam-new', to: null })
  })
})

describe('the room', () => {
  test('the first acknowledgement wins, the second hears the owner’s name', async () => {
    const { press, desk } = room()
    const { incident } = press('here')
    const [first, second] = await Promise.allSettled([
      desk.acknowledge(incident, 'Sam', 'operator:Sam'),
      desk.acknowledge(incident, 'Alex', 'operator:Alex'),
    ])
    expect(first).toMatchObject({ status: 'fulfilled', value: { owner: 'Sam' } })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'incident/taken', extra: { owner: 'Sam' } } })
  })
  test('closing ends the clips, lets the cameras go and stops moves', async () => {
    const { press, desk, holders, moves, clock, held } = room()
    const { incident } = press('here')
    await clock.advance(5000)
    const closed = await desk.close(incident, 'Helped by staff', 'operator:Sam')
    expect(closed).toMatchObject({ state: 'closed', closureReason: 'Helped by staff' })
    expect(closed.clips.map(({ to }) => to)).toEqual(Array(3).fill('2026-11-20T22:30:05.000Z'))
    // The recorder is told, too: else it would keep a clip open until the next start.
    expect(held.slice(-3).map(({ camera, to }) => `${camera} ${to}`)).toEqual(
      closed.clips.map(({ camera, to }) => `${camera} ${to}`),
    )
    expect(holders.size).toBe(0)
    expect(moves.every(({ signal }) => signal.aborted)).toBe(true)
  })
  test('closing sends the cameras back that it sent, but none that another incident uses', async () => {
    const { press, desk, choose, sendBackAfterIncident } = room()
    const first = press('here')
    choose({ primary: chosen('cam-c'), secondary: [chosen('cam-b')] })
    press('there')
    await desk.close(first.incident, 'Helped', 'operator:Sam')
    expect(sendBackAfterIncident).toEqual(['cam-a'])
  })
  test(
    'a press that needs a camera of another incident asks for it; given, ' +
      'it goes there at once and is that incident’s first',
    async () => {
      const { press, desk, choose, book, moves, holders, sendBackAfterIncident } = room([])
      const first = press('here')
      choose({
        primary: chosen('cam-b'),
        secondary: [],
        wanted: { camera: 'cam-a' as CameraId, heldBy: first.incident },
      })
      const second = press('there')
      expect(book.get(first.incident).requests).toMatchObject([
        { camera: 'cam-a', by: second.incident, helpPoint: 'there', answer: null },
      ])
      const before = moves.length
      await desk.answerRequest(
        first.incident,
        { camera: 'cam-a' as CameraId, by: second.incident, answer: 'give' },
        'operator:Sam',
        () => chosen('cam-a'),
      )
      expect(moves.slice(before).map(({ camera }) => camera)).toEqual(['cam-a'])
      expect(moves[0]?.signal.aborted).toBe(true)
      expect(holders.get('cam-a' as CameraId)).toBe(second.incident)
      expect(book.get(first.incident)).toMatchObject({
        requests: [{ answer: 'give' }],
        framings: [{ camera: 'cam-a', state: 'failed', reason: expect.stringContaining('the there') }],
      })
      expect(book.get(second.incident).framings.map(({ camera, role }) => `${camera} ${role}`)).toEqual([
        'cam-b secondary',
        'cam-a primary',
      ])
      await desk.close(first.incident, 'Helped', 'operator:Sam')
      expect(sendBackAfterIncident).toEqual([])
    },
  )
  test('kept, it stays; and nobody can answer what was not asked, or twice', async () => {
    const { press, desk, choose, book, moves, holders } = room([])
    const first = press('here')
    choose({ primary: null, secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: first.incident } })
    const second = press('there')
    const before = moves.length
    const answer = (camera: string, word: 'give' | 'keep') =>
      desk.answerRequest(
        first.incident,
        { camera: camera as CameraId, by: second.incident, answer: word },
        'operator:Sam',
        () => chosen(camera),
      )
    await expect(answer('cam-z', 'give')).rejects.toMatchObject({ code: 'incident/not-asked' })
    await answer('cam-a', 'keep')
    await expect(answer('cam-a', 'give')).rejects.toMatchObject({ code: 'incident/not-asked' })
    expect(moves).toHaveLength(before)
    expect(holders.get('cam-a' as CameraId)).toBe(first.incident)
    expect(book.get(first.incident).framings[0]?.state).toBe('asked')
  })
  test('a drill takes no further view from a person either', () => {
    const { press, choose, told } = room([chosen('cam-b')])
    const person = press('here')
    choose({ primary: null, secondary: [] })
    press('there', 'drill')
    expect(told()).toEqual({ 'cam-a': person.incident, 'cam-b': person.incident })
  })
  test('a drill that loses its first camera to a person does not take the person’s second one for it', () => {
    const { press, choose, book, holders } = room([chosen('cam-b')])
    const drill = press('here', 'drill')
    choose({ primary: chosen('cam-a'), secondary: [chosen('cam-b')] })
    const person = press('there')
    expect(book.get(drill.incident).framings.map(({ state }) => state)).toEqual(['failed', 'failed'])
    expect([...holders]).toEqual([['cam-a', person.incident]])
    expect(book.get(person.incident).framings.map(({ camera, role, state }) => `${camera} ${role} ${state}`)).toEqual([
      'cam-a primary asked',
      'cam-b secondary asked',
    ])
  })
  test('a person who presses during a drill is no drill, and its first camera is sent again', () => {
    const { press, book, moves } = room([])
    const drill = press('here', 'drill')
    moves[0]?.judge({ state: 'framed', proofs: ['accepted'], reason: null })
    press('here')
    expect(book.get(drill.incident)).toMatchObject({ kind: 'press', presses: [{ kind: 'drill' }, { kind: 'press' }] })
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-a'])
  })
  test('of two that ask for one camera the other asks where it went; it cannot be given twice', async () => {
    const { press, desk, choose, book, holders } = room([])
    const first = press('here')
    choose({ primary: null, secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: first.incident } })
    const [second, third] = [press('there'), press('elsewhere')]
    const give = (by: IncidentId) =>
      desk.answerRequest(first.incident, { camera: 'cam-a' as CameraId, by, answer: 'give' }, 'operator:Sam', () =>
        chosen('cam-a'),
      )
    await give(third.incident)
    expect(holders.get('cam-a' as CameraId)).toBe(third.incident)
    expect(book.get(third.incident).requests).toMatchObject([
      { camera: 'cam-a', by: second.incident, helpPoint: 'there', answer: null },
    ])
    await expect(give(second.incident)).rejects.toMatchObject({ code: 'incident/not-asked' })
  })
  test('a camera that the incident has lost meanwhile is not its to give', async () => {
    const { press, desk, choose, moves, holders } = room([])
    const first = press('here')
    choose({ primary: null, secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: first.incident } })
    const second = press('there')
    moves[0]?.judge({ state: 'failed', proofs: [], reason: 'no answer' })
    await expect(
      desk.answerRequest(
        first.incident,
        { camera: 'cam-a' as CameraId, by: second.incident, answer: 'give' },
        'operator:Sam',
        () => chosen('cam-a'),
      ),
    ).rejects.toMatchObject({ code: 'camera/held' })
    expect(holders.size).toBe(0)
  })
  test('a camera given to an incident that was closed meanwhile goes nowhere', async () => {
    const { press, desk, choose, moves } = room([])
    const first = press('here')
    choose({ primary: null, secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: first.incident } })
    const second = press('there')
    await desk.close(second.incident, 'Helped', 'operator:Sam')
    const before = moves.length
    await desk.answerRequest(
      first.incident,
      { camera: 'cam-a' as CameraId, by: second.incident, answer: 'give' },
      'operator:Sam',
      () => chosen('cam-a'),
    )
    expect(moves).toHaveLength(before)
  })
  test('a drill gives its cameras to a person’s press without a question, never the other way round', () => {
    const { press, choose, book, holders, moves, told } = room([])
    const drill = press('here', 'drill')
    choose({ primary: chosen('cam-a'), secondary: [] })
    const person = press('there')
    expect(told()).toEqual({ 'cam-a': null })
    expect(moves[0]?.signal.aborted).toBe(true)
    expect(holders.get('cam-a' as CameraId)).toBe(person.incident)
    expect(book.get(drill.incident).framings[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('the there'),
    })
    choose({ primary: null, secondary: [], wanted: { camera: 'cam-a' as CameraId, heldBy: person.incident } })
    press('elsewhere', 'drill')
    expect(told()).toEqual({ 'cam-a': person.incident })
    expect(book.get(person.incident).requests).toEqual([])
  })
  test('a camera that was passed over is in the incident’s log, with the reason', async () => {
    const { press, choose, book } = room()
    choose({
      primary: chosen('cam-b'),
      secondary: [],
      passedOver: [{ camera: 'cam-a' as CameraId, reason: 'its picture is dark' }],
    })
    const { incident } = press('here')
    expect(
      book
        .get(incident)
        .log.filter(({ kind }) => kind === 'camera.passed-over')
        .map(({ body }) => body),
    ).toEqual([{ incident, camera: 'cam-a', reason: 'its picture is dark' }])
  })
  test('a framing that the picture still looks at keeps its move until it is settled', () => {
    const { press, choose, moves } = room()
    press('here')
    moves[1]?.judge({ state: 'framed', proofs: ['accepted'], reason: null, checking: true })
    choose({ primary: chosen('cam-b'), secondary: [] })
    press('there')
    expect(moves[1]?.signal.aborted).toBe(true)
  })
  test('a closed incident takes notes, but no acknowledgement and no second closure', async () => {
    const { press, desk } = room()
    const { incident } = press('here')
    await desk.close(incident, 'Helped by staff', 'operator:Sam')
    await expect(desk.acknowledge(incident, 'Sam', 'operator:Sam')).rejects.toMatchObject({ code: 'incident/closed' })
    await expect(desk.close(incident, 'again', 'operator:Sam')).rejects.toMatchObject({ code: 'incident/closed' })
    await expect(desk.note(incident, 'Police reference 4711', 'operator:Sam')).resolves.toMatchObject({
      state: 'closed',
    })
  })
  test('an instruction is ticked once, and one that does not exist is refused', async () => {
    const { press, desk } = room()
    const { incident } = press('here')
    await desk.tick(incident, 1, 'operator:Sam')
    const twice = await desk.tick(incident, 1, 'operator:Sam')
    expect(twice.steps).toHaveLength(1)
    await expect(desk.tick(incident, 9, 'operator:Sam')).rejects.toMatchObject({ code: 'request/invalid' })
  })
  test('after a restart an unfinished incident holds its cameras and clips, and asks again what was cut short', async () => {
    const before = room()
    const { incident, durable } = before.press('here')
    await durable
    const after = room()
    for (const entry of before.ledger.entries) after.book.apply(entry)
    after.desk.resume()
    expect(after.moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
    expect(after.holders.get('cam-a' as CameraId)).toBe(incident)
    expect(after.held.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b', 'cam-fixed'])
  })
})

describe('a late press', () => {
  const LATE = { late: true, pressedAt: '2026-11-20T21:30:00.000Z' }
  test('moves no camera, says why, and holds what was recorded when it was pressed', async () => {
    const { press, moves, book, held } = room()
    const { incident, durable } = press('here', 'press', LATE)
    await durable
    expect(moves).toEqual([])
    expect(held[0]).toEqual({ camera: 'cam-a', from: '2026-11-20T21:29:00.000Z', to: '2026-11-20T21:40:00.000Z' })
    expect(book.get(incident).log.filter(({ kind }) => kind === 'camera.passed-over')).toHaveLength(3)
  })
  test('is followed by a person who presses now: then cameras come', async () => {
    const { press, moves, book, held } = room()
    const { incident } = press('here', 'press', LATE)
    expect(press('here').incident).toBe(incident)
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
    expect(book.get(incident).framings.map(({ state }) => state)).toEqual(['asked', 'asked', 'unproven'])
    expect(held.at(-1)).toMatchObject({ to: null })
  })
  test('that joins an incident does not send its cameras again', async () => {
    const { press, moves } = room()
    press('here')
    moves[0]?.judge({ state: 'framed', proofs: [], reason: null })
    press('here', 'press', LATE)
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
  })
})

describe('presses that come faster than anybody presses', () => {
  const batch = {
    press: 'prs-x' as PressId,
    kind: 'press' as const,
    count: 120,
    from: '2026-11-20T22:30:00.000Z',
    to: '2026-11-20T22:30:01.000Z',
    source: 'http',
    keys: '',
  }
  test('are counted in the open incident', async () => {
    const { press, desk, book } = room()
    const { incident } = press('here')
    await desk.coalesced('here' as HelpPointId, batch)?.durable
    await desk.coalesced('here' as HelpPointId, batch)?.durable
    expect(book.get(incident)).toMatchObject({ repeats: 240, presses: [expect.anything()] })
  })
  test('that were not seen keep an incident from being closed, as a single press does', async () => {
    const { press, desk, book } = room()
    const { incident } = press('here')
    const seen = book.get(incident).log.at(-1)?.seq ?? 0
    await desk.coalesced('here' as HelpPointId, batch)?.durable
    await expect(desk.close(incident, 'Helped', 'operator:Sam', { seen })).rejects.toMatchObject({
      code: 'incident/pressed-again',
    })
  })
  test('are no part of an incident that is closed', async () => {
    const { press, desk } = room()
    const { incident } = press('here')
    await desk.close(incident, 'over', 'operator:Sam')
    expect(desk.coalesced('here' as HelpPointId, batch)).toBeNull()
  })
  test('make a drill a person’s', async () => {
    const { press, desk, book } = room()
    const { incident } = press('here', 'drill')
    desk.coalesced('here' as HelpPointId, batch)
    expect(book.get(incident).kind).toBe('press')
  })
})

describe('a drill at a help point where a person waits', () => {
  test('is noted there and moves nothing', () => {
    const { press, moves, book } = room()
    const { incident } = press('here')
    moves[0]?.judge({ state: 'framed', proofs: [], reason: null })
    expect(press('here', 'drill').incident).toBe(incident)
    expect(moves.map(({ camera }) => camera)).toEqual(['cam-a', 'cam-b'])
    expect(book.get(incident)).toMatchObject({ kind: 'press', presses: [{ kind: 'press' }, { kind: 'drill' }] })
  })
})

describe('a drill that has ended', () => {
  test('lets go of what it held', async () => {
    const { press, desk, book, released } = room()
    const { incident } = press('here', 'drill')
    await desk.close(incident, 'Drill passed', 'lamppost')
    await desk.releaseDrillClips(incident)
    expect([released.length, book.get(incident).clips]).toEqual([3, []])
  })
  test('and that a person had joined keeps it', async () => {
    const { press, desk, book, released } = room()
    const { incident } = press('here', 'drill')
    press('here')
    await desk.close(incident, 'helped', 'operator:Sam')
    await desk.releaseDrillClips(incident)
    expect([released, book.get(incident).clips.length]).toEqual([[], 3])
  })
})
