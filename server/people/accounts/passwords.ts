/**
 * Passwords as they are kept: argon2id (RFC 9106) in its usual notation, at the least cost that OWASP names (19 MiB, two
 * passes: 20 ms of a core). Those of version 0.1, by scrypt, are understood and made anew at the next sign-in.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const SCRYPT_COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

/** What two keyboards write differently is the same password. */
const asTyped = (password: string): string => password.normalize('NFKC')

export const hashPassword = (password: string): Promise<string> => hash(asTyped(password), COST)

export const schemeOf = (stored: string): 'argon2id' | 'scrypt' =>
  stored.startsWith('scrypt$') ? 'scrypt' : 'argon2id'

function scryptMatches(password: string, stored: string): Promise<boolean> {
  const [, salt = '', key = ''] = stored.split('$')
  const expected = Buffer.from(key, 'base64')
  return new Promise((resolve, reject) =>
    scrypt(asTyped(password), Buffer.from(salt, 'base64'), 32, SCRYPT_COST, (error, given) =>
      error ? reject(error) : resolve(given.length === expected.length && timingSafeEqual(given, expected)),
    ),
  )
}

/** @param stored as the file has it; what cannot be read matches nothing */
export const passwordMatches = (password: string, stored: string): Promise<boolean> =>
  schemeOf(stored) === 'scrypt' ? scryptMatches(password, stored) : verify(stored, asTyped(password)).catch(() => false)

let nobodys: Promise<string> | null = null
const NOBODYS_OLD = `scrypt$${'A'.repeat(22)}==$${'A'.repeat(43)}=`
/** For a name that nobody has: the same work, and never a match. */
export async function matchNobody(password: string, scheme: 'argon2id' | 'scrypt' = 'argon2id'): Promise<false> {
  nobodys ??= hashPassword(randomBytes(32).toString('base64'))
  await passwordMatches(password, scheme === 'scrypt' ? NOBODYS_OLD : await nobodys)
  return false
}
