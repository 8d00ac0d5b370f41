/** What became of a question to a camera, by the failure that it ended with. Pure. */
import { Failure } from '../../tools/failure.ts'

/** It refused our user name and password: for this question, or for all. */
export const refusesUs = (error: unknown): boolean => error instanceof Failure && error.extra.credentials === true

/** It was reached, and gave no answer: it said nothing in time, or broke off. Of a camera that is not there: false. */
export const gaveNoAnswer = (error: unknown): boolean =>
  error instanceof Failure && (error.extra.timedOut === true || error.extra.reached === true)

/** It answered, if only with a no that is none to our password. */
export const answeredNo = (error: unknown): boolean =>
  error instanceof Failure && error.code === 'camera/refused' && !refusesUs(error)

/** Of what a camera that answers otherwise need not answer. @throws what is no camera's */
export function nothingOf(error: unknown): null {
  if (error instanceof Failure && (error.code === 'camera/refused' || error.code === 'camera/unreachable')) return null
  throw error
}
/** @throws when it was no answer, or refused our password */
export function unlessAnswered(error: unknown): void {
  if (!answeredNo(error)) throw error
}
