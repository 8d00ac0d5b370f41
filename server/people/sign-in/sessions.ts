/** Signed-in people, by the cookie they hold. In memory: a restart signs everybody out. */
import { randomBytes } from 'node:crypto'
import type { Person } from '../../glossary/people.ts'
import { hashToken } from '../accounts/people-file.ts'

const IDLE_MS = 12 * 3_600_000
const CONFIRMED_MS = 5 * 60_000
const LONGEST_MS = 24 * 3_600_000

export function createSessions(now: () => number) {
  const sessions = new Map<
    string,
    { person: Person; still(): Person | null; opened: number; used: number; confirmed: number }
  >()
  return {
    /**
     * @param still who that is now, by what they signed in with: removed, or of another role, the session ends; left
     * out, the same for ever
     */
    open(person: Person, still: () => Person | null = () => person): string {
      const id = randomBytes(32).toString('base64url')
      sessions.set(hashToken(id), { person, still, opened: now(), used: now(), confirmed: Number.NEGATIVE_INFINITY })
      return id
    },
    who(id: string): Person | null {
      const session = sessions.get(hashToken(id))
      if (!session) return null
      const holder = session.still()
      const changed = holder?.role !== session.person.role || holder.name !== session.person.name
      if (changed || now() - session.used > IDLE_MS || now() - session.opened > LONGEST_MS) {
        sessions.delete(hashToken(id))
        return null
      }
      session.used = now()
      return session.person
    },
    /** Its person has said the password again. */
    confirm(id: string): void {
      const session = sessions.get(hashToken(id))
      if (session) session.confirmed = now()
    },
    /**
     * Whether that was lately: a session that was left open, or stolen, is not enough for what cannot be taken back.
     */
    isConfirmed: (id: string): boolean =>
      now() - (sessions.get(hashToken(id))?.confirmed ?? Number.NEGATIVE_INFINITY) < CONFIRMED_MS,
    close: (id: string): boolean => sessions.delete(hashToken(id)),
  }
}
