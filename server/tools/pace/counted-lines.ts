/**
 * Of a flood one line a second, for each kind by itself: a flood of one does not hide another. What was left out is
 * counted into the next line, and the last count is written when the flood is over. One that goes on and on is told less
 * and less often: it must not fill the disk.
 */
import type { Clock } from '../clock.ts'

const APART_MS = 1000
/** After so many lines in a row each further one waits twice as long, up to a minute. */
const OFTEN = 10
const MOST_APART_MS = 60_000
const QUIET_MS = 120_000
/** Kinds that are told apart at once; more are one kind. */
const MOST_KINDS = 50

export function createCountedLines<Line>({
  clock,
  write,
  others,
}: {
  clock: Pick<Clock, 'monotonic' | 'sleep'>
  /** @param count how many there were since the last line of this kind, this one included */
  write(line: Line, count: number): void
  /** What is written for lines of many kinds at once. */
  others(line: Line): Line
}) {
  type Kind = { line: Line; left: number; lines: number; waiting: boolean; at: number }
  const kinds = new Map<string, Kind>()
  const stopped = new AbortController()

  function tell(kind: Kind, count: number): void {
    write(kind.line, count)
    kind.lines += 1
    kind.left = 0
    void wait(kind)
  }
  async function wait(kind: Kind): Promise<void> {
    kind.waiting = true
    await clock.sleep(Math.min(MOST_APART_MS, APART_MS * 2 ** Math.max(0, kind.lines - OFTEN)), stopped.signal)
    kind.waiting = false
    if (kind.left === 0) return
    if (stopped.signal.aborted) write(kind.line, kind.left)
    else tell(kind, kind.left)
  }
  /** Those that were quiet for long are forgotten first; those that are waiting never. */
  function makeRoom(): boolean {
    for (const [name, { waiting }] of kinds) {
      if (kinds.size < MOST_KINDS) break
      if (!waiting) kinds.delete(name)
    }
    return kinds.size < MOST_KINDS
  }
  function add(name: string, line: Line): void {
    const known = kinds.get(name)
    if (!known && name !== '' && !makeRoom()) return add('', others(line))
    const now = clock.monotonic()
    const kind = known ?? { line, left: 0, lines: 0, waiting: false, at: now }
    // Once quiet for a while, it is a new one.
    if (now - kind.at > QUIET_MS && !kind.waiting) kind.lines = 0
    kinds.set(name, kind)
    kind.line = line
    kind.at = now
    if (kind.waiting) kind.left += 1
    else tell(kind, 1)
  }
  return { add, close: (): void => stopped.abort() }
}
