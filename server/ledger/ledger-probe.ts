/** Whether a press could be made durable now: tried with a write that waits for the disk, not guessed. */
import type { Clock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'

const WITHIN_MS = 2000
/** Whoever asks often gets the last answer. */
const HOLDS_MS = 2000

/** @param problem what the last commit met; null when it went well. */
export function createLedgerProbe({
  clock,
  problem,
  write,
  stopped,
}: {
  clock: Clock
  problem(): string | null
  write(): Promise<void>
  stopped: AbortSignal
}): () => Promise<string | null> {
  let last: { at: number; answer: Promise<string | null> } | null = null
  async function probe(): Promise<string | null> {
    const met = problem()
    if (met) return met
    const over = new AbortController()
    const late = clock
      .sleep(WITHIN_MS, AbortSignal.any([stopped, over.signal]))
      .then(() => `The ledger's disk has not answered for ${WITHIN_MS / 1000} seconds.`)
    const answer = await Promise.race([write().then(() => null, messageOf), late])
    over.abort()
    return answer
  }
  return () => {
    if (!last || problem() !== null || clock.monotonic() - last.at > HOLDS_MS)
      last = { at: clock.monotonic(), answer: probe() }
    return last.answer
  }
}
