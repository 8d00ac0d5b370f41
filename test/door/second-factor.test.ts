/** Second factors at a running town: set up, asked for, guessed at, lost; and roles that are withheld without one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { AT_THE_ROOT } from '../../server/door/public-address.ts'
import { realClock } from '../../server/tools/clock.ts'
import { until } from '../contracts/test-town.ts'
import { createTestAccounts } from '../people/test-accounts.ts'
import { createSoftwareAuthenticator } from '../fakes/software-authenticator.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-factor-'))
const data = join(folder, 'data')
const siteFile = join(folder, 'site.yaml')
const PASSWORD = 'three boats under a bridge'
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
secondFactor: { requiredFor: [supervisor, evidence] }
helpPoints: [{ id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }]
cameras: []
`
const ADDRESS = { ...AT_THE_ROOT, trustProxy: true }
let house: House
let origin: string
const { people, made, account } = createTestAccounts(data, PASSWORD)
const open = () => openHouse({ siteFile, dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0, address: ADDRESS })
/** Each account comes from an address of its own, by the word of a proxy: nobody's wrong tries slow another's. */
const address = () => ({ 'x-forwarded-for': `10.0.${made()}.1`, 'x-forwarded-proto': 'http' })

beforeAll(async () => {
  writeFileSync(siteFile, SITE)
  house = await open()
  origin = house.url.replace('127.0.0.1', 'localhost')
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true })
})

type Asked = { cookie?: string; token?: string; body?: unknown }
async function ask(method: string, path: string, { cookie, token, body }: Asked = {}) {
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: {
      ...address(),
      ...(cookie === undefined ? {} : { cookie }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const given = answer.headers.getSetCookie().map((each) => each.split(';')[0])
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text, cookie: given.join('; ') }
}
const signIn = (body: object) => ask('POST', '/session', { body })
const byPassword = (user: string) => signIn({ user, password: PASSWORD })
const codeOf = (secret: string, inSteps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: realClock.now() + inSteps * 30_000 })
/** Signed in by password alone, and confirmed. */
async function entered(user: string): Promise<string> {
  const { cookie, status } = await byPassword(user)
  expect(status).toBe(201)
  const body = { user, password: PASSWORD }
  expect((await ask('PUT', '/session/confirmation', { cookie, body })).status).toBe(204)
  return cookie
}
async function withCodes(user: string, cookie: string) {
  const { body } = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'totp' } })
  const { offer, secret, address } = body.codes
  const answer = await ask('POST', `/users/${user}/factors`, {
    cookie,
    body: { kind: 'totp', name: 'Phone', offer, code: codeOf(secret) },
  })
  return { answer, secret, address, offer, cookie: answer.cookie }
}
async function withPasskey(user: string, cookie: string) {
  const key = createSoftwareAuthenticator()
  const { body } = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'passkey' } })
  const passkey = key.make(body.passkey, { origin })
  const answer = await ask('POST', `/users/${user}/factors`, {
    cookie,
    body: { kind: 'passkey', name: 'Key', passkey },
  })
  return { key, answer, options: body.passkey, cookie: answer.cookie || cookie }
}
async function usePasskey(key: ReturnType<typeof createSoftwareAuthenticator>, told: object = {}) {
  const { body } = await ask('GET', '/session/passkey')
  return signIn({ passkey: key.use(body, { origin, ...told }) })
}
type Line = { kind: string; actor: string; body: Record<string, unknown> }
async function linesOf(kind: string): Promise<Line[]> {
  const token = people().addToken({ name: 'Reader', role: 'supervisor', helpPoints: null })
  const lines: Line[] = []
  for (let after: number | null = 0; after !== null;) {
    const { body } = await ask('GET', `/ledger?limit=100&after=${after}`, { token })
    lines.push(...body.items)
    after = body.next
  }
  return lines.filter((each) => each.kind === kind)
}

describe('a role that needs a second factor', () => {
  test('is withheld from who has none: they may set one up, and nothing else that the role could', async () => {
    const user = await account('supervisor')
    const cookie = await entered(user)
    const { body } = await ask('GET', '/session', { cookie })
    expect(body).toMatchObject({ roles: [], withheld: ['supervisor'], how: 'account' })
    expect((await linesOf('session.opened')).at(-1)).toMatchObject({
      actor: expect.stringMatching(/^account:/),
      body: { role: 'account', withheld: ['supervisor'] },
    })
    for (const path of ['/users', '/incidents', '/ledger', '/cameras', '/events', '/people', '/site'])
      expect(await ask('GET', path, { cookie })).toMatchObject({ status: 403, body: { code: 'people/factor-first' } })
    expect((await ask('POST', '/tokens', { cookie, body: {} })).body.code).toBe('people/factor-first')
  })
  test('is theirs from the moment on in which one is set up, without signing in again', async () => {
    const user = await account('supervisor')
    const { answer, cookie } = await withCodes(user, await entered(user))
    expect(answer).toMatchObject({ status: 201, body: { kind: 'totp', name: 'Phone' } })
    expect((await ask('GET', '/session', { cookie })).body).toMatchObject({ roles: ['supervisor'], withheld: [] })
    expect((await ask('GET', '/users', { cookie })).status).toBe(200)
    expect((await linesOf('factor.added')).at(-1)).toMatchObject({ body: { user, what: 'totp', name: 'Phone' } })
  })
  test('withholds no other role of the same person', async () => {
    const user = await account('operator', 'evidence')
    const cookie = await entered(user)
    expect((await ask('GET', '/session', { cookie })).body).toMatchObject({
      roles: ['operator'],
      withheld: ['evidence'],
    })
    expect((await ask('GET', '/incidents', { cookie })).status).toBe(200)
    expect((await ask('GET', '/evidence-keys', { cookie })).body.code).toBe('people/factor-first')
  })
  test('is withheld at once when the site file begins to want it, also from sessions that are open', async () => {
    const user = await account('engineer')
    const cookie = await entered(user)
    expect((await ask('GET', '/discovery', { cookie })).status).toBe(200)
    writeFileSync(siteFile, SITE.replace('evidence]', 'evidence, engineer]'))
    await until(
      async () => (await ask('GET', '/discovery', { cookie })).body.code,
      (code) => code === 'people/factor-first',
    )
    writeFileSync(siteFile, SITE)
    await until(
      async () => (await ask('GET', '/discovery', { cookie })).status,
      (status) => status === 200,
    )
  })
})

describe('an account with an authenticator app', () => {
  test('opens by password and code; each code once', async () => {
    const user = await account('operator')
    const { secret } = await withCodes(user, await entered(user))
    const first = await byPassword(user)
    expect(first).toMatchObject({ status: 401, cookie: '', body: { code: 'people/second-step', ways: ['totp'] } })
    // The code that set it up was its first use.
    const { ticket } = first.body
    expect((await signIn({ ticket, code: codeOf(secret) })).status).toBe(401)
    const right = codeOf(secret, 1)
    expect((await signIn({ ticket, code: `${right.slice(0, 3)} ${right.slice(3)}` })).status).toBe(201)
    expect((await signIn({ ticket, code: right })).status).toBe(401)
    expect((await linesOf('session.opened')).at(-1)?.body).toMatchObject({ how: 'account', factor: 'totp' })
  })
  test('ends the sessions that were opened by the password alone', async () => {
    const user = await account('operator')
    const [elsewhere, here] = [await entered(user), await entered(user)]
    const { cookie } = await withCodes(user, here)
    expect((await ask('GET', '/session', { cookie: elsewhere })).status).toBe(401)
    expect((await ask('GET', '/session', { cookie: here })).status).toBe(401)
    expect((await ask('GET', '/session', { cookie })).status).toBe(200)
  })
  test('slows whoever has the password and guesses codes, and stays open to a browser that is known', async () => {
    const user = await account('operator')
    const { secret, cookie: mine } = await withCodes(user, await entered(user))
    const { ticket } = (await byPassword(user)).body
    const wrong = codeOf(secret) === '000000' ? '000001' : '000000'
    const answers = await Promise.all(Array.from({ length: 14 }, () => signIn({ ticket, code: wrong })))
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(4)
    expect((await signIn({ ticket, code: codeOf(secret, 1) })).status).toBe(429)
    const known = await ask('POST', '/session', { cookie: mine, body: { ticket, code: codeOf(secret, 1) } })
    expect(known.status).toBe(201)
    expect(
      (await linesOf('session.refused')).some(({ body }) => body.reason === 'wrong code' && body.user === user),
    ).toBe(true)
  })
  test.each([
    ['another account’s ticket spelt otherwise', (ticket: string) => `${ticket.slice(0, -3)}AAA`],
    ['no ticket', () => 'x.y'],
    ['half a ticket', (ticket: string) => ticket.split('.')[0] ?? ''],
  ])('takes no code with %s', async (_, spoil) => {
    const user = await account('operator')
    const { secret } = await withCodes(user, await entered(user))
    const { ticket } = (await byPassword(user)).body
    expect((await signIn({ ticket: spoil(ticket), code: codeOf(secret, 1) })).status).toBe(401)
  })
  test('takes no ticket of before a new password', async () => {
    const user = await account('operator')
    const { secret, cookie } = await withCodes(user, await entered(user))
    const { ticket } = (await byPassword(user)).body
    const confirm = await ask('PUT', '/session/confirmation', { cookie, body: { ticket, code: codeOf(secret, 1) } })
    expect(confirm.status).toBe(204)
    const changed = await ask('PATCH', `/users/${user}`, { cookie, body: { password: 'nine kites above a field' } })
    expect(changed.status).toBe(200)
    // Whoever has changed their password is still signed in, with the second factor that they had proven.
    expect((await ask('GET', '/session', { cookie: changed.cookie })).status).toBe(200)
    expect((await signIn({ ticket, code: codeOf(secret, -1) })).status).toBe(401)
  })
  test('says the password again with its second factor, too', async () => {
    const user = await account('operator')
    const { cookie, secret } = await withCodes(user, await entered(user))
    const alone = await ask('PUT', '/session/confirmation', { cookie, body: { user, password: PASSWORD } })
    expect(alone).toMatchObject({ status: 401, body: { code: 'people/second-step' } })
    const body = { ticket: alone.body.ticket, code: codeOf(secret, 1) }
    expect((await ask('PUT', '/session/confirmation', { cookie, body })).status).toBe(204)
    expect((await ask('GET', '/session', { cookie })).body.confirmed).toBe(true)
  })
  test('is kept with its secret in the people file alone, and outlives a restart with its session', async () => {
    const user = await account('supervisor')
    const { cookie, secret } = await withCodes(user, await entered(user))
    expect(readFileSync(join(data, 'people.json'), 'utf8')).toContain(secret)
    expect(readFileSync(join(data, 'sessions.json'), 'utf8')).not.toContain(secret)
    await house.close()
    house = await open()
    origin = house.url.replace('127.0.0.1', 'localhost')
    expect((await ask('GET', '/session', { cookie })).body).toMatchObject({ roles: ['supervisor'] })
    const { ticket } = (await byPassword(user)).body
    expect((await signIn({ ticket, code: codeOf(secret) })).status).toBe(401)
    expect((await signIn({ ticket, code: codeOf(secret, 1) })).status).toBe(201)
  })
  test('that was replaced or removed opens nothing any more: sessions that it opened end, and others do not come back', async () => {
    const user = await account('supervisor')
    const passwordOnly = await entered(user)
    const first = await withCodes(user, await entered(user))
    const { ticket } = (await byPassword(user)).body
    const stolen = (await signIn({ ticket, code: codeOf(first.secret, 1) })).cookie
    expect((await ask('GET', '/users', { cookie: stolen })).status).toBe(200)
    const second = await withCodes(user, first.cookie)
    expect(second.answer.status).toBe(201)
    expect((await ask('GET', '/session', { cookie: stolen })).status).toBe(401)
    expect((await linesOf('factor.removed')).at(-1)?.body).toMatchObject({ user, what: 'totp' })
    const { body } = await ask('GET', `/users/${user}/factors`, { cookie: second.cookie })
    expect(body.items).toHaveLength(1)
    const removed = await ask('DELETE', `/users/${user}/factors/${body.items[0].id}`, { cookie: second.cookie })
    expect(removed.status).toBe(204)
    for (const cookie of [passwordOnly, stolen, first.cookie, second.cookie])
      expect((await ask('GET', '/session', { cookie })).status).toBe(401)
    expect((await ask('GET', '/session', { cookie: removed.cookie })).body).toMatchObject({ roles: [], factor: null })
  })
  test('set up and removed by a thief before gives that session nothing when the person sets theirs up', async () => {
    const user = await account('supervisor')
    const thief = await withCodes(user, await entered(user))
    const { body } = await ask('GET', `/users/${user}/factors`, { cookie: thief.cookie })
    const gone = await ask('DELETE', `/users/${user}/factors/${body.items[0].id}`, { cookie: thief.cookie })
    await withCodes(user, await entered(user))
    expect((await ask('GET', '/users', { cookie: gone.cookie })).status).toBe(401)
  })
  test('forgets the browsers of before: whoever had the password keeps no way of its own to guess codes', async () => {
    const user = await account('operator')
    const thief = (await byPassword(user)).cookie
    const { secret } = await withCodes(user, await entered(user))
    const { ticket } = (await byPassword(user)).body
    const wrong = codeOf(secret) === '000000' ? '000001' : '000000'
    const guess = () => ask('POST', '/session', { cookie: thief, body: { ticket, code: wrong } })
    const answers = await Promise.all(Array.from({ length: 12 }, guess))
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(2)
    const others = await Promise.all(Array.from({ length: 2 }, () => signIn({ ticket, code: wrong })))
    expect(others.map(({ status }) => status)).toEqual([429, 429])
  })
  test('is set up by its first code only, by the person only, and only once', async () => {
    const [user, other] = [await account('operator'), await account('operator')]
    const [cookie, others] = [await entered(user), await entered(other)]
    const { body } = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'totp' } })
    const { offer, secret } = body.codes
    const set = (path: string, whose: string, code: string) =>
      ask('POST', `/users/${path}/factors`, { cookie: whose, body: { kind: 'totp', name: 'Phone', offer, code } })
    const wrong = await set(user, cookie, codeOf(secret) === '000000' ? '000001' : '000000')
    expect(wrong).toMatchObject({ status: 422, body: { code: 'factor/refused' } })
    expect(wrong.body.detail).toMatch(/clock says \d{4}-/)
    expect((await set(other, others, codeOf(secret))).body.code).toBe('factor/refused')
    expect((await set(user, others, codeOf(secret))).body.code).toBe('people/forbidden')
    expect(people().user(user)?.factors).toEqual([])
  })
  test('needs the password said again before it is set up or removed', async () => {
    const user = await account('operator')
    const { cookie } = await byPassword(user)
    const offer = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'totp' } })
    expect(offer.body.code).toBe('people/confirm-first')
  })
})

describe('a passkey', () => {
  test('signs in by itself, and gives roles that need a second factor', async () => {
    const user = await account('supervisor')
    const { key, answer } = await withPasskey(user, await entered(user))
    expect(answer.status).toBe(201)
    const { status, body } = await usePasskey(key)
    expect({ status, body }).toMatchObject({ status: 201, body: { user, roles: ['supervisor'] } })
  })
  test('is the second step after the password, where the account has no other', async () => {
    const user = await account('operator')
    const { key } = await withPasskey(user, await entered(user))
    const { body } = await byPassword(user)
    expect(body).toMatchObject({ code: 'people/second-step', ways: ['passkey'] })
    expect(body.passkey.allowCredentials.length).toBe(1)
    expect((await signIn({ passkey: key.use(body.passkey, { origin }) })).status).toBe(201)
  })
  test('counts each answer once, however often and at once it is sent', async () => {
    const user = await account('operator')
    const { key } = await withPasskey(user, await entered(user))
    const { body } = await ask('GET', '/session/passkey')
    const passkey = key.use(body, { origin })
    const answers = await Promise.all([signIn({ passkey }), signIn({ passkey }), signIn({ passkey })])
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 401, 401])
  })
  test.each([
    ['of a page of another address', { origin: 'https://lamppost.evil' }],
    ['for another site', { site: 'lamppost.evil' }],
    ['that asked its holder for nothing', { verified: false }],
    ['to a challenge of its own', { challenge: Buffer.from('x'.repeat(32)).toString('base64url') }],
    ['to a challenge of an enrolment', 'enrolment'],
  ])('is refused with an answer %s', async (_, told) => {
    const user = await account('operator')
    const { key, options } = await withPasskey(user, await entered(user))
    const { status, cookie } = await usePasskey(
      key,
      told === 'enrolment' ? { challenge: options.challenge } : (told as object),
    )
    expect({ status, cookie }).toEqual({ status: 401, cookie: '' })
  })
  test('that was copied is noticed by its count', async () => {
    const user = await account('operator')
    const { key } = await withPasskey(user, await entered(user))
    expect((await usePasskey(key, { counter: 7 })).status).toBe(201)
    expect((await usePasskey(key, { counter: 7 })).status).toBe(401)
    expect((await usePasskey(key, { counter: 3 })).status).toBe(401)
    expect((await usePasskey(key, { counter: 8 })).status).toBe(201)
  })
  test('of nobody is refused, and that is an entry', async () => {
    expect((await usePasskey(createSoftwareAuthenticator())).status).toBe(401)
    const reasons = (await linesOf('session.refused')).map(({ body }) => body.reason)
    expect(reasons).toContain('unknown passkey')
  })
  test('cannot be made for an address of numbers, and says what to do', async () => {
    const numbers = await fetch(`${house.url}/api/v1/session/passkey`)
    const body = (await numbers.json()) as { code: string; detail: string }
    expect([numbers.status, body.code]).toEqual([409, 'factor/no-passkeys'])
    expect(body.detail).toContain('authenticator app')
  })
  test('of one account is not set up in another, which would answer in its place', async () => {
    const [user, other] = [await account('operator'), await account('operator')]
    const { key } = await withPasskey(user, await entered(user))
    const others = await entered(other)
    const { body } = await ask('POST', `/users/${other}/factors/offers`, { cookie: others, body: { kind: 'passkey' } })
    const passkey = key.make(body.passkey, { origin })
    const taken = await ask('POST', `/users/${other}/factors`, {
      ...{ cookie: others, body: { kind: 'passkey', name: 'Key', passkey } },
    })
    expect(taken.body.code).toBe('factor/refused')
    expect((await usePasskey(key)).status).toBe(201)
  })
  test('that is made for somebody else’s account, or twice, is not taken', async () => {
    const [user, other] = [await account('operator'), await account('operator')]
    const [cookie, others] = [await entered(user), await entered(other)]
    const { body } = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'passkey' } })
    const passkey = createSoftwareAuthenticator().make(body.passkey, { origin })
    const take = (who: string, by: string) =>
      ask('POST', `/users/${who}/factors`, { cookie: by, body: { kind: 'passkey', name: 'Key', passkey } })
    expect((await take(other, others)).body.code).toBe('factor/refused')
    const taken = await take(user, cookie)
    expect(taken.status).toBe(201)
    expect((await take(user, taken.cookie)).body.code).toMatch(/factor\/refused|people\/confirm-first/)
  })
})

/** Sends the headers of a request; its body when it is told to. */
function heldBack(method: string, path: string, cookie: string, body: object) {
  const text = JSON.stringify(body)
  const request = httpRequest(`${origin}/api/v1${path}`, {
    method,
    headers: { ...address(), cookie, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  })
  request.write(text.slice(0, 1))
  const answer = new Promise<number>((resolve) => {
    request.on('response', (response) => (response.resume(), resolve(response.statusCode ?? 0)))
    request.on('error', () => resolve(0))
  })
  return {
    send: () => {
      request.end(text.slice(1))
      return answer
    },
  }
}

describe('a request whose body is held back until its session has ended', () => {
  test('sets up no second factor, and gives no new password', async () => {
    const [user, boss] = [await account('supervisor'), await account('supervisor')]
    const cookie = await entered(user)
    const { body } = await ask('POST', `/users/${user}/factors/offers`, { cookie, body: { kind: 'totp' } })
    const { offer, secret } = body.codes
    const factor = heldBack('POST', `/users/${user}/factors`, cookie, {
      ...{ kind: 'totp', name: 'Thief', offer, code: codeOf(secret) },
    })
    const password = heldBack('PATCH', `/users/${user}`, cookie, { password: 'the thief has chosen this' })
    const bosss = await withCodes(boss, await entered(boss))
    const { ticket } = (await byPassword(boss)).body
    await ask('PUT', '/session/confirmation', { cookie: bosss.cookie, body: { ticket, code: codeOf(bosss.secret, 1) } })
    expect((await ask('DELETE', `/users/${user}/factors`, { cookie: bosss.cookie })).status).toBe(204)
    expect([0, 401]).toContain(await factor.send())
    expect([0, 401, 403]).toContain(await password.send())
    expect(people().user(user)?.factors).toEqual([])
    expect((await byPassword(user)).status).toBe(201)
  })
})

describe('a second factor that is lost', () => {
  test('is taken away by a supervisor, with an entry; the person is signed out and sets up a new one', async () => {
    const [user, boss] = [await account('evidence'), await account('supervisor')]
    const { cookie } = await withCodes(user, await entered(user))
    const { cookie: bosss, secret } = await withCodes(boss, await entered(boss))
    const { ticket } = (await byPassword(boss)).body
    await ask('PUT', '/session/confirmation', { cookie: bosss, body: { ticket, code: codeOf(secret, 1) } })
    expect((await ask('DELETE', `/users/${user}/factors`, { cookie: bosss })).status).toBe(204)
    expect((await ask('GET', '/session', { cookie })).status).toBe(401)
    const again = await byPassword(user)
    expect(again).toMatchObject({ status: 201, body: { roles: [], withheld: ['evidence'] } })
    expect((await linesOf('factors.reset')).at(-1)).toMatchObject({
      actor: expect.stringContaining('supervisor:'),
      body: { user, factors: 1 },
    })
  })
  test('is taken away by nobody who is no supervisor, their own session included', async () => {
    const [user, other] = [await account('operator'), await account('operator')]
    const { cookie } = await withCodes(user, await entered(user))
    const others = await entered(other)
    expect((await ask('DELETE', `/users/${user}/factors`, { cookie: others })).status).toBe(403)
    expect((await ask('DELETE', `/users/${user}/factors`, { cookie })).status).toBe(403)
    expect((await ask('GET', `/users/${user}/factors`, { cookie: others })).status).toBe(403)
    expect((await ask('GET', `/users/${user}/factors`, { cookie })).body.items).toMatchObject([{ kind: 'totp' }])
  })
  test('of one’s own is removed by oneself; a role that needs one is withheld from then on', async () => {
    const user = await account('supervisor')
    const { cookie } = await withCodes(user, await entered(user))
    const { body } = await ask('GET', `/users/${user}/factors`, { cookie })
    const gone = await ask('DELETE', `/users/${user}/factors/${body.items[0].id}`, { cookie })
    expect(gone.status).toBe(204)
    expect((await ask('GET', '/session', { cookie: gone.cookie })).body).toMatchObject({
      roles: [],
      withheld: ['supervisor'],
    })
    expect((await linesOf('factor.removed')).at(-1)?.body).toMatchObject({ user, what: 'totp' })
  })
  test('is taken away on the machine, and stands in the record as that', async () => {
    const user = await account('supervisor')
    const { cookie } = await withCodes(user, await entered(user))
    await people().changeFactors(user, () => [])
    await until(
      async () => (await ask('GET', '/session', { cookie })).status,
      (status) => status === 401,
    )
    const [line] = await until(
      async () => (await linesOf('factors.reset')).filter(({ body }) => body.user === user),
      (lines) => lines.length > 0,
    )
    expect(line).toMatchObject({ actor: 'machine:command line', body: { factors: 1 } })
    expect((await linesOf('user.changed')).filter(({ body }) => body.user === user)).toEqual([])
  })
})
