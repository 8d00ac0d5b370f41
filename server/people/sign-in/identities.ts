/** Who somebody is, by what they hold: a token of the people file, of a wall or of the simulated town, or a session. */
import type { Credential } from '../../door/door.ts'
import type { Person } from '../../glossary/people.ts'
import { type DemoCredentials, demoPeople } from '../accounts/demo-people.ts'
import { openPeopleFile } from '../accounts/people-file.ts'
import type { Given } from './session-routes.ts'
import { createSessions } from './sessions.ts'
import { createWallTokens } from './wall-tokens.ts'

export function openIdentities({
  file,
  now: time,
  demo,
}: {
  file: string
  now(): number
  demo: DemoCredentials | null
}) {
  const people = openPeopleFile(file)
  const sessions = createSessions(time)
  const demoTokens = demo ? demoPeople(demo) : new Map<string, Person>()
  const wallTokens = createWallTokens(time)
  const byToken = (token: string): Person | null =>
    demoTokens.get(token) ?? wallTokens.who(token) ?? people.byToken(token)
  const whoHas = (credential: Credential): Person | null =>
    'bearer' in credential ? byToken(credential.bearer) : sessions.who(credential.cookie)

  /** Whether it is still the same person with the same role: a short-lived token ends with what made it. */
  function stillHeld(by: Credential): () => boolean {
    const maker = whoHas(by)
    return () => {
      const now = whoHas(by)
      return now !== null && now.name === maker?.name && now.role === maker.role
    }
  }
  /** A person who is removed, has another password or another role has no session any more. */
  function openSession(person: Person, given: Given): string {
    if ('token' in given) return sessions.open(person, () => byToken(given.token))
    const password = people.standing(given.user)?.password
    return sessions.open(person, () => {
      const now = people.standing(given.user)
      return now?.password === password ? (now?.person ?? null) : null
    })
  }
  return { people, sessions, wallTokens, byToken, whoHas, stillHeld, openSession }
}
