/**
 * A human always: the edge as a service of its own, and what becomes of a call when Lamppost is absent, killed, frozen,
 * or nobody takes it. The desk is sipp, the help points baresip and telephones of the test's own.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { edgeConfig, tlsConfig } from '../../server/call/edge/edge-config.ts'
import { findProgram } from '../../server/tools/process/guarded-engine.ts'
import { until } from '../contracts/test-town.ts'
import { type Caller, openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, leftOf, openOperator, openVoiceTown, selfSigned } from './voice-town.ts'

const CRLF = '\r\n'

describe('an edge apart from the server', () => {
  let town: VoiceTown
  let caller: Caller
  let desk: ReturnType<VoiceTown['desk']>
  const HP01 = { user: 'hp01', password: PASSWORD }
  beforeAll(async () => {
    town = await openVoiceTown({ apart: true, voice: ', noAnswer: 6s', trusted: '127.0.0.1' })
    caller = await openCaller(town.edge)
    desk = town.desk()
  })
  afterAll(async () => {
    caller?.close()
    await desk?.close()
    await town?.end()
  })
  /** Its own calls' statuses, and whether the desk was asked. */
  async function reachesDesk(): Promise<string> {
    const before = desk.calls()
    const { call, status } = await caller.dial(HP01, (each) => each >= 200)
    expect(status).toBe(200)
    expect(desk.calls()).toBe(before + 1)
    return call
  }

  test('gives a call to the desk while the server was never started', async () => {
    await reachesDesk()
  })
  test('gives it to the server once that is there, which rings and is not the desk', async () => {
    await town.startServer()
    const before = desk.calls()
    const { call, status } = await caller.dial(HP01)
    expect([status, desk.calls()]).toEqual([180, before])
    expect((await town.call('ringing')).helpPoint).toBe('bar')
    expect((await town.ask('Asha', 'GET', '/site')).body.voice).toMatchObject({ ready: true, apart: true })
    caller.cancel(HP01, call)
    await until(
      async () => (await town.ask('Asha', 'GET', '/calls')).body.items[0],
      ({ end }) => end === 'gave-up',
    )
  })
  test('gives only one of several calls of one press to the room: the others are declined, and no desk rings for them', async () => {
    const before = desk.calls()
    const [first, second] = [await caller.dial(HP01), await caller.dial(HP01)]
    const ringing = await until(
      async () => (await town.ask('Asha', 'GET', '/calls?state=ringing')).body.items,
      (items) => items.length === 2,
    )
    expect(ringing[0].incident).toBe(ringing[1].incident)
    await town.ask('Asha', 'POST', `/calls/${ringing[0].id}/taking`, {})
    await caller.answer(first.call, 2, (status) => status === 200)
    await caller.answer(second.call, 2, (status) => status === 603)
    await town.ask('Asha', 'POST', `/calls/${ringing[0].id}/ending`)
    expect(desk.calls()).toBe(before)
    expect((await town.ask('Asha', 'GET', `/calls/${ringing[1].id}`)).body.end).toBe('answered-elsewhere')
    await town.ask('Asha', 'POST', `/incidents/${ringing[0].incident}/closure`, { reason: 'tested' })
  })
  test('gives a call that nobody takes to the desk, and the incident says so', async () => {
    await reachesDesk()
    const { body } = await town.ask('Asha', 'GET', '/calls')
    const forwarded = body.items.find(({ end }: { end: string }) => end === 'forwarded')
    expect(await town.log(forwarded.incident)).toEqual(expect.arrayContaining(['call.escalated', 'call.ended']))
  })
  test('gives a call to the desk while the server is frozen; awake again, the press counts and nothing rings', async () => {
    const presses = async (): Promise<number> =>
      (await town.ask('Asha', 'GET', '/incidents')).body.items.reduce(
        (sum: number, { presses: of, repeats }: { presses: unknown[]; repeats: number }) => sum + of.length + repeats,
        0,
      )
    const before = await presses()
    town.freeze('SIGSTOP')
    await reachesDesk()
    town.freeze('SIGCONT')
    await until(presses, (now) => now > before)
    await until(
      async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items,
      (open) => open.length === 0,
    )
  })
  test('ends a call at its help point when the server dies in it; started again, the incident says so', async () => {
    const helpPoint = town.helpPoint({ user: 'hp02' })
    const call = await town.call('ringing')
    await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, {})
    const operator = await openOperator(town, 'Asha', call.id)
    await town.call('connected')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    await town.killServer()
    operator.close()
    // baresip says so when the other side has hung up.
    await until(
      () => helpPoint.lines.join('\n'),
      (said) => /session closed|terminated/i.test(said),
    )
    await town.startServer()
    const { body } = await town.ask('Asha', 'GET', `/calls/${call.id}`)
    expect(body).toMatchObject({ state: 'ended', end: 'server-restarted' })
    expect(Date.parse(body.recording.to) - Date.parse(body.recording.from)).toBeGreaterThanOrEqual(1000)
    expect(body.recording.gaps).toMatchObject([{ side: 'in' }, { side: 'out' }])
    expect(await town.log(call.incident)).toEqual(expect.arrayContaining(['call.ended', 'call.recorded']))
    await helpPoint.hangUp()
  })
  test('gives a call that rings to the desk when the server dies meanwhile', async () => {
    const before = desk.calls()
    const { call } = await caller.dial(HP01, (status) => status === 180)
    await town.call('ringing')
    await town.killServer()
    await caller.answer(call, 2, (status) => status === 200, 60_000)
    expect(desk.calls()).toBe(before + 1)
    await town.startServer()
    expect((await town.ask('Asha', 'GET', '/calls')).body.items[0]).toMatchObject({ end: 'server-restarted' })
  })
  test('is started again when one of its engines dies, and the next call rings', async () => {
    for (const engine of ['kamailio', 'rtpengine']) {
      for (const each of leftOf(town)) {
        const [pid, program = ''] = each.split(' ')
        if (program.endsWith(`/${engine}`)) process.kill(Number(pid), 'SIGKILL')
      }
      await until(
        async () => (await town.ask('Asha', 'GET', '/site')).body.voice.ready,
        (ready) => !ready,
      )
      await until(
        async () => (await town.ask('Asha', 'GET', '/site')).body.voice.ready,
        (ready) => ready,
      )
      const { call, status } = await caller.dial(HP01)
      expect(status).toBe(180)
      caller.cancel(HP01, call)
    }
  })
  test('follows the site file: another password counts at once, another time to answer starts it anew', async () => {
    const before = readFileSync(town.site, 'utf8')
    writeFileSync(town.site, before.replace('noAnswer: 6s', 'noAnswer: 20s').replace('user: hp01', 'user: hp07'))
    await until(
      () => caller.dialOnce({ ...HP01, user: 'hp07' }),
      (status) => status === 180,
    )
    expect((await caller.dial(HP01, (status) => status >= 300)).status).toBe(403)
    writeFileSync(town.site, before)
    await until(
      () => caller.dialOnce(HP01),
      (status) => status === 180,
    )
  })
  test('gives a call to the desk at once when the server was killed', async () => {
    await town.killServer()
    const startedAt = performance.now()
    await reachesDesk()
    expect(performance.now() - startedAt).toBeLessThan(60_000)
    await town.startServer()
  })
  test('knows who is registered, and the help points’ page shows it', async () => {
    const helpPoint = town.helpPoint({ user: 'hp02', dial: false })
    const voice = await until(
      async () =>
        (await town.ask('Asha', 'GET', '/help-points')).body.items.find(({ id }: { id: string }) => id === 'row').voice,
      (state) => state.registered,
    )
    expect(voice).toMatchObject({ registered: true, since: expect.any(String) })
    await helpPoint.hangUp()
  })
})

describe('who calls', () => {
  let town: VoiceTown
  let caller: Caller
  beforeAll(async () => {
    town = await openVoiceTown({ trusted: '127.0.0.1' })
    await town.startServer()
    caller = await openCaller(town.edge)
  })
  afterAll(async () => {
    caller?.close()
    await town?.end()
    // Nothing is left of a town that has ended; the engines end with the server, however it ends.
    expect(leftOf(town)).toEqual([])
  })
  const HP01 = { user: 'hp01', password: PASSWORD }
  const presses = async (): Promise<number> =>
    (await town.ask('Asha', 'GET', '/incidents')).body.items.reduce(
      (sum: number, { presses: of, repeats }: { presses: unknown[]; repeats: number }) => sum + of.length + repeats,
      0,
    )
  const refusedOf = async (): Promise<string[]> =>
    (await town.ask('Eve', 'GET', '/ledger?kind=call.refused')).body?.items?.map(
      ({ body }: { body: { why: string } }) => body.why,
    ) ?? []

  test.each([
    ['a wrong password', { ...HP01, password: 'guessed' }, 401],
    ['a user that nobody has', { ...HP01, user: 'hp99' }, 403],
    ['another’s From', { ...HP01, from: 'hp02' }, 403],
  ] as const)('by %s is refused, and is no press', async (_, dial, status) => {
    const before = await presses()
    expect((await caller.dial(dial, (each) => each >= 300)).status).toBe(status)
    expect(await presses()).toBe(before)
  })
  test('registers under another’s name is refused', async () => {
    expect((await caller.register({ ...HP01, from: 'hp02' })).status).toBe(403)
    expect((await caller.register({ ...HP01, from: 'lamppost' })).status).toBe(403)
  })
  test('with a nonce that was used before is asked anew', async () => {
    const first = await caller.dial(HP01)
    caller.cancel(HP01, first.call)
    const again = await caller.dial({ ...HP01, nonce: first.nonce, call: 'replayed' }, (each) => each >= 300)
    expect(again.status).toBe(401)
  })
  test('from nowhere, in the name of a call that there is not, gets nothing relayed', async () => {
    const stranger = await openCaller(town.edge, '127.0.0.1')
    stranger.send(
      [
        `INVITE sip:anybody@127.0.0.1:${town.ports.desk} SIP/2.0`,
        'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKr1;rport',
        `Route: <sip:${town.edge};lr>`,
        'Max-Forwards: 70',
        'From: <sip:a@b>;tag=1',
        'To: <sip:a@b>;tag=2',
        'Call-ID: relay',
        'CSeq: 7 INVITE',
        'Contact: <sip:a@127.0.0.1:9>',
        'Content-Length: 0',
        '',
        '',
      ].join(CRLF),
    )
    expect(await stranger.answer('relay', 7, (status) => status >= 200)).toMatch(/^SIP\/2\.0 481/)
    stranger.close()
  })
  test('and forges our own headers is who the password says', async () => {
    const headers = ['X-Lamppost-Help-Point: hp02', 'X-Lamppost-From: tls:1.2.3.4:5', 'x-lamppost-door: x']
    const { call } = await caller.dial({ ...HP01, headers })
    const ringing = await town.call('ringing')
    expect(ringing).toMatchObject({ helpPoint: 'bar', secured: false })
    caller.cancel(HP01, call)
    await until(
      async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items,
      (open) => open.length === 0,
    )
  })
  test('is heard of in the record when refused, once a second', async () => {
    expect(await refusedOf()).toEqual(expect.arrayContaining([expect.stringMatching(/password|user|name/)]))
  })
  test('thirty calls, each sent four times over two branches, are thirty presses', async () => {
    const before = await presses()
    for (let i = 0; i < 30; i += 1) {
      const dial = { ...HP01, call: `many${i}${Date.now()}`, times: 4, branches: 2 }
      const { status } = await caller.dial(dial, (each) => each === 180)
      expect(status).toBe(180)
      caller.cancel(dial, dial.call)
    }
    await until(presses, (now) => now >= before + 30)
    expect(await presses()).toBe(before + 30)
  })
  test('is not kept out by a flood from elsewhere', async () => {
    const flood = await openCaller(town.edge, '127.0.0.2')
    const invite = (i: number): string =>
      [
        'INVITE sip:control@127.0.0.1 SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.2:9;branch=z9hG4bKf${i}`,
        'Max-Forwards: 70',
        'From: <sip:hp01@x>;tag=f',
        'To: <sip:control@x>',
        `Call-ID: flood${i}`,
        'CSeq: 1 INVITE',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n')
    let sent = 0
    const timer = setInterval(() => {
      for (let i = 0; i < 100; i += 1) flood.send(invite((sent += 1)))
    }, 20)
    for (let i = 0; i < 10; i += 1) {
      const { call, status } = await caller.dial(HP01)
      expect(status).toBe(180)
      caller.cancel(HP01, call)
    }
    clearInterval(timer)
    flood.close()
    expect(sent).toBeGreaterThan(0)
  })
  test.each([
    ['nothing but line ends', '\r\n\r\n\r\n\r\n'],
    ['no SIP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no headers', 'INVITE sip:control@127.0.0.1 SIP/2.0\r\n\r\n'],
    [
      'a negative length',
      'INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nContent-Length: -9\r\n\r\n',
    ],
    ['a length of a gigabyte', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1000000000\r\n\r\nx'],
    [
      'a name of eight thousand bytes',
      [
        'OPTIONS sip:a@b SIP/2.0',
        `Call-ID: ${'x'.repeat(8000)}`,
        'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2',
        'From: <sip:a@b>;tag=1',
        'To: <sip:a@b>',
        'CSeq: 1 OPTIONS',
        '',
        '',
      ].join(CRLF),
    ],
    ['bytes of no text', String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))],
    ['a response to nothing', 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK3\r\nCSeq: 1 INVITE\r\n\r\n'],
    [
      'a BYE of no call',
      [
        'BYE sip:a@b SIP/2.0',
        'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK4',
        'From: <sip:a@b>;tag=1',
        'To: <sip:a@b>;tag=2',
        'Call-ID: no',
        'CSeq: 2 BYE',
        'Max-Forwards: 70',
        '',
        '',
      ].join(CRLF),
    ],
  ])('and sends %s disturbs nobody: the next press rings', async (_, text) => {
    for (let i = 0; i < 5; i += 1) caller.send(text)
    const { call, status } = await caller.dial(HP01)
    expect(status).toBe(180)
    caller.cancel(HP01, call)
  })
  test('is answered by nobody when the server is killed, and no engine is left behind', async () => {
    await town.killServer()
    await until(
      () => leftOf(town),
      (left) => left.length === 0,
    )
  })
})

describe('kamailio', () => {
  test.each([true, false])('takes the configuration that is written for it, with TLS and a trunk: %s', (tls) => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-edge-'))
    const { certificate, key } = selfSigned(folder)
    const listen = [
      { transport: 'udp' as const, address: '127.0.0.1:5060' },
      ...(tls ? [{ transport: 'tls' as const, address: '127.0.0.1:5061', certificate, key }] : []),
    ]
    const site = {
      listen,
      mediaPorts: { from: 20_000, to: 20_100 },
      trusted: ['10.0.0.2'],
      desk: 'sip:desk@10.0.0.9',
      noAnswerMs: 30_000,
      trunk: tls ? { host: 'trunk.example', port: 5061, transport: 'tls' as const, ca: certificate } : null,
      pbx: tls ? { host: 'pbx.example', port: null, transport: 'udp' as const, ca: null } : null,
    }
    writeFileSync(join(folder, 'tls.cfg'), tlsConfig(listen, site))
    writeFileSync(join(folder, 'kamailio.cfg'), edgeConfig(site, { door: 5561, media: 2523, folder }, 'secret'))
    const checked = spawnSync(findProgram('kamailio') ?? '', ['-c', '-f', join(folder, 'kamailio.cfg')], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect([checked.status, checked.stderr]).toEqual([0, expect.stringContaining('config file ok')])
  })
})
