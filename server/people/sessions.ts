/** Signed-in people, by the cookie they hold. In memory: a restart signs everybody out. */
import { randomBytes } from 'node:crypto'
import type { Person } from '../glossary/people.ts'
import { hashToken } from './people-file.ts'

const IDLE_MS = 12 * 3_600_000
const LONGEST_MS = 24 * 3_600_000

export function createSessions(now: () => number) {
  const sessions = new Map<string, { person: Person; opened: number; used: number }>()
  return {
    open(person: Person): string {
      const id = randomBytes(32).toString('base64url')
      sessions.set(hashToken(id), { person, opened: now(), used: now() })
      return id
    },
    who(id: string): Person | null {
      const session = sessions.get(hashToken(id))
      if (!session) return null
      if (now() - session.used > IDLE_MS || now() - session.opened > LONGEST_MS) {
        sessions.delete(hashToken(id))
        return null
      }
      session.used = now()
      return session.person
    },
    close: (id: string): boolean => sessions.delete(hashToken(id)),
  }
}
