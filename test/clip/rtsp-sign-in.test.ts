/** How the server signs in to a camera's stream, and what it never says in the clear. */
import { describe, expect, test } from 'vitest'
import { BASIC_REFUSED, authorizationFor, signInWay } from '../../server/tools/rtsp/rtsp-sign-in.ts'

describe('signing in to a camera’s stream', () => {
  const BASIC = 'Basic realm="cam"'
  const DIGEST = 'Digest realm="cam", nonce="n1"'
  const WHO = { username: 'a', password: 'b' }
  test('takes digest, whatever else is offered, and never falls to Basic by itself', () => {
    for (const mayBasic of [true, false]) expect(signInWay([BASIC, DIGEST], mayBasic)).toMatchObject({ nonce: 'n1' })
    expect(signInWay([BASIC], false)).toBe('refused')
    expect(signInWay([BASIC], true)).toBe('basic')
    expect(signInWay(['basic'], true)).toBe('basic')
    expect([signInWay(['Bearer x'], true), signInWay([], true)]).toEqual([null, null])
    expect(BASIC_REFUSED).toContain('basic: true')
  })
  test('says the password in the clear for Basic only', () => {
    const to = { method: 'DESCRIBE', path: 'rtsp://10.0.0.1/s' }
    expect(authorizationFor('basic', WHO, to)).toBe(`Basic ${Buffer.from('a:b').toString('base64')}`)
    const way = signInWay([DIGEST], false)
    if (way === null || typeof way === 'string') throw new Error('no digest')
    expect(authorizationFor(way, WHO, to)).toMatch(
      /^Digest username="a", realm="cam", nonce="n1", uri="rtsp:\/\/10\.0\.0\.1\/s"/,
    )
    expect(authorizationFor(way, WHO, to)).not.toContain('"b"')
  })
})
