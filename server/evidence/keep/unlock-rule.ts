/** Who may agree to an unlocking: somebody else than who asks, also under another name. Pure. */
import type { UnlockRequest } from '../../glossary/evidence.ts'
import type { Entry } from '../../glossary/ledger.ts'

/** What gives somebody an account, or the way into one. */
const MAKES = new Set(['user.added', 'user.changed', 'factors.reset'])

export const isSameName = (one: string, other: string): boolean =>
  one.normalize('NFKC').trim().toLowerCase() === other.normalize('NFKC').trim().toLowerCase()
/** Without the role that they acted in. */
const nameIn = (actor: string): string => actor.slice(actor.indexOf(':') + 1)

/**
 * Whether an account was made or changed by whoever asks, or by others since they asked: it may be theirs.
 * @param entries about the account. @param by its person's name: what they change themselves is theirs to change
 */
export const isMadeFor = (
  entries: readonly Pick<Entry, 'kind' | 'actor' | 'at'>[],
  asked: UnlockRequest,
  by: string,
): boolean =>
  entries.some(
    ({ kind, actor, at }) =>
      MAKES.has(kind) &&
      !isSameName(nameIn(actor), by) &&
      (isSameName(nameIn(actor), asked.by) || Date.parse(at) > Date.parse(asked.at)),
  )
