/**
 * Short-lived tokens for walls inside other pages: for a wall and nothing else, whoever made them, and no longer than
 * their maker is signed in. A one-time token opens one session, and is used up by that.
 */
import type { Person, TokenView } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { newToken } from '../accounts/people-file.ts'
import { hashToken } from '../accounts/people-format.ts'
import type { Holder, KeptPass, Maker, Through } from './session-store.ts'

const LONGEST_MINUTES = 12 * 60
/** One that goes through other hands, and is fetched at once. */
const ONCE_MS = 5 * 60_000
/** A page that asks for one a second must not fill the memory, nor throw out those of others. */
const MOST_EACH = 200

type Pass = Omit<KeptPass, 'sha256' | 'left'> & { ends: number }
export type WallPassesPort = {
  clock: Pick<Clock, 'now' | 'monotonic'>
  /** Whether who asked for it is still known, with that role: it ends with them. */
  isHeld(maker: Maker, person: Through): boolean
  onChange(): void
}

export function createWallPasses({ clock, isHeld, onChange }: WallPassesPort) {
  const passes = new Map<string, Pass>()
  const isGood = ({ ends, maker, person }: Pass): boolean => ends > clock.monotonic() && isHeld(maker, person)

  function forgetOld(by: Maker): void {
    const maker = JSON.stringify(by)
    for (const [sha256, pass] of passes) if (!isGood(pass)) passes.delete(sha256)
    const theirs = [...passes].filter(([, pass]) => JSON.stringify(pass.maker) === maker)
    for (const [sha256] of theirs.slice(0, Math.max(0, theirs.length - MOST_EACH + 1))) passes.delete(sha256)
  }
  return {
    issue(
      person: Through,
      { minutes, once = false, maker }: { minutes: number; once?: boolean; maker: Maker },
    ): { token: string; expiresAt: string } {
      forgetOld(maker)
      const token = newToken()
      const sha256 = hashToken(token)
      const lastsMs = Math.min(LONGEST_MINUTES, minutes) * 60_000
      const ms = once ? Math.min(ONCE_MS, lastsMs) : lastsMs
      const until = isoTime(clock.now() + ms)
      const made = isoTime(clock.now())
      const id = sha256.slice(0, 12)
      const opensForMs = once ? lastsMs : null
      passes.set(sha256, { id, person, maker, opensForMs, made, until, ends: clock.monotonic() + ms })
      onChange()
      return { token, expiresAt: until }
    },
    who(sha256: string): Person | null {
      const found = passes.get(sha256)
      return found && found.opensForMs === null && isGood(found) ? found.person : null
    },
    /** Uses a one-time token up; null: there is none, or not any more. `lastsMs`: of the session that it opens. */
    redeem(token: string): { holder: Extract<Holder, { pass: unknown }>; lastsMs: number } | null {
      const sha256 = hashToken(token)
      const found = passes.get(sha256)
      if (!found || found.opensForMs === null) return null
      passes.delete(sha256)
      onChange()
      return isGood(found) ? { holder: { pass: found.person, maker: found.maker }, lastsMs: found.opensForMs } : null
    },
    list: (): TokenView[] =>
      [...passes.values()].filter(isGood).map(({ id, person, made, until }) => ({
        ...{ id, name: person.name, role: person.role, scope: person.scope ?? null, helpPoints: null, made, until },
        ...{ used: null, through: person.through, replacedBy: null },
      })),
    /** Null: there is none. */
    remove(id: string): string | null {
      const found = [...passes].find(([, each]) => each.id === id)
      if (!found) return null
      passes.delete(found[0])
      onChange()
      return found[1].person.name
    },
    save: (): KeptPass[] =>
      [...passes].map(([sha256, { ends, ...pass }]) => ({ sha256, ...pass, left: ends - clock.monotonic() })),
    restore(kept: readonly KeptPass[], away: number): void {
      for (const { sha256, left, ...pass } of kept)
        if (left - away > 0) passes.set(sha256, { ...pass, ends: clock.monotonic() + left - away })
    },
  }
}
