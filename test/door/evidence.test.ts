/** Hand-overs, locks, the retention report and searches over HTTP, with the whole house behind them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EvidenceRoom, openEvidenceRoom } from '../contracts/evidence-room.ts'

let room: EvidenceRoom
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
let made: any
beforeAll(async () => {
  room = await openEvidenceRoom({ seconds: 4 })
  made = await room.exported({ ...room.range(), cameras: ['bar'] })
})
afterAll(() => room?.close())

const TO = { recipient: 'DS 77 <Jones>', organisation: 'Durham Constabulary', purpose: 'Crown v. Example', days: 7 }
const follow = async (link: string, path = '', headers: Record<string, string> = {}) => {
  const answer = await fetch(`${room.url()}${link}${path}`, { headers })
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}
const handedOver = async (more: Record<string, unknown> = {}) =>
  (await room.ask('evidence', 'POST', `/exports/${made.id}/disclosures`, { ...TO, ...more })).body as {
    id: string
    link: string
    until: string
    most: number
  }
const opened = async (id: string) =>
  (await room.entries())
    .filter(({ kind, body }) => kind === 'disclosure.opened' && body.disclosure === id)
    .map(({ body }) => [body.what, body.counted, body.refused])
const listed = async (id: string) =>
  (await room.ask('evidence', 'GET', `/exports/${made.id}/disclosures`)).body.items.find(
    (each: { id: string }) => each.id === id,
  )

describe('a hand-over', () => {
  test('opens for whoever has the link, without signing in, and each use is an entry', async () => {
    const { id, link } = await handedOver()
    expect(link).toMatch(/^\/disclosures\/[\w-]{43}$/)
    const page = await follow(link)
    expect(page.status).toBe(200)
    expect(page.bytes.toString()).toContain(made.sha256)
    expect(page.bytes.toString()).toContain('DS 77 &lt;Jones&gt;')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const whole = await follow(link, '/package.zip')
    expect(whole.headers.get('x-lamppost-sha256')).toBe(made.sha256)
    expect((await follow(link, '/package.zip', { range: 'bytes=100-' })).bytes.equals(whole.bytes.subarray(100))).toBe(
      true,
    )
    expect((await follow(link, '/companion.zip')).status).toBe(200)
    expect(await opened(id)).toEqual([
      ['page', false, null],
      ['package', true, null],
      ['package', true, null],
      ['companion', false, null],
    ])
    expect(await listed(id)).toMatchObject({
      recipient: TO.recipient,
      used: 2,
      refused: 0,
      lastUsedAt: expect.any(String),
    })
    const custody = (await room.entries()).filter(
      ({ kind, actor }) => kind === 'export.downloaded' && actor === 'disclosure:DS 77 <Jones>',
    )
    expect(custody.map(({ body }) => body.through)).toEqual([id, id, id])
  })
  test('that was used up, or revoked, answers 410, and the refusal is an entry', async () => {
    const { id, link } = await handedOver({ most: 1 })
    expect((await follow(link, '/package.zip')).status).toBe(200)
    const again = await follow(link, '/package.zip')
    expect([again.status, JSON.parse(again.bytes.toString()).code]).toEqual([410, 'disclosure/over'])
    // All but a byte is a fetching, too; and a look at the headers is none.
    for (const range of ['bytes=1-', 'bytes=1-,0-'])
      expect((await follow(link, '/package.zip', { range })).status).toBe(410)
    expect((await follow(link, '/package.zip', { range: 'bytes=999999999999999-5' })).status).toBe(416)
    expect((await fetch(`${room.url()}${link}/package.zip`, { method: 'HEAD' })).status).toBe(404)
    expect(
      (await room.ask('evidence', 'DELETE', `/disclosures/${id}`, { reason: 'sent to the wrong person' })).body,
    ).toMatchObject({ revokedBy: 'Some evidence' })
    for (const path of ['', '/package.zip', '/companion.zip']) expect((await follow(link, path)).status).toBe(410)
    expect((await opened(id)).filter(([, , refused]) => refused !== null)).toHaveLength(6)
    expect(await listed(id)).toMatchObject({ used: 1, refused: 6 })
  })
  test('whose link is not known is 404 and says nothing', async () => {
    const unknown = await follow('/disclosures/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')
    expect([unknown.status, JSON.parse(unknown.bytes.toString()).code]).toEqual([404, 'disclosure/unknown'])
    expect((await follow('/disclosures/..%2f..%2fledger.sqlite')).status).toBeGreaterThanOrEqual(400)
  })
  test('keeps its secret: the ledger, the list and the log have only the hash', async () => {
    const { link } = await handedOver()
    const secret = link.split('/').at(-1) ?? ''
    await follow(link)
    expect(JSON.stringify(await room.entries())).not.toContain(secret)
    expect(JSON.stringify((await room.ask('evidence', 'GET', `/exports/${made.id}/disclosures`)).body)).not.toContain(
      secret,
    )
    expect(readFileSync(join(room.dataFolder, 'lamppost.log'), 'utf8')).not.toContain(secret)
  })
  test.each([
    ['without a recipient', { recipient: undefined }, 400],
    ['without a purpose', { purpose: ' ' }, 400],
    ['for ever', { days: 1000 }, 400],
    ['of nothing', { most: 0 }, 400],
  ])('%s is refused', async (_, change, status) => {
    expect((await room.ask('evidence', 'POST', `/exports/${made.id}/disclosures`, { ...TO, ...change })).status).toBe(
      status,
    )
  })
  test('is the evidence role’s alone', async () => {
    for (const role of ['operator', 'supervisor', 'engineer'] as const)
      expect((await room.ask(role, 'POST', `/exports/${made.id}/disclosures`, TO)).status).toBe(403)
  })
  test('ends with the package', async () => {
    const other = await room.exported({ ...room.range(), cameras: ['bar'] })
    const { link } = (await room.ask('evidence', 'POST', `/exports/${other.id}/disclosures`, TO)).body
    await room.ask('evidence', 'DELETE', `/exports/${other.id}`, { reason: 'made twice' })
    expect((await follow(link, '/package.zip')).status).toBe(410)
  })
  test('is there after a restart', async () => {
    const { link } = await handedOver()
    await room.stop()
    await room.start()
    expect((await follow(link, '/package.zip')).status).toBe(200)
  })
})

describe('what is kept', () => {
  test('is reported with its end, and kept for ever under a lock by a name', async () => {
    const incident = (await room.ask('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
    await room.ask('operator', 'POST', `/incidents/${incident}/framings`, { camera: 'bar' })
    await room.ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'over' })
    const report = async () => (await room.ask('evidence', 'GET', '/retention')).body
    const kept = (await report()).items.find((each: { incident: string }) => each.incident === incident)
    expect(await report()).toMatchObject({ keepDays: 31, warnDays: 3 })
    const ask = (headers: Record<string, string> = {}) =>
      room.ask('evidence', 'GET', `/retention?incidents=${incident},nobody`, undefined, headers)
    const once = await ask()
    expect(once.body.items.map(({ incident: id }: { incident: string }) => id)).toEqual([incident])
    const again = await ask({ 'if-none-match': once.headers.get('etag') ?? '' })
    expect([again.status, again.bytes.length]).toEqual([304, 0])
    expect((await room.ask('evidence', 'GET', '/retention?expiring=true')).body.items).toEqual([])
    expect((await room.ask('evidence', 'GET', '/retention?limit=1')).body.items).toHaveLength(1)
    expect((await room.ask('evidence', 'GET', '/retention?limit=0')).status).toBe(400)
    expect((await room.ask('evidence', 'GET', `/retention?incidents=${Array(201).fill('a').join(',')}`)).status).toBe(
      400,
    )
    expect(Date.parse(kept.endsAt) - Date.parse(kept.closedAt)).toBe(31 * 86_400_000)
    expect((await room.ask('operator', 'PUT', `/incidents/${incident}/lock`, { reason: 'x' })).status).toBe(403)
    expect((await room.ask('supervisor', 'PUT', `/incidents/${incident}/lock`, {})).status).toBe(400)
    expect(
      (await room.ask('supervisor', 'PUT', `/incidents/${incident}/lock`, { reason: '=cmd()' })).body,
    ).toMatchObject({ endsAt: null, lock: { by: 'Some supervisor', until: null } })
    const csv = (await room.ask('evidence', 'GET', '/retention.csv')).body as string
    expect(csv).toContain("locked for ever,Some supervisor,'=cmd()")
    expect(
      (await room.ask('evidence', 'DELETE', `/incidents/${incident}/lock`, { reason: 'case closed' })).body,
    ).toMatchObject({ lock: null, endsAt: kept.endsAt })
    const of = (await room.ask('operator', 'GET', `/incidents/${incident}`)).body
    expect(of.log.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['clip.locked', 'clip.unlocked']),
    )
    const exported = await room.exported({ incident })
    expect(exported).toMatchObject({ incident, cuts: [{ camera: 'bar' }] })
  })
  test('is found by place and time, and the search is an entry with its reason', async () => {
    const order = {
      from: room.range().from,
      to: new Date().toISOString(),
      helpPoint: 'bar',
      metres: 300,
      reason: 'subject access request 12',
    }
    const { status, body } = await room.ask('evidence', 'POST', '/evidence-searches', order)
    expect(status).toBe(200)
    expect(body.cameras.map(({ camera }: { camera: string }) => camera)).toEqual(['bar', 'row'])
    expect(body.cameras[0]).toMatchObject({ metres: expect.any(Number), recorded: [{ from: room.range().from }] })
    expect(body.incidents.length).toBeGreaterThan(0)
    expect((await room.entries()).at(-1)).toMatchObject({
      kind: 'evidence.searched',
      actor: 'evidence:Some evidence',
      body: { reason: order.reason, metres: 300 },
    })
    expect((await room.ask('evidence', 'POST', '/evidence-searches', { ...order, metres: 1 })).body.cameras).toEqual([])
    expect((await room.ask('evidence', 'POST', '/evidence-searches', { ...order, reason: undefined })).status).toBe(400)
    expect((await room.ask('evidence', 'POST', '/evidence-searches', { ...order, helpPoint: 'nowhere' })).status).toBe(
      404,
    )
    expect((await room.ask('supervisor', 'POST', '/evidence-searches', order)).status).toBe(403)
  })
})
