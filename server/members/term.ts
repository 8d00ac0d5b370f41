/**
 * Who leads: whoever makes the key `lead` on a lease of its own. Nothing here trusts holding it: each append compares
 * the term inside the write, and cameras are moved only while the lease cannot have run out by this member's own clock.
 */
import type { MemberId } from '../glossary/member.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import type { Etcd } from './engine/etcd.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'

/** Longer than an election of the engine's own leader (50/500 ms: below 2 s measured), or each would cost the lead. */
export const LEASE_S = 3
const KEEP_EVERY_MS = 500
const KEEP_WITHIN_MS = 400
/** What is on its way to a camera when the lease runs out. */
const MARGIN_MS = 300

export type TermPort = {
  etcd: Pick<Etcd, 'grant' | 'txn' | 'keepAlive' | 'revoke'>
  keys: TownKeys
  seal: Seal
  clock: Clock
  self: { member: MemberId; url: string }
  /** What a revision of this engine is added to. */ terms: number
}
export type Term = {
  /** Ever rising, over engines, too. */ number: number
  /** The create revision of `lead`: what each append compares. */ revision: string
  /** Whether nobody else can lead at this moment, by this member's monotonic clock. */ isGood(): boolean
  /** Resolves with why, once this member leads no more. */ over: Promise<string>
  lose(why: string): void
  /** Lets go at once, so that nobody waits for the lease. */ resign(why: string): Promise<void>
}

/** @returns null when somebody else leads. @throws EngineAway, EngineRefused */
export async function standForLead({ etcd, keys, seal, clock, self, terms }: TermPort): Promise<Term | null> {
  let goodUntil = clock.monotonic() + LEASE_S * 1000
  const lease = await etcd.grant(LEASE_S)
  const value = seal.seal(keys.lead, { ...self, since: isoTime(clock.now()) })
  const letGo = (): Promise<void> => etcd.revoke(lease).catch(() => {})
  const answer = await etcd
    .txn([{ key: keys.lead, created: '0' }], [{ put: keys.lead, value, lease }], [{ get: keys.lead }])
    .catch(async (error: unknown) => {
      await letGo()
      throw error
    })
  // An answer that was lost, and the call made again: the key is this very one.
  const own = answer.found.find((each) => each.value.equals(value))
  if (!answer.succeeded && !own) {
    await letGo()
    return null
  }
  const revision = own?.createRevision ?? answer.revision
  const ended = new AbortController()
  let tell: (why: string) => void = () => {}
  const over = new Promise<string>((resolve) => (tell = resolve))
  const lose = (why: string): void => {
    if (ended.signal.aborted) return
    ended.abort()
    tell(why)
  }
  async function keep(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(KEEP_EVERY_MS, ended.signal)
      if (ended.signal.aborted) return
      const askedAt = clock.monotonic()
      const left = await etcd.keepAlive(lease, KEEP_WITHIN_MS).catch(() => null)
      if (left === 0) return lose('the lease has ended')
      if (left !== null) goodUntil = askedAt + LEASE_S * 1000
    }
  }
  /** Looked at by itself: a call that hangs must not keep this member in the lead. */
  async function watchClock(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(100, ended.signal)
      if (!ended.signal.aborted && !isGood()) lose('the engine did not answer for as long as the lease lasts')
    }
  }
  const isGood = (): boolean => !ended.signal.aborted && clock.monotonic() < goodUntil - MARGIN_MS
  void keep()
  void watchClock()
  return {
    number: terms + Number(revision),
    revision,
    isGood,
    over,
    lose,
    async resign(why) {
      lose(why)
      await letGo()
    },
  }
}
