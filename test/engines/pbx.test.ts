/**
 * Lamppost as an extension of the council's PBX: another kamailio, which asks for passwords and rings a group of two,
 * Lamppost and a telephone (sipp); the help point (baresip) is an extension of the PBX, too.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine } from '../../server/tools/process/guarded-engine.ts'
import { until } from '../contracts/test-town.ts'
import { PASSWORD, type VoiceTown, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

const PBX = 33_000 + randomInt(400)
const PHONE = 33_500 + randomInt(400)

/** It knows three extensions by one password; a call to the group rings whoever is registered in it, and the telephone. */
const pbxConfig = (folder: string): string => `#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
listen=udp:127.0.0.1:${PBX}
listen=tcp:127.0.0.1:${PBX}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "corex.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 8)
modparam("registrar", "max_expires", 8)
request_route {
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  if (has_totag()) { if (loose_route()) { t_relay(); } else if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } } exit; }
  if (is_method("ACK")) { t_check_trans(); exit; }
  if (is_method("REGISTER|INVITE")) {
    if (!is_present_hf("Authorization")) { www_challenge("pbx.example", "0"); exit; }
    if (!pv_www_authenticate("pbx.example", "${PASSWORD}", "0")) { www_challenge("pbx.example", "0"); exit; }
  }
  if (is_method("REGISTER")) { save("location"); exit; }
  record_route();
  # The group: Lamppost, and the telephone.
  $ru = "sip:lamppost@127.0.0.1:${PBX}";
  if (!lookup("location")) { $ru = "sip:desk@127.0.0.1:${PHONE}"; } else { append_branch("sip:desk@127.0.0.1:${PHONE}"); }
  t_relay();
}
# ${folder}
`
/** A telephone of the group: it rings for so long, then answers; 0: it never does. */
const phoneScenario = (ringsMs: number): string => `<?xml version="1.0"?><scenario name="phone">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
${
  ringsMs === 0
    ? '<recv request="CANCEL"/>'
    : `<pause milliseconds="${ringsMs}"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=u 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv request="ACK"/>
<recv request="BYE"/>`
}
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>`

const folder = mkdtempSync(join(tmpdir(), 'lamppost-pbx-'))
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})
let pbx: ReturnType<typeof startEngine>
function startPbx(): void {
  writeFileSync(join(folder, 'pbx.cfg'), pbxConfig(folder))
  pbx = startEngine(
    'kamailio',
    ['-DD', '-E', '-f', join(folder, 'pbx.cfg'), '-m', '64', '-M', '4', '-Y', folder],
    folder,
    () => {},
  )
}
async function stopPbx(): Promise<void> {
  pbx.close()
  await pbx.ended
}
beforeAll(startPbx)
afterAll(async () => {
  await stopPbx()
  rmSync(folder, { recursive: true })
})
function phone(ringsMs: number): void {
  const file = join(mkdtempSync(join(folder, 'phone-')), 'phone.xml')
  writeFileSync(file, phoneScenario(ringsMs))
  const engine = startEngine(
    'sipp',
    ['-sf', file, '-i', '127.0.0.1', '-p', String(PHONE), '-nostdin'],
    folder,
    () => {},
  )
  closers.push(async () => {
    engine.close()
    await engine.ended
  })
}
const openTown = (voice: string): Promise<VoiceTown> =>
  openVoiceTown({
    voice: `, pbx: { registrar: "sip:127.0.0.1:${PBX};transport=tcp", user: lamppost, password: "\${HELP_POINT}" }${voice}`,
    points:
      '  - { id: lane, name: Bell Lane, location: { lat: 54.526, lon: -1.554 }, sources: [{ sip: { user: "2001", via: pbx } }] }\n',
  })
const isRegistered = (town: VoiceTown) =>
  until(
    async () => (await town.ask('Asha', 'GET', '/site')).body.voice,
    (voice) => voice?.pbx?.registered === true,
  )
const extension = (town: VoiceTown, hz = 440) => {
  const helpPoint = town.helpPoint({ user: '2001', hz, at: `127.0.0.1:${PBX}` })
  closers.push(helpPoint.hangUp)
  return helpPoint
}
const see = async (town: VoiceTown, id: string) => (await town.ask('Asha', 'GET', `/calls/${id}`)).body

describe('as one of the ring group that answers', () => {
  let town: VoiceTown
  beforeAll(async () => {
    town = await openTown('')
    await town.startServer()
    await isRegistered(town)
  })
  afterAll(() => town?.end())

  test('a help point of the PBX is a press; the operator answers, both are heard, and the telephone rings no more', async () => {
    phone(0)
    const helpPoint = extension(town)
    const call = await town.call('ringing')
    expect(call).toMatchObject({ helpPoint: 'lane', answeredHere: true })
    await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, {})
    const operator = await openOperator(town, 'Asha', call.id)
    closers.push(operator.close)
    await town.call('connected')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    await town.ask('Asha', 'POST', `/calls/${call.id}/ending`)
    await helpPoint.hangUp()
    expect(shareAt(helpPoint.heard(), null, 880).share, 'the operator, at the help point').toBeGreaterThan(0.85)
  })
  test('answered at another telephone, every wall is silent, and the incident says so', async () => {
    phone(1200)
    extension(town)
    const { id, incident } = await town.call('ringing')
    const ended = await until(
      () => see(town, id),
      ({ state }) => state === 'ended',
    )
    expect(ended.end).toBe('answered-elsewhere')
    expect((await town.ask('Asha', 'GET', `/incidents/${incident}`)).body.state).not.toBe('closed')
  })
  test('a caller who hangs up before anybody answers has given up', async () => {
    phone(0)
    const helpPoint = extension(town)
    const { id } = await town.call('ringing')
    await helpPoint.hangUp()
    expect(
      await until(
        () => see(town, id),
        ({ state }) => state === 'ended',
      ),
    ).toMatchObject({ end: 'gave-up' })
  })
  test('a PBX that is restarted knows this server again; meanwhile the shift is told why calls do not ring', async () => {
    await stopPbx()
    await until(
      async () => (await town.ask('Asha', 'GET', '/site')).body.voice,
      (voice) => voice?.pbx?.registered === false && voice.pbx.why !== null,
    )
    startPbx()
    await isRegistered(town)
  })
  test('who calls the edge by the name of that help point, past the PBX, is refused', async () => {
    const caller = town.helpPoint({ user: '2001', password: PASSWORD })
    closers.push(caller.hangUp)
    await until(
      () => caller.lines.join('\n'),
      (said) => /40[13]|forbidden|unauth/i.test(said),
    )
    expect((await town.ask('Asha', 'GET', '/calls?state=open')).body.items).toEqual([])
  })
})

describe('as a silent member of the ring group (answer: never)', () => {
  let town: VoiceTown
  beforeAll(async () => {
    town = await openTown(', answer: never')
    await town.startServer()
    await isRegistered(town)
  })
  afterAll(() => town?.end())

  test('rings on the walls, is taken by nobody here, and is answered by the telephone', async () => {
    phone(2500)
    extension(town)
    const { id, incident } = await town.call('ringing')
    expect(await see(town, id)).toMatchObject({ answeredHere: false, recorded: false })
    expect(await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})).toMatchObject({
      status: 409,
      body: { code: 'call/not-here' },
    })
    // The incident is theirs all the same.
    expect((await town.ask('Asha', 'POST', `/incidents/${incident}/acknowledgement`, {})).status).toBe(200)
    expect(
      await until(
        () => see(town, id),
        ({ state }) => state === 'ended',
      ),
    ).toMatchObject({ end: 'answered-elsewhere' })
  })
  test('calls that nobody answers get no final answer of ours', async () => {
    phone(0)
    for (let i = 0; i < 5; i += 1) {
      const helpPoint = extension(town)
      const { id } = await town.call('ringing')
      await helpPoint.hangUp()
      const { end } = await until(
        () => see(town, id),
        ({ state }) => state === 'ended',
      )
      expect(end).toBe('gave-up')
    }
  })
})
