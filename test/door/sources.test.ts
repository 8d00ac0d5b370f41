/**
 * A real town with one camera, whose help points press by every source there is; and what its supervisor and other
 * systems see.
 */
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { readSnapshot, writeSnapshot } from '../../server/ledger/fold-snapshot.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { crc16 } from '../../server/press/sources/sia-frame.ts'
import { BROKER_PASSWORD, type Broker, freePort, startBroker } from '../contracts/broker.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'

const SECRET = 'canary-secret-of-bar-4711'
const HOOK_SECRET = 'canary-secret-of-the-hook'
const folder = mkdtempSync(join(tmpdir(), 'lamppost-sources-'))
const siteFile = join(folder, 'town.yaml')
const dataFolder = join(folder, 'data')
let broker: Broker
let town: Awaited<ReturnType<typeof startTestTown>>
let hook: Server
let siaPort = 0
let house: House
const told: { headers: IncomingHttpHeaders; body: string; path: string }[] = []
const tokens = new Map<string, string>()
let refuse: (body: string) => number = () => 204

const localNow = (): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/London',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(new Date())
const at = (i: number): string => `{ lat: ${(54.5 + i * 0.01).toFixed(4)}, lon: -1.5 }`

function writeSite(): void {
  const address = (hook.address() as AddressInfo).port
  const camera = town.camera('cam-a')
  writeFileSync(
    siteFile,
    `site: { id: town, name: Town, timezone: Europe/London }
mqtt: { url: "${broker.tls}", username: ${broker.username}, password: "\${BROKER_PASSWORD}", ca: "file:${broker.certificateFile}" }
sia: { port: ${siaPort}, host: 127.0.0.1 }
destinations:
  - { id: room, webhook: { url: "http://127.0.0.1:${address}/hook", secret: "\${HOOK_SECRET}" },
      events: [incident.opened, press.received, drill.finished, ledger.broken] }
checkpoints: { to: ["http://127.0.0.1:${address}/checkpoints"] }
helpPoints:
  - { id: bar, name: Bar, location: ${at(0)}, sources: [{ http: { secret: "\${BAR_SECRET}" } }, { mqtt: { topic: helppoints/bar } }] }
  - { id: row, name: Row, location: ${at(0)}, sources: [{ lorawan: { device: 24e124535d387374, port: 85 } }], heartbeat: { every: 1h } }
  - { id: arcade, name: Arcade, location: ${at(0)}, sources: [{ sia: { account: "1234", zone: "5" } }] }
  - { id: drilled, name: =Drilled, location: ${at(0)}, drill: { daily: "${localNow()}" } }
  - { id: quiet, name: Quiet, location: ${at(0)} }
cameras:
  - id: cam-a
    name: Camera A
    location: ${at(0)}
    onvif: { url: "${camera.url}", username: ${CREDENTIALS.username}, password: "\${CAMERA_PASSWORD}" }
    presets: { bar: { token: "${PRESET.token}", name: Here },
      row: { token: "${PRESET.token}", name: Here }, arcade: { token: "${PRESET.token}", name: Here },
      drilled: { token: "${PRESET.token}", name: Here }, quiet: { token: "${PRESET.token}", name: Here } }
`,
  )
}
const open = async (): Promise<void> =>
  void (house = await openHouse({ siteFile, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0 }))

beforeAll(async () => {
  Object.assign(process.env, {
    BAR_SECRET: SECRET,
    HOOK_SECRET,
    BROKER_PASSWORD,
    CAMERA_PASSWORD: CREDENTIALS.password,
  })
  mkdirSync(dataFolder, { recursive: true })
  hook = createServer((request, answer) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      told.push({ headers: request.headers, body, path: request.url ?? '' })
      answer.writeHead(refuse(body)).end()
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  siaPort = await freePort()
  ;[broker, town] = await Promise.all([startBroker(), startTestTown(plan('cam-a'))])
  const people = openPeopleFile(join(dataFolder, 'people.json'))
  for (const role of ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const)
    tokens.set(role, people.addToken({ name: role, role, helpPoints: null }))
  tokens.set('only bar', people.addToken({ name: 'bar', role: 'press', helpPoints: ['bar'] }))
  writeSite()
  await open()
  await until(
    async () =>
      (await call('engineer', 'GET', '/cameras')).body.items as { health: { video: string; onvif: string } }[],
    (cameras) => cameras.every(({ health }) => health.video === 'up' && health.onvif === 'up'),
    60_000,
  )
})
afterAll(async () => {
  await house.close()
  await broker.end()
  await town.end()
  await new Promise((resolve) => hook.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; body: any; headers: Headers }
async function call(
  who: Role | 'only bar' | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(
    path.startsWith('/metrics') || path.startsWith('/readyz') ? `${house.url}${path}` : `${house.url}/api/v1${path}`,
    {
      method,
      headers: {
        ...(who === null ? {} : { authorization: `Bearer ${tokens.get(who)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
  )
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
  }
}
const signed = (body: string, change: { timestamp?: string; secret?: string } = {}) => {
  const timestamp = change.timestamp ?? String(Math.floor(Date.now() / 1000))
  return call(null, 'POST', '/presses', body, {
    'x-lamppost-timestamp': timestamp,
    'x-lamppost-signature': `sha256=${createHmac('sha256', change.secret ?? SECRET)
      .update(`${timestamp}.${body}`)
      .digest('hex')}`,
  })
}
/** A client gives a connection ten seconds, and this process is client and server: more at once could wait longer. */
async function hundredAtOnce<T>(count: number, ask: (i: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) answers.push(await ask(i))
  }
  await Promise.all(Array.from({ length: 100 }, worker))
  return answers
}
const entries = async () => {
  const all: { seq: number; kind: string; subject: string; body: Record<string, unknown> }[] = []
  for (let after = 0; ;) {
    const { items, next } = (await call('supervisor', 'GET', `/ledger?limit=200&after=${after}`)).body
    all.push(...items)
    if (next === null) return all
    after = next
  }
}
const helpPoint = async (id: string) => (await call('supervisor', 'GET', `/help-points/${id}`)).body
const close = (incident: string) => call('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'tested' })

describe('the daily drill', () => {
  test('runs by itself through the whole chain to a moving picture, and closes itself', async () => {
    const point = await until(
      () => helpPoint('drilled'),
      ({ lastDrillResult }) => lastDrillResult !== null,
      60_000,
    )
    expect(point.lastDrillResult).toMatchObject({ passed: true, by: 'schedule', camera: 'cam-a', problem: null })
    expect(Object.keys(point.lastDrillResult.stages).sort()).toEqual([
      'accepted',
      'asked',
      'durable',
      'picture',
      'settled',
    ])
    expect(point).toMatchObject({ overdue: [], lastPress: null, nextDrill: expect.any(String) })
    const incident = await until(
      async () => (await call('operator', 'GET', `/incidents/${point.lastDrillResult.incident}`)).body,
      ({ clips, state }) => state === 'closed' && clips.length === 0,
    )
    expect(incident).toMatchObject({
      kind: 'drill',
      owner: null,
      closureReason: expect.stringMatching(/^Drill passed/),
    })
    expect(incident.presses[0]).toMatchObject({ kind: 'drill', source: 'schedule' })
  })
})

describe('a signed press', () => {
  test('needs no token, and sent a thousand times is one press with one receipt', async () => {
    const body = '{"helpPoint":"bar"}'
    const timestamp = String(Math.floor(Date.now() / 1000))
    const answers = await hundredAtOnce(1000, () => signed(body, { timestamp }))
    expect(answers.map(({ status }) => status).filter((status) => status === 202)).toHaveLength(1)
    expect(new Set(answers.map(({ body: receipt }) => receipt.press)).size).toBe(1)
    const incident = (await call('operator', 'GET', `/incidents/${answers[0]?.body.incident}`)).body
    expect([incident.presses.length, incident.repeats]).toEqual([1, 0])
    await close(incident.id)
  })
  test.each([
    [
      'another secret',
      () => signed('{"helpPoint":"bar"}', { secret: 'wrong' }),
      'people/unauthenticated',
      'wrong signature',
    ],
    ['no time', () => signed('{"helpPoint":"bar"}', { timestamp: '' }), 'people/unauthenticated', 'wrong signature'],
    [
      'a help point that has no secret',
      () => signed('{"helpPoint":"quiet"}'),
      'people/unauthenticated',
      'wrong signature',
    ],
    [
      'a time of an hour ago',
      () => signed('{"helpPoint":"bar"}', { timestamp: String(Math.floor(Date.now() / 1000) - 3600) }),
      'press/out-of-time',
      'signed too long ago or ahead',
    ],
  ])('with %s is refused with 401, in the ledger, and opens nothing', async (_, send, code, reason) => {
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const before = (await call('operator', 'GET', '/incidents?state=open')).body.items.length
    expect(await send()).toMatchObject({ status: 401, body: { code } })
    expect((await call('operator', 'GET', '/incidents?state=open')).body.items).toHaveLength(before)
    await until(entries, (all) => all.some(({ kind, body }) => kind === 'press.refused' && body.reason === reason))
  })
})

describe('other sources', () => {
  test('MQTT: a message in the broker opens an incident whose camera moves', async () => {
    await broker.publish('helppoints/bar', '{"id":"over mqtt"}')
    const { items } = await until(
      async () => (await call('operator', 'GET', '/incidents?state=open')).body,
      ({ items: all }) =>
        all.some(
          ({ helpPoint: id, framings }: { helpPoint: string; framings: { state: string }[] }) =>
            id === 'bar' && framings[0]?.state !== 'asked',
        ),
    )
    const incident = items.find(({ helpPoint: id }: { helpPoint: string }) => id === 'bar')
    expect(incident.presses[0]).toMatchObject({ key: 'over mqtt', source: 'mqtt' })
    await close(incident.id)
  })
  test('LoRaWAN: ChirpStack’s uplink presses once; other events show that the button lives', async () => {
    const uplink = {
      time: new Date().toISOString(),
      deviceInfo: { devEui: '24e124535d387374', deviceName: 'button' },
      devAddr: '00754d8f',
      fCnt: 94,
      fPort: 85,
      data: '/y4B',
    }
    const alive = await call('press', 'POST', '/presses/lorawan?event=status', {
      ...uplink,
      data: undefined,
      margin: 10,
    })
    expect([alive.status, alive.body]).toEqual([200, { press: null }])
    expect((await helpPoint('row')).lastHeartbeat).not.toBeNull()
    const first = await call('press', 'POST', '/presses/lorawan?event=up', uplink)
    const again = await call('press', 'POST', '/presses/lorawan?event=up', uplink)
    expect([first.status, again.status, again.body]).toEqual([202, 200, first.body])
    await close(first.body.incident)
    expect(await call('only bar', 'POST', '/presses/lorawan?event=up', { ...uplink, fCnt: 95 })).toMatchObject({
      status: 401,
    })
    expect(
      await call('press', 'POST', '/presses/lorawan?event=up', {
        deviceInfo: { devEui: '0000000000000000' },
        data: '',
      }),
    ).toMatchObject({ status: 404, body: { code: 'help-point/unknown' } })
    expect(await call('press', 'POST', '/presses/lorawan', { some: 'thing' })).toMatchObject({
      status: 422,
      body: { code: 'press/unreadable' },
    })
  })
  test('SIA DC-09: an alarm transmitter presses and is acknowledged', async () => {
    const body = '"SIA-DCS"0007L0#1234[#1234|Nri1/PA05]'
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(siaPort, '127.0.0.1', () =>
        socket.write(
          `\n${crc16(Buffer.from(body)).toString(16).padStart(4, '0')}00${body.length.toString(16)}${body}\r`,
        ),
      )
      socket.on('data', (chunk) => (resolve(chunk.toString()), socket.destroy()))
      socket.on('error', reject)
    })
    expect(answer).toContain('"ACK"0007L0#1234[]')
    const point = await helpPoint('arcade')
    expect(point.incident).toMatch(/^inc-/)
    await close(point.incident)
  })
  test('a heartbeat over HTTP shows that a help point lives', async () => {
    expect((await helpPoint('quiet')).lastHeartbeat).toBeNull()
    expect((await call('press', 'POST', '/heartbeats', { helpPoint: 'quiet' })).status).toBe(204)
    expect((await helpPoint('quiet')).lastHeartbeat).not.toBeNull()
    expect((await call('press', 'POST', '/heartbeats', { helpPoint: 'nowhere' })).status).toBe(404)
    expect((await call('only bar', 'POST', '/heartbeats', { helpPoint: 'quiet' })).status).toBe(401)
  })
})

describe('a press whose time is not now', () => {
  const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
  test('that was held for an hour is accepted, marked late, holds what was recorded then, and moves no camera', async () => {
    const { body } = await call('press', 'POST', '/presses', {
      helpPoint: 'quiet',
      id: 'held',
      pressedAt: ago(3_600_000),
    })
    const incident = (await call('operator', 'GET', `/incidents/${body.incident}`)).body
    expect(incident.presses[0]).toMatchObject({ late: true, clockOff: false })
    expect(incident.framings).toEqual([])
    expect(incident.log.find(({ kind }: { kind: string }) => kind === 'camera.passed-over').body.reason).toMatch(
      /came late/,
    )
    expect(Date.parse(incident.presses[0].pressedAt) - Date.parse(incident.clips[0].from)).toBe(60_000)
    const now = await call('press', 'POST', '/presses', { helpPoint: 'quiet', id: 'a person, now' })
    expect(now.body.incident).toBe(body.incident)
    expect((await call('operator', 'GET', `/incidents/${body.incident}`)).body.framings).toHaveLength(1)
    await close(body.incident)
  })
  test('sent now by a clock that is wrong is accepted with both times, and moves cameras', async () => {
    const { body } = await call('press', 'POST', '/presses', {
      helpPoint: 'quiet',
      id: 'clock',
      pressedAt: ago(7_200_000),
      sentAt: ago(7_200_000 - 500),
    })
    const incident = (await call('operator', 'GET', `/incidents/${body.incident}`)).body
    expect(incident.presses[0]).toMatchObject({ late: false, clockOff: true })
    expect(incident.framings).toHaveLength(1)
    await close(body.incident)
  })
})

describe('a button that is stuck', () => {
  test('is counted in one incident, each press acknowledged; another help point’s press is not delayed', async () => {
    const flood = hundredAtOnce(600, (i) => call('press', 'POST', '/presses', { helpPoint: 'bar', id: `stuck ${i}` }))
    const other = await call('press', 'POST', '/presses', { helpPoint: 'row', id: 'a person elsewhere' })
    expect(other.status).toBe(202)
    const answers = await flood
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    const incident = (await call('operator', 'GET', `/incidents/${answers[0]?.body.incident}`)).body
    expect(incident.presses.length + incident.repeats).toBe(600)
    expect(incident.presses.length).toBeLessThan(200)
    expect(incident.log.length).toBeLessThan(800)
    await close(incident.id)
    await close(other.body.incident)
  })
})

describe('what shows that it all works', () => {
  test('a table for the supervisor, safe to open in a spreadsheet', async () => {
    const { body, headers } = await call('supervisor', 'GET', '/help-points.csv')
    expect(headers.get('content-type')).toMatch(/^text\/csv/)
    const lines = (body as string).trim().split('\r\n')
    expect(lines).toHaveLength(6)
    expect(lines[0]).toContain('help point,name,address,sources,last press,last drill,drill passed')
    expect(lines.find((line) => line.startsWith('drilled'))).toMatch(/^drilled,'=Drilled,.*,yes,/)
  })
  test('figures for Prometheus: presses by source, stages, cameras, buffers, outbox; not without a token', async () => {
    const { body } = await call('supervisor', 'GET', '/metrics')
    for (const line of [
      /^lamppost_presses_total\{source="mqtt",kind="press",outcome="accepted"\} 1$/m,
      /^lamppost_presses_total\{source="sia",kind="press",outcome="accepted"\} 1$/m,
      /^lamppost_presses_total\{source="http",kind="press",outcome="repeated"\} 999$/m,
      /^lamppost_stage_seconds_count\{stage="picture",kind="drill"\} 1$/m,
      /^lamppost_cameras\{of="video",state="up"\} 1$/m,
      /^lamppost_buffer_bytes\{camera="cam-a"\} [1-9]/m,
      /^lamppost_ledger_waiting_entries \d+$/m,
      /^lamppost_drills_total\{result="passed"\} 1$/m,
      /^lamppost_outbox_waiting\{destination="room"\} \d+$/m,
      /^lamppost_ledger_broken 0$/m,
    ])
      expect(body, String(line)).toMatch(line)
    expect((await call(null, 'GET', '/metrics')).status).toBe(401)
    expect((await call('press', 'GET', '/metrics')).status).toBe(403)
  })
  test('readiness that was tried, not guessed', async () =>
    expect(await call(null, 'GET', '/readyz')).toMatchObject({ status: 200, body: { ok: true, problem: null } }))
  test('a checkpoint, also where the site file wants it, and a verification that counts it', async () => {
    const { body } = await call('supervisor', 'GET', '/ledger/checkpoint')
    const [origin = '', size = ''] = (body as string).split('\n')
    expect([origin, Number(size) > 10, (body as string).includes(`\n\n— ${origin} `)]).toEqual([
      expect.stringMatching(/^lamppost\/[0-9a-f]{16}$/),
      true,
      true,
    ])
    await until(
      () => told,
      (all) => all.some((each) => each.path === '/checkpoints' && each.body === body),
    )
    expect((await call('supervisor', 'GET', '/ledger/verification')).body).toMatchObject({
      ok: true,
      problem: null,
      chains: [{ chain: 1, ok: true, checkpoints: expect.any(Number) }],
    })
  })
  test('no secret is shown to anybody, nor written to the log', async () => {
    const shown = await Promise.all(
      ['/help-points', '/site', '/outbox', '/cameras', '/ledger?limit=200', '/help-points/bar'].map(async (path) =>
        JSON.stringify((await call('engineer', 'GET', path)).body),
      ),
    )
    const log = existsSync(join(dataFolder, 'lamppost.log'))
      ? readFileSync(join(dataFolder, 'lamppost.log'), 'utf8')
      : ''
    for (const secret of [SECRET, HOOK_SECRET, BROKER_PASSWORD])
      expect([...shown, log].filter((text) => text.includes(secret))).toEqual([])
  })
})

describe('another system', () => {
  test('is told each opening once or more, signed, with a receipt', async () => {
    const opened = (await entries()).filter(({ kind }) => kind === 'incident.opened')
    const heard = await until(
      () => told.filter(({ path }) => path === '/hook'),
      (all) => opened.every(({ seq }) => all.some(({ headers }) => headers['webhook-id'] === `town-${seq}`)),
    )
    for (const { headers, body } of heard)
      expect(headers['webhook-signature']).toBe(
        `v1,${createHmac('sha256', HOOK_SECRET)
          .update([headers['webhook-id'], headers['webhook-timestamp'], body].join('.'))
          .digest('base64')}`,
      )
    expect(new Set(heard.map(({ body }) => JSON.parse(body).type))).toEqual(
      new Set(['lamppost.incident.opened', 'lamppost.press.received', 'lamppost.drill.finished']),
    )
    const [room] = await until(
      async () => (await call('engineer', 'GET', '/outbox')).body.items,
      ([each]) => each.waiting === 0,
    )
    expect(room).toMatchObject({ destination: 'room', failing: null, dead: [], last: { status: 204 } })
  })
  test('that refuses an event for good leaves a dead letter, which can be tried again', async () => {
    refuse = (body) => (body.includes('refused by them') ? 410 : 204)
    const { body } = await call('press', 'POST', '/presses', { helpPoint: 'quiet', id: 'refused by them' })
    const [room] = await until(
      async () => (await call('engineer', 'GET', '/outbox')).body.items,
      ([each]) => each.dead.length === 1,
      30_000,
    )
    expect(room.dead[0]).toMatchObject({ event: 'press.received', attempts: 1, problem: 'It answered 410.' })
    refuse = () => 204
    expect((await call('supervisor', 'POST', `/outbox/room/dead-letters/${room.dead[0].seq}/retry`)).status).toBe(204)
    await until(
      async () => (await call('engineer', 'GET', '/outbox')).body.items,
      ([each]) => each.dead.length === 0,
    )
    expect((await call('supervisor', 'POST', '/outbox/room/dead-letters/1/retry')).status).toBe(404)
    await close(body.incident)
  })
})

describe('after a restart', () => {
  test('keys are known, closed incidents can be read, and only what is new is folded', async () => {
    const before = (await call('operator', 'GET', '/incidents?limit=200')).body.items
    await house.close()
    const snapshot = readSnapshot(join(dataFolder, 'ledger-fold.json'))
    expect(snapshot?.seq).toBeGreaterThan(10)
    await open()
    expect(
      (await call('operator', 'GET', '/incidents?limit=200')).body.items.map(
        ({ id, log }: { id: string; log: unknown[] }) => [id, log.length],
      ),
    ).toEqual(before.map(({ id, log }: { id: string; log: unknown[] }) => [id, log.length]))
    expect(await call('press', 'POST', '/presses', { helpPoint: 'quiet', id: 'held' })).toMatchObject({ status: 200 })
    expect((await helpPoint('drilled')).lastDrillResult).toMatchObject({ passed: true })
  })
  test('a snapshot that is another ledger’s is not believed: everything is read again', async () => {
    const before = (await call('operator', 'GET', '/incidents?limit=200')).body.items.map(
      ({ id }: { id: string }) => id,
    )
    await house.close()
    const file = join(dataFolder, 'ledger-fold.json')
    writeSnapshot(
      file,
      readSnapshot(file)?.seq ?? 0,
      'ab'.repeat(32),
      JSON.stringify({ incidents: { incidents: [], held: [] } }),
    )
    await open()
    expect(
      (await call('operator', 'GET', '/incidents?limit=200')).body.items.map(({ id }: { id: string }) => id),
    ).toEqual(before)
    expect(await call('press', 'POST', '/presses', { helpPoint: 'quiet', id: 'held' })).toMatchObject({ status: 200 })
  })
  test('a ledger that was tampered with is found, said loudly, and presses go on into a chain that names the break', async () => {
    const total = (await entries()).length
    await house.close()
    const db = new DatabaseSync(join(dataFolder, 'ledger.sqlite'))
    const { seq } = db.prepare("SELECT min(seq) AS seq FROM entries WHERE kind = 'press.received'").get() as {
      seq: number
    }
    db.exec(
      `DROP TRIGGER entries_never_change; UPDATE entries SET body = replace(body, '"helpPoint"', '"helppoint"') WHERE seq = ${seq}`,
    )
    db.close()
    await open()
    await until(
      async () => (await entries()).filter(({ kind }) => kind === 'ledger.broken'),
      (all) => all.some(({ body }) => String(body.problem).startsWith(`entry ${seq} was changed`)),
      20_000,
    )
    expect(readFileSync(join(dataFolder, 'lamppost.log'), 'utf8')).toContain('THE LEDGER IS BROKEN')
    const { status, body } = await call('press', 'POST', '/presses', { helpPoint: 'quiet', id: 'after the break' })
    expect(status).toBe(202)
    expect((await call('supervisor', 'GET', '/ledger/verification')).body).toMatchObject({
      ok: false,
      problem: expect.stringContaining(`chain 1: entry ${seq} was changed`),
      chains: [
        { ok: false, entries: seq - 1 },
        { chain: 2, ok: true },
      ],
    })
    expect((await entries()).length).toBeGreaterThan(total)
    expect((await call('supervisor', 'GET', '/metrics')).body).toMatch(/^lamppost_ledger_broken 1$/m)
    await close(body.incident)
    await until(
      () => told,
      (all) => all.some((each) => each.body.includes('lamppost.ledger.broken')),
    )
  })
})
