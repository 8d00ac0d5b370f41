/**
 * Brings the ledger's durable entries to the register, in order and each once: those that are missing first, from the
 * ledger itself. A register that is of another ledger, or ahead of it, is made anew.
 */
import type { Entry } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import { isRegistered } from './register-row.ts'
import type { RegisterPlace } from './register-store.ts'

export type RegisterFeedOptions = {
  clock: Clock
  ledger: {
    page(after: number, limit: number): Promise<Entry[]>
    hashAt(seq: number): Promise<string | null>
    /** The newest entry that is durable. */
    head(): number
  }
  register: {
    place(): Promise<RegisterPlace>
    clear(): Promise<void>
    apply(entries: readonly Entry[], place: RegisterPlace): Promise<number>
  }
  onError(error: unknown): void
}

const PAGE = 2000
/** More of them wait in the ledger. */
const MOST_FRESH = 5000
const AGAIN_FIRST_MS = 1000
const AGAIN_MOST_MS = 30_000

export function createRegisterFeed({ clock, ledger, register, onError }: RegisterFeedOptions) {
  const stopped = new AbortController()
  const backoff = createBackoff(AGAIN_FIRST_MS, AGAIN_MOST_MS)
  /** Heard and not brought yet, without a gap. */
  let fresh: Entry[] = []
  /** The newest entry that is in the register; null until that is known. */
  let told: number | null = null
  let pumping: Promise<void> | null = null
  let waiting: { seq: number; settle(isThere: boolean): void }[] = []

  async function begin(): Promise<number> {
    const { seq, hash } = await register.place()
    if (seq === 0 || (await ledger.hashAt(seq)) === hash) return seq
    await register.clear()
    return 0
  }
  /** Those that come next; from the ledger where not all were heard. What was heard has no gap in it (`heard`). */
  async function next(after: number): Promise<Entry[]> {
    fresh = fresh.filter(({ seq }) => seq > after)
    if (fresh[0]?.seq !== after + 1) return ledger.page(after, PAGE)
    return fresh.splice(0, PAGE)
  }
  async function bring(): Promise<void> {
    told ??= await begin()
    while (!stopped.signal.aborted && told < ledger.head()) {
      const entries = await next(told)
      const last = entries.at(-1)
      if (!last) throw new Error(`the ledger gives no entry after ${told}, though it has some`)
      const readable = entries.filter((entry) => (entry.body as unknown) !== null && isRegistered(entry))
      await register.apply(readable, { seq: last.seq, hash: last.hash })
      told = last.seq
      backoff.reset()
      settle()
    }
  }
  function settle(): void {
    const now = told ?? 0
    const due = waiting.filter(({ seq }) => seq <= now)
    waiting = waiting.filter(({ seq }) => seq > now)
    for (const each of due) each.settle(true)
  }
  async function pumpUntilThere(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await bring()
        return
      } catch (error) {
        if (stopped.signal.aborted) return
        onError(error)
        // What the thread had when it died is asked again.
        told = null
        await clock.sleep(backoff.wait(), stopped.signal)
      }
    }
  }
  function pump(): void {
    pumping ??= pumpUntilThere().finally(() => {
      pumping = null
      if (!stopped.signal.aborted && (told ?? 0) < ledger.head()) pump()
    })
  }
  return {
    begin: pump,
    /** An entry that is durable. */
    heard(entry: Entry): void {
      const newest = fresh.at(-1)
      // Too many, or one was missed: those between are read from the ledger.
      if (fresh.length >= MOST_FRESH || (newest && entry.seq !== newest.seq + 1)) fresh = []
      fresh.push(entry)
      pump()
    },
    /** What was in it is gone: it is brought all of it again. */
    again(): void {
      told = null
      pump()
    },
    /**
     * Resolves when everything that is durable now is in the register.
     * @param patienceMs how long somebody waits for it
     * @throws register/reading with how far it is
     */
    async upToDate(patienceMs: number): Promise<void> {
      const seq = ledger.head()
      if ((told ?? 0) >= seq) return
      const mine = new AbortController()
      let own: (typeof waiting)[number] | null = null
      const isThere = await Promise.race([
        new Promise<boolean>((resolve) => {
          own = { seq, settle: resolve }
          waiting.push(own)
        }),
        clock.sleep(patienceMs, AbortSignal.any([mine.signal, stopped.signal])).then(() => (told ?? 0) >= seq),
      ])
      mine.abort()
      waiting = waiting.filter((each) => each !== own)
      if (isThere) return
      const share = Math.floor(((told ?? 0) / Math.max(1, ledger.head())) * 100)
      throw new Failure(
        'register/reading',
        `The incidents of before are being read from the ledger: ${share} % are there. Ask again in a moment.`,
      )
    },
    async close(): Promise<void> {
      stopped.abort()
      for (const each of waiting) each.settle(false)
      await pumping
    },
  }
}
