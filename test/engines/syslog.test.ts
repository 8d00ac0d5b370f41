/** A real rsyslog over TLS, as a SIEM's front: what people do reaches it, also what they did while it was away. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { packageRoot } from '../../server/tools/package-root.ts'
import { freeTcpPort } from '../../server/tools/process/free-port.ts'
import { selfSigned } from '../contracts/certificate.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-rsyslog-'))
const log = join(folder, 'audit.log')
let port: number
let house: House
let rsyslog: ChildProcess | null = null

function installed(): void {
  if (spawnSync('dpkg', ['-s', 'rsyslog', 'rsyslog-openssl']).status === 0) return
  const { status, stderr } = spawnSync(
    'sh',
    [join(packageRoot, 'server', 'install-engines.sh'), 'rsyslog', 'rsyslog-openssl'],
    { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } },
  )
  if (status !== 0) throw new Error(`rsyslog cannot be installed: ${stderr}`)
}
async function startRsyslog(): Promise<void> {
  const child = spawn('/usr/sbin/rsyslogd', ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.once('exit', (code) => code && process.stderr.write(`rsyslogd ended with ${code}: ${said}\n`))
  rsyslog = child
}
async function stopRsyslog(): Promise<void> {
  const child = rsyslog
  rsyslog = null
  if (!child) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
type Told = { seq: number; kind: string; actor: string; body: Record<string, unknown> }
const told = (): Told[] =>
  (existsSync(log) ? readFileSync(log, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Told)

const openedIn = (lines: readonly Told[]): number =>
  new Set(lines.filter(({ kind }) => kind === 'session.opened').map(({ seq }) => seq)).size

beforeAll(async () => {
  installed()
  const { cert, key } = selfSigned(folder)
  port = await freeTcpPort()
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${folder}" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="${cert}"
  DefaultNetstreamDriverCertFile="${cert}" DefaultNetstreamDriverKeyFile="${key}")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="content" type="string" string="%msg%\\n")
ruleset(name="audit") { action(type="omfile" file="${log}" template="content") }
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="audit")
`,
  )
  await startRsyslog()
  const site = join(folder, 'site.yaml')
  writeFileSync(
    site,
    `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]
cameras: []
destinations: [{ id: siem, syslog: { url: "tls://localhost:${port}", ca: "file:${cert}" } }]
`,
  )
  const data = join(folder, 'data')
  await openPeopleFile(join(data, 'people.json')).addUser('asha', 'three boats under a bridge', {
    ...{ name: 'Asha', role: 'operator', helpPoints: null },
  })
  house = await openHouse({ siteFile: site, dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 })
})
afterAll(async () => {
  await house?.close()
  await stopRsyslog()
  rmSync(folder, { recursive: true, force: true })
})
const signIn = (password: string) =>
  fetch(`${house.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'asha', password }),
  })

describe('a real rsyslog over TLS', () => {
  test('hears who signed in and who was refused, each as the record has it', async () => {
    expect((await signIn('a wrong password')).status).toBe(401)
    expect((await signIn('three boats under a bridge')).status).toBe(201)
    const lines = await until(
      async () => told().filter(({ kind }) => kind.startsWith('session.')),
      (found) => found.length >= 2,
      30_000,
    )
    expect(lines.map(({ kind, body }) => [kind, body.user ?? body.name])).toEqual(
      expect.arrayContaining([
        ['session.refused', 'asha'],
        ['session.opened', 'Asha'],
      ]),
    )
  })
  test('hears afterwards what happened while it was away, in order, and nothing is left out', async () => {
    await stopRsyslog()
    for (let i = 0; i < 3; i += 1) expect((await signIn('three boats under a bridge')).status).toBe(201)
    await startRsyslog()
    const lines = await until(
      async () => told(),
      (found) => openedIn(found) >= 4,
      60_000,
    )
    // What it was just being told when it ended may come twice: it is the same number.
    const numbers = [...new Set(lines.map(({ seq }) => seq))]
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
    expect(openedIn(lines)).toBe(4)
  })
})
