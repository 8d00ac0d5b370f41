/** The clock of the machine is set back an hour while the town runs: Debian's faketime round a server of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { builtEntry, packageRoot } from '../../server/tools/package-root.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-clock-'))
const [data, offset] = [join(folder, 'data'), join(folder, 'offset')]
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
]
let server: ChildProcess
let url: string
let tokens: Record<'press' | 'supervisor' | 'operator', string>

function faketime(): string {
  const found = (): string | undefined => LIBRARIES.find((file) => existsSync(file))
  if (!found()) spawnSync('sh', [join(packageRoot, 'server', 'install-engines.sh'), 'faketime'], { stdio: 'ignore' })
  const library = found()
  if (!library) throw new Error('faketime cannot be installed here: apt-get install faketime')
  return library
}
beforeAll(async () => {
  writeFileSync(offset, '+0')
  const site = join(folder, 'site.yaml')
  writeFileSync(
    site,
    'site: { id: town, name: Town, timezone: Europe/London }\n' +
      'helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\n',
  )
  const people = openPeopleFile(join(data, 'people.json'))
  const token = (role: 'press' | 'supervisor' | 'operator') =>
    people.addToken({ name: `Some ${role}`, role, helpPoints: null })
  tokens = { press: token('press'), supervisor: token('supervisor'), operator: token('operator') }
  await people.addUser('asha', 'three boats under a bridge', { name: 'Asha', role: 'operator', helpPoints: null })
  server = spawn(process.execPath, [builtEntry('main.js'), 'start', '--site', site, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The monotonic clock stays as it is, as on a machine whose wall clock is set.
    env: {
      ...process.env,
      LD_PRELOAD: faketime(),
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  })
  let said = ''
  server.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  url = await until(
    async () => /http:\/\/[\w.:]+/.exec(said)?.[0] ?? '',
    (found) => found !== '',
    60_000,
  )
})
afterAll(async () => {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
})
const ask = async (method: string, path: string, token: string, body?: object) => {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: answer.status, body: await answer.json().catch(() => null) }
}

test('set back an hour: the order of the record is kept, a fault is raised, nobody is signed in longer or out', async () => {
  expect((await ask('POST', '/presses', tokens.press, { helpPoint: 'bar', id: 'before' })).status).toBe(202)
  const signedIn = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'asha', password: 'three boats under a bridge' }),
  })
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const before = Date.parse(signedIn.headers.get('date') ?? '')
  writeFileSync(offset, '-1h')
  await until(
    async () => Date.parse((await fetch(`${url}/readyz`)).headers.get('date') ?? ''),
    (now) => now < before - 30 * 60_000,
  )
  expect((await ask('POST', '/presses', tokens.press, { helpPoint: 'bar', id: 'after' })).status).toBeLessThan(300)
  const faults = await until(
    async () => (await ask('GET', '/shifts/now', tokens.supervisor)).body.faults as { what: string; detail: string }[],
    (found) => found.some(({ what }) => what === 'clock'),
    60_000,
  )
  expect(faults.find(({ what }) => what === 'clock')?.detail).toMatch(/set back by 3[56]\d\d/)
  expect((await fetch(`${url}/api/v1/session`, { headers: { cookie } })).status).toBe(200)
  const { items } = (await ask('GET', '/ledger?limit=200', tokens.supervisor)).body as {
    items: { seq: number; at: string; kind: string }[]
  }
  const numbers = items.map(({ seq }) => seq)
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
  const pressed = items.filter(({ kind }) => kind === 'press.received' || kind === 'press.coalesced')
  expect(pressed.length).toBeGreaterThanOrEqual(2)
  expect(Date.parse(pressed.at(-1)?.at ?? '')).toBeLessThan(Date.parse(pressed[0]?.at ?? ''))
  expect((await ask('GET', '/ledger/verification', tokens.supervisor)).body?.ok ?? true).toBe(true)
})
