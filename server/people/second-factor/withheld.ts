/** Roles that somebody has only once a second factor is proven. Pure. */
import { rolesOf } from '../../door/rights.ts'
import type { Person, Role } from '../../glossary/people.ts'

/** The person with the roles that they have without a second factor; the others are withheld. */
export function withoutFactor(person: Person, required: readonly Role[]): Person {
  const roles = rolesOf(person)
  const withheld = roles.filter((role) => required.includes(role))
  if (withheld.length === 0) return person
  const held = roles.filter((role) => !required.includes(role))
  return { ...person, role: held[0] ?? person.role, roles: held, withheld }
}
