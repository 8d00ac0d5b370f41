import { describe, expect, test } from 'vitest'
import { createDeviceGuests } from '../../server/onvif-device/device-guests.ts'
import { mayBeNotified } from '../../server/onvif-device/notify-client.ts'
import { answerChallenge, readChallenge } from '../../server/tools/http-digest.ts'
import { createDigestCheck, rtspDigest } from '../../server/tools/onvif-server/digest-check.ts'
import { createTokenCheck, readRequest } from '../../server/tools/onvif-server/soap-requests.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { securityHeader } from '../fakes/device-client.ts'

const ACCESS = { username: 'vms', password: 'p&ss "word"' }
const ENVELOPE = 'http://www.w3.org/2003/05/soap-envelope'

describe('HTTP digest', () => {
  const clock = createFakeClock()
  const check = createDigestCheck({ realm: 'Lamppost', ...ACCESS, monotonic: clock.monotonic })
  const answered = (access = ACCESS, path = '/onvif/x', method = 'POST', header = check.challenge()): string =>
    answerChallenge(readChallenge([header]) ?? expect.fail('no challenge'), { ...access, method, path })
  test('lets in who knows name and password', () => {
    expect(check.check(answered(), 'POST', '/onvif/x')).toBe('right')
  })
  test('opens one request with one answer, so that what was heard on the way opens none', () => {
    const header = answered()
    expect([check.check(header, 'POST', '/onvif/x'), check.check(header, 'POST', '/onvif/x')]).toEqual([
      'right',
      'stale',
    ])
  })
  test.each<[string, string]>([
    ['another password', answered({ ...ACCESS, password: 'other' })],
    ['another name', answered({ ...ACCESS, username: 'other' })],
    ['an answer for another path', answered(ACCESS, '/onvif/y')],
    ['an answer for another method', answered(ACCESS, '/onvif/x', 'GET')],
    ['a password in the clear', `Basic ${Buffer.from('vms:p&ss "word"').toString('base64')}`],
    ['nothing in it', 'Digest '],
    ['no qop', 'Digest username="vms", realm="Lamppost", nonce="a", uri="/onvif/x", response="b"'],
  ])('refuses %s', (_, header) => expect(check.check(header, 'POST', '/onvif/x')).toBe('wrong'))
  test('asks again when its question is old, or was never asked by it', async () => {
    const old = answered()
    const foreign = answered(ACCESS, '/onvif/x', 'POST', 'Digest realm="Lamppost", qop="auth", nonce="1-deadbeef"')
    await clock.advance(11 * 60_000)
    expect([check.check(old, 'POST', '/onvif/x'), check.check(foreign, 'POST', '/onvif/x')]).toEqual(['stale', 'stale'])
    expect(check.challenge(true)).toContain('stale=true')
  })
  test('takes nobody’s word who says nothing', () => expect(check.check(undefined, 'POST', '/')).toBe('none'))
})

test('RTSP’s digest belongs to one connection', () => {
  const one = rtspDigest({ realm: 'Lamppost', ...ACCESS }, 'nonce-of-one')
  const other = rtspDigest({ realm: 'Lamppost', ...ACCESS }, 'nonce-of-other')
  const header = answerChallenge(readChallenge([one.challenge]) ?? expect.fail(), {
    ...ACCESS,
    method: 'DESCRIBE',
    path: 'rtsp://x/stream/press-now',
  })
  expect([one.check(header, 'DESCRIBE'), one.check(header, 'SETUP'), other.check(header, 'DESCRIBE')]).toEqual([
    'right',
    'wrong',
    'wrong',
  ])
  expect(one.check(undefined, 'DESCRIBE')).toBe('none')
})

describe('a name and digest in the message', () => {
  const clock = createFakeClock()
  const check = createTokenCheck({ ...ACCESS, deviceNow: clock.now })
  const header = (security: string) =>
    readRequest(
      `<e:Envelope xmlns:e="${ENVELOPE}"><e:Header>${security}</e:Header><e:Body><GetProfiles/></e:Body></e:Envelope>`,
    )?.header ?? expect.fail('no SOAP')
  const of = (access = ACCESS, off = 0) => header(securityHeader(access, clock.now() + off))
  test('are right once', () => {
    const mine = of()
    expect([check(mine), check(mine)]).toEqual(['right', 'replayed'])
    const spelt = securityHeader(ACCESS, clock.now())
    const otherwise = ['=', '!', ' '].map((more) => spelt.replace('</w:Nonce>', `${more}</w:Nonce>`))
    expect([spelt, ...otherwise].map((security) => check(header(security)))).toEqual([
      'right',
      ...Array.from({ length: 3 }, () => 'replayed'),
    ])
  })
  test('with a nonce that came before are right at another time: some clients count from a small number', () => {
    const counted = (off: number) => header(securityHeader(ACCESS, clock.now() + off, Buffer.from('a value of 501')))
    expect([check(counted(0)), check(counted(1000)), check(counted(1000))]).toEqual(['right', 'right', 'replayed'])
  })
  test.each<[string, ReturnType<typeof header>, string]>([
    ['a wrong password', of({ ...ACCESS, password: 'x' }), 'wrong'],
    ['another name', of({ ...ACCESS, username: 'x' }), 'wrong'],
    ['a clock that is a day behind', of(ACCESS, -86_400_000), 'clock'],
    ['a clock that is ten minutes ahead', of(ACCESS, 600_000), 'clock'],
    [
      'the password in the clear',
      header(securityHeader(ACCESS, clock.now()).replace('#PasswordDigest', '#PasswordText')),
      'wrong',
    ],
    ['nothing', header(''), 'none'],
  ])('with %s are said to be what they are', (_, given, verdict) => expect(check(given)).toBe(verdict))
})

describe('who could not sign in', () => {
  function guests() {
    const clock = createFakeClock()
    const recorded: string[] = []
    const found = createDeviceGuests(clock, ({ from, why, more }) => void recorded.push(`${from} ${why} ${more}`))
    return { clock, recorded, ...found }
  }
  test('is recorded once a minute for each address and reason, with how many there were', async () => {
    const { clock, recorded, refuse } = guests()
    for (let i = 0; i < 5; i += 1) refuse('10.0.0.1', 'wrong', true)
    refuse('10.0.0.2', 'wrong', true)
    refuse('10.0.0.1', 'clock', false)
    await clock.advance(60_000)
    refuse('10.0.0.1', 'wrong', true)
    expect(recorded).toEqual(['10.0.0.1 wrong 0', '10.0.0.2 wrong 0', '10.0.0.1 clock 0', '10.0.0.1 wrong 4'])
  })
  test('and guesses on is not compared any more for a while; others are', async () => {
    const { clock, mayTry, refuse } = guests()
    for (let i = 0; i < 11; i += 1) refuse('10.0.0.1', 'wrong', true)
    expect([mayTry('10.0.0.1'), mayTry('10.0.0.2')]).toEqual([false, true])
    await clock.advance(60_000)
    expect(mayTry('10.0.0.1')).toBe(true)
  })
  test('and is barred is let out in time, though it asks on: its password may be right by now', async () => {
    const { clock, mayTry, refuse } = guests()
    for (let i = 0; i < 11; i += 1) refuse('10.0.0.1', 'wrong', true)
    for (let i = 0; i < 30; i += 1) {
      await clock.advance(2000)
      refuse('10.0.0.1', 'wrong', true)
    }
    expect(mayTry('10.0.0.1')).toBe(true)
  })
  test('keeps nobody out who has signed in from the same address before', () => {
    const { mayTry, refuse, signedIn } = guests()
    signedIn('10.0.0.1')
    for (let i = 0; i < 100; i += 1) refuse('10.0.0.1', 'wrong', true)
    expect(mayTry('10.0.0.1')).toBe(true)
  })
  test('for a clock that is wrong is no guess', () => {
    const { mayTry, refuse } = guests()
    for (let i = 0; i < 100; i += 1) refuse('10.0.0.1', 'clock', false)
    expect(mayTry('10.0.0.1')).toBe(true)
  })
  test('from many addresses do not fill the record: what is not written is counted', async () => {
    const { clock, recorded, refuse } = guests()
    for (let i = 0; i < 200; i += 1) refuse(`10.0.1.${i}`, 'wrong', true)
    expect(recorded).toHaveLength(20)
    await clock.advance(30_000)
    refuse('10.0.2.1', 'wrong', true)
    expect(recorded.at(-1)).toBe('10.0.2.1 wrong 180')
  })
  test('is remembered for the last twenty, newest first', () => {
    const { refuse, refused } = guests()
    for (let i = 0; i < 50; i += 1) refuse(`10.0.0.${i}`, 'wrong', true)
    expect([refused().length, refused()[0]?.address]).toEqual([20, '10.0.0.49'])
  })
})

test.each([
  ['http://10.0.0.1:8080/x', '10.0.0.1', true],
  ['http://10.0.0.1:8080/x', '::ffff:10.0.0.1', true],
  ['https://[fd00::1]/x', 'fd00::1', true],
  ['http://10.0.0.2/x', '10.0.0.1', false],
  ['http://169.254.169.254/latest', '10.0.0.1', false],
  ['http://localhost/x', '127.0.0.1', false],
  ['http://vms.example/x', '10.0.0.1', false],
])('notifications to %s for a client at %s: %s', (to, from, may) => {
  expect(mayBeNotified(to, from) === null).toBe(may)
})
