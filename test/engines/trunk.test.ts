/**
 * A trunk that is not well, and who would misuse it: one over TLS, one without its authority, one that says nothing; a
 * third party that loses its power; a help point that asks for the trunk's password; a server that dies while a
 * telephone outside rings.
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, authority, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

const POLICE = 'contacts:\n  - { id: police, name: Police, phone: "101", sip: "sip:101@trunk" }\n'
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})
const see = async (town: VoiceTown, id: string) => (await town.ask('Asha', 'GET', `/calls/${id}`)).body
async function connected(town: VoiceTown) {
  const helpPoint = town.helpPoint({})
  closers.push(helpPoint.hangUp)
  const { id } = await town.call('ringing')
  await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Asha', id)
  operator.socket.on('error', () => {})
  closers.push(operator.close)
  await town.call('connected')
  return { id, operator }
}
const addPolice = (town: VoiceTown, id: string) =>
  town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'police' })
const lines = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}:[ \\t]*(.*)$`, 'gim'))].map(([, value = '']) => value.trim())
/** An answer to a request, as a telephone gives it. */
const answerTo = (request: string, first: string, more: readonly string[] = [], body = ''): string =>
  [
    `SIP/2.0 ${first}`,
    ...lines(request, 'Via').map((via) => `Via: ${via}`),
    ...lines(request, 'Record-Route').map((route) => `Record-Route: ${route}`),
    `From: ${lines(request, 'From')[0]}`,
    `To: ${lines(request, 'To')[0]}${/;tag=/.test(lines(request, 'To')[0] ?? '') ? '' : ';tag=q'}`,
    `Call-ID: ${lines(request, 'Call-ID')[0]}`,
    `CSeq: ${lines(request, 'CSeq')[0]}`,
    ...more,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')

describe('over UDP', () => {
  const port = 31_000 + randomInt(900)
  let town: VoiceTown
  beforeAll(async () => {
    town = await openVoiceTown({
      voice: `, trunk: { to: "sip:127.0.0.1:${port}", username: council, password: "\${HELP_POINT}" }`,
      more: POLICE,
    })
    await town.startServer()
  })
  afterAll(() => town?.end())

  test('that says nothing cannot be reached; nobody is said not to have answered', async () => {
    const hole = createSocket('udp4')
    await new Promise<void>((resolve) => hole.bind(port, '127.0.0.1', resolve))
    closers.push(() => hole.close())
    const { id } = await connected(town)
    await addPolice(town, id)
    const { parties } = await until(
      () => see(town, id),
      (call) => call.parties[0].state === 'left',
    )
    expect(parties[0].end).toBe('unreachable')
    await town.ask('Asha', 'POST', `/calls/${id}/ending`)
  })
  test('a third party that loses its power when the operator has left gives the caller back to the room', async () => {
    const police = town.helpPoint({ user: '101', outside: port })
    closers.push(police.hangUp)
    const { id, operator } = await connected(town)
    await addPolice(town, id)
    await until(
      () => see(town, id),
      (call) => call.parties[0].state === 'joined',
    )
    await town.ask('Asha', 'DELETE', `/calls/${id}/taking`)
    operator.close()
    police.loseItsPower()
    const { parties } = await until(
      () => see(town, id),
      ({ state }) => state === 'offered',
    )
    expect(parties[0].end).toBe('line-lost')
    await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
    await town.ask('Asha', 'POST', `/calls/${id}/ending`)
  })
  test('carries a call of the room that is about no incident: both hear each other, and it is recorded', async () => {
    const police = town.helpPoint({ user: '101', outside: port })
    closers.push(police.hangUp)
    const wish = { contact: 'police', reason: 'A drunk driver on Bondgate' }
    const { status, body } = await town.ask('Asha', 'POST', '/calls', wish)
    expect([status, body]).toMatchObject([202, { contact: 'police', helpPoint: null, incident: null, owner: 'Asha' }])
    const operator = await openOperator(town, 'Asha', body.id)
    closers.push(operator.close)
    await until(
      () => see(town, body.id),
      ({ state }) => state === 'connected',
    )
    await pass(1500)
    await town.ask('Asha', 'POST', `/calls/${body.id}/ending`)
    await police.hangUp()
    expect(shareAt(police.heard(), null, 880).share).toBeGreaterThan(0.9)
    expect(operator.heard.length).toBeGreaterThan(20)
    await until(
      () => see(town, body.id),
      ({ recording }) => recording !== null,
    )
    const { body: record } = await town.ask('Eve', 'GET', '/ledger?kind=call.recorded')
    expect(record.items.at(-1).body).toMatchObject({ call: body.id, incident: null, file: `calls/${body.id}.wav` })
  })
  test('gives its password to no help point, whichever request it asks in', async () => {
    const police = town.helpPoint({ user: '101', outside: port })
    closers.push(police.hangUp)
    // The agent has used the password in this call.
    const first = await connected(town)
    await addPolice(town, first.id)
    await until(
      () => see(town, first.id),
      (call) => call.parties[0].state === 'joined',
    )
    await town.ask('Asha', 'POST', `/calls/${first.id}/ending`)
    const caller = await openCaller(town.edge)
    closers.push(caller.close)
    const dial = { user: 'hp02', password: PASSWORD }
    const { call } = await caller.dial(dial, (status) => status === 180)
    const { id } = await town.call('ringing')
    await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
    const operator = await openOperator(town, 'Asha', id)
    closers.push(operator.close)
    caller.inDialog('ACK', dial, call, await caller.answer(call, 2, (status) => status === 200))
    // It sends no sound: after ten seconds it is asked whether it is there.
    const challenge = 'Proxy-Authenticate: Digest realm="trunk.example", nonce="chosen-by-the-help-point"'
    const asked = (): string[] => caller.requests().filter((text) => text.startsWith('INFO '))
    await until(asked, (all) => all.length > 0)
    caller.send(answerTo(asked()[0] ?? '', '407 Proxy Authentication Required', [challenge]))
    await pass(3000)
    expect(
      asked()
        .flatMap((text) => lines(text, 'Proxy-Authorization'))
        .join(''),
    ).not.toContain('council')
    await town.ask('Asha', 'POST', `/calls/${id}/ending`)
  })
})

test('a telephone outside that rings when the server dies is called no more', async () => {
  const port = 31_900 + randomInt(90)
  const town = await openVoiceTown({ apart: true, voice: `, trunk: { to: "sip:127.0.0.1:${port}" }`, more: POLICE })
  closers.push(town.end)
  const heard: string[] = []
  const trunk = createSocket('udp4')
  await new Promise<void>((resolve) => trunk.bind(port, '127.0.0.1', resolve))
  closers.push(() => trunk.close())
  trunk.on('message', (bytes, { port: from }) => {
    const text = bytes.toString()
    if (text.startsWith('INVITE') && !heard.some((each) => each.startsWith('INVITE')))
      trunk.send(answerTo(text, '180 Ringing', [`Contact: <sip:101@127.0.0.1:${port}>`]), from)
    heard.push(text.split('\r\n')[0] ?? '')
  })
  await town.startServer()
  const { id } = await connected(town)
  await addPolice(town, id)
  await until(
    () => heard.length,
    (count) => count > 0,
  )
  await pass(500)
  await town.killServer()
  await until(
    () => heard,
    (all) => all.some((each) => each.startsWith('CANCEL')),
  )
})

describe('over TLS', () => {
  test('is called, and its sound comes encrypted', async () => {
    // baresip listens for TLS one port above the others.
    const port = 32_000 + randomInt(300)
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-trunk-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const vouches = authority(folder, 'provider')
    const own = vouches.sign('localhost', { dns: 'localhost' })
    const town = await openVoiceTown({
      tls: true,
      voice: `, trunk: { to: "sip:127.0.0.1:${port + 1};transport=tls", ca: "file:${vouches.certificate}" }`,
      more: POLICE,
    })
    closers.push(town.end)
    await town.startServer()
    const police = town.helpPoint({ user: '101', outside: port, hz: 1300, own })
    closers.push(police.hangUp)
    const { id } = await connected(town)
    await addPolice(town, id)
    const { parties } = await until(
      () => see(town, id),
      (call) => call.parties[0].state !== 'calling',
    )
    expect(parties[0].state).toBe('joined')
    await pass(2500)
    await town.ask('Asha', 'POST', `/calls/${id}/ending`)
    await police.hangUp()
    expect(shareAt(police.heard(), null, 880).share, 'the operator, at the police').toBeGreaterThan(0.3)
  })
  test('without a readable authority costs the calls outside, and no other', async () => {
    const town = await openVoiceTown({
      tls: true,
      voice: ', trunk: { to: "sip:trunk.example;transport=tls", ca: "file:/not-there.pem" }',
      more: POLICE,
    })
    closers.push(town.end)
    await town.startServer()
    const { id } = await connected(town)
    await addPolice(town, id)
    const { parties } = await until(
      () => see(town, id),
      (call) => call.parties[0].state === 'left',
    )
    expect(parties[0].end).toBe('unreachable')
    await town.ask('Asha', 'POST', `/calls/${id}/ending`)
  })
})
