/** Where every source brings its presses: into the desk, counted by what became of them. */
import type { Accepted, AcceptPress, Arrival, HelpPointId, OrElsewhere, Receipt } from '../glossary/press.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Clock } from '../tools/clock.ts'
import { networkOf } from '../tools/networks.ts'
import { createCountedLines } from '../tools/pace/counted-lines.ts'
import { Failure } from '../tools/failure.ts'

export type CountedPress = {
  source: string
  kind: Arrival['kind']
  outcome: 'accepted' | 'repeated' | 'counted' | 'late' | 'kept' | 'refused' | 'failed'
}
export type ReceptionPort = {
  clock: Clock
  accept: AcceptPress
  /** In a town on several machines: what becomes of a press that this server’s ledger does not take in time. */
  orElsewhere?: OrElsewhere | undefined
  /** Null for a help point that the town does not have. */
  idOf(helpPoint: string): HelpPointId | null
  append: Append
  /** A help point lives. */
  onHeard(helpPoint: HelpPointId): void
  onCounted(press: CountedPress): void
  /** One that is its own: neither a repeat nor counted with others. */
  onTaken(press: Receipt & { helpPoint: string; source: string; request: string | null }): void
}
type Refused = { source: string; from: string; reason: string; helpPoint: string }

export function createPressReception(port: ReceptionPort) {
  const { clock, accept: byTheDesk, orElsewhere, idOf, append, onHeard, onCounted, onTaken } = port
  const accept = orElsewhere ? (arrival: Arrival) => orElsewhere(arrival, byTheDesk) : byTheDesk
  const refusals = createCountedLines<Refused>({
    clock,
    write: ({ source, from, reason, helpPoint }, count) => {
      const body = { helpPoint, reason, source, count }
      append([{ kind: 'press.refused', actor: `address:${from}`, subject: 'presses', body }])
    },
    others: ({ source }) => ({ source, from: 'many', reason: 'several', helpPoint: '' }),
  })
  return {
    async accept(arrival: Arrival): Promise<Accepted> {
      const { kind } = arrival
      const source = arrival.source.startsWith('drill by') ? 'drill' : arrival.source
      try {
        const accepted = await accept(arrival)
        // A drill that we run ourselves is no sign of the help point's life.
        if (kind !== 'drill') onHeard(arrival.helpPoint as HelpPointId)
        onCounted({ source, kind, outcome: accepted.repeated ? 'repeated' : (accepted.disposition ?? 'accepted') })
        const isOwn = !accepted.repeated && accepted.disposition !== 'counted'
        if (isOwn)
          onTaken({ ...accepted.receipt, helpPoint: arrival.helpPoint, source, request: arrival.request ?? null })
        return accepted
      } catch (error) {
        const refused = error instanceof Failure && error.code !== 'ledger/unavailable'
        onCounted({ source, kind, outcome: refused ? 'refused' : 'failed' })
        throw error
      }
    },
    /** @throws help-point/unknown */
    alive(helpPoint: string): void {
      const id = idOf(helpPoint)
      if (id === null)
        throw new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
      onHeard(id)
    },
    /** @param from an address; @param helpPoint as it was named, which is kept only where the town has it */
    refused(source: string, from: string, reason: string, helpPoint = ''): void {
      onCounted({ source, kind: 'press', outcome: 'refused' })
      const known = idOf(helpPoint) ?? ''
      refusals.add([source, networkOf(from), reason, known].join('\n'), { source, from, reason, helpPoint: known })
    },
    close: refusals.close,
  }
}
