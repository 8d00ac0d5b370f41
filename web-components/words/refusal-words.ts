/** A refusal in the words of the person's language. */
import { Refusal } from '../wall-client/refusal.ts'
import type { Words } from './en.ts'

/** What the server will not take, however often it is asked; null when another try may help. */
export const finalRefusal = (error: unknown, words: Words): string | null =>
  error instanceof Refusal &&
  error.problem.status >= 400 &&
  error.problem.status < 500 &&
  ![401, 408, 429].includes(error.problem.status)
    ? refusalText(error, words)
    : null

/** The server's own sentence is English and exact; what an operator meets often is said in their language. */
export function refusalText(error: unknown, words: Words): string {
  // The browser itself could not ask.
  if (!(error instanceof Refusal)) return words.notSent
  const { code, owner, detail } = error.problem
  if (code === 'incident/taken' && owner) return words.alreadyTaken(owner)
  if (code === 'incident/pressed-again') return words.pressedMeanwhile
  if (code === 'incident/not-yours' && owner) return words.notYours(owner)
  if (code === 'camera/in-hand' && owner) return words.steering.inHand(owner)
  return words.refusals[code as keyof Words['refusals']] ?? detail
}
