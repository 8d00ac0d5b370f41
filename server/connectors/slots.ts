/** Who may work when. */

/** At most so many pieces of work at one time; the others wait in their order. */
export function createSlots(most: number) {
  let busy = 0
  const queue: (() => void)[] = []
  return {
    async run<Result>(work: () => Promise<Result>): Promise<Result> {
      if (busy >= most) await new Promise<void>((resolve) => queue.push(resolve))
      else busy += 1
      try {
        return await work()
      } finally {
        // The place goes to the next in line, or is free.
        const next = queue.shift()
        if (next) next()
        else busy -= 1
      }
    },
  }
}

/** Work on one thing comes one after the other; on different things at one time. */
export function createTurns() {
  const last = new Map<string, Promise<void>>()
  return {
    run<Result>(thing: string, work: () => Promise<Result>): Promise<Result> {
      const done = (last.get(thing) ?? Promise.resolve()).then(work)
      const settled: Promise<void> = done
        .then(
          () => {},
          () => {},
        )
        .then(() => {
          if (last.get(thing) === settled) last.delete(thing)
        })
      last.set(thing, settled)
      return done
    },
  }
}
