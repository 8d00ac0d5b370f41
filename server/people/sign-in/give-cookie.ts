import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  BROWSER_COOKIE,
  DIRECTORY_COOKIE,
  LEFT_COOKIE,
  SESSION_COOKIE,
  cookieFor,
  isSecure,
} from '../../door/credentials.ts'
import type { PublicAddress } from '../../door/public-address.ts'
import { LONGEST_MS } from './sessions.ts'

/** As long as browsers keep one at the most. */
const BROWSER_S = 400 * 24 * 3600

/** Gives a browser its session, or takes it (empty); or what it is known by. */
export const createCookieGiver = (address: PublicAddress) => {
  const give = (
    [request, reply]: [FastifyRequest, FastifyReply],
    name: string,
    value: string,
    { maxAge, sameSite = 'strict' }: { maxAge: number; sameSite?: 'strict' | 'lax' },
  ): void => {
    const { basePath } = address
    const made = cookieFor(name, value, { secure: isSecure(request, address), basePath, maxAge, sameSite })
    void reply.setCookie(made.name, made.value, made.bounds)
  }
  return {
    session: (to: [FastifyRequest, FastifyReply], value: string): void =>
      give(to, SESSION_COOKIE, value, { maxAge: value === '' ? 0 : LONGEST_MS / 1000 }),
    /** Lax: the browser comes back from the directory’s own site. */
    directory: (to: [FastifyRequest, FastifyReply], value: string): void =>
      give(to, DIRECTORY_COOKIE, value, { maxAge: value === '' ? 0 : 600, sameSite: 'lax' }),
    /** Whether somebody of the directory has just signed out here. */
    left: (to: [FastifyRequest, FastifyReply], has: boolean): void =>
      give(to, LEFT_COOKIE, has ? 'yes' : '', { maxAge: has ? BROWSER_S : 0 }),
    browser: (to: [FastifyRequest, FastifyReply], value: string): void =>
      give(to, BROWSER_COOKIE, value, { maxAge: BROWSER_S }),
  }
}
