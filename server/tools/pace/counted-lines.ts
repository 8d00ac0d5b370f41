/**
 * Of a flood one line a second, for each kind by itself: a flood of one does not hide another. What was left out is
 * counted into the next line, and the last count is written when the flood is over.
 */
import type { Clock } from '../clock.ts'

const APART_MS = 1000
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
  const kinds = new Map<string, { line: Line; left: number }>()
  const stopped = new AbortController()

  /** A kind that was quiet for a second is forgotten. */
  async function follow(kind: string): Promise<void> {
    for (;;) {
      await clock.sleep(APART_MS, stopped.signal)
      const now = kinds.get(kind)
      if (!now || now.left === 0) break
      write(now.line, now.left)
      now.left = 0
      if (stopped.signal.aborted) break
    }
    kinds.delete(kind)
  }
  function add(kind: string, line: Line): void {
    const known = kinds.get(kind)
    if (known) {
      known.left += 1
      known.line = line
      return
    }
    if (kinds.size >= MOST_KINDS && kind !== '') return add('', others(line))
    kinds.set(kind, { line, left: 0 })
    write(line, 1)
    void follow(kind)
  }
  return { add, close: (): void => stopped.abort() }
}
