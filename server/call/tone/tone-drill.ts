/**
 * A help point that answers by itself is called, and a tone tried through its loudspeaker and microphone; a person who
 * needs it meanwhile comes first. Not here: what the outcome means, and when it is tried (readiness).
 */
import type { Recorded } from '../../glossary/ledger.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { newId } from '../../tools/identity.ts'
import type { CallDeskOptions } from '../call-desk.ts'
import type { TrialOutcome } from './tone-trials.ts'

export function createToneDrill({
  clock,
  line,
  reachOf,
  isInCall,
  onError,
}: {
  clock: Clock
  line: {
    tryTone(sip: string, user: string): Promise<TrialOutcome>
    giveUpTone(sip: string): Promise<void>
  }
  reachOf: CallDeskOptions['reachOf']
  isInCall(helpPoint: string): boolean
  onError(error: unknown): void
}) {
  const running = new Map<string, string>()
  return {
    /**
     * @throws call/unreachable when it is not registered or does not answer by itself; call/busy when somebody speaks
     * there
     */
    async tryTone(helpPoint: HelpPointId): Promise<TrialOutcome> {
      const reach = reachOf(helpPoint)
      if (!reach) throw new Failure('call/unreachable', 'It is not registered at the edge: it cannot be called.')
      if (reach.autoAnswer !== true)
        throw new Failure(
          'call/unreachable',
          'The site file does not say that it answers by itself (voice: { autoAnswer: true }): no tone is sent to it.',
        )
      if (isInCall(helpPoint) || running.has(helpPoint))
        throw new Failure('call/busy', 'There is a call of this help point already.')
      const sip = newId('ton', clock.now())
      running.set(helpPoint, sip)
      try {
        return await line.tryTone(sip, reach.user)
      } finally {
        running.delete(helpPoint)
      }
    },
    /** For every entry, before it is durable: a person has pressed there, or an operator calls there. */
    heard(entry: Recorded): void {
      const helpPoint =
        entry.kind === 'press.received' && entry.body.press.kind === 'press'
          ? entry.body.press.helpPoint
          : entry.kind === 'call.ringing'
            ? entry.body.helpPoint
            : null
      const sip = helpPoint === null ? undefined : running.get(helpPoint)
      if (sip !== undefined) line.giveUpTone(sip).catch(onError)
    },
  }
}
