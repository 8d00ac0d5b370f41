import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Chance comes in larger pieces: asking the system for each id costs more than the id. */
const POOL_BYTES = 4096
let pool: Uint8Array = new Uint8Array(0)
function chanceBytes(count: number): Uint8Array {
  if (pool.length < count) pool = randomBytes(POOL_BYTES)
  const taken = pool.subarray(0, count)
  pool = pool.subarray(count)
  return taken
}

/** An opaque id that sorts by time: ten characters of milliseconds, ten of chance (Crockford's base 32). */
export function newId<Id extends string>(prefix: string, now: number): Id {
  let time = ''
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time
  let chance = ''
  for (const byte of chanceBytes(10)) chance += ALPHABET[byte % 32]
  return `${prefix}-${time}${chance}` as Id
}
