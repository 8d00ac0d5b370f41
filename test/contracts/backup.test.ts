/** A back-up while presses come in, and a town that is opened from it: by the commands, on real files. */
import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'
import { lockFolder } from '../../server/tools/process/folder-lock.ts'
import { packageRoot } from '../../server/tools/package-root.ts'
import { type EvidenceRoom, openEvidenceRoom } from './evidence-room.ts'

let room: EvidenceRoom
let folder: string
let archive: string
let incident: string
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
let made: any
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-backup-'))
  archive = join(folder, 'town.tar')
  // Just before the press: its incident holds it.
  room = await openEvidenceRoom({ seconds: 6, ago: 9000 })
  incident = (await room.ask('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
  await room.ask('operator', 'POST', `/incidents/${incident}/framings`, { camera: 'bar' })
  made = await room.exported({ ...room.range(), cameras: ['bar'] })
  await room.ask('operator', 'POST', `/incidents/${incident}/acknowledgement`, {})
  await room.ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'over' })
  await room.ask('evidence', 'PUT', `/incidents/${incident}/lock`, { reason: 'court' })
})
afterAll(async () => {
  await room.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Beside the house, which runs in this process. */
async function run(args: readonly string[], input: Buffer | null = null) {
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'server', 'main.js'), ...args])
  child.stdin.end(input ?? '')
  const [out, err] = await Promise.all([buffer(child.stdout), text(child.stderr)])
  return { code: child.exitCode ?? (await new Promise((resolve) => child.once('close', resolve))), out, err }
}
/** Returns how many were taken meanwhile. */
async function pressUntil(over: Promise<unknown>): Promise<number> {
  const state = { running: true }
  void over.finally(() => (state.running = false))
  let i = 0
  for (; state.running; i += 1) {
    const { status } = await room.ask('press', 'POST', '/presses', { helpPoint: 'bar', id: `drill-${i}` })
    expect(status).toBeLessThan(300)
  }
  return i
}
async function restored(name: string): Promise<string> {
  const data = join(folder, name)
  const { code, err } = await run(['restore', archive, '--data', data])
  expect(code, err).toBe(0)
  return data
}

describe('a back-up while presses come in', () => {
  test('holds the record whole, and every press that was acknowledged before it was begun', async () => {
    for (let i = 0; i < 5; i += 1) {
      const { status } = await room.ask('press', 'POST', '/presses', { helpPoint: 'bar', id: `before-${i}` })
      expect(status).toBe(202)
    }
    const site = ['--site', room.siteFile]
    const backup = run(['backup', '--data', room.dataFolder, '--to', archive, ...site])
    const during = await pressUntil(backup)
    const { code, err } = await backup
    expect(code, err).toBe(0)
    expect(err).toContain('keep it encrypted')
    expect(during).toBeGreaterThan(5)
    expect(statSync(archive).mode & 0o777).toBe(0o600)
    expect(readdirSync(room.dataFolder).filter((name) => name.startsWith('.backup'))).toEqual([])
    const data = await restored('first')
    const rows = openLedgerRows(join(data, 'ledger-broken-1.sqlite'), { readOnly: true })
    for (let i = 0; i < 5; i += 1) expect(rows.pressWithKey('bar', `before-${i}`)).not.toBeNull()
    rows.close()
    const verified = await run(['ledger', 'verify', '--data', data])
    expect(verified.out.toString()).toMatch(/chain 1: \d+ entries .*intact\nchain 2: 1 entries .*intact/)
    expect(verified.code).toBe(0)
  })
  test('is opened by a server on another machine: accounts, incidents, locks, recordings and packages are there', async () => {
    const data = await restored('second')
    expect(readFileSync(join(data, 'site', 'site.yaml'), 'utf8')).toContain('id: town')
    const house: House = await openHouse({
      ...{ siteFile: join(data, 'site', 'site.yaml'), dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 },
    })
    const get = async (path: string) =>
      fetch(`${house.url}/api/v1${path}`, { headers: { authorization: `Bearer ${room.token('evidence')}` } })
    const json = async (path: string) => (await get(path)).json()
    expect(await json(`/incidents/${incident}`)).toMatchObject({ state: 'closed' })
    expect((await json(`/retention?incidents=${incident}`)).items).toMatchObject([{ lock: { reason: 'court' } }])
    const session = await fetch(`${house.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'olive', password: 'a password of Olive' }),
    })
    expect(session.status).toBe(201)
    const held = await json(`/incidents/${incident}`)
    expect(held).toMatchObject({ clips: [{ camera: 'bar' }] })
    const playlist = await get(`/incidents/${incident}/clips/bar/index.m3u8`)
    expect(playlist.status).toBe(200)
    const segment = (await playlist.text()).split('\n').find((line) => line !== '' && !line.startsWith('#'))
    const bytes = await fetch(
      new URL(segment ?? '', `${house.url}/api/v1/incidents/${incident}/clips/bar/index.m3u8`),
      {
        headers: { authorization: `Bearer ${room.token('evidence')}` },
      },
    )
    expect([bytes.status, (await bytes.arrayBuffer()).byteLength > 1000]).toEqual([200, true])
    const job = await json(`/exports/${made.id}`)
    expect(job).toMatchObject({ state: 'ready', sha256: made.sha256 })
    // Numbers go on after all that may have been given, and the record says why.
    const all: { seq: number; kind: string; body: object }[] = []
    for (let after: number | null = 0; after !== null;) {
      const page = await json(`/ledger?limit=200&after=${after}`)
      all.push(...page.items)
      after = page.next
    }
    const at = all.findIndex(({ kind }) => kind === 'ledger.restored')
    expect(all[at]?.body).toMatchObject({ seq: all[at - 1]?.seq })
    expect(all[at]?.seq).toBeGreaterThan((all[at - 1]?.seq ?? 0) + 999_999 - 1)
    const pressed = await fetch(`${house.url}/api/v1/presses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${room.token('press')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ helpPoint: 'bar', id: 'after' }),
    })
    expect(pressed.status).toBeLessThan(300)
    await house.close()
    const verified = await run(['ledger', 'verify', '--data', data])
    expect(verified.code, verified.err).toBe(0)
  })
  test('goes through a pipe, as to what encrypts it', async () => {
    const { code, out } = await run(['backup', '--data', room.dataFolder, '--to', '-', '--no-recordings'])
    expect(code).toBe(0)
    const data = join(folder, 'third')
    const back = await run(['restore', '-', '--data', data], out)
    expect(back.code, back.err).toBe(0)
    expect(back.err).toContain('Recordings were left out')
    expect(existsSync(join(data, 'people.json'))).toBe(true)
    expect(existsSync(join(data, 'clips'))).toBe(false)
  })
})

describe('a back-up that is not whole', () => {
  const refused = async (file: string, name: string) => {
    const data = join(folder, name)
    const { code, err } = await run(['restore', file, '--data', data])
    expect(code).not.toBe(0)
    expect(existsSync(data)).toBe(false)
    expect(readdirSync(folder).filter((each) => each.startsWith(`${name}.`))).toEqual([])
    return err
  }
  test('is refused, and leaves nothing behind: cut short, bent, no back-up at all', async () => {
    const whole = readFileSync(archive)
    const cut = join(folder, 'cut.tar')
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length / 2)))
    expect(await refused(cut, 'of-cut')).toMatch(/tar ended|is missing|another hash/)
    const bent = join(folder, 'bent.tar')
    const other = Buffer.from(whole)
    const at = other.indexOf('SQLite format 3') + 5000
    other[at] = (other[at] ?? 0) ^ 1
    writeFileSync(bent, other)
    expect(await refused(bent, 'of-bent')).toContain('ledger.sqlite has another hash')
    const none = join(folder, 'none.tar')
    writeFileSync(none, 'no tar')
    expect(await refused(none, 'of-none')).toMatch(/tar/)
  })
  test.each([
    [['backup'], '--to is missing'],
    [['backup', '--to', '/nowhere/x.tar', '--data', '/nowhere'], 'there is no /nowhere'],
    [['restore'], 'needs a back-up'],
    [['restore', '/nowhere/x.tar', '--data', '/nowhere/y'], 'there is no /nowhere/x.tar'],
  ])('or a command that is: %j is said in words', async (args, words) => {
    const { code, err } = await run(args)
    expect(code).not.toBe(0)
    expect(err).toContain(words)
  })
  test('is not restored over what is there', async () => {
    const data = join(folder, 'used')
    mkdirSync(data)
    writeFileSync(join(data, 'anything'), '')
    const { code, err } = await run(['restore', archive, '--data', data])
    expect([code, readdirSync(data)]).toEqual([1, ['anything']])
    expect(err).toContain('is not empty')
  })
  test('of a folder without a record says so, and writes no file', async () => {
    const data = join(folder, 'empty')
    mkdirSync(data)
    const to = join(folder, 'empty.tar')
    const { code, err } = await run(['backup', '--data', data, '--to', to])
    expect(code).toBe(1)
    expect(err).toContain('There is no ledger here')
    expect([existsSync(to), existsSync(`${to}.part`), readdirSync(data)]).toEqual([false, false, []])
  })
  test('whose record was changed is not restored, though all hashes agree', async () => {
    const unpacked = join(folder, 'forged')
    cpSync(room.dataFolder, unpacked, { recursive: true, filter: (name) => !/clips|exports|scratch/.test(name) })
    await room.stop()
    cpSync(join(room.dataFolder, 'ledger.sqlite'), join(unpacked, 'ledger.sqlite'))
    await room.start()
    const rows = new (await import('node:sqlite')).DatabaseSync(join(unpacked, 'ledger.sqlite'))
    rows.exec("DROP TRIGGER entries_never_change; UPDATE entries SET actor = 'somebody else' WHERE seq = 3")
    rows.close()
    const forged = join(folder, 'forged.tar')
    expect((await run(['backup', '--data', unpacked, '--to', forged, '--no-recordings'])).code).toBe(0)
    expect(await refused(forged, 'of-forged')).toContain('does not verify')
  })
  test('of a town whose record was broken once is restored, and the broken chain is said', async () => {
    const town = join(folder, 'was broken')
    mkdirSync(town)
    const house = await openHouse({
      ...{ siteFile: room.siteFile, dataFolder: town, port: 0, host: '127.0.0.1', rtmpPort: 0 },
    })
    await house.close()
    // Long ago: set aside, and no database any more.
    writeFileSync(join(town, 'ledger-broken-1.sqlite'), 'not a database')
    const rows = openLedgerRows(join(town, 'ledger.sqlite'))
    const first = rows.head().seq
    rows.close()
    rmSync(join(town, 'ledger.sqlite'))
    const genesis = JSON.stringify({
      chain: 2,
      at: '',
      after: { file: 'ledger-broken-1.sqlite', good: null },
      problem: 'x',
    })
    openLedgerRows(join(town, 'ledger.sqlite'), { begins: { number: 2, first: first + 10, genesis } }).close()
    const to = join(folder, "with 'quotes' and spaces.tar")
    const made_ = await run(['backup', '--data', town, '--to', to])
    expect(made_.code, made_.err).toBe(0)
    const data = join(folder, 'broken again')
    const { code, err } = await run(['restore', to, '--data', data])
    expect(code, err).toBe(0)
    expect(err).toContain('Chain 1 was broken before the back-up')
  })
  const repacked = async (name: string, change: (unpacked: string) => void): Promise<string> => {
    const unpacked = join(folder, `${name}-unpacked`)
    mkdirSync(unpacked)
    execFileSync('tar', ['-xf', archive, '-C', unpacked])
    change(unpacked)
    const to = join(folder, `${name}.tar`)
    execFileSync('tar', ['-cf', to, '-C', unpacked, '.'])
    return to
  }
  test('says another end of the record than it has, leads elsewhere, or has more than it says: refused', async () => {
    const lying = await repacked('lying', (unpacked) => {
      const manifest = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8'))
      manifest.head = { seq: -999_990, hash: '0'.repeat(64) }
      writeFileSync(join(unpacked, 'manifest.json'), JSON.stringify(manifest))
    })
    expect(await refused(lying, 'of-lying')).toContain('ends with another entry')
    const link = await repacked('link', (unpacked) => symlinkSync('/etc', join(unpacked, 'references')))
    expect(await refused(link, 'of-link')).toContain('more than it says: references')
    const named = await repacked('named', (unpacked) => {
      rmSync(join(unpacked, 'people.json'))
      symlinkSync('/etc/passwd', join(unpacked, 'people.json'))
    })
    expect(await refused(named, 'of-named')).toContain('is no file: people.json')
  })
  test('is restored into what is there already: an empty disk of its own, or a link to one', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(join(disk, 'lost+found'), { recursive: true })
    symlinkSync(disk, join(folder, 'linked'))
    const { code, err } = await run(['restore', archive, '--data', join(folder, 'linked')])
    expect(code, err).toBe(0)
    expect(lstatSync(join(folder, 'linked')).isSymbolicLink()).toBe(true)
    expect(existsSync(join(disk, 'ledger.sqlite'))).toBe(true)
    expect(JSON.parse(readFileSync(join(disk, 'sessions.json'), 'utf8'))).toMatchObject({ sessions: [], passes: [] })
    expect(readdirSync(disk).filter((name) => name.startsWith('.'))).toEqual([])
  })
  test('is not restored where a server runs', async () => {
    const data = join(folder, 'in-use')
    const unlock = lockFolder(data)
    const { code, err } = await run(['restore', archive, '--data', data])
    unlock()
    expect(code).toBe(1)
    expect(err).toContain('Another Lamppost is running')
  })
  test('cannot be written where it should go: said before anything is copied', async () => {
    const { code, err } = await run(['backup', '--data', room.dataFolder, '--to', join(folder, 'nowhere', 'x.tar')])
    expect(code).toBe(1)
    expect(err).toContain('cannot be written')
    expect(readdirSync(room.dataFolder).filter((name) => name.startsWith('.backup'))).toEqual([])
  })
  test('that was killed leaves nothing that the next one does not sweep', async () => {
    mkdirSync(join(room.dataFolder, '.backup-999999-abcdef'))
    writeFileSync(join(room.dataFolder, '.backup-999999-abcdef', 'ledger-key.pem'), 'a key')
    expect(
      (await run(['backup', '--data', room.dataFolder, '--to', join(folder, 'swept.tar'), '--no-recordings'])).code,
    ).toBe(0)
    expect(readdirSync(room.dataFolder).filter((name) => name.startsWith('.backup'))).toEqual([])
  })
})
