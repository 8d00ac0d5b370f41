/**
 * How the server signs in to a camera's stream: by digest. With Basic the password travels in the clear: everybody on
 * the way can read it, and a machine that answers in the camera's place can ask for it. So Basic is used only where the
 * site file allows it. Pure.
 */
import { type Challenge, answerChallenge, readChallenge } from '../http-digest.ts'

export type SignInWay = Challenge | 'basic'
type Credentials = { username: string; password: string }

export const BASIC_REFUSED =
  'The camera wants its password in the clear (Basic). Switch digest on in the camera; or write basic: true beside its ' +
  'username in the site file, and everybody on that network can read the password.'
export const BASIC_USED =
  'The password of this camera goes over the network in the clear (basic: true in the site file).'

/**
 * The strongest of what is offered. 'refused': only Basic is, and it may not be used; null: nothing that we know.
 * @param offered values of WWW-Authenticate
 */
export function signInWay(offered: readonly string[], mayBasic: boolean): SignInWay | 'refused' | null {
  const digest = readChallenge(offered)
  if (digest) return digest
  if (!offered.some((line) => /^basic/i.test(line))) return null
  return mayBasic ? 'basic' : 'refused'
}

/** The value of Authorization. */
export const authorizationFor = (
  way: SignInWay,
  credentials: Credentials,
  to: { method: string; path: string },
): string =>
  way === 'basic'
    ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
    : answerChallenge(way, { ...credentials, ...to })
