import type { Person } from '../../glossary/people.ts'
import type { PeopleFile } from './people-file.ts'

/** Whether this person may see and change that account as their own. */
export const createOwnAccount =
  (people: Pick<PeopleFile, 'user'>) =>
  (person: Person, user: string): boolean =>
    person.user === user && person.scope === undefined && people.user(user) !== null
