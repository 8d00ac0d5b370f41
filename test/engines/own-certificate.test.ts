/**
 * A help point that proves who it is by its own TLS certificate, at a real kamailio: baresip with a certificate, and
 * telephones of the test's own for what honest ones do not show.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type Dial, type OwnCertificate, openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, authority, openOperator, openVoiceTown } from './voice-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-own-'))
const council = authority(folder, 'council')
const stranger = authority(folder, 'stranger')
const helpPoint = (id: string, sip: string): string => `  - id: ${id}
    name: ${id}
    location: { lat: 54.52500, lon: -1.55520 }
    sources: [{ sip: ${sip} }]
`
let town: VoiceTown
const clients = join(folder, 'clients.pem')
beforeAll(async () => {
  copyFileSync(council.certificate, clients)
  town = await openVoiceTown({
    tls: true,
    trusted: '127.0.0.1',
    clients,
    more:
      helpPoint('square', '{ user: hp03, certificate: HP03.street.example }') +
      helpPoint('bridge', '{ user: hp04, certificate: hp04.street.example, password: "${HELP_POINT}" }') +
      helpPoint('corner', '{ user: hp06, from: [127.0.0.7] }') +
      helpPoint('station', '{ user: hp05, certificate: hp05.street.example, from: [127.0.0.1] }'),
  })
  await town.startServer()
})
afterAll(async () => {
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})

const HP03: Dial = { user: 'hp03', password: '' }
const HP04: Dial = { user: 'hp04', password: PASSWORD }
const HP05: Dial = { user: 'hp05', password: '' }
/** Calls over TLS. @returns the status of the call's first request, and of the one with a password where it was asked */
async function call(own: OwnCertificate | null, dial: Dial, from = '127.0.0.1') {
  const caller = await openCaller(`127.0.0.1:${town.ports.tls}`, from, own)
  try {
    const said = await caller.dial(dial)
    if (said.status < 200) caller.cancel(dial, said.call, said.cseq)
    return said.status
  } finally {
    caller.close()
  }
}
const quiet = () =>
  until(
    async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items,
    (open) => open.length === 0,
  )
const incidents = async (helpPointId: string): Promise<number> =>
  (await town.ask('Asha', 'GET', '/incidents')).body.items.filter(
    ({ helpPoint: of }: { helpPoint: string }) => of === helpPointId,
  ).length

test('baresip that shows a certificate of the council’s authority registers, calls and is heard, without a password', async () => {
  const own = council.sign('hp03.street.example')
  const phone = town.helpPoint({ user: 'hp03', secure: true, own })
  const ringing = await town.call('ringing')
  expect(ringing).toMatchObject({ helpPoint: 'square', secured: true })
  await town.ask('Asha', 'POST', `/calls/${ringing.id}/taking`, {})
  const operator = await openOperator(town, 'Asha', ringing.id)
  await town.call('connected')
  const points = async () => (await town.ask('Asha', 'GET', '/help-points')).body
  await until(points, (found) => JSON.stringify(found).includes('"registered":true'))
  operator.close()
  await town.ask('Asha', 'POST', `/calls/${ringing.id}/ending`)
  await phone.hangUp()
  await quiet()
})
test('a call by certificate is a press of that help point; capital letters and the DNS name make no difference', async () => {
  expect(await call(council.sign('HP03.Street.example'), HP03)).toBe(180)
  await quiet()
  expect(await call(council.sign('a box', { dns: 'hp03.street.example' }), HP03)).toBe(180)
  await quiet()
  expect(await incidents('square')).toBeGreaterThan(0)
})

test('a certificate of another authority, one that is over, and one of its own making do not come through the door', async () => {
  const before = await incidents('square')
  for (const own of [
    stranger.sign('hp03.street.example'),
    council.sign('hp03.street.example', { days: 0 }),
    { certificate: stranger.certificate, key: stranger.key },
  ])
    await expect(call(own, HP03)).rejects.toThrow(/broken|alert|ECONNRESET/)
  expect(await incidents('square')).toBe(before)
})
test('without a certificate its name is nobody’s, also with a password that another help point has', async () => {
  expect(await call(null, HP03)).toBe(403)
  expect(await call(null, { ...HP03, password: PASSWORD })).toBe(403)
})
test('a right certificate with the name of another help point is refused', async () => {
  const own = council.sign('hp03.street.example')
  expect(await call(own, { ...HP03, from: 'hp01' })).toBe(403)
  const caller = await openCaller(`127.0.0.1:${town.ports.tls}`, '127.0.0.1', own)
  expect((await caller.register({ ...HP03, from: 'hp01' })).status).toBe(403)
  expect((await caller.register({ ...HP03, from: 'lamppost' })).status).toBe(403)
  caller.close()
})
test('a certificate of the authority that no help point has leaves it to the password', async () => {
  expect(await call(council.sign('laptop.example'), { user: 'hp01', password: PASSWORD })).toBe(180)
  await quiet()
  expect(await call(council.sign('laptop.example'), { user: 'hp01', password: 'guessed' })).toBe(401)
})

test('where the site file names both, certificate and password must be right', async () => {
  const own = council.sign('hp04.street.example')
  expect(await call(own, HP04)).toBe(180)
  await quiet()
  expect(await call(own, { ...HP04, password: 'guessed' })).toBe(401)
  expect(await call(null, HP04)).toBe(403)
  expect(await call(council.sign('hp03.street.example'), HP04)).toBe(403)
  const open = await openCaller(town.edge)
  expect((await open.dial(HP04, (status) => status >= 300)).status).toBe(403)
  open.close()
})
test('where it names an address too, the right certificate from another one is refused', async () => {
  const own = council.sign('hp05.street.example')
  expect(await call(own, HP05)).toBe(180)
  await quiet()
  expect(await call(own, HP05, '127.0.0.9')).toBe(403)
  // And the address alone is no proof.
  const open = await openCaller(town.edge)
  expect((await open.dial({ ...HP05, password: 'x' }, (status) => status >= 300)).status).toBe(403)
  open.close()
})
test('an address that is one help point’s takes nothing from another that has a password, wherever that calls from', async () => {
  const caller = await openCaller(town.edge, '127.0.0.7')
  const HP01: Dial = { user: 'hp01', password: PASSWORD }
  const known = await caller.dial({ user: 'hp06', password: '' })
  expect([known.status, known.cseq, (await town.call('ringing')).helpPoint]).toEqual([180, 1, 'corner'])
  caller.cancel({ user: 'hp06', password: '' }, known.call, 1)
  await quiet()
  const proved = await caller.dial(HP01)
  expect([proved.status, proved.cseq, (await town.call('ringing')).helpPoint]).toEqual([180, 2, 'bar'])
  caller.cancel(HP01, proved.call)
  await quiet()
  expect((await caller.dial({ ...HP01, password: 'guessed' }, (status) => status >= 300)).status).toBe(401)
  caller.close()
})
const said = (): string[] =>
  readFileSync(join(town.data, 'lamppost.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('certificates of calls'))
test('a file that cannot be used changes nothing, is told once and by its name, and is used once it can be', async () => {
  const own = council.sign('hp03.street.example')
  for (const [text, words] of [
    ['no certificate', `there is no certificate (PEM) in ${clients}`],
    ['-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----', `a certificate in ${clients} cannot be read`],
    [`${readFileSync(council.certificate, 'utf8')}\n`.repeat(21), `${clients} has 21 certificates`],
  ] as const) {
    writeFileSync(clients, text)
    await until(said, (lines) => lines.some((line) => line.includes(words)))
    expect(await call(own, HP03)).toBe(180)
    await quiet()
  }
  // Over several more looks.
  const lines = said().length
  await new Promise((resolve) => setTimeout(resolve, 11_000))
  expect(said()).toHaveLength(lines)
  copyFileSync(council.certificate, clients)
  await until(said, (now) => now.at(-1)?.includes('were renewed') === true)
  expect(await call(own, HP03)).toBe(180)
  await quiet()
})
test('a certificate without a name is nobody’s, also where a help point’s is called by a number', async () => {
  const nameless = council.sign('', { dns: 'hp03.street.example' })
  expect(await call(nameless, HP03)).toBe(180)
  await quiet()
  expect(await call(council.sign(''), HP03)).toBe(403)
})
test('another authority counts within seconds when its file is there, and no call is cut off for it', async () => {
  const caller = await openCaller(town.edge)
  const { call: up, status: first } = await caller.dial({ user: 'hp02', password: PASSWORD })
  expect(first).toBe(180)
  const own = stranger.sign('hp03.street.example')
  await expect(call(own, HP03)).rejects.toThrow(/broken|alert|ECONNRESET/)
  writeFileSync(clients, readFileSync(council.certificate) + '\n' + readFileSync(stranger.certificate))
  await until(
    () => call(own, HP03).catch(() => 0),
    (status) => status === 180,
  )
  expect(
    (await town.ask('Asha', 'GET', '/calls?state=ringing')).body.items.map(
      (each: { helpPoint: string }) => each.helpPoint,
    ),
  ).toContain('row')
  caller.cancel({ user: 'hp02', password: PASSWORD }, up)
  await quiet()
  caller.close()
})
test('each refusal is an entry', async () => {
  const { body } = await town.ask('Eve', 'GET', '/ledger?kind=call.refused')
  const reasons = body.items.map(({ body: said }: { body: { why: string } }) => said.why).join('\n')
  expect(reasons).toMatch(/no certificate, or another's/)
  // Also who did not come through the handshake.
  expect(reasons).toMatch(/a certificate that nobody vouches for \(certificate verify failed\)/)
})
test('a town without its file of authorities takes all other calls, says so, and opens the door when it comes', async () => {
  const missing = join(folder, 'later.pem')
  const second = await openVoiceTown({
    tls: true,
    trusted: '127.0.0.1',
    clients: missing,
    more: helpPoint('square', '{ user: hp03, certificate: hp03.street.example }'),
  })
  const ring = async (own?: OwnCertificate): Promise<number> => {
    const at = own ? `127.0.0.1:${second.ports.tls}` : second.edge
    const caller = await openCaller(at, '127.0.0.1', own)
    try {
      const dial = own ? HP03 : { user: 'hp01', password: PASSWORD }
      const { status, call: id, cseq } = await caller.dial(dial)
      if (status === 180) caller.cancel(dial, id, cseq)
      return status
    } finally {
      caller.close()
    }
  }
  try {
    await second.startServer()
    expect(await ring()).toBe(180)
    expect(readFileSync(join(second.data, 'lamppost.log'), 'utf8')).toContain(`calls over TLS cannot come: ${missing}`)
    const own = council.sign('hp03.street.example')
    await expect(ring(own)).rejects.toThrow(/ECONNREFUSED/)
    copyFileSync(council.certificate, missing)
    await until(
      () => ring(own).catch(() => 0),
      (status) => status === 180,
    )
    await until(
      () => ring().catch(() => 0),
      (status) => status === 180,
    )
  } finally {
    await second.end()
  }
})
test('a site file that names a file which is not there yet changes no call, and counts once the file is there', async () => {
  const own = council.sign('hp03.street.example')
  const later = join(folder, 'moved.pem')
  writeFileSync(town.site, readFileSync(town.site, 'utf8').replace(`file:${clients}`, `file:${later}`))
  await until(
    () => readFileSync(join(town.data, 'lamppost.log'), 'utf8'),
    (log) => log.includes(`calls go on as before: ${later} cannot be read`),
  )
  expect(await call(own, HP03)).toBe(180)
  await quiet()
  const third = authority(folder, 'third')
  const fresh = third.sign('hp03.street.example')
  copyFileSync(third.certificate, later)
  await until(
    () => call(fresh, HP03).catch(() => 0),
    (status) => status === 180,
  )
  await expect(call(own, HP03)).rejects.toThrow(/broken|alert|ECONNRESET/)
})
