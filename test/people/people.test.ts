import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { randomBytes, scryptSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { adviceOn } from '../../server/people/accounts/password-advice.ts'
import { changesBetween as between, knownOf } from '../../server/people/accounts/people-changes.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { type Stored, hashToken } from '../../server/people/accounts/people-format.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-people-'))
  file = join(folder, 'people.json')
})
afterEach(() => rmSync(folder, { recursive: true }))
const SAM = { name: 'Sam', role: 'operator', helpPoints: null } as const
const changesBetween = (before: Stored, now: Stored) => between(knownOf(before), knownOf(now))
const PASSWORD = 'correct horse £ battery'

describe('the people file', () => {
  test('keeps a token only as a hash, and nobody else may read it', () => {
    const token = openPeopleFile(file).addToken(SAM)
    expect(readFileSync(file, 'utf8')).not.toContain(token)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
  test('knows a token at once that another process has added', () => {
    const running = openPeopleFile(file)
    expect(running.byHash(hashToken('x'))).toBeNull()
    const token = openPeopleFile(file).addToken(SAM)
    expect(running.byHash(hashToken(token))).toMatchObject(SAM)
  })
  test('lets the right password in, and nothing else', async () => {
    const people = openPeopleFile(file)
    await people.addUser('sam', PASSWORD, SAM)
    expect(await people.byPassword('sam', PASSWORD)).toMatchObject({ name: 'Sam', roles: ['operator'] })
    expect(await people.byPassword('sam', 'correct horse battery')).toBeNull()
    expect(await people.byPassword('nobody', PASSWORD)).toBeNull()
  })
  test('keeps a password as argon2id, and what two keyboards write differently is the same', async () => {
    const people = openPeopleFile(file)
    await people.addUser('sam', 'cafe\u0301 by the river', SAM)
    expect(people.user('sam')?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await people.byPassword('sam', 'caf\u00e9 by the river')).not.toBeNull()
  })
  test('keeps a password of version 0.1 anew at the next sign-in, and signs nobody out for it', async () => {
    const salt = randomBytes(16)
    const key = scryptSync(PASSWORD, salt, 32, { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
    const old = `scrypt$${salt.toString('base64')}$${key.toString('base64')}`
    writeFileSync(file, JSON.stringify({ tokens: [], users: [{ ...SAM, user: 'sam', password: old }] }))
    const people = openPeopleFile(file)
    const before = people.user('sam')?.stamp
    expect(await people.byPassword('sam', 'wrong horse £ battery')).toBeNull()
    expect(people.user('sam')?.password).toBe(old)
    expect(await people.byPassword('sam', PASSWORD)).not.toBeNull()
    expect(people.user('sam')?.password).toMatch(/^\$argon2id\$/)
    expect(people.user('sam')?.stamp).toBe(before)
    expect(await people.byPassword('sam', PASSWORD)).not.toBeNull()
  })
  test('of version 0.1 is read: its tokens get a name to be listed by, and do not end', () => {
    const sha256 = hashToken('the old token')
    writeFileSync(file, JSON.stringify({ tokens: [{ ...SAM, role: 'press', helpPoints: ['bar'], sha256 }], users: [] }))
    expect(openPeopleFile(file).byHash(sha256)).toEqual({
      ...{ id: sha256.slice(0, 12), name: 'Sam', role: 'press', helpPoints: ['bar'], sha256, made: null, until: null },
    })
  })
  test('is read when it is whole: somebody who is just editing it puts nobody out', () => {
    const running = openPeopleFile(file)
    const hash = hashToken(running.addToken(SAM))
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole.slice(0, 40))
    expect([running.byHash(hash)?.name, running.byHash(hashToken('x'))]).toEqual(['Sam', null])
    writeFileSync(file, whole.replace('"Sam"', '"Samira"'))
    expect(running.byHash(hashToken('y'))).toBeNull()
    expect(running.byHash(hash)?.name).toBe('Samira')
  })
  test('that cannot be read is not overwritten', async () => {
    writeFileSync(file, '{"users": [')
    await expect(openPeopleFile(file).addUser('sam', PASSWORD, SAM)).rejects.toThrow('is not overwritten')
    expect(readFileSync(file, 'utf8')).toBe('{"users": [')
  })
  test('loses nothing when two write in turn, each without having seen the other’s', async () => {
    const [one, other] = [openPeopleFile(file), openPeopleFile(file)]
    await one.addUser('sam', PASSWORD, SAM)
    await other.addUser('ann', PASSWORD, { ...SAM, name: 'Ann' })
    one.addToken({ ...SAM, name: 'a script' })
    await other.changeUser('sam', { roles: ['evidence', 'operator'] })
    const { users, tokens } = openPeopleFile(file).now()
    expect(users.map(({ user, roles }) => [user, roles])).toEqual([
      ['sam', ['evidence', 'operator']],
      ['ann', ['operator']],
    ])
    expect(tokens.map(({ name }) => name)).toEqual(['a script'])
  })
  test('with a role or a scope that this version does not know gives nobody more than it says', () => {
    const token = { id: 'a', name: 'Robot', sha256: 'h1', helpPoints: null, made: null, until: null }
    const users = [
      { user: 'a', name: 'A', roles: ['press'], password: '', stamp: '' },
      { user: 'b', name: 'B', roles: ['director', 'evidence'], password: '', stamp: '' },
      { user: 'c', name: 'C', roles: ['operator'], password: '', stamp: '', secondFactor: 'wanted' },
    ]
    const tokens = [
      { ...token, role: 'supervisor', scope: 'half-a-wall' },
      { ...token, sha256: 'h2', role: 'constructor' },
      { ...token, sha256: 'h3', role: 'press', helpPoints: 'bar' },
      { ...token, sha256: 'h4', role: 'press', helpPoints: [7] },
      { ...token, sha256: 'h5', role: 'engineer', until: 1_700_000_000_000 },
      { ...token, sha256: 'h6', role: 'engineer', until: '2020-01-01 or so' },
      { ...token, sha256: 'h7', role: 'engineer', disabled: true },
    ]
    writeFileSync(file, JSON.stringify({ version: 3, users, tokens }))
    const people = openPeopleFile(file)
    expect([people.now().users, people.now().tokens]).toEqual([[], []])
    people.addToken(SAM)
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { users: unknown[]; tokens: unknown[] }
    expect(kept.users).toEqual(users)
    expect(kept.tokens).toEqual(expect.arrayContaining(tokens))
  })
  test('is not emptied by an editor that moves it away before it writes it anew', async () => {
    const clock = createFakeClock()
    const told: unknown[] = []
    const running = openPeopleFile(file, { onForeign: (...change) => void told.push(change), clock })
    const hash = hashToken(running.addToken(SAM))
    renameSync(file, `${file}~`)
    await clock.advance(2000)
    expect(running.byHash(hash)?.name).toBe('Sam')
    expect(() => running.addToken(SAM)).toThrow('is not there at this moment')
    renameSync(`${file}~`, file)
    expect([running.byHash(hash)?.name, told]).toEqual(['Sam', []])
    rmSync(file)
    running.now()
    await clock.advance(6000)
    expect(running.byHash(hash)).toBeNull()
  })
  test('that is broken at the start says so once, and nobody is taken for removed', () => {
    writeFileSync(file, 'users:')
    const broken: unknown[] = []
    const people = openPeopleFile(file, { onBroken: (error) => broken.push(error) })
    for (let i = 0; i < 3; i += 1) people.byHash('h')
    expect([people.isRead(), broken.length]).toEqual([false, 1])
    writeFileSync(file, '{"users": [], "tokens": []}')
    people.byHash('h')
    expect(people.isRead()).toBe(true)
  })
  test('gives a user name to one of two who ask for it at once', async () => {
    const people = openPeopleFile(file)
    const made = await Promise.all([
      people.addUser('sam', PASSWORD, SAM),
      people.addUser('sam', 'another horse £ battery', { ...SAM, role: 'supervisor' }),
    ])
    expect(made.toSorted()).toEqual([false, true])
    expect(people.now().users.length).toBe(1)
  })
  test('asks what must hold of it while it is locked: of two who remove each other, one stays', async () => {
    const people = openPeopleFile(file)
    for (const user of ['ann', 'ben']) await people.addUser(user, PASSWORD, { ...SAM, name: user, role: 'supervisor' })
    const may = ({ users }: Stored): void => {
      if (users.length === 1) throw new Error('the last one')
    }
    const done = await Promise.allSettled([people.removeUser('ann', may), people.removeUser('ben', may)])
    expect(done.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(people.now().users.length).toBe(1)
  })
  test('that another process holds lets the server go on meanwhile', async () => {
    const people = openPeopleFile(file)
    await people.addUser('sam', PASSWORD, SAM)
    const lock = new DatabaseSync(`${file}.lock`)
    lock.exec('BEGIN EXCLUSIVE')
    let turns = 0
    const turning = setInterval(() => (turns += 1), 5)
    const removing = people.removeUser('sam')
    await new Promise((resolve) => setTimeout(resolve, 200))
    lock.close()
    expect((await removing)?.user).toBe('sam')
    clearInterval(turning)
    expect(turns).toBeGreaterThan(10)
  })
  test('says what a hand has changed in a token, also its role, scope and end', () => {
    const token = {
      id: 'a',
      name: 'Pole',
      role: 'press' as const,
      helpPoints: ['bar'],
      sha256: 'h',
      made: null,
      until: null,
    }
    const before: Stored = { users: [], tokens: [token] }
    for (const change of [{ role: 'supervisor' as const }, { helpPoints: null }, { until: '2027-01-01T00:00:00.000Z' }])
      expect(changesBetween(before, { users: [], tokens: [{ ...token, ...change }] })).toMatchObject([
        { kind: 'token.changed', body: { token: 'a', ...change } },
      ])
    const anew = { ...token, sha256: 'kept anew' }
    expect(changesBetween(before, { users: [], tokens: [anew] })).toEqual([])
  })
  test('renews a token: both are taken, and the new one knows whose place it takes', () => {
    const people = openPeopleFile(file)
    const old = people.byHash(hashToken(people.addToken({ ...SAM, role: 'press', helpPoints: ['bar'] })))
    const renewed = people.renewToken(old?.id ?? '', { until: null, made: '2026-11-30T00:00:00.000Z' }) ?? ''
    expect(people.byHash(hashToken(renewed))).toMatchObject({ role: 'press', helpPoints: ['bar'], name: 'Sam' })
    expect(people.now().tokens[0]).toMatchObject({ id: old?.id, replacedBy: hashToken(renewed).slice(0, 12) })
    expect(people.renewToken('nonsense', { until: null, made: '' })).toBeNull()
  })
  test('is told when another hand has changed it, and not of its own changes', async () => {
    const told: string[][] = []
    const running = openPeopleFile(file, {
      onForeign: (before, now) =>
        void told.push(changesBetween(before, now).map(({ kind, subject }) => `${kind} ${subject}`)),
    })
    running.now()
    await running.addUser('sam', PASSWORD, SAM)
    const command = openPeopleFile(file)
    await command.addUser('ann', PASSWORD, { ...SAM, name: 'Ann' })
    command.addToken(SAM)
    running.byHash('anything')
    await command.setPassword('sam', PASSWORD)
    await command.removeUser('ann')
    running.addToken(SAM)
    expect(told).toEqual([
      ['user.added ann', 'token.made token'],
      ['user.changed sam', 'user.removed ann'],
    ])
  })
  test('says what changed, and no more', () => {
    const user = {
      user: 'sam',
      name: 'Sam',
      roles: ['operator' as const],
      password: 'p',
      stamp: 's',
      since: null,
      factors: [],
    }
    const before: Stored = { users: [user], tokens: [] }
    expect(changesBetween(before, before)).toEqual([])
    const codes = { id: 'f', kind: 'totp' as const, name: 'Phone', since: '', secret: 'A', used: 0 }
    const anew = { ...user, password: 'kept anew' }
    expect(changesBetween(before, { ...before, users: [anew] })).toEqual([])
    expect(changesBetween(before, { ...before, users: [{ ...user, stamp: 'other', password: 'new' }] })).toMatchObject([
      { kind: 'user.changed', actor: 'machine:command line', body: { user: 'sam', password: true } },
    ])
    const withCodes = { ...before, users: [{ ...user, factors: [codes] }] }
    const kinds = (now: Stored): string[] => changesBetween(withCodes, now).map(({ kind }) => kind)
    // By the command line: both between two looks, or while the server was down.
    expect(kinds({ ...before, users: [{ ...user, stamp: 'other' }] })).toEqual(['factors.reset'])
    expect(kinds({ ...before, users: [{ ...user, stamp: 'other', password: 'new' }] })).toEqual([
      'user.changed',
      'factors.reset',
    ])
    // By hand: another secret under the same id, and a use that was counted.
    expect(kinds({ ...before, users: [{ ...user, factors: [{ ...codes, secret: 'B' }] }] })).toEqual([
      'factor.removed',
      'factor.added',
    ])
    expect(kinds({ ...before, users: [{ ...user, factors: [{ ...codes, used: 9 }] }] })).toEqual([])
    expect(JSON.stringify(changesBetween({ users: [], tokens: [] }, before))).not.toContain('"p"')
  })
  test('leaves nothing behind beside it when it is written', () => {
    openPeopleFile(file).addToken(SAM)
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})

describe('a new password', () => {
  test.each([
    ['aaaaaaaaaaaa'],
    ['password1234'],
    ['            '],
    ['qwertyuiop12'],
    ['123456789012'],
    ['Password123456'],
    ['letmeinletmein'],
    ['Darlington2026!'],
    ['samsamsamsam'],
    ['sam.shaw2026'],
    ['lamppost lamppost'],
    ['abcdefghijklmnop'],
    ['short'],
    ['x'.repeat(1001)],
  ])('%j is refused in words', async (password) => {
    expect(await adviceOn(password, ['sam', 'Sam Shaw', 'Darlington'])).toMatch(/^(A|This) password/)
  })
  test.each([
    ['correct horse £ battery'],
    ['two lamps burn here'],
    ['a password of Cai'],
    ['Wz8#kLm2Qx9v'],
    ['пароль из четырёх слов'],
  ])('%j is taken', async (password) => expect(await adviceOn(password, ['cai', 'Darlington'])).toBeNull())
  test('is counted in characters, not in bytes', async () => {
    expect(await adviceOn('😀🚦🏮🌉🚓🎈', [])).toContain('at least 12')
  })
})
