/** Sessions, walls' tokens and known browsers: how long they last, and that a restart ends none of them. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Person } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { hashToken } from '../../server/people/accounts/people-format.ts'
import { type DirectoryHolder, personOfDirectory } from '../../server/people/directory/directory-plan.ts'
import { openIdentities } from '../../server/people/sign-in/identities.ts'
import { type Machine, openSessionStore } from '../../server/people/sign-in/session-store.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const HOUR = 3_600_000
const DESK = { from: '10.0.0.7', browser: 'Firefox, Linux' }
const PASSWORD = 'correct horse £ battery'
let folder: string
/** The machine's own time goes on while the process does not. */
let machine: Machine & { passed: number; name: string }
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-sessions-'))
  machine = { passed: 1000, name: 'boot 1', boot: () => machine.name, uptime: () => machine.passed }
})
// What is still being written is written meanwhile.
afterEach(() => rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 20 }))

/** A directory with two groups. */
const personOf = ({ name, groups }: DirectoryHolder): Person | null =>
  personOfDirectory(
    {
      ...{
        name: 'Council',
        issuer: 'https://login.example',
        client: 'c',
        secret: 's',
        scope: 'openid',
        claim: 'groups',
      },
      roles: { operator: ['ops'], supervisor: ['leads'] },
      secondFactor: null,
    },
    { issuer: 'https://login.example', sub: '1', sid: null, name, groups },
  )
const ofDirectory = (groups: string[], sid: string | null = null) => ({
  directory: { issuer: 'https://login.example', sub: '1', sid, name: 'Lee', groups },
})

/** A process on that folder; its monotonic clock begins anew. @param wall the clock on the wall at its start */
function start(wall = Date.parse('2026-11-20T22:30:00Z')) {
  const clock = createFakeClock(wall)
  const errors: unknown[] = []
  const people = openPeopleFile(join(folder, 'people.json'))
  const store = openSessionStore({
    file: join(folder, 'sessions.json'),
    clock,
    machine,
    onError: (error) => errors.push(error),
  })
  const identities = openIdentities({
    clock,
    people,
    store,
    demo: null,
    ofDirectory: personOf,
    factorRequiredFor: () => [],
    onError: (error) => errors.push(error),
  })
  const pass = async (ms: number): Promise<void> => {
    machine.passed += ms / 1000
    await clock.advance(ms)
  }
  return { clock, people, ...identities, errors, pass }
}
async function withSam() {
  const town = start()
  await town.people.addUser('sam', PASSWORD, { name: 'Sam', role: 'operator', helpPoints: null })
  const holder = { user: 'sam', stamp: town.people.user('sam')?.stamp ?? '' }
  return { ...town, holder, open: (place = DESK) => town.sessions.open(holder, place) }
}
const nameOf = (person: Person | null): string | null => person?.name ?? null

describe('a session', () => {
  test('ends when nobody uses it, and at the latest after a day', async () => {
    const { sessions, open, pass } = await withSam()
    const idle = open()
    await pass(13 * HOUR)
    expect(sessions.who(idle)).toBeNull()
    const busy = open()
    for (let hour = 0; hour < 23; hour += 1) {
      await pass(HOUR)
      expect(nameOf(sessions.who(busy))).toBe('Sam')
    }
    await pass(2 * HOUR)
    expect(sessions.who(busy)).toBeNull()
  })
  test('that is closed is closed', async () => {
    const { sessions, open } = await withSam()
    const cookie = open()
    sessions.close(cookie)
    expect(sessions.who(cookie)).toBeNull()
  })
  test('outlives a restart, with the time that it had left', async () => {
    const before = await withSam()
    const cookie = before.open()
    await before.pass(20 * HOUR - 12 * HOUR)
    before.sessions.who(cookie)
    await before.pass(11 * HOUR)
    before.sessions.who(cookie)
    await before.close()
    machine.passed += 30
    const after = start()
    expect(nameOf(after.sessions.who(cookie))).toBe('Sam')
    expect(after.sessions.of('sam', cookie)).toMatchObject([{ ...DESK, current: true }])
    await after.pass(5 * HOUR)
    expect(after.sessions.who(cookie)).toBeNull()
  })
  test('is on disk only as a hash, for this account only', async () => {
    const { open, close } = await withSam()
    const cookie = open()
    await close()
    const file = join(folder, 'sessions.json')
    expect(readFileSync(file, 'utf8')).toContain(hashToken(cookie))
    expect(readFileSync(file, 'utf8')).not.toContain(cookie)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
  test('grows no older and no younger when the clock is set, before or while the server is away', async () => {
    const before = await withSam()
    const cookie = before.open()
    before.clock.setWall(before.clock.now() + 25 * HOUR)
    expect(nameOf(before.sessions.who(cookie))).toBe('Sam')
    await before.pass(11 * HOUR)
    before.sessions.who(cookie)
    await before.close()
    // The clock was set back by ten days while nobody ran.
    const after = start(before.clock.now() - 240 * HOUR)
    expect(nameOf(after.sessions.who(cookie))).toBe('Sam')
    await after.pass(11 * HOUR)
    after.sessions.who(cookie)
    await after.pass(3 * HOUR)
    expect(after.sessions.who(cookie)).toBeNull()
  })
  test('counts the time in which the machine was off, by the clock on the wall', async () => {
    const before = await withSam()
    const cookie = before.open()
    await before.close()
    const stopped = before.clock.now()
    machine = { ...machine, name: 'boot 2', passed: 5, boot: () => 'boot 2', uptime: () => 5 }
    expect(nameOf(start(stopped + HOUR).sessions.who(cookie))).toBe('Sam')
    expect(start(stopped + 13 * HOUR).sessions.who(cookie)).toBeNull()
  })
  test('needs the password again for what cannot be taken back, and after a restart once more', async () => {
    const before = await withSam()
    const cookie = before.open()
    expect(before.sessions.isConfirmed(cookie)).toBe(false)
    before.sessions.confirm(cookie, before.holder)
    before.clock.setWall(before.clock.now() - HOUR)
    expect(before.sessions.isConfirmed(cookie)).toBe(true)
    await before.pass(4 * 60_000)
    expect(before.sessions.isConfirmed(cookie)).toBe(true)
    await before.pass(2 * 60_000)
    expect(before.sessions.isConfirmed(cookie)).toBe(false)
    before.sessions.confirm(cookie, before.holder)
    await before.close()
    expect(start().sessions.isConfirmed(cookie)).toBe(false)
  })
  test('ends with its person, and with the password that it was opened with', async () => {
    const { sessions, people, open } = await withSam()
    const [one, other] = [open(), open()]
    await people.setPassword('sam', 'another horse £ battery')
    expect([sessions.who(one), sessions.who(other)]).toEqual([null, null])
    await people.removeUser('sam')
    expect(sessions.who(one)).toBeNull()
  })
  test('in which somebody sets a new password goes on with another cookie; the old one and the others end', async () => {
    const { sessions, people, open } = await withSam()
    const [here, elsewhere] = [open(), open()]
    expect(sessions.ofUser(elsewhere, 'sam')).toBe(hashToken(elsewhere))
    const anew = await people.setPassword('sam', 'another horse £ battery')
    // Whoever has an old one guesses no better with it.
    expect(sessions.ofUser(elsewhere, 'sam')).toBeNull()
    const renewed = sessions.renew(here, { stamp: anew?.stamp ?? '' }) ?? ''
    expect([nameOf(sessions.who(renewed)), sessions.who(here), sessions.who(elsewhere)]).toEqual(['Sam', null, null])
  })
  test('has the roles that its person has now', async () => {
    const { sessions, people, open } = await withSam()
    const cookie = open()
    await people.changeUser('sam', { roles: ['operator', 'evidence'] })
    expect(sessions.who(cookie)).toMatchObject({ role: 'operator', roles: ['operator', 'evidence'] })
    await people.changeUser('sam', { roles: ['evidence'] })
    expect(sessions.who(cookie)).toEqual({ name: 'Sam', role: 'evidence', helpPoints: null, user: 'sam' })
  })
  test('of somebody else is not ended by its id, nor by nonsense', async () => {
    const { sessions, people, open } = await withSam()
    await people.addUser('ann', PASSWORD, { name: 'Ann', role: 'operator', helpPoints: null })
    const cookie = open()
    const [{ id = '' } = {}] = sessions.of('sam', null)
    expect([sessions.end('ann', id), sessions.end('sam', 'nonsense')]).toEqual([0, 0])
    expect(nameOf(sessions.who(cookie))).toBe('Sam')
    expect(sessions.end('sam', id)).toBe(1)
    expect(sessions.who(cookie)).toBeNull()
  })
  test('too many of one person push out the one that was idle longest', async () => {
    const { sessions, open, pass } = await withSam()
    const first = open()
    const second = open()
    await pass(1000)
    sessions.who(first)
    for (let i = 0; i < 49; i += 1) open()
    expect([nameOf(sessions.who(first)), sessions.who(second)]).toEqual(['Sam', null])
  })
  test('is confirmed only by what it was opened with', async () => {
    const { sessions, open, holder } = await withSam()
    const cookie = open()
    expect(sessions.confirm(cookie, { token: 'another one of the same name' })).toBe(false)
    expect(sessions.confirm(cookie, { user: 'sam', stamp: 'of an older password' })).toBe(false)
    expect(sessions.isConfirmed(cookie)).toBe(false)
    expect(sessions.confirm(cookie, holder)).toBe(true)
  })
  test('that was opened with a token is listed with the tokens, and ended there', async () => {
    const { sessions, people } = await withSam()
    const token = people.addToken({ name: 'VMS', role: 'operator', helpPoints: null })
    const cookie = sessions.open({ token: hashToken(token) }, DESK)
    const [{ id = '', name } = {}] = sessions.ofTokens()
    expect([name, sessions.of('sam', null)]).toEqual(['VMS', []])
    expect([sessions.endOfToken('nonsense'), sessions.endOfToken(id)]).toEqual([null, 'VMS'])
    expect(sessions.who(cookie)).toBeNull()
  })
  test('is there again when the people file is', async () => {
    const { sessions, people, open, clock } = await withSam()
    const cookie = open()
    const whole = readFileSync(join(folder, 'people.json'), 'utf8')
    writeFileSync(join(folder, 'people.json'), '{"users": [], "tokens": []}')
    await clock.advance(1000)
    people.byHash('anything')
    expect(sessions.who(cookie)).toBeNull()
    writeFileSync(join(folder, 'people.json'), whole)
    await clock.advance(1000)
    people.byHash('anything')
    expect(nameOf(sessions.who(cookie))).toBe('Sam')
  })
  test.each([
    ['a later version’s', { at: { wall: 1, boot: 'b', uptime: 1 }, sessions: { all: [] }, browsers: null }],
    ['one without a holder', { at: { wall: 1, boot: 'b', uptime: 1 }, sessions: [{ sha256: 'x', id: 'y' }] }],
    [
      'one whose people have no roles',
      { at: { wall: 1, boot: 'b', uptime: 1 }, people: { users: [{ user: 'a' }], tokens: [] } },
    ],
    ['nothing', null],
    ['a list', []],
  ])('of a file that is %s is left out, and others sign in', async (_, content) => {
    writeFileSync(join(folder, 'sessions.json'), JSON.stringify(content))
    const { sessions, open } = await withSam()
    expect(nameOf(sessions.who(open()))).toBe('Sam')
  })
  test('of a file that is broken is no session, and a start is a start', () => {
    writeFileSync(join(folder, 'sessions.json'), '{"at": {"wall"')
    expect(start().sessions.of('sam', null)).toEqual([])
  })
})

describe('a session by the council’s directory', () => {
  test('that is confirmed has the groups of now, not those of when it was opened', async () => {
    const { sessions } = start()
    const cookie = sessions.open(ofDirectory(['leads', 'ops']), DESK)
    expect(sessions.who(cookie)?.roles).toEqual(['operator', 'supervisor'])
    expect(sessions.confirm(cookie, ofDirectory(['ops']))).toBe(true)
    expect(sessions.who(cookie)).toMatchObject({ name: 'Lee', role: 'operator' })
    expect(sessions.who(cookie)?.roles).toBeUndefined()
    expect(sessions.confirm(cookie, ofDirectory(['nothing any more']))).toBe(false)
    expect([sessions.who(cookie), sessions.isConfirmed(cookie)]).toEqual([null, true])
  })
  test.each([
    ['that session', { sub: '1', sid: 'there-1' }, [false, true, false]],
    ['all of that person', { sub: '1', sid: null }, [false, false, false]],
    ['somebody else', { sub: '2', sid: null }, [true, true, true]],
    ['a session that is not known here', { sub: '2', sid: 'there-9' }, [true, true, true]],
  ])('ends when the directory signs out %s; one without a name of its own with that person', (_, whom, left) => {
    const { sessions, clock } = start()
    const open = ['there-1', 'there-2', null].map((sid) => sessions.open(ofDirectory(['ops'], sid), DESK))
    sessions.endOfDirectory({ ...whom, until: clock.now() })
    expect(open.map((cookie) => sessions.who(cookie) !== null)).toEqual(left)
  })
  test('that was opened after the directory said so goes on', async () => {
    const { sessions, clock, pass } = start()
    const until = clock.now()
    await pass(1000)
    const cookie = sessions.open(ofDirectory(['ops'], 'there-1'), DESK)
    expect(sessions.endOfDirectory({ sub: '1', sid: null, until })).toBe(0)
    expect(sessions.who(cookie)?.name).toBe('Lee')
  })
  test('outlives a restart', async () => {
    const before = start()
    const cookie = before.sessions.open(ofDirectory(['ops'], 'there-1'), DESK)
    await before.close()
    expect(start().sessions.who(cookie)?.name).toBe('Lee')
  })
})

describe('a token for a wall', () => {
  const wallOf = (name: string) =>
    ({ name, role: 'operator', helpPoints: null, scope: 'wall', through: 'Sam' }) as const
  test('lasts as long as it says, and no longer than twelve hours', async () => {
    const { passes, makerOf, open, whoHas, clock, pass } = await withSam()
    const maker = makerOf({ cookie: open() })
    const short = passes.issue(wallOf('Dilys (Sam)'), { minutes: 15, maker })
    const long = passes.issue(wallOf('Dilys (Sam)'), { minutes: 100_000, maker })
    expect(Date.parse(long.expiresAt) - clock.now()).toBe(12 * HOUR)
    await pass(15 * 60_000 - 1)
    expect(whoHas({ bearer: short.token })).toEqual(wallOf('Dilys (Sam)'))
    await pass(1)
    expect(whoHas({ bearer: short.token })).toBeNull()
  })
  test('ends with the session that made it, and with the role that was given away', async () => {
    const { passes, people, makerOf, open, whoHas, sessions } = await withSam()
    const cookie = open()
    const { token } = passes.issue(wallOf('Dilys (Sam)'), { minutes: 15, maker: makerOf({ cookie }) })
    await people.changeUser('sam', { roles: ['evidence'] })
    expect(whoHas({ bearer: token })).toBeNull()
    await people.changeUser('sam', { roles: ['evidence', 'operator'] })
    expect(whoHas({ bearer: token })).not.toBeNull()
    sessions.close(cookie)
    expect(whoHas({ bearer: token })).toBeNull()
  })
  test('outlives a restart', async () => {
    const before = await withSam()
    const { token } = before.passes.issue(wallOf('Dilys (Sam)'), {
      minutes: 60,
      maker: before.makerOf({ cookie: before.open() }),
    })
    await before.close()
    machine.passed += 1800
    const after = start()
    expect(after.whoHas({ bearer: token })).toMatchObject({ scope: 'wall' })
    await after.pass(31 * 60_000)
    expect(after.whoHas({ bearer: token })).toBeNull()
  })
  test('that is for one time opens one session, and is nobody’s token otherwise', async () => {
    const { passes, makerOf, open, whoHas, sessions } = await withSam()
    const cookie = open()
    const { token } = passes.issue(wallOf('Desk 3 (Sam)'), { minutes: 15, once: true, maker: makerOf({ cookie }) })
    expect(whoHas({ bearer: token })).toBeNull()
    const redeemed = passes.redeem(token)
    expect([redeemed?.lastsMs, passes.redeem(token)]).toEqual([15 * 60_000, null])
    const wall = sessions.open(redeemed?.holder ?? { user: '', stamp: '' }, DESK, { scope: 'wall' })
    expect(sessions.ofTokens()).toMatchObject([{ name: 'Desk 3 (Sam)', scope: 'wall', through: 'Sam' }])
    expect(sessions.who(wall)).toEqual(wallOf('Desk 3 (Sam)'))
    sessions.close(cookie)
    expect(sessions.who(wall)).toBeNull()
  })
  test('many of one maker do not fill the memory, and push out nobody else’s', async () => {
    const { passes, makerOf, people, open, whoHas } = await withSam()
    await people.addUser('ben', PASSWORD, { name: 'Ben', role: 'operator', helpPoints: null })
    const maker = makerOf({ cookie: open() })
    const bens = { bearer: people.addToken({ name: 'Ben', role: 'operator', helpPoints: null }) }
    const first = passes.issue(wallOf('Dilys (Sam)'), { minutes: 10, maker }).token
    const ben = passes.issue({ ...wallOf('Ben'), through: 'Ben' }, { minutes: 10, maker: makerOf(bens) }).token
    for (let i = 0; i < 250; i += 1) passes.issue(wallOf('Dilys (Sam)'), { minutes: 10, maker })
    expect([whoHas({ bearer: first }), nameOf(whoHas({ bearer: ben }))]).toEqual([null, 'Ben'])
  })
})

describe('a token that lasts', () => {
  test('ends when it says, and one that has been renewed an hour after the first use of the new one', async () => {
    const { people, whoHas, pass, clock } = start()
    const until = new Date(clock.now() + 24 * HOUR).toISOString()
    const old = people.addToken({ name: 'Pole', role: 'press', helpPoints: ['bar'] }, { until })
    const [{ id = '' } = {}] = people.now().tokens
    const renewed = people.renewToken(id, { until: null, made: until }) ?? ''
    await pass(2 * HOUR)
    expect(nameOf(whoHas({ bearer: old }))).toBe('Pole')
    expect(nameOf(whoHas({ bearer: renewed }))).toBe('Pole')
    await pass(0)
    expect(nameOf(whoHas({ bearer: old }))).toBe('Pole')
    await pass(HOUR)
    expect([whoHas({ bearer: old }), nameOf(whoHas({ bearer: renewed }))]).toEqual([null, 'Pole'])
  })
  test('says when it was last used, by its name', async () => {
    const { people, whoHas, usedAt, clock } = start()
    const token = people.addToken({ name: 'Pole', role: 'press', helpPoints: null })
    const [{ id = '' } = {}] = people.now().tokens
    expect(usedAt(id)).toBeNull()
    whoHas({ bearer: token })
    expect(usedAt(id)).toBe(new Date(clock.now()).toISOString())
  })
})

describe('a browser in which somebody has signed in', () => {
  test('is known for that person only, after a restart too, until the password is another', async () => {
    const before = await withSam()
    const cookie = before.browsers.remember(null, 'sam')
    expect(before.browsers.remember(cookie, 'sam')).toBe(cookie)
    expect(before.browsers.remember('put there by somebody else', 'sam')).not.toBe('put there by somebody else')
    expect([before.browsers.knownAs(cookie, 'ann'), before.browsers.knownAs(null, 'sam')]).toEqual([null, null])
    await before.close()
    const after = start()
    expect(after.browsers.knownAs(cookie, 'sam')).toBe(hashToken(cookie))
    await after.people.setPassword('sam', 'another horse £ battery')
    expect(after.browsers.knownAs(cookie, 'sam')).toBeNull()
  })
})

describe('tokens that end', () => {
  test('are told a month before, unless they have been renewed; and afterwards while somebody still comes with them', async () => {
    const { people, endingTokens, whoHas, pass, clock } = start()
    const until = new Date(clock.now() + 40 * 24 * HOUR).toISOString()
    const add = (name: string) => people.addToken({ name, role: 'engineer', helpPoints: null }, { until })
    const [used, renewed] = [add('Prometheus'), add('Wall')]
    people.addToken({ name: 'Pole', role: 'press', helpPoints: null })
    expect(endingTokens()).toEqual([])
    await pass(11 * 24 * HOUR)
    expect(endingTokens().map(({ name, over }) => [name, over])).toEqual([
      ['Prometheus', false],
      ['Wall', false],
    ])
    people.renewToken(hashToken(renewed).slice(0, 12), { until: null, made: until })
    expect(endingTokens().map(({ name }) => name)).toEqual(['Prometheus'])
    await pass(30 * 24 * HOUR)
    expect(endingTokens()).toEqual([])
    expect(whoHas({ bearer: used })).toBeNull()
    expect(endingTokens()).toEqual([{ name: 'Prometheus', until, over: true }])
    await pass(25 * HOUR)
    expect(endingTokens()).toEqual([])
  })
})
