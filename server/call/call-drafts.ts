/** What is written into the ledger about a call. Pure. */
import type { Call } from '../glossary/call.ts'
import type { CallEntries } from '../glossary/entries.ts'
import type { Draft } from '../glossary/ledger.ts'

/** A draft about a call; it names the call's incident, where it has one, so that the incident's log has the entry, too. */
export const aboutCall = <K extends keyof CallEntries>(
  { id: call, incident }: Pick<Call, 'id' | 'incident'>,
  kind: K,
  body: Omit<CallEntries[K], 'call' | 'incident'>,
  actor = 'lamppost',
): Draft => ({ kind, actor, subject: incident ?? call, body: { call, incident, ...body } }) as Draft

/** The other end of a call of the room, where that is no help point. */
export const otherOf = ({ camera, contact }: Pick<Call, 'camera' | 'contact'>) => ({
  ...(camera === null ? {} : { camera }),
  ...(contact === null ? {} : { contact }),
})
