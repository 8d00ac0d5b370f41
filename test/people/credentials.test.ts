/** By which name a cookie counts, and who may have put it there. */
import { describe, expect, test } from 'vitest'
import { cookieFor, cookieIn, credentialOf } from '../../server/door/credentials.ts'
import { actingAs, isSame, readingRoles } from '../../server/door/rights.ts'
import { mayRead } from '../../server/door/entry-readers.ts'
import type { Person } from '../../server/glossary/people.ts'

const PLAIN = { secure: false, basePath: '' }
const TLS = { secure: true, basePath: '' }
const BELOW = { secure: true, basePath: '/cctv' }

describe('a cookie', () => {
  test.each([
    [PLAIN, 'lamppost_session', '/'],
    [TLS, '__Host-lamppost_session', '/'],
    [BELOW, '__Secure-lamppost_session', '/cctv'],
    [{ secure: false, basePath: '/cctv' }, 'lamppost_session', '/cctv'],
  ])('of %j has the strictest name that a browser takes: %s', (scheme, name, path) => {
    const made = cookieFor('lamppost_session', 'x', { ...scheme, maxAge: 60 })
    expect([made.name, made.bounds.path, made.bounds.secure]).toEqual([name, path, scheme.secure])
    expect(made.bounds).toMatchObject({ httpOnly: true, sameSite: 'strict' })
    expect(cookieIn({ cookie: `${made.name}=x` }, 'lamppost_session', scheme)).toBe('x')
  })
  test.each([
    [TLS, 'lamppost_session=planted by a sibling domain or a page without TLS'],
    [TLS, '__Secure-lamppost_session=planted'],
    [BELOW, '__Host-lamppost_session=planted'],
    [PLAIN, '__Host-lamppost_session=planted'],
    [TLS, 'lamppost_session=planted; lamppost_session=again'],
    [PLAIN, 'lamppost_session='],
    [PLAIN, ''],
  ])('counts by one name only: with %j nobody is known by "%s"', (scheme, cookie) =>
    expect(credentialOf({ cookie }, scheme)).toBeNull(),
  )
  test('gives way to a token, and only to a bearer’s', () => {
    const headers = { cookie: 'lamppost_session=c', authorization: 'Bearer t' }
    expect(credentialOf(headers, PLAIN)).toEqual({ bearer: 't' })
    expect(credentialOf({ ...headers, authorization: 'Basic eDp5' }, PLAIN)).toEqual({ cookie: 'c' })
  })
})

describe('rights', () => {
  const MARA: Person = {
    name: 'Mara',
    role: 'operator',
    roles: ['operator', 'evidence'],
    helpPoints: null,
    user: 'mara',
  }
  test('are those of any of one’s roles, and the record says in which one acted', () => {
    expect(actingAs(MARA, { roles: ['evidence'] })?.role).toBe('evidence')
    expect(actingAs(MARA, { roles: ['supervisor', 'evidence', 'operator'] })?.role).toBe('operator')
    expect(actingAs(MARA, { roles: ['supervisor'] })).toBeNull()
    expect(actingAs(null, { roles: ['operator'] })).toBeNull()
  })
  test('of a role that is withheld are none, but where somebody may prove their second factor', () => {
    const half: Person = { ...MARA, roles: ['operator'], withheld: ['supervisor'] }
    expect(actingAs(half, { roles: ['supervisor'] })).toBeNull()
    expect(actingAs(half, { roles: ['supervisor'], withheld: true })?.role).toBe('supervisor')
    expect(actingAs(half, { roles: ['operator', 'supervisor'], withheld: true })?.role).toBe('operator')
    expect(readingRoles(half)).toEqual(['operator'])
  })
  test('of a narrowed token are what its scope names, and never more than its role', () => {
    const wall: Person = { name: 'Ben', role: 'supervisor', helpPoints: null, scope: 'wall' }
    expect(actingAs(wall, { roles: ['supervisor'] })).toBeNull()
    expect(actingAs(wall, { roles: ['evidence'], scopes: ['wall'] })).toBeNull()
    expect(actingAs(wall, { roles: ['supervisor'], scopes: ['wall'] })?.name).toBe('Ben')
    expect([readingRoles(wall), mayRead(wall, 'export.requested'), mayRead(wall, 'press.received')]).toEqual([
      ['operator'],
      false,
      true,
    ])
  })
  test('to read the record add up over roles, and nobody is lent a kind by its name', () => {
    expect(mayRead(MARA, 'export.requested')).toBe(true)
    expect(mayRead({ ...MARA, roles: ['operator'] }, 'export.requested')).toBe(false)
    for (const kind of ['constructor', 'toString', '__proto__', 'a kind of a later version'])
      expect([kind, mayRead({ ...MARA, roles: ['engineer'] }, kind)]).toEqual([kind, false])
  })
  test('that have changed make somebody another reader', () => {
    expect(isSame(MARA, { ...MARA, role: 'evidence' })).toBe(true)
    for (const change of [
      { roles: ['operator'] as const },
      { name: 'Marah' },
      { user: 'other' },
      { scope: 'wall' as const },
    ])
      expect(isSame(MARA, { ...MARA, ...change })).toBe(false)
    expect([isSame(MARA, null), isSame(null, null)]).toEqual([false, false])
  })
})
