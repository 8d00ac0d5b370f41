/** Who comes in by which route: asked before anything of a room is. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { rolesOf, actingAs } from './rights.ts'
import type { Person, Role, Scope } from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import type { Credential } from './credentials.ts'
import { type PublicAddress, isOwnOrigin } from './public-address.ts'

/** Somebody was not let in. `who`: whom the credential names, or nobody. `route`: method and pattern, no address. */
export type RefusedAccess = { from: string; who: string; route: string; reason: string }

export type EntrancePort = {
  /** Who holds this bearer token or session cookie. */
  whoHas(credential: Credential): Person | null
  /** Whether this session's person has said the password again lately. */
  isConfirmed(session: string): boolean
  onRefusedPress(source: string, reason: string): void
  onRefused(refused: RefusedAccess): void
  address: PublicAddress
}
export const CONFIRM_FIRST =
  'This needs you and not only your screen: say your password again first (PUT /api/v1/session/confirmation).'
const ENDED = 'This token or session is not known here, or has ended.'
const FACTOR_FIRST =
  'Your role needs a second factor here, and none was proven: the page People says how to set one up.'
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const SCOPE_WORDS: Record<Scope, string> = {
  'wall-view': 'a wall that shows',
  wall: 'a wall',
  metrics: 'the figures of the server',
  press: 'presses',
}

/** What somebody reads when a right is missing. */
const whyForbidden = (holder: Person, roles: readonly Role[]): string =>
  holder.scope === undefined || !rolesOf(holder).some((role) => roles.includes(role))
    ? `The role ${rolesOf(holder).join(', ')} may not do this; it needs ${roles.join(' or ')}.`
    : `This token is for ${SCOPE_WORDS[holder.scope]} only; sign in for this.`

/**
 * Whether a refusal is of a person, wherever it was made: by the hook below, or inside a route. The one that says a
 * password was wrong was told where it was typed.
 */
export function refusedBy(error: unknown, request: FastifyRequest): RefusedAccess | null {
  if (!(error instanceof Failure) || error.cause instanceof Failure) return null
  const reason = REASONS.get(error.code)
  const who = request.person?.name ?? ''
  if (reason === undefined || who === '') return null
  return { from: request.ip, who, route: `${request.method} ${request.routeOptions.url ?? ''}`, reason }
}
const REASONS: ReadonlyMap<string, string> = new Map([
  ['people/forbidden', 'not their right'],
  ['people/confirm-first', 'the password was not said again'],
])

/**
 * The hook before every request: finds out whose it is, and refuses who may not.
 * @param request gets its `person`, as they act on this route
 */
export function createEntrance({ whoHas, isConfirmed, onRefusedPress, onRefused, address }: EntrancePort) {
  /** @throws people/confirm-first */
  function mustBeConfirmed(credential: Credential, confirmed: boolean | undefined): void {
    if (confirmed && 'cookie' in credential && !isConfirmed(credential.cookie))
      throw new Failure('people/confirm-first', CONFIRM_FIRST)
  }
  /** A body may be held back until the right is gone. @throws as when they came */
  async function stillIn({ body, credential, person, routeOptions }: FastifyRequest): Promise<void> {
    const { roles, scopes = [], withheld = false, confirmed } = routeOptions.config
    if (!roles || !credential || !person || body === undefined) return
    if (actingAs(whoHas(credential), { roles, scopes, withheld }) === null)
      throw new Failure('people/unauthenticated', ENDED)
    mustBeConfirmed(credential, confirmed)
  }
  async function enter(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { roles, scopes = [], withheld = false, signed, confirmed } = request.routeOptions.config
    const route = `${request.method} ${request.routeOptions.url ?? ''}`
    if (address.basePath !== '' && request.originalUrl.split('?')[0] === address.basePath)
      return reply.redirect(`${address.basePath}/${request.originalUrl.slice(address.basePath.length)}`, 308)
    const { credential } = request
    // A cookie travels with requests of any page in the same browser, also of another port of this host: what changes
    // something needs a page of ours.
    if (
      !SAFE_METHODS.has(request.method) &&
      credential !== null &&
      'cookie' in credential &&
      !isOwnOrigin(request.headers, request.protocol === 'https', address)
    ) {
      onRefused({ from: request.ip, who: whoHas(credential)?.name ?? '', route, reason: 'a page of another address' })
      throw new Failure(
        'people/forbidden',
        'This came from a page of another address, with a session of this one: it was ' +
          'not done. Behind a proxy, start Lamppost with --public-url.',
      )
    }
    if (!roles) return
    const hasToken = credential !== null && 'bearer' in credential
    if (signed && !hasToken && request.headers['x-lamppost-signature'] !== undefined) return
    const holder = credential && whoHas(credential)
    if (holder) request.prove()
    const access = { roles, scopes, withheld }
    const acting = actingAs(holder, access)
    request.person = acting ?? holder
    if (credential && acting) {
      mustBeConfirmed(credential, confirmed)
      return request.onlyWhile(() => actingAs(whoHas(credential), access) !== null)
    }
    if (!holder) {
      const pressing = request.method === 'POST' && /\/presses(\/|$)/.test(request.routeOptions.url ?? '')
      if (pressing) onRefusedPress(request.ip, credential ? 'wrong token' : 'no token')
      // A page that was left open asks with a session that has ended: that is no attempt at anything.
      else if (credential && 'bearer' in credential)
        onRefused({ from: request.ip, who: '', route, reason: 'unknown token' })
      throw new Failure(
        'people/unauthenticated',
        credential ? ENDED : 'Sign in, or send a token: Authorization: Bearer …',
      )
    }
    if (holder.withheld?.some((role) => roles.includes(role))) throw new Failure('people/factor-first', FACTOR_FIRST)
    throw new Failure('people/forbidden', whyForbidden(holder, roles))
  }
  return { enter, stillIn }
}
