/**
 * The room over HTTP: handing over, holding, reopening, who is here, short-lived tokens, other pages' origins,
 * shifts, places.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-room-'))
const site = join(folder, 'site.yaml')
let house: House
const tokens = new Map<string, string>()
const WALL = 'https://wall.example.gov.uk'

const SITE = `site: { id: town, name: Town, timezone: Europe/London }
streets: streets.geojson
embedding: ["${WALL}"]
escalation: [{ after: 1s, to: [duty] }]
destinations: [{ id: duty, webhook: { url: "http://127.0.0.1:9/x", secret: "\${DUTY_SECRET}" }, events: [ledger.broken] }]
helpPoints:
  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }
  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }
cameras: []
safePlaces: [{ name: Number Forty, address: 40 Skinnergate, location: { lat: 54.52461, lon: -1.55706 },
      open: [{ days: [fri, sat], from: "21:00", to: "03:00" }] }]
contacts: [{ id: police, name: Police, phone: "101", urgent: "999" }]
`
const STREETS = {
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties: { name: 'Skinnergate' },
      geometry: {
        type: 'LineString',
        coordinates: [
          [-1.55716, 54.52472],
          [-1.55668, 54.52368],
          [-1.5561, 54.52361],
        ],
      },
    },
  ],
}

beforeAll(async () => {
  process.env.DUTY_SECRET = 'a secret that is long enough'
  writeFileSync(site, SITE)
  writeFileSync(join(folder, 'streets.geojson'), JSON.stringify(STREETS))
  house = await openHouse({ siteFile: site, dataFolder: join(folder, 'data'), port: 0, host: '127.0.0.1', rtmpPort: 0 })
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  const add = (key: string, name: string, role: Role): void =>
    void tokens.set(key, people.addToken({ name, role, helpPoints: null }))
  add('asha', 'Asha', 'operator')
  add('ben', 'Ben', 'operator')
  add('sam', 'Sam', 'supervisor')
  add('press', 'Post', 'press')
  add('engineer', 'Eve', 'engineer')
  await people.addUser('cai', 'a password of Cai', { name: 'Cai', role: 'operator', helpPoints: null })
})
afterAll(async () => {
  await house?.close()
  rmSync(folder, { recursive: true, force: true })
})

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; body: any; headers: Headers }
async function call(
  who: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(
    `${house.url}${path.startsWith('/api') || !path.startsWith('/') ? path : `/api/v1${path}`}`,
    {
      method,
      headers: {
        ...(who ? { authorization: `Bearer ${tokens.get(who) ?? who}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  )
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
  }
}
const pressed = async (helpPoint = 'bar'): Promise<string> =>
  (await call('press', 'POST', '/presses', { helpPoint })).body.incident
const kinds = async (): Promise<{ kind: string; body: Record<string, unknown>; actor: string }[]> =>
  (await call('sam', 'GET', '/ledger?limit=200')).body.items

describe('an incident in the room', () => {
  test('is handed over, put on hold, gone on with, closed and opened again, and the record has each with its person', async () => {
    const id = await pressed()
    expect((await call('asha', 'POST', `/incidents/${id}/acknowledgement`)).body).toMatchObject({ owner: 'Asha' })
    expect((await call('asha', 'PUT', `/incidents/${id}/handover`, { to: 'Ben' })).body).toMatchObject({
      handover: { from: 'Asha', to: 'Ben' },
    })
    expect((await call('ben', 'POST', `/incidents/${id}/acknowledgement`)).body).toMatchObject({
      owner: 'Ben',
      handover: null,
    })
    expect(await call('asha', 'PUT', `/incidents/${id}/hold`, { reason: 'taxi', minutes: 5 })).toMatchObject({
      status: 409,
      body: { code: 'incident/not-yours', owner: 'Ben' },
    })
    expect((await call('ben', 'PUT', `/incidents/${id}/hold`, { reason: 'taxi', minutes: 5 })).body).toMatchObject({
      onHold: { by: 'Ben', reason: 'taxi' },
    })
    expect((await call('asha', 'DELETE', `/incidents/${id}/hold`)).body).toMatchObject({ onHold: null, owner: 'Ben' })
    expect((await call('asha', 'POST', `/incidents/${id}/acknowledgement`, { from: 'Ben' })).body).toMatchObject({
      owner: 'Asha',
    })
    expect(await call('ben', 'POST', `/incidents/${id}/acknowledgement`, { from: 'Ben' })).toMatchObject({
      status: 409,
      body: { code: 'incident/taken', owner: 'Asha' },
    })
    await call('asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
    expect((await call('ben', 'POST', `/incidents/${id}/reopening`, { reason: 'not over' })).body).toMatchObject({
      state: 'acknowledged',
      owner: 'Ben',
    })
    await call('ben', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
    const written = (await kinds())
      .filter(({ body, kind }) => body.incident === id && /acknowledged|offered|hold|taken-up|reopened/.test(kind))
      .map(({ kind, actor }) => `${kind} ${actor}`)
    expect(written).toEqual([
      'incident.acknowledged operator:Asha',
      'incident.offered operator:Asha',
      'incident.acknowledged operator:Ben',
      'incident.put-on-hold operator:Ben',
      'incident.taken-up operator:Asha',
      'incident.acknowledged operator:Asha',
      'incident.reopened operator:Ben',
    ])
  })
  test.each([
    ['a hold without a reason', 'PUT', 'hold', {}],
    ['a hold of no minutes', 'PUT', 'hold', { reason: 'x', minutes: 0 }],
    ['a hand-over to nothing', 'PUT', 'handover', { to: '' }],
    ['a reopening without a reason', 'POST', 'reopening', {}],
    ['an acknowledgement with something else', 'POST', 'acknowledgement', { colour: 'red' }],
    ['a note that replaces nothing', 'POST', 'notes', { text: 'x', replaces: 1 }],
  ])('refuses %s by its name', async (_, method, what, body) => {
    const id = await pressed()
    await call('asha', 'POST', `/incidents/${id}/acknowledgement`)
    expect(await call('asha', method, `/incidents/${id}/${what}`, body)).toMatchObject({
      status: 400,
      body: { code: 'request/invalid' },
    })
    await call('asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
  })
  test('that nobody takes calls further, and tells the destination that the step names, though that hears nothing else', async () => {
    const id = await pressed()
    const incident = await until(
      async () => (await call('asha', 'GET', `/incidents/${id}`)).body,
      (seen: { escalation: { step: number }; log: { kind: string; body: unknown }[] }) => seen.escalation.step === 1,
      5000,
    )
    expect(incident.log.find(({ kind }) => kind === 'incident.escalated')?.body).toMatchObject({
      step: 1,
      to: ['duty'],
    })
    const { body } = await call('sam', 'GET', '/outbox')
    expect(body.items[0]).toMatchObject({ destination: 'duty' })
    expect(body.items[0].waiting).toBeGreaterThanOrEqual(1)
    await call('asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
  })
})

describe('who is here', () => {
  const screen = async (who: string): Promise<WebSocket> => {
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/live`)
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ token: tokens.get(who) }))
    await new Promise((resolve) => socket.once('message', resolve))
    return socket
  }
  test('is told with what each looks at, and forgotten when the screen goes', async () => {
    const [one, two] = [await screen('asha'), await screen('asha')]
    const [first, second] = [await pressed('bar'), await pressed('row')].sort()
    one.send(JSON.stringify({ looking: [first, 5, second, 'inc-made-up'] }))
    const present = () => call('ben', 'GET', '/people').then(({ body }) => body.items)
    await until(present, (items: { looking: string[] }[]) => items.some(({ looking }) => looking.length === 2))
    expect(await present()).toEqual([{ name: 'Asha', role: 'operator', screens: 2, looking: [first, second] }])
    for (const id of [first, second]) await call('asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
    one.close()
    two.close()
    await until(present, (items: unknown[]) => items.length === 0)
  })
})

describe('a short-lived token', () => {
  test('is made by who is signed in, for who sits in front of the wall, and both names stand in the record', async () => {
    const { status, body } = await call('asha', 'POST', '/tokens', { name: 'Dilys', minutes: 5 })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'Dilys (Asha)', role: 'operator' })
    expect((await call(body.token, 'GET', '/session')).body).toEqual({
      ...{ name: 'Dilys (Asha)', role: 'operator', roles: ['operator'], user: null, scope: 'wall' },
      ...{ how: 'token', confirmed: true, withheld: [], factor: null },
    })
    expect((await kinds()).find(({ kind }) => kind === 'token.issued')).toMatchObject({
      actor: 'operator:Asha',
      body: { name: 'Dilys (Asha)', through: 'Asha' },
    })
  })
  test.each(['Super\u202evisor', 'two\nlines', 'x'.repeat(41)])(
    'is not made for a name that misleads: %j',
    async (name) => expect(await call('asha', 'POST', '/tokens', { name })).toMatchObject({ status: 400 }),
  )
  test('lasts a quarter of an hour when nobody says otherwise', async () => {
    const { body } = await call('asha', 'POST', '/tokens')
    expect(Math.abs(Date.parse(body.expiresAt) - Date.now() - 15 * 60_000)).toBeLessThan(60_000)
  })
  test('cannot make others nor open a session, and nobody but operators and supervisors gets one', async () => {
    const { body } = await call('asha', 'POST', '/tokens')
    expect(await call(null, 'POST', '/session', { token: body.token })).toMatchObject({ status: 401 })
    expect(await call(body.token, 'POST', '/tokens')).toMatchObject({ status: 403 })
    expect(await call('engineer', 'POST', '/tokens')).toMatchObject({ status: 403 })
    expect(await call(null, 'POST', '/tokens')).toMatchObject({ status: 401 })
  })
})

describe('a page of another origin', () => {
  const from = (origin: string, extra: Record<string, string> = {}) => ({ origin, ...extra })
  test('that the site file names may ask, and see what it needs of the answer', async () => {
    const { headers } = await call('asha', 'GET', '/site', undefined, from(WALL))
    expect(headers.get('access-control-allow-origin')).toBe(WALL)
    expect(headers.get('access-control-expose-headers')).toContain('content-disposition')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('timing-allow-origin'), 'how its browser is connected').toBe(WALL)
    expect(headers.get('vary')).toMatch(/origin/i)
  })
  test('may load the module, and says beforehand what it will send', async () => {
    const module = await fetch(`${house.url}/lamppost.js`, { headers: from(WALL) })
    expect([module.status, module.headers.get('access-control-allow-origin')]).toEqual([200, WALL])
    const answer = await fetch(`${house.url}/api/v1/incidents/x/hold`, {
      method: 'OPTIONS',
      headers: from(WALL, {
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,content-type',
      }),
    })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('PUT')
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization')
  })
  test.each(['https://evil.example', 'https://wall.example.gov.uk.evil.example', 'null', 'http://wall.example.gov.uk'])(
    '%s that it does not name may not',
    async (origin) => {
      const { headers } = await call('asha', 'GET', '/site', undefined, from(origin))
      expect([headers.get('access-control-allow-origin'), headers.get('timing-allow-origin')]).toEqual([null, null])
    },
  )
  test('may have our pages in a frame where the site file names it, and nobody else may', async () => {
    const { headers } = await fetch(`${house.url}/embed`)
    expect(headers.get('content-security-policy')).toContain(`frame-ancestors 'self' ${WALL}`)
    expect(headers.get('x-frame-options')).toBeNull()
  })
  test('stops being named when the site file is changed, without a start', async () => {
    writeFileSync(site, SITE.replace(WALL, 'https://other.example'))
    await until(
      async () => (await fetch(`${house.url}/embed`)).headers.get('content-security-policy') ?? '',
      (policy) => policy.includes('https://other.example') && !policy.includes(WALL),
      10_000,
    )
    expect(
      (await call('asha', 'GET', '/site', undefined, from(WALL))).headers.get('access-control-allow-origin'),
    ).toBeNull()
    writeFileSync(site, SITE)
    await until(
      async () => (await fetch(`${house.url}/embed`)).headers.get('content-security-policy') ?? '',
      (policy) => policy.includes(WALL),
      10_000,
    )
  })
})

describe('the event stream', () => {
  test('ends when the token that opened it has run out', async () => {
    // The shortest life that can be asked for is a minute: its end is the wall tokens' own test. Here the person is
    // taken away.
    const people = openPeopleFile(join(folder, 'data', 'people.json'))
    const token = people.addToken({ name: 'Gone', role: 'operator', helpPoints: null })
    const stream = await new Promise<IncomingMessage>((resolve) =>
      request(`${house.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } }, resolve).end(),
    )
    stream.resume()
    const ended = new Promise((resolve) => stream.once('close', resolve))
    const file = join(folder, 'data', 'people.json')
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { tokens: { name: string }[] }
    writeFileSync(file, JSON.stringify({ ...stored, tokens: stored.tokens.filter(({ name }) => name !== 'Gone') }))
    await ended
  })
})

describe('a shift', () => {
  test('is handed over with what is open, and signed by who comes at the same screen', async () => {
    const id = await pressed('row')
    const { body: shift } = await call('asha', 'POST', '/shifts', { notes: 'Watch the taxi rank' })
    expect(shift).toMatchObject({
      from: 'Asha',
      notes: 'Watch the taxi rank',
      acceptedBy: null,
      incidents: [{ incident: id, helpPoint: 'row', state: 'open' }],
    })
    expect(await call('asha', 'POST', `/shifts/${shift.shift}/signature`)).toMatchObject({
      status: 409,
      body: { code: 'shift/same-person' },
    })
    expect(
      await call('asha', 'POST', `/shifts/${shift.shift}/signature`, { user: 'cai', password: 'wrong' }),
    ).toMatchObject({ status: 403 })
    const { body: walls } = await call('asha', 'POST', '/tokens', { name: 'Cai' })
    expect(await call('asha', 'POST', `/shifts/${shift.shift}/signature`, { token: walls.token })).toMatchObject({
      status: 403,
    })
    expect(await call(walls.token, 'POST', `/shifts/${shift.shift}/signature`)).toMatchObject({ status: 403 })
    expect(
      await call('asha', 'POST', `/shifts/${shift.shift}/signature`, { token: tokens.get('engineer') }),
    ).toMatchObject({ status: 403 })
    expect(
      (await call('asha', 'POST', `/shifts/${shift.shift}/signature`, { user: 'cai', password: 'a password of Cai' }))
        .body,
    ).toMatchObject({ acceptedBy: 'Cai' })
    expect((await kinds()).findLast(({ kind }) => kind === 'shift.accepted')).toMatchObject({ actor: 'operator:Cai' })
    expect((await call('ben', 'GET', '/shifts')).body.items[0]).toMatchObject({ shift: shift.shift, acceptedBy: 'Cai' })
    await call('asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
  })
})

describe('the town', () => {
  test('tells when safe places are open, how far they are, and its escalation', async () => {
    const { body } = await call('asha', 'GET', '/site')
    expect(body.safePlaces[0].openings.length).toBeGreaterThanOrEqual(2)
    expect(body.safePlaces[0].walks.find(({ helpPoint }: { helpPoint: string }) => helpPoint === 'bar')).toMatchObject({
      along: 'streets',
      metres: expect.any(Number),
    })
    expect(body.escalation).toEqual([{ afterMs: 1000, to: ['duty'] }])
  })
  test('has its streets as GeoJSON', async () => {
    const { headers, body } = await call('asha', 'GET', '/map')
    expect(headers.get('content-type')).toContain('application/geo+json')
    expect(body.features[0].properties).toEqual({ name: 'Skinnergate' })
  })
  test('takes over streets that were changed, and keeps the old ones when they are broken', async () => {
    writeFileSync(join(folder, 'streets.geojson'), '{')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect((await call('asha', 'GET', '/map')).body.features).toHaveLength(1)
    writeFileSync(
      join(folder, 'streets.geojson'),
      JSON.stringify({ ...STREETS, features: [...STREETS.features, ...STREETS.features] }),
    )
    await until(
      async () => (await call('asha', 'GET', '/map')).body.features,
      (features: unknown[]) => features.length === 2,
      10_000,
    )
  })
})
