import { describe, expect, test } from 'vitest'
import type { CameraId, Framing, PresetToken } from '../../server/glossary/camera.ts'
import { arrangeViews } from '../../web-components/lamppost-incident/incident-views.ts'
import { began, carriedPlaylist, grown } from '../../web-components/lamppost-player/socket-playlist.ts'
import {
  createSpareWatch,
  createSpareWish,
  firstStep,
  govern,
} from '../../web-components/lamppost-player/live-edge-rate.ts'
import { countStandings, standingOf, worstOf } from '../../web-components/lamppost-proofs/proof-words.ts'
import { clockTime, dayAndTime, elapsed } from '../../web-components/theme/times.ts'
import type { HelpPoint } from '../../web-components/wall-client/api-shapes.ts'
import { readEvents } from '../../web-components/wall-client/event-stream.ts'
import { en } from '../../web-components/words/en.ts'

const framing = (
  camera: string,
  role: Framing['role'],
  state: Framing['state'],
  proofs: Framing['proofs'] = [],
): Framing => ({
  camera: camera as CameraId,
  preset: 'p' as PresetToken,
  way: 'preset',
  role,
  state,
  proofs,
  askedAt: '',
  settledAt: null,
  reason: null,
})

describe('which picture is large', () => {
  const a = framing('a', 'primary', 'failed')
  const b = framing('b', 'primary', 'moving')
  const c = framing('c', 'secondary', 'framed')
  test('the first camera that is sent and has not failed', () =>
    expect(arrangeViews([a, b, c], null).main?.camera).toBe('b'))
  test('the operator’s choice before all', () => expect(arrangeViews([a, b, c], 'c').main?.camera).toBe('c'))
  test('the best of what is left when the first has failed', () =>
    expect(arrangeViews([a, c], null).main?.camera).toBe('c'))
  test('none when there is none', () => expect(arrangeViews([], null)).toEqual({ main: null, further: [] }))
})

describe('the words about a framing', () => {
  test('never say more than the proofs', () => {
    expect(en.framing(framing('a', 'primary', 'framed', ['accepted', 'stopped', 'position']))).toBe(
      'On preset · position confirmed',
    )
    expect(en.framing(framing('a', 'primary', 'framed', ['accepted', 'stopped']))).toMatch(/position not confirmed/)
    expect(en.framing(framing('a', 'primary', 'unproven', ['accepted']))).toMatch(/View not confirmed/)
  })
})

describe('how the help points stand', () => {
  const point = (lastDrillResult: { passed: boolean; framing: string } | null, more: object = {}): HelpPoint =>
    ({ overdue: [], lastDrillResult, drillAt: '04:00', heartbeatMs: null, ...more }) as unknown as HelpPoint
  const proven = point({ passed: true, framing: 'framed' })
  const cases: [HelpPoint[], string, string][] = [
    [[proven, proven], 'All 2 are proven', 'proven'],
    [[proven, point({ passed: true, framing: 'unproven' })], '1 of 2 proven: 1 not fully proven', 'doubt'],
    [
      [point(null), point(null, { drillAt: null }), point(null, { drillAt: null })],
      '0 of 3 proven: 1 not fully proven, 2 checked by nothing',
      'doubt',
    ],
    [
      [proven, point({ passed: false, framing: 'failed' }), point(null, { drillAt: null })],
      '1 of 3 proven: 1 needs somebody now, 1 checked by nothing',
      'overdue',
    ],
  ]
  const telephones = (how: 'both-ways' | 'registration' | null, more: object = {}): HelpPoint =>
    point({ passed: true, framing: 'framed' }, { voice: { how }, lastVoiceDrill: null, ...more })
  test.each<[HelpPoint, string, string]>([
    [telephones('both-ways'), 'proven', 'Picture and voice proven'],
    [telephones('registration'), 'doubt', 'Picture proven, voice by registration only'],
    [telephones(null), 'doubt', 'Picture proven, voice never tried'],
    [
      telephones('both-ways', { lastVoiceDrill: { problem: 'It rang, and did not answer by itself.' } }),
      'overdue',
      'Its voice: It rang, and did not answer by itself.',
    ],
    [
      telephones('both-ways', { overdue: ['voice'] }),
      'overdue',
      'Nobody knows whether a person is heard there: its voice was not tried',
    ],
  ])('says of one that telephones that a picture alone is half of it (%#)', (each, standing, why) =>
    expect([standingOf(each), en.proofs.why(each)]).toEqual([standing, why]),
  )
  test.each(cases)('is never said to be better than it is (%#)', (points, words, worst) => {
    const counts = countStandings(points)
    expect(en.proofs.sum(points.length, counts)).toBe(words)
    expect(worstOf(counts)).toBe(worst)
  })
})

describe('keeping to the edge', () => {
  test.each([
    [0.2, 0.05, 1, false],
    [0.3, 0.16, 1.15, false],
    [0.3, 0.1, 1.04, false],
    [1.2, 0.9, 1.25, false],
    [0.1, 0, 0.95, false],
    [0.3, null, 1, false],
    [9, 0.05, 1, true],
  ])('with %f s ahead, and at least %s s left when a part came, the rate is %f', (ahead, spare, rate, jump) =>
    expect(govern({ ahead, spare, wanted: 0.05, shown: 0.05, part: 0.08, rate: 1, unseen: false })).toEqual({
      rate,
      jump,
      pass: false,
    }),
  )
  test(
    'what is shown already is passed over quickly, never past it where parts are ' +
      'long, and a picture that is a little early is none of that',
    () => {
      const rate = (shown: number, ahead = 1): number =>
        govern({ ahead, spare: 0.05, wanted: 0.05, shown, part: 1, rate: 1, unseen: false }).rate
      expect([0.06, 0.15].map((shown) => rate(shown))).toEqual([1, 1])
      // Ten looks a second: what it moves on until the next one is what lies between.
      for (const shown of [0.16, 0.2, 0.4, 0.8]) expect(rate(shown) * 0.1).toBeLessThan(shown)
      expect(rate(0.8) * 0.1).toBeGreaterThan(0.5)
      expect(rate(0.2)).toBeGreaterThan(1.5)
      // A look that comes late finds something left.
      expect(rate(0.8, 0.9) * 0.14).toBeLessThan(0.9)
      // No browser plays faster than sixteen times: it would throw.
      expect(rate(3.5, 3.9)).toBeLessThanOrEqual(16)
      // It is a memory of another stream: there is nothing so far ahead.
      expect(rate(3, 0.2)).toBe(1)
    },
  )
  test(
    'where the next part comes at once, what is shown is passed over within a ' +
      'picture’s time, and running out costs no more than that',
    () => {
      for (const part of [0.067, 0.08]) {
        const { rate, pass } = govern({
          ahead: 0.25,
          spare: 0.05,
          wanted: 0.05,
          shown: 0.18,
          part,
          rate: 1,
          unseen: false,
        })
        expect(pass).toBe(true)
        expect(rate * part).toBeGreaterThan(0.18)
        expect(rate).toBeLessThanOrEqual(16)
      }
    },
  )
  test.each([
    ['nothing is known of it', null, 0],
    ['it is where it should be', 0.05, 0],
    ['speed brings it there in a second', 0.35, 0],
    ['it would be watched catching up', 0.8, 0.75],
  ])('a picture that has just been opened is moved forward at once, or not, where %s', (_, spare, step) =>
    expect(firstStep(spare, 0.05)).toBeCloseTo(step, 9),
  )
  test('a long part is not what it is behind; who has not been looking is not made to watch it catch up', () => {
    const jump = (ahead: number, part: number, unseen = false): boolean =>
      govern({ ahead, spare: 0.5, wanted: 0.5, shown: 0, part, rate: 1, unseen }).jump
    expect([jump(9.9, 9.8), jump(14, 9.8), jump(3.9, 0.08), jump(4.2, 0.08)]).toEqual([false, true, false, true])
    expect([jump(3.9, 0.08, true), jump(0.9, 0.08, true), jump(10.5, 9.8, true)]).toEqual([true, false, false])
  })
  test('whoever runs out is left more to play, up to a bound, and tries less again after a while', () => {
    const wish = createSpareWish(0.05)
    expect(wish.wanted(0)).toBeCloseTo(0.05)
    wish.ranOut(1000)
    expect(wish.wanted(1100)).toBeCloseTo(0.07)
    wish.ranOut(2000)
    expect(wish.wanted(2000)).toBeCloseTo(0.09)
    expect(wish.wanted(21_900)).toBeCloseTo(0.09)
    expect(wish.wanted(22_000)).toBeCloseTo(0.08)
    expect(wish.wanted(400_000)).toBeCloseTo(0.05)
    for (let at = 400_000; at < 420_000; at += 1000) wish.ranOut(at)
    expect(wish.wanted(420_000)).toBeCloseTo(0.17)
  })
  test('only what was seen lately counts, as it would be had the playhead then been where it has come to', () => {
    const watch = createSpareWatch()
    expect(watch.least(0, 5)).toBeNull()
    watch.appended(0.1, 0.08, 0, 5)
    watch.appended(0.3, 0.08, 1000, 6)
    expect(watch.least(1000, 6)).toBeCloseTo(0.02)
    expect(watch.least(2000, 7)).toBeCloseTo(0.22)
    // It has played a tenth faster since, or stood still for a moment.
    expect(watch.least(2000, 7.1)).toBeCloseTo(0.12)
    expect(watch.least(2000, 6.95)).toBeCloseTo(0.27)
  })
  test.each([-0.045, 0.005, 0.1, 0.3, 0.8])(
    'who begins %f s from it comes to rest where it is wanted, and stays',
    (from) => {
      const [partS, wanted, lookS] = [1 / 15, 0.05, 0.1]
      const watch = createSpareWatch()
      let [playhead, rate, parts, changes] = [10 - wanted - from, 1, 0, 0]
      let amiss = 0
      for (let ms = 0; ms < 20_000; ms += 1) {
        const now = ms / 1000
        playhead += rate / 1000
        // Each comes up to 12 ms late, in no order.
        if (now >= parts * partS + ((parts * 7) % 13) / 1000)
          watch.appended(10 + ++parts * partS - playhead, partS, ms, playhead)
        if (ms % (lookS * 1000) > 0) continue
        const next = govern({
          ahead: 10 + parts * partS - playhead,
          spare: watch.least(ms, playhead),
          wanted,
          shown: 0.05,
          part: partS,
          rate,
          unseen: false,
        }).rate
        if (ms > 10_000 && next !== rate) changes += 1
        rate = next
        if (ms > 10_000) amiss = Math.max(amiss, Math.abs(10 + now - playhead - wanted - 0.012))
      }
      expect({ amiss: amiss < 0.021, changes }).toEqual({ amiss: true, changes: 0 })
    },
  )
})

describe('what came over the page’s WebSocket', () => {
  const begin = {
    run: 3,
    codec: 'avc1.42c01f',
    partTarget: 0.088,
    number: 40,
    start: Date.parse('2026-11-20T22:30:00.000Z'),
    duration: 1.2,
    before: [
      { number: 38, start: 1, duration: 1 },
      { number: 39, start: 2, duration: 1 },
    ],
  }
  const part = (number: number, independent = false) => ({
    number,
    start: begin.start + 2000,
    duration: 0.08,
    independent,
  })
  test('is a playlist that begins with one part: everything since the newest keyframe', () => {
    const text = carriedPlaylist(began(null, begin))
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:40\n')
    expect(text).toContain(
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-20T22:30:00.000Z\n#EXT-X-PART:DURATION=1.20000,URI="part/42.0",INDEPENDENT=YES\n' +
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part/42.1"\n',
    )
  })
  test('grows part by part, and from keyframe to keyframe', () => {
    let state = began(null, begin)
    state = grown(state, part(40), 40)
    state = grown(state, part(41, true), 40)
    const text = carriedPlaylist(state)
    expect(text).toContain('part/42.1"\n#EXTINF:1.28000,\nsegment/42\n')
    expect(text).toContain('URI="part/43.0",INDEPENDENT=YES\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part/43.1"')
    expect(text).not.toContain('DISCONTINUITY\n')
  })
  test('that begins again is a discontinuity with an initialisation section of its own, and the count goes on', () => {
    const text = carriedPlaylist(began(grown(began(null, begin), part(40), 40), { ...begin, run: 4, number: 7 }))
    expect(text).toMatch(
      /segment\/42\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init\/1"\n[^\n]*\n#EXT-X-PART:DURATION=1.20000,URI="part\/43.0"/,
    )
  })
  test('is forgotten after a few segments, and discontinuities that went are counted', () => {
    let state = began(began(null, begin), { ...begin, number: 41 })
    for (let number = 42; number < 52; number += 1) state = grown(state, part(number, true), number - 1)
    const text = carriedPlaylist(state)
    expect(text.match(/EXTINF/g)).toHaveLength(3)
    expect(text).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1\n')
    expect(text).toContain('#EXT-X-MAP:URI="init/1"')
  })
  test('without known segments before it still has some to stand on', () => {
    expect(carriedPlaylist(began(null, { ...begin, number: 0, before: [] }))).toContain('#EXT-X-MEDIA-SEQUENCE:0\n')
  })
})

describe('times for people', () => {
  test('are in the site’s zone, and say it', () => {
    expect(clockTime('2026-07-01T21:05:09.000Z', 'Europe/London')).toBe('22:05:09 BST')
    expect(dayAndTime('2026-11-20T22:30:00.000Z', 'Europe/London')).toBe('Fri, 20 Nov 2026, 22:30:00 GMT')
  })
  test('durations count up without jumping', () =>
    expect([0, 7_000, 760_000, 3_723_000].map(elapsed)).toEqual(['0:00', '0:07', '12:40', '1:02:03']))
})

describe('the event stream', () => {
  const stream = (...chunks: string[]): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) =>
        void (chunks.forEach((chunk) => controller.enqueue(new TextEncoder().encode(chunk))), controller.close()),
    })
  test('is read whole however it is cut, and comments are no events', async () => {
    const events: unknown[] = []
    await readEvents(
      stream(
        ': here\n\nid: 7\nev',
        'ent: press.received\ndata: {"a"',
        ':1}\n\n: ping\n\nevent: camera.health\ndata: {}\n\n',
      ),
      { silenceMs: 1000, signal: new AbortController().signal, onEvent: (event) => events.push(event) },
    )
    expect(events).toEqual([
      { id: '7', event: 'press.received', data: '{"a":1}' },
      { id: null, event: 'camera.health', data: '{}' },
    ])
  })
  test('ends when it falls silent', async () => {
    const silent = new ReadableStream<Uint8Array>({ start: () => {} })
    await readEvents(silent, { silenceMs: 20, signal: new AbortController().signal, onEvent: () => {} })
  })
})
