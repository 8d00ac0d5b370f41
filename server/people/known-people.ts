/** Who somebody is at a server that does not lead its town: by copies of people and sessions, which it only reads. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Credential } from '../door/credentials.ts'
import type { Person, Role } from '../glossary/people.ts'
import type { Clock } from '../tools/clock.ts'
import { openPeopleFile } from './accounts/people-file.ts'
import { openIdentities } from './sign-in/identities.ts'
import { openSessionStore } from './sign-in/session-store.ts'

export function openKnownPeople({
  folder,
  clock,
  factorRequiredFor,
  onError,
}: {
  folder: string
  clock: Clock
  factorRequiredFor(): readonly Role[]
  onError(error: unknown): void
}) {
  const people = openPeopleFile(join(folder, 'people.json'), { clock, onBroken: onError })
  const file = join(folder, 'sessions.json')
  const stampOf = (): string => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : ''
  }
  function read() {
    const store = { ...openSessionStore({ file, clock, onError }), save: async () => {}, close: async () => {} }
    // Whom the directory has named is asked for where the town is led.
    return openIdentities({ clock, people, store, demo: null, ofDirectory: () => null, factorRequiredFor, onError })
  }
  let stamp = stampOf()
  let identities = read()
  return {
    whoHas(credential: Credential): Person | null {
      const now = stampOf()
      if (now !== stamp) {
        stamp = now
        identities = read()
      }
      return identities.whoHas(credential)
    },
  }
}
