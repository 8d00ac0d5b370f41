/** What the directory's word means here: roles by groups, and where a browser goes on. Pure. */
import { PAGES } from '../../door/pages.ts'
import { type Person, READERS, type Role } from '../../glossary/people.ts'
import type { DirectorySite } from '../../glossary/site.ts'
import { withoutFactor } from '../second-factor/withheld.ts'

/**
 * Whom the directory has named. `sub` and `sid` are its own words for the person and for their session there. `proven`:
 * what it says they proved themselves with, where the site file names a claim for that.
 */
export type DirectoryHolder = {
  issuer: string
  sub: string
  sid: string | null
  name: string
  groups: string[]
  proven?: string[]
}

const MOST_GROUPS = 500

/** A claim is a list, or one group as text. */
export const groupsOf = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim : [claim])
    .filter((each): each is string => typeof each === 'string')
    .slice(0, MOST_GROUPS)

/** In the order of the site file's own list of roles: what somebody has by the groups that they are in now. */
export const rolesBy = ({ roles }: Pick<DirectorySite, 'roles'>, groups: readonly string[]): Role[] =>
  READERS.filter((role) => roles[role]?.some((group) => groups.includes(group)) ?? false)

/** Whether a second factor was proven there: as the council vouches for, or as the directory says. */
export const isProven = ({ secondFactor }: Pick<DirectorySite, 'secondFactor'>, proven: readonly string[]): boolean =>
  secondFactor === 'always' || (secondFactor?.values.some((each) => proven.includes(each)) ?? false)

/** Null: the site file names another directory, or gives none of these groups a role. */
export function personOfDirectory(
  site: DirectorySite | null,
  { issuer, name, groups, sub, proven = [] }: DirectoryHolder,
  factorRequiredFor: readonly Role[] = [],
): Person | null {
  if (site?.issuer !== issuer) return null
  const roles = rolesBy(site, groups)
  const [role] = roles
  if (role === undefined) return null
  const person = {
    name,
    role,
    helpPoints: null,
    // No account that is made here can have a name with a slash.
    user: `directory/${new URL(issuer).host}/${sub}`,
    ...(roles.length > 1 ? { roles } : {}),
  }
  return isProven(site, proven) ? person : withoutFactor(person, factorRequiredFor)
}

const onOneLine = (text: unknown): string =>
  typeof text === 'string'
    ? text
        .replaceAll(/[\p{C}\s]+/gu, ' ')
        .trim()
        .slice(0, 100)
    : ''
/** A name for people: of what directories send, the first that says something. Line breaks are no part of it. */
export const nameIn = ({ name, preferred_username: user, email, sub }: Record<string, unknown>): string =>
  [name, user, email, sub].map(onOneLine).find((each) => each !== '') ?? 'Somebody of the directory'

/** Back to a page of ours, and to nothing else: no other host, no request of the API. */
export function pageAfter(wanted: string | undefined): string {
  const [path = ''] = (wanted ?? '').split('?')
  return wanted !== undefined && Object.hasOwn(PAGES, path) && /^[\w\-./?=&%]{1,300}$/.test(wanted) ? wanted : '/'
}
