import type { FastifyReply, FastifyRequest } from 'fastify'
import { BROWSER_COOKIE, SESSION_COOKIE, cookieFor, isSecure } from '../../door/credentials.ts'
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
    maxAge: number,
  ): void => {
    const { basePath } = address
    const made = cookieFor(name, value, { secure: isSecure(request, address), basePath, maxAge })
    void reply.setCookie(made.name, made.value, made.bounds)
  }
  return {
    session: (to: [FastifyRequest, FastifyReply], value: string): void =>
      give(to, SESSION_COOKIE, value, value === '' ? 0 : LONGEST_MS / 1000),
    browser: (to: [FastifyRequest, FastifyReply], value: string): void => give(to, BROWSER_COOKIE, value, BROWSER_S),
  }
}
export type CookieGiver = ReturnType<typeof createCookieGiver>
