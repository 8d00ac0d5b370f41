/** Types only: somebody outside the room, to whom an operator lends one incident by a link that ends. */

type Id<Name extends string> = string & { readonly __is: Name }
export type ResponderLinkId = Id<'responder-link'>

export const RESPONDER_ANSWERS = ['on-my-way', 'arrived', 'needs-more'] as const
export type ResponderAnswer = (typeof RESPONDER_ANSWERS)[number]

/** Why a link does not open any more. */
export type ResponderEnd = 'revoked' | 'time' | 'closed'

/** One link as the incident shows it. Times are UTC ISO 8601. */
export type ResponderLine = {
  id: ResponderLinkId
  /** The contact's id, and its name when the link was made. */
  contact: string
  name: string
  by: string
  at: string
  until: string
  /** When it was revoked, or its incident was closed; null: it lasts until its time is over. */
  endedAt: string | null
  /** How often somebody was there: the page has sent the link's token. */
  opened: number
  lastOpenedAt: string | null
  /** How often the page alone was fetched; programs that preview links do that. */
  fetched: number
  /** The newest; null: none came. */
  answer: { answer: ResponderAnswer; words: string; at: string } | null
}
