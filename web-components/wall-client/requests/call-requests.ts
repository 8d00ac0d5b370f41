/** What people ask of calls, as requests of the API. */
import type { Call, HelpPoint } from '../api-shapes.ts'
import { ANSWER_MS } from '../deadlines.ts'

/** Whom the room calls. */
export type Callee = { helpPoint: string } | { camera: string } | { contact: string }
/** @throws Refusal in the server's words */
export function createCallRequests({
  call,
  keep,
}: {
  call(method: string, path: string, body?: unknown, options?: { signal?: AbortSignal }): Promise<Response>
  keep(call: Call): void
}) {
  async function change(id: string, what: string, body?: unknown, method = 'POST'): Promise<Call> {
    const path = `/api/v1/calls/${encodeURIComponent(id)}/${what}`
    const answer = await call(method, path, body, { signal: AbortSignal.timeout(ANSWER_MS) })
    const changed = (await answer.json()) as Call
    keep(changed)
    return changed
  }
  return {
    /** Calls somebody about an open incident, or speaks through a camera: this person has the call then. */
    async placeCall(whom: Callee, incident: string): Promise<Call> {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const placed = (await (await call('POST', '/api/v1/calls', { ...whom, incident }, { signal })).json()) as Call
      keep(placed)
      return placed
    },
    /** Whether the room can call that help point now, as the server knows it at this moment. */
    async isCallable(helpPoint: string): Promise<boolean> {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const path = `/api/v1/help-points/${encodeURIComponent(helpPoint)}`
      const { voice } = (await (await call('GET', path, undefined, { signal })).json()) as HelpPoint
      return voice?.callable ?? false
    },
    /** Takes the call and its incident. @param takeOver out of the hand of the one who has it */
    takeCall: (id: string, takeOver = false): Promise<Call> => change(id, 'taking', takeOver ? { takeOver } : {}),
    /** Everybody's wall rings again. */
    giveCallBack: (id: string): Promise<Call> => change(id, 'taking', undefined, 'DELETE'),
    holdCall: (id: string, on: boolean): Promise<Call> => change(id, 'hold', { on }),
    /** The caller hears that the call is recorded. */
    tellRecorded: (id: string): Promise<Call> => change(id, 'announcement', { name: 'recorded' }),
    /** A contact is called by the trunk, to join the call. */
    addParty: (id: string, contact: string): Promise<Call> => change(id, 'parties', { contact }),
    sendPartyAway: (id: string, party: string): Promise<Call> => change(id, `parties/${party}`, undefined, 'DELETE'),
    sayPhrase: (id: string, name: string, language: string): Promise<Call> =>
      change(id, 'announcement', { name, language }),
    /** Keys of a telephone, by the name that the site file gives them: what opens a gate there. */
    sendKeys: (id: string, name: string): Promise<Call> => change(id, 'keys', { name }),
    endCall: (id: string): Promise<Call> => change(id, 'ending'),
  }
}
