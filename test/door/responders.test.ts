/** Responders' links: made, used, counted, and ended, over HTTP with a real camera. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-responders-'))
const file = join(folder, 'site.yaml')
const tokens = new Map<string, string>()
const small = { width: 640, height: 360 }
let house: House
let town: Awaited<ReturnType<typeof startTestTown>>

const siteText = (responders: string): string => {
  const access = (id: string): string =>
    `onvif: { url: "${town.camera(id).url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }`
  return `site: { id: town, name: Town, timezone: Europe/London }
${responders}
helpPoints:
  - { id: bar, name: Number One Bar, address: Blackwellgate, location: { lat: 54.52363, lon: -1.55610 } }
  - { id: row, name: High Row, location: { lat: 54.55, lon: -1.5552 } }
cameras:
  - { id: head, name: Head, location: { lat: 54.5237, lon: -1.5561 }, ${access('head')},
      presets: { bar: { token: "${PRESET.token}", name: There } } }
  - { id: elsewhere, name: Elsewhere, location: { lat: 54.55, lon: -1.5552 }, ${access('elsewhere')} }
contacts:
  - { id: police, name: Durham Constabulary, phone: "101", urgent: "999" }
  - { id: hub, name: Number Forty, phone: "01632 960001", mobile: "+44 7700 900123", email: hub@example.org }
`
}
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; body: any; headers: Headers }
async function ask(path: string, init: RequestInit & { bearer?: string; json?: unknown } = {}): Promise<Answer> {
  const { bearer, json, headers, ...rest } = init
  const answer = await fetch(`${house.url}${path}`, {
    ...rest,
    headers: {
      ...headers,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  const text = await answer.text()
  let body: unknown = text
  try {
    body = JSON.parse(text)
  } catch {
    // A page, or a picture.
  }
  return { status: answer.status, body, headers: answer.headers }
}
const as = (who: string, method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
  ask(`/api/v1${path}`, { method, bearer: tokens.get(who) ?? '', headers, ...(json === undefined ? {} : { json }) })
async function press(helpPoint = 'bar'): Promise<string> {
  const { body } = await as('press', 'POST', '/presses', { helpPoint })
  return body.incident as string
}
async function lend(incident: string, contact = 'police', minutes = 30) {
  const { status, body } = await as('asha', 'POST', `/incidents/${incident}/responder-links`, { contact, minutes })
  expect(status).toBe(201)
  const [path = '', token = ''] = (body.url as string).split('#')
  return { id: body.id as string, path, token, body }
}
async function enter({ path, token }: { path: string; token: string }): Promise<string> {
  const { status, body } = await ask(`${path}/session`, { method: 'POST', json: { token } })
  expect(status).toBe(201)
  return body.session as string
}
/** Of one link, oldest first. */
// oxlint-disable-next-line no-explicit-any -- as above
async function entriesOf(link: string): Promise<any[]> {
  const found = []
  for (let after = 0; ;) {
    const { body } = await as('sam', 'GET', `/ledger?after=${after}`)
    found.push(...body.items.filter((each: Answer) => each.body?.link === link))
    const last = body.items.at(-1)
    if (!last || body.next === null) return found
    after = last.seq
  }
}
const linesOf = async (incident: string) => (await as('asha', 'GET', `/incidents/${incident}`)).body.responders

beforeAll(async () => {
  town = await startTestTown(plan('head', true, small), plan('elsewhere', false, small))
  writeFileSync(file, siteText(''))
  house = await openHouse({ siteFile: file, dataFolder: join(folder, 'data'), port: 0, host: '127.0.0.1', rtmpPort: 0 })
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  const roles: [string, Role][] = [
    ['asha', 'operator'],
    ['sam', 'supervisor'],
    ['eve', 'engineer'],
    ['olu', 'evidence'],
    ['press', 'press'],
  ]
  for (const [name, role] of roles) tokens.set(name, people.addToken({ name, role, helpPoints: null }))
})
afterAll(async () => {
  await house?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** A press joins what is open: each test has incidents of its own. */
afterEach(async () => {
  const { body } = await as('asha', 'GET', '/incidents?limit=100')
  for (const { id, state } of body.items as { id: string; state: string }[])
    if (state !== 'closed') await as('sam', 'POST', `/incidents/${id}/closure`, { reason: 'Helped' })
})

describe('lending', () => {
  test('operators and supervisors lend, others may not', async () => {
    const incident = await press()
    const status = async (who: string): Promise<number> =>
      (await as(who, 'POST', `/incidents/${incident}/responder-links`, { contact: 'police', minutes: 5 })).status
    expect(await Promise.all(['asha', 'sam', 'eve', 'olu', 'press', 'nobody'].map(status))).toEqual([
      201, 201, 403, 403, 403, 401,
    ])
  })
  test.each([
    ['a contact that the site file does not have', { contact: 'fire', minutes: 5 }, 422],
    ['a name of an object’s own', { contact: 'constructor', minutes: 5 }, 422],
    ['no minutes', { contact: 'police', minutes: 0 }, 422],
    ['fewer', { contact: 'police', minutes: -5 }, 422],
    ['half a minute', { contact: 'police', minutes: 0.5 }, 422],
    ['more than a day', { contact: 'police', minutes: 1441 }, 422],
    ['words for minutes', { contact: 'police', minutes: 'ten' }, 400],
    ['something else beside', { contact: 'police', minutes: 5, camera: 'elsewhere' }, 400],
  ])('%s: refused', async (_, body, expected) => {
    const incident = await press()
    expect((await as('asha', 'POST', `/incidents/${incident}/responder-links`, body)).status).toBe(expected)
  })
  test('an incident that is not there is 404, one that is closed 409', async () => {
    const one = { contact: 'police', minutes: 5 }
    expect((await as('asha', 'POST', '/incidents/inc-nothing/responder-links', one)).status).toBe(404)
    const incident = await press('row')
    await as('asha', 'POST', `/incidents/${incident}/closure`, { reason: 'Helped' })
    expect(await as('asha', 'POST', `/incidents/${incident}/responder-links`, one)).toMatchObject({
      status: 409,
      body: { code: 'incident/closed' },
    })
  })
  test('the answer has the address, its end, where it can be sent, and a QR code of it', async () => {
    const { body, path, token } = await lend(await press(), 'hub', 15)
    expect(path).toBe(`/r/${body.id}`)
    expect(Buffer.from(token, 'base64url').length).toBe(32)
    expect(Date.parse(body.until) - Date.now()).toBeGreaterThan(14 * 60_000)
    expect(body.contact).toEqual({ name: 'Number Forty', mobile: '+447700900123', email: 'hub@example.org' })
    expect(body.qr.size).toBeGreaterThan(20)
  })
  test('of the token only a hash is kept, and it stands in no answer, entry or file', async () => {
    const incident = await press()
    const { token } = await lend(incident)
    const all = JSON.stringify([
      (await as('asha', 'GET', `/incidents/${incident}`)).body,
      (await as('asha', 'GET', `/incidents/${incident}/responder-links`)).body,
      (await as('sam', 'GET', '/ledger?after=0')).body,
    ])
    expect(all).not.toContain(token)
    // grep finds nothing: it ends with 1
    expect(() => execFileSync('grep', ['-r', '--binary-files=text', '-l', token, join(folder, 'data')])).toThrow()
  })
  test('twenty links of one incident are enough; one that is revoked makes room', async () => {
    const incident = await press('row')
    const links = []
    for (let i = 0; i < 20; i += 1) links.push(await lend(incident))
    const one = { contact: 'police', minutes: 5 }
    expect((await as('asha', 'POST', `/incidents/${incident}/responder-links`, one)).status).toBe(429)
    await as('sam', 'DELETE', `/incidents/${incident}/responder-links/${links[0]?.id}`)
    expect((await as('asha', 'POST', `/incidents/${incident}/responder-links`, one)).status).toBe(201)
    await as('asha', 'POST', `/incidents/${incident}/closure`, { reason: 'Helped' })
  })
})

describe('the link', () => {
  test('its page shows nothing by itself, is kept nowhere, and its fetching is counted apart', async () => {
    const incident = await press()
    const { path, id } = await lend(incident)
    for (let i = 0; i < 3; i += 1) {
      const page = await ask(path, { headers: { accept: 'text/html' } })
      expect(page.status).toBe(200)
      expect(page.body).not.toMatch(/Number One|Durham|Head/)
      expect(page.headers.get('referrer-policy')).toBe('no-referrer')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.headers.get('x-robots-tag')).toContain('noindex')
      expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(page.headers.get('set-cookie')).toBeNull()
    }
    const line = await until(
      async () => (await linesOf(incident)).find((each: { id: string }) => each.id === id),
      ({ fetched }: { fetched: number }) => fetched === 3,
    )
    expect(line).toMatchObject({ opened: 0, answer: null })
    // A preview spends nothing.
    await enter(await lend(incident))
  })
  test('one that was never made is 404, to a person in words', async () => {
    expect((await ask('/r/rl-nothing')).status).toBe(404)
    const page = await ask('/r/rl-nothing', { headers: { accept: 'text/html' } })
    expect(page.status).toBe(404)
    expect(page.body).toContain('There is no such link')
  })
  test('its token opens a session of a tab, again after a reload, and is not the token of another link', async () => {
    const incident = await press()
    const one = await lend(incident)
    const other = await lend(incident, 'hub')
    const session = await enter(one)
    expect(await enter(one)).not.toBe(session)
    expect((await ask(`${one.path}/incident`, { bearer: session })).status).toBe(200)
    expect((await ask(`${other.path}/incident`, { bearer: session })).status).toBe(401)
    expect((await ask(`${one.path}/incident`, { bearer: one.token })).status).toBe(401)
    expect((await ask(`${one.path}/incident`)).status).toBe(401)
    const wrong = await ask(`${one.path}/session`, { method: 'POST', json: { token: other.token } })
    expect(wrong.status).toBe(401)
    // The room's own tokens and a responder's session open nothing of each other's.
    expect((await ask(`${one.path}/incident`, { bearer: tokens.get('asha') ?? '' })).status).toBe(401)
    expect((await ask(`/api/v1/incidents/${incident}`, { bearer: session })).status).toBe(401)
    expect((await entriesOf(one.id)).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['responder.lent', 'responder.opened', 'responder.refused']),
    )
  })
  test('it shows the place, the incident’s cameras, and the notes that were marked; nobody’s name of the room', async () => {
    const incident = await press()
    await as('asha', 'POST', `/incidents/${incident}/acknowledgement`)
    const note = async (text: string): Promise<number> =>
      (await as('asha', 'POST', `/incidents/${incident}/notes`, { text })).body.log.at(-1).seq as number
    const shown = await note('Red jacket, by the steps')
    await note('She gave her name')
    expect((await as('asha', 'PUT', `/incidents/${incident}/notes/${shown}/sharing`)).status).toBe(204)
    expect((await as('asha', 'PUT', `/incidents/${incident}/notes/999999/sharing`)).status).toBe(404)
    expect((await as('eve', 'PUT', `/incidents/${incident}/notes/${shown}/sharing`)).status).toBe(403)
    const link = await lend(incident)
    const { body } = await ask(`${link.path}/incident`, { bearer: await enter(link) })
    expect(body).toMatchObject({
      town: 'Town',
      recipient: 'Durham Constabulary',
      drill: false,
      place: { name: 'Number One Bar', address: 'Blackwellgate', lat: 54.52363, lon: -1.5561 },
      cameras: [{ id: 'head', name: 'Head' }],
      notes: [{ text: 'Red jacket, by the steps' }],
      answer: null,
    })
    expect(JSON.stringify(body)).not.toMatch(/asha|She gave|onvif|rtsp/i)
  })
  test('what they answer stands in the incident, in their name', async () => {
    const incident = await press()
    const link = await lend(incident)
    const session = await enter(link)
    const say = (json: unknown) => ask(`${link.path}/answers`, { method: 'POST', bearer: session, json })
    expect((await say({ answer: 'on-my-way' })).status).toBe(204)
    expect((await say({ answer: 'needs-more', words: ' an ambulance ' })).status).toBe(204)
    expect((await say({ answer: 'asleep' })).status).toBe(400)
    expect((await say({ answer: 'arrived', words: 'x'.repeat(401) })).status).toBe(400)
    const line = (await linesOf(incident)).find(({ id }: { id: string }) => id === link.id)
    expect(line.answer).toMatchObject({ answer: 'needs-more', words: 'an ambulance' })
    const { body } = await as('asha', 'GET', `/incidents/${incident}`)
    expect(body.log.at(-1)).toMatchObject({ kind: 'responder.answered', actor: 'responder:Durham Constabulary' })
  })
  test('whoever has it fills no ledger: beyond thirty answers at once they wait', async () => {
    const link = await lend(await press())
    const session = await enter(link)
    const statuses = []
    for (let i = 0; i < 35; i += 1)
      statuses.push(
        (await ask(`${link.path}/answers`, { method: 'POST', bearer: session, json: { answer: 'arrived' } })).status,
      )
    expect(statuses.filter((status) => status === 204).length).toBeLessThanOrEqual(31)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('pictures', () => {
  const firstOf = async (path: string, bearer: string): Promise<Answer> =>
    until(
      () => ask(`${path}/index.m3u8`, { bearer }),
      ({ status }) => status === 200,
    )
  test('a live picture of the incident’s camera, H.264 and without sound, with an entry before the first', async () => {
    const incident = await press()
    const link = await lend(incident)
    const session = await enter(link)
    const { body, headers } = await firstOf(`${link.path}/cameras/head`, session)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toContain('#EXT-X-MAP')
    const init = /URI="(init\/[^"]+)"/.exec(body as string)?.[1]
    const bytes = await fetch(`${house.url}${link.path}/cameras/head/${init}`, {
      headers: { authorization: `Bearer ${session}` },
    }).then((answer) => answer.arrayBuffer())
    const text = Buffer.from(bytes).toString('latin1')
    expect(text).toContain('avc1')
    expect(text).not.toMatch(/mp4a|Opus|soun/)
    const still = await until(
      () =>
        fetch(`${house.url}${link.path}/cameras/head/snapshot.jpg`, {
          headers: { authorization: `Bearer ${session}` },
        }),
      ({ status }) => status === 200,
    )
    expect(still.headers.get('content-type')).toBe('image/jpeg')
    const looks = (await entriesOf(link.id)).filter(({ kind }) => kind === 'responder.viewed')
    expect(looks.map(({ body: of }) => of.what)).toEqual(['live', 'still'])
    // An operator need not know who looks at what; the count stands on the line.
    expect(JSON.stringify((await as('asha', 'GET', `/incidents/${incident}`)).body.log)).not.toContain('"what":"live"')
  })
  test.each(['elsewhere', 'nothing', '..%2fhead', 'constructor'])('no other camera: %s', async (camera) => {
    const link = await lend(await press())
    const session = await enter(link)
    for (const what of ['index.m3u8', 'snapshot.jpg', 'init/0.mp4', 'segment/1.m4s', 'part/1.0.m4s'])
      expect((await ask(`${link.path}/cameras/${camera}/${what}`, { bearer: session })).status).toBe(404)
  })
  test('without a session there is no picture', async () => {
    const link = await lend(await press())
    for (const what of ['index.m3u8', 'snapshot.jpg', 'segment/1.m4s'])
      expect((await ask(`${link.path}/cameras/head/${what}`)).status).toBe(401)
  })
})

describe('its end', () => {
  /** The events of a page that is open, and when they ended. */
  async function openPage({ path, token }: { path: string; token: string }) {
    const session = await enter({ path, token })
    const answer = await fetch(`${house.url}${path}/events`, { headers: { authorization: `Bearer ${session}` } })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const heard: string[] = []
    const over = (async () => {
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const read = await reader?.read()
        if (!read || read.done) return
        heard.push(...read.value.split('\n').filter((line) => line.startsWith('event: ')))
      }
    })()
    await until(
      () => heard.length,
      (count) => count > 0,
    )
    return { session, heard, over }
  }
  const END: [string, (incident: string, id: string) => Promise<unknown>, string][] = [
    ['revoked', (incident, id) => as('sam', 'DELETE', `/incidents/${incident}/responder-links/${id}`), 'revoked'],
    [
      'its incident closed',
      (incident) => as('asha', 'POST', `/incidents/${incident}/closure`, { reason: 'Helped' }),
      'closed',
    ],
  ]
  test.each(END)('%s: 410, the open page is told, and nothing more goes out', async (_, act, end) => {
    const incident = await press()
    const link = await lend(incident)
    const { session, heard, over } = await openPage(link)
    await act(incident, link.id)
    await over
    expect(heard.at(-1)).toBe('event: ended')
    for (const [path, init] of [
      [link.path, {}],
      [`${link.path}/incident`, { bearer: session }],
      [`${link.path}/cameras/head/index.m3u8`, { bearer: session }],
      [`${link.path}/cameras/head/snapshot.jpg`, { bearer: session }],
      [`${link.path}/events`, { bearer: session }],
      [`${link.path}/answers`, { method: 'POST', bearer: session, json: { answer: 'arrived' } }],
      [`${link.path}/session`, { method: 'POST', json: { token: link.token } }],
    ] as const)
      expect(await ask(path, init)).toMatchObject({ status: 410, body: { code: 'responder/over', end } })
    const page = await ask(link.path, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(410)
    expect(page.body).not.toContain('<script')
    const line = (await linesOf(incident)).find(({ id }: { id: string }) => id === link.id)
    expect(line.endedAt).not.toBeNull()
  })
  test('revoking twice is no news, and of another incident’s link it is 404', async () => {
    const incident = await press()
    const link = await lend(incident)
    const path = `/incidents/${incident}/responder-links/${link.id}`
    expect((await as('asha', 'DELETE', path)).status).toBe(204)
    expect((await as('asha', 'DELETE', path)).status).toBe(204)
    const other = await press('row')
    expect((await as('asha', 'DELETE', `/incidents/${other}/responder-links/${link.id}`)).status).toBe(404)
    expect((await as('eve', 'DELETE', path)).status).toBe(403)
    const entries = await entriesOf(link.id)
    expect(entries.filter(({ kind }) => kind === 'responder.revoked').length).toBe(1)
  })
  test('a wait for the next picture is cut off when the link ends', async () => {
    const incident = await press()
    const link = await lend(incident)
    const session = await enter(link)
    const { body } = await until(
      () => ask(`${link.path}/cameras/head/index.m3u8`, { bearer: session }),
      ({ status }) => status === 200,
    )
    const next = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(body as string)?.[1]) + 8
    const waiting = ask(`${link.path}/cameras/head/index.m3u8?_HLS_msn=${next}&_HLS_part=0`, { bearer: session }).then(
      ({ status }) => status,
      () => 'cut off',
    )
    await as('asha', 'DELETE', `/incidents/${incident}/responder-links/${link.id}`)
    // However it ends, it is no picture: too far ahead, or cut off.
    expect(await waiting).not.toBe(200)
  })
  test('after a restart of the server the link goes on, and its page opens a new session', async () => {
    const incident = await press()
    const link = await lend(incident)
    const session = await enter(link)
    await house.close()
    house = await openHouse({
      siteFile: file,
      dataFolder: join(folder, 'data'),
      port: 0,
      host: '127.0.0.1',
      rtmpPort: 0,
    })
    expect((await ask(`${link.path}/incident`, { bearer: session })).status).toBe(401)
    expect((await ask(`${link.path}/incident`, { bearer: await enter(link) })).status).toBe(200)
    const { body } = await as('sam', 'GET', '/ledger/verification')
    expect(body.ok).toBe(true)
    expect(readFileSync(join(folder, 'data', 'people.json'), 'utf8')).not.toContain(link.token)
  })
})

describe('where links lead', () => {
  const one = { contact: 'police', minutes: 5 }
  const throughAProxy = { 'x-forwarded-for': '10.0.0.1' }
  test('without a word in the site file only on this machine: through a proxy it says what is missing', async () => {
    const incident = await press()
    const proxied = await as('asha', 'POST', `/incidents/${incident}/responder-links`, one, throughAProxy)
    expect(proxied).toMatchObject({ status: 409, body: { code: 'responder/no-address' } })
    expect(proxied.body.detail).toContain('responders: { url: "https://')
    expect(await linesOf(incident)).toEqual([])
  })
  test.each([
    [
      '"https://help.example.gov.uk/cctv/"',
      /^https:\/\/help\.example\.gov\.uk\/cctv\/r\/rl-[a-z0-9]+#[A-Za-z0-9_-]{43}$/,
    ],
    ['here', /^\/r\/rl-[a-z0-9]+#[A-Za-z0-9_-]{43}$/],
  ])('responders: { url: %s } stands in each link, for whoever asks', async (url, expected) => {
    writeFileSync(file, siteText(`responders: { url: ${url} }`))
    const incident = await press()
    await until(
      async () => {
        const { body } = await as('asha', 'POST', `/incidents/${incident}/responder-links`, one, throughAProxy)
        return String(body.url)
      },
      (found) => expected.test(found),
    )
  })
})
