/**
 * Three in a call: a help point (baresip), an operator, and a telephone behind the trunk (baresip, and sipp where the
 * trunk wants a password). What each hears is judged by the share of energy at the others' tones.
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { wavHeader } from '../../server/tools/media/a-law-wav.ts'
import { startEngine } from '../../server/tools/process/guarded-engine.ts'
import { until } from '../contracts/test-town.ts'
import { type VoiceTown, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

const TRUNK = 31_000 + randomInt(900)
/** A tone is one of two that are heard: each has nearly half of all energy. */
const ONE_OF_TWO = 0.35
const ALONE = 0.85
let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown({
    voice:
      `, trunk: { to: "sip:127.0.0.1:${TRUNK}", username: council, password: "\${HELP_POINT}", callerId: "01325000000",` +
      ' address: "Town Hall, Darlington DL1 5QT" }',
    more:
      'contacts:\n' +
      '  - { id: police, name: Police, phone: "101", sip: "sip:101@trunk" }\n' +
      '  - { id: hub, name: Number Forty, phone: "01325 1", sip: "sip:9000@trunk" }\n' +
      '  - { id: wardens, name: Wardens, phone: "01325 2" }\n',
  })
  await town.startServer()
})
afterAll(() => town?.end())

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})
async function connected(hz = 440) {
  const helpPoint = town.helpPoint({ hz })
  closers.push(helpPoint.hangUp)
  const { id, incident } = await town.call('ringing')
  await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Asha', id)
  closers.push(operator.close)
  await town.call('connected')
  return { id, incident, helpPoint, operator }
}
const partyIs = (id: string, state: string) =>
  until(
    async () => (await town.ask('Asha', 'GET', `/calls/${id}`)).body,
    (call) => call.parties.at(-1)?.state === state,
  )
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
function heardBy(operator: Awaited<ReturnType<typeof openOperator>>, from: number): string {
  const bytes = Buffer.concat(operator.heard.slice(from))
  const file = join(town.folder, `heard-${operator.heard.length}.wav`)
  writeFileSync(file, Buffer.concat([wavHeader(1, bytes.length), bytes]))
  return file
}

test('the police join: each hears the two others; the operator leaves, and the two speak on and are recorded', async () => {
  const police = town.helpPoint({ user: '101', outside: TRUNK, hz: 1300 })
  closers.push(police.hangUp)
  const { id, incident, helpPoint, operator } = await connected()
  const { status, body } = await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'police' })
  expect([status, body.parties[0].state, body.parties[0].name]).toEqual([202, 'calling', 'Police'])
  await partyIs(id, 'joined')
  const from = operator.heard.length
  await pass(3000)
  const room = heardBy(operator, from)
  for (const hz of [440, 1300])
    expect(shareAt(room, null, hz).share, `${hz} at the operator`).toBeGreaterThan(ONE_OF_TWO)

  expect((await town.ask('Asha', 'DELETE', `/calls/${id}/taking`)).body).toMatchObject({
    owner: null,
    state: 'connected',
  })
  operator.close()
  await pass(3000)
  const still = (await town.ask('Asha', 'GET', `/calls/${id}`)).body
  expect(still).toMatchObject({ state: 'connected', owner: null, parties: [{ state: 'joined' }] })
  await police.hangUp()
  await until(
    async () => (await town.ask('Asha', 'GET', `/calls/${id}`)).body,
    ({ state }) => state === 'ended',
  )
  expect((await town.ask('Asha', 'GET', `/calls/${id}`)).body.end).toBe('party-hung-up')
  // The help point was told goodbye.
  await until(
    () => helpPoint.lines.join('\n'),
    (said) => /session closed|terminated/i.test(said),
  )
  expect(shareAt(police.heard(), null, 440).share, 'the caller, at the police').toBeGreaterThan(ONE_OF_TWO)
  expect(shareAt(police.heard(), null, 880).share, 'the operator, at the police').toBeGreaterThan(0.1)
  expect(shareAt(helpPoint.heard(), null, 1300).share, 'the police, at the help point').toBeGreaterThan(ONE_OF_TWO)
  const { bytes } = await until(
    () => town.ask('Eve', 'GET', `/calls/${id}/recording.wav`),
    (answer) => answer.status === 200,
  )
  const file = join(town.folder, 'three.wav')
  writeFileSync(file, bytes)
  expect(shareAt(file, 0, 440).share, 'the caller alone, left').toBeGreaterThan(ALONE)
  expect(shareAt(file, 1, 1300).share, 'what the caller was sent, right').toBeGreaterThan(ONE_OF_TWO)
  expect(await town.log(incident)).toEqual(
    expect.arrayContaining(['call.party-called', 'call.party-joined', 'call.operator-left', 'call.party-left']),
  )
})

test('on hold the police speak with the operator alone', async () => {
  const police = town.helpPoint({ user: '101', outside: TRUNK, hz: 1300 })
  closers.push(police.hangUp)
  const { id, helpPoint } = await connected()
  await town.ask('Asha', 'POST', `/calls/${id}/hold`, { on: true })
  await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'police' })
  const { parties } = await partyIs(id, 'joined')
  await pass(3000)
  await town.ask('Asha', 'DELETE', `/calls/${id}/parties/${parties[0].id}`)
  await police.hangUp()
  expect(shareAt(police.heard(), null, 880).share, 'the operator, at the police').toBeGreaterThan(ALONE)
  expect(shareAt(police.heard(), null, 440).share, 'the caller, at the police').toBeLessThan(0.02)
  expect(shareAt(helpPoint.heard(), null, 1300).share, 'the police, at the help point').toBeLessThan(0.02)
  expect((await town.ask('Asha', 'GET', `/calls/${id}`)).body).toMatchObject({ state: 'held', owner: 'Asha' })
  await town.ask('Asha', 'POST', `/calls/${id}/ending`)
})

const EMPTY = 'Content-Length: 0\n\n'
const CHALLENGE = 'Proxy-Authenticate: Digest realm="trunk.example", nonce="47364c23432d2e131a5fb210812c"\n'
const SOUND =
  'Content-Type: application/sdp\nContent-Length: [len]\n\n' +
  'v=0\no=u 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8\na=rtpmap:8 PCMA/8000\n'
/** A trunk that asks for the password, then answers, and keeps every message. */
function askingTrunk(status = '200 OK') {
  const home = mkdtempSync(join(town.folder, 'trunk-'))
  const messages = join(home, 'messages.log')
  const answer = (first: string, more = ''): string => `<send><![CDATA[
SIP/2.0 ${first}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]t[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port]>
${more}]]></send>`
  writeFileSync(
    join(home, 'trunk.xml'),
    `<?xml version="1.0"?><scenario name="trunk">
<recv request="INVITE"/>
${answer('407 Proxy Authentication Required', `${CHALLENGE}${EMPTY}`)}
<recv request="ACK"/>
<recv request="INVITE"/>
${answer(status, status.startsWith('200') ? SOUND : EMPTY)}
<recv request="ACK"/>
${status.startsWith('200') ? `<recv request="BYE"/>${answer('200 OK', EMPTY)}` : ''}
</scenario>`,
  )
  const args = ['-sf', 'trunk.xml', '-i', '127.0.0.1', '-p', String(TRUNK), '-m', '1', '-nostdin']
  const engine = startEngine('sipp', [...args, '-trace_msg', '-message_file', messages], home, () => {})
  async function close(): Promise<void> {
    engine.close()
    await engine.ended
  }
  closers.push(close)
  const said = (): string => (existsSync(messages) ? readFileSync(messages, 'utf8') : '')
  return { said, close }
}

test('a trunk that wants a password gets its digest, our number, and nothing of the house', async () => {
  const { said } = askingTrunk()
  const { id } = await connected()
  await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'hub' })
  await partyIs(id, 'joined')
  await town.ask('Asha', 'POST', `/calls/${id}/ending`)
  const all = await until(said, (text) => /BYE sip:/.test(text))
  const invites = all.split(/^-{3,}.*$/m).filter((each) => /received[^]*^INVITE sip:9000@/m.test(each))
  expect(invites).toHaveLength(2)
  expect(invites[1]).toMatch(/^Proxy-Authorization: Digest .*username="council"/im)
  expect(invites[0]).toMatch(/^From: .*<sip:01325000000@127\.0\.0\.1>/im)
  expect(all).not.toMatch(/X-Lamppost|lampposthelp/i)
})

test('a number that is busy, and one that the trunk does not know, is said in words; a contact without a number is refused', async () => {
  const trunk = askingTrunk('486 Busy Here')
  const { id } = await connected()
  await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'hub' })
  expect((await partyIs(id, 'left')).parties[0].end).toBe('busy')
  await trunk.close()
  // Nobody is at the trunk now.
  await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'police' })
  const { parties } = await until(
    async () => (await town.ask('Asha', 'GET', `/calls/${id}`)).body,
    (call) => call.parties.length === 2 && call.parties[1].state === 'left',
  )
  expect(['unreachable', 'no-answer']).toContain(parties[1].end)
  expect(await town.ask('Asha', 'POST', `/calls/${id}/parties`, { contact: 'wardens' })).toMatchObject({
    status: 409,
    body: { code: 'call/no-trunk' },
  })
  expect((await town.ask('Asha', 'GET', `/calls/${id}`)).body.state).toBe('connected')
  await town.ask('Asha', 'POST', `/calls/${id}/ending`)
})

test('in the tile: two presses call the police, the line says what became of it, and the operator leaves them', async () => {
  const police = town.helpPoint({ user: '101', outside: TRUNK, hz: 1300 })
  closers.push(police.hangUp)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
  })
  closers.push(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await page.goto(`${town.url()}/`)
  await page.evaluate((token) => {
    document.querySelector('form.sign-in')?.remove()
    document.querySelector('lamppost-wall')?.remove()
    const wall = document.createElement('lamppost-wall')
    wall.setAttribute('token', token)
    document.body.append(wall)
  }, town.tokens.Ben)
  const helpPoint = town.helpPoint({ user: 'hp02' })
  closers.push(helpPoint.hangUp)
  const element = page.locator('lamppost-incident lamppost-call').last()
  await element
    .getByRole('button', { name: /Accept call|Take the call over/ })
    .first()
    .click()
  await element.getByRole('button', { name: 'Add Police' }).click()
  await element.getByRole('button', { name: 'Press again to call Police' }).click({ delay: 600 })
  await element.getByText('Police is in the call').waitFor()
  await page.screenshot({ path: 'test/journeys/output/third-party.png' })
  await element.getByRole('button', { name: 'Say a recorded phrase' }).click()
  await element.getByRole('button', { name: /Polski/i }).click()
  await page.screenshot({ path: 'test/journeys/output/phrases.png' })
  await element.getByRole('button', { name: /Help is coming/ }).click()
  await until(
    async () => town.log((await town.call('connected')).incident),
    (kinds) => kinds.includes('call.said'),
  )
  await element.getByRole('button', { name: 'Leave: they speak on' }).click()
  await element.getByText('Police is speaking with the caller').waitFor()
  await page.screenshot({ path: 'test/journeys/output/third-party-left.png' })
  await element.getByRole('button', { name: 'Accept call' }).waitFor()
})
