/** `lamppost token` and `lamppost user`: who may do what. A running server notices at once. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Person, ROLES, type Role } from '../glossary/people.ts'
import { openPeopleFile } from '../people/accounts/people-file.ts'
import { packageRoot } from '../tools/package-root.ts'

type Options = {
  role?: string | undefined
  name?: string | undefined
  user?: string | undefined
  data?: string | undefined
  'help-point'?: string[] | undefined
}
const SHORTEST_PASSWORD = 12

function personOf({ role, name, 'help-point': helpPoints }: Options): Person {
  if (!ROLES.includes(role as Role)) throw new Error(`--role must be one of ${ROLES.join(', ')}`)
  if (!name) throw new Error('--name is missing: whose is it?')
  if (helpPoints && role !== 'press') throw new Error('--help-point goes with --role press only')
  return { role: role as Role, name, helpPoints: helpPoints ?? null }
}
/**
 * A folder that is not there yet is made: whoever sets a server up gives tokens first. A mistyped one must be
 * noticed.
 */
function fileOf({ data }: Options): string {
  const folder = resolve(data ?? join(packageRoot, 'data'))
  if (!existsSync(folder))
    process.stderr.write(
      `There was no ${folder}: it is made now. Only a server that is started with --data ${folder} knows who is named in it.\n`,
    )
  return join(folder, 'people.json')
}

export function tokenCommand(options: Options): number {
  const token = openPeopleFile(fileOf(options)).addToken(personOf(options))
  process.stdout.write(`${token}\n`)
  process.stderr.write('This is the only time the token is shown; only its hash is kept.\n')
  return 0
}

export async function userCommand(options: Options): Promise<number> {
  const person = personOf(options)
  if (!options.user) throw new Error('--user is missing: the name to sign in with')
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (password.length < SHORTEST_PASSWORD)
    throw new Error(`a password needs at least ${SHORTEST_PASSWORD} characters (it is read from standard input)`)
  await openPeopleFile(fileOf(options)).addUser(options.user, password, person)
  process.stderr.write(`${options.user} may sign in as ${person.role}.\n`)
  return 0
}
