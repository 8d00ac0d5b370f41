/** Guessing is slow for whoever guesses, and for nobody else. */
import { describe, expect, test } from 'vitest'
import { Failure } from '../../server/tools/failure.ts'
import { createCountedLines } from '../../server/tools/pace/counted-lines.ts'
import { networkOf } from '../../server/tools/networks.ts'
import { createGuessing } from '../../server/people/sign-in/guessing.ts'
import { createRefusals } from '../../server/people/sign-in/refusals.ts'
import { createSignIn } from '../../server/people/sign-in/sign-in.ts'
import type { Draft } from '../../server/glossary/ledger.ts'
import { personOfUser } from '../../server/people/accounts/people-format.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const ORIGIN = 'https://lamppost.example'
const HOUR = 3_600_000
const SAM = {
  user: 'sam',
  name: 'Sam',
  roles: ['operator' as const],
  password: '',
  stamp: 's',
  since: null,
  factors: [],
}

function room() {
  const clock = createFakeClock()
  const checked: string[] = []
  const refused: { user: string; from: string; reason: string }[] = []
  const signIn = createSignIn({
    byPassword: async (user, password) => {
      checked.push(password)
      return user === 'sam' && password === 'right' ? SAM : null
    },
    byToken: (token) =>
      token === 'good' ? { person: { name: 'Robot', role: 'engineer', helpPoints: null }, sha256: 'h' } : null,
    redeem: () => null,
    knownAs: ({ browser, session }, user) => {
      if (user !== 'sam') return null
      return browser === 'sam’s desk' ? 'browser' : session === 'sam’s session' ? 'session' : null
    },
    guessing: createGuessing(clock),
    onRefused: (each) => refused.push(each),
    second: {
      ask: async () => ({ ticket: '', ways: [], passkey: null }),
      whose: () => null,
      byCode: async () => false,
      byPasskey: async () => null,
      begun: () => {},
      finished: () => {},
    },
    personOf: personOfUser,
    log: () => {},
    now: () => Date.parse('2026-11-30T22:30:00Z'),
    sleep: async () => {},
  })
  const attempt = (
    user: string,
    password: string,
    address: string,
    browser: string | null = null,
    session: string | null = null,
  ) =>
    signIn({ given: { user, password }, address, browser, session, origin: ORIGIN }).then(
      () => 'in',
      (error: unknown) => (error instanceof Failure ? error.code : String(error)),
    )
  return { clock, checked, refused, signIn, attempt }
}
const addressOf = (i: number): string => `127.0.0.${2 + (i % 100)}`

describe('guessing passwords', () => {
  test('at one account from a hundred addresses: at most a hundred of ten thousand are tried in an hour', async () => {
    const { clock, checked, attempt } = room()
    for (let i = 0; i < 10_000; i += 1) {
      await attempt('sam', `guess ${i}`, addressOf(i))
      await clock.advance(HOUR / 10_000)
    }
    expect(checked.length).toBeGreaterThan(10)
    expect(checked.length).toBeLessThanOrEqual(100)
  })
  test('never keeps that person from signing in where they have signed in before', async () => {
    const { clock, attempt } = room()
    for (let i = 0; i < 1000; i += 1) {
      await attempt('sam', `guess ${i}`, addressOf(i))
      if (i % 50 === 0) expect(await attempt('sam', 'right', addressOf(i), 'sam’s desk')).toBe('in')
      await clock.advance(100)
    }
    expect(await attempt('sam', 'right', '10.0.0.9')).toBe('people/too-many-tries')
  })
  test('from the control room’s own address keeps nobody out whose browser is known', async () => {
    const { attempt } = room()
    for (let i = 0; i < 40; i += 1) await attempt(`nobody ${i}`, 'guess', '10.0.0.1')
    expect(await attempt('ann', 'guess', '10.0.0.1')).toBe('people/too-many-tries')
    expect(await attempt('sam', 'right', '10.0.0.1', 'sam’s desk')).toBe('in')
  })
  test('from outside keeps nobody from saying the password again in a session that is open', async () => {
    const { attempt } = room()
    for (let i = 0; i < 40; i += 1) await attempt('sam', `guess ${i}`, addressOf(i))
    expect(await attempt('sam', 'right', '10.0.0.1', null, 'sam’s session')).toBe('in')
    expect(await attempt('ann', 'right', '10.0.0.1', null, 'sam’s session')).not.toBe('in')
  })
  test('a browser that is known guesses no faster than others', async () => {
    const { clock, checked, attempt } = room()
    for (let i = 0; i < 3600; i += 1) {
      await attempt('sam', `guess ${i}`, '10.0.0.1', 'sam’s desk')
      await clock.advance(1000)
    }
    expect(checked.length).toBeLessThanOrEqual(71)
  })
  test('is not forgiven for a success of one’s own', async () => {
    const { checked, attempt } = room()
    for (let i = 0; i < 60; i += 1) {
      await attempt('ann', `guess ${i}`, '10.0.0.1')
      await attempt('sam', 'right', '10.0.0.1')
    }
    expect(checked.filter((each) => each !== 'right').length).toBeLessThanOrEqual(10)
  })
  test('over many accounts from one address is slow, too', async () => {
    const { clock, checked, attempt } = room()
    for (let i = 0; i < 3600; i += 1) {
      await attempt(`person ${i}`, 'Winter2026!', '10.0.0.1')
      await clock.advance(1000)
    }
    expect(checked.length).toBeLessThanOrEqual(20 + 240 + 1)
  })
  test('costs a right password nothing: somebody may sign in as often as they like', async () => {
    const { attempt } = room()
    for (let i = 0; i < 100; i += 1) expect(await attempt('sam', 'right', '10.0.0.1')).toBe('in')
  })
  test('is counted before it is checked: a hundred at once are a hundred', async () => {
    const { checked, attempt } = room()
    await Promise.all(Array.from({ length: 100 }, (_, i) => attempt('sam', `guess ${i}`, '10.0.0.1')))
    expect(checked.length).toBe(10)
  })
  test('an account is the same however its name is written', async () => {
    const { checked, attempt } = room()
    for (let i = 0; i < 20; i += 1) await attempt(i % 2 ? 'sam' : 'SAM', 'guess', addressOf(i))
    expect(checked.length).toBe(10)
  })
  test('a right token signs in whoever guesses beside it; wrong ones are slow', async () => {
    const { signIn, refused } = room()
    const enter = (token: string) =>
      signIn({ given: { token }, address: '10.0.0.1', browser: null, session: null, origin: ORIGIN })
    for (let i = 0; i < 30; i += 1) await expect(enter(`guess ${i}`)).rejects.toThrow(Failure)
    expect((await enter('good')).person.name).toBe('Robot')
    expect(refused.filter(({ reason }) => reason === 'unknown token').length).toBe(20)
    expect(refused.filter(({ reason }) => reason === 'too many wrong tries').length).toBe(10)
  })
  test('says how long to wait, to a program as well', async () => {
    const { signIn } = room()
    const guess = () =>
      signIn({
        given: { user: 'sam', password: 'x' },
        address: '10.0.0.1',
        browser: null,
        session: null,
        origin: ORIGIN,
      })
    for (let i = 0; i < 10; i += 1) await expect(guess()).rejects.toMatchObject({ code: 'people/unauthenticated' })
    await expect(guess()).rejects.toMatchObject({ code: 'people/too-many-tries', extra: { retryAfter: 60 } })
  })
  test('twenty thousand invented names do not fill the memory, nor give the guessed account its tries back', async () => {
    const clock = createFakeClock()
    const guessing = createGuessing(clock)
    const at = (user: string, i: number) => ({
      user,
      address: `10.${i % 250}.${Math.floor(i / 250) % 250}.1`,
      browser: null,
    })
    for (let i = 0; i < 10; i += 1) guessing.begin(at('sam', i))
    expect(guessing.begin(at('sam', 11))).toBeGreaterThan(0)
    for (let i = 0; i < 45_000; i += 1) guessing.begin(at(`name ${i}`, i))
    expect(guessing.begin(at('sam', 60_001))).toBeGreaterThan(0)
  })
})

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s is of the network %s', (address, network) => expect(networkOf(address)).toBe(network))

describe('refusals in the record', () => {
  function book(isUser = (user: string) => user === 'sam') {
    const clock = createFakeClock()
    const drafts: Draft[] = []
    const counted: string[] = []
    const append = (more: readonly Draft[]) => {
      drafts.push(...more)
      return { recorded: [], durable: Promise.resolve([]) }
    }
    const refusals = createRefusals({ clock, append, isUser, onRefused: ({ what }) => counted.push(what) })
    return { clock, drafts, counted, ...refusals }
  }
  test('are one a second for each source, person and reason: a flood does not hide a targeted one', async () => {
    const { clock, drafts, counted, signIn, access } = book()
    for (let i = 0; i < 500; i += 1) signIn({ user: 'sam', from: '10.0.0.1', reason: 'wrong password' })
    signIn({ user: 'sam', from: '10.0.0.2', reason: 'wrong password' })
    access({ from: '10.0.0.1', who: 'Robot', route: 'GET /api/v1/ledger', reason: 'not their right' })
    await clock.advance(1000)
    await clock.advance(1000)
    expect(drafts.map(({ kind, actor, body }) => [kind, actor, (body as { count: number }).count])).toEqual([
      ['session.refused', 'address:10.0.0.1', 1],
      ['session.refused', 'address:10.0.0.2', 1],
      ['access.refused', 'address:10.0.0.1', 1],
      ['session.refused', 'address:10.0.0.1', 499],
    ])
    expect(counted.length).toBe(502)
  })
  test('keep no name that nobody has: a password is sometimes typed in its place', () => {
    const { drafts, signIn } = book()
    signIn({ user: 'correct horse battery', from: '10.0.0.1', reason: 'wrong password' })
    signIn({ user: 'sam', from: '10.0.0.1', reason: 'wrong password' })
    expect(drafts.map(({ body }) => (body as { user: string }).user)).toEqual(['', 'sam'])
  })
  test('from a thousand addresses are few entries a second, and none is left uncounted', async () => {
    const { clock, drafts, signIn, close } = book()
    for (let i = 0; i < 1000; i += 1)
      signIn({ user: 'sam', from: `10.0.${i % 250}.${Math.floor(i / 250)}`, reason: 'wrong' })
    close()
    await clock.advance(0)
    expect(drafts.length).toBeLessThanOrEqual(52)
    // Whom they guess at is told all the same.
    expect(drafts.every(({ body }) => (body as { user: string }).user === 'sam')).toBe(true)
    expect(drafts.reduce((sum, { body }) => sum + (body as { count: number }).count, 0)).toBe(1000)
  })
  test('of strangers do not crowd out a guess at somebody who is known', () => {
    const { drafts, signIn, access } = book()
    for (let i = 0; i < 200; i += 1) access({ from: `10.1.${i}.1`, who: '', route: 'GET /', reason: 'unknown token' })
    signIn({ user: 'sam', from: '10.0.0.7', reason: 'wrong password' })
    expect(drafts.at(-1)).toMatchObject({ actor: 'address:10.0.0.7', body: { user: 'sam' } })
  })
  test('of one network are one source, however many addresses it has', async () => {
    const { drafts, signIn } = book()
    for (let i = 0; i < 100; i += 1) signIn({ user: 'sam', from: `2001:db8:1:2::${i.toString(16)}`, reason: 'wrong' })
    expect(drafts.length).toBe(1)
  })
  test('that go on for a night are told less and less often, and each is counted', async () => {
    const clock = createFakeClock()
    const counts: number[] = []
    const lines = createCountedLines<string>({ clock, write: (_, count) => void counts.push(count), others: () => '' })
    for (let second = 0; second < 8 * 3600; second += 1) {
      lines.add('a', 'a')
      await clock.advance(1000)
    }
    lines.close()
    await clock.advance(60_000)
    expect(counts.slice(0, 10)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    expect(counts.length).toBeLessThan(520)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8 * 3600)
  })
  test('begin anew after a second of quiet', async () => {
    const clock = createFakeClock()
    const lines: [string, number][] = []
    const counted = createCountedLines<string>({
      clock,
      write: (line, count) => void lines.push([line, count]),
      others: () => 'others',
    })
    counted.add('a', 'first')
    await clock.advance(1500)
    counted.add('a', 'second')
    counted.add('a', 'third')
    await clock.advance(1000)
    expect(lines).toEqual([
      ['first', 1],
      ['second', 1],
      ['third', 1],
    ])
  })
})
