import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** An opaque id that sorts by time: ten characters of milliseconds, ten of chance (Crockford's base 32). */
export function newId<Id extends string>(prefix: string, now: number): Id {
  let time = ''
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time
  const chance = Array.from(randomBytes(10), (byte) => ALPHABET[byte % 32]).join('')
  return `${prefix}-${time}${chance}` as Id
}
