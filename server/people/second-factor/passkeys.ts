/**
 * Passkeys (WebAuthn level 3): the browser proves the key and that its holder was asked for a finger, a face, or a PIN:
 * two factors in one. What the protocol wants is the library's (@simplewebauthn/server).
 */
import { isIP } from 'node:net'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { Failure, messageOf } from '../../tools/failure.ts'
import { newToken } from '../accounts/people-file.ts'
import type { StoredFactor, StoredPasskey } from './factor-format.ts'
import type { Seal } from './seal.ts'

export type { AuthenticationResponseJSON, RegistrationResponseJSON }
export type SignInOptions = PublicKeyCredentialRequestOptionsJSON
export type NewPasskeyOptions = PublicKeyCredentialCreationOptionsJSON
/** What a new passkey is made of; the rest is the account's. */
export type MadePasskey = Pick<StoredPasskey, 'credential' | 'publicKey' | 'counter' | 'site' | 'handle'>

/** Where nobody has a passkey it is not loaded: it takes some megabytes. */
const library = () => import('@simplewebauthn/server')

const TIMEOUT_MS = 120_000
const SIGN_IN = 'passkey sign-in'
const NEW = 'passkey new'

const passkeysOf = (factors: readonly StoredFactor[]): StoredPasskey[] =>
  factors.filter((each): each is StoredPasskey => each.kind === 'passkey')

/** @param origin of the page. @throws factor/no-passkeys: a key belongs to a name, and to a page that nobody can change */
export function siteOf(origin: string): string {
  const { hostname, protocol } = URL.canParse(origin) ? new URL(origin) : { hostname: '', protocol: '' }
  const isHere = hostname === 'localhost'
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || (protocol !== 'https:' && !isHere))
    throw new Failure(
      'factor/no-passkeys',
      `A passkey belongs to a name with https://, and this page is ${origin}. Open Lamppost by its name, or use an ` +
        'authenticator app.',
    )
  return hostname
}

export function createPasskeys(seal: Seal) {
  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  /** The library gives it to browsers as base64url of its text. */
  const asText = (challenge: string): string => Buffer.from(challenge, 'base64url').toString('utf8')

  return {
    /** @param factors of who is about to sign in; none: whichever passkey this browser knows. @throws factor/no-passkeys */
    async signInOptions(origin: string, factors: readonly StoredFactor[] = []): Promise<SignInOptions> {
      const rpID = siteOf(origin)
      const { generateAuthenticationOptions } = await library()
      return generateAuthenticationOptions({
        rpID,
        challenge: seal.close(SIGN_IN, {}),
        timeout: TIMEOUT_MS,
        userVerification: 'required',
        allowCredentials: passkeysOf(factors).map(({ credential }) => ({ id: credential })),
      })
    },
    /** The passkey's own count; null: it does not prove what it says. @param onWrong is told why, for the log */
    async proves(
      response: AuthenticationResponseJSON,
      { credential, publicKey, counter, site, handle }: StoredPasskey,
      { origin, onWrong }: { origin: string; onWrong(reason: string): void },
    ): Promise<number | null> {
      let challenge: ReturnType<Seal['open']> = null
      // What it says of its account is one more thing that must be right.
      if (response.response.userHandle !== undefined && response.response.userHandle !== handle) return null
      const { verifyAuthenticationResponse } = await library()
      try {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response,
          expectedChallenge: (given) => (challenge = seal.open(SIGN_IN, asText(given))) !== null,
          expectedOrigin: origin,
          expectedRPID: site,
          credential: { id: credential, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter },
          requireUserVerification: true,
        })
        return verified && challenge !== null && seal.useUp(challenge) ? authenticationInfo.newCounter : null
      } catch (error) {
        onWrong(messageOf(error))
        return null
      }
    },
    /** @throws factor/no-passkeys */
    async newOptions(
      origin: string,
      { user, name, factors, town }: { user: string; name: string; factors: readonly StoredFactor[]; town: string },
    ): Promise<NewPasskeyOptions> {
      const rpID = siteOf(origin)
      const { generateRegistrationOptions } = await library()
      const known = passkeysOf(factors)
      const handle = known[0]?.handle ?? newToken()
      return generateRegistrationOptions({
        rpName: `Lamppost ${town}`,
        rpID,
        userID: new Uint8Array(Buffer.from(handle, 'base64url')),
        userName: user,
        userDisplayName: name,
        challenge: seal.close(NEW, { user, handle }),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        excludeCredentials: known.map(({ credential }) => ({ id: credential })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
    },
    /** @throws factor/refused with why */
    async made(
      response: RegistrationResponseJSON,
      { user, origin }: { user: string; origin: string },
    ): Promise<MadePasskey> {
      const site = siteOf(origin)
      const { verifyRegistrationResponse } = await library()
      let begun: (ReturnType<Seal['open']> & { user?: string; handle?: string }) | null = null
      try {
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response,
          expectedChallenge: (given) => {
            begun = seal.open<{ user: string; handle: string }>(NEW, asText(given))
            return begun?.user === user
          },
          expectedOrigin: origin,
          expectedRPID: site,
          requireUserVerification: true,
        })
        if (!verified || !begun) throw new Error('it does not prove itself')
        const { id, publicKey, counter } = registrationInfo.credential
        const { handle = '' } = begun as { handle?: string }
        return { credential: id, publicKey: textOf(publicKey), counter, site, handle }
      } catch (error) {
        throw new Failure('factor/refused', `This passkey was not taken: ${messageOf(error)}. Begin again.`, {
          cause: error,
        })
      }
    },
  }
}
export type Passkeys = ReturnType<typeof createPasskeys>
