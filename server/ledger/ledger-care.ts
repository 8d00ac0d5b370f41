/** Verifies the ledger at start and every night, and says loudly what it finds. */
import type { Verification } from '../glossary/ledger.ts'
import type { Clock } from '../tools/clock.ts'
import { nextLocal } from '../tools/local-time.ts'

const NIGHTLY_AT = '03:40'

export function startLedgerCare({
  verify,
  clock,
  timezone,
  onVerdict,
  onError,
}: {
  verify(): Promise<Verification>
  clock: Clock
  timezone(): string
  onVerdict(verdict: Verification): void
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  async function care(): Promise<void> {
    while (!stopped.signal.aborted) {
      await verify().then(onVerdict, (error: unknown) => (stopped.signal.aborted ? undefined : onError(error)))
      await clock.sleep(nextLocal(clock.now(), timezone(), NIGHTLY_AT) - clock.now(), stopped.signal)
    }
  }
  void care()
  return {
    /** A verification that still runs is ended by the ledger itself. */
    close: (): void => stopped.abort(),
  }
}
