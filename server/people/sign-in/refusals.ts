/** Every refusal of a person or device as an entry: one a second for each source, person and reason, with its count. */
import type { RefusedAccess } from '../../door/entrance.ts'
import type { Append, Draft } from '../../glossary/ledger.ts'
import type { Clock } from '../../tools/clock.ts'
import { createCountedLines } from '../../tools/pace/counted-lines.ts'
import { networkOf } from '../../tools/networks.ts'

/** For figures: no name, no address. */
export type Refusal = { what: 'sign-in' | 'access'; reason: string }
type Line =
  | { what: 'sign-in'; from: string; user: string; reason: string }
  | { what: 'access'; from: string; who: string; route: string; reason: string }

function draftOf(line: Line, count: number): Draft {
  const actor = `address:${line.from}`
  const { reason } = line
  return line.what === 'sign-in'
    ? { kind: 'session.refused', actor, subject: 'session', body: { user: line.user, reason, count } }
    : { kind: 'access.refused', actor, subject: 'access', body: { who: line.who, route: line.route, reason, count } }
}

export function createRefusals({
  clock,
  append,
  isUser,
  onRefused,
}: {
  clock: Pick<Clock, 'monotonic' | 'sleep'>
  append: Append
  /** Whether somebody signs in by that name: what else was typed there may be a password. */
  isUser(user: string): boolean
  onRefused(refusal: Refusal): void
}) {
  const write = (line: Line, count: number): void => void append([draftOf(line, count)])
  const others = (line: Line): Line =>
    line.what === 'sign-in'
      ? { what: 'sign-in', from: 'many', user: line.user, reason: 'several' }
      : { what: 'access', from: 'many', who: '', route: '', reason: 'several' }
  // Guesses at somebody who is known have a place of their own: strangers' floods do not crowd them out.
  const strangers = createCountedLines<Line>({ clock, write, others })
  const people = createCountedLines<Line>({ clock, write, others })
  return {
    signIn({ user, from, reason }: { user: string; from: string; reason: string }): void {
      onRefused({ what: 'sign-in', reason })
      const known = isUser(user) ? user : ''
      const lines = known === '' ? strangers : people
      lines.add(['sign-in', networkOf(from), known, reason].join('\n'), { what: 'sign-in', from, user: known, reason })
    },
    access(refused: RefusedAccess): void {
      onRefused({ what: 'access', reason: refused.reason })
      const { from, who, route, reason } = refused
      const lines = who === '' ? strangers : people
      lines.add(['access', networkOf(from), who, reason].join('\n'), { what: 'access', from, who, route, reason })
    },
    close(): void {
      strangers.close()
      people.close()
    },
  }
}
export type Refusals = ReturnType<typeof createRefusals>
