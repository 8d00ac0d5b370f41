/** Second factors as they are kept, and which roles somebody has without one. */
import { describe, expect, test } from 'vitest'
import type { Person, Role } from '../../server/glossary/people.ts'
import { factorView, factorsOf } from '../../server/people/second-factor/factor-format.ts'
import { withoutFactor } from '../../server/people/second-factor/withheld.ts'

const CODES = { id: 'f1', name: 'Telephone', since: '2026-11-28', kind: 'totp', secret: 'JBSWY3DP', used: 58 }
const PASSKEY = {
  ...{ id: 'f2', name: 'Key', since: '2026-11-28', kind: 'passkey', credential: 'Y3I', publicKey: 'cGs' },
  ...{ counter: 0, site: 'cctv.example', handle: 'aA' },
}

describe('second factors in the people file', () => {
  test('are read as they were written, and shown without what is secret', () => {
    const all = factorsOf([CODES, PASSKEY])
    expect(all).toEqual([CODES, PASSKEY])
    expect(all?.map(factorView)).toEqual([
      { id: 'f1', kind: 'totp', name: 'Telephone', since: '2026-11-28' },
      { id: 'f2', kind: 'passkey', name: 'Key', since: '2026-11-28' },
    ])
    expect([factorsOf(undefined), factorsOf([])]).toEqual([[], []])
  })
  test.each([
    ['no list', {}],
    ['nothing in its place', [null]],
    ['a text', ['totp']],
    ['another kind', [{ ...CODES, kind: 'sms' }]],
    ['a secret that is none', [{ ...CODES, secret: 7 }]],
    ['no count', [{ ...CODES, used: undefined }]],
    ['a count that is none', [{ ...CODES, used: 1.5 }]],
    ['a field more', [{ ...CODES, used: 1, more: true }]],
    ['a passkey without its site', [{ ...PASSKEY, site: undefined }]],
    ['one that is right and one that is not', [CODES, { ...PASSKEY, counter: '0' }]],
  ])('of which one is not understood (%s) are none: the account must not open with less', (_, given) =>
    expect(factorsOf(given)).toBeNull(),
  )
})

describe('without a second factor', () => {
  const person = (...roles: Role[]): Person => ({ name: 'Asha', role: roles[0] ?? 'operator', roles, helpPoints: null })
  test('roles that need one are withheld, and the first of the others acts', () => {
    expect(withoutFactor(person('supervisor', 'operator', 'evidence'), ['supervisor', 'evidence'])).toMatchObject({
      role: 'operator',
      roles: ['operator'],
      withheld: ['supervisor', 'evidence'],
    })
  })
  test('somebody whose only role is withheld has none', () =>
    expect(withoutFactor(person('supervisor'), ['supervisor'])).toMatchObject({ roles: [], withheld: ['supervisor'] }))
  test('somebody of whom none is needed is who they were', () => {
    const asha = person('operator', 'evidence')
    expect(withoutFactor(asha, ['supervisor'])).toBe(asha)
    expect(withoutFactor(asha, [])).toBe(asha)
  })
})
