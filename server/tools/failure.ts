import type { FailureCode } from '../glossary/failure.ts'

/** An expected refusal that crosses rooms: the door turns its code into a status and its words into a problem. */
export class Failure extends Error {
  readonly code: FailureCode
  /** Further members of the problem document, such as the owner of an incident. */
  readonly extra: Record<string, unknown>

  constructor(code: FailureCode, message: string, options: { extra?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.extra = options.extra ?? {}
  }
}

/** What to tell a person about anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
