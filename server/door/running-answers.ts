/**
 * Ends answers that take long (a package, a clip, a table) when their reader loses the right to them: the person is
 * removed, the role is taken, the link is revoked. The right is checked when an answer begins; here it is checked
 * again while the answer is sent.
 */

/** An answer on its way. `stream`: what HTTP/2 sends it by. */
export type Running = {
  destroyed?: boolean
  writableFinished?: boolean
  stream?: { destroyed: boolean }
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}
/** Ended within a second; each check is a look into a table for each answer that runs. */
const CHECK_MS = 700

const isOver = ({ destroyed, writableFinished, stream }: Running): boolean =>
  destroyed === true || writableFinished === true || stream?.destroyed === true

export function createRunningAnswers({ checkMs = CHECK_MS }: { checkMs?: number } = {}) {
  const running = new Map<Running, () => boolean>()
  let checking: NodeJS.Timeout | null = null

  function forget(answer: Running): void {
    running.delete(answer)
    if (running.size > 0 || checking === null) return
    clearInterval(checking)
    checking = null
  }
  function check(): void {
    for (const [answer, mayHave] of running) {
      if (isOver(answer)) forget(answer)
      else if (!isAllowed(mayHave)) answer.destroy()
    }
  }
  return {
    /**
     * @param mayHave asked again and again until the answer is out; the first no ends it. Called twice for one
     * answer, the newer `mayHave` counts.
     */
    onlyWhile(answer: Running, mayHave: () => boolean): void {
      if (isOver(answer)) return
      if (!running.has(answer)) answer.once('close', () => forget(answer))
      running.set(answer, mayHave)
      checking ??= setInterval(check, checkMs).unref()
    },
    count: (): number => running.size,
  }
}

/** A check that cannot be made (the file of people is being edited by hand) ends nothing. */
function isAllowed(mayHave: () => boolean): boolean {
  try {
    return mayHave()
  } catch {
    return true
  }
}
