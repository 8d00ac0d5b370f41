/** Second factors of an account as the people file has them. Pure. */
import type { Factor } from '../../glossary/people.ts'

type Kept = Pick<Factor, 'id' | 'name' | 'since'>
/** `secret`: base32, as apps take it. `used`: the number of the newest 30 seconds whose code was taken. */
export type StoredCodes = Kept & { kind: 'totp'; secret: string; used: number }
/**
 * `credential`, `publicKey`, `handle`: base64url. `site`: the name that it belongs to. `counter`: how often it was used,
 * by its own word; most say 0. `handle`: what authenticators know the account by.
 */
export type StoredPasskey = Kept & {
  kind: 'passkey'
  credential: string
  publicKey: string
  counter: number
  site: string
  handle: string
}
export type StoredFactor = StoredCodes | StoredPasskey

const TEXTS = {
  totp: ['id', 'name', 'since', 'kind', 'secret'],
  passkey: ['id', 'name', 'since', 'kind', 'credential', 'publicKey', 'site', 'handle'],
} as const
const COUNTS = { totp: 'used', passkey: 'counter' } as const

function factorOf(raw: unknown): StoredFactor | null {
  if (typeof raw !== 'object' || raw === null) return null
  const given = raw as Record<string, unknown>
  const { kind } = given
  if (kind !== 'totp' && kind !== 'passkey') return null
  const count = given[COUNTS[kind]]
  const isWhole = TEXTS[kind].every((name) => typeof given[name] === 'string') && Number.isSafeInteger(count)
  return isWhole && Object.keys(given).length === TEXTS[kind].length + 1 ? (given as unknown as StoredFactor) : null
}

/** Null: one of them is not understood; without it the account would open with less than it should. */
export function factorsOf(given: unknown): StoredFactor[] | null {
  if (given === undefined) return []
  if (!Array.isArray(given)) return null
  const read = given.map(factorOf)
  return read.includes(null) ? null : (read as StoredFactor[])
}

export const factorView = ({ id, kind, name, since }: StoredFactor): Factor => ({ id, kind, name, since })
