/**
 * When checkpoints are made: every so many entries, every so often, and before the ledger is closed. Not here: how
 * one is made (ledger-thread).
 */
import { type Clock, isoTime } from '../tools/clock.ts'

const EVERY_ENTRIES = 100
const AFTER_MS = 60_000
/** A flood does not make a checkpoint of every hundredth part of a second. */
const SPACING_MS = 1000

/** @param durable the newest entry that is on disk. */
export function createLedgerSigning({
  clock,
  durable,
  checkpoint,
  onCheckpoint,
  onError,
  stopped,
}: {
  clock: Clock
  durable(): number
  checkpoint(at: string): Promise<{ note: string }>
  onCheckpoint(note: string): void
  onError(error: unknown): void
  stopped: AbortSignal
}) {
  let signed = { seq: 0, at: Number.NEGATIVE_INFINITY, note: '' }
  let signing: Promise<void> | null = null

  function sign(): Promise<void> {
    signing ??= (async () => {
      const seq = durable()
      try {
        const { note } = await checkpoint(isoTime(clock.now()))
        signed = { seq, at: clock.monotonic(), note }
        onCheckpoint(note)
      } catch (error) {
        signed = { ...signed, at: clock.monotonic() }
        onError(error)
      } finally {
        signing = null
      }
    })()
    return signing
  }
  async function regularly(): Promise<void> {
    while (!stopped.aborted) {
      await clock.sleep(AFTER_MS, stopped)
      if (durable() > signed.seq) await sign()
    }
  }
  const running = regularly()

  return {
    sign,
    /** Something was written. */
    whenDue: (): void =>
      void (durable() - signed.seq >= EVERY_ENTRIES && clock.monotonic() - signed.at >= SPACING_MS && sign()),
    /** The newest note; made when something is not signed yet. */
    async newest(): Promise<string> {
      if (durable() > signed.seq || signed.note === '') await sign()
      return signed.note
    },
    /** After `stopped`: what was written last is signed, too. */
    async close(): Promise<void> {
      await running
      if (durable() > signed.seq) await sign()
    },
  }
}
