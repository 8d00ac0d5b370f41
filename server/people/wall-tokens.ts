/** Short-lived tokens for walls inside other pages. In memory: after a start the page around asks for new ones. */
import { newToken, hashToken } from './people-file.ts'
import type { Person } from '../glossary/people.ts'
import { isoTime } from '../tools/clock.ts'

export const LONGEST_MINUTES = 12 * 60
/** Beyond this the oldest go: a page that asks for one a second must not fill the memory. */
const MOST = 10_000

export function createWallTokens(now: () => number) {
  const tokens = new Map<string, { person: Person; until: number }>()

  function forgetOld(): void {
    for (const [hash, { until }] of tokens) if (until <= now() || tokens.size > MOST) tokens.delete(hash)
  }
  return {
    issue(person: Person, minutes: number): { token: string; expiresAt: string } {
      forgetOld()
      const token = newToken()
      const until = now() + Math.min(LONGEST_MINUTES, minutes) * 60_000
      tokens.set(hashToken(token), { person, until })
      return { token, expiresAt: isoTime(until) }
    },
    who(token: string): Person | null {
      const found = tokens.get(hashToken(token))
      return found && found.until > now() ? found.person : null
    },
  }
}
