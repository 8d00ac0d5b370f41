/** The council's directory in the site file, and what its word means here. */
import { describe, expect, test } from 'vitest'
import {
  groupsOf,
  nameIn,
  pageAfter,
  personOfDirectory,
  rolesBy,
} from '../../server/people/directory/directory-plan.ts'
import { createDirectoryDesk } from '../../server/people/directory/directory-desk.ts'
import type { DirectoryClient } from '../../server/people/directory/directory-client.ts'
import type { DirectorySite } from '../../server/glossary/site.ts'
import { readSite } from '../../server/site/site-check.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const siteWith = (directory: string): string => `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]
cameras: []
directory: ${directory}
`
const OIDC = 'oidc: { issuer: "https://login.example/tenant", client: lamppost, secret: "${OIDC_SECRET}" }'
const read = (directory: string) => readSite(siteWith(directory), () => ({ value: 'a secret' }))
const DIRECTORY: DirectorySite = {
  ...{ name: 'Council sign-in', issuer: 'https://login.example/tenant', client: 'lamppost', secret: 's' },
  ...{
    scope: 'openid profile',
    claim: 'groups',
    roles: { operator: ['ops'], supervisor: ['leads'], evidence: ['ops', 'ev'] },
    secondFactor: null,
  },
}
const HOLDER = { issuer: DIRECTORY.issuer, sub: '4711', sid: null, name: 'Asha', groups: ['ops'] }

describe('the directory in a site file', () => {
  test('is read, with what is left out as the schema says', () => {
    expect(read(`{ name: Council, ${OIDC}, roles: { operator: [ops] } }`).site?.directory).toEqual({
      ...{ name: 'Council', issuer: 'https://login.example/tenant', client: 'lamppost', secret: 'a secret' },
      ...{ scope: 'openid profile', claim: 'groups', roles: { operator: ['ops'] }, secondFactor: null },
    })
  })
  test.each([
    [`{ name: C, ${OIDC}, roles: {} }`, 'directory.roles'],
    [`{ name: C, ${OIDC} }`, 'directory'],
    [`{ name: C, ${OIDC}, roles: { press: [a] } }`, 'directory.roles.press'],
    [`{ name: C, ${OIDC}, roles: { operator: [] } }`, 'directory.roles.operator'],
    [`{ name: C, ${OIDC.replace('https', 'http')}, roles: { operator: [a] } }`, 'directory.oidc.issuer'],
    [`{ name: C, ${OIDC.replace('"${OIDC_SECRET}"', 'plain')}, roles: { operator: [a] } }`, 'directory.oidc.secret'],
    [`{ name: C, ${OIDC.replace(' }', ', scope: profile }')}, roles: { operator: [a] } }`, 'directory.oidc.scope'],
  ])('%s is refused by its key', (directory, key) => {
    expect(read(directory).problems.map((problem) => problem.key)).toContain(key)
  })
})

describe('whom the directory names', () => {
  test('has each role that one of their groups gives', () => {
    expect(rolesBy(DIRECTORY, ['ops', 'leads'])).toEqual(['operator', 'evidence', 'supervisor'])
    expect(personOfDirectory(DIRECTORY, HOLDER)).toEqual({
      ...{ name: 'Asha', role: 'operator', roles: ['operator', 'evidence'], helpPoints: null },
      user: 'directory/login.example/4711',
    })
  })
  test.each([
    ['no group that has a role', DIRECTORY, { ...HOLDER, groups: ['OPS', 'constructor'] }],
    ['another directory', { ...DIRECTORY, issuer: 'https://other.example' }, HOLDER],
    ['no directory any more', null, HOLDER],
  ])('is nobody with %s', (_, site, holder) => expect(personOfDirectory(site, holder)).toBeNull())
  test('may have groups as a list or as one text; what else is in the claim is no group', () => {
    expect([groupsOf(['a', 7, null, 'b']), groupsOf('a'), groupsOf(undefined), groupsOf({ a: 'b' })]).toEqual([
      ['a', 'b'],
      ['a'],
      [],
      [],
    ])
  })
  test.each([
    [{ name: 'Asha Patel', sub: '1' }, 'Asha Patel'],
    [{ name: '  ', preferred_username: 'asha', sub: '1' }, 'asha'],
    [{ name: 'Asha\nsupervisor:Ben\u202e', sub: '1' }, 'Asha supervisor:Ben'],
    [{ name: '\u200b', sub: '1' }, '1'],
    [{ name: '\u200b', sub: ' ' }, 'Somebody of the directory'],
    [{ sub: '4711' }, '4711'],
    [{ name: ['Asha'], email: 'a@b.example', sub: '1' }, 'a@b.example'],
  ])('is called by what people call them, on one line: %j', (claims, name) => expect(nameIn(claims)).toBe(name))
  test.each([
    ['/shift', '/shift'],
    ['/embed?incident=inc-1', '/embed?incident=inc-1'],
    [undefined, '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['/a\nb', '/'],
    ['/api/v1/exports/x/package.zip', '/'],
    ['/constructor', '/'],
    ['/"><script>', '/'],
  ])('goes on to a page of ours: %s', (wanted, page) => expect(pageAfter(wanted)).toBe(page))
})

describe('a sign-in that is under way', () => {
  function desk(client: Partial<DirectoryClient> = {}) {
    const clock = createFakeClock()
    const made = createDirectoryDesk({
      clock,
      factorRequiredFor: () => [],
      client: () => ({
        look: async () => {},
        begin: async () => ({ url: 'https://login.example/go', challenge: { state: 's', nonce: 'n', verifier: 'v' } }),
        finish: async () => ({ holder: HOLDER, authTime: clock.now() / 1000 }),
        signedOut: async () => ({ sub: '4711', sid: null, id: 'jti-1', at: clock.now() }),
        ...client,
      }),
    })
    made.follow({ directory: DIRECTORY })
    return { ...made, clock }
  }
  const WHERE = { redirect: 'https://town.example/return', after: '/', again: null, from: '10.0.0.1', anew: false }
  test('is finished once, in the browser that began it, within ten minutes', async () => {
    const { start, finish, clock } = desk()
    const { browser } = await start(WHERE)
    await expect(finish(null, '?code=1')).rejects.toThrow('not begun in this browser')
    await expect(finish('another', '?code=1')).rejects.toThrow('not begun in this browser')
    expect((await finish(browser, '?code=1')).person.name).toBe('Asha')
    await expect(finish(browser, '?code=1')).rejects.toThrow('not begun in this browser')
    const late = await start(WHERE)
    await clock.advance(11 * 60_000)
    await expect(finish(late.browser, '?code=1')).rejects.toThrow('took too long')
  })
  test('is not thrown out for strangers who begin a thousand, from one address or from many', async () => {
    const { start, finish } = desk()
    const { browser } = await start(WHERE)
    const codes = new Set<string>()
    for (let i = 0; i < 1200; i += 1)
      await start({ ...WHERE, from: i < 100 ? '10.0.0.9' : `10.${i % 200}.${Math.floor(i / 200)}.1` }).catch(
        ({ code }: Failure) => codes.add(code),
      )
    expect([...codes]).toEqual(['people/busy'])
    expect((await finish(browser, '?code=1')).person.name).toBe('Asha')
  })
  test('asks the directory once whether it answers, however many begin', async () => {
    let looks = 0
    const { start, clock } = desk({ look: async () => void (looks += 1) })
    await Promise.all(Array.from({ length: 20 }, () => start(WHERE)))
    expect(looks).toBe(1)
    await clock.advance(6000)
    await start(WHERE)
    expect(looks).toBe(2)
  })
  test('that proves once more who somebody is must have been done since it was begun', async () => {
    const { start, finish, clock } = desk({
      finish: async () => ({ holder: HOLDER, authTime: Date.parse('2026-11-20T22:28:00Z') / 1000 }),
    })
    const { browser } = await start({ ...WHERE, again: 'cookie' })
    await expect(finish(browser, '?code=1')).rejects.toThrow('did not ask again')
    await clock.advance(0)
  })
  test('says what is wrong while the directory is away, and forgets it when it answers', async () => {
    let away = true
    const look = async (): Promise<void> => {
      if (away) throw new Failure('people/directory-away', 'Council sign-in does not answer: refused')
    }
    const { start, state, clock } = desk({ look })
    await expect(start(WHERE)).rejects.toMatchObject({ code: 'people/directory-away' })
    expect(state()?.problem).toContain('does not answer')
    away = false
    await clock.advance(6000)
    await start(WHERE)
    expect(state()).toEqual({ name: 'Council sign-in', problem: null })
  })
  test('a logout token counts once, and only when what it says was done', async () => {
    const { signedOut, clock } = desk()
    const done: unknown[] = []
    await expect(
      signedOut('token', async () => {
        throw new Error('the ledger is away')
      }),
    ).rejects.toThrow('the ledger is away')
    for (let i = 0; i < 2; i += 1) await signedOut('token', async (whom) => void done.push(whom))
    expect(done).toEqual([{ sub: '4711', sid: null, until: clock.now() + 30_000 }])
  })
  test('there is none where the town has no directory', async () => {
    const { follow, start, state } = desk()
    follow({ directory: null })
    await expect(start(WHERE)).rejects.toMatchObject({ code: 'request/not-found' })
    expect(state()).toBeNull()
  })
})
