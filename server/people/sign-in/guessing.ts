/**
 * Slows those who guess passwords: for each account, whoever guesses, and for each address, whomever it guesses at. A
 * browser in which that person has signed in before has a count of its own: nobody else can lock them out. A right
 * password costs nothing, and forgives nobody's wrong ones.
 */
import type { Clock } from '../../tools/clock.ts'
import { networkOf } from '../../tools/networks.ts'

/** Wrong tries at once, and then how long each further one takes to come back. */
type Allowance = { burst: number; everyMs: number }
/** At most 70 an hour at one account, from however many addresses: 10,000 common passwords take six days. */
const OF_ACCOUNT: Allowance = { burst: 10, everyMs: 60_000 }
/** A whole control room may stand behind one address. */
const OF_ADDRESS: Allowance = { burst: 20, everyMs: 15_000 }
const OF_BROWSER: Allowance = { burst: 10, everyMs: 60_000 }
const MOST_KEPT = 20_000

export type Guess = {
  user: string
  address: string
  /** The browser's own secret by its hash, where this person is known to have signed in with it; else null. */
  browser: string | null
}

function createCounts({ burst, everyMs }: Allowance, clock: Pick<Clock, 'monotonic'>) {
  const counts = new Map<string, { left: number; at: number }>()
  function now(who: string): number {
    const known = counts.get(who)
    return known ? Math.min(burst, known.left + (clock.monotonic() - known.at) / everyMs) : burst
  }
  /** Those who have all their tries again are forgotten; if nobody has, those who have most. */
  function makeRoom(): void {
    if (counts.size < MOST_KEPT) return
    for (const who of counts.keys()) if (now(who) >= burst) counts.delete(who)
    if (counts.size < MOST_KEPT) return
    const least = [...counts.keys()].toSorted((one, other) => now(other) - now(one)).slice(0, MOST_KEPT / 10)
    for (const who of least) counts.delete(who)
  }
  function set(who: string, left: number): void {
    if (!counts.has(who)) makeRoom()
    if (left >= burst) counts.delete(who)
    else counts.set(who, { left, at: clock.monotonic() })
  }
  return {
    /** Milliseconds until one more may be tried; 0: now. */
    wait: (who: string): number => Math.max(0, (1 - now(who)) * everyMs),
    take: (who: string): void => set(who, now(who) - 1),
    /** That one was no guess. */
    giveBack: (who: string): void => set(who, now(who) + 1),
  }
}

export function createGuessing(clock: Pick<Clock, 'monotonic'>) {
  const accounts = createCounts(OF_ACCOUNT, clock)
  const addresses = createCounts(OF_ADDRESS, clock)
  const browsers = createCounts(OF_BROWSER, clock)
  const countsOf = ({ user, address, browser }: Guess) =>
    browser === null
      ? [
          { of: accounts, who: user.normalize('NFC').toLowerCase() },
          { of: addresses, who: networkOf(address) },
        ]
      : [{ of: browsers, who: `${browser} ${user}` }]
  return {
    /**
     * Counts a try before it is checked: many at once are many. Returns the milliseconds to wait when it may not be
     * checked now, and then counts nothing.
     */
    begin(guess: Guess): number {
      const counts = countsOf(guess)
      const wait = Math.max(...counts.map(({ of, who }) => of.wait(who)))
      if (wait === 0) for (const { of, who } of counts) of.take(who)
      return Math.ceil(wait)
    },
    /** It was the right password. */
    wasRight(guess: Guess): void {
      for (const { of, who } of countsOf(guess)) of.giveBack(who)
    },
    /** A wrong token: nobody's account, but somebody's address. Returns as `begin`. */
    wrongToken(address: string): number {
      const network = networkOf(address)
      const wait = addresses.wait(network)
      if (wait === 0) addresses.take(network)
      return Math.ceil(wait)
    },
  }
}
