/**
 * What the wall decides: which is large, in what order, which keys mean what; and the parts of a tile that are pure.
 */
import { describe, expect, test, vi } from 'vitest'
import type { Incident } from '../../web-components/wall-client/api-shapes.ts'
import { callsOf, isOpenCall, nextStep } from '../../web-components/lamppost-incident/incident-help.ts'
import { notesOf } from '../../web-components/lamppost-incident/incident-notes.ts'
import { NoteDraft } from '../../web-components/lamppost-incident/note-draft.ts'
import { opening } from '../../web-components/browser/opening.ts'
import {
  createSteering,
  keyVelocity,
  padVelocity,
  stickVelocity,
} from '../../web-components/lamppost-steer/steering.ts'
import { bearing, fan, frameOf, townMarks } from '../../web-components/lamppost-town/town-geometry.ts'
import { DEFAULT_KEYS, keymapFrom, loadKeymap, takenBy } from '../../web-components/lamppost-wall/wall-keys.ts'
import { arranged, byUrgency, inHand, shownHere } from '../../web-components/lamppost-wall/wall-order.ts'
import { createWallToken } from '../../web-components/wall-client/wall-token.ts'
import { cy } from '../../web-components/words/cy.ts'
import { en } from '../../web-components/words/en.ts'

const NOW = Date.parse('2026-11-20T22:30:00Z')
const room = { me: 'Asha', now: NOW }
let made = 0
const incident = (change: Partial<Incident> = {}): Incident => {
  made += 1
  return {
    id: `inc-${made}` as Incident['id'],
    helpPoint: 'bar' as Incident['helpPoint'],
    kind: 'press',
    state: 'open',
    openedAt: new Date(NOW - 60_000 + made * 1000).toISOString(),
    owner: null,
    handover: null,
    onHold: null,
    recalledAt: null,
    calledAt: null,
    escalation: { step: 0, at: null },
    closedAt: null,
    closureReason: null,
    closureCode: null,
    number: null,

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
  }
}
const taken = (owner: string, change: Partial<Incident> = {}) => incident({ state: 'acknowledged', owner, ...change })

describe('urgency', () => {
  const hold = { by: 'Asha', reason: '', at: '', until: null }
  test('a person whom nobody helps, mine, somebody’s, on hold, a drill', () => {
    const [drill, held, bens, mine, waits] = [
      incident({ kind: 'drill' }),
      taken('Asha', { onHold: hold }),
      taken('Ben'),
      taken('Asha'),
      incident(),
    ]
    expect(byUrgency([drill, held, bens, mine, waits], room)).toEqual([waits, mine, bens, held, drill])
  })
  test('one whose caller nobody speaks with is as one that nobody has taken', () => {
    const [mine, bens] = [taken('Asha'), taken('Ben')]
    expect(byUrgency([mine, bens], { ...room, unanswered: new Set([bens.id]) })).toEqual([bens, mine])
  })
  test('not arrival alone: called further first, then pressed again, then who waits longest', () => {
    const [first, second, again, called] = [
      incident(),
      incident(),
      incident({ repeats: 2 }),
      incident({ escalation: { step: 1, at: '' } }),
    ]
    expect(byUrgency([second, again, first, called], room)).toEqual([called, again, first, second])
  })
  test('what is offered to me waits for me; what is offered to another does not', () => {
    const [mine, offered, others] = [
      taken('Asha'),
      taken('Ben', { handover: { from: 'Ben', to: 'Asha', at: '' } }),
      taken('Ben', { handover: { from: 'Ben', to: 'Cai', at: '' } }),
    ]
    expect(byUrgency([others, mine, offered], room)).toEqual([offered, mine, others])
  })
  test('a hold whose time is over waits again', () => {
    const over = taken('Ben', { onHold: { ...hold, until: new Date(NOW - 1).toISOString() } })
    expect(byUrgency([taken('Asha'), over], room)[0]).toBe(over)
  })
})

describe('the large one', () => {
  test('is the most urgent, until a person has one in hand', () => {
    const [waits, mine] = [incident(), taken('Asha')]
    expect(inHand([mine, waits], null, room)).toBe(waits.id)
    expect(inHand([mine, waits], mine.id, room)).toBe(mine.id)
  })
  test('goes to the next when it is closed', () => {
    const waits = incident()
    expect(inHand([waits], 'inc-gone', room)).toBe(waits.id)
    expect(inHand([], 'inc-gone', room)).toBeNull()
  })
  test('the newest that nobody has taken stands first beside it, before those that wait longer', () => {
    const [large, old, newest, bens] = [
      taken('Asha'),
      incident({ escalation: { step: 1, at: '' } }),
      incident(),
      taken('Ben'),
    ]
    expect(arranged([large, old, newest, bens], large.id, room)).toEqual([newest, old, bens])
  })
})

describe('a further screen', () => {
  test('waits for its step, and keeps what was taken there', () => {
    const [quiet, called, mine] = [incident(), incident({ escalation: { step: 1, at: '' } }), taken('Asha')]
    expect(shownHere([quiet, called, mine], 1, new Set(), room)).toEqual([called])
    expect(shownHere([quiet, called, mine], 1, new Set([mine.id]), room)).toEqual([called, mine])
    expect(shownHere([quiet, called, mine], 2, new Set(), room)).toEqual([])
    expect(shownHere([quiet, called], 0, new Set(), room)).toEqual([quiet, called])
  })
})

describe('keys', () => {
  test('no two actions have the same', () =>
    expect(new Set(Object.values(DEFAULT_KEYS.keys)).size).toBe(Object.keys(DEFAULT_KEYS.keys).length))
  test('closing is no single key: its key only asks why', () => expect(DEFAULT_KEYS.keys.close).toBe('c'))
  test('of a page or a person replace ours; nonsense does not', () => {
    expect(keymapFrom({ take: 'G', note: 'no', step: ' ' }).keys).toMatchObject({ take: 'g', note: 'n', step: 'x' })
    // A note is left by a key that writes nothing: a letter would be in the text, and Tab or an arrow moves in it.
    expect(
      ['F9', 'F24', 'Insert', 'Pause', 'ScrollLock', 'l', 'F25', 'F0', 'Tab', 'Enter', 'ArrowUp', ' ', ''].map(
        (leave) => keymapFrom({ leave }).leave,
      ),
    ).toEqual(['F9', 'F24', 'Insert', 'Pause', 'ScrollLock', null, null, null, null, null, null, null, null])
    expect([
      keymapFrom({}).leave,
      loadKeymap({ getItem: () => JSON.stringify({ ...DEFAULT_KEYS, leave: 'F9' }) })?.leave,
      loadKeymap({ getItem: () => JSON.stringify(DEFAULT_KEYS) })?.leave,
    ]).toEqual([null, 'F9', null])
  })
  test.each([
    ['a page wants', { take: 'n' }],
    ['a person once chose what a later version has for something else', { view1: ']', next: '1' }],
    ['two wishes are one key', { take: 'g', note: 'g', replay: 'g' }],
  ])('mean one thing each, also when %s', (_, changes) => {
    const { keys } = keymapFrom(changes)
    expect(new Set(Object.values(keys)).size).toBe(Object.keys(keys).length)
    expect(Object.entries(changes).some(([action, key]) => keys[action as 'take'] === key)).toBe(true)
  })
  test('that are taken are told by whom', () =>
    expect([takenBy(DEFAULT_KEYS, 'N', 'take'), takenBy(DEFAULT_KEYS, 't', 'take')]).toEqual(['note', null]))
  test.each([
    ['nothing', null],
    ['nonsense', '{'],
    ['another shape', '{"keys":5}'],
  ])('stored as %s are ours', (_, stored) =>
    expect((loadKeymap({ getItem: () => stored }) ?? DEFAULT_KEYS).keys).toEqual(DEFAULT_KEYS.keys),
  )
})

describe('a safe place', () => {
  const place = {
    openings: [
      { from: '2026-11-20T21:00:00.000Z', to: '2026-11-21T03:00:00.000Z' },
      { from: '2026-11-21T21:00:00.000Z', to: '2026-11-22T03:00:00.000Z' },
    ],
  }
  test.each([
    ['2026-11-20T20:59:59.999Z', { open: false, next: '2026-11-20T21:00:00.000Z' }],
    ['2026-11-20T21:00:00.000Z', { open: true, until: '2026-11-21T03:00:00.000Z' }],
    ['2026-11-21T02:59:59.999Z', { open: true, until: '2026-11-21T03:00:00.000Z' }],
    ['2026-11-21T03:00:00.000Z', { open: false, next: '2026-11-21T21:00:00.000Z' }],
    ['2026-11-23T12:00:00.000Z', { open: false, next: null }],
  ])('at %s', (now, expected) => expect(opening(place, Date.parse(now))).toEqual(expected))
})

describe('what was written down', () => {
  const line = (seq: number, kind: string, body: object) => ({ seq, at: '', kind, actor: 'operator:Asha', body })
  test('is the latest version of each note, and not the one being written', () => {
    const log = [
      line(1, 'incident.noted', { text: 'Caller' }),
      line(2, 'incident.noted', { text: 'Caller is safe', replaces: 1 }),
      line(3, 'incident.noted', { text: 'A' }),
      line(4, 'incident.noted', { text: 'Ab', replaces: 3 }),
    ]
    expect(notesOf({ log }, 4)).toEqual([{ seq: 2, at: '', by: 'Asha', text: 'Caller is safe' }])
  })
  test('is who was called and what came of it, in whichever language it was said', () => {
    const log = [line(1, 'incident.contacted', { contact: 'police', outcome: 'ffoniwyd' })]
    const calls = callsOf({ incident: incident({ log }) }, { id: 'police' })
    expect([
      calls.length,
      isOpenCall(calls.at(-1)),
      isOpenCall({ at: '', outcome: 'no answer' }),
      isOpenCall(undefined),
    ]).toEqual([1, true, false, false])
  })
  test('the next instruction is the first that is not ticked', () =>
    expect([
      nextStep(['a', 'b', 'c'], [{ step: 0 }, { step: 2 }]),
      nextStep(['a'], [{ step: 0 }]),
      nextStep([], []),
    ]).toEqual([1, -1, -1]))
})

describe('a note that saves itself', () => {
  function draft(
    save: (text: string, replaces: number | null) => Promise<number | null>,
    stored: Record<string, string> = {},
  ) {
    vi.useFakeTimers()
    let of = 'inc-1'
    let by = 'Asha'
    const saved: [string, string, number | null][] = []
    const host = {
      addController: () => {},
      removeController: () => {},
      requestUpdate: () => {},
      updateComplete: Promise.resolve(true),
    }
    const store = {
      getItem: (name: string) => stored[name] ?? null,
      setItem: (name: string, text: string) => void (stored[name] = text),
      removeItem: (name: string) => void delete stored[name],
    }
    const note = new NoteDraft(host, {
      incident: () => of,
      person: () => by,
      refusal: (error) => (error === 'final' ? 'not yours' : null),
      save: (incidentId, text, replaces) => (saved.push([incidentId, text, replaces]), save(text, replaces)),
      store,
    })
    note.hostUpdate()
    return {
      note,
      saved,
      stored,
      show: (id: string) => ((of = id), note.hostUpdate()),
      sit: (name: string) => ((by = name), note.hostUpdate()),
    }
  }
  test('after a pause, each version in the place of the one before', async () => {
    let entry = 40
    const { note, saved } = draft(async () => (entry += 1))
    note.typed('Two')
    await vi.advanceTimersByTimeAsync(1300)
    note.typed('Two women')
    await vi.advanceTimersByTimeAsync(1300)
    expect(saved).toEqual([
      ['inc-1', 'Two', null],
      ['inc-1', 'Two women', 41],
    ])
    expect([note.state, note.entry]).toEqual(['saved', 42])
    vi.useRealTimers()
  })
  test('also while somebody types without a pause', async () => {
    const { note, saved } = draft(async () => 1)
    for (let i = 0; i < 20; i += 1) {
      note.typed(`word ${i}`)
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(saved.length).toBeGreaterThan(0)
    vi.useRealTimers()
  })
  test('what is typed right after one is finished is the next, and nothing of it is lost', async () => {
    const { note, saved } = draft(() => new Promise((resolve) => setTimeout(() => resolve(saved.length), 150)))
    note.typed('first')
    void note.finish()
    await vi.advanceTimersByTimeAsync(50)
    expect(note.text).toBe('')
    note.typed('second')
    await vi.advanceTimersByTimeAsync(5000)
    expect([note.text, saved]).toEqual([
      'second',
      [
        ['inc-1', 'first', null],
        ['inc-1', 'second', null],
      ],
    ])
    vi.useRealTimers()
  })
  test('does not flood the record when somebody types without end', async () => {
    const { note, saved } = draft(() => new Promise((resolve) => setTimeout(() => resolve(1), 200)))
    for (let i = 0; i < 120; i += 1) {
      note.typed('x'.repeat(i + 1))
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(saved.length).toBeLessThanOrEqual(4)
    vi.useRealTimers()
  })
  test('that will never be taken says why, and is not tried for ever', async () => {
    const { note, saved } = draft(() => Promise.reject('final'))
    note.typed('Two')
    await vi.advanceTimersByTimeAsync(60_000)
    expect([note.state, note.refused, saved.length, note.unsaved]).toEqual(['failed', 'not yours', 1, false])
    vi.useRealTimers()
  })
  test('is its writer’s: the next person at the same desk finds their own', () => {
    const { note, sit } = draft(async () => 1)
    note.typed('Asha’s')
    sit('Ben')
    expect(note.text).toBe('')
    sit('Asha')
    expect(note.text).toBe('Asha’s')
    vi.useRealTimers()
  })
  test('that is changed back to what is saved is saved', async () => {
    const { note } = draft(async () => 1)
    note.typed('Two')
    await note.flush()
    note.typed('Two ')
    note.typed('Two')
    expect([note.state, note.unsaved]).toEqual(['saved', false])
    vi.useRealTimers()
  })
  test('is kept and tried again when it could not be saved, and the next is not held up', async () => {
    let down = true
    const { note, saved } = draft(async () => {
      if (down) throw new Error('no')
      return 7
    })
    note.typed('Two')
    await note.finish()
    expect([note.state, note.text]).toEqual(['failed', ''])
    down = false
    await vi.advanceTimersByTimeAsync(3100)
    expect([note.state, note.text, saved.length]).toEqual(['empty', '', 2])
    vi.useRealTimers()
  })
  test('that was emptied leaves what was saved: a record has no eraser', async () => {
    const { note, saved } = draft(async () => 1)
    note.typed('Two')
    await note.flush()
    note.typed('')
    await note.flush()
    expect(saved).toHaveLength(1)
    vi.useRealTimers()
  })
  test('is saved for its own incident when another one is shown, and is there again when it comes back', async () => {
    const { note, saved, show } = draft(async () => 1)
    note.typed('of one')
    show('inc-2')
    await vi.advanceTimersByTimeAsync(10)
    expect([saved, note.text]).toEqual([[['inc-1', 'of one', null]], ''])
    show('inc-1')
    expect(note.text).toBe('of one')
    vi.useRealTimers()
  })
  test('finished ones that could not be saved outlive a reload, all of them, beside the one that is being written', async () => {
    const stored: Record<string, string> = {}
    const before = draft(async () => {
      throw new Error('no')
    }, stored)
    for (const text of ['One', 'Two', 'Three']) {
      before.note.typed(text)
      await before.note.finish()
    }
    before.note.typed('Fo')
    vi.useRealTimers()
    const after = draft(async () => 9, stored)
    await vi.advanceTimersByTimeAsync(10)
    expect(after.saved.map(([, text]) => text)).toEqual(['One', 'Two', 'Three'])
    expect(after.note.text).toBe('Fo')
    await vi.advanceTimersByTimeAsync(1500)
    expect(Object.keys(stored)).toEqual(['lamppost note Asha inc-1'])
    vi.useRealTimers()
  })
  test('that a reload has cut off goes on where it was', () => {
    const { note } = draft(async () => 1, {
      'lamppost note Asha inc-1': JSON.stringify({ text: 'Half', entry: 9, saved: 'Ha' }),
    })
    expect([note.text, note.entry, note.state]).toEqual(['Half', 9, 'typing'])
    vi.useRealTimers()
  })
})

describe('steering', () => {
  function head(answer: () => Promise<void> = async () => {}) {
    vi.useFakeTimers()
    const told: string[] = []
    const problems: unknown[] = []
    const steering = createSteering({
      move: async ({ pan }) => (told.push(`move ${pan}`), answer()),
      stop: async () => void told.push('stop'),
      onProblem: (error) => problems.push(error),
    })
    return { steering, told, problems }
  }
  const RIGHT = { pan: 0.5, tilt: 0, zoom: 0 }
  test('asks again and again while it is held, and stops at once when it is let go', async () => {
    const { steering, told } = head()
    steering.want(RIGHT)
    await vi.advanceTimersByTimeAsync(700)
    steering.stopMoving()
    await vi.advanceTimersByTimeAsync(1000)
    expect(told).toEqual(['move 0.5', 'move 0.5', 'move 0.5', 'stop'])
    vi.useRealTimers()
  })
  test('has one command on its way at a time, and then the newest wish', async () => {
    let release = (): void => {}
    const { steering, told } = head(() => new Promise((resolve) => (release = resolve)))
    steering.want(RIGHT)
    for (const pan of [0.6, 0.7, 0.8]) steering.want({ ...RIGHT, pan })
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['move 0.5'])
    release()
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['move 0.5', 'move 0.8'])
    vi.useRealTimers()
  })
  test('that is let go before the first answer stops after it', async () => {
    let release = (): void => {}
    const { steering, told } = head(() => new Promise((resolve) => (release = resolve)))
    steering.want(RIGHT)
    steering.stopMoving()
    release()
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['move 0.5', 'stop'])
    vi.useRealTimers()
  })
  test('gives up when the camera refuses, and says why', async () => {
    const { steering, told, problems } = head(async () => {
      throw new Error('in hand')
    })
    steering.want(RIGHT)
    await vi.advanceTimersByTimeAsync(2000)
    expect([told.length, problems.length, steering.wanted().pan]).toEqual([1, 1, 0])
    vi.useRealTimers()
  })
  test('that was refused asks no more until whatever holds it has let go once', async () => {
    const { steering, told } = head(async () => {
      throw new Error('in hand')
    })
    for (let i = 0; i < 60; i += 1) {
      steering.want({ ...RIGHT, pan: 0.5 + i / 200 })
      await vi.advanceTimersByTimeAsync(16)
    }
    expect(told).toEqual(['move 0.5'])
    steering.want({ pan: 0, tilt: 0, zoom: 0 })
    steering.want(RIGHT)
    await vi.advanceTimersByTimeAsync(16)
    expect(told).toEqual(['move 0.5', 'move 0.5'])
    vi.useRealTimers()
  })
  test('a stick does nothing near its middle, is fine around it, and up is up', () => {
    expect(stickVelocity(0.1, 0.05)).toEqual({ pan: 0, tilt: 0 })
    expect(stickVelocity(0.3, 0).pan).toBeLessThan(0.05)
    expect(stickVelocity(1, 0).pan).toBeCloseTo(1)
    expect(stickVelocity(0, -1).tilt).toBeCloseTo(1)
  })
  test('keys add up, opposite ones do nothing, Shift is slow', () => {
    expect(keyVelocity(new Set(['ArrowRight', 'ArrowUp', '+']), false)).toEqual({ pan: 0.45, tilt: 0.45, zoom: 0.45 })
    expect(keyVelocity(new Set(['ArrowRight', 'ArrowLeft']), false).pan).toBe(0)
    expect(keyVelocity(new Set(['-']), true).zoom).toBe(-0.12)
  })
  test('a controller turns with its left stick and zooms with its right one, or its triggers', () => {
    const button = (value: number) => ({ value })
    expect(padVelocity({ axes: [1, 0, 0, -1], buttons: [] })).toMatchObject({ pan: 1, zoom: 1 })
    expect(
      padVelocity({
        axes: [0, 0, 0, 0],
        buttons: [...Array.from({ length: 6 }, () => button(0)), button(0.5), button(0)],
      }).zoom,
    ).toBe(-0.5)
  })
})

describe('the map', () => {
  const here = { lat: 54.52363, lon: -1.5561 }
  const town = {
    helpPoints: [{ id: 'bar', name: 'Bar', location: here }] as never,
    cameras: [
      {
        id: 'sent',
        name: 'Sent',
        location: { lat: 54.5246, lon: -1.5561 },
        bearing: null,
        steeredBy: null,
        health: { video: 'up', onvif: 'up' },
      },
      {
        id: 'fixed',
        name: 'Fixed',
        location: here,
        bearing: 40,
        steeredBy: null,
        health: { video: 'down', onvif: 'up' },
      },
      {
        id: 'nowhere',
        name: 'No place',
        location: null,
        bearing: null,
        steeredBy: null,
        health: { video: 'up', onvif: 'up' },
      },
    ] as never,
    safePlaces: [{ name: 'Forty', location: here, openings: [] }] as never,
    incidents: [],
    now: NOW,
  }
  const framing = (state: string) => incident({ framings: [{ camera: 'sent', state, way: 'preset' }] as never })
  test('shows where a camera looks only as surely as it is proven', () => {
    const sure = (state: string) =>
      townMarks({ ...town, incident: framing(state) }).cameras.find(({ id }) => id === 'sent')
    expect([sure('framed')?.sure, sure('unproven')?.sure, sure('failed')?.sure]).toEqual(['framed', 'unproven', null])
    expect(sure('framed')?.bearing).toBeCloseTo(180, 0)
  })
  test('shows nothing of where a camera looks that somebody steers', () => {
    const steered = {
      ...town,
      cameras: (town.cameras as { id: string }[]).map((camera) => ({
        ...camera,
        steeredBy: { name: 'Ben', since: '' },
      })) as never,
    }
    expect(
      townMarks({ ...steered, incident: framing('framed') }).cameras.find(({ id }) => id === 'sent')?.sure,
    ).toBeNull()
  })
  test('knows a fixed camera’s bearing from the site file, and leaves out cameras without a place', () => {
    expect(townMarks({ ...town, incident: null }).cameras.map(({ id, sure, down }) => [id, sure, down])).toEqual([
      ['sent', null, false],
      ['fixed', 'fixed', true],
    ])
  })
  test('is framed around the help point, what looks at it, and where the person could go', () => {
    expect(frameOf(townMarks({ ...town, incident: framing('framed') }))).toHaveLength(3)
  })
  test('directions are clockwise from north, and fans open that way', () => {
    expect(bearing(here, { lat: here.lat, lon: here.lon + 0.001 })).toBeCloseTo(90)
    const [, , , middle = [0, 0]] = fan(here, 0, 30)
    expect(middle[0]).toBeGreaterThan(here.lat)
    expect(middle[1]).toBeCloseTo(here.lon)
  })
})

describe('a wall’s token', () => {
  test('is renewed before it runs out, once for all who ask', async () => {
    vi.useFakeTimers()
    let asked = 0
    let renewed = 0
    const token = createWallToken({
      given: '',
      renew: async () => ({ token: `t${(asked += 1)}`, expiresAt: new Date(Date.now() + 60_000).toISOString() }),
      now: () => Date.now(),
      onRenewed: () => (renewed += 1),
    })
    await Promise.all([token.begin(), token.begin()])
    expect([asked, token.get()]).toEqual([1, 't1'])
    await vi.advanceTimersByTimeAsync(46_000)
    expect([token.get(), renewed]).toEqual(['t2', 1])
    token.end()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(asked).toBe(2)
    vi.useRealTimers()
  })
  test('is asked for again when the page could not give one', async () => {
    vi.useFakeTimers()
    let asked = 0
    const token = createWallToken({
      given: 'old',
      renew: async () => {
        asked += 1
        if (asked === 1) throw new Error('not yet')
        return 'new'
      },
      now: () => Date.now(),
      onRenewed: () => {},
    })
    await token.begin()
    expect([await token.fresh(), token.get()]).toEqual([false, 'old'])
    expect([await token.fresh(), token.get()]).toEqual([true, 'new'])
    vi.useRealTimers()
  })
  test('is not waited for when the page does not answer', async () => {
    vi.useFakeTimers()
    const token = createWallToken({
      given: '',
      renew: () => new Promise(() => {}),
      now: () => Date.now(),
      onRenewed: () => {},
    })
    const begun = token.begin().then(() => 'begun')
    await vi.advanceTimersByTimeAsync(8500)
    expect(await begun).toBe('begun')
    token.end()
    vi.useRealTimers()
  })
  test('is renewed by the server’s clock, not by one that is an hour wrong', async () => {
    vi.useFakeTimers()
    let asked = 0
    const token = createWallToken({
      given: '',
      renew: async () => ({
        token: `t${(asked += 1)}`,
        expiresAt: new Date(Date.now() - 3_600_000 + 60_000).toISOString(),
      }),
      now: () => Date.now() - 3_600_000,
      onRenewed: () => {},
    })
    await token.begin()
    await vi.advanceTimersByTimeAsync(40_000)
    expect(asked).toBe(1)
    token.end()
    vi.useRealTimers()
  })
  test('without a page that renews stays what it is', async () => {
    const token = createWallToken({ given: 'long', renew: null, now: () => Date.now(), onRenewed: () => {} })
    expect([await token.fresh(), token.get()]).toEqual([false, 'long'])
  })
})

describe('Welsh', () => {
  const leaves = (value: unknown, path = ''): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}.${key}`))
      : [[path, value]]
  test('has every word that English has, and no other', () =>
    expect(
      leaves(cy)
        .map(([path]) => path)
        .sort(),
    ).toEqual(
      leaves(en)
        .map(([path]) => path)
        .sort(),
    ))
  test('is no copy of it', () => {
    const english = new Map(leaves(en))
    const same = leaves(cy)
      .filter(([path, word]) => typeof word === 'string' && word === english.get(path))
      .map(([path]) => path)
    // Names of protocols, and words that both languages write alike.
    expect(same).toEqual(expect.arrayContaining(['.onvif']))
    expect(
      same.filter(
        (path) =>
          !/^\.(onvif|camera|officer\.blur\.camera|officer\.packages\.sha256|officer\.search\.cameras|proofs\.sources\..*)$/.test(
            path,
          ),
      ),
    ).toEqual([])
  })
})
