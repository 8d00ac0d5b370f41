/**
 * What a penetration test found, each with its right answer, at a running town: signing in and out, sessions and what
 * ends them, tokens, accounts, other origins, caches, the record.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { READERS, type Role } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-penetration-'))
const site = join(folder, 'site.yaml')
const data = join(folder, 'data')
const PASSWORDS = {
  asha: 'three boats under a bridge',
  ben: 'no lantern burns at noon',
  olive: 'grey paper, blue envelope',
  erin: 'copper wire round a spool',
  mara: 'seven steps to the quay',
} as const
type User = keyof typeof PASSWORDS
const ROLES_OF: Record<User, Role[]> = {
  asha: ['operator'],
  ben: ['supervisor'],
  olive: ['evidence'],
  erin: ['engineer'],
  mara: ['operator', 'evidence'],
}
let house: House
const people = () => openPeopleFile(join(data, 'people.json'))

const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }
  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }
cameras: []
`
const open = () => openHouse({ siteFile: site, dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 })

beforeAll(async () => {
  writeFileSync(site, SITE)
  for (const [user, roles] of Object.entries(ROLES_OF)) {
    const [role = 'operator'] = roles
    const name = `${user[0]?.toUpperCase() ?? ''}${user.slice(1)}`
    await people().addUser(user, PASSWORDS[user as User], { name, role, roles, helpPoints: null })
  }
  house = await open()
  for (const user of Object.keys(PASSWORDS) as User[]) {
    const { given } = await signIn(user)
    browsers.set(user, given.split('; ').find((each) => each.startsWith('lamppost_browser=')) ?? '')
  }
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true })
})

type Asked = { cookie?: string; token?: string; body?: unknown; headers?: Record<string, string> }
async function ask(method: string, path: string, { cookie, token, body, headers = {} }: Asked = {}) {
  const answer = await fetch(`${house.url}${path}`, {
    method,
    headers: {
      ...(cookie === undefined ? {} : { cookie }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text }
}
const cookiesOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
/** Each person's browser: they have signed in with it before the first test begins. */
const browsers = new Map<User, string>()
type Given = { browser?: string; password?: string }
async function signIn(user: User, { browser = browsers.get(user) ?? '', password }: Given = {}) {
  const { status, headers, body } = await ask('POST', '/api/v1/session', {
    cookie: browser,
    body: { user, password: password ?? PASSWORDS[user] },
  })
  const cookie = [browser, cookiesOf(headers)].join('; ')
  return { status, body, cookie, given: cookiesOf(headers) }
}
async function confirmed(user: User): Promise<string> {
  const { cookie } = await signIn(user)
  const body = { user, password: PASSWORDS[user] }
  expect((await ask('PUT', '/api/v1/session/confirmation', { cookie, body })).status).toBe(204)
  return cookie
}
type Line = { seq: number; kind: string; actor: string; body: Record<string, unknown> }
async function linesFor(role: Role): Promise<Line[]> {
  const token = people().addToken({ name: 'Reader', role, helpPoints: null })
  const lines: Line[] = []
  for (let after: number | null = 0; after !== null;) {
    const { body } = await ask('GET', `/api/v1/ledger?limit=100&after=${after}`, { token })
    lines.push(...body.items)
    after = body.next
  }
  return lines
}
const entries = () => linesFor('supervisor')
const entriesOf = async (kind: string) => (await entries()).filter((each) => each.kind === kind)
async function press(helpPoint = 'bar'): Promise<string> {
  const token = people().addToken({ name: 'Pole', role: 'press', helpPoints: [helpPoint] })
  const { body } = await ask('POST', '/api/v1/presses', { token, body: { helpPoint } })
  return body.incident
}

describe('a session', () => {
  test('is ended by the people file within a second: removed, another password, another role', async () => {
    for (const end of [
      async () => void (await people().changeUser('mara', { roles: ['evidence'] })),
      async () => void (await people().setPassword('mara', PASSWORDS.mara)),
    ]) {
      await people().changeUser('mara', { roles: ROLES_OF.mara })
      const { cookie } = await signIn('mara')
      const before = await ask('GET', '/api/v1/session', { cookie })
      expect(before.body).toMatchObject({ name: 'Mara', role: 'operator', roles: ['operator', 'evidence'] })
      await end()
      await until(
        async () => (await ask('POST', '/api/v1/incidents/inc-none/acknowledgement', { cookie })).status,
        (status) => status === 401 || status === 403,
      )
    }
    await people().changeUser('mara', { roles: ROLES_OF.mara })
  })
  test('ends open streams with it: the socket of somebody who is removed hears nothing more', async () => {
    await people().addUser('temp', 'a night with four owls', { name: 'Temp', role: 'operator', helpPoints: null })
    const { headers } = await ask('POST', '/api/v1/session', {
      body: { user: 'temp', password: 'a night with four owls' },
    })
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/events`, {
      headers: { cookie: cookiesOf(headers), origin: house.url },
    })
    const said: string[] = []
    socket.on('open', () => socket.send('{}'))
    socket.on('message', (data) => said.push(String(data)))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await until(
      async () => said.length,
      (count) => count > 0,
    )
    await people().removeUser('temp')
    await closed
    expect(said.at(-1)).toContain('"refused":401')
  })
  test('outlives a restart of the server, and so does a browser that is known', async () => {
    const { cookie } = await signIn('asha')
    await house.close()
    house = await open()
    expect((await ask('GET', '/api/v1/session', { cookie })).body).toMatchObject({ name: 'Asha', user: 'asha' })
    expect(readFileSync(join(data, 'sessions.json'), 'utf8')).not.toContain(
      /lamppost_session=([^;]+)/.exec(cookie)?.[1] ?? 'no cookie',
    )
  })
  test('is listed for its person and for a supervisor, and ended by either; nobody else', async () => {
    const [asha, ben, erin] = [await signIn('asha'), await signIn('ben'), await signIn('erin')]
    const list = (cookie: string) => ask('GET', '/api/v1/users/asha/sessions', { cookie })
    expect((await list(erin.cookie)).status).toBe(403)
    const mine = (await list(asha.cookie)).body.items as { id: string; current: boolean; from: string }[]
    expect(mine.filter(({ current }) => current)).toMatchObject([{ from: '127.0.0.1' }])
    const { id = '' } = mine.find(({ current }) => current) ?? {}
    const end = (cookie: string) =>
      ask('DELETE', `/api/v1/users/asha/sessions/${id}`, { cookie, headers: { origin: house.url } })
    expect((await end(erin.cookie)).status).toBe(403)
    expect((await end(ben.cookie)).status).toBe(204)
    expect((await ask('GET', '/api/v1/session', { cookie: asha.cookie })).status).toBe(401)
    expect((await end(ben.cookie)).status).toBe(404)
    expect((await entriesOf('session.revoked')).at(-1)).toMatchObject({
      actor: 'supervisor:Ben',
      body: { user: 'asha', sessions: 1 },
    })
  })
  test('leaves nothing behind in the browser: what it showed is no-store, and signing out clears what there is', async () => {
    const { cookie } = await signIn('asha')
    for (const path of [
      '/api/v1/session',
      '/api/v1/cameras',
      '/api/v1/map',
      '/api/v1/retention',
      '/api/v1/nowhere',
      '/%61pi/v1/cameras',
    ])
      expect([path, (await ask('GET', path, { cookie })).headers.get('cache-control')]).toEqual([path, 'no-store'])
    const out = await ask('DELETE', '/api/v1/session', { cookie, headers: { origin: house.url } })
    expect([out.status, out.headers.get('clear-site-data')]).toEqual([204, '"cache"'])
    expect(out.headers.getSetCookie()[0]).toMatch(/^lamppost_session=;.*Max-Age=0/)
    expect((await ask('GET', '/api/v1/session', { cookie })).status).toBe(401)
    expect((await entriesOf('session.closed')).at(-1)).toMatchObject({ actor: 'operator:Asha' })
  })
})

describe('guessing', () => {
  test('is slowed for the account, entered with its count, and the person signs in where they have before', async () => {
    const known = await signIn('ben')
    const stranger = { browser: 'lamppost_browser=made-up' }
    const guess = () => signIn('ben', { ...stranger, password: 'guess' })
    const first = await Promise.all(Array.from({ length: 30 }, guess))
    expect(first.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10)
    expect(first.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(20)
    expect((await signIn('ben', stranger)).body).toMatchObject({ status: 429, code: 'people/too-many-tries' })
    expect((await signIn('ben')).status).toBe(201)
    // Said again in the session that is open, too.
    const body = { user: 'ben', password: PASSWORDS.ben }
    expect((await ask('PUT', '/api/v1/session/confirmation', { cookie: known.cookie, body })).status).toBe(204)
    const refused = await until(
      () => entriesOf('session.refused'),
      (found) => found.reduce((sum, { body: { count } }) => sum + Number(count), 0) >= 31,
    )
    expect(refused.length).toBeLessThan(10)
    expect(JSON.stringify(refused)).not.toContain('guess')
  })
})

describe('other pages', () => {
  test.each([
    ['of another port', { origin: 'http://127.0.0.1:1' }],
    ['that names none, of another site', { 'sec-fetch-site': 'cross-site' }],
    ['that names none, of a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['that hides where it is from', { origin: 'null' }],
  ])('a page %s does not act with the victim’s cookie, and it is entered', async (_, headers) => {
    const incident = await press()
    const { cookie } = await signIn('asha')
    const before = (await entriesOf('access.refused')).length
    const answer = await ask('POST', `/api/v1/incidents/${incident}/acknowledgement`, { cookie, headers })
    expect(answer).toMatchObject({ status: 403, body: { code: 'people/forbidden' } })
    expect((await ask('GET', `/api/v1/incidents/${incident}`, { cookie })).body.owner).toBeNull()
    const found = await until(
      () => entriesOf('access.refused'),
      (all) => all.reduce((sum, { body: { count } }) => sum + Number(count), 0) > before,
    )
    expect(found.at(-1)).toMatchObject({ body: { who: 'Asha', reason: 'a page of another address' } })
  })
  test('do not pass for a program by a header that their browser adds for a proxy', async () => {
    const { cookie } = await signIn('asha')
    const headers = { origin: 'http://127.0.0.1:1', authorization: 'Basic eDp5' }
    expect((await ask('POST', '/api/v1/tokens', { cookie, headers })).status).toBe(403)
  })
  test('find trusted types and a strict policy on every page, and no maps of the sources', async () => {
    for (const page of ['/', '/evidence', '/presets', '/shift', '/embed', '/people']) {
      const { headers, status } = await ask('GET', page)
      expect([page, status, headers.get('cache-control')]).toEqual([page, 200, 'no-cache'])
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("require-trusted-types-for 'script'")
      expect(policy).toContain("default-src 'self'")
      expect(policy).not.toContain('unsafe')
    }
    expect((await ask('GET', '/lamppost.js.map')).status).toBe(404)
  })
})

describe('a token', () => {
  test('for a wall handles incidents, and reads no record, locks nothing and makes no accounts, whoever made it', async () => {
    const { cookie } = await signIn('ben')
    const made = await ask('POST', '/api/v1/tokens', { cookie, headers: { origin: house.url } })
    expect(made.body).toMatchObject({ role: 'supervisor', scope: 'wall' })
    const { token } = made.body
    const incident = await press('row')
    expect((await ask('POST', `/api/v1/incidents/${incident}/acknowledgement`, { token })).status).toBe(200)
    for (const [method, path] of [
      ['GET', '/api/v1/ledger'],
      ['GET', '/api/v1/users'],
      ['GET', '/api/v1/tokens'],
      ['PUT', `/api/v1/incidents/${incident}/lock`],
      ['DELETE', `/api/v1/incidents/${incident}/lock`],
      ['GET', '/metrics'],
      ['GET', '/api/v1/outbox'],
      ['POST', '/api/v1/shifts'],
    ] as const)
      expect([path, (await ask(method, path, { token, body: method === 'GET' ? undefined : {} })).status]).toEqual([
        path,
        403,
      ])
    await ask('POST', `/api/v1/incidents/${incident}/closure`, { token, body: { reason: 'over' } })
  })
  test('for one time opens one session for a wall, and no second one', async () => {
    const maker = people().addToken({ name: 'VMS', role: 'operator', helpPoints: null })
    const made = await ask('POST', '/api/v1/tokens', {
      token: maker,
      body: { scope: 'wall', once: true, person: 'Desk 3' },
    })
    const { token } = made.body
    expect((await ask('GET', '/api/v1/session', { token })).status).toBe(401)
    const opened = await ask('POST', '/api/v1/session', { body: { token } })
    expect(opened).toMatchObject({ status: 201, body: { name: 'Desk 3 (VMS)', scope: 'wall' } })
    expect((await ask('POST', '/api/v1/session', { body: { token } })).status).toBe(401)
    const cookie = cookiesOf(opened.headers)
    expect((await ask('GET', '/api/v1/incidents', { cookie })).status).toBe(200)
    expect((await ask('GET', '/api/v1/retention', { cookie })).status).toBe(403)
  })
  test('that is narrowed to metrics reads them, and nothing else', async () => {
    const token = people().addToken({ name: 'Scraper', role: 'engineer', helpPoints: null }, { scope: 'metrics' })
    expect((await ask('GET', '/metrics', { token })).status).toBe(200)
    expect((await ask('GET', '/api/v1/cameras', { token })).body).toMatchObject({
      status: 403,
      detail: 'This token is for the figures of the server only; sign in for this.',
    })
    expect((await ask('POST', '/api/v1/session', { body: { token } })).status).toBe(401)
  })
  test('of a help point that presses for its neighbour is refused, and that stands in the record', async () => {
    const token = people().addToken({ name: 'Pole at the bar', role: 'press', helpPoints: ['bar'] })
    expect((await ask('POST', '/api/v1/presses', { token, body: { helpPoint: 'row' } })).status).toBe(401)
    expect((await entriesOf('press.refused')).at(-1)).toMatchObject({
      body: { helpPoint: 'row', reason: 'the token of Pole at the bar is for another help point', count: 1 },
    })
  })
  test('is listed for a supervisor without being shown, and ends at once when it is taken away', async () => {
    const token = people().addToken({ name: 'Old script', role: 'engineer', helpPoints: null })
    const cookie = await confirmed('ben')
    const { items } = (await ask('GET', '/api/v1/tokens', { cookie })).body as {
      items: { id: string; name: string }[]
    }
    expect(JSON.stringify(items)).not.toContain(token)
    const { id = '' } = items.find(({ name }) => name === 'Old script') ?? {}
    expect((await ask('GET', '/api/v1/cameras', { token })).status).toBe(200)
    expect((await ask('DELETE', `/api/v1/tokens/${id}`, { cookie, headers: { origin: house.url } })).status).toBe(204)
    expect((await ask('GET', '/api/v1/cameras', { token })).status).toBe(401)
    expect((await entriesOf('token.revoked')).at(-1)).toMatchObject({ body: { token: id, name: 'Old script' } })
  })
})

describe('the password again', () => {
  test('is what a session was opened with: a token does not confirm itself by what it can make', async () => {
    const token = people().addToken({ name: 'Robin', role: 'supervisor', helpPoints: null })
    const other = people().addToken({ name: 'Robin', role: 'supervisor', helpPoints: null })
    const opened = await ask('POST', '/api/v1/session', { body: { token } })
    const cookie = cookiesOf(opened.headers)
    const headers = { origin: house.url }
    const once = (await ask('POST', '/api/v1/tokens', { cookie, headers, body: { once: true } })).body.token
    const confirm = (given: string) =>
      ask('PUT', '/api/v1/session/confirmation', { cookie, headers, body: { token: given } })
    expect([(await confirm(once)).status, (await confirm(other)).status]).toEqual([403, 403])
    const body = { user: 'noor', name: 'Noor', roles: ['operator'], password: 'nine kites above a field' }
    expect((await ask('POST', '/api/v1/users', { cookie, headers, body })).body.code).toBe('people/confirm-first')
    expect((await confirm(token)).status).toBe(204)
  })
  test('is wanted before a token is taken away, and that it was not said is entered', async () => {
    const { cookie } = await signIn('ben')
    const headers = { origin: house.url }
    expect((await ask('DELETE', '/api/v1/tokens/any', { cookie, headers })).body.code).toBe('people/confirm-first')
    await until(
      () => entriesOf('access.refused'),
      (found) => found.some(({ body }) => body.who === 'Ben' && body.reason === 'the password was not said again'),
    )
  })
})

describe('accounts', () => {
  test('are made, changed and removed by a supervisor who has said the password again; nobody else', async () => {
    const account = { user: 'noor', name: 'Noor', roles: ['operator'], password: 'nine kites above a field' }
    const headers = { origin: house.url }
    const { cookie: unsaid } = await signIn('ben')
    expect((await ask('POST', '/api/v1/users', { cookie: unsaid, headers, body: account })).body.code).toBe(
      'people/confirm-first',
    )
    const cookie = await confirmed('ben')
    expect((await ask('POST', '/api/v1/users', { cookie, headers, body: account })).status).toBe(201)
    expect((await ask('POST', '/api/v1/users', { cookie, headers, body: account })).body.code).toBe('user/taken')
    const change = { roles: ['operator', 'supervisor'], name: 'Noor Ali' }
    expect((await ask('PATCH', '/api/v1/users/noor', { cookie, headers, body: change })).body).toMatchObject(change)
    expect((await ask('DELETE', '/api/v1/users/noor', { cookie, headers })).status).toBe(204)
    expect((await ask('DELETE', '/api/v1/users/noor', { cookie, headers })).status).toBe(404)
    const mine = (await entries()).filter(({ kind, body }) => kind.startsWith('user.') && body.user === 'noor')
    expect(mine.map(({ kind, actor }) => [kind, actor])).toEqual([
      ['user.added', 'supervisor:Ben'],
      ['user.changed', 'supervisor:Ben'],
      ['user.removed', 'supervisor:Ben'],
    ])
    expect(JSON.stringify(mine)).not.toContain('kites')
  })
  test.each(['aaaaaaaaaaaa', 'password1234', '            ', 'Number One Bar 2026', 'noor noor noor'])(
    'take no password that is tried first: %j',
    async (password) => {
      const cookie = await confirmed('ben')
      const body = { user: 'noor', name: 'Noor', roles: ['operator'], password }
      expect((await ask('POST', '/api/v1/users', { cookie, headers: { origin: house.url }, body })).body).toMatchObject(
        {
          status: 422,
          code: 'user/weak-password',
        },
      )
    },
  )
  test('of the last supervisor cannot be removed, nor lose that role', async () => {
    const cookie = await confirmed('ben')
    const headers = { origin: house.url }
    for (const answer of [
      await ask('DELETE', '/api/v1/users/ben', { cookie, headers }),
      await ask('PATCH', '/api/v1/users/ben', { cookie, headers, body: { roles: ['operator'] } }),
    ])
      expect(answer.body).toMatchObject({ status: 409, code: 'user/last-supervisor' })
  })
  test('of two supervisors who remove each other at once, one stays; of two who take one name, one has it', async () => {
    await people().addUser('carl', 'five doors and a bell', { name: 'Carl', role: 'supervisor', helpPoints: null })
    const headers = { origin: house.url }
    const carl = cookiesOf(
      (await ask('POST', '/api/v1/session', { body: { user: 'carl', password: 'five doors and a bell' } })).headers,
    )
    const said = { user: 'carl', password: 'five doors and a bell' }
    expect((await ask('PUT', '/api/v1/session/confirmation', { cookie: carl, body: said })).status).toBe(204)
    const ben = await confirmed('ben')
    const account = { user: 'twice', name: 'Twice', roles: ['operator'], password: 'nine kites above a field' }
    const made = await Promise.all(
      [ben, carl].map((cookie) => ask('POST', '/api/v1/users', { cookie, headers, body: account })),
    )
    expect(made.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409'])
    const gone = await Promise.all([
      ask('DELETE', '/api/v1/users/carl', { cookie: ben, headers }),
      ask('DELETE', '/api/v1/users/ben', { cookie: carl, headers }),
    ])
    expect(gone.filter(({ status }) => status === 204).length).toBe(1)
    expect(
      people()
        .now()
        .users.filter(({ roles }) => roles.includes('supervisor')).length,
    ).toBe(1)
    if (people().user('ben')) return
    await people().addUser('ben', PASSWORDS.ben, { name: 'Ben', role: 'supervisor', helpPoints: null })
    await people().removeUser('carl')
    const { given } = await signIn('ben', { browser: '' })
    browsers.set('ben', given.split('; ').find((each) => each.startsWith('lamppost_browser=')) ?? '')
  })
  test('let everybody set their own password, and sign them out everywhere else; roles are a supervisor’s', async () => {
    const [here, elsewhere] = [await confirmed('erin'), (await signIn('erin')).cookie]
    const headers = { origin: house.url }
    const grab = await ask('PATCH', '/api/v1/users/erin', { cookie: here, headers, body: { roles: ['supervisor'] } })
    expect(grab.status).toBe(403)
    const others = await ask('PATCH', '/api/v1/users/ben', {
      cookie: here,
      headers,
      body: { password: 'nine kites above a field' },
    })
    expect(others.status).toBe(403)
    const body = { password: 'ten kites above a field' }
    const changed = await ask('PATCH', '/api/v1/users/erin', { cookie: here, headers, body })
    expect(changed.status).toBe(200)
    // With another cookie: somebody may have the old one.
    expect((await ask('GET', '/api/v1/session', { cookie: here })).status).toBe(401)
    expect((await ask('GET', '/api/v1/session', { cookie: cookiesOf(changed.headers) })).status).toBe(200)
    expect((await ask('GET', '/api/v1/session', { cookie: elsewhere })).status).toBe(401)
    await people().setPassword('erin', PASSWORDS.erin)
    const refused = (await entriesOf('access.refused')).filter(({ body }) => body.who === 'Erin')
    expect(refused.map(({ body }) => body.reason)).toContain('not their right')
  })
  test('that the command line changes stand in the record within a second', async () => {
    const kinds = async (): Promise<string[]> =>
      (await entries()).filter(({ body }) => body.user === 'cli').map(({ kind, actor }) => `${kind} ${actor}`)
    const added = 'user.added machine:command line'
    await people().addUser('cli', 'four lamps and one key', { name: 'Cli', role: 'operator', helpPoints: null })
    await until(kinds, (found) => found.includes(added))
    await people().removeUser('cli')
    await until(kinds, (found) => found.at(-1) === 'user.removed machine:command line')
    expect(await kinds()).toEqual([added, 'user.removed machine:command line'])
  })
})

describe('the record', () => {
  test('keeps from an engineer what people did, and from an operator what officers did, with no gap in its numbers', async () => {
    const lines: Partial<Line>[] = await linesFor('engineer')
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1))
    expect(lines.filter(({ kind }) => kind?.startsWith('user.') || kind?.startsWith('session.'))).toEqual([])
    expect(lines.some(({ kind }) => kind === 'press.refused')).toBe(true)
    const token = people().addToken({ name: 'Op', role: 'operator', helpPoints: null })
    expect((await ask('GET', '/api/v1/ledger', { token })).status).toBe(403)
  })
})

describe('a wrong token', () => {
  test('on a WebSocket is entered as anywhere else', async () => {
    for (const path of ['/api/v1/events', '/api/v1/live', '/api/v1/calls/audio']) {
      const socket = new WebSocket(`${house.url.replace('http', 'ws')}${path}`)
      socket.on('open', () => socket.send(JSON.stringify({ token: `wrong for ${path}` })))
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const sum = async (): Promise<number> =>
      (await entriesOf('access.refused'))
        .filter(({ body }) => body.who === '' && body.reason === 'unknown token')
        .reduce((count, { body }) => count + Number(body.count), 0)
    await until(sum, (count) => count >= 3)
  })
})

describe('names from outside', () => {
  test.each(['constructor', '__proto__', 'toString', 'eth99'])(
    'a network interface called %s is refused in words',
    async (device) => {
      const token = people().addToken({ name: 'Erin’s script', role: 'engineer', helpPoints: null })
      expect((await ask('POST', '/api/v1/discovery', { token, body: { device } })).body).toMatchObject({
        status: 422,
        code: 'camera/no-such-device',
      })
    },
  )
  test.each(['constructor', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'nothing is found by the name %s, by any route',
    async (name) => {
      for (const role of READERS) {
        const token = people().addToken({ name: 'Prober', role, helpPoints: null })
        for (const path of [
          `/api/v1/cameras/${name}`,
          `/api/v1/incidents/${name}`,
          `/api/v1/help-points/${name}`,
          `/api/v1/exports/${name}`,
          `/api/v1/calls/${name}`,
          `/api/v1/users/${name}/sessions`,
          `/api/v1/connectors/${name}/cameras`,
          `/disclosures/${name}xxxxxxxxxxxxxxxxxxxxxxx`,
        ]) {
          const { status } = await ask('GET', path, { token })
          expect([path, [403, 404].includes(status) ? 'refused' : status]).toEqual([path, 'refused'])
        }
      }
    },
  )
  test.each([
    ['http://169.254.169.254/latest/meta-data', 'the cloud’s own address'],
    ['http://100.100.100.200/latest/meta-data', 'another cloud’s own address'],
    ['http://[fd00:ec2::254]/latest/meta-data', 'and by IPv6'],
    ['http://8.8.8.8/onvif/device_service', 'a public address'],
    ['http://127.0.0.1:22/', 'this machine'],
    ['http://localhost:6379/', 'this machine by its name'],
    ['http://[::1]:22/', 'this machine by IPv6'],
    ['http://[::ffff:127.0.0.1]:22/', 'this machine by both'],
    ['http://2130706433/', 'this machine by a number'],
  ])('an inquiry goes only to where cameras may be: not to %s', async (url) => {
    const token = people().addToken({ name: 'Erin’s script', role: 'engineer', helpPoints: null })
    const body = { url, username: 'a', password: 'b' }
    expect((await ask('POST', '/api/v1/discovery/inquiry', { token, body })).body).toMatchObject({
      status: 422,
      code: 'camera/outside-networks',
    })
  })
})

test('an incident that a colleague has is taken over before it is closed', async () => {
  const incident = await press()
  const [asha, mara] = [await signIn('asha'), await signIn('mara')]
  const headers = { origin: house.url }
  await ask('POST', `/api/v1/incidents/${incident}/acknowledgement`, { cookie: asha.cookie, headers })
  const close = (cookie: string) =>
    ask('POST', `/api/v1/incidents/${incident}/closure`, { cookie, headers, body: { reason: 'over' } })
  expect((await close(mara.cookie)).body).toMatchObject({
    ...{ status: 409, code: 'incident/not-yours', owner: 'Asha' },
    detail: 'Asha has this incident, not you: take it over first.',
  })
  expect((await close(asha.cookie)).status).toBe(200)
})

test('the data folder is for this account only, also one that was made for others before', () => {
  expect(statSync(data).mode & 0o777).toBe(0o700)
})
