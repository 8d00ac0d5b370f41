import { mkdtempSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { MemberId } from '../../server/glossary/member.ts'
import type { Step, TxnAnswer } from '../../server/members/engine/etcd.ts'
import { keysOf } from '../../server/members/engine/keys.ts'
import { createSeal } from '../../server/members/engine/seal.ts'
import { admitMember, askToJoin } from '../../server/members/joining.ts'
import { createLink } from '../../server/members/link.ts'
import { withOwnWay } from '../../server/members/own-way.ts'
import { SITE, createSharedFiles } from '../../server/members/shared-files.ts'
import type { SharedFile } from '../../server/members/town-state.ts'
import { readSite } from '../../server/site/site-check.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-members-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const KEY = Buffer.alloc(32, 1)

describe('a value in the engine', () => {
  const seal = createSeal(KEY)
  test('is opened by whoever has the town’s key, and shows nothing of itself to others', () => {
    const sealed = seal.seal('/lamppost/t/head', { name: 'Blackwellgate' })
    expect(sealed.includes('Blackwellgate')).toBe(false)
    expect(seal.open('/lamppost/t/head', sealed)).toEqual({ name: 'Blackwellgate' })
    expect(seal.seal('/lamppost/t/head', { name: 'Blackwellgate' }).equals(sealed)).toBe(false)
  })
  test('cannot be put under another name, changed, cut short, or made with another key', () => {
    const sealed = seal.seal('/lamppost/t/head', { seq: 1 })
    const changed = Buffer.from(sealed)
    changed[20] = (changed[20] ?? 0) ^ 1
    expect(() => seal.open('/lamppost/t/lead', sealed)).toThrow('was not sealed with this town')
    expect(() => seal.open('/lamppost/t/head', changed)).toThrow('was not sealed with this town')
    expect(() => seal.open('/lamppost/t/head', sealed.subarray(0, 10))).toThrow('no sealed value')
    expect(() => createSeal(Buffer.alloc(32, 2)).open('/lamppost/t/head', sealed)).toThrow('was not sealed')
  })
  test('is filed so that names sort as numbers do', () => {
    const { entriesUpTo } = keysOf('t')
    expect([9, 10, 100, 99_999].map(entriesUpTo).toSorted()).toEqual([9, 10, 100, 99_999].map(entriesUpTo))
  })
})

describe('a request between members', () => {
  const clock = createFakeClock()
  const link = createLink({ townKey: KEY, member: 'A', clock, ca: null })
  const asked = { method: 'POST', path: '/api/v1/town/presses', from: '192.0.2.1' }
  const header = (by = link): { 'x-lamppost-member': string } => ({ 'x-lamppost-member': by.header(asked) })
  test('names the member that sent it', () => expect(link.verify(header(), asked)).toBe('A'))
  test.each([
    ['another path', { ...asked, path: '/api/v1/town/rows' }],
    ['another method', { ...asked, method: 'GET' }],
    ['another asker', { ...asked, from: '192.0.2.2' }],
  ])('is not believed for %s', (_, other) => expect(link.verify(header(), other)).toBeNull())
  test('is not believed of another town, by another name, without a proof, or later', async () => {
    const stranger = createLink({ townKey: Buffer.alloc(32, 9), member: 'A', clock, ca: null })
    expect(link.verify(header(stranger), asked)).toBeNull()
    expect(link.verify({ 'x-lamppost-member': link.header(asked).replace(/^A/, 'B') }, asked)).toBeNull()
    for (const none of ['', 'A', 'A 1 2', `A ${clock.now()} ${'0'.repeat(64)}`])
      expect(link.verify({ 'x-lamppost-member': none }, asked)).toBeNull()
    const old = header()
    await clock.advance(5 * 60_000 + 1)
    expect(link.verify(old, asked)).toBeNull()
  })
})

describe('a server that joins', () => {
  const now = Date.parse('2026-12-01T02:00:00Z')
  const at = new Date(now).toISOString()
  const admitted = { from: '10.0.0.2', now, password: 'engine', townKey: KEY, known: ['A', 'B'] }
  const why = (run: () => unknown): string => {
    try {
      run()
    } catch (error) {
      return error instanceof Failure ? `${error.code} ${error.message}` : String(error)
    }
    return 'admitted'
  }
  test('gets the town’s key, which nobody can read on the way', () => {
    const asking = askToJoin('B', 'engine', at)
    const answer = admitMember(asking.request, admitted)
    expect(Buffer.from(answer.sealed, 'base64').includes(KEY)).toBe(false)
    expect(asking.keyIn(answer)).toBe(KEY.toString('base64'))
    expect(() => askToJoin('B', 'engine', at).keyIn(answer)).toThrow()
  })
  test('must be in the site file, know the engine’s password, and have a clock that is right', () => {
    const ask = (member: string, password: string | null, when = at) => askToJoin(member, password, when).request
    expect(why(() => admitMember(ask('C', 'engine'), admitted))).toContain('no member C')
    expect(why(() => admitMember(ask('B', 'guess'), admitted))).toContain('password is another')
    expect(why(() => admitMember(ask('B', null), admitted))).toContain('password is another')
    expect(why(() => admitMember({ ...ask('B', 'engine'), publicKey: ask('B', 'x').publicKey }, admitted))).toContain(
      'password',
    )
    expect(why(() => admitMember(ask('B', 'engine', '2026-12-01T01:00:00Z'), admitted))).toContain('clocks')
    expect(why(() => admitMember(ask('B', 'engine', 'never'), admitted))).toContain('clocks')
  })
  test('is believed without a password on the same machine only', () => {
    const { request } = askToJoin('B', null, at)
    expect(why(() => admitMember(request, { ...admitted, password: null }))).toContain('from this machine only')
    expect(why(() => admitMember(request, { ...admitted, password: null, from: '127.0.0.1' }))).toBe('admitted')
  })
})

describe('the way of a server to the engine', () => {
  const town = {
    members: [{ id: 'A' as MemberId, url: 'https://a' }],
    agreement: { endpoints: ['https://10.0.0.1:2379'], user: null, password: null, ca: null },
  }
  test('is the site file’s, or its own where it has one', () => {
    expect(withOwnWay(town, {}).agreement.endpoints).toEqual(['https://10.0.0.1:2379'])
    expect(withOwnWay(town, { LAMPPOST_ENGINE: 'http://127.0.0.1:1, http://127.0.0.1:2' }).agreement.endpoints).toEqual(
      ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    )
  })
  test('is refused in words when it is no address', () =>
    expect(() => withOwnWay(town, { LAMPPOST_ENGINE: '10.0.0.1' })).toThrow('LAMPPOST_ENGINE has 10.0.0.1'))
})

const PLACES = `helpPoints: [{ id: bar, name: Bar, address: Post, location: { lat: 54, lon: -1 } }]
cameras: []`
describe('the site file’s town', () => {
  const site = (town: string): { problems: string[]; members: string[] | null } => {
    const { site: found, problems } = readSite(
      `site: { id: t, name: T, timezone: Europe/London }\n${town}\n${PLACES}\n`,
      (text) => ({ value: text }),
    )
    return {
      problems: problems.map(({ key, problem }) => `${key}: ${problem}`),
      members: found?.onMembers?.members.map(({ id, url }) => `${id} ${url}`) ?? null,
    }
  }
  const engine = 'agreement: { endpoints: ["http://127.0.0.1:2379"] }'
  test('left out is one machine', () => expect(site('')).toEqual({ problems: [], members: null }))
  test('names its servers, without a slash at the end of an address', () =>
    expect(site(`town: { members: [{ id: A, url: "http://127.0.0.1:1/" }], ${engine} }`).members).toEqual([
      'A http://127.0.0.1:1',
    ]))
  test.each([
    ['two of one name', `members: [{ id: A, url: "https://a" }, { id: A, url: "https://b" }], ${engine}`, 'twice'],
    ['two at one address', `members: [{ id: A, url: "https://a" }, { id: B, url: "https://a" }], ${engine}`, 'twice'],
    ['plain HTTP between machines', `members: [{ id: A, url: "http://10.0.0.1" }], ${engine}`, 'write https://'],
    [
      'a plain engine elsewhere',
      'members: [{ id: A, url: "https://a" }], agreement: { endpoints: ["http://10.0.0.1:2379"] }',
      'password would go',
    ],
    [
      'a user without a password',
      'members: [{ id: A, url: "https://a" }], agreement: { endpoints: ["https://e:1"], user: u }',
      'go together',
    ],
    ['no engine', 'members: [{ id: A, url: "https://a" }]', 'agreement'],
  ])('is refused with %s', (_, town, words) => expect(site(`town: { ${town} }`).problems.join()).toContain(words))
})

describe('small files of all members', () => {
  /** A fake engine of files alone: the newest text, and whoever offers on an older one is refused. */
  function room(name: string, leads: boolean) {
    const keys = keysOf('t')
    const seal = createSeal(KEY)
    const dataFolder = join(folder, name)
    mkdirSync(dataFolder)
    const siteFile = join(dataFolder, 'town.yaml')
    const agreed = new Map<string, SharedFile>()
    const errors: string[] = []
    const clock = createFakeClock()
    const etcd = {
      async txn(compare: readonly object[], then: readonly Step[]): Promise<TxnAnswer> {
        const [{ key, modified }] = compare as [{ key: string; modified: string }]
        const file = key.slice(keys.files.length)
        const succeeded = (agreed.get(file)?.modRevision ?? '0') === modified
        for (const step of succeeded ? then : [])
          if ('put' in step)
            agreed.set(file, { text: seal.open(step.put, step.value), modRevision: String(Number(modified) + 1) })
        return { succeeded, revision: String(Number(modified) + 1), found: [] }
      },
    }
    const shared = createSharedFiles({
      ...{
        etcd,
        keys,
        seal,
        clock,
        dataFolder,
        siteFile,
        agreed: () => agreed,
        isRead: () => true,
        leads: () => leads,
      },
      onError: (error) => errors.push(String(error)),
    })
    return {
      shared,
      agreed,
      errors,
      write: (file: string, text: string): void => {
        mkdirSync(join(dataFolder, file, '..'), { recursive: true })
        writeFileSync(file === SITE ? siteFile : join(dataFolder, file), text)
      },
      read: (file: string): string => readFileSync(file === SITE ? siteFile : join(dataFolder, file), 'utf8'),
      has: (file: string): boolean => existsSync(join(dataFolder, file)),
      elsewhere: (file: string, text: string): void =>
        void agreed.set(file, { text, modRevision: String(Number(agreed.get(file)?.modRevision ?? 0) + 1) }),
    }
  }
  test('one that is made here is everybody’s; one that is changed elsewhere is written here', async () => {
    const { shared, agreed, write, read, elsewhere } = room('both', false)
    write('people.json', 'one')
    await shared.settle()
    expect(agreed.get('people.json')?.text).toBe('one')
    elsewhere('people.json', 'two')
    await shared.settle()
    expect(read('people.json')).toBe('two')
    write('people.json', 'three!')
    await shared.settle()
    expect(agreed.get('people.json')?.text).toBe('three!')
    await shared.close()
  })
  test('where both were changed the agreement’s is taken, and what was here is kept beside it and said', async () => {
    const { shared, write, read, elsewhere, errors } = room('conflict', false)
    write('people.json', 'common')
    await shared.settle()
    write('people.json', 'mine, longer')
    elsewhere('people.json', 'theirs')
    await shared.settle()
    expect(read('people.json')).toBe('theirs')
    expect(read(`people.json.before-town-2026-11-20T22-30-00-000Z`)).toBe('mine, longer')
    expect(errors.join()).toContain('people.json was another than the town')
    await shared.close()
  })
  test('a change that was just offered is not taken back by what is on its way from before', async () => {
    const { shared, agreed, write, read } = room('lag', true)
    write(SITE, 'the town')
    await shared.settle()
    const before = agreed.get(SITE)
    write(SITE, 'the town, changed')
    await shared.settle()
    // The watch has not told of it yet.
    if (before) agreed.set(SITE, { ...before, modRevision: '0' })
    await shared.settle()
    expect(read(SITE)).toBe('the town, changed')
    await shared.close()
  })
  test('a file that is too long is neither shared nor overwritten, and that is said', async () => {
    const { shared, agreed, write, read, elsewhere, errors } = room('long', true)
    elsewhere(SITE, 'of before')
    await shared.settle()
    write(SITE, 'x'.repeat(950 * 1024))
    await shared.settle()
    expect(read(SITE)).toHaveLength(950 * 1024)
    expect(agreed.get(SITE)?.text).toBe('of before')
    expect(errors.join()).toContain('longer than 900 KiB')
    await shared.close()
  })
  test('a key is never another one afterwards, whoever leads', async () => {
    const { shared, agreed, write, read, elsewhere } = room('keys', true)
    elsewhere('ledger-key.pem', 'the first')
    write('ledger-key.pem', 'one made later')
    await shared.settle()
    expect(read('ledger-key.pem')).toBe('the first')
    expect(agreed.get('ledger-key.pem')?.text).toBe('the first')
    await shared.close()
  })
  test('sessions are the lead’s: what another member has is of before', async () => {
    const { shared, agreed, write, read, elsewhere } = room('sessions', false)
    write('sessions.json', 'old')
    elsewhere('sessions.json', 'of the lead')
    await shared.settle()
    expect(read('sessions.json')).toBe('of the lead')
    write('sessions.json', 'by hand')
    await shared.settle()
    expect(agreed.get('sessions.json')?.text).toBe('of the lead')
    await shared.close()
  })
  test('a site file that is changed by hand where nobody leads is neither taken nor overwritten, and that is said', async () => {
    const { shared, agreed, write, read, elsewhere } = room('site', false)
    write(SITE, 'the town')
    elsewhere(SITE, 'the town')
    await shared.settle()
    write(SITE, 'by hand, here')
    await shared.settle()
    expect(read(SITE)).toBe('by hand, here')
    expect(agreed.get(SITE)?.text).toBe('the town')
    expect(shared.siteDiffers()).toContain('changed by hand')
    await shared.close()
  })
  test('secrets that an engineer gave one server are the others’; other files of the folder are nobody’s', async () => {
    const { shared, agreed, write, has, elsewhere } = room('secrets', false)
    write('secrets/camera-1', 'one')
    write('secrets/.hidden', 'no')
    elsewhere('secrets/camera-2', 'two')
    elsewhere('secrets/../escape', 'no')
    await shared.settle()
    expect(agreed.get('secrets/camera-1')?.text).toBe('one')
    expect(agreed.has('secrets/.hidden')).toBe(false)
    expect(has('secrets/camera-2')).toBe(true)
    expect(has('escape')).toBe(false)
    await shared.close()
  })
})
