/**
 * What a wall knows of the town, and what it does when answers are late, old, refused or never come. The server is a
 * plain one that answers as the test wants.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Incident } from '../../web-components/wall-client/api-shapes.ts'
import { createServerClock } from '../../web-components/wall-client/server-clock.ts'
import { createWallClient } from '../../web-components/wall-client/wall-client.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const json =
  (body: unknown, status = 200): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
const incident = (id: string, seq: number, change: Partial<Incident> = {}): Incident => ({
  id: id as Incident['id'],
  helpPoint: 'bar' as Incident['helpPoint'],
  kind: 'press',
  state: 'open',
  openedAt: '2026-11-20T22:30:00.000Z',
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
  log: [{ seq, at: '', kind: 'incident.opened', actor: '', body: {} }],
  ...change,
})

async function startTown() {
  const streams = new Set<ServerResponse>()
  const answers = new Map<string, Answer>()
  let tokens = new Set(['first'])
  const asked: string[] = []
  const events: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
    streams.add(response)
    response.on('close', () => streams.delete(response))
  }
  const usual = new Map<string, Answer>([
    ['/api/v1/events', events],
    [
      '/api/v1/site',
      json({
        id: 'town',
        name: 'Town',
        timezone: 'Europe/London',
        safePlaces: [],
        contacts: [],
        escalation: [],
        storage: null,
        record: null,
      }),
    ],
    ['/api/v1/session', json({ name: 'Asha', role: 'operator' })],
    ['/api/v1/help-points', json({ items: [] })],
    ['/api/v1/cameras', json({ items: [] })],
    ['/api/v1/people', json({ items: [] })],
    ['/api/v1/incidents?state=open&limit=200', json({ items: [] })],
    ['/api/v1/incidents?state=acknowledged&limit=200', json({ items: [] })],
  ])
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    asked.push(url)
    if (!tokens.has((request.headers.authorization ?? '').slice('Bearer '.length)))
      return json({ status: 401, code: 'people/unauthenticated', detail: 'not known here' }, 401)(request, response)
    const answer = answers.get(url) ?? usual.get(url)
    if (answer) answer(request, response)
    else json({ status: 404, code: 'x', detail: 'x' }, 404)(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    asked,
    allow: (...names: string[]) => void (tokens = new Set(names)),
    tell: (seq: number, body: object, kind = 'incident.opened') =>
      streams.forEach((stream) =>
        stream.write(`id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ kind, body })}\n\n`),
      ),
    cut: () => streams.forEach((stream) => stream.destroy()),
    streams: () => streams.size,
    end: () => (server.closeAllConnections(), server.close()),
  }
}

let town: Awaited<ReturnType<typeof startTown>>
const leave: (() => void)[] = []
beforeEach(async () => {
  vi.stubGlobal('location', { href: 'http://localhost/' })
  // Pictures are another matter, and the way by which events come, too: here a proxy passes no WebSocket.
  vi.stubGlobal(
    'WebSocket',
    class extends EventTarget {
      static OPEN = 1
      readyState = 3
      constructor(address: string) {
        super()
        if (address.endsWith('/events')) queueMicrotask(() => this.dispatchEvent(new Event('error')))
      }
      close(): void {}
    },
  )
  town = await startTown()
})
afterEach(() => {
  for (const undo of leave.splice(0)) undo()
  town.end()
  vi.unstubAllGlobals()
})
function open(renew: Parameters<typeof createWallClient>[0]['renew'] = null) {
  const client = createWallClient({ server: town.url, token: 'first', renew })
  leave.push(client.use())
  return client
}
const soon = <T>(ask: () => T, so: (value: T) => boolean, ms = 8000): Promise<T> =>
  vi.waitFor(
    () => {
      const value = ask()
      if (!so(value)) throw new Error(`not so: ${JSON.stringify(value)}`)
      return value
    },
    { timeout: ms, interval: 20 },
  )
const ids = (client: ReturnType<typeof open>) =>
  client.state().incidents.map(({ id, log }) => `${id} ${log.at(-1)?.seq}`)

describe('a wall’s knowledge of the town', () => {
  test('never goes back: an answer that was long on its way does not undo a newer one', async () => {
    const client = open()
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
    town.answers.set('/api/v1/incidents/inc-1/acknowledgement', (_, response) =>
      setTimeout(() => json(incident('inc-1', 5, { state: 'acknowledged', owner: 'Asha' }))(_, response), 400),
    )
    town.answers.set('/api/v1/incidents/inc-1', json(incident('inc-1', 9, { state: 'acknowledged', owner: 'Ben' })))
    const slow = client.acknowledge('inc-1')
    town.tell(9, { incident: 'inc-1' })
    await soon(
      () => ids(client),
      (found) => found.join() === 'inc-1 9',
    )
    await slow
    expect(client.state().incidents[0]?.owner).toBe('Ben')
  })
  test('of an incident whose answer never came is asked for anew with the next link', async () => {
    const client = open()
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
    // The network swallows one question; then the link breaks, and comes back.
    town.answers.set('/api/v1/incidents/inc-1', () => {})
    town.tell(3, { incident: 'inc-1' })
    await soon(
      () => town.asked.filter((url) => url.endsWith('/inc-1')).length,
      (count) => count === 1,
    )
    town.answers.set('/api/v1/incidents/inc-1', json(incident('inc-1', 7)))
    town.cut()
    await soon(
      () => client.state().link,
      (link) => link === 'lost',
    )
    await soon(
      () => [client.state().link, town.streams()].join(),
      (now) => now === 'live,1',
    )
    town.tell(7, { incident: 'inc-1' })
    await soon(
      () => ids(client),
      (found) => found.join() === 'inc-1 7',
    )
  })
  test('lists of a link that is over are not taken for the town’s', async () => {
    let late: (() => void) | null = null
    const list = '/api/v1/incidents?state=open&limit=200'
    town.answers.set(list, (request, response) => {
      if (late) return json({ items: [incident('inc-2', 8)] })(request, response)
      late = () => json({ items: [incident('inc-1', 1)] })(request, response)
    })
    const client = open()
    await soon(
      () => late,
      (held) => held !== null,
    )
    town.cut()
    await soon(
      () => ids(client),
      (found) => found.join() === 'inc-2 8',
    )
    ;(late as (() => void) | null)?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(ids(client)).toEqual(['inc-2 8'])
  })
  test('of an incident that was closed while the link was lost is that it was closed, and by whom', async () => {
    const list = '/api/v1/incidents?state=open&limit=200'
    town.answers.set(list, json({ items: [incident('inc-1', 4)] }))
    const client = open()
    await soon(
      () => ids(client),
      (found) => found.join() === 'inc-1 4',
    )
    town.answers.set(list, json({ items: [] }))
    town.answers.set(
      '/api/v1/incidents/inc-1',
      json(incident('inc-1', 6, { state: 'closed', closureReason: 'by phone' })),
    )
    town.cut()
    await soon(
      () => client.state().lately.map(({ incident: { closureReason } }) => closureReason),
      (reasons) => reasons.join() === 'by phone',
    )
    expect(ids(client)).toEqual([])
  })
  test('what nobody answers may be asked for again', async () => {
    const client = open()
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
    town.answers.set('/api/v1/incidents/inc-1/acknowledgement', () => {})
    await expect(client.acknowledge('inc-1')).rejects.toThrow()
    town.answers.set(
      '/api/v1/incidents/inc-1/acknowledgement',
      json(incident('inc-1', 5, { state: 'acknowledged', owner: 'Asha' })),
    )
    expect(await client.acknowledge('inc-1')).toMatchObject({ owner: 'Asha' })
  })
  test('many changes of the town are one look, and one that fails is made again', async () => {
    const client = open()
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
    const looks = () => town.asked.filter((url) => url === '/api/v1/help-points').length
    const before = looks()
    town.answers.set('/api/v1/help-points', json({ status: 500, code: 'x', detail: 'x' }, 500))
    for (let seq = 10; seq < 30; seq += 1) town.tell(seq, { camera: 'cam-1' }, 'preset.saved')
    await soon(looks, (count) => count > before)
    town.answers.set('/api/v1/help-points', json({ items: [{ id: 'new' }] }))
    await soon(
      () => client.state().helpPoints.length,
      (count) => count === 1,
    )
    expect(looks() - before).toBe(2)
  })
})

describe('a server that began anew and knows none of the old tokens', () => {
  test('has its walls back as soon as the page around gives them another one', async () => {
    const client = open(async () => ({ token: 'second', expiresAt: new Date(Date.now() + 3_600_000).toISOString() }))
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
    // First it is away for a while, then there.
    town.allow()
    town.cut()
    await soon(
      () => client.state().refusal,
      (refusal) => refusal !== null,
    )
    town.allow('second')
    await soon(
      () => client.state().link,
      (link) => link === 'live',
    )
  })
  test('also when the page could not give one the first times it was asked', async () => {
    let asked = 0
    town.allow('second')
    const client = open(async () => {
      asked += 1
      if (asked < 3) throw new Error('the page’s own server is not there yet')
      return 'second'
    })
    await soon(
      () => client.state().link,
      (link) => link === 'live',
      15_000,
    )
    expect(asked).toBe(3)
  })
})

describe('the server’s clock', () => {
  test('is known the better the sooner it answers, and a worse answer does not blur it', () => {
    const clock = createServerClock()
    clock.heard(new Date(Date.now() + 60_000).toUTCString(), clock.steadyNow())
    expect(Math.abs(clock.now() - Date.now() - 60_000)).toBeLessThan(1100)
    clock.isNow(Date.now() + 60_300, 5)
    expect([Math.round((clock.now() - Date.now()) / 100), Math.round(clock.doubt() / 10)]).toEqual([603, 1])
    clock.isNow(Date.now() + 60_350, 400)
    expect(Math.round((clock.now() - Date.now()) / 100)).toBe(603)
  })
  test('is not blurred by a Date header, whichever side of a second it falls on', () => {
    const clock = createServerClock()
    clock.isNow(Date.now() + 1100, 5)
    for (let ms = 0; ms < 1000; ms += 50) {
      const server = Date.now() + 1100 + ms
      // As a server writes it: cut to whole seconds; heard at once.
      clock.heard(new Date(server - (server % 1000)).toUTCString(), clock.steadyNow() - ms)
      expect(Math.abs(clock.now() - Date.now() - 1100)).toBeLessThan(60)
    }
  })
  test('goes on when somebody sets this machine’s clock', () => {
    const clock = createServerClock()
    clock.isNow(Date.now(), 5)
    const before = clock.now()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    expect(clock.now() - before).toBeLessThan(1000)
    expect(clock.now() - before).toBeGreaterThanOrEqual(0)
    vi.useRealTimers()
  })
  test('that was set itself is believed, though the answer is worse than the one before', () => {
    const clock = createServerClock()
    clock.isNow(Date.now(), 5)
    clock.isNow(Date.now() - 10_000, 300)
    expect(Math.round((clock.now() - Date.now()) / 1000)).toBe(-10)
  })
})
