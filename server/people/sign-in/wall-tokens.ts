/** Short-lived tokens for walls inside other pages. In memory: after a start the page around asks for new ones. */
import { newToken, hashToken } from '../accounts/people-file.ts'
import type { Person } from '../../glossary/people.ts'
import { isoTime } from '../../tools/clock.ts'

const LONGEST_MINUTES = 12 * 60
/** A page that asks for one a second must not fill the memory, nor throw out those of others. */
const MOST_EACH = 200

export function createWallTokens(now: () => number) {
  const tokens = new Map<string, { person: Person; until: number; still(): boolean }>()

  function forgetOld(through: string): void {
    for (const [hash, { until }] of tokens) if (until <= now()) tokens.delete(hash)
    const theirs = [...tokens].filter(([, { person }]) => person.through === through)
    for (const [hash] of theirs.slice(0, Math.max(0, theirs.length - MOST_EACH + 1))) tokens.delete(hash)
  }
  return {
    /** @param still whether who asked for it is still known: it ends with them */
    issue(
      person: Person & { through: string },
      minutes: number,
      still: () => boolean,
    ): { token: string; expiresAt: string } {
      forgetOld(person.through)
      const token = newToken()
      const until = now() + Math.min(LONGEST_MINUTES, minutes) * 60_000
      tokens.set(hashToken(token), { person, until, still })
      return { token, expiresAt: isoTime(until) }
    },
    who(token: string): Person | null {
      const found = tokens.get(hashToken(token))
      return found && found.until > now() && found.still() ? found.person : null
    },
  }
}
