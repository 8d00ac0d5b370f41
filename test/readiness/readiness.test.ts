import { describe, expect, test } from 'vitest'
import type { CameraId, Framing } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Entry, Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId, Press, PressId, PressKind } from '../../server/glossary/press.ts'
import type { ChainResult, DrillResult } from '../../server/glossary/proof.ts'
import type { HelpPoint } from '../../server/glossary/site.ts'
import { createChainWatch } from '../../server/readiness/chain-watch.ts'
import { drillResult, drillText, dueDrill, startDrillSchedule } from '../../server/readiness/drill-schedule.ts'
import { createReadinessBook } from '../../server/readiness/readiness-book.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const BAR = 'bar' as HelpPointId
const INCIDENT = 'inc-1' as IncidentId
const LONDON = 'Europe/London'
const helpPoint = (change: Partial<HelpPoint> = {}): HelpPoint => ({
  id: BAR,
  name: 'Bar',
  address: '',
  location: { lat: 0, lon: 0 },
  instructions: [],
  wired: [],
  secret: null,
  mqtt: [],
  lorawan: [],
  sia: [],
  sip: null,
  voice: { gain: 0, autoAnswer: null, pushToTalk: false, keys: {}, drill: 'never' },
  heartbeatMs: null,
  drillAt: null,
  ...change,
})
const result = (change: Partial<DrillResult> = {}): DrillResult => ({
  incident: INCIDENT,
  helpPoint: BAR,
  kind: 'drill',
  at: '2026-11-20T04:30:01.000Z',
  stages: {},
  camera: 'cam-a' as CameraId,
  framing: 'framed',
  proofs: [],
  problem: null,
  passed: true,
  by: 'schedule',
  ...change,
})

function watch() {
  const clock = createFakeClock()
  const written: Draft[] = []
  const pictures = new Map<string, () => void>()
  const stages: string[] = []
  let seq = 0
  const chains = createChainWatch({
    clock,
    port: {
      whenDurable: async () => {},
      watchPicture: (camera, onPicture) => {
        pictures.set(camera, onPicture)
        return () => pictures.delete(camera)
      },
      write: (draft) => written.push(draft),
      onStage: (stage, kind, ms) => stages.push(`${kind} ${stage} ${ms}`),
    },
    onError: () => {},
  })
  const hear = (draft: Draft): void => chains.heard({ ...draft, seq: (seq += 1), at: isoTime(clock.now()) })
  const press = (kind: PressKind = 'press', change: Partial<Press> = {}): void => {
    const now = isoTime(clock.now())
    hear({
      kind: 'press.received',
      actor: 'help-point:bar',
      subject: INCIDENT,
      body: {
        incident: INCIDENT,
        press: {
          id: 'prs-1' as PressId,
          key: 'k',
          helpPoint: BAR,
          kind,
          pressedAt: now,
          receivedAt: now,
          source: 'schedule',
          ...change,
        },
      },
    })
  }
  const open = (kind: PressKind = 'press', change: Partial<Press> = {}): void => {
    hear({
      kind: 'incident.opened',
      actor: 'help-point:bar',
      subject: INCIDENT,
      body: { incident: INCIDENT, helpPoint: BAR, kind },
    })
    press(kind, change)
  }
  const framing = (camera: string, state: Framing['state'], change: Partial<Framing> = {}): void =>
    hear({
      kind: 'framing.changed',
      actor: `camera:${camera}`,
      subject: INCIDENT,
      body: {
        incident: INCIDENT,
        framing: {
          camera: camera as CameraId,
          preset: null,
          way: 'preset',
          role: 'primary',
          state,
          proofs: state === 'moving' ? ['accepted'] : [],
          askedAt: '',
          settledAt: null,
          reason: null,
          ...change,
        },
      },
    })
  const results = () => written.map(({ body }) => body as ChainResult & { passed?: boolean })
  return { clock, chains, written, pictures, stages, hear, press, open, framing, results }
}

describe('the chain from a press to a picture', () => {
  test('is timed stage by stage, and ends with a moving picture', async () => {
    const { clock, pictures, open, framing, results, written } = watch()
    open()
    framing('cam-a', 'asked')
    await clock.advance(20)
    framing('cam-a', 'moving')
    await clock.advance(1500)
    framing('cam-a', 'framed')
    await clock.advance(40)
    pictures.get('cam-a')?.()
    expect(written).toEqual([])
    await clock.advance(40)
    pictures.get('cam-a')?.()
    expect(written.map(({ kind }) => kind)).toEqual(['chain.finished'])
    expect(results()[0]).toMatchObject({
      helpPoint: 'bar',
      camera: 'cam-a',
      framing: 'framed',
      stages: { durable: 0, asked: 0, accepted: 20, settled: 1520, picture: 1600 },
      problem: null,
    })
    expect(pictures.size).toBe(0)
  })
  test('of a drill is a drill’s result, never a person’s', async () => {
    const { clock, pictures, open, framing, written } = watch()
    open('drill')
    framing('cam-a', 'unproven', { proofs: ['accepted'] })
    await clock.advance(100)
    pictures.get('cam-a')?.()
    pictures.get('cam-a')?.()
    expect(written[0]).toMatchObject({
      kind: 'drill.finished',
      body: { passed: true, framing: 'unproven', by: 'schedule' },
    })
  })
  test('that stops says where, and why', async () => {
    const { clock, open, framing, results } = watch()
    open('drill')
    framing('cam-a', 'asked')
    framing('cam-a', 'failed', { reason: 'The camera does not answer.' })
    await clock.advance(31_000)
    expect(results()[0]).toMatchObject({
      passed: false,
      problem: 'No camera took the order. The camera does not answer.',
    })
  })
  test('of a camera whose picture stands still fails', async () => {
    const { clock, pictures, open, framing, results } = watch()
    open('drill')
    framing('cam-a', 'framed')
    pictures.get('cam-a')?.()
    await clock.advance(31_000)
    expect(results()[0]).toMatchObject({ passed: false, problem: 'No moving picture came.' })
  })
  test('goes on with the next camera when the first fails', async () => {
    const { clock, pictures, open, framing, results } = watch()
    open()
    framing('cam-a', 'asked')
    framing('cam-fixed', 'unproven', { role: 'secondary', way: 'fixed' })
    framing('cam-a', 'failed')
    framing('cam-b', 'moving')
    await clock.advance(900)
    framing('cam-b', 'framed')
    pictures.get('cam-b')?.()
    pictures.get('cam-b')?.()
    expect(results()[0]).toMatchObject({ camera: 'cam-b', stages: { settled: 900 } })
  })
  test('with no camera at all fails and says so', async () => {
    const { clock, open, results } = watch()
    open('drill')
    await clock.advance(31_000)
    expect(results()[0]).toMatchObject({ passed: false, problem: 'No camera was sent.', camera: null })
  })
  test('of a person who joins a drill is their own from there', async () => {
    const { clock, pictures, open, press, framing, written } = watch()
    open('drill')
    framing('cam-a', 'framed')
    await clock.advance(100)
    press('press')
    framing('cam-a', 'framed')
    pictures.get('cam-a')?.()
    pictures.get('cam-a')?.()
    await clock.advance(1)
    expect(written.map(({ kind }) => kind)).toEqual(['drill.finished', 'chain.finished'])
  })
  test('of a late press or a repeat is not timed: nothing is moved for it', async () => {
    const { clock, open, press, written, hear } = watch()
    open('press', { late: true })
    await clock.advance(40_000)
    press()
    await clock.advance(40_000)
    hear({
      kind: 'incident.closed',
      actor: 'operator:Sam',
      subject: INCIDENT,
      body: { incident: INCIDENT, reason: 'over' },
    })
    expect(written).toEqual([])
  })
  test('ends with its incident', async () => {
    const { open, hear, results, pictures, framing } = watch()
    open()
    framing('cam-a', 'framed')
    hear({
      kind: 'incident.closed',
      actor: 'operator:Sam',
      subject: INCIDENT,
      body: { incident: INCIDENT, reason: 'over' },
    })
    await Promise.resolve()
    expect([results().length, pictures.size]).toEqual([1, 0])
  })
})

describe('what is known of a help point', () => {
  const at = (text: string): number => Date.parse(text)
  const book = (startedAt = '2026-11-20T00:00:00Z') => createReadinessBook({ startedAt: at(startedAt) })
  const finished = (change: Partial<DrillResult>): Recorded => ({
    kind: 'drill.finished',
    actor: 'lamppost',
    subject: INCIDENT,
    body: result(change),
    seq: 1,
    at: '2026-11-20T04:30:05.000Z',
  })

  test('is its last press, drill and chain, the same after a restart', () => {
    const proofs = book()
    proofs.apply(finished({}))
    const again = book()
    again.restore(JSON.parse(JSON.stringify(proofs.save())) as ReturnType<typeof proofs.save>)
    expect(again.proofOf(helpPoint(), at('2026-11-20T10:00:00Z'), LONDON)).toMatchObject({
      lastDrillResult: { passed: true },
      lastChain: { camera: 'cam-a' },
      overdue: [],
    })
  })
  test.each([
    ['an hour after it was due and did not come', '2026-11-20T05:31:00Z', [] as Partial<DrillResult>[], ['drill']],
    ['not within the hour', '2026-11-20T05:29:00Z', [], []],
    ['not when it passed', '2026-11-20T20:00:00Z', [{ at: '2026-11-20T04:30:01.000Z' }], []],
    [
      'when the last one failed',
      '2026-11-20T20:00:00Z',
      [{ at: '2026-11-20T04:30:01.000Z', passed: false, problem: 'x' }],
      ['drill'],
    ],
    [
      'when the last one that passed is yesterday’s',
      '2026-11-21T06:00:00Z',
      [{ at: '2026-11-20T04:30:01.000Z' }],
      ['drill'],
    ],
  ])('a drill is overdue %s', (_, now, drills, overdue) => {
    const proofs = book()
    for (const drill of drills) proofs.apply(finished(drill))
    expect(proofs.proofOf(helpPoint({ drillAt: '04:30' }), at(now), LONDON).overdue).toEqual(overdue)
  })
  test('a server that has just started does not call for the drill of before', () =>
    expect(
      book('2026-11-20T09:00:00Z').proofOf(helpPoint({ drillAt: '04:30' }), at('2026-11-20T10:00:00Z'), LONDON).overdue,
    ).toEqual([]))
  test('it is silent after three missed signs of life, and heard again with the next', () => {
    const proofs = book('2026-11-20T09:00:00Z')
    const point = helpPoint({ heartbeatMs: 60_000 })
    expect(proofs.silenceChanged(point, at('2026-11-20T09:02:59Z'))).toBeNull()
    expect(proofs.silenceChanged(point, at('2026-11-20T09:03:01Z'))).toBe('silent')
    proofs.apply({
      kind: 'help-point.silent',
      actor: 'lamppost',
      subject: BAR,
      body: { helpPoint: BAR, lastHeard: null },
      seq: 1,
      at: '',
    })
    expect(proofs.silenceChanged(point, at('2026-11-20T09:04:00Z'))).toBeNull()
    const restarted = book('2026-11-20T10:00:00Z')
    restarted.restore(proofs.save())
    expect(restarted.silenceChanged(point, at('2026-11-20T10:00:30Z'))).toBeNull()
    proofs.heard(BAR, at('2026-11-20T09:05:00Z'))
    expect(proofs.silenceChanged(point, at('2026-11-20T09:05:01Z'))).toBe('heard')
    expect(proofs.proofOf(point, at('2026-11-20T09:05:01Z'), LONDON)).toMatchObject({
      lastHeartbeat: '2026-11-20T09:05:00.000Z',
      overdue: [],
    })
  })
})

describe('daily drills', () => {
  test.each([
    ['2026-11-20T04:29:00Z', null, null],
    ['2026-11-20T04:30:05Z', null, '2026-11-20T04:30:00.000Z'],
    ['2026-11-20T05:30:05Z', null, null],
    ['2026-11-20T04:30:05Z', '2026-11-20T04:30:01Z', null],
    ['2026-11-20T09:00:00Z', '2026-11-19T04:30:01Z', '2026-11-20T04:30:00.000Z'],
    ['2026-11-20T11:00:00Z', '2026-11-19T04:30:01Z', null],
  ])('at %s, last run at %s: due since %s', (now, last, due) => {
    const found = dueDrill(
      { drillAt: '04:30' },
      last === null ? null : Date.parse(last),
      Date.parse(now),
      LONDON,
      Date.parse(now) - 60_000,
    )
    expect(found === null ? null : isoTime(found)).toBe(due)
  })

  function schedule(
    points: HelpPoint[],
    openAt: (id: string) => IncidentId | null = () => null,
    cut: { incident: IncidentId; helpPoint: HelpPointId; at: string; by: string; result: DrillResult | null }[] = [],
  ) {
    const clock = createFakeClock(Date.parse('2026-11-20T04:29:50Z'))
    const book = createReadinessBook({ startedAt: clock.now() })
    const log: string[] = []
    const written: Draft[] = []
    const running = startDrillSchedule({
      clock,
      book,
      port: {
        helpPoints: () => points,
        timezone: () => LONDON,
        openAt,
        drill: async (id, key) => {
          log.push(`drill ${id} ${key}`)
          const now = isoTime(clock.now())
          book.apply({
            kind: 'press.received',
            actor: '',
            subject: INCIDENT,
            seq: 1,
            at: now,
            body: {
              incident: INCIDENT,
              press: {
                id: 'p' as PressId,
                key,
                helpPoint: id,
                kind: 'drill',
                pressedAt: now,
                receivedAt: now,
                source: 'schedule',
              },
            },
          })
          return INCIDENT
        },
        whenFinished: async () => {
          await clock.sleep(3000)
          return result()
        },
        endDrill: async (incident, { passed }) => void log.push(`end ${incident} ${passed}`),
        alive: () => false,
        cutShort: () => cut,
        tryVoice: async ({ id }) => void log.push(`voice ${id}`),
        write: (draft) => {
          written.push(draft)
          book.apply({ ...draft, seq: 1, at: isoTime(clock.now()) })
        },
        onChange: () => {},
      },
      onError: (error) => log.push(String(error)),
    })
    return { clock, book, log, written, running }
  }
  test('run one after the other, once a day', async () => {
    const { clock, log, running } = schedule([
      helpPoint({ drillAt: '04:30' }),
      helpPoint({ id: 'row' as HelpPointId, drillAt: '04:30' }),
    ])
    await clock.advance(60_000)
    expect(log).toEqual([
      'drill bar drill 2026-11-20T04:30:00.000Z',
      'end inc-1 true',
      'drill row drill 2026-11-20T04:30:00.000Z',
      'end inc-1 true',
    ])
    for (let i = 0; i < 60; i += 1) await clock.advance(60_000)
    expect(log).toHaveLength(4)
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('are followed by a trial of the voice, once a day, and not while somebody may need the help point', async () => {
    const telephone = {
      sip: { user: 'hp01', password: 'a password', certificate: null, from: null, byPbx: false },
      voice: { gain: 0, autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-night' },
    } as const
    let open: IncidentId | null = null
    const { clock, log, book, running } = schedule([helpPoint({ drillAt: '04:30', ...telephone })], () => open)
    await clock.advance(60_000)
    expect(log.slice(0, 3)).toEqual(['drill bar drill 2026-11-20T04:30:00.000Z', 'end inc-1 true', 'voice bar'])
    const found = {
      helpPoint: BAR,
      how: 'both-ways',
      by: 'schedule',
      levelDb: -20,
      heardShare: 1,
      loopMs: 150,
    } as const
    const entry = { kind: 'voice.proved', seq: 1, actor: 'lamppost', subject: BAR } as const
    const tried = (at: string): void => book.apply({ ...entry, at, body: { ...found, at } })
    tried(isoTime(clock.now()))
    const before = log.length
    for (let i = 0; i < 60; i += 1) await clock.advance(60_000)
    expect(log).toHaveLength(before)
    // The next night somebody is there.
    open = INCIDENT
    for (let i = 0; i < 24 * 60; i += 1) await clock.advance(60_000)
    expect(log).toHaveLength(before)
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('try a voice that was busy again after ten minutes, and not every quarter of a minute', async () => {
    const telephone = {
      sip: { user: 'hp01', password: 'a password', certificate: null, from: null, byPbx: false },
      voice: { gain: 0, autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-night' },
    } as const
    const { clock, log, running } = schedule([helpPoint({ drillAt: '04:30', ...telephone })])
    for (let i = 0; i < 25; i += 1) await clock.advance(60_000)
    expect(log.filter((each) => each === 'voice bar')).toHaveLength(3)
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('wait while a person’s incident is open there, and say so once', async () => {
    let open: IncidentId | null = INCIDENT
    const { clock, log, written, running } = schedule([helpPoint({ drillAt: '04:30' })], () => open)
    for (let i = 0; i < 10; i += 1) await clock.advance(60_000)
    expect([log, written.map(({ kind }) => kind)]).toEqual([[], ['drill.put-off']])
    open = null
    await clock.advance(30_000)
    expect(log).toEqual(['drill bar drill 2026-11-20T04:30:00.000Z', 'end inc-1 true'])
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('that a restart has cut short are ended as failed, so that the next can run', async () => {
    const { clock, log, written, running } = schedule([helpPoint()], () => null, [
      { incident: INCIDENT, helpPoint: BAR, at: '2026-11-20T04:20:00.000Z', by: 'http', result: null },
    ])
    await clock.advance(100)
    expect([log, written.map(({ kind, body }) => [kind, (body as DrillResult).problem])]).toEqual([
      ['end inc-1 false'],
      [['drill.finished', 'The server was started again during the drill.']],
    ])
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('that had their result before the restart keep it: they are only ended', async () => {
    const { log, written, running, clock } = schedule([], () => null, [
      { incident: INCIDENT, helpPoint: helpPoint().id, at: '2026-11-20T04:00:00.000Z', by: 'http', result: result() },
    ])
    await clock.advance(1000)
    expect([log, written]).toEqual([[`end ${INCIDENT} ${result().passed}`], []])
    const closing = running.close()
    await clock.advance(60_000)
    await closing
  })
  test('a help point that falls silent is told once, and once when it is heard again', async () => {
    const { clock, written, running } = schedule([helpPoint({ heartbeatMs: 60_000 })])
    for (let i = 0; i < 10; i += 1) await clock.advance(60_000)
    expect(written).toEqual([
      expect.objectContaining({ kind: 'help-point.silent', body: { helpPoint: 'bar', lastHeard: null } }),
    ])
    const closing = running.close()
    await clock.advance(1)
    await closing
  })
  test('their result is taken from the ledger’s tail', async () => {
    const listeners = new Set<(entry: Entry) => void>()
    const tail = (listener: (entry: Entry) => void) => (listeners.add(listener), () => listeners.delete(listener))
    const stop = new AbortController()
    const found = drillResult(tail, INCIDENT, stop.signal)
    for (const listener of listeners)
      listener({ kind: 'drill.finished', actor: '', subject: INCIDENT, body: result(), seq: 1, at: '', hash: '' })
    expect([await found, listeners.size]).toEqual([result(), 0])
    const other = drillResult(tail, INCIDENT, stop.signal)
    stop.abort()
    expect([await other, listeners.size]).toEqual([null, 0])
  })
  test('their words say what was proven', () => {
    expect(drillText(result())).toBe('Drill passed: a moving picture was reached, and the framing is proven.')
    expect(drillText(result({ framing: 'unproven' }))).toContain('not proven')
    expect(drillText(result({ passed: false, problem: 'No camera was sent.' }))).toBe(
      'Drill FAILED: No camera was sent.',
    )
  })
})
