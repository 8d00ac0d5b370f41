/** The command line as IT uses it: accounts, tokens, and under which conditions a server starts. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { packageRoot } from '../../server/tools/package-root.ts'
import { selfSigned } from '../contracts/certificate.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-commands-'))
const data = join(folder, 'data')
const site = join(folder, 'site.yaml')
const main = join(packageRoot, 'dist', 'server', 'main.js')
writeFileSync(
  site,
  'site: { id: town, name: Town, timezone: Europe/London }\n' +
    'helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\n',
)
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 10 }))

function run(input: string, ...argv: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv, '--data', data], {
    ...{ input, encoding: 'utf8' },
  })
  return { status, out: stdout, err: stderr }
}
const PASSWORD = 'three boats under a bridge\n'
const user = (verb: string[], input: string, ...more: string[]) => run(input, 'user', ...verb, ...more)
const token = (...argv: string[]) => run('', 'token', ...argv)

describe('lamppost user', () => {
  test('adds, lists, changes and removes accounts; the verb may be left out, as in 0.1', () => {
    const asha = ['--user', 'asha', '--name', 'Asha Patel']
    expect(user([], PASSWORD, ...asha, '--role', 'operator').err).toContain('asha may sign in as operator.')
    expect(
      user(['add'], PASSWORD, '--user', 'ben', '--name', 'Ben', '--role', 'supervisor', '--role', 'evidence').status,
    ).toBe(0)
    expect(user(['list'], '').out).toBe(
      'asha\toperator\tAsha Patel\tpassword only\nben\tsupervisor,evidence\tBen\tpassword only\n',
    )
    expect(user(['roles'], '', '--user', 'asha', '--role', 'engineer').err).toContain('may act as engineer from now on')
    expect(user(['password'], 'four boats under a bridge\n', '--user', 'asha').err).toContain(
      'is signed out everywhere',
    )
    expect(user(['reset-factors'], '', '--user', 'asha').err).toContain('asha has no second factor')
    expect(user(['remove'], '', '--user', 'asha').status).toBe(0)
    expect(user(['remove'], '', '--user', 'ben').err).toContain('There is no supervisor now')
    expect(user(['list'], '').out).toBe('')
  })
  test.each([
    [['frobnicate'], PASSWORD, ['--user', 'x'], 'there are add, list, roles, password, reset-factors, remove'],
    [['add'], PASSWORD, ['--name', 'X', '--role', 'operator'], '--user is missing'],
    [['add'], PASSWORD, ['--user', 'x', '--role', 'operator'], '--name is missing'],
    [['add'], PASSWORD, ['--user', 'x', '--name', 'X'], '--role must be one of operator'],
    [['add'], PASSWORD, ['--user', 'x', '--name', 'X', '--role', 'press'], '--role must be one of operator'],
    [['add'], PASSWORD, ['--user', 'x y', '--name', 'X', '--role', 'operator'], '--user has no spaces'],
    [['add'], PASSWORD, ['--user', 'x', '--name', 'X\tY', '--role', 'operator'], '--name is one line'],
    [['add'], 'password1234\n', ['--user', 'x', '--name', 'X', '--role', 'operator'], 'Take four words'],
    [['add'], 'x x x x x x x\n', ['--user', 'x', '--name', 'X', '--role', 'operator'], 'Take four words'],
    [['remove'], '', ['--user', 'nobody'], 'nobody signs in as "nobody" here'],
    [['roles'], '', ['--user', 'nobody', '--role', 'operator'], 'nobody signs in as "nobody" here'],
  ])('%j says in words what is wrong', (verb, input, more, words) => {
    const { status, err } = user(verb, input, ...more)
    expect(status).not.toBe(0)
    expect(err).toContain(words)
    expect(user(['list'], '').out).toBe('')
  })
  test('replaces nobody: a name that is taken is said', () => {
    const once = () => user(['add'], PASSWORD, '--user', 'cai', '--name', 'Cai', '--role', 'operator')
    once()
    expect(once()).toMatchObject({
      status: 1,
      err: expect.stringContaining('somebody signs in as "cai" already') as string,
    })
    user(['remove'], '', '--user', 'cai')
  })
  test('says that the file cannot be read, and leaves it as it is', () => {
    const file = join(data, 'people.json')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, '{"users": [')
    expect(user(['list'], '').err).toContain('cannot be read')
    expect(readFileSync(file, 'utf8')).toBe('{"users": [')
    writeFileSync(file, before)
  })
})

describe('lamppost token', () => {
  test('of a script ends after 90 days, of a help point not by itself', () => {
    const script = token('--role', 'engineer', '--name', 'Prometheus', '--scope', 'metrics')
    expect(script.err).toMatch(/It ends at 20\d\d-/)
    expect(token('--role', 'press', '--name', 'Pole', '--help-point', 'bar').err).toContain('does not end by itself')
    const lines = token('list').out.trim().split('\n')
    expect(lines.map((line) => line.split('\t').slice(1, 4))).toEqual([
      ['engineer', 'metrics', ''],
      ['press', 'all', 'bar'],
    ])
    expect(lines[0]?.split('\t')[4]).toMatch(/^20\d\d-/)
  })
  test('is renewed once, and taken away', () => {
    const id = token('list').out.split('\n')[1]?.split('\t')[0] ?? ''
    const renewed = token('renew', id)
    expect([renewed.status, renewed.out.trim().length]).toEqual([0, 43])
    expect(renewed.err).toContain('ends an hour after the first use of this one')
    expect(token('renew', id).err).toContain('has been renewed already')
    expect(token('remove', id).status).toBe(0)
    expect(token('remove', id).err).toContain(`there is no token ${id}`)
  })
  test.each([
    [['make'], 'there are list, renew, remove'],
    [['renew'], "needs a token's id"],
    [['--role', 'engineer', '--name', 'x', '--expires', 'soon'], '--expires soon is no time'],
    [['--role', 'engineer', '--name', 'x', '--expires', '0d'], '--expires 0d is no time'],
    [['--role', 'engineer', '--name', 'x', '--scope', 'all'], '--scope must be one of'],
    [['--role', 'engineer', '--name', 'x', '--scope', 'press'], '--scope press goes with --role press'],
    [['--role', 'evidence', '--name', 'x', '--scope', 'metrics'], 'reads no metrics'],
    [['--role', 'press', '--name', 'x', '--help-point', ''], '--help-point is missing'],
    [['--role', 'engineer', '--role', 'operator', '--name', 'x'], 'a token has one --role'],
  ])('%j says in words what is wrong', (argv, words) => {
    const { status, err } = token(...argv)
    expect(status).not.toBe(0)
    expect(err).toContain(words)
  })
})

describe('lamppost start', () => {
  test.each([['0.0.0.0'], ['::']])('refuses plain HTTP on %s in words, with what would do', (host) => {
    const { status, err } = run('', 'start', '--site', site, '--host', host, '--port', '0')
    expect(status).toBe(1)
    for (const remedy of ['--tls-cert', '--public-url', '--plain-http']) expect(err).toContain(remedy)
  })
  test('keeps the data folder from other accounts, and takes a new certificate without a restart', async () => {
    mkdirSync(data, { recursive: true })
    chmodSync(data, 0o755)
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    for (const each of [first, second]) mkdirSync(each)
    const used = selfSigned(first, 'localhost')
    const renewed = selfSigned(second, 'localhost')
    const server = spawn(
      process.execPath,
      [main, 'start', '--site', site, '--data', data, '--port', '0', '--tls-cert', used.cert, '--tls-key', used.key],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      let said = ''
      server.stdout.on('data', (chunk: Buffer) => (said += String(chunk)))
      const url = await until(
        async () => /https:\/\/[^/\s]+/.exec(said)?.[0] ?? '',
        (found) => found !== '',
      )
      const serial = () =>
        new Promise<string>((resolve, reject) => {
          const socket = connect(
            { host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false },
            () => {
              resolve(socket.getPeerCertificate().serialNumber)
              socket.destroy()
            },
          )
          socket.on('error', reject)
        })
      const before = await serial()
      // The key first: the two do not belong together for a moment.
      copyFileSync(renewed.key, used.key)
      copyFileSync(renewed.cert, used.cert)
      await until(serial, (now) => now !== before)
      expect(statSync(data).mode & 0o777).toBe(0o700)
      for (const file of ['ledger.sqlite', 'lamppost.log'])
        expect([file, statSync(join(data, file)).mode & 0o077]).toEqual([file, 0])
    } finally {
      server.kill()
      await new Promise((resolve) => server.once('exit', resolve))
    }
  })
})
