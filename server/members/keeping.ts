/**
 * A press at a member that cannot give it a number: into the inbox, where a majority has it; or, when no majority
 * answers, into this server's own book. Its source is answered in either case, and told how many have it.
 */
import type { Arrival, Kept, PressId } from '../glossary/press.ts'
import type { KeptReceipt } from '../glossary/member.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import type { HeldBook } from './held-book.ts'
import type { Inbox } from './inbox.ts'
import type { KeptPress } from './town-state.ts'

/** Well below what a help point waits for. After the first time, much less: nobody waits again and again. */
const AGREE_WITHIN_MS = 400
const AGREE_WITHIN_AWAY_MS = 30
const AWAY_FOR_MS = 2000
const DELIVER_EVERY_MS = 300
const DELIVER_AT_ONCE = 200
/** A majority of three. */
const COPIES_AGREED = 2

export type KeptArrival = Arrival & { key: string; kept: Kept }
/** Each press has its id and its key from the first moment: whoever gives it a number later takes these. */
export function stamped(arrival: Arrival, by: string, now: number): KeptArrival {
  const press = newId<PressId>('prs', now)
  return { ...arrival, key: arrival.key ?? press, kept: { press, receivedAt: isoTime(now), by, held: false } }
}

export function createKeeping({
  clock,
  inbox,
  held,
  onKept,
  onError,
}: {
  clock: Clock
  inbox: Inbox
  held: HeldBook
  /** It is durable, and has no number yet. */ onKept(press: KeptPress, copies: number): void
  onError(error: unknown): void
}) {
  let awayUntil = Number.NEGATIVE_INFINITY
  const stopped = new AbortController()
  const pressOf = ({ kept, ...arrival }: KeptArrival): KeptPress => ({ arrival, ...kept })

  async function agreed(press: KeptPress): Promise<boolean> {
    const within = clock.monotonic() < awayUntil ? AGREE_WITHIN_AWAY_MS : AGREE_WITHIN_MS
    const put = inbox.put(press).then(
      () => true,
      () => false,
    )
    const isAgreed = await Promise.race([put, clock.sleep(within).then(() => false)])
    awayUntil = isAgreed ? Number.NEGATIVE_INFINITY : clock.monotonic() + AWAY_FOR_MS
    return isAgreed
  }
  async function deliver(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        for (
          let { upTo, presses } = held.oldest(DELIVER_AT_ONCE);
          presses.length > 0;
          { upTo, presses } = held.oldest(DELIVER_AT_ONCE)
        ) {
          await Promise.all(presses.map((press) => inbox.put(press)))
          held.delivered(upTo)
        }
      } catch (error) {
        if (!/does not answer|no leader|timed out/i.test(messageOf(error))) onError(error)
      }
      await clock.sleep(DELIVER_EVERY_MS, stopped.signal)
    }
  }
  const delivering = deliver()
  return {
    /** Resolves once it is durable: with two copies, or one. @throws when neither the engine nor this disk takes it */
    async keep(arrival: KeptArrival): Promise<KeptReceipt> {
      const { press, receivedAt } = arrival.kept
      const isAgreed = await agreed(pressOf(arrival))
      if (!isAgreed) held.hold(pressOf(arrival))
      const copies = isAgreed ? COPIES_AGREED : 1
      onKept(pressOf(arrival), copies)
      return { press: press as PressId, incident: null, receivedAt, copies }
    },
    /** Whether a majority answered the newest press. */ agrees: (): boolean => clock.monotonic() >= awayUntil,
    async close(): Promise<void> {
      stopped.abort()
      await delivering
    },
  }
}
export type Keeping = ReturnType<typeof createKeeping>
