/** Who may try to sign in, and who could not: for the record, and for an engineer who wonders why a VMS hears nothing. */
import type { RefusedClient } from '../glossary/onvif-device.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { createTokenBuckets } from '../tools/pace/token-bucket.ts'

/** Wrong passwords of one address: a person mistypes, a program goes on for ever. */
const TRIES = 10
const TRIES_PER_SECOND = 1 / 6
const BARRED_MS = 60_000
/** Each wrong password is answered that late, so that guessing is slow. */
export const GUESS_COSTS_MS = 500
/** Addresses that are remembered. */
const MOST_KNOWN = 1000
const MOST_REFUSED = 20
/** Of one address and for one reason: a client asks every second. */
const ENTRY_EVERY_MS = 60_000
/** Of all addresses together: strangers with many of them must not fill the record. */
const ENTRIES = { burst: 20, perSecond: 1 / 30 }

export type DeviceGuests = ReturnType<typeof createDeviceGuests>
/** @param record a refusal, and how many of its kind came since the last that was recorded */
export function createDeviceGuests(
  clock: Clock,
  record: (refused: { from: string; why: string; more: number }) => void,
) {
  const tries = createTokenBuckets({ burst: TRIES, perSecond: TRIES_PER_SECOND, clock })
  /** Monotonic, until when. */
  const barred = new Map<string, number>()
  const known = new Set<string>()
  const entries = createTokenBuckets({ ...ENTRIES, clock })
  let untold = 0
  const refused = new Map<string, RefusedClient & { told: number; more: number }>()
  const bounded = (map: Map<string, unknown> | Set<string>, most: number): void => {
    const [oldest] = map.keys()
    if (map.size > most && oldest !== undefined) map.delete(oldest)
  }
  return {
    /**
     * After too many wrong passwords from one address, its passwords are not compared for a minute. An address that has
     * signed in before is always compared: a stranger behind the same address must not keep the VMS out.
     */
    mayTry: (address: string): boolean => known.has(address) || (barred.get(address) ?? 0) <= clock.monotonic(),
    signedIn(address: string): void {
      known.delete(address)
      known.add(address)
      bounded(known, MOST_KNOWN)
    },
    /** @param isGuess a wrong name or password, and no clock that is wrong */
    refuse(address: string, why: string, isGuess: boolean): void {
      const now = clock.monotonic()
      const isBarred = (barred.get(address) ?? 0) > now
      if (isGuess && !isBarred && !tries.take(address)) {
        barred.delete(address)
        barred.set(address, now + BARRED_MS)
        bounded(barred, MOST_KNOWN)
      }
      const key = `${address} ${why}`
      const before = refused.get(key)
      refused.delete(key)
      const isDue = !before || now - before.told >= ENTRY_EVERY_MS
      const at = isoTime(clock.now())
      refused.set(key, { address, why, at, told: isDue ? now : before.told, more: isDue ? 0 : before.more + 1 })
      bounded(refused, MOST_REFUSED)
      if (!isDue) return
      if (!entries.take('all')) return void (untold += 1)
      record({ from: address, why, more: (before?.more ?? 0) + untold })
      untold = 0
    },
    /** Newest first. */
    refused: (): RefusedClient[] =>
      [...refused.values()].map(({ address, at, why }) => ({ address, at, why })).toReversed(),
  }
}
