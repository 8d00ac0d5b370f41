/** What somebody may do, by roles and by the scope of a narrowed token. Pure: the same for routes and for streams. */
import type { Person, Role, Scope } from '../glossary/people.ts'

/**
 * Who may come in. A narrowed token needs its scope named as well. `withheld`: also who has the role only with a second
 * factor, and has not proven one.
 */
export type Access = { roles: readonly Role[]; scopes?: readonly Scope[]; withheld?: boolean }

export const rolesOf = ({ role, roles }: Person): readonly Role[] => roles ?? [role]

/**
 * The person as they act here: in the first of their roles that is let in. Null: none is, or the token is not for this.
 */
export function actingAs(person: Person | null, { roles, scopes = [], withheld = false }: Access): Person | null {
  if (!person || (person.scope !== undefined && !scopes.includes(person.scope))) return null
  const theirs = withheld ? [...rolesOf(person), ...(person.withheld ?? [])] : rolesOf(person)
  const role = theirs.find((each) => roles.includes(each))
  return role === undefined ? null : { ...person, role }
}

/**
 * By which roles somebody reads the record. A token for a wall reads what an operator reads, even when a supervisor made
 * it.
 */
export const readingRoles = (person: Person | null): readonly Role[] =>
  person === null ? [] : person.scope === undefined ? rolesOf(person) : ['operator']

/** Whether somebody is still who they were, with the same rights: what was opened for them goes on. */
export function isSame(one: Person | null, other: Person | null): boolean {
  if (!one || !other) return false
  const rights = ({ name, user, scope, through }: Person): string => [name, user, scope, through].join('\n')
  return rights(one) === rights(other) && rolesOf(one).join() === rolesOf(other).join()
}
