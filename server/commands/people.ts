/** `lamppost token …` and `lamppost user …`: who may do what. A running server notices at once, and records it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { READERS, ROLES, type Role, SCOPES, type Scope } from '../glossary/people.ts'
import { adviceOn } from '../people/accounts/password-advice.ts'
import { type PeopleFile, openPeopleFile } from '../people/accounts/people-file.ts'
import { isoTime, realClock } from '../tools/clock.ts'
import { packageRoot } from '../tools/package-root.ts'

type Options = {
  role?: string[] | undefined
  name?: string | undefined
  user?: string | undefined
  data?: string | undefined
  scope?: string | undefined
  expires?: string | undefined
  'help-point'?: string[] | undefined
}
const TOKEN_VERBS = ['list', 'renew', 'remove']
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A script that nobody looks after any more stops by itself. */
const SCRIPT_LASTS = '90d'
/** A button that stops working by itself is found out by somebody in danger. */
const PRESS_LASTS = 'never'

const LONGEST = 100
/** One line each in every list, and in every entry. @throws in words */
function mustBePlain(option: string, text: string | undefined, what: string): string {
  if (!text?.trim()) throw new Error(`${option} is missing: ${what}`)
  if (/[\p{C}]/u.test(text) || text !== text.trim() || text.length > LONGEST)
    throw new Error(`${option} is one line of at most ${LONGEST} characters, without spaces at its ends`)
  return text
}

const say = (words: string): void => void process.stderr.write(`${words}\n`)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** @throws in words when one of them is none, or there is none */
function rolesOf<R extends Role>({ role = [] }: Options, allowed: readonly R[]): R[] {
  const roles = role.filter((each): each is R => (allowed as readonly string[]).includes(each))
  if (roles.length === 0 || roles.length !== role.length) throw new Error(`--role must be one of ${allowed.join(', ')}`)
  return [...new Set(roles)]
}
/**
 * A folder that is not there yet is made: whoever sets a server up gives tokens first. A mistyped one must be
 * noticed.
 */
function peopleOf({ data }: Options): PeopleFile {
  const folder = resolve(data ?? join(packageRoot, 'data'))
  if (!existsSync(folder))
    say(
      `There was no ${folder}: it is made now. Only a server that is started with --data ${folder} knows who is named in it.`,
    )
  const people = openPeopleFile(join(folder, 'people.json'))
  people.mustRead()
  return people
}

function endOf(expires: string): string | null {
  if (expires === 'never') return null
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(expires) ?? []
  const ms = Number(count) * (UNITS[unit] ?? 0)
  if (ms <= 0) throw new Error(`--expires ${expires} is no time; write 90d, 12h, 30m, or never`)
  return isoTime(realClock.now() + ms)
}
function scopeOf({ scope, role }: Options): Scope | undefined {
  if (scope === undefined) return undefined
  if (!SCOPES.includes(scope as Scope)) throw new Error(`--scope must be one of ${SCOPES.join(', ')}`)
  if ((scope === 'press') !== (role?.[0] === 'press'))
    throw new Error('--scope press goes with --role press, and no other scope does')
  if (scope === 'metrics' && role?.[0] === 'evidence')
    throw new Error(
      '--scope metrics needs --role operator, engineer or supervisor: an evidence officer reads no metrics',
    )
  return scope as Scope
}

function makeToken(options: Options): void {
  const [role, second] = rolesOf(options, ROLES)
  if (role === undefined || second !== undefined) throw new Error('a token has one --role')
  const { 'help-point': helpPoints, expires = role === 'press' ? PRESS_LASTS : SCRIPT_LASTS } = options
  const name = mustBePlain('--name', options.name, 'whose is it?')
  for (const each of helpPoints ?? []) mustBePlain('--help-point', each, 'which one does it speak for?')
  if (helpPoints && role !== 'press') throw new Error('--help-point goes with --role press only')
  const until = endOf(expires)
  const terms = { scope: scopeOf(options), until, made: isoTime(realClock.now()) }
  print(peopleOf(options).addToken({ name, role, helpPoints: helpPoints ?? null }, terms))
  say('This is the only time the token is shown; only its hash is kept.')
  say(until === null ? 'It does not end by itself.' : `It ends at ${until}; "lamppost token renew" makes the next one.`)
  if (role === 'press' && !helpPoints)
    say('It speaks for every help point of the town; --help-point ID makes one that speaks for one.')
}
function renewToken(people: PeopleFile, id: string, { expires }: Options): void {
  const old = people.now().tokens.find((each) => each.id === id)
  if (!old) throw new Error(`there is no token ${id}; "lamppost token list" names them`)
  const next = people.now().tokens.find((each) => each.id === old.replacedBy)
  if (next)
    throw new Error(`${id} has been renewed already, by ${next.id}; renew that one, or remove it first if it was lost`)
  const until = endOf(expires ?? (old.until === null ? 'never' : SCRIPT_LASTS))
  print(people.renewToken(id, { until, made: isoTime(realClock.now()) }) ?? '')
  say('This is the only time the token is shown.')
  say(
    old.until !== null && Date.parse(old.until) <= realClock.now()
      ? 'The old one had ended already.'
      : 'Both are taken; the old one ends an hour after the first use of this one.',
  )
}
function listTokens(people: PeopleFile): void {
  for (const { id, name, role, scope, helpPoints, until } of people.now().tokens)
    print([id, role, scope ?? 'all', helpPoints?.join(',') ?? '', until ?? 'never', name].join('\t'))
}

export async function tokenCommand([verb, id]: string[], options: Options): Promise<number> {
  if (verb !== undefined && !TOKEN_VERBS.includes(verb))
    throw new Error(`there is no "lamppost token ${verb}"; there are ${TOKEN_VERBS.join(', ')}`)
  if (verb === undefined) makeToken(options)
  else if (verb === 'list') listTokens(peopleOf(options))
  else if (id === undefined)
    throw new Error(`lamppost token ${verb} needs a token's id; "lamppost token list" names them`)
  else if (verb === 'renew') renewToken(peopleOf(options), id, options)
  else if (verb === 'remove') {
    if (!(await peopleOf(options).removeToken(id)))
      throw new Error(`there is no token ${id}; "lamppost token list" names them`)
    say('It is not known any more.')
  }
  return 0
}

/** From standard input, judged. @throws what is wrong with it */
async function passwordFor(about: readonly string[]): Promise<string> {
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  const wrong = await adviceOn(password, about)
  if (wrong !== null) throw new Error(`${wrong} (It is read from standard input.)`)
  return password
}
async function addUser(people: PeopleFile, user: string, options: Options): Promise<void> {
  const name = mustBePlain('--name', options.name, 'whose is it?')
  if (/[\s/]/.test(user)) throw new Error('--user has no spaces and no /')
  if (people.user(user))
    throw new Error(
      `somebody signs in as "${user}" already; lamppost user password, roles and remove change an account`,
    )
  const roles = rolesOf(options, READERS)
  const [role = 'operator'] = roles
  const password = await passwordFor([user, name])
  if (!(await people.addUser(user, password, { name, role, roles, helpPoints: null }, isoTime(realClock.now()))))
    throw new Error(`somebody signs in as "${user}" already`)
  say(`${user} may sign in as ${roles.join(', ')}.`)
}
function listUsers(people: PeopleFile): void {
  for (const { user, name, roles, factors } of people.now().users)
    print([user, roles.join(','), name, factors.map(({ kind }) => kind).join(',') || 'password only'].join('\t'))
}

const VERBS = ['add', 'list', 'roles', 'password', 'reset-factors', 'remove']

export async function userCommand([verb = 'add']: string[], options: Options): Promise<number> {
  if (!VERBS.includes(verb)) throw new Error(`there is no "lamppost user ${verb}"; there are ${VERBS.join(', ')}`)
  const people = peopleOf(options)
  if (verb === 'list') {
    listUsers(people)
    return 0
  }
  const user = mustBePlain('--user', options.user, 'the name to sign in with')
  const nobody = new Error(`nobody signs in as "${user}" here; "lamppost user list" names them`)
  if (verb !== 'add' && !people.user(user)) throw nobody
  if (verb === 'add') await addUser(people, user, options)
  if (verb === 'roles') {
    const roles = rolesOf(options, READERS)
    await people.changeUser(user, { roles })
    say(`${user} may act as ${roles.join(', ')} from now on.`)
  }
  if (verb === 'password') {
    await people.setPassword(user, await passwordFor([user, people.user(user)?.name ?? '']))
    say(`${user} has a new password, and is signed out everywhere.`)
  }
  if (verb === 'reset-factors') {
    if (people.user(user)?.factors.length === 0) throw new Error(`${user} has no second factor`)
    await people.changeFactors(user, () => [])
    say(`${user} has no second factor now, and is signed out everywhere.`)
  }
  if (verb === 'remove') {
    await people.removeUser(user)
    say(`${user} is not known any more, and is signed out everywhere.`)
  }
  if (verb !== 'add' && !people.now().users.some(({ roles }) => roles.includes('supervisor')))
    say('There is no supervisor now: accounts are made on this machine only.')
  return 0
}
