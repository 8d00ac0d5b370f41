/**
 * Speaks with the council's directory: OpenID Connect, code flow with PKCE, state and nonce, the ID token's signature
 * checked; OpenID Connect Back-Channel Logout 1.0. What the protocol wants is the libraries' (openid-client, jose).
 */
import { type JWTVerifyGetKey, createRemoteJWKSet, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import type { DirectorySite } from '../../glossary/site.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { type DirectoryHolder, groupsOf, nameIn } from './directory-plan.ts'

/** What must come back with the browser, kept here meanwhile. */
export type Challenge = { state: string; nonce: string; verifier: string }
/** `authTime`: when they last proved there who they are, seconds since 1970; null: it does not say. */
export type Proven = { holder: DirectoryHolder; authTime: number | null }
/** What is too slow, or does not answer at all, is not its word on a person. */
const isAway = (error: unknown): boolean =>
  error instanceof TypeError || /TIMEOUT|JWKS/i.test(String((error as { code?: unknown }).code ?? ''))

const TIMEOUT_S = 8
/** A logout token is of now. */
const LOGOUT_AGE = '5 min'
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

export function createDirectoryClient(site: DirectorySite) {
  let found: Promise<openid.Configuration> | null = null
  let keys: JWTVerifyGetKey | null = null
  /** What exactly is wrong is the cause: inner addresses are not for whoever asks. */
  const away = (error: unknown): Failure =>
    new Failure('people/directory-away', `${site.name} does not answer.`, { cause: error })

  /** @throws people/directory-away */
  async function configuration(): Promise<openid.Configuration> {
    found ??= openid.discovery(new URL(site.issuer), site.client, site.secret, undefined, {
      timeout: TIMEOUT_S,
      execute: [
        openid.enableNonRepudiationChecks,
        ...(site.issuer.startsWith('http:') ? [openid.allowInsecureRequests] : []),
      ],
    })
    try {
      return await found
    } catch (error) {
      found = null
      throw away(error)
    }
  }
  return {
    /** Whether it answers now. @throws people/directory-away */
    async look(): Promise<void> {
      const address = `${site.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
      const answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_S * 1000), redirect: 'error' }).catch(
        (error: unknown) => {
          throw away(error)
        },
      )
      await answer.arrayBuffer()
      if (!answer.ok) throw away(new Error(`it answers ${answer.status}`))
    },
    /** Where the browser goes. @param again the person proves once more who they are, signed in there or not */
    async begin(redirect: string, again: boolean): Promise<{ url: string; challenge: Challenge }> {
      const config = await configuration()
      const challenge = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier: openid.randomPKCECodeVerifier(),
      }
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirect,
        scope: site.scope,
        state: challenge.state,
        nonce: challenge.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(challenge.verifier),
        code_challenge_method: 'S256',
        ...(again ? { prompt: 'login', max_age: '0' } : {}),
      })
      return { url: url.href, challenge }
    },
    /** @param came the address that the browser came back to. @throws people/unauthenticated, people/directory-away */
    async finish(came: URL, { state, nonce, verifier }: Challenge, again: boolean): Promise<Proven> {
      const config = await configuration()
      const tokens = await openid
        .authorizationCodeGrant(config, came, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
          ...(again ? { maxAge: 120 } : {}),
        })
        .catch((error: unknown) => {
          if (isAway(error)) throw away(error)
          throw new Failure('people/unauthenticated', `${site.name} did not sign you in: ${messageOf(error)}`, {
            cause: error,
          })
        })
      const claims: Record<string, unknown> = { ...tokens.claims() }
      const sid = typeof claims.sid === 'string' ? claims.sid : null
      const holder = {
        issuer: site.issuer,
        sub: String(claims.sub),
        sid,
        name: nameIn(claims),
        groups: groupsOf(claims[site.claim]),
        ...(typeof site.secondFactor === 'object' && site.secondFactor !== null
          ? { proven: groupsOf(claims[site.secondFactor.claim]) }
          : {}),
      }
      return { holder, authTime: typeof claims.auth_time === 'number' ? claims.auth_time : null }
    },
    /**
     * Whom the directory has signed out: a session, or with `sid` null all of that person's. `id`: it counts once. `at`:
     * when it said so, milliseconds since 1970.
     * @throws request/invalid when the directory did not sign it for us, now
     */
    async signedOut(logoutToken: string): Promise<{ sub: string | null; sid: string | null; id: string; at: number }> {
      const config = await configuration()
      const { issuer, jwks_uri: jwks } = config.serverMetadata()
      if (!jwks) throw away(new Error('it names no keys'))
      keys ??= createRemoteJWKSet(new URL(jwks), { timeoutDuration: TIMEOUT_S * 1000 })
      const { payload } = await jwtVerify(logoutToken, keys, {
        issuer,
        audience: site.client,
        maxTokenAge: LOGOUT_AGE,
        clockTolerance: 30,
        requiredClaims: ['jti', 'iat', 'events'],
      }).catch((error: unknown) => {
        if (isAway(error)) throw away(error)
        throw new Failure('request/invalid', `This logout token does not count: ${messageOf(error)}`, { cause: error })
      })
      const { sub = null, sid = null, events, nonce, jti = '' } = payload
      const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT)
      if (!isLogout || nonce !== undefined || (sub === null && typeof sid !== 'string'))
        throw new Failure('request/invalid', 'This token is no logout token.')
      return { sub, sid: typeof sid === 'string' ? sid : null, id: jti, at: (payload.iat ?? 0) * 1000 }
    },
  }
}
export type DirectoryClient = ReturnType<typeof createDirectoryClient>
