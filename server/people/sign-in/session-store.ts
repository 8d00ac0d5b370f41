/**
 * Sessions, walls' tokens, and known browsers on disk, so that a restart signs nobody out. Secrets only as hashes. How
 * long each has lasted is kept, not when it began: a clock that is set makes none of them older or younger.
 */
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import type { Person, Scope } from '../../glossary/people.ts'
import type { Stored } from '../accounts/people-file.ts'
import type { Clock } from '../../tools/clock.ts'
import { replaceFile } from '../../tools/process/replace-file.ts'

/** What it was made with, by the hash of it: it ends with that. */
export type Maker = { session: string } | { token: string }
/** Who holds a session: an account as of its newest password, a token, or whom a wall's one-time token named. */
export type Holder =
  { user: string; stamp: string } | { token: string } | { pass: Person & { through: string }; maker: Maker }

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
  person: Person & { through: string }
  maker: Maker
  once: boolean
  made: string
  until: string
  left: number
}
export type KeptBrowser = { sha256: string; user: string; stamp: string }
/** `people`: accounts and tokens as they stand in the record. */
export type Kept = { sessions: KeptSession[]; passes: KeptPass[]; browsers: KeptBrowser[]; people?: Stored }

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
type Written = Kept & { at: { wall: number; boot: string; uptime: number } }

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
  let pending: Promise<void> | null = null

  function write(kept: Kept): void {
    try {
      const written: Written = { at: { wall: clock.now(), boot, uptime: machine.uptime() }, ...kept }
      replaceFile(file, `${JSON.stringify(written)}\n`)
    } catch (error) {
      // A full disk signs nobody out: it is written with the next change.
      onError(error)
    }
  }
  return {
    /** What was kept, and for how many milliseconds nobody has run; null: nothing that can be read. */
    read(): { kept: Kept; away: number } | null {
      try {
        const { at, ...kept } = JSON.parse(readFileSync(file, 'utf8')) as Written
        const sameBoot = boot !== '' && at.boot === boot
        const away = sameBoot ? (machine.uptime() - at.uptime) * 1000 : clock.now() - at.wall
        return { kept, away: Math.max(0, away) }
      } catch {
        return null
      }
    },
    /** Many changes in one turn of the loop are one write. Resolves when it is on disk. */
    save(kept: () => Kept): Promise<void> {
      pending ??= new Promise<void>((resolve) =>
        setImmediate(() => {
          pending = null
          write(kept())
          resolve()
        }),
      )
      return pending
    },
    saveNow: (kept: () => Kept): void => write(kept()),
  }
}
export type SessionStore = ReturnType<typeof openSessionStore>
