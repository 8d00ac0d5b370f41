/** The events of a town, by each way they can be heard: server-sent, and over a WebSocket. */
import { once } from 'node:events'
import Fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { READERS_OF } from '../../server/door/entry-readers.ts'
import { EVENT_SOCKET_PATH, eventSocket } from '../../server/ledger/tail/event-socket.ts'
import type { LiveNews } from '../../server/glossary/news.ts'
import type { EventsPort } from '../../server/ledger/tail/event-tail.ts'
import { ledgerRoutes } from '../../server/ledger/ledger-routes.ts'
import { openSockets } from '../../server/door/sockets.ts'
import type { Entry } from '../../server/glossary/ledger.ts'
import type { Person } from '../../server/glossary/people.ts'
import { until } from '../contracts/test-town.ts'

const apps: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})
const entry = (seq: number, kind = 'house.started'): Entry =>
  ({ seq, at: '', kind, actor: 'lamppost', subject: 'town', body: {}, prev: '', hash: '' }) as unknown as Entry

/** The events alone, with a past that the test makes. `person`: whoever comes. */
async function town({
  page = async () => [],
  person = { name: 'Asha', role: 'operator', helpPoints: null },
}: { page?: EventsPort['page']; person?: Person } = {}) {
  const listeners = new Set<(entry: Entry) => void>()
  const news = new Set<(news: LiveNews) => void>()
  const errors: unknown[] = []
  let here = true
  let as: Partial<Person> = {}
  const port: EventsPort = {
    page,
    tail: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    news: (listener) => (news.add(listener), () => news.delete(listener)),
  }
  const app = Fastify({ forceCloseConnections: true })
  apps.push(app)
  app.decorateRequest('person', null)
  app.addHook('onRequest', async (request) => void Object.assign(request, { person }))
  ledgerRoutes(app, {
    ...port,
    verify: () => Promise.reject(new Error('not asked')),
    checkpoint: async () => '',
    whoListens: () => (here ? { ...person, ...as } : null),
  })
  openSockets(app, {
    [EVENT_SOCKET_PATH]: eventSocket({
      ...port,
      whoHas: (credential) =>
        here && 'bearer' in credential && credential.bearer === 'good' ? { ...person, ...as } : null,
      onError: (error) => errors.push(error),
    }),
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    url,
    listeners,
    news,
    errors,
    tell: (each: Entry) => listeners.forEach((listener) => listener(each)),
    leave: () => void (here = false),
    become: (role: Person['role']) => void (as = { role }),
  }
}
type Town = Awaited<ReturnType<typeof town>>
type Heard = { text(): string; /** How it ended. */ ended: Promise<'well' | 'broken'> }

async function fetched({ url }: Town, after: number | null): Promise<Heard> {
  let text = ''
  const read = async (): Promise<void> => {
    const answer = await fetch(`${url}/api/v1/events`, {
      headers: { ...(after === null ? {} : { 'last-event-id': String(after) }) },
    })
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString('utf8')
  }
  return {
    text: () => text,
    ended: read().then(
      () => 'well' as const,
      () => 'broken' as const,
    ),
  }
}
async function carried({ url }: Town, after: number | null, token = 'good'): Promise<Heard> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events`)
  let text = ''
  socket.on('message', (data: Buffer) => (text += data.toString('utf8')))
  await once(socket, 'open')
  socket.send(JSON.stringify({ token, ...(after === null ? {} : { after }) }))
  return { text: () => text, ended: once(socket, 'close').then(([code]) => (code === 1006 ? 'broken' : 'well')) }
}
const numbers = (heard: Heard) => heard.text().match(/id: \d+/g) ?? []

describe.each([
  ['server-sent', fetched],
  ['over a WebSocket', carried],
])('events, %s', (_, follow) => {
  test('begin with a sign of life, and tell what happens and what is not kept', async () => {
    const here = await town()
    const heard = await follow(here, null)
    await until(
      () => heard.text(),
      (text) => text.includes(': here'),
    )
    here.tell(entry(7))
    for (const listener of here.news) listener({ event: 'storage.health', data: { level: 'ok' } })
    await until(
      () => heard.text(),
      (text) => text.includes('storage.health'),
    )
    expect(numbers(heard)).toEqual(['id: 7'])
    expect(heard.text()).toContain('event: house.started\ndata: {"seq":7')
  })
  test('whose past cannot be read end, and do not look well', async () => {
    const here = await town({
      page: async (after) => {
        if (after === 1) return [entry(2), entry(3)]
        throw new Error('the disk is gone')
      },
    })
    const heard = await follow(here, 1)
    expect(await heard.ended).toBe('broken')
    expect(here.listeners.size + here.news.size).toBe(0)
  })
  test('that become durable while the past is read come after it, once', async () => {
    let give: (entries: Entry[]) => void = () => {}
    const here = await town({
      page: (after) => (after === 1 ? new Promise((resolve) => (give = resolve)) : Promise.resolve([])),
    })
    const heard = await follow(here, 1)
    await until(
      () => here.listeners.size,
      (count) => count === 1,
    )
    for (const seq of [3, 4]) here.tell(entry(seq))
    give([entry(2), entry(3)])
    await until(
      () => numbers(heard).length,
      (count) => count === 3,
    )
    expect(numbers(heard)).toEqual(['id: 2', 'id: 3', 'id: 4'])
  })
  test.each(['operator', 'engineer', 'evidence', 'supervisor'] as const)(
    'of each kind come whole to a person (%s) who may read it by GET, else as a number and a hash; live and out of the past',
    async (role) => {
      const kinds = Object.keys(READERS_OF) as Entry['kind'][]
      const secret = (seq: number, kind: Entry['kind']): Entry =>
        ({ ...entry(seq, kind), hash: `hash of ${seq}`, body: { secret: `why ${seq}.` } }) as unknown as Entry
      const past = kinds.map((kind, i) => secret(i + 1, kind))
      const here = await town({
        person: { name: 'Sam', role, helpPoints: null },
        page: async (after) => (after === 0 ? past : []),
      })
      const heard = await follow(here, 0)
      const told = (count: number) =>
        until(
          () => numbers(heard).length,
          (so) => so === count,
        )
      await told(kinds.length)
      for (const [i, kind] of kinds.entries()) here.tell(secret(kinds.length + i + 1, kind))
      await told(2 * kinds.length)
      const whole = [...kinds, ...kinds].map((kind) => (READERS_OF[kind] as readonly string[]).includes(role))
      const names = heard.text().match(/^event: (\S+)/gm)
      expect(names).toEqual([...kinds, ...kinds].map((kind, i) => `event: ${whole[i] ? kind : 'withheld'}`))
      for (const [i, is] of whole.entries()) {
        const seq = i + 1
        expect(heard.text().includes(`why ${seq}.`), `${kinds[i % kinds.length]} for ${role}`).toBe(is)
        if (!is) expect(heard.text()).toContain(`data: ${JSON.stringify({ seq, hash: `hash of ${seq}` })}`)
      }
    },
  )
  test('of an export’s progress are for who may read exports', async () => {
    for (const [role, hears] of [
      ['operator', false],
      ['evidence', true],
    ] as const) {
      const here = await town({ person: { name: 'Sam', role, helpPoints: null } })
      const heard = await follow(here, null)
      await until(
        () => here.news.size,
        (count) => count === 1,
      )
      for (const listener of here.news) listener({ event: 'export.progress', data: {} })
      here.tell(entry(1))
      await until(
        () => numbers(heard).length,
        (count) => count === 1,
      )
      expect(heard.text().includes('export.progress')).toBe(hears)
    }
  })
  test('end within a second when the role has changed', async () => {
    const here = await town({ person: { name: 'Sam', role: 'supervisor', helpPoints: null } })
    const heard = await follow(here, null)
    await until(
      () => here.listeners.size,
      (count) => count === 1,
    )
    const begun = performance.now()
    here.become('operator')
    await heard.ended
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(here.listeners.size).toBe(0)
  })
  test('end with the session', async () => {
    const here = await town()
    const heard = await follow(here, null)
    await until(
      () => here.listeners.size,
      (count) => count === 1,
    )
    here.leave()
    expect(await heard.ended).toBe('well')
    await until(
      () => here.listeners.size + here.news.size,
      (count) => count === 0,
    )
  })
})

describe('an event socket', () => {
  test('does not keep a closing server waiting', async () => {
    const here = await town()
    const heard = await carried(here, null)
    await until(
      () => here.listeners.size,
      (count) => count === 1,
    )
    await apps.pop()?.close()
    expect(await heard.ended).toBe('broken')
    await until(
      () => here.listeners.size,
      (count) => count === 0,
    )
  })
  test('says why it is refused: a token that is not known, a role that may not hear, a question that is none', async () => {
    const here = await town()
    const refused = async (heard: Heard) => (
      await heard.ended,
      JSON.parse(heard.text()) as { refused: number; words: string }
    )
    expect(await refused(await carried(here, null, 'bad'))).toEqual({
      refused: 401,
      words: 'This token or session is not known here, has ended, or may not hear what happens.',
    })
    expect(
      await refused(await carried(await town({ person: { name: 'Post', role: 'press', helpPoints: null } }), null)),
    ).toMatchObject({ refused: 401 })
    expect(await refused(await carried(here, -1))).toEqual({ refused: 400, words: 'after is a sequence number' })
    expect(here.listeners.size).toBe(0)
  })
  test('that asks for nothing is closed', async () => {
    const here = await town()
    const socket = new WebSocket(`${here.url.replace('http', 'ws')}/api/v1/events`)
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(JSON.parse(String(data))).toEqual({
      refused: 401,
      words: 'Nothing was asked for: send {"token": …, "after": …}.',
    })
    await once(socket, 'close')
  })
  test('opens nowhere else', async () => {
    const socket = new WebSocket(`${(await town()).url.replace('http', 'ws')}/api/v1/ledger`)
    await expect(once(socket, 'open')).rejects.toThrow('404')
  })
})
