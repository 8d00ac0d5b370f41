/**
 * The Debian package in a Debian that knows nothing of Lamppost: built, installed, run as its unit would, upgraded,
 * removed. The root is ZoneMinder's (test/engines/zoneminder), with an overlay that is thrown away: it has ffmpeg.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '../../server/tools/package-root.ts'
import { until } from '../contracts/test-town.ts'
import { ROOT, whyNot } from './zoneminder-vms.ts'

const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]
cameras: []
`
let folder = ''
let root: string
let deb: string
const unmount: string[] = []

function must(command: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}
const inside = (...args: string[]): string => must('chroot', [root, ...args])
const asUnit = (...args: string[]): string[] => [
  ...['--mount', join(import.meta.dirname, 'package', 'run-packaged.sh'), root, ...args],
]

const why = whyNot()
beforeAll(() => {
  if (why !== null) return
  folder = mkdtempSync(join(tmpdir(), 'lamppost-deb-test-'))
  deb = must(process.execPath, [join(packageRoot, 'server', 'packaging', 'deb.mjs')]).trim()
  root = join(folder, 'root')
  for (const name of ['root', 'upper', 'work']) mkdirSync(join(folder, name))
  const layers = `lowerdir=${ROOT},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`
  must('mount', ['-t', 'overlay', 'overlay', '-o', layers, root])
  unmount.push(root)
  cpSync(deb, join(root, 'tmp', 'lamppost.deb'))
}, 300_000)
afterAll(() => {
  for (const each of unmount.toReversed()) spawnSync('umount', ['-l', each])
  if (folder) rmSync(folder, { recursive: true, force: true })
})

type Running = { url: string; child: ChildProcess; err(): string }
async function start(): Promise<Running> {
  const child = spawn(
    'unshare',
    asUnit('lamppost', ...['start', '--site', '/etc/lamppost/town.yaml', '--data', '/var/lib/lamppost', '--port', '0']),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const url = await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${err}`)
      return /http:\/\/[\w.:]+/.exec(out)?.[0] ?? ''
    },
    (found) => found !== '',
    60_000,
  )
  return { url, child, err: () => err }
}
async function stop({ child }: Running): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await ended
}
let token = ''
const press = (url: string) =>
  fetch(`${url}/api/v1/presses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ helpPoint: 'bar' }),
  })

describe('the units', () => {
  test.each(['lamppost.service', 'lamppost-edge.service'])(
    '%s leaves little open, by systemd’s own judgement',
    (unit) => {
      const file = join(packageRoot, 'server', 'packaging', unit)
      const said = must('systemd-analyze', ['security', '--offline=yes', file])
      const level = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1] ?? Number.NaN)
      expect(level).toBeLessThanOrEqual(2)
    },
  )
})

describe.skipIf(why !== null)(`the Debian package${why === null ? '' : ` (${why})`}`, () => {
  test('installs with an account of its own, which alone reads what is kept', () => {
    expect(inside('dpkg', '-i', '/tmp/lamppost.deb')).toContain('Write /etc/lamppost/town.yaml')
    expect(inside('stat', '-c', '%U %a', '/var/lib/lamppost').trim()).toBe('lamppost 700')
    expect(inside('stat', '-c', '%U %G %a', '/etc/lamppost/environment').trim()).toBe('root lamppost 640')
    expect(existsSync(join(root, 'usr/lib/lamppost/sbom.cdx.json'))).toBe(true)
    const bill = JSON.parse(readFileSync(join(root, 'usr/lib/lamppost/sbom.cdx.json'), 'utf8')) as {
      bomFormat: string
      components: { name: string }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['fastify', 'lit', 'otpauth']))
    // Nothing that only builds or tests.
    for (const name of ['vitest', 'playwright', 'vite'])
      expect(existsSync(join(root, 'usr/lib/lamppost/node_modules', name))).toBe(false)
  })
  test('has every file that the built server reads beside itself', () => {
    const sources = globSync('server/**/*.ts', { cwd: packageRoot })
    const named = sources.flatMap((file) =>
      [...readFileSync(join(packageRoot, file), 'utf8').matchAll(/join\(packageRoot, ('[^)]+')/g)].map(
        ([, parts = '']) => [...parts.matchAll(/'([^']+)'/g)].map(([, part = '']) => part).join('/'),
      ),
    )
    expect(named.length).toBeGreaterThan(5)
    const missing = named.filter((path) => !/^data$/.test(path) && !existsSync(join(root, 'usr/lib/lamppost', path)))
    expect(missing).toEqual([])
    // As its unit may: ffmpeg by the guard that ends it with the server.
    const guard = '/usr/lib/lamppost/server/tools/media/guarded-ffmpeg.sh'
    expect(must('unshare', asUnit(guard, '-version'))).toContain('ffmpeg version')
  })
  test('runs as its unit would: without privileges, on a root that nobody writes', async () => {
    writeFileSync(join(root, 'etc/lamppost/town.yaml'), SITE)
    expect(inside('lamppost', 'check', '/etc/lamppost/town.yaml')).toContain('1 help points')
    token = must(
      'unshare',
      asUnit(...['lamppost', 'token', '--data', '/var/lib/lamppost', '--role', 'press', '--name', 'P']),
    ).trim()
    const town = await start()
    expect((await fetch(`${town.url}/readyz`)).status).toBe(200)
    expect((await press(town.url)).status).toBe(202)
    const page = await (await fetch(town.url)).text()
    expect(page).toContain('lamppost.js')
    await stop(town)
    expect(statSync(join(root, 'var/lib/lamppost/ledger.sqlite')).mode & 0o777).toBe(0o600)
  })
  test('is upgraded with all data, and goes on where it was', async () => {
    const settings = join(root, 'etc/lamppost/environment')
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}CAMERA_PASSWORD=kept\n`)
    inside('dpkg', '-i', '--force-confold', '/tmp/lamppost.deb')
    expect(readFileSync(settings, 'utf8')).toContain('CAMERA_PASSWORD=kept')
    const town = await start()
    expect((await press(town.url)).status).toBeLessThan(300)
    await stop(town)
    const verified = must('unshare', asUnit('lamppost', 'ledger', 'verify', '--data', '/var/lib/lamppost'))
    expect(verified).toMatch(/The ledger is intact: \d+ entries/)
  })
  test('leaves the record when it is removed, and when it is purged', () => {
    inside('dpkg', '-r', 'lamppost')
    expect(existsSync(join(root, 'usr/lib/lamppost/dist'))).toBe(false)
    expect(inside('dpkg', '-P', 'lamppost')).toContain('stay in /var/lib/lamppost')
    expect(existsSync(join(root, 'var/lib/lamppost/ledger.sqlite'))).toBe(true)
  })
})
