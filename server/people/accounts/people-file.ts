/** People and tokens on disk, secrets only as hashes. The command line writes it; the running server notices. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Person } from '../../glossary/people.ts'
import { hashPassword, passwordMatches } from './passwords.ts'

type StoredToken = Person & { sha256: string }
type StoredUser = Person & { user: string; password: string }
type Stored = { tokens: StoredToken[]; users: StoredUser[] }

/** How soon a token that was taken away is noticed; a new one is at once. */
const LOOK_EVERY_MS = 100

export const hashToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex')
export const newToken = (): string => randomBytes(32).toString('base64url')
const personOf = ({ name, role, helpPoints }: Person): Person => ({ name, role, helpPoints })

/** Two changes within one tick of the disk's clock are told apart by size and place. */
function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file)
  return `${mtimeMs} ${size} ${ino}`
}

export function openPeopleFile(file: string) {
  let stamp = ''
  let lookedAt = Number.NEGATIVE_INFINITY
  /** Tokens that were found good since the file was read. */
  const known = new Map<string, Person>()
  let stored: Stored = { tokens: [], users: [] }

  /** A flood does not ask the disk for each of its requests. @param anew somebody is not known: they may be new */
  function load(anew = false): Stored {
    if (!anew && performance.now() - lookedAt < LOOK_EVERY_MS) return stored
    lookedAt = performance.now()
    try {
      const now = existsSync(file) ? stampOf(file) : ''
      if (now === stamp) return stored
      stored = now === '' ? { tokens: [], users: [] } : (JSON.parse(readFileSync(file, 'utf8')) as Stored)
      known.clear()
      stamp = now
    } catch {
      // Half written, or edited by hand and broken: those who were known stay known, and it is read again.
    }
    return stored
  }
  function save(next: Stored): void {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    stored = next
    known.clear()
    stamp = stampOf(file)
    lookedAt = Number.NEGATIVE_INFINITY
  }

  return {
    byToken(token: string): Person | null {
      load()
      const before = known.get(token)
      if (before) return before
      const sha256 = hashToken(token)
      const found = load(true).tokens.find((each) => each.sha256 === sha256)
      if (!found) return null
      known.set(token, personOf(found))
      return personOf(found)
    },
    /** Who has this user name now, and the hash of the password; null when nobody has. */
    standing(user: string): { person: Person; password: string } | null {
      const found = load().users.find((each) => each.user === user)
      return found ? { person: personOf(found), password: found.password } : null
    },
    async byPassword(user: string, password: string): Promise<Person | null> {
      const found = load(true).users.find((each) => each.user === user)
      // The same work for a name that does not exist: the time taken tells nothing.
      const matches = await passwordMatches(password, found?.password ?? 'scrypt$AAAAAAAAAAAAAAAAAAAAAA==$AAAA')
      return found && matches ? personOf(found) : null
    },
    /** Returns the token; it is shown once and kept only as a hash. */
    addToken(person: Person): string {
      const token = newToken()
      save({ ...load(), tokens: [...load().tokens, { ...person, sha256: hashToken(token) }] })
      return token
    },
    async addUser(user: string, password: string, person: Person): Promise<void> {
      const entry = { ...person, user, password: await hashPassword(password) }
      save({ ...load(), users: [...load().users.filter((each) => each.user !== user), entry] })
    },
  }
}
