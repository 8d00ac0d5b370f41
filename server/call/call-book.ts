/** Calls as the ledger's entries make them: those that go on, and the newest that have ended. Decides nothing. */
import type { Call, CallId } from '../glossary/call.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'
import { Failure } from '../tools/failure.ts'
import { foldCall, isCallEntry } from './call-machine.ts'

/** A year of a busy town's; older ones stand in the log of their incident. */
const ENDED_KEPT = 5000

export type CallBook = ReturnType<typeof createCallBook>

export function createCallBook() {
  const open = new Map<CallId, Call>()
  const ended = new Map<CallId, Call>()

  function keep(call: Call): void {
    if (call.state !== 'ended') return void open.set(call.id, call)
    open.delete(call.id)
    ended.delete(call.id)
    ended.set(call.id, call)
    const [oldest] = ended.keys()
    if (ended.size > ENDED_KEPT && oldest !== undefined) ended.delete(oldest)
  }
  const find = (id: string): Call | null => open.get(id as CallId) ?? ended.get(id as CallId) ?? null

  return {
    apply(entry: Recorded): void {
      if (!isCallEntry(entry)) return
      const call = foldCall(find(entry.body.call), entry)
      if (call) keep(call)
    },
    save: (): { calls: Call[] } => ({ calls: [...ended.values(), ...open.values()] }),
    restore: ({ calls }: { calls: Call[] }): void => calls.forEach(keep),
    find,
    /** @throws call/unknown */
    get(id: string): Call {
      const call = find(id)
      if (!call)
        throw new Failure(
          'call/unknown',
          `There is no call "${id}" among the newest ${ENDED_KEPT}; the log of its incident has it.`,
        )
      return call
    },
    /** Those that go on, the longest waiting first. */
    going: (): Call[] => [...open.values()].sort((a, b) => a.ringingAt.localeCompare(b.ringingAt)),
    /** Whether somebody speaks with that help point, or it rings. */
    isInCall: (helpPoint: string): boolean => [...open.values()].some((call) => call.helpPoint === helpPoint),
    /** Where that contact is called, or speaks: as the other end, or as a third party. */
    withContact: (contact: string): Call | undefined =>
      [...open.values()].find(
        (call) =>
          call.contact === contact || call.parties.some((party) => party.contact === contact && party.state !== 'left'),
      ),
    /** The newest that have ended, newest first. */
    over: (limit: number): Call[] => [...ended.values()].reverse().slice(0, limit),
    ofIncident: (incident: IncidentId): Call[] =>
      [...ended.values(), ...open.values()].filter((call) => call.incident === incident),
  }
}
