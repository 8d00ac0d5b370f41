import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApi } from '../../server/door/api-document.ts'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { isOnPress } from '../journeys/town-process.ts'

let house: House
const dataFolder = mkdtempSync(join(tmpdir(), 'lamppost-api-'))
const open = () => openHouse({ siteFile: null, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0 })
beforeAll(async () => {
  house = await open()
  await until(
    async () => (await call('operator', 'GET', '/cameras')).body.items,
    (cameras: { id: string; health: { onvif: string; video: string } }[]) =>
      cameras
        .filter(({ id }) => !isOnPress(id))
        .every(({ health }) => health.onvif !== 'down' && health.video === 'up'),
    60_000,
  )
})
afterAll(async () => {
  await house.close()
  rmSync(dataFolder, { recursive: true, force: true })
})

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; body: any; headers: Headers }
async function call(
  who: Role | { token: string } | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const token = who === null ? null : typeof who === 'string' ? house.demo?.tokens[who] : who.token
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
  }
}
const problem = (status: number, code: string) => ({
  status,
  body: expect.objectContaining({
    status,
    code,
    title: expect.any(String),
    detail: expect.any(String),
    type: 'about:blank',
  }),
})
const press = (body: unknown, who: Parameters<typeof call>[0] = 'press') => call(who, 'POST', '/presses', body)
const ledger = async () =>
  (await call('supervisor', 'GET', '/ledger?limit=200')).body.items as {
    seq: number
    kind: string
    actor: string
    body: Record<string, unknown>
  }[]

describe('pressing', () => {
  test('is acknowledged with 202 and a receipt, and the entry is in the ledger', async () => {
    const { status, body } = await press({ helpPoint: 'blackwellgate', id: 'first' })
    expect(status).toBe(202)
    expect(body).toEqual({
      press: expect.stringMatching(/^prs-/),
      incident: expect.stringMatching(/^inc-/),
      receivedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    })
    expect(
      (await ledger()).filter(
        ({ kind, body: entry }) => kind === 'press.received' && (entry.press as { key: string }).key === 'first',
      ),
    ).toHaveLength(1)
  })
  test('again with the same id answers 200 with the same receipt', async () => {
    const first = await press({ helpPoint: 'blackwellgate', id: 'twice' })
    const again = await press({ helpPoint: 'blackwellgate', id: 'twice' })
    expect(again).toMatchObject({ status: 200, body: first.body })
  })
  test.each([
    ['an unknown help point', { helpPoint: 'nowhere' }, 404, 'help-point/unknown'],
    ['no help point', {}, 400, 'request/invalid'],
    ['a key that does not exist', { helpPoint: 'blackwellgate', colour: 'red' }, 400, 'request/invalid'],
    ['a number for a name', { helpPoint: 5 }, 400, 'request/invalid'],
    ['a time that is none', { helpPoint: 'blackwellgate', pressedAt: 'yesterday' }, 400, 'request/invalid'],
    ['a kind that does not exist', { helpPoint: 'blackwellgate', kind: 'joke' }, 400, 'request/invalid'],
    ['an empty id', { helpPoint: 'blackwellgate', id: '' }, 400, 'request/invalid'],
    ['no JSON at all', '{"helpPoint":', 400, 'request/invalid'],
  ])('with %s is refused as a problem document', async (_, body, status, code) => {
    const answer = await press(body)
    expect(answer).toMatchObject(problem(status, code))
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  })
  test.each([
    ['no token', null],
    ['a wrong token', { token: 'wrong' }],
  ])('with %s is refused with 401, in the ledger, and opens nothing', async (_, who) => {
    const before = (await call('operator', 'GET', '/incidents')).body.items.length
    const answer = await press({ helpPoint: 'high-row' }, who)
    expect(answer).toMatchObject(problem(401, 'people/unauthenticated'))
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect((await call('operator', 'GET', '/incidents')).body.items).toHaveLength(before)
    await until(ledger, (entries) => entries.some(({ kind }) => kind === 'press.refused'))
  })
  test('an operator’s token is no help point’s', async () => {
    expect(await press({ helpPoint: 'blackwellgate' }, 'operator')).toMatchObject(problem(403, 'people/forbidden'))
  })
  test('one help point’s token does not speak for its neighbour', async () => {
    const token = openPeopleFile(join(dataFolder, 'people.json')).addToken({
      name: 'High Row',
      role: 'press',
      helpPoints: ['high-row'],
    })
    expect(await press({ helpPoint: 'blackwellgate' }, { token })).toMatchObject(problem(401, 'people/unauthenticated'))
    expect((await press({ helpPoint: 'high-row', id: 'own' }, { token })).status).toBe(202)
  })
  test('a body of a megabyte is refused', async () => {
    expect((await press({ helpPoint: 'x'.repeat(1_000_000) })).status).toBe(413)
  })
})

describe('an incident', () => {
  test('is framed with proofs, and holds clips from before the press', async () => {
    const { body } = await press({ helpPoint: 'skinnergate', id: 'framed' })
    const incident = await until(
      async () => (await call('operator', 'GET', `/incidents/${body.incident}`)).body,
      ({ framings }) => framings[0].state === 'framed',
    )
    expect(incident.framings[0]).toMatchObject({
      camera: 'cam-14',
      preset: 'mechanics-yard',
      role: 'primary',
      proofs: ['accepted', 'stopped', 'position'],
      reason: null,
    })
    expect(incident.framings.some(({ camera }: { camera: string }) => camera === 'cam-32')).toBe(true)
    const clip = incident.clips.find(({ camera }: { camera: string }) => camera === 'cam-14')
    expect(Date.parse(incident.presses[0].receivedAt) - Date.parse(clip.from)).toBe(60_000)
    const playlist = (await call('operator', 'GET', clip.playlist.replace('/api/v1', ''))).body
    expect(playlist).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
    const first = Date.parse(/PROGRAM-DATE-TIME:(\S+)/.exec(playlist)?.[1] ?? '')
    expect(first).toBeLessThan(Date.parse(incident.presses[0].receivedAt))
  })
  test('is taken by the first, and the second hears who has it', async () => {
    const { body } = await press({ helpPoint: 'skinnergate', id: 'taken' })
    const path = `/incidents/${body.incident}/acknowledgement`
    const both = await Promise.all([call('operator', 'POST', path), call('supervisor', 'POST', path)])
    const [won, lost] = both[0].status === 200 ? both : [both[1], both[0]]
    expect(won).toMatchObject({ status: 200, body: { state: 'acknowledged' } })
    expect(lost).toMatchObject(problem(409, 'incident/taken'))
    expect(lost.body.owner).toBe(won.body.owner)
  })
  test('takes notes, steps and contacts, and closes with a reason', async () => {
    const { body } = await press({ helpPoint: 'skinnergate', id: 'handled' })
    const path = `/incidents/${body.incident}`
    expect((await call('operator', 'POST', `${path}/notes`, { text: '<img src=x onerror=alert(1)>' })).status).toBe(200)
    expect((await call('operator', 'POST', `${path}/steps`, { step: 0 })).body.steps).toMatchObject([
      { step: 0, by: 'operator:Demo operator' },
    ])
    expect(
      (await call('operator', 'POST', `${path}/contacts`, { contact: 'police', outcome: 'on their way' })).status,
    ).toBe(200)
    expect(await call('operator', 'POST', `${path}/closure`, {})).toMatchObject(problem(400, 'request/invalid'))
    const closed = await call('operator', 'POST', `${path}/closure`, { reason: 'Helped by staff' })
    expect(closed.body).toMatchObject({ state: 'closed', closureReason: 'Helped by staff' })
    expect(closed.body.clips.every(({ to }: { to: string | null }) => to !== null)).toBe(true)
    expect(await call('operator', 'POST', `${path}/closure`, { reason: 'again' })).toMatchObject(
      problem(409, 'incident/closed'),
    )
    const playlist = (await call('operator', 'GET', `${path}/clips/cam-14/index.m3u8`)).body
    expect(playlist).toContain('#EXT-X-ENDLIST')
  })
  test('has a number, an outcome, and is found by them, by words and by who had it', async () => {
    const { body } = await press({ helpPoint: 'skinnergate', id: 'numbered' })
    const path = `/incidents/${body.incident}`
    const opened = (await call('operator', 'GET', path)).body
    expect(opened).toMatchObject({ number: expect.stringMatching(/^LP-20\d\d-\d{4}$/), closureCode: null })
    await call('operator', 'POST', `${path}/acknowledgement`)
    await call('operator', 'POST', `${path}/notes`, { text: 'Two boys with a zephyr kite' })
    const closed = await call('operator', 'POST', `${path}/closure`, { reason: 'They ran away', code: 'malicious' })
    expect(closed.body).toMatchObject({ state: 'closed', closureCode: 'malicious', number: opened.number })
    const wrong = await call('operator', 'POST', `${path}/closure`, { reason: 'x', code: 'stolen' })
    expect(wrong).toMatchObject(problem(400, 'request/invalid'))

    expect((await call('operator', 'GET', `/incidents/${opened.number.toLowerCase()}`)).body.id).toBe(body.incident)
    const { items } = (await call('supervisor', 'GET', `/ledger?limit=200&after=${opened.log[0].seq - 1}`)).body
    const record = (await call('operator', 'GET', `/incidents/${opened.number}/record`)).body
    const own = items.filter(({ subject }: { subject: string }) => subject === body.incident)
    const hashes = own.map(({ hash }: { hash: string }) => `${hash}\n`).join('')
    expect(record).toEqual({
      first: own[0].seq,
      last: own.at(-1).seq,
      entries: own.length,
      sha256: createHash('sha256').update(hashes).digest('hex'),
    })
    expect(await call('operator', 'GET', '/incidents/inc-none/record')).toMatchObject(problem(404, 'incident/unknown'))
    const found = async (query: string) =>
      (await call('operator', 'GET', `/incidents?${query}`)).body.items.map(({ id }: { id: string }) => id)
    const today = opened.openedAt.slice(0, 10)
    for (const query of [
      'q=zeph%20KITE',
      `q=${opened.number}`,
      'outcome=malicious',
      `person=demo%20operator&outcome=malicious&helpPoint=skinnergate&state=closed&from=${opened.openedAt}`,
      `from=${opened.openedAt}&to=${new Date(Date.parse(opened.openedAt) + 1).toISOString()}`,
    ])
      expect(await found(query), query).toEqual([body.incident])
    for (const query of ['q=zephyrs', 'outcome=police&q=zephyr', 'helpPoint=blackwellgate&q=kite', 'to=2026-01-01'])
      expect(await found(query), query).toEqual([])
    expect(await found(`from=${today}&limit=200`)).toContain(body.incident)
    expect(await call('operator', 'GET', '/incidents?from=yesterday')).toMatchObject(problem(400, 'request/invalid'))
    expect(await call('operator', 'GET', '/incidents?outcome=stolen')).toMatchObject(problem(400, 'request/invalid'))
  })
  test('is counted in the supervisor’s figures, which name nobody', async () => {
    const { body } = await call('supervisor', 'GET', '/reports/presses')
    const there = body.helpPoints.find(({ helpPoint }: { helpPoint: string }) => helpPoint === 'skinnergate')
    expect(there.outcomes).toMatchObject({ malicious: 1, other: 1 })
    expect(there.incidents).toBeGreaterThanOrEqual(there.outcomes.malicious + there.outcomes.other)
    expect(there.presses - there.repeats).toBe(there.incidents)
    expect(there.toAccept.p50).toBeGreaterThanOrEqual(0)
    expect(there.toFirstWords).toEqual({ p50: null, p90: null })
    expect(body.timezone).toBe('Europe/London')
    const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0)
    const presses = sum(body.helpPoints.map((each: { presses: number }) => each.presses))
    expect([sum(body.byHour), sum(body.byWeekday)]).toEqual([presses, presses])
    expect(JSON.stringify(body)).not.toContain('Demo')

    const csv = await call('supervisor', 'GET', `/reports/presses.csv?from=${body.from}&to=${body.to}`)
    expect(csv.headers.get('content-type')).toContain('text/csv')
    const rows = (csv.body as string).trim().split('\r\n')
    expect(rows).toHaveLength(body.helpPoints.length + 1)
    expect(rows.find((row) => row.startsWith('skinnergate,'))).toContain(`,${there.presses},${there.repeats},`)
    expect(await call('operator', 'GET', '/reports/presses')).toMatchObject(problem(403, 'people/forbidden'))
    expect(await call('supervisor', 'GET', '/reports/presses?from=2026-11-02&to=2026-11-01')).toMatchObject(
      problem(400, 'request/invalid'),
    )
  })
  test('that does not exist is 404, for every verb', async () => {
    for (const [method, path, body] of [
      ['GET', ''],
      ['POST', '/acknowledgement'],
      ['POST', '/closure', { reason: 'x' }],
      ['GET', '/clips/cam-12/index.m3u8'],
    ] as const)
      expect(await call('operator', method, `/incidents/inc-none${path}`, body)).toMatchObject(
        problem(404, 'incident/unknown'),
      )
  })
  test('lists page, newest first', async () => {
    await press({ helpPoint: 'high-row', id: 'page' })
    const all = (await call('operator', 'GET', '/incidents')).body.items.map(({ id }: { id: string }) => id)
    const first = (await call('operator', 'GET', '/incidents?limit=1')).body
    const second = (await call('operator', 'GET', `/incidents?limit=1&after=${first.next}`)).body
    expect([first.items[0].id, second.items[0].id]).toEqual(all.slice(0, 2))
    expect(await call('operator', 'GET', '/incidents?limit=0')).toMatchObject(problem(400, 'request/invalid'))
    expect(await call('operator', 'GET', '/incidents?state=lost')).toMatchObject(problem(400, 'request/invalid'))
  })
  test('a drill runs the whole chain and is marked as one', async () => {
    const { status, body } = await call('supervisor', 'POST', '/help-points/high-row/drills')
    expect(status).toBe(202)
    const incident = (await call('operator', 'GET', `/incidents/${body.incident}`)).body
    expect(incident.presses.at(-1)).toMatchObject({ kind: 'drill' })
    expect((await call('operator', 'GET', '/help-points/high-row')).body.lastDrill).toBe(body.receivedAt)
  })
})

describe('evidence', () => {
  test('is for evidence officers: an MP4 whose hash is told and kept', async () => {
    const { items } = (await call('operator', 'GET', '/incidents')).body
    const incident = items.find(({ clips }: { clips: unknown[] }) => clips.length > 0)
    const path = `/incidents/${incident.id}/clips/${incident.clips[0].camera}/clip.mp4`
    expect(await call('operator', 'GET', path)).toMatchObject(problem(403, 'people/forbidden'))
    const answer = await fetch(`${house.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${house.demo?.tokens.evidence}` },
    })
    const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer())
    const hex = Buffer.from(digest).toString('hex')
    expect(answer.headers.get('x-lamppost-sha256')).toBe(hex)
    expect(answer.headers.get('repr-digest')).toBe(`sha-256=:${Buffer.from(digest).toString('base64')}:`)
    const entry = (await ledger()).findLast(({ kind }) => kind === 'clip.downloaded')
    expect(entry).toMatchObject({
      actor: 'evidence:Demo evidence officer',
      body: { sha256: hex, incident: incident.id },
    })
  })
  test('outside what the incident holds is refused', async () => {
    const { items } = (await call('operator', 'GET', '/incidents')).body
    const incident = items.find(({ clips }: { clips: unknown[] }) => clips.length > 0)
    const path = `/incidents/${incident.id}/clips/${incident.clips[0].camera}`
    expect(
      await call('evidence', 'GET', `${path}/clip.mp4?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`),
    ).toMatchObject(problem(400, 'request/invalid'))
    expect(await call('evidence', 'GET', `/incidents/${incident.id}/clips/cam-none/clip.mp4`)).toMatchObject(
      problem(404, 'clip/none'),
    )
    expect(await call('operator', 'GET', `${path}/segment/999999.m4s`)).toMatchObject(problem(404, 'clip/none'))
  })
})

describe('cameras', () => {
  test('the ONVIF address is the engineer’s', async () => {
    expect((await call('operator', 'GET', '/cameras/cam-12')).body).toMatchObject({
      ptz: true,
      onvifUrl: null,
      live: '/api/v1/cameras/cam-12/live/index.m3u8',
    })
    expect((await call('engineer', 'GET', '/cameras/cam-12')).body.onvifUrl).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/onvif\/device_service$/,
    )
  })
  test('a preset is saved on the camera and in the site file, recalled, and removed from both', async () => {
    for (const { id } of (await call('operator', 'GET', '/incidents')).body.items)
      await call('operator', 'POST', `/incidents/${id}/closure`, { reason: 'test' })
    const { status, body } = await call('engineer', 'POST', '/cameras/cam-15/presets', { name: 'Bank & corner' })
    expect(status).toBe(201)
    const file = join(dataFolder, 'darlington.yaml')
    expect(await readFile(file, 'utf8')).not.toContain('Bank & corner')
    const mapped = await call('engineer', 'PUT', `/cameras/cam-15/presets/${body.token}`, {
      name: 'Bank & corner',
      helpPoint: 'skinnergate',
    })
    expect(mapped.body).toMatchObject({ token: body.token, helpPoints: ['skinnergate'] })
    expect(await readFile(file, 'utf8')).toContain('Bank & corner')
    expect((await call('operator', 'POST', `/cameras/cam-15/presets/${body.token}/recall`)).status).toBe(204)
    expect((await call('engineer', 'DELETE', `/cameras/cam-15/presets/${body.token}`)).status).toBe(204)
    expect(await readFile(file, 'utf8')).not.toContain('Bank & corner')
    expect(await call('engineer', 'POST', `/cameras/cam-15/presets/${body.token}/recall`)).toMatchObject(
      problem(404, 'preset/unknown'),
    )
  })
  test('a preset that was taught its picture is proven by it, checked against it, and doubted when the picture is another', async () => {
    for (const { id } of (await call('operator', 'GET', '/incidents')).body.items)
      await call('operator', 'POST', `/incidents/${id}/closure`, { reason: 'test' })
    const path = '/cameras/cam-14/presets/mechanics-yard'
    expect(await call('engineer', 'GET', `${path}/reference.jpg`)).toMatchObject(problem(404, 'preset/no-picture'))
    // It went home when its incident was closed: what it shows now is not what the preset should show.
    expect(await call('engineer', 'POST', `${path}/reference`)).toMatchObject(problem(409, 'preset/not-there'))
    await call('engineer', 'POST', `${path}/recall`)
    await until(
      async () => (await call('engineer', 'POST', `${path}/reference`)).status,
      (status) => status === 204,
      15_000,
    )
    expect((await call('engineer', 'GET', `${path}/reference.jpg`)).headers.get('content-type')).toBe('image/jpeg')
    expect((await call('engineer', 'POST', `${path}/check`)).body).toMatchObject({ result: 'agrees', words: null })
    const { body } = await press({ helpPoint: 'skinnergate', id: 'seen' })
    const framing = await until(
      async () => (await call('operator', 'GET', `/incidents/${body.incident}`)).body.framings[0],
      ({ proofs }) => proofs.includes('picture'),
      20_000,
    )
    expect(framing).toMatchObject({
      camera: 'cam-14',
      state: 'framed',
      proofs: ['accepted', 'stopped', 'position', 'picture'],
    })
    expect(await call('engineer', 'POST', `${path}/check`)).toMatchObject(problem(409, 'camera/held'))
    await call('operator', 'POST', `/incidents/${body.incident}/closure`, { reason: 'test' })
    expect((await ledger()).some(({ kind }) => kind === 'preset.taught')).toBe(true)
  })
  test('presets are the engineer’s to change, and a held camera’s nobody’s', async () => {
    expect(await call('operator', 'POST', '/cameras/cam-12/presets', { name: 'x' })).toMatchObject(
      problem(403, 'people/forbidden'),
    )
    const { body } = await press({ helpPoint: 'blackwellgate', id: 'hold' })
    expect(await call('engineer', 'POST', '/cameras/cam-12/presets', { name: 'x' })).toMatchObject(
      problem(409, 'camera/held'),
    )
    await call('operator', 'POST', `/incidents/${body.incident}/closure`, { reason: 'test' })
  })
  test('a further view of an open incident is turned away by nobody’s check or recall, and says whose it is', async () => {
    const { body } = await press({ helpPoint: 'blackwellgate', id: 'further' })
    const { framings } = (await call('operator', 'GET', `/incidents/${body.incident}`)).body as {
      framings: { camera: string; role: string; way: string; preset: string | null }[]
    }
    const further = framings.find(
      ({ role, way, preset }) => role === 'secondary' && way === 'preset' && preset !== null,
    )
    expect(further).toBeDefined()
    expect((await call('engineer', 'GET', `/cameras/${further?.camera}`)).body.heldBy).toBe(body.incident)
    for (const action of ['check', 'recall'])
      expect(
        await call('engineer', 'POST', `/cameras/${further?.camera}/presets/${further?.preset}/${action}`),
      ).toMatchObject(problem(409, 'camera/held'))
    await call('operator', 'POST', `/incidents/${body.incident}/closure`, { reason: 'test' })
    expect((await call('engineer', 'GET', `/cameras/${further?.camera}`)).body.heldBy).toBeNull()
  })
  test('a preset that a camera does not have costs none of what it shows: the answer names those it has', async () => {
    const { body } = await press({ helpPoint: 'blackwellgate', id: 'mistyped' })
    const first = async () =>
      (await call('operator', 'GET', `/incidents/${body.incident}`)).body.framings.find(
        ({ role }: { role: string }) => role === 'primary',
      )
    const before = await until(first, ({ state }) => state === 'framed' || state === 'unproven', 20_000)
    const answer = await call('operator', 'POST', `/incidents/${body.incident}/framings`, {
      camera: before.camera,
      preset: '77',
    })
    expect(answer).toMatchObject(problem(404, 'preset/unknown'))
    expect(answer.body.detail).toMatch(new RegExp(`^${before.camera} has no preset 77; it has .*${before.preset} \\(`))
    expect(await first()).toMatchObject({ camera: before.camera, preset: before.preset, state: before.state })
    expect(
      await call('operator', 'POST', `/incidents/${body.incident}/framings`, { camera: 'cam-31', preset: '1' }),
    ).toMatchObject(problem(409, 'camera/fixed'))
    await call('operator', 'POST', `/incidents/${body.incident}/closure`, { reason: 'test' })
  })
  test('a fixed camera has no presets, an unknown one is 404, a move needs a direction', async () => {
    expect(await call('engineer', 'GET', '/cameras/cam-31/presets')).toMatchObject(problem(409, 'camera/fixed'))
    expect(await call('engineer', 'GET', '/cameras/cam-99')).toMatchObject(problem(404, 'camera/unknown'))
    expect(await call('engineer', 'POST', '/cameras/cam-12/move', {})).toMatchObject(problem(400, 'request/invalid'))
    expect((await call('engineer', 'POST', '/cameras/cam-12/move', { pan: 0.2, timeoutMs: 200 })).status).toBe(204)
    expect((await call('engineer', 'POST', '/cameras/cam-12/stop')).status).toBe(204)
  })
  test.each(['_HLS_msn=x', '_HLS_part=1', '_HLS_msn=-1', '_HLS_msn=99999999'])(
    'live with %s is refused with 400 at once',
    async (query) => {
      expect((await call('operator', 'GET', `/cameras/cam-12/live/index.m3u8?${query}`)).status).toBe(400)
    },
  )
  test('media without a session is 401', async () => {
    for (const path of [
      '/cameras/cam-12/live/index.m3u8',
      '/cameras/cam-12/live/segment/1.m4s',
      '/cameras/cam-12/snapshot.jpg',
    ])
      expect((await call(null, 'GET', path)).status).toBe(401)
  })
  test.each(['..%2f..%2fetc%2fpasswd', '1%00.m4s', 'x.m4s'])('the file name %s is refused', async (name) => {
    expect([400, 404]).toContain((await call('operator', 'GET', `/cameras/cam-12/live/segment/${name}`)).status)
  })
})

describe('the site file', () => {
  test('is taken over when it changes, and a bad edit changes nothing', async () => {
    const file = join(dataFolder, 'darlington.yaml')
    const before = await readFile(file, 'utf8')
    await writeFile(file, before.replace('Number One Bar, Blackwellgate', 'Number One'))
    await until(
      async () => (await call('operator', 'GET', '/help-points/blackwellgate')).body.name,
      (name) => name === 'Number One',
    )
    await writeFile(file, `${before}\nnonsense: true\n`)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect((await call('operator', 'GET', '/help-points/blackwellgate')).body.name).toBe('Number One')
    await writeFile(file, before)
    await until(
      async () => (await call('operator', 'GET', '/help-points/blackwellgate')).body.name,
      (name) => name === 'Number One Bar, Blackwellgate',
    )
  })
})

describe('people', () => {
  test('sign in with a password, are known by their cookie, and are forgotten when they sign out', async () => {
    await openPeopleFile(join(dataFolder, 'people.json')).addUser('asha', 'a long enough password', {
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    expect(await call(null, 'POST', '/session', { user: 'asha', password: 'wrong' })).toMatchObject(
      problem(401, 'people/unauthenticated'),
    )
    const signedIn = await call(null, 'POST', '/session', { user: 'asha', password: 'a long enough password' })
    expect(signedIn).toMatchObject({ status: 201, body: { name: 'Asha', role: 'operator' } })
    const cookie = signedIn.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect((await call(null, 'GET', '/session', undefined, headers)).body).toMatchObject({ name: 'Asha' })
    await call(null, 'DELETE', '/session', undefined, headers)
    expect((await call(null, 'GET', '/session', undefined, headers)).status).toBe(401)
  })
})

describe('the record', () => {
  test('verifies, and is described', async () => {
    expect((await call('supervisor', 'GET', '/ledger/verification')).body).toMatchObject({ ok: true, problem: null })
    expect(await call('operator', 'GET', '/ledger')).toMatchObject(problem(403, 'people/forbidden'))
    const { body } = await call(null, 'GET', '/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/presses',
        '/api/v1/incidents/{id}',
        '/api/v1/cameras/{id}/live/index.m3u8',
        '/api/v1/events',
      ]),
    )
    const file = new URL('../../server/door/API.md', import.meta.url)
    const written = describeApi(body)
    if (process.env.UPDATE_API) await writeFile(file, written)
    expect(await readFile(file, 'utf8')).toBe(written)
  })
  test('events come in order with their sequence number, and a listener that was away misses nothing', async () => {
    const listen = async (
      lastEventId: number | null,
      enough: (heard: number[]) => boolean,
      begun: () => void = () => {},
    ): Promise<number[]> => {
      const stop = new AbortController()
      const answer = await fetch(`${house.url}/api/v1/events`, {
        signal: stop.signal,
        headers: {
          authorization: `Bearer ${house.demo?.tokens.operator}`,
          ...(lastEventId === null ? {} : { 'last-event-id': String(lastEventId) }),
        },
      })
      begun()
      let text = ''
      const heard = (): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq))
      try {
        for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
          text += new TextDecoder().decode(chunk)
          if (enough(heard())) stop.abort()
        }
      } catch {
        // The listener went away.
      }
      return heard()
    }
    const live = await listen(
      null,
      ({ length }) => length > 2,
      () => void press({ helpPoint: 'high-row', id: 'heard' }),
    )
    const missed = await listen((live[0] ?? 1) - 1, ({ length }) => length >= live.length)
    expect(missed.slice(0, live.length)).toEqual(live)
    expect(missed).toEqual(missed.map((_, i) => (missed[0] ?? 0) + i))
  })
  test('another server on the same data folder is refused', async () => {
    await expect(open()).rejects.toThrow(/Another Lamppost is running/)
  })
  test('is there after a restart: incidents, keys, clips and their holds', async () => {
    const { body } = await press({ helpPoint: 'blackwellgate', id: 'restart' })
    const before = (await call('operator', 'GET', `/incidents/${body.incident}`)).body
    await house.close()
    house = await open()
    const after = (await call('operator', 'GET', `/incidents/${body.incident}`)).body
    expect(after.presses).toEqual(before.presses)
    expect(after.clips.map(({ from }: { from: string }) => from)).toEqual(
      before.clips.map(({ from }: { from: string }) => from),
    )
    expect(await press({ helpPoint: 'blackwellgate', id: 'restart' })).toMatchObject({ status: 200, body })
    const first = before.framings.find(({ role }: { role: string }) => role === 'primary').camera
    await until(
      async () => (await call('operator', 'GET', `/cameras/${first}`)).body.heldBy,
      (heldBy) => heldBy === body.incident,
    )
  })
})
