/** Codes of an authenticator app: RFC 6238 with what every app can: SHA-1, six digits, 30 seconds. */
import { Secret, TOTP } from 'otpauth'
import { isoTime } from '../../tools/clock.ts'
import type { StoredCodes } from './factor-format.ts'

const STEP_S = 30
/** How far a telephone's clock may be off: one code before, one after. */
const STEPS_OFF = 1
/** 160 bits, as RFC 4226 recommends. */
const SECRET_BYTES = 20

const codesOf = (secret: string, facts: { issuer?: string; label?: string } = {}): TOTP =>
  new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: STEP_S, ...facts })

export const newCodeSecret = (): string => new Secret({ size: SECRET_BYTES }).base32
/** What the QR code says. @param town whose account it is, as the app lists it */
export const codeAddress = (secret: string, { town, user }: { town: string; user: string }): string =>
  codesOf(secret, { issuer: `Lamppost ${town}`, label: user }).toString()

/** A code that is refused is most often one of a telephone whose clock is wrong. @param now milliseconds since 1970 */
export const clockWords = (now: number): string =>
  `The server’s clock says ${isoTime(now).slice(0, 19).replace('T', ' ')} UTC; is the telephone’s right?`

/**
 * The number of the 30 seconds whose code this is; null: it is none of now, or was used before.
 * @param now milliseconds since 1970
 */
export function codeStep(
  { secret, used }: Pick<StoredCodes, 'secret' | 'used'>,
  code: string,
  now: number,
): number | null {
  const token = code.replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(token)) return null
  const off = codesOf(secret).validate({ token, timestamp: now, window: STEPS_OFF })
  if (off === null) return null
  const step = Math.floor(now / 1000 / STEP_S) + off
  return step > used ? step : null
}
