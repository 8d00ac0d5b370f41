import { createHmac } from 'node:crypto'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Draft, Entry, Recorded } from '../../server/glossary/ledger.ts'
import type { Destination } from '../../server/glossary/site.ts'
import { cloudEvent, signEvent } from '../../server/outbox/cloud-event.ts'
import { createOutboxBook, wants } from '../../server/outbox/outbox-book.ts'
import { createOutboxDesk } from '../../server/outbox/outbox-desk.ts'
import { type PostOutcome, postWebhook } from '../../server/outbox/webhook-post.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

const HERE: Destination = {
  id: 'here',
  url: 'https://example.test/hook?token=secret',
  secret: 'a long shared secret',
  events: ['incident.*', 'press.received'],
  syslog: null,
}
const note = (text: string): Draft => ({
  kind: 'incident.noted',
  actor: 'operator:Sam',
  subject: 'inc-1',
  body: { incident: 'inc-1' as never, text },
})
const DELIVERED: PostOutcome = { outcome: 'delivered', status: 200 }
const failed = (
  problem: string,
  lasting: 'no' | 'perhaps' | 'yes' = 'no',
  after: number | null = null,
): PostOutcome => ({ outcome: 'failed', problem, lasting, answered: problem.startsWith('It answered'), after })

function desk(answers: PostOutcome[] = []) {
  const clock = createFakeClock()
  const book = createOutboxBook()
  let following = book
  const ledger = createFakeLedger(clock.now, (entry: Recorded) => following.apply(entry))
  const posted: { id: string; body: string }[] = []
  const make = (from = book) => {
    following = from
    return createOutboxDesk({
      clock,
      site: () => 'darlington',
      book: from,
      post: async (_, { headers, body }) => {
        posted.push({ id: headers['webhook-id'] ?? '', body })
        return answers.shift() ?? DELIVERED
      },
      syslog: async (_, { seq }) => {
        posted.push({ id: `syslog ${seq}`, body: '' })
        return answers.shift() ?? DELIVERED
      },
      append: ledger.append,
      whenDurable: ledger.whenDurable,
      entry: async (seq) => ledger.entries[seq - 1] ?? null,
      onError: () => {},
    })
  }
  const outbox = make()
  return { clock, book, ledger, posted, outbox, make, kinds: () => ledger.entries.map(({ kind }) => kind) }
}

describe('the outbox', () => {
  test('tells a destination that an escalation names, also where it wants to hear nothing else of incidents', async () => {
    const { clock, ledger, outbox, posted } = desk()
    const duty = { ...HERE, id: 'duty', events: ['shift.*'] }
    await outbox.follow([duty])
    const escalated = (to: string[]): Draft => ({
      kind: 'incident.escalated',
      actor: 'lamppost',
      subject: 'inc-1',
      body: { incident: 'inc-1' as never, to, step: 1 } as never,
    })
    await ledger.append([escalated(['somebody']), note('a'), escalated(['duty'])]).durable
    outbox.wake()
    await clock.advance(10)
    expect(posted.map(({ body }) => (JSON.parse(body) as { data: { body: { to: string[] } } }).data.body.to)).toEqual([
      ['duty'],
    ])
  })
  test('tells a new destination what comes from then on, in order, each with a receipt', async () => {
    const { clock, ledger, outbox, posted, kinds } = desk()
    await ledger.append([note('before')]).durable
    await outbox.follow([HERE])
    await ledger.append([
      note('a'),
      note('b'),
      { kind: 'session.closed', actor: 'operator:Sam', subject: 'session', body: { name: 'Sam' } },
    ]).durable
    outbox.wake()
    await clock.advance(10)
    expect(posted.map(({ body }) => (JSON.parse(body) as { data: { body: { text: string } } }).data.body.text)).toEqual(
      ['a', 'b'],
    )
    expect(kinds().filter((kind) => kind === 'outbox.delivered')).toHaveLength(2)
    expect(outbox.state()).toEqual([
      expect.objectContaining({
        destination: 'here',
        url: 'https://example.test/…',
        waiting: 0,
        delivered: 2,
        failing: null,
        dead: [],
        last: expect.objectContaining({ event: 'incident.noted', status: 200 }),
      }),
    ])
    await outbox.close()
  })
  test('tries again with growing waits, says so meanwhile, and keeps the order', async () => {
    const { clock, ledger, outbox, posted } = desk([
      failed('It answered 503.'),
      failed('It answered 503.'),
      failed('It answered 503.'),
    ])
    await outbox.follow([HERE])
    await ledger.append([note('a'), note('b')]).durable
    outbox.wake()
    await clock.advance(500)
    expect(outbox.state()[0]).toMatchObject({ waiting: 2, failing: { attempts: 1, problem: 'It answered 503.' } })
    await clock.advance(20_000)
    expect(posted.map(({ id }) => id)).toEqual([
      'darlington-2',
      'darlington-2',
      'darlington-2',
      'darlington-2',
      'darlington-3',
    ])
    expect(outbox.state()[0]).toMatchObject({ waiting: 0, failing: null })
    await outbox.close()
  })
  test('a refusal that will not pass becomes a dead letter, and the next one is told', async () => {
    const { clock, ledger, outbox, posted } = desk(
      Array.from({ length: 9 }, () => failed('It answered 400.', 'perhaps')),
    )
    await outbox.follow([HERE])
    await ledger.append([note('a'), note('b')]).durable
    outbox.wake()
    await clock.advance(1_800_000)
    expect(outbox.state()[0]).toMatchObject({
      waiting: 0,
      delivered: 1,
      dead: [{ seq: 2, event: 'incident.noted', attempts: 9, problem: 'It answered 400.' }],
    })
    await outbox.retry('here', 2, 'engineer:Eve')
    await clock.advance(10)
    expect(outbox.state()[0]).toMatchObject({ delivered: 2, dead: [] })
    expect(posted.at(-1)?.id).toBe('darlington-2')
    await expect(outbox.retry('here', 2, 'engineer:Eve')).rejects.toMatchObject({ code: 'outbox/unknown' })
    await outbox.close()
  })
  test('one event that a receiver cannot digest is set aside for the later ones, while one that is away is waited for', async () => {
    const stubborn = desk(Array.from({ length: 12 }, () => failed('It answered 500.')))
    await stubborn.outbox.follow([HERE])
    await stubborn.ledger.append([note('a'), note('b')]).durable
    stubborn.outbox.wake()
    await stubborn.clock.advance(3_600_000)
    expect(stubborn.outbox.state()[0]).toMatchObject({ delivered: 1, dead: [{ seq: 2, attempts: 12 }] })
    const away = desk(Array.from({ length: 40 }, () => failed('It could not be reached: ECONNREFUSED')))
    await away.outbox.follow([HERE])
    await away.ledger.append([note('a'), note('b')]).durable
    away.outbox.wake()
    await away.clock.advance(6 * 3_600_000)
    expect(away.outbox.state()[0]).toMatchObject({ delivered: 2, dead: [] })
    await Promise.all([stubborn.outbox.close(), away.outbox.close()])
  })
  test('news a day old is laid aside instead of being told', async () => {
    const { clock, ledger, outbox } = desk(
      Array.from({ length: 400 }, () => failed('It did not answer within 10 seconds.')),
    )
    await outbox.follow([HERE])
    await ledger.append([note('a')]).durable
    outbox.wake()
    await clock.advance(25 * 3_600_000)
    expect(outbox.state()[0]?.dead).toEqual([
      expect.objectContaining({ problem: 'It did not answer within 10 seconds.' }),
    ])
    await outbox.close()
  })
  test('after a crash nothing is forgotten: what had no receipt is told, perhaps once more, with the same id', async () => {
    const { clock, ledger, outbox, posted, make } = desk([failed('It could not be reached.')])
    await outbox.follow([HERE])
    await ledger.append([note('a')]).durable
    outbox.wake()
    await clock.advance(100)
    const closing = outbox.close()
    await clock.advance(1)
    await closing
    const replayed = createOutboxBook()
    for (const entry of ledger.entries) replayed.apply(entry)
    const again = make(replayed)
    await again.follow([HERE])
    await clock.advance(100)
    expect(posted.map(({ id }) => id)).toEqual(['darlington-2', 'darlington-2'])
    await again.close()
  })
  test('a destination that is gone from the site file is told nothing more', async () => {
    const { clock, ledger, outbox, posted, book } = desk()
    await outbox.follow([HERE])
    await outbox.follow([])
    await ledger.append([note('a')]).durable
    await clock.advance(100)
    expect([posted, book.names(), outbox.state()]).toEqual([[], [], []])
  })
  test('its own entries are nobody’s news', () =>
    expect([
      wants(['outbox.*'], 'outbox.delivered'),
      wants(['incident.*'], 'incident.opened'),
      wants(['incident.opened'], 'incident.closed'),
      wants(['*.*'], 'incident.opened'),
    ]).toEqual([false, true, false, false]))
  test('who looked where is told only to who asks for just that', () =>
    expect([
      wants(['camera.*'], 'camera.viewed'),
      wants(['camera.*'], 'camera.moved'),
      wants(['camera.viewed'], 'camera.viewed'),
    ]).toEqual([false, true, true]))
  test('what it has still to tell is the same after a snapshot', async () => {
    const { ledger, outbox, book } = desk([failed('x'), failed('x')])
    await outbox.follow([HERE])
    await ledger.append([note('a'), note('b')]).durable
    const again = createOutboxBook()
    again.restore(JSON.parse(JSON.stringify(book.save())) as ReturnType<typeof book.save>)
    expect([again.next('here'), again.get('here')?.pending]).toEqual([2, [2, 3]])
    await outbox.close()
  })
})

describe('an event', () => {
  const entry = { ...note('a'), seq: 4711, at: '2026-11-20T22:30:00.000Z', hash: 'ab'.repeat(32) } satisfies Entry
  test('is a CloudEvent 1.0', () => {
    expect(JSON.parse(cloudEvent(entry, 'darlington'))).toEqual({
      specversion: '1.0',
      id: 'darlington-4711',
      source: '/lamppost/darlington',
      type: 'lamppost.incident.noted',
      subject: 'inc-1',
      time: '2026-11-20T22:30:00.000Z',
      datacontenttype: 'application/json',
      sequence: '0000000000004711',
      data: {
        seq: 4711,
        kind: 'incident.noted',
        actor: 'operator:Sam',
        subject: 'inc-1',
        at: '2026-11-20T22:30:00.000Z',
        body: { incident: 'inc-1', text: 'a' },
        hash: 'ab'.repeat(32),
      },
    })
  })
  test('is signed as Standard Webhooks has it', () => {
    const { headers } = signEvent('{"a":1}', 'darlington-1', 'secret', 1_795_213_800_500)
    expect(headers).toMatchObject({
      'webhook-id': 'darlington-1',
      'webhook-timestamp': '1795213800',
      'content-type': 'application/cloudevents+json; charset=utf-8',
    })
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'secret').update('darlington-1.1795213800.{"a":1}').digest('base64')}`,
    )
    // The specification's own example.
    const example = signEvent(
      '{"test": 2432232314}',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      1_614_265_330_000,
    )
    expect(example.headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})

describe('a webhook over HTTP', () => {
  let server: Server | null = null
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())))
  const answering = (status: number, headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve) => {
      const listening = createServer((_, answer) => answer.writeHead(status, headers).end('words'))
      server = listening
      listening.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/hook`),
      )
    })
  const post = async (url: string) =>
    postWebhook(url, signEvent('{}', 'x-1', 'secret', 0), new AbortController().signal)
  test.each([
    [204, {}, { outcome: 'delivered', status: 204 }],
    [500, {}, { outcome: 'failed', lasting: 'no' }],
    [404, {}, { outcome: 'failed', lasting: 'perhaps' }],
    [429, { 'retry-after': '7' }, { outcome: 'failed', lasting: 'no', after: 7000 }],
    [410, {}, { outcome: 'failed', lasting: 'yes' }],
  ])('that answers %i', async (status, headers, expected) =>
    expect(await post(await answering(status, headers as Record<string, string>))).toMatchObject(expected),
  )
  test('that sends elsewhere is not followed', async () =>
    expect(await post(await answering(302, { location: 'http://169.254.169.254/' }))).toMatchObject({
      outcome: 'failed',
      lasting: 'perhaps',
      problem: expect.stringContaining('redirects are not followed'),
    }))
  test('that nobody answers is to be tried again', async () =>
    expect(await post('http://127.0.0.1:9/hook')).toMatchObject({
      outcome: 'failed',
      lasting: 'no',
      problem: expect.stringContaining('could not be reached'),
    }))
})
