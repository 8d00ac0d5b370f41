/**
 * Sessions, walls' tokens, and known browsers on disk, so that a restart signs nobody out. Secrets only as hashes. How
 * long each has lasted is kept, not when it began: a clock that is set makes none of them older or younger.
 */
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ROLES, SCOPES, type Person, type Scope } from '../../glossary/people.ts'
import type { Clock } from '../../tools/clock.ts'
import { replaceFile, replaceFileSoon } from '../../tools/process/replace-file.ts'
import type { Known } from '../accounts/people-changes.ts'
import type { DirectoryHolder } from '../directory/directory-plan.ts'

/** What it was made with, by the hash of it: it ends with that. */
export type Maker = { session: string } | { token: string }
export type Through = Person & { through: string }
/**
 * Who holds a session: an account as of its newest password, with the second factor that was proven; a token; whom a
 * wall's one-time token named; or whom the council's directory named.
 */
export type Holder =
  | { user: string; stamp: string; factor?: 'totp' | 'passkey' }
  | { token: string }
  | { pass: Through; maker: Maker }
  | { directory: DirectoryHolder }

/** Times are milliseconds ago, or still to come, as of the moment of writing. */
export type KeptSession = {
  sha256: string
  id: string
  holder: Holder
  scope: Scope | null
  since: string
  from: string
  browser: string
  openedAgo: number
  usedAgo: number
  /** Null: the limits of every session. */
  left: number | null
}
export type KeptPass = {
  sha256: string
  id: string
  person: Through
  maker: Maker
  /** For one session, which lasts so long; null: it is a token itself. */
  opensForMs: number | null
  made: string
  until: string
  left: number
}
export type KeptBrowser = { sha256: string; user: string; stamp: string }
/** `people`: accounts and tokens as they stand in the record; null: not written yet. */
export type Kept = { sessions: KeptSession[]; passes: KeptPass[]; browsers: KeptBrowser[]; people: Known | null }

const TEXT = Type.String()
const MAKER = Type.Union([Type.Object({ session: TEXT }), Type.Object({ token: TEXT })])
const THROUGH = Type.Object({
  name: TEXT,
  role: Type.Enum(ROLES),
  helpPoints: Type.Union([Type.Array(TEXT), Type.Null()]),
  scope: Type.Optional(Type.Enum(SCOPES)),
  through: TEXT,
})
const DIRECTORY = Type.Object({
  ...{ issuer: TEXT, sub: TEXT, sid: Type.Union([TEXT, Type.Null()]), name: TEXT, groups: Type.Array(TEXT) },
  proven: Type.Optional(Type.Array(TEXT)),
})
const HOLDER = Type.Union([
  Type.Object({ user: TEXT, stamp: TEXT, factor: Type.Optional(Type.Enum(['totp', 'passkey'])) }),
  Type.Object({ token: TEXT }),
  Type.Object({ pass: THROUGH, maker: MAKER }),
  Type.Object({ directory: DIRECTORY }),
])
const MAYBE_SCOPE = Type.Union([Type.Enum(SCOPES), Type.Null()])
const MAYBE_NUMBER = Type.Union([Type.Number(), Type.Null()])
const SESSION = Type.Object({
  ...{ sha256: TEXT, id: TEXT, holder: HOLDER, scope: MAYBE_SCOPE, since: TEXT, from: TEXT, browser: TEXT },
  ...{ openedAgo: Type.Number(), usedAgo: Type.Number(), left: MAYBE_NUMBER },
})
const PASS = Type.Object({
  ...{ sha256: TEXT, id: TEXT, person: THROUGH, maker: MAKER, opensForMs: MAYBE_NUMBER },
  ...{ made: TEXT, until: TEXT, left: Type.Number() },
})
const BROWSER = Type.Object({ sha256: TEXT, user: TEXT, stamp: TEXT })
const MAYBE_TEXT = Type.Union([TEXT, Type.Null()])
const PEOPLE = Type.Object({
  users: Type.Array(
    Type.Object({
      ...{ user: TEXT, name: TEXT, roles: Type.Array(TEXT), stamp: TEXT },
      mark: Type.Optional(TEXT),
      factors: Type.Optional(
        Type.Array(Type.Object({ id: TEXT, kind: Type.Enum(['totp', 'passkey']), name: TEXT, mark: TEXT })),
      ),
    }),
  ),
  tokens: Type.Array(
    Type.Object({
      ...{ id: TEXT, name: TEXT, role: Type.Enum(ROLES), scope: Type.Optional(Type.Enum(SCOPES)), until: MAYBE_TEXT },
      helpPoints: Type.Union([Type.Array(TEXT), Type.Null()]),
    }),
  ),
})
const AT = Type.Object({ wall: Type.Number(), boot: TEXT, uptime: Type.Number() })

/** Of another version, or edited: what is not understood is left out, and its person signs in again. */
const understood = <Item>(given: unknown, schema: TSchema): Item[] =>
  Array.isArray(given) ? given.filter((each): each is Item => Value.Check(schema, each)) : []

/** The machine's own time: it only grows, and begins anew with another `boot`. Seconds. */
export type Machine = { boot(): string; uptime(): number }
export const thisMachine: Machine = {
  boot() {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    } catch {
      return ''
    }
  },
  uptime,
}

export function openSessionStore({
  file,
  clock,
  machine = thisMachine,
  onError,
}: {
  file: string
  clock: Pick<Clock, 'now'>
  machine?: Machine
  onError(error: unknown): void
}) {
  const boot = machine.boot()
  const textOf = (kept: Kept): string =>
    `${JSON.stringify({ at: { wall: clock.now(), boot, uptime: machine.uptime() }, ...kept })}\n`
  let writing: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null

  return {
    /** What was kept, and for how many milliseconds nobody has run; null: nothing that can be read. */
    read(): { kept: Kept; away: number } | null {
      let found: Record<string, unknown> | null
      try {
        found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> | null
      } catch {
        return null
      }
      if (found === null) return null
      const { at, people } = found
      if (!Value.Check(AT, at)) return null
      const sameBoot = boot !== '' && at.boot === boot
      const away = sameBoot ? (machine.uptime() - at.uptime) * 1000 : clock.now() - at.wall
      const kept = {
        sessions: understood<KeptSession>(found.sessions, SESSION),
        passes: understood<KeptPass>(found.passes, PASS),
        browsers: understood<KeptBrowser>(found.browsers, BROWSER),
        people: Value.Check(PEOPLE, people) ? (people as unknown as Known) : null,
      }
      return { kept, away: Math.max(0, away) }
    },
    /** Many changes while one is written are one more write. Resolves when it is on disk. */
    save(kept: () => Kept): Promise<void> {
      next ??= writing.then(async () => {
        next = null
        // A full disk signs nobody out: it is written with the next change.
        await (writing = replaceFileSoon(file, textOf(kept())).catch(onError))
      })
      return next
    },
    /** For the end: nothing comes after it. */
    async close(kept: () => Kept): Promise<void> {
      await next
      await writing
      try {
        replaceFile(file, textOf(kept()))
      } catch (error) {
        onError(error)
      }
    },
  }
}
export type SessionStore = ReturnType<typeof openSessionStore>
