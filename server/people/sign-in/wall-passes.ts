/**
 * Short-lived tokens for walls inside other pages: for a wall and nothing else, whoever made them, and no longer than
 * their maker is signed in. A one-time token opens one session, and is used up by that.
 */
import type { Person, TokenView } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { hashToken, newToken } from '../accounts/people-file.ts'
import type { KeptPass, Maker } from './session-store.ts'

const LONGEST_MINUTES = 12 * 60
/** One that goes through other hands, and is fetched at once. */
const ONCE_MINUTES = 5
/** A page that asks for one a second must not fill the memory, nor throw out those of others. */
const MOST_EACH = 200

type Holder = Person & { through: string }
type Pass = { id: string; person: Holder; maker: Maker; once: boolean; made: string; until: string; ends: number }
export type WallPassesPort = {
  clock: Pick<Clock, 'now' | 'monotonic'>
  /** Whether who asked for it is still known, with that role: it ends with them. */
  isHeld(maker: Maker, person: Holder): boolean
  onChange(): void
}

export function createWallPasses({ clock, isHeld, onChange }: WallPassesPort) {
  const passes = new Map<string, Pass>()
  const isGood = ({ ends, maker, person }: Pass): boolean => ends > clock.monotonic() && isHeld(maker, person)

  function forgetOld(through: string): void {
    for (const [sha256, pass] of passes) if (!isGood(pass)) passes.delete(sha256)
    const theirs = [...passes].filter(([, { person }]) => person.through === through)
    for (const [sha256] of theirs.slice(0, Math.max(0, theirs.length - MOST_EACH + 1))) passes.delete(sha256)
  }
  return {
    issue(
      person: Holder,
      { minutes, once = false, maker }: { minutes: number; once?: boolean; maker: Maker },
    ): { token: string; expiresAt: string } {
      forgetOld(person.through)
      const token = newToken()
      const sha256 = hashToken(token)
      const ms = Math.min(once ? ONCE_MINUTES : LONGEST_MINUTES, minutes) * 60_000
      const until = isoTime(clock.now() + ms)
      const made = isoTime(clock.now())
      const id = sha256.slice(0, 12)
      passes.set(sha256, { id, person, maker, once, made, until, ends: clock.monotonic() + ms })
      onChange()
      return { token, expiresAt: until }
    },
    who(sha256: string): Person | null {
      const found = passes.get(sha256)
      return found && !found.once && isGood(found) ? found.person : null
    },
    /** Uses a one-time token up; null: there is none, or not any more. */
    redeem(token: string): { pass: Holder; maker: Maker } | null {
      const sha256 = hashToken(token)
      const found = passes.get(sha256)
      if (!found?.once) return null
      passes.delete(sha256)
      onChange()
      return isGood(found) ? { pass: found.person, maker: found.maker } : null
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
