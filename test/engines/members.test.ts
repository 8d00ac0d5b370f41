/** A town on two servers and a witness, with real etcd and real processes: founded, joined, killed, cut, stopped. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MemberTown, PASSWORD, keptBy, openMemberTown, settled, sleep, startLoad, until } from './member-town.ts'

const other = (id: string): string => (id === 'A' ? 'B' : 'A')
/** Everything that was acknowledged is there once, and both have the same. */
async function mustHaveAll(town: MemberTown, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  // Presses that are agreed without a number get one in a moment.
  await until(
    () => town.members.map((id) => keptBy(town.dataOf(id))),
    (kept) => kept.every(({ keys }) => [...acknowledged.keys()].every((key) => keys.has(key))),
  )
  await settled(town)
  const [a, b] = town.members.map((id) => keptBy(town.dataOf(id)))
  expect(a?.head).toEqual(b?.head)
  expect(a?.gaps).toBe(0)
  expect([...acknowledged.keys()].filter((key) => !a?.keys.has(key))).toEqual([])
  expect([...(a?.keys ?? [])].filter(([, times]) => times > 1)).toEqual([])
  expect(a?.terms.toSorted((one, next) => one - next)).toEqual(a?.terms)
  expect(new Set(a?.terms).size).toBe(a?.terms.length)
}

describe('two servers and a witness', () => {
  let town: MemberTown
  beforeAll(async () => {
    town = await openMemberTown({ helpPoints: 200 })
  })
  afterAll(() => town.close())

  test('one of them leads, both say so, and each press has one receipt at both', async () => {
    const lead = await town.leader()
    expect((await town.view(other(lead)))?.lead).toBe(lead)
    const first = await town.press(lead, 'hp-1', 'same')
    expect(first).toMatchObject({ status: 202, body: { copies: 2 } })
    const again = await town.press(other(lead), 'hp-1', 'same')
    expect(again).toMatchObject({ status: 200, body: { press: first.body.press, incident: first.body.incident } })
    const both = await Promise.all(town.members.map((id) => town.press(id, 'hp-2', 'at once')))
    expect(new Set(both.map(({ body }) => body.press)).size).toBe(1)
    expect(await town.press(other(lead), 'nowhere', 'x')).toMatchObject({ status: 404 })
  })
  test('whoever has no token is refused by the one that does not lead, too', async () => {
    const init = { method: 'POST', body: '{"helpPoint":"hp-1"}', headers: { authorization: 'Bearer wrong' } }
    for (const id of town.members) expect((await town.ask(id, '/api/v1/presses', init)).status).toBe(401)
    for (const path of ['/api/v1/town/rows?after=0', '/api/v1/town/presses'])
      expect((await town.ask('B', path, path.endsWith('0') ? {} : { method: 'POST', body: '{}' })).status).toBe(403)
  })
  test('a page and an act at the one that does not lead go through to the lead', async () => {
    const behind = other(await town.leader())
    const { body: session } = await town.ask<{ name: string }>(behind, '/api/v1/session', {
      method: 'POST',
      body: JSON.stringify({ user: 'asha', password: PASSWORD }),
    })
    expect(session).toMatchObject({ name: 'Asha' })
    const { body } = await town.ask<{ items: { id: string; helpPoint: string }[] }>(behind, '/api/v1/incidents')
    const incident = body.items.find(({ helpPoint }) => helpPoint === 'hp-1')?.id
    expect(
      (await town.ask(behind, `/api/v1/incidents/${incident}/acknowledgement`, { method: 'POST' })).status,
    ).toBeLessThan(300)
  })
  test('what stands in the body of a request that has none is no request of its own at the lead', async () => {
    const behind = other(await town.leader())
    const { body } = await town.ask<{ items: { id: string; owner: string | null }[] }>(behind, '/api/v1/incidents')
    const untaken = body.items.find(({ owner }) => owner === null)?.id ?? ''
    const inner = `POST /api/v1/incidents/${untaken}/acknowledgement HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX: `
    const { hostname, port } = new URL(town.urlOf(behind))
    for (const head of ['Transfer-Encoding: chunked', `Content-Length: ${inner.length}`]) {
      const sent = head.startsWith('T') ? `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n` : inner
      const socket = connect({ port: Number(port), host: hostname })
      socket.on('error', () => {})
      socket.write(`GET /nothing HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${sent}`)
      await until(
        () => socket.bytesRead,
        (bytes) => bytes > 0,
      )
      socket.destroy()
      // Somebody who may do it asks for something else, over the connections that there are.
      for (let i = 0; i < 20; i += 1) await town.ask(behind, '/api/v1/incidents')
    }
    const after = await town.ask<{ items: { id: string; owner: string | null }[] }>(behind, '/api/v1/incidents')
    expect(after.body.items.find(({ id }) => id === untaken)?.owner).toBeNull()
  })
  test('a token that was made on the one that does not lead is known to both', async () => {
    const behind = other(await town.leader())
    const made = await town.run(behind, [
      'token',
      '--role',
      'press',
      '--name',
      'made elsewhere',
      '--data',
      town.dataOf(behind),
    ])
    const [token] = made.split('\n')
    const press = (id: string) =>
      town.ask(id, '/api/v1/presses', {
        method: 'POST',
        body: JSON.stringify({ helpPoint: 'hp-3', id: `of ${id}` }),
        headers: { authorization: `Bearer ${token}` },
      })
    for (const id of town.members)
      await until(
        async () => (await press(id)).status,
        (status) => status === 202 || status === 200,
      )
  })
  test('handed on by command, no press is refused', async () => {
    const lead = await town.leader()
    const load = startLoad(town, { perSecond: 40, helpPoints: 200, prefix: 'move', timeoutMs: 5000 })
    await sleep(500)
    expect(await town.town(lead, 'move-lead', '--to', other(lead))).toContain(`${other(lead)} leads the town twin`)
    const { acknowledged, failed } = await load.stop()
    expect(failed).toBe(0)
    await mustHaveAll(town, acknowledged)
  })
  test('its lead is killed under presses from both sides: none is lost or twice, and both have the same head', async () => {
    const load = startLoad(town, { perSecond: 60, helpPoints: 200, prefix: 'kill' })
    for (let round = 0; round < 2; round += 1) {
      const lead = await town.leader()
      await town.kill(lead)
      await town.leader([other(lead)], lead)
      await town.start(lead)
    }
    const { acknowledged } = await load.stop()
    await mustHaveAll(town, acknowledged)
    for (const id of town.members)
      expect(await town.run(id, ['ledger', 'verify', '--data', town.dataOf(id)])).toContain('The ledger is intact')
  })
  test('cut off from the engine the lead still takes presses, says that one copy is all there is, and delivers them', async () => {
    const lead = await town.leader()
    const load = startLoad(town, { perSecond: 40, helpPoints: 200, prefix: 'cut' })
    town.cut(lead)
    const next = await town.leader([other(lead)], lead)
    expect(next).toBe(other(lead))
    const kept = await until(
      () => town.press(lead, 'hp-5', 'kept here').catch(() => null),
      (answer) => answer?.body.copies === 1,
    )
    expect(kept).toMatchObject({ status: 202, body: { incident: null, copies: 1 } })
    const island = await town.view(lead)
    expect(island).toMatchObject({ lead: null, agrees: false })
    expect(island?.members.find(({ id }) => id === lead)?.held).toBeGreaterThan(0)
    town.mend(lead)
    const { acknowledged } = await load.stop()
    await until(
      async () => (await town.view(lead))?.members.find(({ id }) => id === lead)?.held,
      (held) => held === 0,
    )
    acknowledged.set('kept here', 1)
    await until(
      () => keptBy(town.dataOf(next)).keys.get('kept here'),
      (times) => times === 1,
    )
    await mustHaveAll(town, acknowledged)
    const again = await town.press(next, 'hp-5', 'kept here')
    expect(again).toMatchObject({ status: 200, body: { press: kept?.body.press, receivedAt: kept?.body.receivedAt } })
    expect(again.body.incident).not.toBeNull()
  })
  test('without a majority both take presses, and nothing of them is lost when it is back', async () => {
    const load = startLoad(town, { perSecond: 40, helpPoints: 200, prefix: 'majority' })
    for (const i of [0, 1]) town.engine.signal(i, 'SIGSTOP')
    await until(
      async () => (await town.press('A', 'hp-6', 'alone')).body.copies,
      (copies) => copies === 1,
    )
    await sleep(3000)
    expect((await town.view('A'))?.lead).toBeNull()
    for (const i of [0, 1]) town.engine.signal(i, 'SIGCONT')
    await town.leader()
    const { acknowledged } = await load.stop()
    expect([...acknowledged.values()].filter((copies) => copies === 1).length).toBeGreaterThan(0)
    await until(
      async () =>
        (await Promise.all(town.members.map(town.view))).flatMap(
          (each) => each?.members.map(({ held }) => held ?? 0) ?? [1],
        ),
      (held) => held.every((each) => each === 0),
    )
    await mustHaveAll(town, acknowledged)
  })
  test('a lead that was stopped and let go writes nothing any more, and follows', async () => {
    const lead = await town.leader()
    const load = startLoad(town, { perSecond: 40, helpPoints: 200, prefix: 'pause' })
    town.signal(lead, 'SIGSTOP')
    await town.leader([other(lead)], lead)
    town.signal(lead, 'SIGCONT')
    await until(
      async () => (await town.view(lead))?.lead,
      (found) => found === other(lead),
    )
    const { acknowledged } = await load.stop()
    await mustHaveAll(town, acknowledged)
  })
  test('what the engine stores is sealed: no word of the town is in its files', async () => {
    const files = ['voter-1', 'voter-2', 'voter-3'].flatMap((voter) =>
      readdirSync(join(town.folder, voter), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
    )
    expect(files.length).toBeGreaterThan(3)
    for (const canary of [
      'Lamp post 1',
      'press.received',
      'kept here',
      'Asha',
      'argon2',
      town.token,
      'BEGIN PRIVATE KEY',
    ])
      expect(files.some((bytes) => bytes.includes(canary))).toBe(false)
  })
  test('an entry that was changed by hand on one server is found, said, and healed from the other', async () => {
    const behind = other(await town.leader())
    await settled(town)
    await town.kill(behind, 'SIGTERM')
    const db = new DatabaseSync(join(town.dataOf(behind), 'ledger.sqlite'))
    for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as {
      name: string
    }[])
      db.exec(`DROP TRIGGER "${name}"`)
    db.prepare("UPDATE entries SET body = replace(body, 'hp-1', 'hp-9') WHERE seq = 5").run()
    db.prepare("UPDATE entries SET actor = 'somebody' WHERE seq = 5").run()
    db.close()
    await town.start(behind)
    await until(
      () => readFileSync(join(town.dataOf(behind), 'member', 'lamppost.log'), 'utf8'),
      (log) => log.includes('the copy of the others is in its place'),
    )
    await until(
      () => {
        try {
          return town.members.map((id) => keptBy(town.dataOf(id)).head.hash)
        } catch {
          // It has just been set aside.
          return []
        }
      },
      ([a, b]) => a !== undefined && a === b,
    )
    expect(readdirSync(town.dataOf(behind)).some((name) => name.startsWith('ledger-differs-'))).toBe(true)
    expect(await town.run(behind, ['ledger', 'verify', '--data', town.dataOf(behind)])).toContain(
      'The ledger is intact',
    )
  })
  test('the site file that an engineer saves is every member’s; one that is changed by hand elsewhere is not taken', async () => {
    const lead = await town.leader()
    const changed = town.site.replace('Place 1,', 'Place one,')
    writeFileSync(town.siteOf(lead), changed)
    await until(
      () => readFileSync(town.siteOf(other(lead)), 'utf8'),
      (text) => text === changed,
    )
    writeFileSync(town.siteOf(other(lead)), changed.replace('Place one,', 'Place of mine,'))
    await until(
      async () => (await town.ask<{ siteDiffers: string | null }>(other(lead), '/api/v1/town')).body.siteDiffers,
      (words) => words?.includes('changed by hand') ?? false,
    )
    expect(readFileSync(town.siteOf(lead), 'utf8')).toBe(changed)
    writeFileSync(town.siteOf(other(lead)), changed)
  })
  test('status and check say how it stands, and what is wrong with which box', async () => {
    expect(await town.town('A', 'status')).toMatch(
      /[AB] leads the town twin since .* has every entry, no press on its disk alone/s,
    )
    expect(await town.town('A', 'check')).toContain('Everything is as it should be.')
    await town.engine.kill(2)
    const said = await town.town('A', 'check').catch((error: unknown) => String(error))
    expect(said).toMatch(/WRONG {2}engine .*Is etcd running there/)
    town.engine.start(2)
  })
  test('a server that leaves is no member any more', async () => {
    const lead = await town.leader()
    const behind = other(lead)
    await town.kill(behind, 'SIGTERM')
    expect(await town.town(behind, 'leave')).toContain(`${behind} has left the town twin`)
    await expect(town.start(behind)).rejects.toThrow('belongs to no town yet')
    await until(
      () => town.town(lead, 'status'),
      (said) => !said.includes(`  ${behind}  `),
    )
    await until(
      () => keptBy(town.dataOf(lead)),
      () =>
        new DatabaseSync(join(town.dataOf(lead), 'ledger.sqlite'), { readOnly: true })
          .prepare("SELECT count(*) AS count FROM entries WHERE kind = 'town.member-left'")
          .get()?.['count'] === 1,
    )
  })
})
