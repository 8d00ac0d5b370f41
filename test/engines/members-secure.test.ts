/** As a council runs it: TLS to and between members, HTTP/2 for browsers, an engine that asks for a password. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selfSigned } from '../contracts/certificate.ts'
import { MAIN, freePorts, until } from './member-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-secure-'))
const PASSWORD = 'engine password of this test'
const children = new Map<string, ChildProcess>()
let said = ''
let token = ''
let ports: number[] = []
const ids = ['A', 'B']
const portOf = (id: string): number => ports[6 + ids.indexOf(id)] ?? 0
const at = (id: string): string => `https://127.0.0.1:${portOf(id)}`
const site = (id: string): string => join(folder, id, 'town.yaml')
const data = (id: string): string => join(folder, id, 'data')
let ca = ''

type Answer = { status: number; body: Record<string, unknown> }
const ask = (url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', ca, headers: { 'content-type': 'application/json', ...headers } })
    asked.on('error', reject)
    asked.on('response', (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => (text += bytes.toString()))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>,
        }),
      )
    })
    asked.end(JSON.stringify(body))
  })
const lamppost = (args: readonly string[], input = ''): string =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] })
const town = (id: string, ...args: string[]): string =>
  lamppost(['town', ...args, '--site', site(id), '--data', data(id)])
function startMember(id: string): void {
  const tls = ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')]
  const args = ['start', '--member', id, '--site', site(id), '--data', data(id), '--port', String(portOf(id)), ...tls]
  const child = spawn(process.execPath, [MAIN, ...args, '--rtmp-port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
  children.set(id, child)
}
const press = (id: string, key: string): Promise<Answer> =>
  ask(`${at(id)}/api/v1/presses`, { helpPoint: 'bar', id: key }, { authorization: `Bearer ${token}` })

beforeAll(async () => {
  const { cert, key } = selfSigned(folder, 'localhost', 2, '127.0.0.1')
  ca = readFileSync(cert, 'utf8')
  ports = await freePorts(8)
  const peers = [0, 1, 2].map((i) => `voter-${i}=http://127.0.0.1:${ports[3 + i]}`).join(',')
  const endpoints = [0, 1, 2].map((i) => `https://127.0.0.1:${ports[i]}`)
  for (const i of [0, 1, 2])
    children.set(
      `voter-${i}`,
      spawn(
        'etcd',
        [
          ...[
            '--name',
            `voter-${i}`,
            '--data-dir',
            join(folder, `voter-${i}`),
            '--log-level',
            'error',
            '--logger',
            'zap',
          ],
          ...['--listen-client-urls', endpoints[i] ?? '', '--advertise-client-urls', endpoints[i] ?? ''],
          ...['--listen-peer-urls', `http://127.0.0.1:${ports[3 + i]}`],
          ...['--initial-advertise-peer-urls', `http://127.0.0.1:${ports[3 + i]}`, '--initial-cluster', peers],
          ...['--cert-file', cert, '--key-file', key, '--heartbeat-interval', '50', '--election-timeout', '500'],
        ],
        { stdio: 'ignore' },
      ),
    )
  const engine = (path: string, body: object, headers = {}): Promise<Answer> =>
    ask(`${endpoints[0]}/v3/${path}`, body, headers)
  await until(
    () => engine('kv/range', { key: 'YQ==' }).catch(() => null),
    (answer) => answer?.status === 200,
  )
  // As the page for IT says: a user with a role for this town, and authentication on.
  const all = Buffer.from('/lamppost/').toString('base64')
  const end = Buffer.from('/lamppost0').toString('base64')
  await engine('auth/user/add', { name: 'root', password: 'root password' })
  await engine('auth/role/add', { name: 'root' })
  await engine('auth/user/grant', { user: 'root', role: 'root' })
  await engine('auth/user/add', { name: 'lamppost', password: PASSWORD })
  await engine('auth/role/add', { name: 'town' })
  await engine('auth/role/grant', { name: 'town', perm: { permType: 'READWRITE', key: all, range_end: end } })
  await engine('auth/user/grant', { user: 'lamppost', role: 'town' })
  expect((await engine('auth/enable', {})).status).toBe(200)
  const secret = join(folder, 'engine-password')
  writeFileSync(secret, PASSWORD)
  for (const id of ids) {
    mkdirSync(join(folder, id))
    writeFileSync(
      site(id),
      `site: { id: safe, name: Safe, timezone: Europe/London }
town:
  members: [{ id: A, url: "${at('A')}" }, { id: B, url: "${at('B')}" }]
  agreement:
    endpoints: [${endpoints.map((each) => `"${each}"`).join(', ')}]
    user: lamppost
    password: "file:${secret}"
    ca: "file:${cert}"
helpPoints:
  - { id: bar, name: Bar, address: Lamp post, location: { lat: 54.5, lon: -1.5 }, sources: [{ http: {} }] }
cameras: []
`,
    )
  }
})
afterAll(async () => {
  for (const child of children.values()) child.kill('SIGTERM')
  await Promise.all(
    [...children.values()].map(
      (child) =>
        new Promise((done) =>
          child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done(null),
        ),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
})

test('a wrong password of the engine is said in words, by each command', () => {
  const wrong = readFileSync(site('A'), 'utf8').replace(/password: .*/, 'password: "file:/etc/hostname"')
  writeFileSync(join(folder, 'wrong.yaml'), wrong)
  const found = [
    'town',
    'found',
    '--site',
    join(folder, 'wrong.yaml'),
    '--data',
    join(folder, 'nowhere'),
    '--member',
    'A',
  ]
  expect(() => lamppost(found)).toThrow(/authentication failed|invalid user ID or password/)
})
test('it is founded and joined by the password, and both take presses over TLS', async () => {
  expect(town('A', 'found', '--member', 'A')).toContain('is founded')
  ;[token = ''] = lamppost(['token', '--role', 'press', '--name', 'button', '--data', data('A')]).split('\n')
  startMember('A')
  await until(
    () => said,
    (words) => words.includes(at('A')),
  )
  expect(town('B', 'join', '--member', 'B')).toContain('B belongs to the town safe')
  startMember('B')
  await until(
    () => said,
    (words) => words.includes(at('B')),
  )
  const first = await until(
    () => press('A', 'one').catch(() => null),
    (answer) => answer?.body['incident'] !== null && answer?.status === 202,
  )
  expect(await press('B', 'one')).toMatchObject({ status: 200, body: { press: first?.body['press'] } })
})
test('whoever has another password of the engine does not get the town’s key', () => {
  mkdirSync(join(folder, 'C'))
  writeFileSync(join(folder, 'C', 'other-password'), 'a guess')
  // It reaches the engine without a password of its own, and asks a member.
  const guessed = readFileSync(site('B'), 'utf8').replace(
    /password: .*/,
    `password: "file:${join(folder, 'C', 'other-password')}"`,
  )
  writeFileSync(site('C'), guessed)
  expect(() => lamppost(['town', 'join', '--site', site('C'), '--data', data('C'), '--member', 'B'])).toThrow()
})
test('a browser’s HTTP/2 goes through at the one that does not lead', async () => {
  for (const id of ids) {
    const session = connect(at(id), { ca })
    const stream = session.request({ ':path': '/api/v1/session', ':method': 'GET' })
    const status = await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
    expect(status).toBe(401)
    const pressed = session.request({
      ...{ ':path': '/api/v1/presses', ':method': 'POST', 'content-type': 'application/json' },
      authorization: `Bearer ${token}`,
    })
    pressed.end(JSON.stringify({ helpPoint: 'bar', id: `over HTTP/2 at ${id}` }))
    expect(await new Promise((resolve) => pressed.on('response', (headers) => resolve(headers[':status'])))).toBe(202)
    session.close()
  }
})
test('an address that a stranger invents is not believed, at either', async () => {
  for (const id of ids) {
    const invented = { authorization: 'Bearer wrong', 'x-forwarded-for': '198.51.100.7' }
    expect((await ask(`${at(id)}/api/v1/presses`, { helpPoint: 'bar' }, invented)).status).toBe(401)
    // And who passes for a server of the town, and is none, is not served at all.
    const forged = { ...invented, 'x-lamppost-member': `A ${Date.now()} ${'0'.repeat(64)}` }
    expect(await ask(`${at(id)}/api/v1/presses`, { helpPoint: 'bar' }, forged)).toMatchObject({
      status: 503,
      body: { code: 'town/changing-hands' },
    })
  }
  const logs = ids.flatMap((id) => [join(data(id), 'lamppost.log'), join(data(id), 'member', 'lamppost.log')])
  const text = logs
    .map((file) => {
      try {
        return readFileSync(file, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')
  expect(text).not.toContain('198.51.100.7')
})
test('the engine’s password stands in no log, no command line and no answer', async () => {
  expect(said).not.toContain(PASSWORD)
  for (const id of ids) {
    const pid = children.get(id)?.pid ?? 0
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(PASSWORD)
    for (const entry of readdirSync(data(id), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name)).includes(PASSWORD)).toBe(false)
  }
})
test('the other leads when one is stopped, and check names what is wrong with which box', async () => {
  expect(town('B', 'check')).toContain('Everything is as it should be.')
  const leads = /([AB]) leads/.exec(town('A', 'status'))?.[1] ?? ''
  const other = leads === 'A' ? 'B' : 'A'
  children.get(leads)?.kill('SIGKILL')
  await until(
    () => town(other, 'status'),
    (words) => words.includes(`${other} leads the town safe`),
  )
  expect(await press(other, 'after')).toMatchObject({ status: 202 })
  let checked = ''
  try {
    town(other, 'check')
  } catch (error) {
    checked = (error as { stdout: string }).stdout
  }
  expect(checked).toMatch(new RegExp(`WRONG {2}member ${leads} .*Does lamppost run there`))
})
