import { describe, expect, test } from 'vitest'
import type { CameraId, Framing, PresetToken } from '../../server/glossary/camera.ts'
import { arrangeViews } from '../../web-components/lamppost-incident/incident-views.ts'
import { govern } from '../../web-components/lamppost-player/edge-governor.ts'
import { clockTime, dayAndTime, elapsed } from '../../web-components/look/times.ts'
import { readEvents } from '../../web-components/wall-client/event-stream.ts'
import { en } from '../../web-components/words/en.ts'

const framing = (camera: string, role: Framing['role'], state: Framing['state'], proofs: Framing['proofs'] = []): Framing => ({ camera: camera as CameraId, preset: 'p' as PresetToken, role, state, proofs, askedAt: '', settledAt: null, reason: null })

describe('which picture is large', () => {
  const a = framing('a', 'primary', 'failed')
  const b = framing('b', 'primary', 'moving')
  const c = framing('c', 'secondary', 'framed')
  test('the first camera that is sent and has not failed', () => expect(arrangeViews([a, b, c], null).main?.camera).toBe('b'))
  test('the operator’s choice before all', () => expect(arrangeViews([a, b, c], 'c').main?.camera).toBe('c'))
  test('the best of what is left when the first has failed', () => expect(arrangeViews([a, c], null).main?.camera).toBe('c'))
  test('none when there is none', () => expect(arrangeViews([], null)).toEqual({ main: null, further: [] }))
})

describe('the words about a framing', () => {
  test('never say more than the proofs', () => {
    expect(en.framing(framing('a', 'primary', 'framed', ['accepted', 'stopped', 'position']))).toBe('At the preset: it has stopped, and its position agrees')
    expect(en.framing(framing('a', 'primary', 'framed', ['accepted', 'stopped']))).toMatch(/does not say where/)
    expect(en.framing(framing('a', 'primary', 'unproven', ['accepted']))).toMatch(/Not proven/)
  })
})

describe('keeping to the edge', () => {
  test.each([
    [0.28, 1, false],
    [0.5, 1.08, false],
    [1.2, 1.25, false],
    [0.05, 0.95, false],
    [9, 1, true],
  ])('with %f s ahead of the playhead the rate is %f', (ahead, rate, jump) => expect(govern({ ahead, target: 0.28 })).toEqual({ rate, jump }))
})

describe('times for people', () => {
  test('are in the site’s zone, and say it', () => {
    expect(clockTime('2026-07-01T21:05:09.000Z', 'Europe/London')).toBe('22:05:09 BST')
    expect(dayAndTime('2026-11-20T22:30:00.000Z', 'Europe/London')).toBe('Fri, 20 Nov 2026, 22:30:00 GMT')
  })
  test('durations count up without jumping', () => expect([0, 7_000, 760_000, 3_723_000].map(elapsed)).toEqual(['0:00', '0:07', '12:40', '1:02:03']))
})

describe('the event stream', () => {
  const stream = (...chunks: string[]): ReadableStream<Uint8Array> => new ReadableStream({ start: (controller) => void (chunks.forEach((chunk) => controller.enqueue(new TextEncoder().encode(chunk))), controller.close()) })
  test('is read whole however it is cut, and comments are no events', async () => {
    const events: unknown[] = []
    await readEvents(stream(': here\n\nid: 7\nev', 'ent: press.received\ndata: {"a"', ':1}\n\n: ping\n\nevent: camera.health\ndata: {}\n\n'), { silenceMs: 1000, signal: new AbortController().signal, onEvent: (event) => events.push(event), onSign: () => {} })
    expect(events).toEqual([
      { id: '7', event: 'press.received', data: '{"a":1}' },
      { id: null, event: 'camera.health', data: '{}' },
    ])
  })
  test('ends when it falls silent', async () => {
    const silent = new ReadableStream<Uint8Array>({ start: () => {} })
    await readEvents(silent, { silenceMs: 20, signal: new AbortController().signal, onEvent: () => {}, onSign: () => {} })
  })
})
