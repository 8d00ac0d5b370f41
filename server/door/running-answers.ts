/**
 * Answers that take long (a package, a clip, a recording) end when whoever asked may not have them any more: a person who was removed, a
 * role that was taken, a link that was revoked. A right is asked for when an answer begins; this asks again while it runs.
 */

/** What is left of an answer on its way. */
export type Running = { destroyed: boolean; destroy(): unknown; once(event: 'close', listener: () => void): unknown }
/** Said within a second; each look costs a look into a table for each answer that runs. */
const LOOK_MS = 700

export function createRunningAnswers({ lookMs = LOOK_MS }: { lookMs?: number } = {}) {
  const running = new Map<Running, () => boolean>()
  let looking: NodeJS.Timeout | null = null

  function look(): void {
    for (const [answer, mayHave] of running) if (!mayHave()) answer.destroy()
  }
  return {
    /** @param mayHave asked again and again until the answer is out; the first no ends it. An answer is asked about by one of them, the newest. */
    onlyWhile(answer: Running, mayHave: () => boolean): void {
      if (answer.destroyed) return
      if (!running.has(answer))
        answer.once('close', () => {
          running.delete(answer)
          if (running.size > 0 || looking === null) return
          clearInterval(looking)
          looking = null
        })
      running.set(answer, mayHave)
      looking ??= setInterval(look, lookMs).unref()
    },
    count: (): number => running.size,
  }
}
