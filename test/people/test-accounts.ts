/** Accounts in the people file of a data folder, made one after the other: user1, user2 … */
import { join } from 'node:path'
import type { Role } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'

export function createTestAccounts(dataFolder: string, password: string) {
  const people = () => openPeopleFile(join(dataFolder, 'people.json'))
  let made = 0
  return {
    people,
    made: () => made,
    /** @returns who signs in; the first role is the one they act in */
    async account(...roles: Role[]): Promise<string> {
      const user = `user${(made += 1)}`
      const [role = 'operator'] = roles
      await people().addUser(user, password, { name: `Person ${made}`, role, roles, helpPoints: null })
      return user
    },
  }
}
